"""Where card codes stand on a picture: whole lines are masked, rather one too many than one too few."""

import re
from collections.abc import Sequence
from typing import Any, Final

from . import words
from .seen import Box, Line, Seen

_PIECE: Final = re.compile(r"[0-9A-Za-z]{3,}")
_GROW: Final = 4


def texts_of(seen: Seen) -> list[str]:
    """Return what is looked through for codes: every line alone, then every panel as one, for a code may be wrapped."""
    return [*(line.text for line in seen.lines), *("".join(line.text for line in group) for group in _panels(seen))]


def places(seen: Seen, masked: Sequence[str]) -> list[list[Any]]:
    """Return every line with its place in the original, the engine's trust, and its masked words.

    Of a panel that holds a code only as a whole, the lines with pieces of letters and digits lose those.
    """
    hidden = _hidden(seen, [text != before for text, before in zip(masked, texts_of(seen), strict=True)])
    return [
        [*_sides(line.box.scaled(seen.scale)), round(line.score, 3), _plain(masked[place], place in hidden)]
        for place, line in enumerate(seen.lines)
    ]


def boxes(seen: Seen, had_code: Sequence[bool]) -> list[list[int]]:
    """Return the places with a code, in pixels of the original."""
    hidden = sorted(_hidden(seen, had_code))
    return [_sides(seen.lines[place].box.scaled(seen.scale)) for place in hidden]


def area(box: Sequence[int], factor: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a mask as x, y, width and height in a picture drawn at ``factor``, with a margin, within its bounds."""
    left, top, right, bottom = (round(side * factor) for side in box)
    most_right, most_bottom = round(width * factor), round(height * factor)
    left, top = max(0, left - _GROW), max(0, top - _GROW)
    right, bottom = min(most_right, right + _GROW), min(most_bottom, bottom + _GROW)
    return left, top, max(1, right - left), max(1, bottom - top)


def _panels(seen: Seen) -> list[list[Line]]:
    """Return the lines of each panel with several, from top to bottom."""
    numbers = sorted({line.panel for line in seen.lines if line.panel >= 0})
    groups = [[line for line in seen.lines if line.panel == number] for number in numbers]
    return [[line for row in words.rows_of(group) for line in row] for group in groups if len(group) > 1]


def _hidden(seen: Seen, had_code: Sequence[bool]) -> set[int]:
    """Return the places of the lines that are masked."""
    count = len(seen.lines)
    found = {place for place in range(count) if had_code[place]}
    place_of = {id(line): place for place, line in enumerate(seen.lines)}
    for group, had in zip(_panels(seen), had_code[count:], strict=True):
        if had:
            mine = {place_of[id(line)] for line in group}
            found |= {place for place in mine if _PIECE.search(seen.lines[place].text)}
    return found


def _plain(text: str, is_hidden: bool) -> str:
    return _PIECE.sub("••••", text) if is_hidden else text


def _sides(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]
