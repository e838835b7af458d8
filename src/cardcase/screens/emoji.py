"""Coloured signs among letters: what no reader of letters can read, and would take for letters. In the worker only."""

from typing import Any, Final

import cv2
import numpy as np

Pixels = Any

_OFF: Final = 64.0
"""How far from every mixture of ground and ink a colour is that no letter has: JPEG moves them by less."""
_INK: Final = 40.0
_LEAST: Final = 0.017
"""Height and width of the smallest sign, to the width of the picture."""
_FULL: Final = 0.45
"""Part of its rectangle that has such colours."""
_RIM: Final = 0.12
"""How far a sign reaches beyond what of it is coloured, to its size."""
_MOST: Final = 0.5
"""Part of the ink of a line that lies in signs, from which it is no words."""


def signs(part: Pixels, ground: tuple[int, int, int], wide: int) -> Pixels:
    """Return which pixels belong to coloured signs. ``wide``: width of the picture that it is a part of."""
    found = np.zeros(part.shape[:2], bool)
    least = _LEAST * wide
    if min(part.shape[:2]) < least:
        return found
    apart = part.astype(np.float32) - np.array(ground, np.float32)
    length = np.sqrt((apart**2).sum(axis=2))
    inked = length > _INK
    if not inked.any():
        return found
    ink = _ink(apart, length)
    along = np.clip((apart @ ink) / float(ink @ ink), 0.0, 1.0)
    off = np.sqrt(((apart - along[:, :, None] * ink) ** 2).sum(axis=2)) > _OFF
    near = cv2.dilate((off & inked).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        if min(width, height) >= least and area >= _FULL * width * height:
            rim = max(2, round(_RIM * max(width, height)))
            found[max(0, top - rim) : top + height + rim, max(0, left - rim) : left + width + rim] = True
    return found


def _ink(apart: Pixels, length: Pixels) -> Pixels:
    """Return how far the ink of letters is from the ground: black or white is where little else is."""
    strong = apart[length > 0.8 * float(length.max())]
    spread = strong.max(axis=1) - strong.min(axis=1)
    grey = strong[spread <= np.percentile(spread, 30)]
    return np.median(grey, axis=0)


def is_sign(part: Pixels, ground: tuple[int, int, int], wide: int) -> bool:
    """Tell whether what was read as a line is coloured signs and nothing else."""
    apart = np.abs(part.astype(np.int16) - np.array(ground, np.int16)).max(axis=2) > _INK
    return bool(apart.any()) and bool(signs(part, ground, wide)[apart].mean() > _MOST)
