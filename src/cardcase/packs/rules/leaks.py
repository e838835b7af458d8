"""What was noticed while looking through a pack before it is sealed: what stays out, what a person must look at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cardcase.kit.text import Text

_PERSONAL: Final = (
    ("phone", Text("像是手机号", "looks like a mobile number"), re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")),
    (
        "identity",
        Text("像是身份证号", "looks like an identity number"),
        re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\d)"),
    ),
    (
        "mail",
        Text("像是邮箱地址", "looks like a mail address"),
        re.compile(r"[\w.+-]{2,64}@[\w-]{2,63}(?:\.[\w-]{2,63})+"),
    ),
)
"""Personal data by shape (PIPL Art. 4, 28). A hint to look, no finding: names and addresses have no shape."""


class Stops(StrEnum):
    """Whether a leak stands in the way of the seal."""

    NOTHING = "nothing"  # told, and left to the person
    WITHHELD = "withheld"  # the file stays out by itself
    UNTIL_LOOKED_AT = "until_looked_at"  # a person must look and say so


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing noticed: where, what, and what follows. ``words`` is what could be covered with one press."""

    code: str
    place: str
    text: Text
    stops: Stops = Stops.NOTHING
    exhibit: str = ""
    words: str = ""


def withheld_file(place: str, exhibit: str) -> Leak:
    """Say that a file stays out because its own words hold a card code or covered words."""
    return Leak(
        "file_withheld",
        place,
        Text(
            "文件里的文字含有卡密或已遮盖的内容，不放入证据包；可以做一份遮盖件代替",
            "The words in the file hold a card code or covered words; it stays out. A covered copy can stand in for it",
        ),
        Stops.WITHHELD,
        exhibit,
    )


def not_looked_at(place: str, exhibit: str) -> Leak:
    """Say that a person has yet to look at a picture."""
    return Leak(
        "not_looked_at",
        place,
        Text("图片要由人看过：机器不读图里的字", "A person must look at the picture: no machine reads what it shows"),
        Stops.UNTIL_LOOKED_AT,
        exhibit,
    )


def place_in_photo(place: str, exhibit: str) -> Leak:
    """Say that a photo tells where it was taken."""
    return Leak(
        "place_in_photo",
        place,
        Text(
            "照片里带有拍摄地点（EXIF），可以做一份去掉的",
            "The photo tells where it was taken (EXIF); a copy can be made without",
        ),
        exhibit=exhibit,
    )


def unreadable_words(place: str, exhibit: str) -> Leak:
    """Say that the words in a file could not all be read."""
    return Leak(
        "words_unread",
        place,
        Text(
            "文件里的文字没能全部读出，请自己看一遍",
            "The words in the file could not all be read: look through it yourself",
        ),
        exhibit=exhibit,
    )


def personal(place: str, text: str, *known: str) -> Iterator[Leak]:
    """Find what has the shape of personal data, apart from what is known to be something else."""
    for code, said, shape in _PERSONAL:
        for match in shape.finditer(text):
            if match.group() not in known:
                yield Leak(f"personal_{code}", place, said, words=match.group())
