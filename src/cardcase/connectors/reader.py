"""What a connector offers to the recogniser: a reader that looks at a source, says how sure it is, and reads it.

`Source` is one file, decoded once; `Draft` collects notices and findings. Connectors import this, never the registry.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from cardcase.kit.errors import Finding

from . import documents, grid
from .findings import finding
from .ports import FileKind, Notice, Origin

_PREVIEW_LINES = 60
"""Lines of a text table that are cut to see whether it is one."""


@dataclass(kw_only=True)
class Source:
    """One file as it came, and what the caller told about it. The costly views are made once, when first asked for.

    ``text`` is None for binary files. ``order_no`` and ``copied_on`` are what a person said beside the file: the order
    it belongs to, and the day on which a chat was copied (so that 昨天 can be understood).
    """

    name: str
    data: bytes = field(repr=False)
    sha256: str
    text: str | None = field(default=None, repr=False)
    encoding: str = ""
    wanted: FileKind | None = None
    seller_names: tuple[str, ...] = ()
    order_no: str = ""
    copied_on: date | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text. A file with carriage returns only counts them as line ends; else a lone one stays."""
        if self.text is None:
            return []
        text = self.text.replace("\r\n", "\n")
        if "\r" in text and "\n" not in text:
            text = text.replace("\r", "\n")
        lines = text.split("\n")
        if lines and not lines[-1]:
            lines.pop()
        return lines

    def mentions(self, words: Iterable[str]) -> bool:
        """Tell whether one of these ASCII words stands in the text. In bytes they are found several times as fast."""
        if self.text is None:
            return False
        if self.encoding == "utf-8":
            return any(word.encode() in self.data for word in words)
        return any(word in self.text for word in words)

    @cached_property
    def document(self) -> Any:
        """The whole text as one JSON document, or None. Why it is none: `document_problem`."""
        self.document_problem: documents.NotJson | None = None
        if self.text is None or not documents.looks_like_json(self.text):
            return None
        try:
            return documents.parse(self.text.lstrip("\ufeff"))
        except documents.NotJson as error:
            self.document_problem = error
            return None

    @cached_property
    def records(self) -> list[documents.Line]:
        """The objects of a JSON lines file; empty when the text is one document or no JSON at all."""
        if self.text is None or self.document is not None or not documents.looks_like_json(self.text):
            return []
        # Half of the lines must be whole: else it is one broken document, or text that opens with a bracket.
        head = documents.parse_lines(self.lines[:_PREVIEW_LINES])
        if not _are_records(head):
            return []
        found = documents.parse_lines(self.lines) if len(self.lines) > _PREVIEW_LINES else head
        return found if _are_records(found) and len(found) > 1 else []

    @cached_property
    def sheets(self) -> grid.Book:
        """The tables of the file, from a workbook, delimited text or a JSON list of flat records."""
        return self._book(self.lines)

    @cached_property
    def preview(self) -> grid.Book:
        """The same tables, for delimited text only their first lines: enough to recognise a header."""
        return self._book(self.lines[:_PREVIEW_LINES]) if self._flat is None and self.text is not None else self.sheets

    @cached_property
    def _flat(self) -> list[tuple[int, Any]] | None:
        if self.document is not None:
            return grid.flat_records(self.document)
        if self.records:
            return [(line.row, line.value) for line in self.records if isinstance(line.value, dict)]
        return None

    def _book(self, lines: list[str]) -> grid.Book:
        if self._flat is not None and not self._flat:
            return grid.Book()
        return grid.book_of(data=self.data, text=self.text, lines=lines, records=self._flat or [])

    def origin(self, row: int, *, sheet: str = "", secret: bool = False) -> Origin:
        """Say where a notice comes from. ``secret`` leaves the plain hash out (see `ports.Origin`)."""
        return Origin(f"{self.name}#{sheet}" if sheet else self.name, "" if secret else self.sha256, row)


def _are_records(found: list[documents.Line]) -> bool:
    good = sum(1 for line in found if not line.problem)
    return good > 0 and good * 2 >= len(found)


@dataclass
class Draft:
    """What a reader has found so far. ``rows`` counts source rows that had to be accounted for."""

    source: Source
    kind: FileKind = FileKind.UNKNOWN
    notices: list[Notice] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    rows: int = 0

    def refuse(
        self, code: str, row: int | None = None, column: str | None = None, *, sheet: str = "", **facts: object
    ) -> None:
        """Write down why a row, or without a row the file, is not taken."""
        file = f"{self.source.name}#{sheet}" if sheet else self.source.name
        self.refused.append(finding(code, file=file, row=row, column=column, **facts))

    def note(
        self, code: str, row: int | None = None, column: str | None = None, *, sheet: str = "", **facts: object
    ) -> None:
        """Write down something that was taken but is worth a look; each code and column once, at its first row."""
        if any(known.code == code and known.column == column for known in self.notes):
            return
        file = f"{self.source.name}#{sheet}" if sheet else self.source.name
        self.notes.append(finding(code, file=file, row=row, column=column, **facts))


class Reader(Protocol):
    """One form of file that a connector understands."""

    @property
    def name(self) -> str:
        """Short name, for tests and logs."""
        ...

    @property
    def kinds(self) -> frozenset[FileKind]:
        """What this reader can yield; a caller who names a kind is only answered by readers of that kind."""
        ...

    def claim(self, source: Source) -> int:
        """Say how sure the reader is that the source is its own: 0 not at all, 100 beyond doubt. Never raises."""
        ...

    def read(self, source: Source) -> Draft:
        """Read the source, accounting for every row. Rows that cannot be read become findings, never exceptions."""
        ...
