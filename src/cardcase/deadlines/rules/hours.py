"""When a shop works: spans of each weekday, public holidays with their make-up days, its own closing days."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import WrongUse

from . import calendar
from .calendar import DayKind

DAY_MINUTES: Final = 24 * 60
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_TITLES: Final = MappingProxyType(
    dict(zip(WEEKDAYS, ("周一", "周二", "周三", "周四", "周五", "周六", "周日"), strict=True))
)
SPANS_MOST: Final = 6
"""Spans of one day: more are a slip of the finger."""

DAYS_MOST: Final = 400
"""Closing days (and extra days) that a version keeps: a year and some."""

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~到至]\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of work in minutes after the midnight at which its day begins; an end after 24:00 is the next day's."""

    start: int
    end: int

    def __post_init__(self) -> None:
        is_whole_day = (self.start, self.end) == (0, DAY_MINUTES)
        if not (is_whole_day or 0 <= self.start < self.end < self.start + DAY_MINUTES <= 2 * DAY_MINUTES - 1):
            raise ValueError(f"not a span: {self.start}-{self.end}")

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read 「09:00-12:00」, 「22:00-02:00」 (over midnight) or 「00:00-24:00」. Raises WrongUse."""
        found = _SPAN.fullmatch(text.strip())
        if found is not None:
            from_hour, from_minute, to_hour, to_minute = (int(part) for part in found.groups())
            start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
            is_clock = from_minute < 60 and to_minute < 60 and start < DAY_MINUTES and end <= DAY_MINUTES  # noqa: PLR2004
            if is_clock and start != end:
                return cls(start, end if end > start else end + DAY_MINUTES)
        raise WrongUse(
            f"看不懂这段工作时间：{text.strip()[:40]}（写成 09:00-12:00）",
            f"Not a span of work: {text.strip()[:40]} (write 09:00-12:00)",
            code="not_a_span",
        )

    def __str__(self) -> str:
        end = self.end if self.end <= DAY_MINUTES else self.end - DAY_MINUTES
        return f"{_clock(self.start)}-{_clock(end)}"


Week = tuple[tuple[Span, ...], ...]
"""Spans of Monday to Sunday, each in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One version of a shop's hours, in the shop's zone.

    Its own closing days win over everything, then its extra days, then the public calendar if it is followed. A
    make-up or extra day whose weekday has no spans works like the first working day of the week.
    """

    week: Week
    follows_holidays: bool = True
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()
    zone: ZoneInfo = SHANGHAI
    version: int = 0

    def __post_init__(self) -> None:
        if len(self.week) != len(WEEKDAYS) or not any(self.week):
            raise WrongUse("一周里至少要有一段工作时间", "A week needs at least one span of work", code="no_hours")
        for spans in self.week:
            if len(spans) > SPANS_MOST:
                raise WrongUse(f"一天最多 {SPANS_MOST} 段", f"At most {SPANS_MOST} spans a day", code="too_many_spans")
            for one, other in pairwise(spans):
                if other.start < one.end:
                    raise WrongUse(
                        f"同一天的工作时间有重叠：{one} 和 {other}",
                        f"Spans overlap: {one} and {other}",
                        code="spans_overlap",
                    )
        if len(self.closed) > DAYS_MOST or len(self.opened) > DAYS_MOST:
            raise WrongUse(f"最多 {DAYS_MOST} 天", f"At most {DAYS_MOST} days", code="too_many_days")
        if self.closed & self.opened:
            raise WrongUse("同一天不能既休息又上班", "A day cannot be both closed and open", code="day_said_twice")

    def kind_of(self, day: date) -> DayKind:
        """Tell what a day is for this shop."""
        if day in self.closed:
            return DayKind.CLOSED
        if day in self.opened:
            return DayKind.OPENED
        return calendar.kind_of(day) if self.follows_holidays else DayKind.ORDINARY

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """Return the spans that begin on a day."""
        kind = self.kind_of(day)
        if kind in (DayKind.CLOSED, DayKind.HOLIDAY):
            return ()
        own = self.week[day.weekday()]
        if own or kind not in (DayKind.MAKEUP, DayKind.OPENED):
            return own
        return next(spans for spans in self.week if spans)


def read_spans(text: str) -> tuple[Span, ...]:
    """Read the spans of a day, parted by commas or blanks; empty means that nobody works. Raises WrongUse."""
    parts = [part for part in re.split(r"[,，;；、]|\s+(?=\d)", text.strip()) if part.strip()]
    return tuple(sorted(Span.parse(part) for part in parts))


def read_days(text: str) -> frozenset[date]:
    """Read days 「2026-12-31」 and runs 「2027-02-05..2027-02-12」, parted by commas or blanks. Raises WrongUse."""
    days: set[date] = set()
    for part in re.split(r"[,，;；、\s]+", text.strip()):
        if not part:
            continue
        first, _, last = part.partition("..")
        try:
            begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError as error:
            raise _not_days(part) from error
        if not 0 <= (end - begin).days < DAYS_MOST:
            raise _not_days(part)
        days |= {date.fromordinal(number) for number in range(begin.toordinal(), end.toordinal() + 1)}
    return frozenset(days)


def write_days(days: frozenset[date]) -> str:
    """Write days as ``read_days`` reads them, stretches drawn together."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day.toordinal() == runs[-1][1].toordinal() + 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return " ".join(f"{one}" if one == other else f"{one}..{other}" for one, other in runs)


def as_plain(hours: Hours) -> dict[str, Any]:
    """Write hours as JSON knows them: for the row, the record, the API and the command line."""
    return {
        "week": {name: [str(span) for span in hours.week[number]] for number, name in enumerate(WEEKDAYS)},
        "follows_holidays": hours.follows_holidays,
        "closed": sorted(day.isoformat() for day in hours.closed),
        "opened": sorted(day.isoformat() for day in hours.opened),
    }


def from_plain(plain: Mapping[str, Any], *, zone: ZoneInfo = SHANGHAI, version: int = 0) -> Hours:
    """Read what ``as_plain`` wrote. A weekday that is not named is free. Raises WrongUse."""
    week = plain.get("week", {})
    if not isinstance(week, Mapping) or set(week) - set(WEEKDAYS):
        raise WrongUse(
            "星期要写成 mon tue wed thu fri sat sun", "Weekdays are mon tue wed thu fri sat sun", code="not_a_weekday"
        )
    return Hours(
        week=tuple(tuple(sorted(Span.parse(str(text)) for text in week.get(name) or ())) for name in WEEKDAYS),
        follows_holidays=bool(plain.get("follows_holidays", True)),
        closed=_days(plain.get("closed") or ()),
        opened=_days(plain.get("opened") or ()),
        zone=zone,
        version=version,
    )


def _days(values: Sequence[Any]) -> frozenset[date]:
    return read_days(" ".join(str(value) for value in values))


def _not_days(part: str) -> WrongUse:
    return WrongUse(
        f"看不懂这个日期：{part[:40]}（写成 2027-02-05 或 2027-02-05..2027-02-12）",
        f"Not a day: {part[:40]} (write 2027-02-05 or 2027-02-05..2027-02-12)",
        code="not_a_day",
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
