"""Quiet hours: spans of the day, Shanghai time, in which a target is left in peace."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

MOST_SPANS: Final = 4
_DAY: Final = 24 * 60
_SPAN: Final = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~～至到]\s*(\d{1,2})[:：](\d{2})")


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """A span of every day, in minutes after midnight; ``end`` before ``start`` goes over midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"

    def rest(self, minute: int) -> int | None:
        """Return how many minutes of the span are left at a minute of the day, None outside of it."""
        length = (self.end - self.start) % _DAY
        passed = (minute - self.start) % _DAY
        return length - passed if passed < length else None


def read_spans(text: str) -> tuple[QuietSpan, ...]:
    """Read 「22:30-08:00, 12:00-13:30」; empty means never quiet. Raises WrongUse saying how to write it."""
    parts = [part.strip() for part in re.split(r"[,，;；\n]+", text) if part.strip()]
    spans = tuple(_read_span(part) for part in parts)
    if len(spans) > MOST_SPANS:
        raise _unreadable()
    return spans


def quiet_until(spans: Sequence[QuietSpan], at: datetime) -> datetime | None:
    """Return when the quiet in which a moment lies ends; None when the moment is not quiet.

    Spans that touch count as one. Spans that leave no gap in a whole day would be quiet for ever: they are never quiet.
    """
    end = at
    while (rest := _rest(spans, end)) is not None:
        end = end.replace(second=0, microsecond=0) + timedelta(minutes=rest)
        if end - at > timedelta(days=1):
            return None
    return end if end != at else None


def _rest(spans: Sequence[QuietSpan], at: datetime) -> int | None:
    local = at.astimezone(SHANGHAI)
    rests = [span.rest(local.hour * 60 + local.minute) for span in spans]
    return max((rest for rest in rests if rest is not None), default=None)


def _read_span(text: str) -> QuietSpan:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise _unreadable()
    hours_from, minutes_from, hours_to, minutes_to = map(int, found.groups())
    start, end = hours_from * 60 + minutes_from, hours_to * 60 + minutes_to
    if minutes_from > 59 or minutes_to > 59 or start >= _DAY or end > _DAY or start == end % _DAY:  # noqa: PLR2004 - minutes
        raise _unreadable()
    return QuietSpan(start, end % _DAY)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _unreadable() -> WrongUse:
    return WrongUse(
        "免打扰时段看不懂",
        "The quiet hours cannot be read",
        next=Text(
            f"写成 22:30-08:00，几段之间用逗号，最多 {MOST_SPANS} 段。",
            f"Write 22:30-08:00, several with commas, {MOST_SPANS} at most.",
        ),
        code="bad_quiet_hours",
    )
