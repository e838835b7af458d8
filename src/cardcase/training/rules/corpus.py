"""The corpus as its files have it (``corpus/README.md``): messages and conversations with their reasons and signals."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.triage.rules import Speaker
from cardcase.triage.rules.weighing import LABELS

SIGNALS: Final = (
    "threat.platform", "threat.review", "threat.authority", "threat.public", "threat.person", "hostility.1",
    "hostility.2", "urgency", "admission", "withdrawal", "off_platform", "code_in_text", "personal_data",
)  # fmt: skip
_FORM: Final = ("F", "D")
"""Lines of a conversation that are no turns: reason and description on the refund form."""
_SPEAKERS: Final = {"B": Speaker.BUYER, "S": Speaker.SELLER, "P": Speaker.SYSTEM}
WRITER: Final = re.compile(r"^[a-z]+\d*")


@dataclass(frozen=True, slots=True)
class Example:
    """One message, or one conversation, with what it means. ``group`` are those that must stay on one side of a split.

    ``turns`` are who said what; a message is one turn of the buyer's. The first reason is the one he presses. What he
    entered on the marketplace's refund form is there for judging only: nothing is learned from it.
    """

    turns: tuple[tuple[Speaker, str], ...]
    reasons: tuple[str, ...]
    signals: frozenset[str]
    writer: str
    group: str
    where: str
    is_conversation: bool = False
    form_reason: str = ""
    form_description: str = ""

    @property
    def has_form(self) -> bool:
        """Tell whether the buyer entered anything on the refund form."""
        return bool(self.form_reason or self.form_description)

    @property
    def buyer(self) -> str:
        """What the buyer said, a line each."""
        return "\n".join(text for speaker, text in self.turns if speaker is Speaker.BUYER)


class BadCorpus(WrongUse):
    """A file of the corpus does not keep its form."""

    code = "bad_corpus"


def files(folder: Path) -> list[Path]:
    """Return the files of one part of the corpus, in order. Raises BadCorpus when there is none."""
    found = sorted(folder.glob("*.tsv"))
    if not found:
        raise BadCorpus(
            f"{folder} 里没有语料（*.tsv）",
            f"There is no corpus (*.tsv) in {folder}",
            next=Text("用 --corpus 指到源码里的 corpus 目录。", "Point --corpus at the folder corpus of the sources."),
        )
    return found


def fingerprint(paths: Iterable[Path]) -> str:
    """Return one SHA-256 over the names and bytes of files, by which a model says what it learned from."""
    total = sha256()
    for path in paths:
        total.update(path.name.encode() + b"\n" + sha256(path.read_bytes()).digest())
    return total.hexdigest()


def read(paths: Iterable[Path]) -> list[Example]:
    """Read files. Raises BadCorpus naming file and line."""
    return [example for path in paths for example in _read_file(path)]


def _read_file(path: Path) -> Iterator[Example]:
    told = WRITER.match(path.name)
    writer = told.group() if told else path.name
    group, talk = "", _Talk(path, writer)
    for number, raw in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        line, where = raw.rstrip("\r"), f"{path.name}:{number}"
        if line.startswith("=conv"):
            yield from talk.end()
            talk.begin(line, where)
        elif not line.strip():
            yield from talk.end()
        elif line.startswith("#"):
            group = line.removeprefix("#group").strip() if line.startswith("#group") else group
        elif talk.is_open:
            talk.add(line, where)
        else:
            reasons, signals, text = fields(line, 3, where)
            name = f"{writer}:{group}" if group not in ("", "-") else where
            yield Example(
                ((Speaker.BUYER, unescaped(text)),), _reasons(reasons, where), _signals(signals, where), writer, name,
                where,
            )  # fmt: skip
    yield from talk.end()


class _Talk:
    """A conversation while its lines are read."""

    def __init__(self, path: Path, writer: str) -> None:
        self._path, self._writer = path, writer
        self._head: tuple[tuple[str, ...], frozenset[str], str] | None = None
        self._turns: list[tuple[Speaker, str]] = []
        self._form: dict[str, str] = {}

    @property
    def is_open(self) -> bool:
        return self._head is not None

    def begin(self, line: str, where: str) -> None:
        _, reasons, signals, _ = fields(line, 4, where)
        self._head, self._turns, self._form = (_reasons(reasons, where), _signals(signals, where), where), [], {}

    def add(self, line: str, where: str) -> None:
        speaker, text = fields(line, 2, where)
        if speaker in _FORM and speaker not in self._form:
            self._form[speaker] = unescaped(text)
            return
        if speaker not in _SPEAKERS:
            raise bad(where, f"说话人 {speaker}", f"the speaker {speaker}")
        self._turns.append((_SPEAKERS[speaker], unescaped(text)))

    def end(self) -> Iterator[Example]:
        if self._head is None:
            return
        reasons, signals, where = self._head
        if not self._form and not any(speaker is Speaker.BUYER for speaker, _ in self._turns):
            raise bad(where, "买家一句话也没说", "a conversation without the buyer")
        picked, typed = (self._form.get(mark, "") for mark in _FORM)
        yield Example(
            tuple(self._turns), reasons, signals, self._writer, where, where, is_conversation=True, form_reason=picked,
            form_description=typed,
        )  # fmt: skip
        self._head = None


def fields(line: str, count: int, where: str) -> list[str]:
    """Cut a line at its tabs. Raises BadCorpus when there are not so many fields, or one is empty."""
    found = line.split("\t")
    if len(found) != count or not all(one.strip() for one in found):
        raise bad(where, f"应有 {count} 个由制表符隔开的栏", f"{count} fields between tabs are wanted")
    return found


def _reasons(told: str, where: str) -> tuple[str, ...]:
    found = tuple(told.split(","))
    if not 1 <= len(found) <= 2 or any(one not in LABELS for one in found):  # noqa: PLR2004 - two may apply
        raise bad(where, f"原因 {told}", f"the reasons {told}")
    return found


def _signals(told: str, where: str) -> frozenset[str]:
    found = frozenset() if told == "-" else frozenset(told.split(","))
    if found - set(SIGNALS):
        raise bad(where, f"信号 {told}", f"the signals {told}")
    return found


def unescaped(text: str) -> str:
    """Return a text as it was meant: its line breaks are written as two characters."""
    return text.replace("\\n", "\n")


def bad(where: str, zh: str, en: str) -> BadCorpus:
    """Make the error that names file and line."""
    return BadCorpus(f"语料 {where} 有误：{zh}", f"The corpus is wrong at {where}: {en}")
