"""Everything from outside arrives twice, late and in pieces. Each piece keeps its stamp; the higher counts.

A stamp orders notices, not arrivals: rank, moment on the channel's clock, progress, digest of what was said. Taking
the greater of two stamps does not depend on order or number, so any shuffle of the same notices ends in the same row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cardcase.kit import clock

Stamp = str
Told = Mapping[str, list[str]]
"""{stamp: [unit, …]}: what a row has been told, and at which stamp. Grouped so, because most rows know two or three."""

LOW: Final = "0"
NORMAL: Final = "1"
HIGH: Final = "2"
"""Ranks, compared before the moment: an identity by nickname never beats a stable one, a payout is never undone."""

_UNDATED: Final = "0"
_RAW: Final = "raw:"


@dataclass(frozen=True, slots=True)
class Said:
    """One unit of a notice: the columns that go together, and the stamp that it has to beat the row's with."""

    stamp: Stamp
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """All that a notice really says, unit by unit. What it does not say is not in here."""

    key: tuple[Any, ...]
    said: Mapping[str, Said]
    raw: Mapping[str, Any] = field(default_factory=dict)
    raw_stamp: Stamp = ""


@dataclass(slots=True)
class Sheet:
    """The columns of one row and what it was told, while notices are laid upon it."""

    columns: dict[str, Any]
    told: dict[str, Stamp]
    changes: dict[str, Any] = field(default_factory=dict)
    raw_changes: set[str] = field(default_factory=set)
    is_dirty: bool = False
    is_changed: bool = False

    def lay(self, telling: Telling) -> bool:
        """Take what beats what is there; tell whether a value changed. A value told anew raises its stamp only."""
        is_changed = False
        for unit, said in telling.said.items():
            if said.stamp <= self.told.get(unit, ""):
                continue
            self.told[unit] = said.stamp
            self.is_dirty = True
            for column, value in said.columns.items():
                if self.columns[column] != value:
                    self.columns[column] = self.changes[column] = value
                    is_changed = True
        if telling.raw and self._lay_raw(telling.raw, telling.raw_stamp):
            is_changed = True
        self.is_changed = self.is_changed or is_changed
        return is_changed

    def _lay_raw(self, raw: Mapping[str, Any], at: Stamp) -> bool:
        """Take each top-level field of the channel's answer by itself: a thin push must not erase a full answer."""
        kept, told, before = self.columns["raw"], self.told, len(self.raw_changes)
        for name, value in raw.items():
            unit = _RAW + name
            if at <= told.get(unit, ""):
                continue
            told[unit] = at
            self.is_dirty = True
            if name not in kept or kept[name] != value:
                kept[name] = value
                self.raw_changes.add(name)
        return len(self.raw_changes) > before


def stamp(moment: datetime | None, progress: int, digest: str, *, rank: str = NORMAL) -> Stamp:
    """Build a stamp. Undated counts as before every date; progress (0-9) and digest only part equal moments."""
    return f"{rank}|{clock.iso(moment) if moment else _UNDATED}|{progress}|{digest}"


def with_rank(known: Stamp, rank: str) -> Stamp:
    """Return a stamp with another rank."""
    return rank + known[1:]


def packed(told: Mapping[str, Stamp]) -> dict[str, list[str]]:
    """Group what was told by stamp, in a fixed order, as the row keeps it."""
    groups: dict[str, list[str]] = {}
    for unit in sorted(told):
        groups.setdefault(told[unit], []).append(unit)
    return dict(sorted(groups.items()))


def unpacked(told: Told) -> dict[str, Stamp]:
    """Undo ``packed``."""
    return {unit: at for at, units in told.items() for unit in units}


def told_at(told: Told, unit: str) -> str:
    """Return the moment on the channel's clock of what a row was last told of a unit, as ISO text that sorts.

    "0" when it was told without a moment, empty when it was never told.
    """
    return unpacked(told).get(unit, "").partition("|")[2].partition("|")[0]
