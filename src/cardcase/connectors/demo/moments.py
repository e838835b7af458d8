"""Moments of the example shop, told from the day on which it is loaded, so that it is alive whenever it is loaded."""

import re
from datetime import date, datetime, timedelta

from cardcase.kit.clock import SHANGHAI

_CLOCK = re.compile(r"^([+-]\d+)d (\d{2}):(\d{2})$")
_SPAN = re.compile(r"^([+-]?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")


def span(text: str) -> timedelta:
    """Read a span such as ``-54h48m``, ``+35s`` or ``3m``. Raises ValueError when it is not one."""
    match = _SPAN.match(text)
    if match is None or not any(match.groups()[1:]):
        raise ValueError(f"not a span: {text!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if match.group(1) == "-" else length


def moment(text: str, now: datetime) -> datetime:
    """Read a moment: ``-4d 20:11`` is that wall clock in Shanghai four days ago, ``-30h``, ``+40m`` count from now."""
    if match := _CLOCK.match(text):
        days, hours, minutes = (int(part) for part in match.groups())
        day = now.astimezone(SHANGHAI).date() + timedelta(days=days)
        # Seconds differ from message to message as they do in life, yet are the same at each build.
        return datetime(day.year, day.month, day.day, hours, minutes, (hours * 7 + minutes * 13) % 60, tzinfo=SHANGHAI)
    return (now + span(text)).astimezone(SHANGHAI)


def day(days: int, now: datetime) -> date:
    """Return the day in Shanghai that lies so many days from today."""
    return now.astimezone(SHANGHAI).date() + timedelta(days=days)


def epoch(at: datetime | None) -> int:
    """Return epoch seconds as the open platform writes them: 0 when nothing happened yet."""
    return 0 if at is None else int(at.timestamp())
