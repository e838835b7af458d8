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
_ALONG: Final = 0.8
"""Part of the way around that the line goes at least: a tail may break it."""
_TOUCH: Final = 3
_REACH: Final = 8
"""Part of its breadth, one in so many, within which an upright side ends: a tail stands out."""


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
    line = area.astype(np.uint8)
    points = cv2.findNonZero(line)
    inside = cv2.fillConvexPoly(np.zeros_like(line), cv2.convexHull(points), 1)
    if inside.mean() < _FULL or inside.mean() < 1.5 * area.mean():
        return None
    [edge, *_], _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    columns, rows = edge[:, 0, 0], edge[:, 0, 1]
    counted = np.ones(rows.shape, bool)
    reach = max(_TOUCH, wide // _REACH)
    for at, ends in ((0, line[:_TOUCH].max(axis=0)), (high - 1, line[-_TOUCH:].max(axis=0))):
        if ends[:reach].any() and ends[-reach:].any():  # square corners: an edge cuts it there
            counted &= np.abs(rows - at) > _TOUCH
    near = cv2.dilate(line, np.ones((2 * _TOUCH + 1, 2 * _TOUCH + 1), np.uint8))
    if not counted.any() or near[rows[counted], columns[counted]].mean() < _ALONG:
        return None
    return inside > 0
