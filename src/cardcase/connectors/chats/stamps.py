"""Times as chats write them — full, without a year, without a day, 昨天 — turned into moments when that is possible."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cardcase.connectors.values import hour_of
from cardcase.kit import clock

_FULL: Final = re.compile(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})")
_YEAR_LAST: Final = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_SHORT: Final = re.compile(r"(?<!\d)(\d{1,2})[-/月](\d{1,2})")
_CLOCK: Final = re.compile(
    r"(上午|下午|凌晨|早上|中午|晚上|傍晚)?\s?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s?([AaPp][Mm])?\s*$"
)
_WEEKDAYS: Final = "一二三四五六日"


def _year_last(first: int, second: int, year: int) -> date | None:
    """Read 22/11/2026 and 11/22/2026; when both could be the month, the day is not known."""
    months = 12
    if first <= months and second <= months and first != second:
        return None
    return date(year, second, first) if first > months else date(year, first, second)


@dataclass
class Calendar:
    """Follows the days of one chat from top to bottom.

    ``copied_on`` is the day on which the chat was copied, when the person told: only then can 昨天 and 星期三 be
    understood. Years that are left out are the latest that do not lie in the future.
    """

    copied_on: date | None = None
    day: date | None = None
    _last: tuple[int, int] | None = None
    is_incomplete: bool = False

    def see_day(self, stamp: str) -> None:
        """Take in a line that only tells the day."""
        self.day = self._day_of(stamp) or self.day
        self._last = None

    def moment(self, stamp: str) -> datetime | None:
        """Return the moment of a stamp, or None when its day cannot be known."""
        match = _CLOCK.search(stamp)
        if match is None:
            return None
        hour, minute, second = hour_of(int(match[2]), match[1] or match[5] or ""), int(match[3]), int(match[4] or 0)
        told = stamp[: match.start()].strip()
        if told:
            day = self._day_of(told)
            self.day = day
        else:
            # Without a day it is that of the message before, unless the clock has gone back: then nobody knows.
            if self._last is not None and (hour, minute) < self._last:
                self.day = None
            day = self.day
        self._last = (hour, minute)
        if day is None:
            self.is_incomplete = True
            return None
        try:
            return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=clock.SHANGHAI).astimezone(UTC)
        except ValueError:
            return None

    def _day_of(self, text: str) -> date | None:
        match = _FULL.search(text)
        try:
            if match:
                return date(int(match[1]), int(match[2]), int(match[3]))
            match = _YEAR_LAST.search(text)
            if match:
                return _year_last(int(match[1]), int(match[2]), int(match[3]))
            match = _SHORT.search(text)
            if match:
                return self._latest(int(match[1]), int(match[2]))
        except ValueError:
            return None
        return self._relative(text)

    def _latest(self, month: int, day_of: int) -> date | None:
        today = self.copied_on or clock.now().astimezone(clock.SHANGHAI).date()
        for year in range(today.year, today.year - 5, -1):
            try:
                found = date(year, month, day_of)
            except ValueError:
                continue  # 29 February of a year without one
            if found <= today + timedelta(days=1):
                return found
        return None

    def _relative(self, text: str) -> date | None:
        if self.copied_on is None:
            return None
        for word, days in (("今天", 0), ("昨天", 1), ("前天", 2)):
            if word in text:
                return self.copied_on - timedelta(days=days)
        match = re.search(r"(?:星期|周)([一二三四五六日天])", text)
        if match is None:
            return None
        weekday = _WEEKDAYS.index(match[1].replace("天", "日"))
        back = (self.copied_on.weekday() - weekday) % 7 or 7
        return self.copied_on - timedelta(days=back)
