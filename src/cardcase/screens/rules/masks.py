"""Where card codes stand on a picture: whole lines are masked, rather one too many than one too few.

What ``cards`` finds is a code; what may be the rest of one (``suspicion``) is covered, too, and the ground around it,
because the engine may have read only a part of what stands there.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from . import suspicion, words
from .seen import Box, Line, Panel, Seen

_PIECE: Final = re.compile(r"[0-9A-Za-z]{3,}")
_GROW: Final = 4
_FLAT: Final = 0.42
"""Share of one colour in a panel below which it is a picture; a bubble is of one colour but for its letters."""
_PATCH: Final = 0.09
"""Longer side of the largest solid patch of another colour, to the width, above which a panel is a picture."""
_REACH: Final = 0.25
"""How near words about codes make a short run suspicious, to the width: the bubble above and the one below."""
_GARBLED: Final = 0.8
"""The engine's own confidence below which it may have read something else than stands there."""


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
    """Return the places with a code, in pixels of the original: the breadth of the bubble, up to what else is said."""
    hidden = _hidden(seen, had_code)
    return [_sides(_spread(seen, place, hidden).scaled(seen.scale)) for place in sorted(hidden)]


def area(box: Sequence[int], factor: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a mask as x, y, width and height in a picture drawn at ``factor``, with a margin, within its bounds."""
    left, top, right, bottom = (round(side * factor) for side in box)
    most_right, most_bottom = round(width * factor), round(height * factor)
    left, top = max(0, left - _GROW), max(0, top - _GROW)
    right, bottom = min(most_right, right + _GROW), min(most_bottom, bottom + _GROW)
    return left, top, max(1, right - left), max(1, bottom - top)


def _spread(seen: Seen, place: int, hidden: set[int]) -> Box:
    """Return what is covered for a line: more than was read of it may stand there."""
    line = seen.lines[place]
    box, high = line.box, line.box.height
    if line.panel < 0:
        return Box(max(0, box.left - 3 * high), box.top, min(seen.width, box.right + 3 * high), box.bottom)
    panel = seen.panels[line.panel]
    shown = [other.box for number, other in enumerate(seen.lines) if other.panel == line.panel and number not in hidden]
    top = max([panel.box.top, *(one.bottom for one in shown if one.centre < box.centre)])
    bottom = min([panel.box.bottom, *(one.top for one in shown if one.centre > box.centre)])
    if _is_picture(panel, seen.width):
        top, bottom = max(top, box.top - high), min(bottom, box.bottom + high)
    return Box(panel.box.left, min(top, box.top), panel.box.right, max(bottom, box.bottom))


def _is_picture(panel: Panel, wide: int) -> bool:
    return panel.flat < _FLAT or panel.patch > _PATCH * wide


def _suspected(seen: Seen, found: set[int]) -> set[int]:
    """Return the lines that may hold the rest of a code: near words about codes, on pictures, beside a found one."""
    with_code = {seen.lines[place].panel for place in found} - {-1}
    words_at = [line.ink.centre for line in seen.lines if suspicion.speaks_of_codes(line.text)]
    reach = _REACH * seen.width
    more: set[int] = set()
    for place, line in enumerate(seen.lines):
        is_picture = line.panel >= 0 and _is_picture(seen.panels[line.panel], seen.width)
        is_near = is_picture or any(abs(line.ink.centre - at) < reach for at in words_at)
        least = suspicion.NEAR if is_near else suspicion.ALONE
        if line.panel in with_code:
            least, is_near = suspicion.BESIDE, True
        is_garbled = is_near and line.score < _GARBLED and _PIECE.search(line.text) is not None
        if is_garbled or suspicion.runs(line.text, least, is_near=is_near):
            more.add(place)
    return more


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
    return found | _suspected(seen, found)


def _plain(text: str, is_hidden: bool) -> str:
    return _PIECE.sub("••••", text) if is_hidden else text


def _sides(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]
