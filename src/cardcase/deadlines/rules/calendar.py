"""What the State Council's notices make of a day: holiday, make-up workday, neither, or not known yet.

The days come from the library ``chinesecalendar``, which carries each year's notice and refuses years that it does not
know. The notice for a year is published in the autumn before it; until the library has it, a day of that year is
UNKNOWN: treated as an ordinary day of the week, and shown as such (docs/decisions/0009).
"""

from datetime import date
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import chinese_calendar

from cardcase.kit.text import Text


class DayKind(StrEnum):
    """What a day is, before the shop's own hours are looked at."""

    ORDINARY = "ordinary"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"  # a Saturday or Sunday on which people work, 调休
    UNKNOWN = "unknown"  # the year's notice is not known yet
    CLOSED = "closed"  # the shop's own closing day
    OPENED = "opened"  # a day on which the shop works against the calendar


DAY_TITLES: Final = MappingProxyType(
    {
        DayKind.ORDINARY: Text("平常日", "ordinary day"),
        DayKind.HOLIDAY: Text("法定节假日", "public holiday"),
        DayKind.MAKEUP: Text("调休上班", "make-up workday"),
        DayKind.UNKNOWN: Text("放假安排未公布，按平常日算", "holidays not known yet: counted as an ordinary day"),
        DayKind.CLOSED: Text("本店休息", "the shop is closed"),
        DayKind.OPENED: Text("本店加班", "the shop works"),
    }
)


@lru_cache(maxsize=4096)
def kind_of(day: date) -> DayKind:
    """Tell what the published calendar makes of a day. Never fails: a year that is not known is UNKNOWN."""
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return DayKind.UNKNOWN
    if name is None:
        return DayKind.ORDINARY
    return DayKind.HOLIDAY if is_off else DayKind.MAKEUP


def is_known(year: int) -> bool:
    """Tell whether the calendar of a year is known to the library that is installed."""
    return kind_of(date(year, 1, 1)) is not DayKind.UNKNOWN
