"""Make every character of a text visible in print: what a font cannot show, and what is meant not to be seen.

The marks can be read back: ``read_visible(make_visible(text, …)[0])`` is the text again, so a reader of the print can
tell a mark that stands for a character from one that somebody typed. Line ends alone are made alike.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import Final

Coverage = frozenset[int] | range
"""Code points that the fonts in use can show."""

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
"""Combining marks: stacked on a letter they can cover what stands around it, and the print cannot tell their order."""

_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
"""Bidirectional classes that would turn the order of what is around them, whatever the font."""

_BLANKS: Final = frozenset({0x20, 0x3000})
"""Spaces that every reader knows as such; the other widths of nothing look like these and are marked."""

_IGNORED: Final = (
    range(0x034F, 0x0350), range(0x1100, 0x1200), range(0x17B4, 0x17B6), range(0x180B, 0x1810), range(0x2800, 0x2801),
    range(0x3164, 0x3165), range(0xA960, 0xA980), range(0xD7B0, 0xD800), range(0xFE00, 0xFE10), range(0xFFA0, 0xFFA1),
    range(0xE0000, 0xE1000),
)  # fmt: skip
"""Default_Ignorable_Code_Point of the Unicode database that categories do not name, the blank Braille cell, and
conjoining jamo, which a typesetter joins into syllables that read differently when copied."""

_TYPED: Final = re.compile(r"\[(?=U\+[0-9A-F]{4,6}(?: U\+[0-9A-F]{4,6})*\])")
"""The bracket of something in a text that looks like one of our marks."""

_MARK: Final = re.compile(r"\[(U\+[0-9A-F]{4,6}(?: U\+[0-9A-F]{4,6})*)\]")

_CODE: Final = re.compile(r"U\+([0-9A-F]{4,6})")


@lru_cache(maxsize=1 << 15)
def _is_shown(char: str, covered: Coverage) -> bool:
    if char == "\n":
        return True
    code, category = ord(char), unicodedata.category(char)
    if category in _HIDDEN or category in _MARKS or unicodedata.bidirectional(char) in _RIGHT_TO_LEFT:
        return False
    if category == "Zs" and code not in _BLANKS:
        return False
    return not any(code in ignored for ignored in _IGNORED) and code in covered


def make_visible(text: str, covered: Coverage) -> tuple[str, frozenset[str]]:
    """Replace what a reader could not see by marks such as [U+1F621]; runs share one bracket.

    ``covered`` holds the code points that the fonts in use can show. Returns the text and the characters replaced.
    Nothing is dropped, nothing reordered: bidi controls, zero-width characters, selectors and tabs are marked as well,
    and a bracket that somebody typed before something like a mark, so that nobody can type a mark.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = frozenset(match.start() for match in _TYPED.finditer(text)) if "[U+" in text else frozenset()
    shown = [at not in starts and _is_shown(char, covered) for at, char in enumerate(text)]
    if all(shown):
        return text, frozenset()
    parts: list[str] = []
    replaced: set[str] = set()
    for is_shown, run in groupby(zip(shown, text, strict=True), key=lambda one: one[0]):
        chars = [char for _, char in run]
        if is_shown:
            parts.extend(chars)
        else:
            replaced.update(chars)
            parts.append("[" + " ".join(f"U+{ord(char):04X}" for char in chars) + "]")
    return "".join(parts), frozenset(replaced)


def read_visible(shown: str) -> str:
    """Read a text back from its print: every mark becomes the characters that it stands for."""
    return _MARK.sub(lambda mark: "".join(_chars(mark[1])), shown)


def marks_in(shown: str) -> tuple[str, ...]:
    """Return the characters that a printed text shows as marks, each as often as it stands there."""
    return tuple(char for mark in _MARK.finditer(shown) for char in _chars(mark[1]))


def _chars(codes: str) -> list[str]:
    return [chr(int(code, 16)) for code in _CODE.findall(codes)]
