"""One row of a table, before anybody knows what its columns mean."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of one row and its number in the source (the line on which it starts, counted from 1).

    ``problem`` is the code of the finding that makes the row unusable as a whole; its cells are then not trusted.
    """

    number: int
    cells: tuple[Any, ...] = field(repr=False)
    problem: str = ""

    @property
    def is_filled(self) -> bool:
        """Whether any cell says something. Rows without are not rows."""
        return bool(self.problem) or any(cell is not None and str(cell).strip() for cell in self.cells)
