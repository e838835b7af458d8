"""What the engine's search for lines missed on a bubble: a letter behind a comma, a lone 「行」, the end of a row.

On a bubble of one colour everything else is ink, so that nothing has to be guessed: ink that no line covers is read
again together with its row. Runs in the reader's worker only.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np

from cardcase.screens import emoji, signs
from cardcase.screens.rules import words
from cardcase.screens.rules.seen import Box, Line, Panel

Pixels = Any

Strip = Callable[[Pixels], tuple[str, float]]

BUBBLE: Final = 0.42
"""Least part of its own colour that makes a panel a bubble (as in ``rules.layout``)."""
PLAIN: Final = 0.8
"""The same for what stands where avatars do: a bubble with a lone sign has more, avatars of one colour too."""
PATCH: Final = 0.09
"""A solid patch this long, to the width of the picture, is no letter and no emoji: pictures have them, bubbles not."""
_INK: Final = 44
_INSET: Final = 0.012
_COVER: Final = 2
_LEAST: Final = 3
_PAD: Final = 7
_TRUSTED: Final = 0.6
_SURE: Final = 0.7
"""Lines that the engine trusts less are read again with their whole row."""
_ALONE: Final = 0.4
_ONE_ROW: Final = (0.07, 0.16)
"""Height of a bubble of one row, to the width of the picture; lower ones are cut."""
_THICK: Final = 0.013
"""Thicker than strokes of letters, to the width (as in ``measuring``)."""
_FIRM: Final = 0.7
_COLOURED: Final = 80
"""Strength of the colour of a sign: letters are black, white or grey but where JPEG mixes them with their ground."""
_SOLID: Final = 0.02
_FEW: Final = 3
"""A bubble with fewer letters than these and a solid patch this long, to the width, holds a sign and no word."""
_CERTAIN: Final = 0.9
"""Trust below which so few letters are looked at again as a lone sign."""
_SQUARE: Final = 1.2
_MARGIN: Final = 0.2
"""Avatars lie wholly within this much of either side (as in ``rules.layout``)."""
_CORNER: Final = 0.038
"""Where a round corner may still show the page: columns and rows from the corner, added up, to the width."""
_LOWEST: Final = 0.011
"""Least height of a row of letters, to the width of the picture."""


def completed(image: Pixels, panels: Sequence[Panel], lines: Sequence[Line], strip: Strip) -> list[Line]:
    """Return the lines with those completed or added that the engine's search missed in part or whole."""
    kept = [line for line in lines if line.panel < 0]
    wide = image.shape[1]
    for number, panel in enumerate(panels):
        mine = [line for line in lines if line.panel == number]
        is_avatar = panel.box.width < 0.16 * wide and panel.box.height > 0.9 * panel.box.width
        is_avatar = is_avatar and (panel.box.right <= _MARGIN * wide or panel.box.left >= (1 - _MARGIN) * wide)
        if (
            panel.flat < BUBBLE
            or panel.patch > PATCH * image.shape[1]
            or (is_avatar and not mine and panel.flat < PLAIN)
        ):
            kept += mine
            continue
        kept += _Bubble(image, panel, number, strip).completed([one for one in mine if not _is_sign(image, one, panel)])
    return kept


def _is_sign(image: Pixels, line: Line, panel: Panel) -> bool:
    box = line.box
    return emoji.is_sign(image[box.top : box.bottom, box.left : box.right], panel.colour, image.shape[1])


def _away(part: Pixels, panel: Panel) -> Pixels:
    """Return how much lighter or darker each pixel is than the panel: JPEG spreads colours, not light."""
    if not part.size:
        return np.zeros((0, 0))
    shares = np.array([0.299, 0.587, 0.114])
    return np.abs(part @ shares - float(np.array(panel.colour) @ shares))


def _without_corners(ink: Pixels, size: int) -> None:
    """Clear the triangles at the corners: what differs there is the page behind a round corner."""
    high, wide = ink.shape
    for down in range(min(size, high)):
        across = min(size - down, wide)
        for row in (down, high - 1 - down):
            ink[row, :across] = False
            ink[row, wide - across :] = False


class _Bubble:
    def __init__(self, image: Pixels, panel: Panel, number: int, strip: Strip) -> None:
        self.image, self.panel, self.number, self.strip = image, panel, number, strip
        box, inset = panel.box, max(3, round(image.shape[1] * _INSET))
        whole = _away(image[box.top : box.bottom, box.left : box.right], panel)
        own = np.flatnonzero((whole <= _INK).mean(axis=0) >= 0.5) if whole.size else np.zeros(0, int)  # noqa: PLR2004 - most
        begins, ends = (
            (int(own[0]), int(own[-1]) + 1) if own.size else (0, 0)
        )  # without the tail that some bubbles have
        self.left, self.right = box.left + begins + inset, max(box.left + begins + inset, box.left + ends - inset)
        self.away = whole[:, self.left - box.left : self.right - box.left]
        self.ink = self.away > _INK
        self.pixels = image[box.top : box.bottom, self.left : self.right]
        if self.ink.any():
            self.ink &= ~emoji.signs(self.pixels, panel.colour, image.shape[1])
        _without_corners(self.ink, round(image.shape[1] * _CORNER) - inset)

    def completed(self, lines: Sequence[Line]) -> list[Line]:
        if not self.ink.size:
            return list(lines)
        if sum(len(line.text.strip()) for line in lines) < _FEW and self._is_one_sign():
            return []
        if sum(len(line.text.strip()) for line in lines) < _FEW and all(line.score < _CERTAIN for line in lines):
            return self._alone() or list(lines)
        found: list[Line] = []
        for row in words.rows_of(lines):
            found += self._row(row)
        found += self._missed(found)
        return found or self._alone()

    def _is_one_sign(self) -> bool:
        """Tell whether what stands on a bubble of one row is solid: a sign, taken for a letter or for none."""
        wide = self.image.shape[1]
        if self.panel.box.height > _ONE_ROW[1] * wide:
            return False
        strong = self.away > _FIRM * float(self.away.max())
        ink = self.pixels[strong & self.ink].astype(np.int16)
        if ink.size and float(np.median(np.ptp(ink, axis=1))) > max(_COLOURED, 2 * np.ptp(np.array(self.panel.colour))):
            return True
        thick = max(3, round(_THICK * wide))
        solid = cv2.morphologyEx(self.ink.astype(np.uint8), cv2.MORPH_OPEN, np.ones((thick, thick), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
        return bool((stats[1:, 2:4].min(axis=1) > _SOLID * wide).any())

    def _row(self, row: Sequence[Line]) -> list[Line]:
        top, bottom = min(line.ink.top for line in row), max(line.ink.bottom for line in row)
        covered = np.zeros(self.ink.shape[1], bool)
        for line in row:
            covered[max(0, line.box.left - self.left - _COVER) : max(0, line.box.right - self.left + _COVER)] = True
        up, down = max(0, top - self.panel.box.top), max(0, bottom - self.panel.box.top)
        inside = self.ink[up:down]
        bars = inside.mean(axis=0) > 0.97 if inside.size else np.zeros(0, bool)  # noqa: PLR2004 - a rule beside a quotation
        columns = np.flatnonzero(inside.any(axis=0) & ~covered & ~bars) if inside.size else np.zeros(0, int)
        if columns.size < _LEAST and all(line.score >= _SURE for line in row):
            return list(row)
        uncovered = [self.left + int(columns[0]), self.left + int(columns[-1]) + 1] if columns.size else []
        left = min([*(line.ink.left for line in row), *uncovered])
        right = max([*(line.ink.right for line in row), *uncovered])
        box = Box(left, top, right, bottom)
        text, score = self._read(box)
        known = sum(len(line.text.replace(" ", "")) for line in row)
        if score < _TRUSTED or len(text.replace(" ", "")) < known:
            return list(row)
        first = row[0]
        return [replace(first, box=box, ink=box, text=text, score=score)]

    def _is_one_row(self) -> bool:
        low, high = _ONE_ROW
        wide: int = self.image.shape[1]
        return low * wide < self.panel.box.height < high * wide

    def _alone(self) -> list[Line]:
        """Read a bubble of one row in which no line was found: a lone 「？」 or 「……」 is a message, too."""
        rim = round(self.image.shape[1] * _INSET)
        rows = np.flatnonzero(self.ink[rim:-rim].any(axis=1)) + rim
        columns = np.flatnonzero(self.ink[rim:-rim].any(axis=0))
        if not rows.size or not columns.size or not self._is_one_row():
            return []
        box = self.panel.box
        top, bottom = box.top + int(rows[0]), box.top + int(rows[-1]) + 1
        ink = Box(self.left + int(columns[0]), top, self.left + int(columns[-1]) + 1, bottom)
        is_row = ink.height < 0.62 * box.height and abs(ink.centre - box.centre) < 0.2 * box.height
        if not is_row or self.ink.mean() > 0.3:  # noqa: PLR2004 - a picture
            return []
        half = max(round(0.26 * box.height), ink.height // 2 + 2)
        middle = (box.top + box.bottom) // 2
        row = Box(ink.left, max(box.top, middle - half), ink.right, min(box.bottom, middle + half))
        contrast = int(np.percentile(self.away[self.ink], 90))
        line = Line(row, ink, "", 1.0, self.panel.colour, contrast, self.number)
        if dots := signs.dots(self.ink[rim:-rim], box.height):
            return [replace(line, text=dots)]
        away = self.away[row.top - box.top : row.bottom - box.top, ink.left - self.left : ink.right - self.left]
        letters = np.clip(255 - away * (255 / max(1.0, float(away.max()))), 0, 255).astype(np.uint8)
        sign = np.repeat(letters[:, :, None], 3, axis=2)  # black on white is read best
        text, score = self.strip(
            np.pad(sign, ((0, 0), (side := round(0.6 * row.height), side), (0, 0)), constant_values=255)
        )
        if len(text.strip()) < _FEW and score < _CERTAIN and row.width < _SQUARE * row.height:
            again, surely = signs.thrice(sign, self.strip)
            text, score = (again, surely) if again else (text, score)
        if not text.strip() or score < _ALONE:
            return []
        return [replace(line, text=text, score=score)]

    def _missed(self, lines: Sequence[Line]) -> list[Line]:
        """Read rows of ink on which no line stands."""
        ink = self.ink.copy()
        for line in lines:
            up, down = line.box.top - self.panel.box.top, line.box.bottom - self.panel.box.top
            ink[max(0, up) : max(0, down)] = False
        ink[: max(2, round(self.image.shape[1] * 0.004))] = False
        rows = np.flatnonzero(ink.any(axis=1))
        found: list[Line] = []
        least = self.image.shape[1] * _LOWEST
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > _LEAST) + 1) if rows.size else []:
            if run.size < least:
                continue
            top, bottom = self.panel.box.top + int(run[0]), self.panel.box.top + int(run[-1]) + 1
            columns = np.flatnonzero(ink[int(run[0]) : int(run[-1]) + 1].any(axis=0))
            box = Box(self.left + int(columns[0]), top, self.left + int(columns[-1]) + 1, bottom)
            if box.width < least or box.height > 4 * max(least, 0.05 * self.image.shape[1]):
                continue
            text, score = self._read(box)
            if score >= _TRUSTED and any(char.isalnum() for char in text):
                part = self.away[int(run[0]) : int(run[-1]) + 1]
                contrast = int(np.percentile(part[part > _INK], 90))
                found.append(Line(box, box, text, score, self.panel.colour, contrast, self.number))
        return found

    def _read(self, box: Box) -> tuple[str, float]:
        """Read a strip, with a margin of the bubble's own colour around it as the engine is used to."""
        part = self.image[box.top : box.bottom, box.left : box.right]
        height, width = part.shape[:2]
        paper = np.empty((height + 2 * _PAD, width + 2 * _PAD, 3), np.uint8)
        paper[:] = self.panel.colour
        paper[_PAD : _PAD + height, _PAD : _PAD + width] = part
        return self.strip(paper)
