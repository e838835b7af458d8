"""Several screenshots of one chat become one log: what stands in two of them is said once.

Two logs belong together where all that both would show is the same. Words alone are not enough: 「在吗」 twice stays
twice, so an overlap must be too long to be chance; in doubt both are kept and a gap is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from . import placing
from .likeness import ENOUGH, ENOUGH_IN_A_ROW, better, same
from .log import Entry, Kind, Log


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
        _Group([number], placing.items_of([entry for entry in log.entries if not _is_empty(entry)]))
        for number, log in enumerate(logs)
    ]
    doubles = 0
    while (best := _best(groups)) is not None:
        one, other, fit = best
        doubles += _merge(groups[one], groups[other], fit)
        del groups[other]
    entries: list[Entry] = []
    gaps: list[int] = []
    for group in sorted(groups, key=lambda one: min(one.pictures)):
        if entries and group.items:
            gaps.append(len(entries))
        entries += [item.entry for item in group.items]
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
    """Pictures that lie upon each other. ``is_level``: all in one strip of rows, so that places can be compared."""

    pictures: list[int]
    items: list[placing.Item]
    is_level: bool = True


def _is_empty(entry: Entry) -> bool:
    """Tell whether nothing of an entry could be read: an edge ran through its only line."""
    return entry.kind is not Kind.PICTURE and not entry.text and not entry.quote


def _best(groups: Sequence[_Group]) -> tuple[int, int, placing.Fit | int] | None:
    """Find the two groups that overlap best and how: by place, or where the second begins in the first."""
    best: tuple[float, int, int, placing.Fit | int] | None = None
    for one, first in enumerate(groups):
        for other, second in enumerate(groups):
            if one == other:
                continue
            is_next = first.pictures[-1] + 1 == second.pictures[0]
            for evidence, goes_on, fit in _fits(first, second):
                enough = ENOUGH_IN_A_ROW if is_next and goes_on else ENOUGH
                if evidence >= enough and (best is None or evidence > best[0]):
                    best = (evidence, one, other, fit)
    return best[1:] if best else None


def _fits(first: _Group, second: _Group) -> list[tuple[float, bool, placing.Fit | int]]:
    """Return the ways in which one group may lie on another: their evidence, and whether the second goes on."""
    if first.is_level and second.is_level:
        by_place: list[tuple[float, bool, placing.Fit | int]] = [
            (fit.evidence, fit.goes_on, fit)
            for fit in placing.fits(first.items, second.items)
            if fit.evidence >= ENOUGH_IN_A_ROW
        ]
        if by_place:
            return by_place
    mine, theirs = [item.entry for item in first.items], [item.entry for item in second.items]
    return [(_evidence(mine, theirs, offset), len(mine) - offset <= len(theirs), offset) for offset in range(len(mine))]


def _evidence(first: Sequence[Entry], second: Sequence[Entry], offset: int) -> float:
    """Return how much speaks for the second log beginning at a place of the first; 0 when anything speaks against.

    Of what an edge cuts a rest may be read as something else: a card's button as a message. It says nothing then, if
    there is enough without it.
    """
    size = min(len(first) - offset, len(second))
    total, needed = 0.0, 0.0
    for step in range(size):
        one, other = first[offset + step], second[step]
        weight = same(one, other)
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


def _merge(first: _Group, second: _Group, fit: placing.Fit | int) -> int:
    """Lay the second upon the first; return how many entries both had."""
    first.pictures += second.pictures
    if isinstance(fit, placing.Fit):
        first.items = placing.laid(first.items, second.items, fit)
        return len(fit.pairs)
    first.is_level = False
    size = min(len(first.items) - fit, len(second.items))
    for step in range(size):
        mine, theirs = first.items[fit + step], second.items[step]
        first.items[fit + step] = placing.Item(better(mine.entry, theirs.entry), mine.top, mine.bottom)
    first.items += second.items[size:]
    return size
