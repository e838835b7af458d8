"""Lone signs on a bubble, which the engine drops or takes for letters: dots, rings, 「！」. In the worker only."""

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np

Pixels = Any

Strip = Callable[[Pixels], tuple[str, float]]

_DOT: Final = 0.155
"""Height and width of dots and of the ring of a full stop, to the height of a bubble of one row; an o has 0.2."""
_RING: Final = 0.07
"""Height of the ring of a full stop, to that of a bubble of one row, at least; dots have some 0.05."""
_LEAST: Final = 2
_ALIKE: Final = 0.45
_TIMES: Final = 3
_SURE: Final = 0.6


def dots(ink: Pixels, high: int) -> str:
    """Return the dots or rings that a row of ink is; nothing when it is something else. ``high``: of the bubble."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    boxes = [stats[number] for number in range(1, count) if stats[number, 4] >= _LEAST]
    if not boxes:
        return ""
    widths, heights = np.array([box[2] for box in boxes]), np.array([box[3] for box in boxes])
    middles = np.array([box[1] + box[3] / 2 for box in boxes])
    is_small = max(widths.max(), heights.max()) <= _DOT * high
    is_like = np.ptp(heights) <= _ALIKE * heights.max() + 1 and np.ptp(widths) <= _ALIKE * widths.max() + 1
    if not is_small or not is_like or np.ptp(middles) > heights.max():
        return ""
    if heights.mean() >= _RING * high:
        return "。" * len(boxes)
    return {3: "…", 6: "……"}.get(len(boxes), "." * len(boxes)) if len(boxes) > 1 else ""


def thrice(letters: Pixels, strip: Strip) -> tuple[str, float]:
    """Read a lone sign as three of its kind: alone it is dropped or guessed. Nothing when they are not read alike."""
    gap = np.full((letters.shape[0], max(2, letters.shape[0] // 4), 3), 255, np.uint8)
    text, score = strip(np.concatenate([gap, *[letters, gap] * _TIMES], axis=1))
    told = "".join(text.split())
    is_alike = len(told) == _TIMES and len(set(told)) == 1 and score >= _SURE
    return (told[0], score) if is_alike else ("", 0.0)
