"""Delimited text, total: any bytes that became text become rows, and what is wrong with a row is said of that row.

Python's csv module lets an unclosed quote swallow the rest of the file and raises on long fields; a seller's file with
one bad row must still give its good ones, so the rows are cut here. Doubled quotes inside quotes mean one quote.
"""

import re
from typing import Final

from .limits import COLUMNS, FIELD_CHARS, QUOTED_LINES
from .rows import Row
from .values import odd_characters

DELIMITERS: Final = (",", "\t", ";", "；", "，", "|")
_HINT: Final = re.compile(r"^\ufeff?sep=(.)$", re.IGNORECASE)
_HEAD_LINES = 12


def read(lines: list[str]) -> list[Row]:
    """Cut lines into rows. The delimiter is the one that cuts the first lines into the most, and most even, cells."""
    start = 0
    hint = _HINT.match(lines[0]) if lines else None
    if hint:
        delimiter = hint.group(1)
        start = 1
    else:
        delimiter = delimiter_of(lines)
    rows: list[Row] = []
    at = start
    while at < len(lines):
        row, at = _row(lines, at, delimiter)
        rows.append(row)
    return rows


def delimiter_of(lines: list[str]) -> str:
    """Choose the delimiter by the first filled lines, looking outside quotes. Without any it is the comma."""
    best = (0, 0, ",")
    head = [line for line in lines[:_HEAD_LINES] if line.strip()]
    for rank, delimiter in enumerate(DELIMITERS):
        counts = [_outside_quotes(line).count(delimiter) for line in head]
        if not counts or not max(counts):
            continue
        common = max(set(counts), key=lambda count: (counts.count(count) if count else 0, count))
        score = (counts.count(common) * 100 + min(common, 99), -rank, delimiter)
        best = max(best, score, key=lambda item: item[:2])
    return best[2]


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"?', '""', line) if '"' in line else line


def _row(lines: list[str], at: int, delimiter: str) -> tuple[Row, int]:
    """Cut one row, starting at a line; return it and the line after it."""
    number = at + 1
    line = lines[at].lstrip("\ufeff")
    problem = "bare_cr" if "\r" in line.rstrip("\r") else odd_characters(line)
    if '"' not in line:
        cells = line.rstrip("\r").split(delimiter)
        return _checked(number, cells, problem), at + 1
    parts = [line.rstrip("\r")]
    size = len(line)
    last = at
    cells_or_code = _quoted_cells(parts[0], delimiter)
    while cells_or_code == "unclosed_quote":
        last += 1
        if last >= len(lines) or last - at >= QUOTED_LINES or size > FIELD_CHARS:
            # The quote never closes: this one line is refused, and reading goes on with the next.
            return Row(number, (), problem or "unclosed_quote"), at + 1
        more = lines[last].rstrip("\r")
        parts.append(more)
        size += len(more)
        problem = problem or ("bare_cr" if "\r" in more else odd_characters(more))
        if more.count('"') % 2:  # only an odd number of quotes can close the cell: no need to cut again before
            cells_or_code = _quoted_cells("\n".join(parts), delimiter)
    if isinstance(cells_or_code, str):
        return Row(number, (), problem or cells_or_code), last + 1
    return _checked(number, cells_or_code, problem), last + 1


def _quoted_cells(text: str, delimiter: str) -> list[str] | str:
    """Cut a text with quotes into cells, or return the code of what is wrong with it."""
    cells: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            cell, at = _closing(text, at + 1)
            if at < 0:
                return "unclosed_quote"
            cells.append(cell)
            tail = at
            while tail < len(text) and text[tail] == " " and delimiter != " ":
                tail += 1
            if tail >= len(text):
                return cells
            if not text.startswith(delimiter, tail):
                return "stray_quote"
            at = tail + len(delimiter)
            continue
        end = text.find(delimiter, at)
        if end < 0:
            cells.append(text[at:])
            return cells
        cells.append(text[at:end])
        at = end + len(delimiter)


def _closing(text: str, at: int) -> tuple[str, int]:
    """Return a quoted cell and the place after its closing quote, or -1 when there is none."""
    parts: list[str] = []
    while True:
        end = text.find('"', at)
        if end < 0:
            return "", -1
        parts.append(text[at:end])
        if not text.startswith('"', end + 1):
            return "".join(parts), end + 1
        parts.append('"')
        at = end + 2


def _checked(number: int, cells: list[str], problem: str) -> Row:
    if not problem and len(cells) > COLUMNS:
        problem = "too_many_columns"
    if not problem and any(len(cell) > FIELD_CHARS for cell in cells):
        problem = "field_too_long"
    return Row(number, () if problem else tuple(cells), problem)
