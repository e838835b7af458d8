"""Which column of a table means what, by the names of `data/columns.toml`; for readers of orders and of cards."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cardcase.kit import catalogue
from cardcase.kit.text import fold

from .rows import Row
from .words import DATA

_UNIT = re.compile(r"[(（\[【]\s*([^()（）\[\]【】]*?)\s*[)）\]】]")
_LONGEST_NAME = 60
"""Longest text that is looked at as a name of a column; it also keeps the patterns from long texts."""
_NOISE = re.compile(r"[\s_\-*:：]+")


class ColumnRecord(catalogue.Record):
    """One meaning and the header names that carry it. ``table``: order, refund, card or personal."""

    table: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The header row of a table, understood: meaning → column index, in the order in which names appeared."""

    row: Row
    width: int
    columns: dict[str, int]
    units: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    ignored: int = 0
    personal: frozenset[int] = frozenset()

    def is_ragged(self, row: Row) -> bool:
        """Tell whether cells stand under no header, or headers have no cell: then columns may have shifted."""
        cells = len(row.cells)
        while cells > self.width and not str(row.cells[cells - 1] or "").strip():
            cells -= 1
        return cells != self.width

    def has(self, *meanings: str) -> int:
        """Count how many of some meanings the table has."""
        return sum(1 for meaning in meanings if meaning in self.columns)


@cache
def _meanings(tables: frozenset[str]) -> dict[str, str]:
    records = catalogue.load(DATA / "columns.toml", ColumnRecord, table="column").records
    found: dict[str, str] = {}
    for record in records.values():
        if record.table in tables:
            for name in record.names:
                found.setdefault(normal(name), record.id)
    return found


def normal(name: Any) -> str:
    """Return a header cell in the form in which names are compared."""
    text = str(name or "")
    if len(text) > _LONGEST_NAME:
        return ""
    return _NOISE.sub("", _UNIT.sub("", fold(text))).strip("\"'")


def unit(name: Any) -> str:
    """Return the unit of a header in brackets, 「金额(分)」 → 「分」, or nothing."""
    match = _UNIT.search(str(name or "")[:_LONGEST_NAME])
    return fold(match.group(1)) if match else ""


def find_header(rows: Iterable[Row], tables: frozenset[str], *, needs: frozenset[str]) -> Header | None:
    """Find the row among the first ones that names most columns and has one of those that are needed."""
    best: Header | None = None
    for row in rows:
        header = _understand(row, tables)
        if not needs & header.columns.keys():
            continue
        if best is None or len(header.columns) > len(best.columns):
            best = header
    return best


def _understand(row: Row, tables: frozenset[str]) -> Header:
    meanings = _meanings(tables | {"personal"})
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    names: dict[str, str] = {}
    repeated: list[str] = []
    personal: set[int] = set()
    ignored = 0
    for index, cell in enumerate(row.cells):
        name = normal(cell)
        meaning = meanings.get(name)
        if meaning is None:
            ignored += bool(name)
        elif meaning == "personal":
            personal.add(index)
        elif meaning in columns:
            # 规格名 and 规格值 both say which variant; any other second column of one meaning is reported.
            if meaning != "sku":
                repeated.append(str(cell).strip()[:20])
        else:
            columns[meaning] = index
            units[meaning] = unit(cell)
            names[meaning] = str(cell).strip()[:20]
    width = max((index + 1 for index, cell in enumerate(row.cells) if str(cell or "").strip()), default=0)
    return Header(row, width, columns, units, names, tuple(repeated), ignored, frozenset(personal))
