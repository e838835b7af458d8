"""Where the head of a screen ends when its bars have the page's own colour: the phone's clock, a name, the goods.

Bars of another colour are found by that (``Seen.bands``). White ones on a white page only their words tell.
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


def head_end(seen: Seen) -> int:
    """Return the row below which the talk begins, as far as words tell; 0 when nothing does."""
    return max(_name_end(seen), _goods_end(seen))


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
