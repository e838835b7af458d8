"""Where the head of a screen ends and its foot begins when they have the page's own colour.

Bars of another colour are found by that (``Seen.bands``). White ones on a white page only what stands in them tells:
the phone's clock, a name, the goods; the writer's own box and the keys below it.
"""

import re
from collections.abc import Sequence
from typing import Final

from . import words
from .seen import Box, Line, Seen

_CLOCK: Final = re.compile(r"^\d{1,2}\s?[:：]\s?\d{2}(?!\d)")
_STATUS: Final = 0.13
"""The phone's own row ends within this much of the top, to the width of the picture."""
_NAME: Final = 0.31
_CENTRED: Final = 0.1
_GOODS: Final = 0.62
_CLOSE: Final = 0.035
_FOOT: Final = 0.3
"""The writer's box begins within this much of the bottom, or of the keys, to the width."""
_FIELD: Final = (0.4, 0.17)
"""Least width and most height of the writer's box."""
_KEY: Final = 0.14
_EMPTY: Final = 0.6
_READ: Final = 0.6
"""Trust in a line below which it is no words but a sign in the box."""
_KEYS: Final = 6
"""Keys in one row, at least; a keyboard has three rows of them, of which two are seen."""
_FAINT: Final = 0.75
"""Contrast of what waits in an empty box, to that of words in bubbles, at most."""
_BELOW: Final = 0.08


def head_end(seen: Seen) -> int:
    """Return the row below which the talk begins, as far as words tell; 0 when nothing does."""
    return max(_name_end(seen), _goods_end(seen))


def foot_begin(seen: Seen, faces: Sequence[Box] = ()) -> int:
    """Return the row at which the talk ends, as far as a keyboard and the writer's box tell; else the height.

    ``faces``: the avatars. A bubble has one beside it, an empty box for writing has none.
    """
    wide = seen.width
    ends = _keys_begin(seen)
    bottom = min(ends, seen.bands[-1][1])
    zone = bottom - _FOOT * wide
    usual = words.usual_contrast(seen.lines)
    found = ends
    for number, panel in enumerate(seen.panels):
        box = panel.box
        is_low = zone < box.top and box.bottom <= ends + _CLOSE * wide
        if not is_low or box.width < _FIELD[0] * wide or box.height > _FIELD[1] * wide or panel.flat < _EMPTY:
            continue
        lines = [line for line in seen.lines if line.panel == number and line.score >= _READ]
        is_beside = any(abs(face.centre - box.centre) < 0.5 * face.height for face in faces)
        is_faint = all(line.contrast < _FAINT * usual for line in lines)
        if lines:
            is_foot = words.is_foot("".join(line.text for line in lines)) and (is_faint or not is_beside)
        else:
            is_foot = not is_beside or bottom - box.bottom < _BELOW * wide
        if is_foot:
            found = min(found, box.top)
    for line in seen.lines:
        if line.panel < 0 and zone < line.ink.top < ends and words.is_foot(line.text):
            found = min(found, line.ink.top)
    return found


def _keys_begin(seen: Seen) -> int:
    """Return where a keyboard begins: rows of many small panels or single letters side by side."""
    small = _KEY * seen.width
    keys = [one.box for one in seen.panels if one.box.width < small and one.box.height < 1.5 * small]
    keys += [line.ink for line in seen.lines if len(line.text.strip()) == 1 and line.text.strip().isascii()]
    rows: list[list[Box]] = []
    for box in sorted((box for box in keys if box.top > 0.4 * seen.height), key=lambda one: one.centre):
        if rows and box.centre - rows[-1][0].centre < 0.3 * small:
            rows[-1].append(box)
        else:
            rows.append([box])
    full = [row for row in rows if len({round(3 * box.middle / small) for box in row}) >= _KEYS]
    return min(box.top for row in full for box in row) if len(full) >= 2 else seen.height  # noqa: PLR2004 - rows of letters


def _name_end(seen: Seen) -> int:
    """Below the phone's clock stands the name in the middle, and perhaps a smaller row under it."""
    wide = seen.width
    clocks = [line for line in seen.lines if line.ink.bottom < _STATUS * wide and _CLOCK.match(line.text.strip())]
    if not clocks:
        return 0
    status = max(line.ink.bottom for line in clocks)
    centred = [
        line
        for line in sorted(seen.lines, key=lambda one: one.ink.top)
        if line.panel < 0
        and line.ink.top > status
        and line.ink.bottom < _NAME * wide
        and abs(line.ink.middle - wide / 2) < _CENTRED * wide
    ]
    if not centred:
        return status
    name, *others = centred
    below = [line for line in others if 0 <= line.ink.top - name.ink.bottom < _CLOSE * wide]
    return max(line.ink.bottom for line in (name, *below[:1]))


def _goods_end(seen: Seen) -> int:
    """The goods: a price on the page, a picture left of it or a button right of it that begin no lower."""
    wide = seen.width
    for price in sorted(seen.lines, key=lambda one: one.ink.top):
        if price.ink.top > _GOODS * wide:
            return 0
        if price.panel >= 0 or price.ink.left > 0.5 * wide or not words.is_price(price.text):
            continue
        beside = [box for box in (one.box for one in seen.panels) if _is_beside(box, price, wide)]
        if beside:
            return max([*(box.bottom for box in beside), *_below(price, seen.lines, wide)])
    return 0


def _is_beside(box: Box, price: Line, wide: int) -> bool:
    if not (box.top <= price.ink.bottom and box.bottom > price.ink.top):
        return False
    is_thumb = box.right <= price.ink.left and 0.07 * wide < box.height < 0.25 * wide and box.width < 0.25 * wide
    is_button = box.left >= 0.6 * wide and box.height < 0.12 * wide
    return is_thumb or is_button


def _below(price: Line, lines: Sequence[Line], wide: int) -> list[int]:
    return [
        line.ink.bottom
        for line in lines
        if line.panel < 0
        and abs(line.ink.left - price.ink.left) < _CLOSE * wide
        and 0 <= line.ink.top - price.ink.bottom < _CLOSE * wide
    ]
