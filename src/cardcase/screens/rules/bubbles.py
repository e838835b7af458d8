"""What stands on one bubble or card: rows that an edge cuts, what is said and what it answers, a card's words."""

from collections.abc import Sequence
from typing import Final

from . import words
from .seen import Box, Line

TOUCH: Final = 3
"""Pixels within which two edges are one."""
QUOTE: Final = 0.9
"""Size of a quotation's letters, to those of what is said, at most."""
FAINT: Final = 0.72
"""Contrast of a quotation's letters, to those of what is said, at most."""
HALF_READ: Final = 0.8
"""Trust below which an outermost line on the page is half a line; whole ones are read with 0.95 and more."""
LOW: Final = 0.8
"""Height of a row's ink, to the size of its letters, below which a Chinese one is cut; whole ones have 0.87."""
LOW_LATIN: Final = 0.62
FULL: Final = 0.87
"""Height of a row's ink that touches the edge and still is whole; and how surely it must be read."""
FULL_LATIN: Final = 0.72
WHOLLY_READ: Final = 0.97


def is_sliced(line: Line, panel: Box, size: float, *, above: bool, below: bool) -> bool:
    """Tell whether the edge runs through a line's letters: what was read of halves is no words.

    A whole first line stands off the bubble's edge by half a letter; half of one touches it and is low for its letters.
    """
    near = 0.22 * line.ink.height + TOUCH
    above_by, below_by = abs(line.ink.top - panel.top), abs(line.ink.bottom - panel.bottom)
    if (above and above_by <= TOUCH) or (below and below_by <= TOUCH):
        full = (FULL if words.is_wide(line.text) else FULL_LATIN) * min(size, words.pitch(line))
        return line.score < WHOLLY_READ or line.ink.height < full
    touches = (above and above_by <= near) or (below and below_by <= near)
    whole = (LOW if words.is_wide(line.text) else LOW_LATIN) * min(size, words.pitch(line))
    return touches and (line.ink.height < whole or line.score < HALF_READ)


def split_quote(lines: Sequence[Line], size: float, usual: float) -> tuple[list[Line], list[Line]]:
    """Part what is said from what it answers: smaller and fainter letters at the top or at the end of the bubble.

    ``usual``: contrast of what is said on the picture.
    """
    rows = words.rows_of(lines)
    strongest = max((line.contrast for line in lines), default=0)

    def is_faint(row: Sequence[Line]) -> bool:
        small = all(words.pitch(line) < QUOTE * size or len(line.text) <= 2 for line in row)  # noqa: PLR2004 - too short to tell
        faint = max(line.contrast for line in row) / max(1, strongest)
        return (small and faint < 0.8) or (faint < 0.7 and all(words.pitch(line) < size for line in row))  # noqa: PLR2004

    is_worded = any(char.isalnum() for line in lines for char in line.text)
    if (
        len(rows) == 1
        and is_worded
        and all(words.pitch(line) < QUOTE * size and line.contrast < FAINT * usual for line in rows[0])
    ):
        return [], list(lines)
    first = 0
    while first < len(rows) - 1 and is_faint(rows[first]):
        first += 1
    last = len(rows)
    while first == 0 and last > 1 and is_faint(rows[last - 1]):
        last -= 1
    quoted = [*rows[:first], *rows[last:]]
    return [line for row in rows[first:last] for line in row], [line for row in quoted for line in row]


def is_titled(lines: Sequence[Line], panel: Box) -> bool:
    """Tell whether rows are a card's: a title, smaller words below it, and at the end a button in the middle."""
    rows = words.rows_of(lines)
    if len(rows) < 3:  # noqa: PLR2004 - title, words, button
        return False
    title, *middle, button = rows
    begins, slack = title[0].ink.left, 0.06 * panel.width
    is_smaller = all(words.pitch(line) < 0.93 * words.pitch(title[0]) for row in middle for line in row)
    is_level = all(abs(row[0].ink.left - begins) < slack for row in middle)
    is_middle = abs((button[0].ink.left + button[-1].ink.right) / 2 - panel.middle) < slack
    return is_smaller and is_level and is_middle and button[0].ink.left > begins + 3 * slack


def card_text(lines: Sequence[Line], right: float) -> str:
    """Return a card's title and, on the next line, what else it says."""
    rows = words.rows_of(lines)
    if not rows:
        return ""
    rest = [line for row in rows[1:] for line in row]
    title = " ".join(line.text.strip() for line in rows[0])
    return f"{title}\n{words.joined(rest, right)}" if rest else title
