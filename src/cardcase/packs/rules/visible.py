"""Make every character of a text visible in print: what a font cannot show, and what is meant not to be seen."""

import unicodedata
from collections.abc import Container
from itertools import groupby

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810))
_TAB = "    "


def _is_shown(char: str, covered: Container[int]) -> bool:
    if char == "\n":
        return True
    if unicodedata.category(char) in _HIDDEN or any(ord(char) in chosen for chosen in _SELECTORS):
        return False
    return ord(char) in covered


def make_visible(text: str, covered: Container[int]) -> tuple[str, frozenset[str]]:
    """Replace what a reader could not see by marks such as [U+1F621]; runs share one bracket.

    ``covered`` holds the code points that the fonts in use can show. Returns the text and the characters replaced.
    Nothing is dropped, nothing reordered: bidi controls and zero-width characters are marked as well.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", _TAB)
    if all(_is_shown(char, covered) for char in text):
        return text, frozenset()
    parts: list[str] = []
    replaced: set[str] = set()
    for shown, run in groupby(text, key=lambda char: _is_shown(char, covered)):
        if shown:
            parts.extend(run)
        else:
            chars = list(run)
            replaced.update(chars)
            parts.append("[" + " ".join(f"U+{ord(char):04X}" for char in chars) + "]")
    return "".join(parts), frozenset(replaced)
