"""What of an exhibit or a text is covered: rectangles on its pages, words wherever they stand. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

MOST_AREAS: Final = 100
WORDS_MIN: Final = 2
WORDS_MAX: Final = 200
BAR: Final = "▇▇▇▇"
"""What stands where words were covered: always of one length, so that it does not tell theirs."""

_AREA: Final = re.compile(
    r"(?:(?P<page>\d{1,3})\s*[:：])?\s*(\d{1,5})\s*[,，]\s*(\d{1,5})\s*[,，]\s*(\d{1,5})\s*[,，]\s*(\d{1,5})"
)
_SPAN: Final = re.compile(r"(\d{1,6})\s*[:：]\s*(\d{1,6})\s*[-–~]\s*(\d{1,6})")


class BadArea(WrongUse):
    """A rectangle cannot be read, or lies outside the picture."""

    code = "bad_area"


class BadWords(WrongUse):
    """Words that are to be covered are too short, too long, or nowhere in the case."""

    code = "bad_cover_words"


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle to cover, in pixels of the page as it is shown, from its upper left corner. Pages count from 1."""

    x: int
    y: int
    width: int
    height: int
    page: int = 1

    def document(self) -> list[int]:
        """Return it as it is stored."""
        return [self.page, self.x, self.y, self.width, self.height]

    def __str__(self) -> str:
        return f"{self.page}:{self.x},{self.y},{self.width},{self.height}"


def read_areas(text: str) -> tuple[Area, ...]:
    """Read rectangles, one a line: ``x,y,width,height``, with ``page:`` before it where there are several pages.

    Raises BadArea that names the line.
    """
    found = []
    for number, line in enumerate((line.strip() for line in text.splitlines()), 1):
        if not line:
            continue
        match = _AREA.fullmatch(line)
        if match is None:
            raise BadArea(
                f"第 {number} 行不是矩形",
                f"Line {number} is no rectangle",
                next=Text(
                    "写成 x,y,宽,高，例如 120,40,300,60；多页的写成 页:x,y,宽,高。",
                    "Write x,y,width,height, such as 120,40,300,60; with several pages page:x,y,width,height.",
                ),
                line=number,
            )
        page, *sides = match.groups()
        x, y, width, height = (int(side) for side in sides)
        found.append(Area(x, y, width, height, int(page or 1)))
    if len(found) > MOST_AREAS:
        raise BadArea(f"一次最多 {MOST_AREAS} 处", f"At most {MOST_AREAS} rectangles at a time")
    return tuple(dict.fromkeys(found))


def check_areas(areas: Iterable[Area], sizes: Sequence[tuple[int, int]]) -> None:
    """Raise BadArea unless each rectangle lies on a page of these sizes, at least a pixel of it."""
    for area in areas:
        width, height = sizes[area.page - 1] if 0 < area.page <= len(sizes) else (0, 0)
        if not (area.width > 0 and area.height > 0 and area.x < width and area.y < height):
            raise BadArea(
                f"矩形 {area} 不在图上",
                f"The rectangle {area} is not on the picture",
                next=Text(
                    "、".join(f"第 {n} 页 {w}×{h}" for n, (w, h) in enumerate(sizes, 1)) + "（像素）。",
                    ", ".join(f"page {n} is {w}×{h}" for n, (w, h) in enumerate(sizes, 1)) + " pixels.",
                ),
            )


def stored_areas(stored: Iterable[Sequence[int]]) -> tuple[Area, ...]:
    """Read rectangles back as they are stored."""
    return tuple(Area(x, y, width, height, page) for page, x, y, width, height in stored)


def read_span(text: str) -> tuple[int, int, int]:
    """Read ``message:from-to``: the message's number in the case and the characters, from 1, both ends in.

    Raises BadWords.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise BadWords(
            "这不是一段文字的位置",
            "This is no place in a text",
            next=Text("写成 会话编号:起-止，例如 12:5-15。", "Write message:from-to, such as 12:5-15."),
        )
    number, first, last = (int(one) for one in match.groups())
    return number, first, last


def check_words(words: str) -> str:
    """Return words to cover without surrounding space. Raises BadWords when they are too short or too long."""
    clean = words.strip()
    if not WORDS_MIN <= len(clean) <= WORDS_MAX:
        raise BadWords(
            f"要遮盖的文字为 {WORDS_MIN} 到 {WORDS_MAX} 个字",
            f"Words to cover have {WORDS_MIN} to {WORDS_MAX} characters",
            next=Text("太短会遮掉不相干的地方。", "Shorter ones would cover what has nothing to do with it."),
        )
    return clean


def cover(text: str, words: Sequence[str]) -> str:
    """Return a text with all these words covered, the longest first."""
    for one in sorted(words, key=len, reverse=True):
        text = text.replace(one, BAR)
    return text
