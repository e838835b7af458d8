"""Tables of any make as rows of cells: delimited text, XLSX, JSON lists of flat records. Meanings are not here."""

from dataclasses import dataclass, field
from typing import Any

from . import delimited, workbook
from .limits import TEXT_ROWS
from .rows import Row
from .values import odd_characters

_FEW_ROWS = 12
"""Rows at the top of a sheet among which a header is looked for: exports put a title line or two above it."""


_CELLS = 4_000_000
"""Most cells made of a JSON list: records with ever new keys would otherwise cost keys times records."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. ``name`` is empty for the only table of a file; ``rows`` still contain the header row."""

    name: str
    rows: list[Row] = field(repr=False)
    is_padded: bool = False
    """Workbooks and records have no ragged rows: missing cells are empty."""

    def head(self) -> list[Row]:
        """Return the first rows that hold anything: the header is among them or nowhere."""
        return [row for row in self.rows[: _FEW_ROWS * 2] if row.is_filled][:_FEW_ROWS]


@dataclass(frozen=True, slots=True)
class Book:
    """The tables of one file, or the code of the finding that says why it has none."""

    sheets: tuple[Sheet, ...] = ()
    problem: str = ""
    hidden: int = 0
    limit: int = 0


def book_of(*, data: bytes, text: str | None, lines: list[str], records: list[tuple[int, Any]]) -> Book:
    """Make the tables of a file. ``records`` are JSON objects with their row numbers, when the file is JSON.

    Never raises; a file without tables gives an empty book.
    """
    if text is None:
        if not data.startswith(b"PK"):
            return Book()
        found = workbook.read(data)
        sheets = tuple(Sheet(title, rows, is_padded=True) for title, rows in found.sheets)
        return Book(sheets, found.problem, found.hidden, found.limit)
    if records:
        return Book((Sheet("", records_as_rows(records), is_padded=True),))
    if len(lines) > TEXT_ROWS:
        return Book((), "too_many_rows", 0, TEXT_ROWS)
    return Book((Sheet("", delimited.read(lines)),)) if lines else Book()


def flat_records(document: Any) -> list[tuple[int, Any]]:
    """Return the objects of a JSON list (bare, or the only list of an envelope), numbered; else nothing."""
    found = document
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else [document]
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        return []
    return list(enumerate(found, 1))


def records_as_rows(records: list[tuple[int, Any]]) -> list[Row]:
    """Turn numbered JSON objects into a header row and rows of plain cells; what is nested in them is left out."""
    header: dict[str, None] = {}
    for _, record in records:
        header.update(dict.fromkeys(record))
    names = list(header)[: max(8, _CELLS // max(1, len(records)))]
    rows = [Row(0, tuple(names))]
    for number, record in records:
        cells = tuple(None if isinstance(record.get(key), dict | list) else record.get(key) for key in names)
        problem = next((code for cell in cells if isinstance(cell, str) and (code := odd_characters(cell))), "")
        rows.append(Row(number, () if problem else cells, problem))
    return rows
