"""Keep the English catalogue: `translate.py extract | check | compile`.

The sentence in the code is Simplified Chinese and is its own msgid; English lives in locale/en. `extract` gathers what
is new and drops what is gone, `check` fails on a sentence without English, `compile` makes what Django reads.
"""

import io
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_python
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize
from jinja2.ext import babel_extract

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "cardcase"
CATALOGUE = SOURCE / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
JINJA = {"trimmed": "true", "silent": "false"}
DROPPED_HEADERS = re.compile(
    r'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|Generated-By): .*\n',
    re.MULTILINE,
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")

Found = tuple[str, int, str | tuple[str, ...], list[str], str | None]


def sentences() -> Iterator[Found]:
    """Find every marked sentence: file, line, msgid (or singular and plural), comments, context."""
    for path in sorted(SOURCE.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if "migrations" in path.parts or path.suffix not in {".py", ".html", ".txt"}:
            continue
        if path.suffix == ".py":
            yield from _read(name, extract_python, path.read_bytes())
        elif "jinja2" in path.parts:
            yield from _read(name, babel_extract, path.read_bytes(), JINJA)
        elif "templates" in path.parts:
            # Django turns its own template into something that reads like Python.
            code = templatize(path.read_text("utf-8"), origin=name)
            yield from _read(name, extract_python, code.encode())


def _read(name: str, method: object, data: bytes, options: dict[str, str] | None = None) -> Iterator[Found]:
    for line, msgid, comments, context in extract(method, io.BytesIO(data), KEYWORDS, (), options or {}):
        if msgid:
            yield name, line, msgid, list(comments), context


def gathered() -> Catalog:
    """Gather all sentences into a fresh catalogue. A sentence of allauth's, in English, is allauth's to translate."""
    catalogue = Catalog(project="cardcase", charset="utf-8", fuzzy=False)
    for name, _line, msgid, comments, context in sentences():
        first = msgid if isinstance(msgid, str) else msgid[0]
        if CHINESE.search(first):
            catalogue.add(msgid, None, [(name, None)], auto_comments=comments, context=context)
    return catalogue


def known() -> Catalog:
    """Read the committed catalogue."""
    if not CATALOGUE.exists():
        return Catalog(locale="en", project="cardcase", charset="utf-8", fuzzy=False)
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def do_extract() -> int:
    """Bring the catalogue up to date; a changed sentence starts without English rather than with a guess."""
    catalogue = known()
    catalogue.update(gathered(), no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    catalogue.header_comment = "# English for Cardcase. The msgid is the Chinese sentence on screen."
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(DROPPED_HEADERS.sub("", buffer.getvalue().decode()), "utf-8")
    return do_check()


def do_check() -> int:
    """Say which sentences have no English, are fuzzy, or are not in the catalogue at all."""
    catalogue = known()
    wrong = []
    for message in gathered():
        if not message.id:
            continue
        entry = catalogue.get(message.id if isinstance(message.id, str) else message.id[0], message.context)
        text = entry.string if entry else ""
        complete = all(text) if isinstance(text, (tuple, list)) else bool(text)
        if entry is None or not complete or entry.fuzzy:
            state = "not in the catalogue" if entry is None else "fuzzy" if entry.fuzzy else "no English"
            wrong.append(f"{message.locations[0][0]}: {state}: {message.id}")
        elif set(re.findall(r"%\(\w+\)[sd]|%[sd]", str(message.id))) != set(
            re.findall(r"%\(\w+\)[sd]|%[sd]", str(text))
        ):
            wrong.append(f"{message.locations[0][0]}: blanks differ: {message.id}")
    for line in wrong:
        print(line)
    print(f"{len(wrong)} of {len(gathered())} sentences need English" if wrong else "every sentence has English")
    return 1 if wrong else 0


def do_compile() -> int:
    """Make what Django reads, as setup does."""
    module = runpy.run_path(str(ROOT / "scripts" / "compile_locale.py"))
    for path in sorted((SOURCE / "locale").rglob("*.po")):
        module["write"](module["read"](path), path.with_suffix(".mo"))
    return 0


COMMANDS = {"extract": do_extract, "check": do_check, "compile": do_compile}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:  # noqa: PLR2004 - program and command
        sys.exit(__doc__)
    sys.exit(COMMANDS[sys.argv[1]]())
