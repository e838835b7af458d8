"""Whether two looks at the chat show one thing, and which of them shows more. In the rules of stitching only."""

from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from cardcase.kit.text import fold

from .log import Entry, Kind, Who

ENOUGH: Final = 8.0
"""Evidence that an overlap needs: letters that agree; a time, a card or a picture counts as much as these."""
ENOUGH_IN_A_ROW: Final = 4.0
"""The same for two pictures given one after the other, of which the second goes on where the first ends."""
_WEIGHT: Final = 8.0
_MOST_OF_ONE: Final = 12.0
"""One long message alone carries no more than this: with a neighbour it is sure anyway."""
_ALIKE: Final = 0.84
_BITS: Final = 10
"""Bits of 64 in which two looks at one picture may differ."""
_SHARED: Final = 4
_PIECES: Final = 0.92
_LEVEL: Final = 0.04
_CUT_BITS: Final = 20
"""The same where an edge cuts one of them: of two pictures that have nothing in common about 32 differ."""


def same(one: Entry, other: Entry) -> float | None:
    """Return what it says for an overlap that two entries are one; None when they cannot be."""
    if not _could_share_a_side(one, other):
        return None
    if Kind.PICTURE in (one.kind, other.kind):
        return _same_picture(one, other)
    return _same_words(one, other)


def shared(one: Entry, other: Entry) -> int:
    """Return how many letters two pieces of one message share: the end of the first, the beginning of the other."""
    is_piece = one.kind is other.kind is Kind.TEXT and one.cut_below and other.cut_above
    if not is_piece or one.cut_above or other.cut_below:
        return 0
    for many in range(min(len(one.text), len(other.text)), _SHARED - 1, -1):
        end, begin = one.text[-many:], other.text[:many]
        if end == begin or (many > 2 * _SHARED and _ratio(end, begin) >= _PIECES):
            return many
    return 0


def _same_words(one: Entry, other: Entry) -> float | None:
    if many := max(shared(one, other), shared(other, one)):
        return min(_MOST_OF_ONE, float(many))
    if not one.text or not other.text:  # an edge has left what it answers, and nothing else
        is_same = _ratio(_letters(one.quote), _letters(other.quote)) >= _ALIKE
        return min(_MOST_OF_ONE, float(len(one.quote))) if is_same else None
    is_bare = (one.is_cut and not one.quote) or (other.is_cut and not other.quote)
    mine, theirs = _plain(one, is_bare=is_bare), _plain(other, is_bare=is_bare)
    if one.is_cut or other.is_cut:
        return _cut_weight(one, other, mine, theirs)
    if mine != theirs and _ratio(mine, theirs) < _ALIKE:
        return None
    return _WEIGHT if one.kind in (Kind.TIME, Kind.CARD, Kind.TIP) else min(_MOST_OF_ONE, float(len(mine)))


def _same_picture(one: Entry, other: Entry) -> float | None:
    if one.kind is not other.kind:
        return None
    if one.cut_below and other.cut_above:
        return ENOUGH_IN_A_ROW  # the end of one picture and the beginning of the next run through it
    if one.is_cut or other.is_cut:
        wide = max(one.box.width, other.box.width)
        is_level = abs(one.box.width - other.box.width) < _LEVEL * wide
        is_like = is_level and _bits_apart(one.print, other.print) <= _CUT_BITS
        return ENOUGH_IN_A_ROW if is_like else 2.0
    return _WEIGHT if _bits_apart(one.print, other.print) <= _BITS else None


def _could_share_a_side(one: Entry, other: Entry) -> bool:
    return one.who is other.who or Who.UNCLEAR in (one.who, other.who)


def _cut_weight(one: Entry, other: Entry, mine: str, theirs: str) -> float | None:
    """Compare where an edge runs through one of two: what is left must be the beginning or the end of the other."""
    short, long, cut = (mine, theirs, one) if len(mine) <= len(theirs) else (theirs, mine, other)
    if not cut.is_cut:  # the whole one is shorter than what is left of the other
        alike = _ratio(mine, theirs)
        return float(len(short)) if alike >= _ALIKE else None
    piece = long[-len(short) :] if cut.cut_above else long[: len(short)]
    if short and _ratio(short, piece) < _ALIKE:
        return None
    return min(_MOST_OF_ONE, float(len(short)))


def _plain(entry: Entry, *, is_bare: bool) -> str:
    """Return the letters of an entry. ``is_bare``: without what it answers, which an edge has cut off of one of two."""
    return _letters(entry.text if is_bare else entry.quote + entry.text)


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _letters(text: str) -> str:
    return "".join(fold(text).split())


def _bits_apart(one: str, other: str) -> int:
    return (int(one or "0", 16) ^ int(other or "0", 16)).bit_count()


def better(one: Entry, other: Entry) -> Entry:
    """Return the one that shows more: whole before cut, then the longer, then the one that was read more surely."""
    for piece, rest in ((one, other), (other, one)):
        if many := shared(piece, rest):
            trust = min(piece.trust, rest.trust)
            return replace(piece, text=piece.text + rest.text[many:], cut_below=False, trust=trust)
    if one.kind is other.kind is Kind.TEXT:
        for less, more in ((one, other), (other, one)):
            if less.text and not less.quote and len(more.text) > len(less.text) and more.text.startswith(less.text):
                return more  # an edge that nothing tells of has cut the end of it
    ranked = sorted(
        (one, other), key=lambda entry: (not entry.is_cut, len(entry.text) if entry.is_cut else 0, entry.trust)
    )
    best, rest = ranked[1], ranked[0]
    if best.who is Who.UNCLEAR and rest.who is not Who.UNCLEAR:
        best = replace(best, who=rest.who, sure=rest.sure)
    return best
