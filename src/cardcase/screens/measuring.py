"""Pixels into ``Seen``: page colour, bars, panels, and the ground of every line. Runs in the reader's worker only."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import cv2
import numpy as np

from cardcase.screens import completing, emoji, outlines
from cardcase.screens.rules.seen import Box, Colour, Line, Panel, Seen

Pixels = Any
"""An array of rows × columns × (red, green, blue), eight bits each."""


class Reads(Protocol):
    """The engine: the lines of a piece with their places in it and its trust in them; the words of a strip."""

    @property
    def lines(self) -> Callable[[Pixels], Sequence[tuple[Box, str, float]]]:
        """Find and read lines."""

    @property
    def strip(self) -> Callable[[Pixels], tuple[str, float]]:
        """Read one line that fills its piece."""


WIDTH: Final = 1080
"""Wider pictures are read at this width: letters are some 45 pixels high then, more costs time and reads no better."""
NARROW: Final = 540
"""Narrower ones are read at twice their width."""
PIECE: Final = 1600
"""Rows of one piece at most: bounds the memory that the engine takes, whatever the length of the picture."""
_STEP: Final = 4
"""How far a colour must be from the page's to count as another: white bubbles lie on pages of 244."""
_LIKE: Final = 24
"""How far from a panel's colour is still that colour: JPEG spreads the ink of letters over coloured bubbles."""
_EDGE: Final = 0.012
_LEAST: Final = 0.022
"""Width and height of the smallest panel, to the width of the picture."""
_LETTER: Final = 0.06
"""Both sides of what is no panel but one letter on the page, to the width of the picture."""
_TIGHT: Final = 6
_ROW: Final = 0.075
"""Height of a row of letters on the page that JPEG has smeared into one area."""
_LOWEST: Final = 0.059
"""Height of the lowest panel that no edge cuts: a bubble of one row in a small type has 0.08."""
_GREY: Final = 128.0
_BUBBLE: Final = 0.42
_FILLED: Final = 0.3
_GAP: Final = 6
_SPILL: Final = 5
_CORE: Final = 0.3
_SIDE: Final = 0.21
"""Avatars lie within this much of either side; other even areas beside one are parts of one picture."""
_DENSE: Final = 0.7
_CAP: Final = 0.8
"""Part that is filled of what lies above or below the largest even part of one thing; marks of reading fill less."""
_LARGEST_FACE: Final = 0.15
_UPRIGHT: Final = 1.3
"""Height of an avatar, to its width, at most."""
_BAND: Final = 0.1
_MARGIN: Final = 16


def measure(image: Pixels, reads: Reads) -> Seen:
    """See one picture. ``image`` in its own size; the engine is asked for pieces of bounded size."""
    height, width = image.shape[:2]
    aim = WIDTH if width > WIDTH else width * 2 if width < NARROW else width
    factor = width / aim
    if aim != width:
        way = cv2.INTER_AREA if aim < width else cv2.INTER_CUBIC
        image = cv2.resize(image, (aim, max(1, round(height / factor))), interpolation=way)
    height, width = image.shape[:2]
    page = _page(image)
    differs = np.abs(image.astype(np.int16) - np.array(page, np.int16)).max(axis=2) > _STEP
    bands = _bands(differs)
    panels, labels = _panels(image, differs, page, bands)
    lines = [
        _line(image, labels, panels, page, box, text, score)
        for top, bottom in _pieces(differs)
        for box, text, score in _moved(reads.lines(image[top:bottom]), top)
    ]
    lines = completing.completed(image, panels, lines, reads.strip)
    return Seen(
        width=width,
        height=height,
        scale=factor,
        page=page,
        lines=tuple(lines),
        panels=tuple(panels),
        bands=tuple(bands),
    )


def _moved(lines: Sequence[tuple[Box, str, float]], down: int) -> list[tuple[Box, str, float]]:
    return [(Box(b.left, b.top + down, b.right, b.bottom + down), text, score) for b, text, score in lines]


def _commonest(pixels: Pixels) -> Colour:
    """Return the commonest colour of some pixels: the mode of coarse ones, then the middle of those."""
    flat = pixels.reshape(-1, 3)
    coarse = flat.astype(np.int32) >> 2
    keys = (coarse[:, 0] << 12) | (coarse[:, 1] << 6) | coarse[:, 2]
    mode = int(np.bincount(keys).argmax())
    red, green, blue = (int(part) for part in np.median(flat[keys == mode], axis=0))
    return red, green, blue


def _page(image: Pixels) -> Colour:
    """Return the page's colour: the commonest of both margins, where no bubble reaches."""
    edge = max(2, round(image.shape[1] * _EDGE))
    return _commonest(np.concatenate([image[:, :edge], image[:, -edge:]], axis=1))


def _bands(differs: Pixels) -> list[tuple[int, int]]:
    """Return the rows between bars: those whose margins have the page's colour, in runs long enough for a bubble."""
    height, width = differs.shape
    edge = max(2, round(width * _EDGE))
    is_bar = (differs[:, :edge].mean(axis=1) > 0.5) & (differs[:, -edge:].mean(axis=1) > 0.5)  # noqa: PLR2004 - most of it
    changes = np.flatnonzero(np.diff(np.concatenate([[1], is_bar.astype(np.int8), [1]])))
    runs = [(int(top), int(bottom)) for top, bottom in zip(changes[::2], changes[1::2], strict=True)]
    found = [run for run in runs if run[1] - run[0] >= width * _BAND]
    return found or [(0, height)]


def _panels(
    image: Pixels, differs: Pixels, page: Colour, bands: Sequence[tuple[int, int]]
) -> tuple[list[Panel], Pixels]:
    """Find connected areas of other colours than the page; return them and for every pixel which it belongs to."""
    inside = np.zeros(differs.shape, np.uint8)
    for top, bottom in bands:
        inside[top:bottom] = differs[top:bottom]
    count, marks, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    least = image.shape[1] * _LEAST
    numbers = np.full(count, -1, np.int32)
    panels: list[Panel] = []
    beside: list[tuple[Box, Pixels, int]] = []
    large = [number for number in range(1, count) if min(stats[number, 2:4]) >= least]
    framed: list[tuple[Box, Pixels]] = []
    for number in large:
        whole, area = _area(marks, stats, number)
        bubble = outlines.filled(area, whole, bands, least=_LOWEST * image.shape[1])
        if bubble is None or any(_lies_in(whole, one, mask) for one, mask in framed):
            continue
        panel = _panel(image, whole, bubble, page, bands, is_framed=True)
        if panel is not None:
            framed.append((whole, bubble))
            beside.append((whole, bubble, len(panels)))
            panels.append(panel)
    for number in large:
        whole, area = _area(marks, stats, number)
        if any(_lies_in(whole, one, mask) for one, mask in framed):
            continue
        left, top = whole.left, whole.top
        for place, box in enumerate(_parted(image, whole, area)):
            mine = area[box.top - top : box.bottom - top, box.left - left : box.right - left]
            panel = _panel(image, box, mine, page, bands)
            if panel is None:
                continue
            if place:
                beside.append((box, mine, len(panels)))
            else:
                numbers[number] = len(panels)
            panels.append(panel)
    labels = numbers[marks]
    for box, mine, place in beside:
        labels[box.top : box.bottom, box.left : box.right][mine] = place
    return panels, labels


def _area(marks: Pixels, stats: Pixels, number: int) -> tuple[Box, Pixels]:
    left, top, width, height = (int(value) for value in stats[number, :4])
    return Box(left, top, left + width, top + height), marks[top : top + height, left : left + width] == number


def _lies_in(box: Box, frame: Box, mask: Pixels) -> bool:
    """Tell whether an area is a framed one, or stands on it: its letters and signs."""
    if not frame.holds(box):
        return False
    row, column = (box.top + box.bottom) // 2 - frame.top, (box.left + box.right) // 2 - frame.left
    return bool(mask[row, column])


def _panel(
    image: Pixels, box: Box, mine: Pixels, page: Colour, bands: Sequence[tuple[int, int]], *, is_framed: bool = False
) -> Panel | None:
    """Measure one area; None when it is letters, the ground of a time, or too low for a bubble.

    ``is_framed``: a thin line goes around it, and its ground may be the page's own colour.
    """
    wide = image.shape[1]
    rows = np.flatnonzero(mine.mean(axis=1) > 0.2)  # noqa: PLR2004 - letters that an edge cuts spill over it a little
    if rows.size:
        first, last = min(int(rows[0]), _SPILL), max(int(rows[-1]) + 1, box.height - _SPILL)
        box, mine = Box(box.left, box.top + first, box.right, box.top + last), mine[first:last]
    is_cut = any(box.top <= first or box.bottom >= last for first, last in bands)
    if (box.height < _LOWEST * wide and not is_cut) or not mine.any():
        return None
    part = image[box.top : box.bottom, box.left : box.right]
    colour = _commonest(part[mine])
    near = _near(part, colour)
    if mine.mean() < 0.5 and near.mean() < 0.3:  # noqa: PLR2004 - strokes, not an area
        return None
    if not is_framed and _is_writing(part, colour, page, wide):
        return None
    return Panel(box, colour, float(near.mean()), _print(part), _patch(~near, wide), _square(mine))


def _parted(image: Pixels, whole: Box, area: Pixels) -> list[Box]:
    """Return the bubble in an area first, then what JPEG has grown together with it: an avatar, a mark of reading.

    A bubble is where one colour fills rows and columns. An area without such a place is one thing.
    """
    part = image[whole.top : whole.bottom, whole.left : whole.right]
    least = _LETTER * image.shape[1]
    if max(whole.width, whole.height) < _LARGEST_FACE * image.shape[1] and whole.height < _UPRIGHT * whole.width:
        return [whole]
    colour = _commonest(part[area])
    near = _near(part, colour) & area
    core = _filled(near)
    if core is None or core.width * core.height < _CORE * whole.width * whole.height:
        return [whole]
    inside = _tight(part[core.top : core.bottom, core.left : core.right], colour)
    sides, ends = (core.left, near.shape[1] - core.right), (core.top, near.shape[0] - core.bottom)
    is_whole = max(sides) < 0.5 * least and max(ends) < 0.15 * least  # a tail, and no mark of reading
    is_one = is_whole or max(sides) > _LARGEST_FACE * image.shape[1] or max(ends) > least
    caps = [area[: core.top, core.left : core.right], area[core.bottom :, core.left : core.right]]
    is_one = is_one or any(cap.shape[0] > 0.4 * least and cap.mean() > _CAP for cap in caps)
    if inside.mean() < _BUBBLE or core.width < least or is_one:
        return [whole]
    found = [core]
    for left, right in ((0, core.left), (core.right, near.shape[1])):
        is_face = whole.left + right <= _SIDE * image.shape[1] or whole.left + left >= (1 - _SIDE) * image.shape[1]
        if right - left >= least and not is_face and area[:, left:right].mean() > _DENSE:
            return [whole]  # another part of one picture
        rows = np.flatnonzero(area[:, left:right].mean(axis=1) > 0.2) if right > left else np.zeros(0, int)  # noqa: PLR2004
        if rows.size and right - left >= least:
            found.append(Box(left, int(rows[0]), right, int(rows[-1]) + 1))
    return [Box(b.left + whole.left, b.top + whole.top, b.right + whole.left, b.bottom + whole.top) for b in found]


def _filled(near: Pixels) -> Box | None:
    """Return the longest runs of columns, and then of rows, of which the colour fills a third."""
    rows = _longest(near.mean(axis=1) > _FILLED / 2)
    if rows is None:
        return None
    columns = _longest(near[slice(*rows)].mean(axis=0) > _FILLED)
    if columns is None:
        return None
    left, right = columns
    rows = _longest(near[:, left:right].mean(axis=1) > _FILLED)
    return Box(columns[0], rows[0], columns[1], rows[1]) if rows else None


def _longest(is_full: Pixels) -> tuple[int, int] | None:
    """Return the longest run of full ones; gaps of a few count as full, as strokes of letters make them."""
    places = np.flatnonzero(is_full)
    if not places.size:
        return None
    runs = np.split(places, np.flatnonzero(np.diff(places) > _GAP) + 1)
    longest = max(runs, key=lambda run: int(run[-1] - run[0]))
    return int(longest[0]), int(longest[-1]) + 1


def _near(part: Pixels, colour: Colour) -> Pixels:
    """Tell for each pixel whether it has the panel's colour, or that colour bleached as JPEG does around letters."""
    near = np.abs(part.astype(np.int16) - np.array(colour, np.int16)).max(axis=2) <= _LIKE
    light, red, blue = (one.astype(np.float32) for one in cv2.split(cv2.cvtColor(part, cv2.COLOR_RGB2YCrCb)))
    own = cv2.cvtColor(np.array([[colour]], np.uint8), cv2.COLOR_RGB2YCrCb)[0, 0].astype(np.float32)
    across, up = own[1] - _GREY, own[2] - _GREY
    strength = float(np.hypot(across, up))
    if strength < _LIKE:
        return near
    along = ((red - _GREY) * across + (blue - _GREY) * up) / strength**2
    beside = np.abs((red - _GREY) * up - (blue - _GREY) * across) / strength
    bleached = (np.abs(light - own[0]) <= _LIKE) & (beside <= _LIKE / 2) & (along > 0.3) & (along < 1.2)  # noqa: PLR2004
    return near | bleached


def _is_writing(part: Pixels, colour: Colour, page: Colour, wide: int) -> bool:
    """Tell letters on the page from panels: one alone is small; a row smeared by JPEG has no colour of its own."""
    height, width = part.shape[:2]
    if max(width, height) < _LETTER * wide:
        return True
    if height >= _ROW * wide or width < 1.5 * height:
        return False
    if max(abs(one - other) for one, other in zip(colour, page, strict=True)) < 2 * _STEP:
        return True
    return bool(_tight(part, colour).mean() < 0.25)  # noqa: PLR2004 - a bubble full of letters has more


def _tight(part: Pixels, colour: Colour) -> Pixels:
    """Tell which pixels have a colour exactly, but for what JPEG does to even ground."""
    return np.abs(part.astype(np.int16) - np.array(colour, np.int16)).max(axis=2) <= _TIGHT


def _patch(other: Pixels, wide: int) -> int:
    """Return the longer side of the largest solid patch of other colours than the panel's; strokes are too thin."""
    thick = max(3, round(wide * 0.013))
    other = other[thick:-thick, thick:-thick]  # JPEG's blocks leave a rim of mixed colours around a coloured bubble
    if not other.size:
        return 0
    solid = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, np.ones((thick, thick), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    return int(stats[1:, 2:4].max()) if len(stats) > 1 else 0


def _square(mine: Pixels) -> tuple[bool, bool]:
    """Tell whether a corner at the top, and one at the bottom, is filled.

    One is enough: a bubble's tail stands out on the other side.
    """
    size, rim = 6, 2  # JPEG leaves a rim of mixed colours
    mine = mine[rim:-rim, rim:-rim]
    if min(mine.shape) < size:
        return False, False
    left, right = mine[:, :size], mine[:, -size:]
    return (
        bool(max(left[:size].mean(), right[:size].mean()) > 0.9),  # noqa: PLR2004 - nearly all of it
        bool(max(left[-size:].mean(), right[-size:].mean()) > 0.9),  # noqa: PLR2004
    )


def _print(part: Pixels) -> str:
    """Return 64 bits that stay alike when a picture is drawn again: is each of 8 × 8 fields lighter than its left."""
    small = cv2.resize(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA)
    bits = (small[:, 1:] > small[:, :-1]).flatten()
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def _pieces(differs: Pixels) -> list[tuple[int, int]]:
    """Cut the rows into pieces at rows without anything on them, or where least stands."""
    height = differs.shape[0]
    ink = differs.sum(axis=1)
    found, top = [], 0
    while height - top > PIECE:
        first = top + PIECE // 2
        window = ink[first : top + PIECE]
        least = window.min()
        empty = np.flatnonzero(window == least)
        cut = first + int(empty[-1])
        found.append((top, cut))
        top = cut
    return [*found, (top, height)]


def _line(  # noqa: PLR0917 - pixels first
    image: Pixels, labels: Pixels, panels: Sequence[Panel], page: Colour, box: Box, text: str, score: float
) -> Line:
    height, width = image.shape[:2]
    box = Box(
        min(max(0, box.left), width - 2),
        min(max(0, box.top), height - 2),
        max(2, min(width, box.right)),
        max(2, min(height, box.bottom)),
    )
    part = image[box.top : box.bottom, box.left : box.right]
    mark = labels[box.top : box.bottom, box.left : box.right]
    around = _around(image, box)
    ground = _commonest(np.concatenate([part.reshape(-1, 3), around]))
    away = np.abs(part.astype(np.int16) - np.array(ground, np.int16)).max(axis=2)
    contrast = int(np.percentile(away, 97)) if away.size else 0
    is_ink = (away > max(24, contrast // 2)) & ~emoji.signs(part, ground, width)
    panel = int(np.bincount(mark.reshape(-1) + 1).argmax()) - 1
    if panel >= 0 and _is_near(ground, page) and not _is_near(panels[panel].colour, page):
        panel = -1  # the ink of a line on the page itself, and no bubble that a thin line frames
    return Line(box, _extent(is_ink, box), text, score, ground, contrast, panel)


def _is_near(one: Colour, other: Colour) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= _STEP


def _around(image: Pixels, box: Box) -> Pixels:
    """Return the pixels just left and right of a line."""
    rows = slice(box.top + box.height // 4, max(box.top + box.height // 4 + 1, box.bottom - box.height // 4))
    left = image[rows, max(0, box.left - _MARGIN) : box.left]
    right = image[rows, box.right : box.right + _MARGIN]
    return np.concatenate([left.reshape(-1, 3), right.reshape(-1, 3)])


def _extent(is_ink: Pixels, box: Box) -> Box:
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not rows.size or not columns.size:
        return box
    return Box(
        box.left + int(columns[0]), box.top + int(rows[0]), box.left + int(columns[-1]) + 1, box.top + int(rows[-1]) + 1
    )
