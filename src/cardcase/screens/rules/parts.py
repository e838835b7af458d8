"""A panel of a picture with what stands on it, and what several rules ask of panels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from . import words
from .log import Kind, Who
from .seen import Box, Colour, Line, Panel

FLAT: Final = 0.42
"""Least part of its commonest colour that makes a panel a bubble. Text takes a quarter at most."""
COLUMN: Final = 0.01
"""What stands in one column does so but for this much of the width."""

Avatars = Sequence[tuple[Box, Who]]


@dataclass(slots=True)
class Part:
    """A panel with what stands on it. ``quoted``: what hangs under it; ``sure``: how clear it is who speaks, 0–1."""

    panel: Panel
    lines: list[Line] = field(default_factory=list)
    quoted: list[Line] = field(default_factory=list)
    kind: Kind = Kind.TEXT
    who: Who = Who.UNCLEAR
    sure: float = 0.0


def beside(part: Part, avatars: Avatars, wide: int) -> set[Who]:
    """Return the sides on which an avatar stands beside a panel, level with its top."""
    box, near = part.panel.box, 0.05 * wide
    return {
        who
        for avatar, who in avatars
        if abs(avatar.top - box.top) < near or (avatar.top <= box.top + near and avatar.bottom > box.top + near)
    }


def size_of(parts: Sequence[Part], avatars: Avatars, wide: int) -> float:
    """Return the size of the talk's letters in pixels: the middle of all bubbles, each counted once.

    Pictures have many small rows, and quotations stand on grounds of their own without an avatar.
    """
    said = [part for part in parts if beside(part, avatars, wide)] or parts
    found = [[words.pitch(line) for line in part.lines if len(line.text) > 1] for part in said]
    sizes = [median(pitches) for pitches in found if pitches]
    return median(sizes) if sizes else 0.042 * wide


def distance(one: Colour, other: Colour) -> int:
    """Return how far two colours are apart in the channel in which they are most."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def covers(panel: Box, line: Box) -> bool:
    """Tell whether most of one box lies on another."""
    across = max(0, min(panel.right, line.right) - max(panel.left, line.left))
    down = max(0, min(panel.bottom, line.bottom) - max(panel.top, line.top))
    return across * down > 0.6 * max(1, line.width * line.height)
