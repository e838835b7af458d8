"""Comparing a supplier's list of numbers with a batch. Numbers pass through as normal forms and are never kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cardcase.kit.secret import CardCode

SHORTEST: Final = 6
"""Shorter cells are counts, prices and row numbers. The shortest card number in use has more (platform-rules §8)."""
LONGEST: Final = 64
SHOWN: Final = 200
"""Rows of a report that are kept and shown. The counts are of all."""

MATCHED, MISSING, ELSEWHERE = "matched", "missing", "elsewhere"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list: where it stood, and the normal forms in it that may be numbers or codes."""

    row: int
    forms: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """A card of the shop that a form led to. ``by_code``: the form was its code, not its number."""

    card: str
    is_of_batch: bool
    by_code: bool


@dataclass(frozen=True, slots=True)
class RowFound:
    """What one row of the list is: masked, with how it stands to the stock."""

    row: int
    masked: str
    state: str
    has_code: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The whole list against the batch. ``matched_cards`` are public ids; ``unlisted`` cards are on no row."""

    rows: tuple[RowFound, ...]
    matched_cards: frozenset[str]
    unlisted: int

    def count(self, state: str) -> int:
        """Count the rows of one state."""
        return sum(row.state == state for row in self.rows)

    @property
    def codes(self) -> int:
        """Count the rows in which a code stood."""
        return sum(row.has_code for row in self.rows)


def line_of(row: int, cells: Sequence[Any]) -> Line:
    """Take from a row what may be a card number: six to 64 letters and digits with a digit among them."""
    forms = []
    for cell in cells:
        if cell is None or isinstance(cell, bool):
            continue
        text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
        if not text.strip():
            continue
        form = CardCode(text).normal_form()
        if SHORTEST <= len(form) <= LONGEST and form.isascii() and any(char.isdigit() for char in form):
            forms.append(form)
    return Line(row, tuple(dict.fromkeys(forms)))


def compare(lines: Sequence[Line], known: Mapping[str, Known], batch_cards: Collection[str]) -> Compared:
    """Say of each row whether its card is in the batch, in another one, or nowhere; and which cards are on no row.

    A row without anything that could be a number (a header, a sum) is left out. A card named twice counts once.
    """
    rows: list[RowFound] = []
    matched: set[str] = set()
    for line in lines:
        if not line.forms:
            continue
        hits = [known[form] for form in line.forms if form in known]
        mine = [hit for hit in hits if hit.is_of_batch]
        state = MATCHED if mine else ELSEWHERE if hits else MISSING
        if mine and mine[0].card in matched:
            continue
        matched.update(hit.card for hit in mine)
        shown = next((form for form in line.forms if form in known and not known[form].by_code), "")
        masked = CardCode(shown or line.forms[0]).masked()
        rows.append(RowFound(line.row, masked, state, any(hit.by_code for hit in hits)))
    return Compared(tuple(rows), frozenset(matched), len(set(batch_cards) - matched))
