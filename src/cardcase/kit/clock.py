"""The only source of time. Everything else takes the moment as an argument, so that tests can say when it is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""Zone in which the marketplaces of this trade tell the time; moments are stored in UTC."""

_fixed: ContextVar[datetime | None] = ContextVar("cardcase_fixed_clock", default=None)


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def steady() -> float:
    """Return seconds that only ever grow, however the wall clock is set; they count while the machine sleeps, too."""
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):  # the second counts sleep on macOS, the first on Linux
        if (clock_id := getattr(time, name, None)) is not None:
            return time.clock_gettime(clock_id)
    return time.monotonic()


@contextmanager
def fixed_at(moment: datetime) -> Iterator[None]:
    """Hold the clock of this context still at an aware moment. For tests, drills and rebuilt examples."""
    if moment.tzinfo is None:
        raise ValueError("a fixed clock needs an aware moment")
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


def from_epoch(seconds: int) -> datetime:
    """Turn epoch seconds into an aware UTC moment. Raises OverflowError or ValueError when out of range."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC with microseconds, the form that the record commits to."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)  # asking costs a third of turning
    plain = utc.isoformat()[: -len("+00:00")]
    return f"{plain}Z" if utc.microsecond else f"{plain}.000000Z"


def span_text(span: timedelta, *, lang: str = "zh-hans") -> str:
    """Say a span as a person would: 「17 小时 12 分」, 「2 天 3 小时」. Negative spans are said without their sign."""
    minutes = int(abs(span.total_seconds()) // 60)
    days, rest = divmod(minutes, 60 * 24)
    hours, mins = divmod(rest, 60)
    if lang.startswith("zh"):
        if days:
            return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
        return f"{hours} 小时 {mins} 分" if hours else f"{mins} 分钟"
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {mins} min" if hours else f"{mins} min"
