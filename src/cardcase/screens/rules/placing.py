"""Two pictures of one chat laid upon each other by place: what both show is moved by the same number of rows.

Words alone break at one letter that was read differently, or at one message that was missed in one of two pictures.
By place both are known again, if enough of what agrees is moved alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .likeness import better, same
from .log import Entry, Kind

_LEVEL: Final = 0.011
"""Rows by which one thing may stand elsewhere than the rest says, to the width: JPEG and half pixels move edges."""
_MEET: Final = 0.5
_SIZE: Final = 0.06
"""Part by which two looks at one bubble may differ in height and width."""
_MISREAD: Final = 1.0
"""Evidence of a bubble of the same size in the same place with other words: a sign was read as another."""
_MOVED_ALIKE: Final = 2.0
"""Evidence of each further thing that is moved by the same number of rows."""
_AGAINST: Final = 8.0
_MISSED: Final = 5.0
_PAIRS: Final = 2
_SURE: Final = 4.0
"""Words of one thing from which its place alone may tell how far the picture was moved."""


@dataclass(slots=True)
class Item:
    """An entry in the rows of the whole strip. ``is_outer``: first or last of its picture; edges leave rests there."""

    entry: Entry
    top: float
    bottom: float
    is_outer: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """How a second strip lies on a first: moved ``down`` so many rows; ``pairs`` are places of one thing in both."""

    evidence: float
    down: float
    pairs: tuple[tuple[int, int], ...]
    goes_on: bool


def items_of(entries: Sequence[Entry]) -> list[Item]:
    """Return the entries of one picture with their rows."""
    last = len(entries) - 1
    return [
        Item(entry, float(entry.box.top), float(entry.box.bottom), place in (0, last))
        for place, entry in enumerate(entries)
    ]


def fits(first: Sequence[Item], second: Sequence[Item]) -> list[Fit]:
    """Return the ways in which the second strip may lie on the first, beginning with it or further down."""
    if not first or not second:
        return []
    slack = _LEVEL * max(item.entry.box.right for item in (*first, *second))
    moves: list[tuple[float, float]] = []
    for one in first:
        for other in second:
            weight = same(one.entry, other.entry)
            down = _moved(one, other)
            if weight and down is not None:
                moves.append((down, weight))
    moves.sort()
    found: list[Fit] = []
    tried: list[float] = []
    for down, _ in moves:
        near = [weight for other, weight in moves if abs(other - down) <= slack]
        if (
            down < -slack
            or (len(near) < _PAIRS and max(near) < _SURE)
            or any(abs(down - one) <= slack / 2 for one in tried)
        ):
            continue
        tried.append(down)
        if (fit := _fit(first, second, down, slack)) is not None:
            found.append(fit)
    return found


def _moved(one: Item, other: Item) -> float | None:
    """Return how far two looks at one thing are apart, by an edge of it that nothing cuts."""
    if not one.entry.cut_above and not other.entry.cut_above:
        return one.top - other.top
    if not one.entry.cut_below and not other.entry.cut_below:
        return one.bottom - other.bottom
    return None


def _fit(first: Sequence[Item], second: Sequence[Item], down: float, slack: float) -> Fit | None:
    pairs: list[tuple[int, int]] = []
    total, alike = 0.0, 0
    met: set[int] = set()
    for place, one in enumerate(first):
        for number, other in enumerate(second):
            if not _meet(one, other, down):
                continue
            met |= {~place, number}
            weight = same(one.entry, other.entry)
            moved = _moved(one, other)
            if weight is not None and (moved is None or abs(moved - down) <= slack):
                alike += moved is not None
                total += weight
                pairs.append((place, number))
            elif _is_misread(one.entry, other.entry, slack):
                total += _MISREAD
                pairs.append((place, number))
            elif not _is_rest(one, other):
                total -= _AGAINST
    top = max(first[0].top, second[0].top + down)
    bottom = min(first[-1].bottom, second[-1].bottom + down)
    for items, by, sign in ((first, 0.0, True), (second, down, False)):
        for place, item in enumerate(items):
            is_shared = item.top + by >= top - slack and item.bottom + by <= bottom + slack
            if is_shared and not item.is_outer and (~place if sign else place) not in met:
                total -= _MISSED
    if not pairs or any(not (a < c and b < d) for (a, b), (c, d) in pairwise(pairs)):
        return None
    total += _MOVED_ALIKE * max(0, alike - 1)
    return Fit(total, down, tuple(pairs), second[-1].bottom + down >= first[-1].bottom - slack and down > 0)


def _meet(one: Item, other: Item, down: float) -> bool:
    both = min(one.bottom, other.bottom + down) - max(one.top, other.top + down)
    return both >= _MEET * min(one.bottom - one.top, other.bottom - other.top)


def _is_misread(one: Entry, other: Entry, slack: float) -> bool:
    """Tell whether two whole things have one size and only other words, or words that an edge cuts."""
    if one.is_cut or other.is_cut or Kind.TIME in (one.kind, other.kind) or one.who is not other.who:
        return False
    return all(
        abs(a - b) <= max(slack, _SIZE * max(a, b))
        for a, b in ((one.box.width, other.box.width), (one.box.height, other.box.height))
    ) and (one.kind is other.kind)


def _is_rest(one: Item, other: Item) -> bool:
    """Tell whether one of two is what an edge left of the other: it is outermost and no higher."""
    return any(
        rest.is_outer and rest.bottom - rest.top <= whole.bottom - whole.top + 1
        for rest, whole in ((one, other), (other, one))
    )


def laid(first: Sequence[Item], second: Sequence[Item], fit: Fit) -> list[Item]:
    """Return both strips as one. What an edge left of something that the other shows whole is not said again."""
    pairs = {number: place for place, number in fit.pairs}
    found = list(first)
    paired = {place for place, _ in fit.pairs}
    dropped: set[int] = set()
    added: list[Item] = []
    for number, item in enumerate(second):
        moved = Item(item.entry, item.top + fit.down, item.bottom + fit.down, item.is_outer)
        if number in pairs:
            found[pairs[number]] = _one(found[pairs[number]], moved)
            continue
        beneath = [place for place, one in enumerate(first) if _meet(one, moved, 0.0)]
        over = [place for place in beneath if place not in paired and _is_less(first[place], moved)]
        if beneath and len(over) < len(beneath):
            continue  # a rest of what the first shows
        dropped |= set(over)
        added.append(moved)
    kept = [item for place, item in enumerate(found) if place not in dropped]
    return sorted([*kept, *added], key=lambda item: (item.top + item.bottom) / 2)


def _is_less(one: Item, other: Item) -> bool:
    """Tell which of two that meet and differ is the rest."""
    return one.is_outer and (not other.is_outer or one.bottom - one.top < other.bottom - other.top)


def _one(one: Item, other: Item) -> Item:
    entry = better(one.entry, other.entry)
    if entry.is_cut == one.entry.is_cut == other.entry.is_cut:
        top, bottom = min(one.top, other.top), max(one.bottom, other.bottom)
    else:
        whole = one if not one.entry.is_cut else other
        top, bottom = whole.top, whole.bottom
    return Item(entry, top, bottom, one.is_outer and other.is_outer)
