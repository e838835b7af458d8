"""Working time: add it to a moment, measure it between two, walk it back. Moment in, moment out; moments are aware.

A shop without hours works always, so working time and time on the wall are the same there. A ``Timeline`` holds the
versions of a shop's hours with the moments from which they hold: the past is counted by the hours that held then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from . import calendar
from .alarms import MARGIN_SHARE, MIN_MARGIN, Alarm, Schedule
from .hours import Hours

HORIZON: Final = timedelta(days=5 * 366)
"""How far working time is looked for; beyond it a shop is taken to be always open, so that every goal has an end."""

_NOTHING: Final = timedelta()
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The versions of a shop's hours in the order in which they begin. Before the first one the shop works always."""

    versions: Sequence[tuple[datetime, Hours]] = ()

    def at(self, moment: datetime) -> Hours | None:
        """Return the hours that hold at a moment; None when the shop had none yet."""
        return next((hours for since, hours in reversed(self.versions) if since <= moment), None)

    def windows(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, Hours | None]]:
        """Cut a stretch where one version gives way to the next."""
        begins = [since for since, _ in self.versions if start < since < end]
        for begin, stop in zip([start, *begins], [*begins, end], strict=True):
            yield begin, stop, self.at(begin)


ALWAYS: Final = Timeline()
"""Round the clock: a shop that has set no hours."""


def segments(timeline: Timeline, start: datetime, end: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of work from a moment on, in UTC, in order, never overlapping."""
    start = start.astimezone(UTC)
    last = end.astimezone(UTC) if end is not None else _FOR_EVER - HORIZON if not timeline.versions else start + HORIZON
    for begin, stop, hours in timeline.windows(start, last):
        if hours is None:
            yield begin, stop
        else:
            yield from _of_version(hours, begin, stop)


def add(timeline: Timeline, start: datetime, work: timedelta) -> datetime:
    """Return the first moment at which so much working time has passed. Nothing added is the start itself.

    Raises ValueError for a negative span.
    """
    if work < _NOTHING:
        raise ValueError("working time is added forwards; use back()")
    if not work:
        return start
    left = work
    for begin, stop in segments(timeline, start):
        if stop - begin >= left:
            return (begin + left).astimezone(start.tzinfo)
        left -= stop - begin
    return start + HORIZON + left


def back(timeline: Timeline, end: datetime, work: timedelta) -> datetime:
    """Return the last moment from which so much working time is left until ``end``: when the shop opens, not closes.

    Raises ValueError for a negative span.
    """
    if work < _NOTHING:
        raise ValueError("working time is taken away forwards; use add()")
    if not work:
        return end
    left, reach = work, work + timedelta(days=8)
    while reach <= 2 * HORIZON:
        left = work
        for begin, stop in reversed(list(segments(timeline, end - reach, end))):
            if stop - begin >= left:
                return (stop - left).astimezone(end.tzinfo)
            left -= stop - begin
        reach *= 2
    return end - reach - left


def between(timeline: Timeline, start: datetime, end: datetime) -> timedelta:
    """Return how much working time lies between two moments; negative when the end comes first."""
    if end < start:
        return -between(timeline, end, start)
    return sum((stop - begin for begin, stop in segments(timeline, start, end)), _NOTHING)


def is_open(timeline: Timeline, moment: datetime) -> bool:
    """Tell whether the shop works at a moment; the moment of closing is closed."""
    return bool(between(timeline, moment, moment + timedelta(microseconds=1)))


def margin_at(timeline: Timeline, due_at: datetime, goal: timedelta) -> datetime:
    """Return when the margin of an own goal begins, counted in working time."""
    return back(timeline, due_at, max(MIN_MARGIN, goal / MARGIN_SHARE))


def schedule(timeline: Timeline, due_at: datetime, goal: timedelta) -> Schedule:
    """Return the three warnings of an own goal: half and a quarter of its working time left, and the margin."""
    moments = {
        Alarm.HALF: back(timeline, due_at, goal / 2),
        Alarm.QUARTER: back(timeline, due_at, goal / 4),
        Alarm.MARGIN: margin_at(timeline, due_at, goal),
    }
    return sorted(((moment, alarm) for alarm, moment in moments.items()), key=lambda pair: pair[0])


def remaining(timeline: Timeline, due_at: datetime, paused_at: datetime) -> timedelta:
    """Return the working time that a goal has left when it is paused: what ``resume`` gives back."""
    return max(_NOTHING, between(timeline, paused_at, due_at))


def resume(timeline: Timeline, resumed_at: datetime, left: timedelta) -> datetime:
    """Return when a goal is due after a pause: the time that it had left, counted from now by the hours of now."""
    return add(timeline, resumed_at, left)


def unknown_days(timeline: Timeline, start: datetime, end: datetime) -> bool:
    """Tell whether a day of the stretch was counted as an ordinary one because its year is not known yet."""
    for begin, stop, hours in timeline.windows(start, end):
        if hours is not None and hours.follows_holidays:
            first, last = begin.astimezone(hours.zone).year, stop.astimezone(hours.zone).year
            if not all(calendar.is_known(year) for year in range(first, last + 1)):
                return True
    return False


def _of_version(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of one version within a window, those that touch or overlap drawn together."""
    held: tuple[datetime, datetime] | None = None
    for begin, stop in _raw(hours, start, end):
        begin, stop = max(begin, start), min(stop, end)  # noqa: PLW2901 - cut to the window
        if begin >= stop:
            continue
        if held is not None and begin <= held[1]:
            held = (held[0], max(held[1], stop))
            continue
        if held is not None:
            yield held
        held = (begin, stop)
    if held is not None:
        yield held


def _raw(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield every span whose day could reach into the window, in the order of their beginnings."""
    day = start.astimezone(hours.zone).date() - timedelta(days=1)  # yesterday's night shift
    last = end.astimezone(hours.zone).date()
    while day <= last:
        for span in hours.spans_on(day):
            yield _moment(hours, day, span.start), _moment(hours, day, span.end)
        day += timedelta(days=1)


def _moment(hours: Hours, day: date, minutes: int) -> datetime:
    """Return the moment at which the wall clock of the shop's zone shows so many minutes after a midnight."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - on the wall; the zone is put on next
    return (midnight + timedelta(minutes=minutes)).replace(tzinfo=hours.zone).astimezone(UTC)
