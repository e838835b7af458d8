"""When a running deadline makes itself heard: at half, at a quarter, and when the safety margin begins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

MIN_MARGIN: Final = timedelta(minutes=30)
"""The least time before a deadline at which alarms ring (domain.md §7.4)."""

MARGIN_SHARE: Final = 10
"""The margin is at least one tenth of the window (domain.md §7.4)."""


class Alarm(StrEnum):
    """What a warning says about the time that is left."""

    HALF = "half"
    QUARTER = "quarter"
    MARGIN = "margin"


Schedule = Sequence[tuple[datetime, Alarm]]


def schedule(started_at: datetime, due_at: datetime, margin_at: datetime) -> Schedule:
    """Return the three warnings of a deadline in the order in which they ring. In short windows the margin is first."""
    window = due_at - started_at
    moments = {
        Alarm.HALF: due_at - window / 2,
        Alarm.QUARTER: due_at - window / 4,
        Alarm.MARGIN: margin_at,
    }
    return sorted(((moment, warning) for warning, moment in moments.items()), key=lambda pair: pair[0])


def ring(planned: Schedule, warned: int, at: datetime) -> tuple[Alarm | None, int, datetime | None]:
    """Tell what to ring now, how many warnings are then given, and when the next one is due.

    Of several that came due together only the most pressing one rings: the margin before all, else the latest.
    """
    due = [warning for moment, warning in planned[warned:] if moment <= at]
    given = warned + len(due)
    following = planned[given][0] if given < len(planned) else None
    if not due:
        return None, given, following
    return (Alarm.MARGIN if Alarm.MARGIN in due else due[-1]), given, following
