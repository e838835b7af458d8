"""Guessing which kind of card a listing means, to be proposed to the seller and never acted upon. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from cardcase.cards.rules import CardKind
from cardcase.kit.text import fold

_NUMBER: Final = re.compile(r"\d+(?:\.\d{1,2})?")
_FEN: Final = 100


def guess_kind(title: str, sku_text: str, kinds: Sequence[CardKind]) -> CardKind | None:
    """Return the one kind in stock whose brand and face value both stand in the words of a listing, or None.

    The specification that was bought counts before the title, which often lists every face value on sale. Two kinds
    that fit equally well are no guess.
    """
    words = fold(f"{title} {sku_text}")
    named = [kind for kind in kinds if _has_brand(kind.brand, words)]
    for text in (sku_text, title):
        told = _amounts(text)
        fitting = [kind for kind in named if kind.face_fen in told]
        if len({kind.face_fen for kind in fitting}) == 1:
            return _one(fitting, words)
    return None


def _one(kinds: Sequence[CardKind], words: str) -> CardKind | None:
    """Choose by region and spec among kinds of one face value; a kind whose words are all there beats a plain one."""
    full = [kind for kind in kinds if all(fold(word) in words for word in (kind.region, kind.spec) if word)]
    best = max((_told(kind) for kind in full), default=0)
    found = [kind for kind in full if _told(kind) == best]
    if not full and len(kinds) == 1:
        return kinds[0]
    return found[0] if len(found) == 1 else None


def _told(kind: CardKind) -> int:
    return bool(kind.region) + bool(kind.spec)


def _has_brand(brand: str, words: str) -> bool:
    """Tell whether a brand stands in the words, also by its first two signs: 「苹果充值卡」 in 「苹果礼品卡 200」."""
    whole = fold(brand)
    return bool(whole) and (whole in words or (len(whole) > 2 and not whole.isascii() and whole[:2] in words))  # noqa: PLR2004


def _amounts(text: str) -> set[int]:
    return {round(float(number) * _FEN) for number in _NUMBER.findall(fold(text)) if len(number) < 10}  # noqa: PLR2004
