"""Bubbles that are the page's own colour with a thin line around: what such a line goes around. In the worker only."""

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np

from cardcase.screens.rules.seen import Box

Pixels = Any

_THIN: Final = 0.45
"""Part of its rectangle that a line takes at most, what JPEG spreads beside it included."""
_FULL: Final = 0.75
"""Part of its rectangle that lies within it at least: round corners take little."""
_TOUCH: Final = 3


def filled(area: Pixels, box: Box, bands: Sequence[tuple[int, int]], *, least: float) -> Pixels | None:
    """Return an area with what it goes around, when it is a thin line around a bubble; else None.

    ``area``: which pixels of ``box`` belong to it. A side that a bar cuts off, or the edge of a bar of the page's own
    colour, counts as closed: there both upright sides end in one row. ``least``: pixels of height and width.
    """
    high, wide = area.shape
    above = any(abs(box.top - first) <= _TOUCH for first, _ in bands)
    below = any(abs(box.bottom - last) <= _TOUCH for _, last in bands)
    if wide < least or (high < least and not (above or below)) or area.mean() > _THIN:
        return None
    line = cv2.morphologyEx(np.pad(area.astype(np.uint8), _TOUCH), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    upper, lower = line[_TOUCH : 2 * _TOUCH].max(axis=0), line[-2 * _TOUCH : -_TOUCH].max(axis=0)
    for row, ends in ((_TOUCH, upper), (-_TOUCH - 1, lower)):
        reach = 2 * _TOUCH
        if ends[_TOUCH : _TOUCH + reach].any() and ends[-_TOUCH - reach : -_TOUCH].any():
            line[row, _TOUCH:-_TOUCH] = 1
    outside = line.copy()
    cv2.floodFill(outside, None, (0, 0), 1)
    inside = ((outside == 0) | (line > 0))[_TOUCH:-_TOUCH, _TOUCH:-_TOUCH]
    return inside if inside.mean() >= _FULL and inside.mean() > 1.5 * area.mean() else None
