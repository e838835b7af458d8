"""Working time: spans, nights, month ends, leap days, holidays and make-up days; and its arithmetic for any hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.deadlines.rules import calendar, working
from cardcase.deadlines.rules.calendar import DayKind
from cardcase.deadlines.rules.hours import (
    DAY_MINUTES,
    Hours,
    Span,
    as_plain,
    from_plain,
    read_days,
    read_spans,
    write_days,
)
from cardcase.deadlines.rules.working import ALWAYS, Timeline, add, back, between
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import WrongUse

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
EARLY = datetime(2000, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def hours(workdays: str, weekend: str = "", *, holidays: bool = True, **days: str) -> Timeline:
    week = (*[read_spans(workdays)] * 5, *[read_spans(weekend)] * 2)
    own = {name: read_days(text) for name, text in days.items()}
    return Timeline([(EARLY, Hours(week=week, follows_holidays=holidays, **own))])


OFFICE = hours("09:00-12:00, 13:30-18:00")
NIGHTS = hours("22:00-02:00", "22:00-02:00", holidays=False)
WHOLE_DAYS = hours("00:00-24:00", "00:00-24:00", holidays=False)


@pytest.mark.parametrize(
    ("timeline", "start", "worked", "due"),
    [
        (OFFICE, "2026-11-24 10:00", 1 * HOUR, "2026-11-24 11:00"),
        (OFFICE, "2026-11-24 11:00", 2 * HOUR, "2026-11-24 14:30"),  # over lunch
        (OFFICE, "2026-11-24 17:00", 2 * HOUR, "2026-11-25 10:00"),  # over the night
        (OFFICE, "2026-11-24 17:00", 1 * HOUR, "2026-11-24 18:00"),  # at closing time, not next morning
        (OFFICE, "2026-11-27 17:00", 2 * HOUR, "2026-11-30 10:00"),  # Friday to Monday, over the month's last days
        (OFFICE, "2026-09-30 17:00", 2 * HOUR, "2026-10-08 10:00"),  # the National Day holiday
        (OFFICE, "2026-02-13 17:30", 1 * HOUR, "2026-02-14 09:30"),  # Saturday 14 Feb is a make-up workday
        (OFFICE, "2026-02-14 17:30", 1 * HOUR, "2026-02-24 09:30"),  # then the Spring Festival
        (NIGHTS, "2026-11-24 23:00", 4 * HOUR, "2026-11-25 23:00"),  # three hours of this night, one of the next
        (NIGHTS, "2026-11-24 01:00", 1 * HOUR, "2026-11-24 02:00"),  # the end of yesterday's night
        (NIGHTS, "2026-11-24 03:00", 1 * MINUTE, "2026-11-24 22:01"),
        (WHOLE_DAYS, "2026-12-31 23:30", 1 * HOUR, "2027-01-01 00:30"),  # 24:00 is no gap
        (WHOLE_DAYS, "2028-02-28 12:00", 24 * HOUR, "2028-02-29 12:00"),  # leap day
        (OFFICE, "2028-02-29 17:00", 2 * HOUR, "2028-03-01 10:00"),
        (ALWAYS, "2026-11-24 10:00", 12 * HOUR, "2026-11-24 22:00"),
    ],
)
def test_a_goal_is_due_when_its_working_time_has_passed(timeline, start, worked, due):
    assert add(timeline, at(start), worked) == at(due)
    assert between(timeline, at(start), at(due)) == worked


@pytest.mark.parametrize(
    ("due", "left", "since"),
    [
        ("2026-11-25 10:00", 1 * HOUR, "2026-11-25 09:00"),  # rings when the shop opens, not when it closed
        ("2026-11-25 10:00", 2 * HOUR, "2026-11-24 17:00"),
        ("2026-10-08 10:00", 2 * HOUR, "2026-09-30 17:00"),
    ],
)
def test_a_warning_is_the_last_moment_from_which_so_much_is_left(due, left, since):
    assert back(OFFICE, at(due), left) == at(since)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-10-01", DayKind.HOLIDAY),
        ("2026-10-03", DayKind.HOLIDAY),  # a Saturday of the holiday
        ("2026-10-10", DayKind.MAKEUP),
        ("2026-10-11", DayKind.ORDINARY),
        ("2026-11-24", DayKind.ORDINARY),
        ("2099-10-01", DayKind.UNKNOWN),
        ("2003-10-01", DayKind.UNKNOWN),
    ],
)
def test_the_calendar_knows_holidays_and_make_up_days_and_says_what_it_does_not_know(day, kind):
    assert calendar.kind_of(date.fromisoformat(day)) is kind


def test_a_year_without_a_notice_is_counted_as_ordinary_days_and_said_to_be_so():
    assert add(OFFICE, at("2099-09-30 17:00"), 2 * HOUR) == at("2099-10-01 10:00")
    assert working.unknown_days(OFFICE, at("2099-09-30 17:00"), at("2099-10-01 10:00"))
    assert not working.unknown_days(OFFICE, at("2026-09-30 17:00"), at("2026-10-08 10:00"))
    assert not working.unknown_days(NIGHTS, at("2099-09-30 17:00"), at("2099-10-01 10:00"))


def test_own_closing_days_win_and_own_extra_days_work_like_the_weeks_first_day():
    own = hours("09:00-12:00, 13:30-18:00", closed="2026-11-25..2026-11-27", opened="2026-11-29 2026-10-01")
    assert add(own, at("2026-11-24 17:00"), 2 * HOUR) == at("2026-11-29 10:00")
    assert add(own, at("2026-09-30 17:00"), 2 * HOUR) == at("2026-10-01 10:00")


def test_the_past_is_counted_by_the_hours_that_held_then():
    long, short = OFFICE.versions[0][1], hours("10:00-12:00").versions[0][1]
    changed = Timeline([(EARLY, long), (at("2026-11-24 11:00"), short)])
    assert between(changed, at("2026-11-24 09:00"), at("2026-11-26 00:00")) == 5 * HOUR
    before_hours = Timeline([(at("2026-11-24 11:00"), short)])
    assert between(before_hours, at("2026-11-24 02:00"), at("2026-11-24 13:00")) == 10 * HOUR


def test_summer_time_of_another_zone_makes_no_hour_twice_and_loses_none():
    week = (read_spans("00:00-24:00"),) * 7
    berlin = Timeline([(EARLY, Hours(week=week, follows_holidays=False, zone=ZoneInfo("Europe/Berlin")))])
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert between(berlin, start, start + timedelta(days=2)) == timedelta(days=2)
    spring = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert between(berlin, spring, spring + timedelta(days=2)) == timedelta(days=2)


def test_a_goal_longer_than_any_hours_hold_still_has_an_end():
    tiny = hours("09:00-09:01", holidays=False)
    due = add(tiny, at("2026-11-24 10:00"), timedelta(days=30))
    assert due > at("2031-01-01 00:00")
    assert back(tiny, at("2026-11-24 10:00"), timedelta(days=30)) < at("2021-01-01 00:00")


def test_a_pause_gives_back_what_was_left_by_the_hours_of_the_resumption():
    due = add(OFFICE, at("2026-11-24 16:00"), 4 * HOUR)
    assert due == at("2026-11-25 11:00")
    left = working.remaining(OFFICE, due, at("2026-11-24 17:30"))  # paused over closing time
    assert left == 2.5 * HOUR
    assert working.resume(OFFICE, at("2026-11-30 08:00"), left) == at("2026-11-30 11:30")
    assert working.remaining(OFFICE, due, due + HOUR) == timedelta()


# --- the arithmetic, for any hours ------------------------------------------------------------------------------------

MOMENTS = st.integers(min_value=1_735_689_600, max_value=1_830_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
WORK = st.integers(min_value=0, max_value=60 * 60 * 80).map(lambda s: timedelta(seconds=s))


@st.composite
def spans(draw) -> tuple[Span, ...]:
    cuts = sorted(draw(st.sets(st.integers(0, DAY_MINUTES - 1), min_size=0, max_size=6)))
    made = [Span(one, other) for one, other in zip(cuts[0::2], cuts[1::2], strict=False)]
    if made and draw(st.booleans()):  # the last one goes over midnight, perhaps into the spans of the next day
        made[-1] = Span(made[-1].start, made[-1].start + draw(st.integers(1, DAY_MINUTES - 1)))
    return tuple(made)


@st.composite
def timelines(draw) -> Timeline:
    versions = []
    for number in range(draw(st.integers(0, 3))):
        week = tuple(draw(st.lists(spans(), min_size=7, max_size=7)))
        if not any(week):
            week = (read_spans("09:00-17:00"), *week[1:])
        closed = draw(st.frozensets(st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=9))
        since = EARLY if number == 0 else draw(MOMENTS)
        versions.append((since, Hours(week=week, follows_holidays=draw(st.booleans()), closed=closed)))
    return Timeline(sorted(versions, key=lambda pair: pair[0]))


@settings(max_examples=150)
@given(timelines(), MOMENTS, WORK)
def test_what_is_added_is_what_lies_between(timeline, start, work):
    due = add(timeline, start, work)
    if due < start + working.HORIZON:
        assert between(timeline, start, due) == work
        if work:  # the first such moment: a second earlier less has passed
            assert between(timeline, start, due - timedelta(seconds=1)) < work


@settings(max_examples=150)
@given(timelines(), MOMENTS, WORK)
def test_going_back_is_the_inverse_of_going_on(timeline, end, work):
    since = back(timeline, end, work)
    if since > end - working.HORIZON / 2:
        assert between(timeline, since, end) == work
        assert add(timeline, since, work) <= end


@settings(max_examples=150)
@given(timelines(), MOMENTS, WORK, WORK)
def test_adding_is_monotone_and_additive(timeline, start, one, other):
    assert start <= add(timeline, start, min(one, other)) <= add(timeline, start, max(one, other))
    assert add(timeline, add(timeline, start, one), other) == add(timeline, start, one + other)


@settings(max_examples=150)
@given(timelines(), st.lists(MOMENTS, min_size=3, max_size=3))
def test_time_between_adds_up_turns_its_sign_and_is_never_more_than_on_the_wall(timeline, moments):
    one, two, three = sorted(moments)
    assert between(timeline, one, two) + between(timeline, two, three) == between(timeline, one, three)
    assert between(timeline, three, one) == -between(timeline, one, three)
    assert timedelta() <= between(timeline, one, three) <= three - one


@settings(max_examples=100)
@given(timelines(), MOMENTS, WORK, st.lists(st.tuples(WORK, WORK), max_size=4))
def test_pauses_take_no_working_time_and_give_none(timeline, start, goal, pauses):
    """However often a goal is paused and resumed, it gets its working time, no more and no less."""
    due, now, worked = add(timeline, start, goal), start, timedelta()
    for run, rest in pauses:
        stopped = min(now + run, due)
        worked += between(timeline, now, stopped)
        left = working.remaining(timeline, due, stopped)
        now = stopped + rest
        due = working.resume(timeline, now, left)
    if due < start + working.HORIZON:
        assert worked + between(timeline, now, due) == goal


@settings(max_examples=100)
@given(timelines(), MOMENTS)
def test_segments_are_in_order_and_never_overlap(timeline, start):
    found = list(working.segments(timeline, start, start + timedelta(days=40)))
    assert all(begin < stop for begin, stop in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


# --- reading and writing ----------------------------------------------------------------------------------------------


@given(st.lists(spans(), min_size=7, max_size=7), st.frozensets(st.dates(), max_size=20), st.booleans())
def test_hours_come_back_as_they_were_written(week, closed, follows):
    if not any(week):
        return
    known = Hours(week=tuple(week), closed=closed, follows_holidays=follows)
    again = from_plain(as_plain(known))
    assert (again.week, again.closed, again.follows_holidays) == (known.week, closed, follows)
    assert read_days(write_days(closed)) == closed


@pytest.mark.parametrize("text", ["9-12", "09:00-25:00", "24:00-02:00", "10:00-10:00", "09:60-10:00", "ab"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(WrongUse, match="09:00-12:00"):
        read_spans(text)


@pytest.mark.parametrize("text", ["2026-13-01", "2026-11-30..2026-11-01", "2026-01-01..2030-01-01", "tomorrow"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(WrongUse):
        read_days(text)


def test_hours_that_make_no_sense_are_refused():
    free: tuple[Span, ...] = ()
    with pytest.raises(WrongUse):
        Hours(week=(free,) * 7)
    with pytest.raises(WrongUse):
        Hours(week=(read_spans("09:00-12:00, 11:00-13:00"), *[free] * 6))
    with pytest.raises(WrongUse):
        Hours(week=(read_spans("09:00-12:00"),) * 7, closed=read_days("2026-12-01"), opened=read_days("2026-12-01"))
    with pytest.raises(WrongUse):
        from_plain({"week": {"monday": []}})
