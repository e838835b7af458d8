"""Several screenshots of one chat become one log: what stands in two of them is said once.

Two logs belong together where all that both would show is the same. Words alone are not enough: 「在吗」 twice stays
twice, so an overlap must be too long to be chance; in doubt both are kept and a gap is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from cardcase.kit.text import fold

from .log import Entry, Kind, Log, Who

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
_LEVEL: Final = 0.04
_CUT_BITS: Final = 20
"""The same where an edge cuts one of them: of two pictures that have nothing in common about 32 differ."""


@dataclass(frozen=True, slots=True)
class Stitched:
    """One conversation of several pictures. ``order``: places of the pictures, first things first.

    ``gaps``: places in ``entries`` before which something may be missing, because the next picture shows nothing of
    what was before. ``doubles``: how many entries were seen more than once.
    """

    entries: tuple[Entry, ...]
    order: tuple[int, ...]
    gaps: tuple[int, ...]
    doubles: int
    nick: str = ""


def stitch(logs: Sequence[Log]) -> Stitched:
    """Put the logs of pictures of one chat together. They may be given in any order; in doubt the given one stands."""
    groups = [
        _Group([number], [entry for entry in log.entries if not _is_empty(entry)]) for number, log in enumerate(logs)
    ]
    doubles = 0
    while (best := _best(groups)) is not None:
        one, other, offset = best
        doubles += _merge(groups[one], groups[other], offset)
        del groups[other]
    entries: list[Entry] = []
    gaps: list[int] = []
    for group in sorted(groups, key=lambda one: min(one.pictures)):
        if entries and group.entries:
            gaps.append(len(entries))
        entries += group.entries
    nicks = [log.nick for log in logs if log.nick]
    return Stitched(
        entries=tuple(entries),
        order=tuple(number for group in sorted(groups, key=lambda one: min(one.pictures)) for number in group.pictures),
        gaps=tuple(gaps),
        doubles=doubles,
        nick=max(dict.fromkeys(nicks), key=nicks.count) if nicks else "",
    )


@dataclass(slots=True)
class _Group:
    pictures: list[int]
    entries: list[Entry]


def _is_empty(entry: Entry) -> bool:
    """Tell whether nothing of an entry could be read: an edge ran through its only line."""
    return entry.kind is not Kind.PICTURE and not entry.text and not entry.quote


def _best(groups: Sequence[_Group]) -> tuple[int, int, int] | None:
    """Find the two groups that overlap best and where the second begins in the first."""
    best: tuple[float, int, int, int] | None = None
    for one, first in enumerate(groups):
        for other, second in enumerate(groups):
            if one == other:
                continue
            for offset in range(len(first.entries)):
                evidence = _evidence(first.entries, second.entries, offset)
                goes_on = first.pictures[-1] + 1 == second.pictures[0] and len(first.entries) - offset <= len(
                    second.entries
                )
                if evidence >= (ENOUGH_IN_A_ROW if goes_on else ENOUGH) and (best is None or evidence > best[0]):
                    best = (evidence, one, other, offset)
    return best[1:] if best else None


def _evidence(first: Sequence[Entry], second: Sequence[Entry], offset: int) -> float:
    """Return how much speaks for the second log beginning at a place of the first; 0 when anything speaks against.

    Of what an edge cuts a rest may be read as something else: a card's button as a message. It says nothing then, if
    there is enough without it.
    """
    size = min(len(first) - offset, len(second))
    total, needed = 0.0, 0.0
    for step in range(size):
        one, other = first[offset + step], second[step]
        weight = _same(one, other)
        if weight is None:
            kinds = {one.kind, other.kind}
            is_card = Kind.CARD in kinds and Kind.PICTURE not in kinds
            is_rest = is_card and ((step == 0 and other.cut_above) or (one is first[-1] and one.cut_below))
            if not is_rest:
                return 0.0
            weight, needed = 0.0, ENOUGH
        total += weight
    if total < needed:
        return 0.0
    return total


def _same(one: Entry, other: Entry) -> float | None:
    """Return what it says for an overlap that two entries are one; None when they cannot be."""
    if not _could_share_a_side(one, other):
        return None
    if Kind.PICTURE in (one.kind, other.kind):
        return _same_picture(one, other)
    return _same_words(one, other)


def _same_words(one: Entry, other: Entry) -> float | None:
    if not one.text or not other.text:  # an edge has left what it answers, and nothing else
        is_same = SequenceMatcher(None, _letters(one.quote), _letters(other.quote), autojunk=False).ratio() >= _ALIKE
        return min(_MOST_OF_ONE, float(len(one.quote))) if is_same else None
    is_bare = (one.is_cut and not one.quote) or (other.is_cut and not other.quote)
    mine, theirs = _plain(one, is_bare=is_bare), _plain(other, is_bare=is_bare)
    if one.is_cut or other.is_cut:
        return _cut_weight(one, other, mine, theirs)
    if mine != theirs and SequenceMatcher(None, mine, theirs, autojunk=False).ratio() < _ALIKE:
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
        alike = SequenceMatcher(None, mine, theirs, autojunk=False).ratio()
        return float(len(short)) if alike >= _ALIKE else None
    piece = long[-len(short) :] if cut.cut_above else long[: len(short)]
    if short and SequenceMatcher(None, short, piece, autojunk=False).ratio() < _ALIKE:
        return None
    return min(_MOST_OF_ONE, float(len(short)))


def _plain(entry: Entry, *, is_bare: bool) -> str:
    """Return the letters of an entry. ``is_bare``: without what it answers, which an edge has cut off of one of two."""
    return _letters(entry.text if is_bare else entry.quote + entry.text)


def _letters(text: str) -> str:
    return "".join(fold(text).split())


def _bits_apart(one: str, other: str) -> int:
    return (int(one or "0", 16) ^ int(other or "0", 16)).bit_count()


def _merge(first: _Group, second: _Group, offset: int) -> int:
    """Lay the second upon the first; return how many entries both had."""
    size = min(len(first.entries) - offset, len(second.entries))
    for step in range(size):
        place = offset + step
        first.entries[place] = _better(first.entries[place], second.entries[step])
    first.entries += second.entries[size:]
    first.pictures += second.pictures
    return size


def _better(one: Entry, other: Entry) -> Entry:
    """Return the one that shows more: whole before cut, then the longer, then the one that was read more surely."""
    ranked = sorted(
        (one, other), key=lambda entry: (not entry.is_cut, len(entry.text) if entry.is_cut else 0, entry.trust)
    )
    best, rest = ranked[1], ranked[0]
    if best.who is Who.UNCLEAR and rest.who is not Who.UNCLEAR:
        best = replace(best, who=rest.who, sure=rest.sure)
    return best
