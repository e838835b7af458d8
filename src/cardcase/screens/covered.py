"""Pictures as people may see them: drawn anew in pieces of a screen's length, places with card codes black.

Typst draws, as for every covered copy (``evidence.pixels``): pixels beneath a bar are gone, and all that is no pixel.
"""

from collections.abc import Sequence
from typing import Final

from cardcase.evidence import pixels
from cardcase.evidence.rules.covering import Area

from .rules import masks

WIDEST: Final = 1080
"""Pixels across: a phone's screen stays as it is."""
TALLEST: Final = 2600
"""Pixels down of one piece; a long screenshot is several, so that it stays readable and none is large."""


def factor(width: int) -> float:
    """Return how much smaller than the original a picture is drawn, at most 1."""
    return min(1.0, WIDEST / width)


def pieces(width: int, height: int) -> list[tuple[int, int]]:
    """Return where the pieces of a picture begin and how tall they are, in pixels as drawn. Empty while not read."""
    if not width:
        return []
    whole = max(1, round(height * factor(width)))
    return [(top, min(TALLEST, whole - top)) for top in range(0, whole, TALLEST)]


def draw(data: bytes, width: int, height: int, hidden: Sequence[Sequence[int]], number: int) -> bytes:
    """Draw one piece of a picture as PNG. ``hidden``: places with a code, in original pixels. Raises NoPixels."""
    scale = factor(width)
    top, tall = pieces(width, height)[number]
    areas = [Area(*masks.area(box, scale, width, height)) for box in hidden]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return pixels.window(data, size, areas, top=top, tall=tall)
