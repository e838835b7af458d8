"""Where something stands in the index: one number that sorts by class, then by time, and names its row.

From the highest bit: class (1: things, 0: words), minute since 2000 (25 bits, to 2063), kind (4), row (33). So the
index itself gives the newest first, a span of time is a span of numbers, and no second table says what a number means.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

_EPOCH: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) // 60
_ROW: Final = 33
_KIND: Final = 4
_MINUTE: Final = 25
_LAST_MINUTE: Final = (1 << _MINUTE) - 1
_THING: Final = 1 << (_MINUTE + _KIND + _ROW)


class Kind(IntEnum):
    """What can be found. The numbers stand in the index: never give one to another kind."""

    MESSAGE = 1
    REPLY = 2
    NOTE = 3
    REVIEW = 4
    CASE = 8
    ORDER = 9
    REFUND = 10
    BUYER = 11
    LISTING = 12

    @property
    def is_thing(self) -> bool:
        """Tell a thing with a name (case, order, buyer) from words that somebody said."""
        return self >= _FIRST_THING


_FIRST_THING: Final = int(Kind.CASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A row in the index."""

    kind: Kind
    pk: int


def place(kind: int, pk: int, at: datetime | None) -> int:
    """Return the number of a row whose time is ``at`` (None: nobody knows, sorted last)."""
    number = (0 if at is None else _bound(at)) | kind << _ROW | pk
    return number | _THING if kind >= _FIRST_THING else number


def read(number: int) -> Place:
    """Return which row a number names."""
    return Place(Kind((number >> _ROW) & ((1 << _KIND) - 1)), number & ((1 << _ROW) - 1))


def span(*, things: bool, since: datetime | None = None, until: datetime | None = None) -> tuple[int, int]:
    """Return the numbers of all words, or all things, in a span of time: from, and the first behind it.

    To the minute: ``until`` is the first minute no longer meant.
    """
    first = _bound(since) if since is not None else 0
    behind = _bound(until) if until is not None else _THING
    return (first | _THING, behind + _THING) if things else (first, behind)


def _bound(at: datetime) -> int:
    minute = int(at.timestamp()) // 60 - _EPOCH
    return (minute if 0 <= minute <= _LAST_MINUTE else 0 if minute < 0 else _LAST_MINUTE) << (_KIND + _ROW)
