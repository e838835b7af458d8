"""Under what a card counts as the same card."""

from typing import Final

from cardcase.kit.secret import CardCode

_ENOUGH: Final = 10
_ENOUGH_DIGITS: Final = 12
"""Lengths from which a code alone tells cards apart. Of 10,000 cards with 8-digit PINs, one in two stocks would hold
an equal pair by chance (birthday bound 10^8 / 2); with 12 digits it is one in twenty thousand. Our own choice."""


def is_enough(code: CardCode) -> bool:
    """Tell whether a code alone tells cards apart, or is a short PIN."""
    normal = code.normal_form()
    return len(normal) >= (_ENOUGH_DIGITS if normal.isdigit() else _ENOUGH)


def identity(code: CardCode, number: str = "") -> CardCode:
    """Return what the blind index is made of: the code, or number and code together where the code is a short PIN."""
    if not number.strip() or is_enough(code):
        return code
    normal = code.normal_form()
    return CardCode(f"{CardCode(number).normal_form()}|{normal}")
