"""The list of time-stamps and cosigned heads in a pack (``data/tsa/stamps.json``): its form, read strictly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardcase.custody.rules import note, plain

from . import form, strict

LIST: Final = f"{form.STAMPS}stamps.json"
MAX_BYTES: Final = 8 * 1024 * 1024
MOST: Final = 512
SLACK: Final = timedelta(minutes=2)
"""How far a record's own time may lie outside of its bounds before it is reported: clocks drift. Our own choice."""
_STAMP_KEYS: Final = frozenset(
    {"authority", "size", "note", "token", "certificates", "over", "consistency", "entry", "path"}
)
_HEAD_KEYS: Final = frozenset({"size", "note", "own", "consistency"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One token.

    ``over`` is the path of the token that it renews, empty for one over a head. ``entry`` are the bytes of the entry
    of the record that names it, empty when that lies beyond the head of the pack.
    """

    authority: str
    size: int
    note: str
    token: str
    certificates: str
    over: str
    consistency: tuple[bytes, ...]
    entry: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """A head with the lines of witnesses under it. ``own`` are key ids of witnesses that the exporter says are his."""

    size: int
    note: str
    own: tuple[str, ...]
    consistency: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class StampList:
    """Everything that third parties said of the record, and who had been asked and had not answered."""

    stamps: tuple[Listed, ...]
    heads: tuple[CosignedHead, ...]
    pending: tuple[str, ...]

    def encode(self) -> bytes:
        """Write it."""
        return plain.encode(
            {
                "v": 1,
                "stamps": [
                    {
                        "authority": one.authority,
                        "size": one.size,
                        "note": one.note,
                        "token": one.token,
                        "certificates": one.certificates,
                        "over": one.over,
                        "consistency": _hashes(one.consistency),
                        "entry": plain.decode(one.entry) if one.entry else None,
                        "path": _hashes(one.path),
                    }
                    for one in self.stamps
                ],
                "heads": [
                    {
                        "size": one.size,
                        "note": one.note,
                        "own": list(one.own),
                        "consistency": _hashes(one.consistency),
                    }
                    for one in self.heads
                ],
                "pending": list(self.pending),
            }
        )


def _hashes(values: Sequence[bytes]) -> list[str]:
    return [note.encode64(one) for one in values]


def read(data: bytes) -> StampList:
    """Read a list, refusing every byte that ``encode`` would not have written. Raises ValueError."""
    told = strict.decode(data)
    try:
        found = _read(told)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a list of stamps") from error
    if found.encode() != data or len(found.stamps) + len(found.heads) > MOST:
        raise ValueError("not a list of stamps of this format")
    return found


def _read(told: Any) -> StampList:
    return StampList(
        stamps=tuple(_stamp(one) for one in told["stamps"]),
        heads=tuple(_head(one) for one in told["heads"]),
        pending=tuple(_text(one) for one in told["pending"]),
    )


def _stamp(one: Any) -> Listed:
    if one.keys() != _STAMP_KEYS:
        raise TypeError("a stamp has its fields")
    return Listed(
        authority=_text(one["authority"]),
        size=_size(one["size"]),
        note=_text(one["note"]),
        token=_text(one["token"]),
        certificates=_text(one["certificates"]),
        over=_text(one["over"]),
        consistency=_steps(one["consistency"]),
        entry=plain.encode(one["entry"]) if one["entry"] is not None else b"",
        path=_steps(one["path"]),
    )


def _head(one: Any) -> CosignedHead:
    if one.keys() != _HEAD_KEYS:
        raise TypeError("a head has its fields")
    own = tuple(_text(key) for key in one["own"])
    return CosignedHead(_size(one["size"]), _text(one["note"]), own, _steps(one["consistency"]))


def _steps(value: Any) -> tuple[bytes, ...]:
    return tuple(note.decode64(_text(one)) for one in value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _size(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("a size was expected")
    return value


def is_outside(own: datetime, not_before: datetime | None, not_after: datetime | None) -> bool:
    """Tell whether the time that a record states of itself contradicts what third parties' clocks bound it by."""
    is_late = not_after is not None and own > not_after + SLACK
    return is_late or (not_before is not None and own < not_before - SLACK)
