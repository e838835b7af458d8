"""Set documents with Typst: the text goes in as data and is never read as markup; the same data give the same bytes."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from . import fonts

STANDARD: Final = "a-3u"
"""PDF/A-3u: fonts inside, every character with its Unicode. No validator is at hand here: it is the engine's claim."""

TEMPLATES: Final = Path(__file__).parent / "data"


class Sheet:
    """One document that is being set."""

    def __init__(self, compiler: Any) -> None:
        """Take a compiler whose template, data and pictures lie ready."""
        self._compiler = compiler

    def pdf(self, at: datetime) -> bytes:
        """Return it as PDF/A-3u, dated ``at``. Raises typst.TypstError."""
        return bytes(self._compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=int(at.timestamp())))

    def pages(self, *, ppi: float) -> list[bytes]:
        """Return its pages as PNG. Raises typst.TypstError."""
        made = self._compiler.compile(format="png", ppi=ppi)
        return [bytes(one) for one in made] if isinstance(made, list) else [bytes(made)]

    def told(self, label: str) -> Any:
        """Return what the template says of itself under a label, once it was laid out. Raises typst.TypstError."""
        return json.loads(self._compiler.query(f"<{label}>", field="value", one=True))


@contextmanager
def sheet(
    template: str, data: Any, font: fonts.Font, files: Mapping[str, bytes], book: typst.Fonts | None = None
) -> Iterator[Sheet]:
    """Lay a template ready with its data and the pictures that it shows, by the paths that it names them by.

    ``book``: the fonts, opened once for several documents (``open_fonts``): they are 40 MB.
    """
    with tempfile.TemporaryDirectory(prefix="cardcase-sheet-") as folder:
        root = Path(folder)
        for name in {template, "look.typ"}:
            (root / name).write_bytes((TEMPLATES / name).read_bytes())
        for path, data_of in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data_of)
        yield Sheet(_compiler(root / template, root, font, json.dumps(data, ensure_ascii=False), book))


def unreadable(font: fonts.Font, pictures: Iterable[tuple[str, str, bytes]]) -> frozenset[str]:
    """Find the pictures that the typesetter cannot read, one by one, given as name, ending and bytes."""
    broken = set()
    with tempfile.TemporaryDirectory(prefix="cardcase-sheet-") as folder:
        for name, ending, data in pictures:
            (Path(folder) / f"one.{ending}").write_bytes(data)
            source = Path(folder) / "one.typ"
            source.write_text(f'#image("one.{ending}", alt: "x")', "utf-8")
            try:
                _compiler(source, Path(folder), font, "").compile(format="pdf")
            except typst.TypstError:
                broken.add(name)
    return frozenset(broken)


def open_fonts(font: fonts.Font) -> typst.Fonts:
    """Open the files of a font and no others: a text must not come out differently where there are more of them."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=sorted({str(path.parent) for path in font.files}),
    )


def _compiler(source: Path, root: Path, font: fonts.Font, data: str, book: typst.Fonts | None = None) -> Any:
    return typst.Compiler(
        str(source),
        root=str(root),
        font_paths=book or open_fonts(font),
        ignore_system_fonts=True,
        sys_inputs={"data": data},
    )
