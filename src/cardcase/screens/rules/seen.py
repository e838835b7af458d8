"""What the reader sees in one picture, before anybody says what it means: lines with their grounds, panels, bands.

Lengths are pixels of the picture as it was read (``Seen.width`` wide), colours are (red, green, blue) 0–255.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Colour = tuple[int, int, int]

UNKNOWN_PRINT: Final = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, right, bottom, the last two just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Return the width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Return the height in pixels."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Return the horizontal middle."""
        return (self.left + self.right) / 2

    @property
    def centre(self) -> float:
        """Return the vertical middle."""
        return (self.top + self.bottom) / 2

    def holds(self, other: "Box", slack: int = 0) -> bool:
        """Tell whether another box lies in this one, but for some pixels of slack."""
        return (
            self.left - slack <= other.left
            and self.top - slack <= other.top
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def scaled(self, factor: float) -> "Box":
        """Return the box in a picture that is ``factor`` times as large."""
        return Box(*(round(side * factor) for side in (self.left, self.top, self.right, self.bottom)))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as the engine read it.

    ``ink``: the box of its strokes. ``ground``: the colour around the strokes; ``contrast``: how far the ink stands out
    from it (0–255). ``panel``: place of the panel that it stands on in ``Seen.panels``, -1 on the page itself.
    ``score``: the engine's own trust, 0–1.
    """

    box: Box
    ink: Box
    text: str
    score: float
    ground: Colour
    contrast: int
    panel: int


@dataclass(frozen=True, slots=True)
class Panel:
    """An area of another colour than the page: a bubble, a card, an avatar, a picture.

    ``flat``: which part of it has its commonest colour (0–1): bubbles have much, pictures little. ``patch``: the longer
    side of the largest solid patch of another colour on it, larger than letters are. ``square``: whether the corners at
    its top and at its bottom are square: bubbles have round ones unless an edge cuts them. ``print``: 16 hex digits by
    which two looks at the same picture are known again.
    """

    box: Box
    colour: Colour
    flat: float
    print: str = UNKNOWN_PRINT
    patch: int = 0
    square: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture. ``scale``: pixels of the original to one here. ``bands``: rows between bars of another colour."""

    width: int
    height: int
    scale: float
    page: Colour
    lines: tuple[Line, ...]
    panels: tuple[Panel, ...]
    bands: tuple[tuple[int, int], ...]


def from_document(told: Mapping[str, Any]) -> Seen:
    """Read what the worker wrote. Raises KeyError, TypeError, ValueError for anything else."""
    return Seen(
        width=int(told["width"]),
        height=int(told["height"]),
        scale=float(told["scale"]),
        page=_colour(told["page"]),
        lines=tuple(
            Line(
                box=_box(line["box"]),
                ink=_box(line["ink"]),
                text=str(line["text"]),
                score=float(line["score"]),
                ground=_colour(line["ground"]),
                contrast=int(line["contrast"]),
                panel=int(line["panel"]),
            )
            for line in told["lines"]
        ),
        panels=tuple(
            Panel(
                _box(one["box"]),
                _colour(one["colour"]),
                float(one["flat"]),
                str(one["print"]),
                int(one["patch"]),
                (bool(one["square"][0]), bool(one["square"][1])),
            )
            for one in told["panels"]
        ),
        bands=tuple((int(top), int(bottom)) for top, bottom in told["bands"]),
    )


def to_document(seen: Seen) -> dict[str, Any]:
    """Write it as JSON, for the worker and for recorded tests."""
    return {
        "width": seen.width,
        "height": seen.height,
        "scale": round(seen.scale, 5),
        "page": list(seen.page),
        "lines": [
            {
                "box": _sides(line.box),
                "ink": _sides(line.ink),
                "text": line.text,
                "score": round(line.score, 4),
                "ground": list(line.ground),
                "contrast": line.contrast,
                "panel": line.panel,
            }
            for line in seen.lines
        ],
        "panels": [
            {
                "box": _sides(one.box),
                "colour": list(one.colour),
                "flat": round(one.flat, 3),
                "print": one.print,
                "patch": one.patch,
                "square": list(one.square),
            }
            for one in seen.panels
        ],
        "bands": [list(band) for band in seen.bands],
    }


def _box(told: Sequence[Any]) -> Box:
    left, top, right, bottom = (int(side) for side in told)
    return Box(left, top, right, bottom)


def _sides(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]


def _colour(told: Sequence[Any]) -> Colour:
    red, green, blue = (int(part) for part in told)
    return red, green, blue
