"""The shop's own goals: counted in its hours, moved openly by new ones, paused with a reason. The platform's never."""

from datetime import datetime, timedelta

import pytest

from cardcase.custody import queries as custody
from cardcase.deadlines import queries, service
from cardcase.deadlines.models import Deadline, Pause
from cardcase.deadlines.rules import FOLLOWS_HOURS, DeadlineKind, PauseReason
from cardcase.deadlines.rules.hours import Hours, read_days, read_spans
from cardcase.jobs.models import Job
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import NotAllowed, Refused, WrongUse

SUBJECT = "case_0190"
HOUR = timedelta(hours=1)
GOAL = DeadlineKind.FIRST_RESPONSE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def office(spans: str = "09:00-12:00, 13:30-18:00", **days: str) -> Hours:
    own = {name: read_days(text) for name, text in days.items()}
    return Hours(week=(*[read_spans(spans)] * 5, (), ()), **own)


def running(actor, kind=GOAL):
    clocks = [one for one in queries.of_subject(actor, SUBJECT) if one.state in ("armed", "paused")]
    return next(one for one in clocks if one.kind is kind)


def recorded(actor) -> list[str]:
    return [item.kind for item in custody.history(actor, [SUBJECT])]


def test_without_hours_a_goal_runs_round_the_clock(agent, goal, noon):
    service.arm(agent, SUBJECT, goal(12), at=noon)
    clock = running(agent)
    assert (clock.due_at - noon, clock.allowance, clock.hours_version) == (12 * HOUR, 12 * HOUR, None)


def test_with_hours_the_same_goal_is_counted_in_working_time_with_its_margin_and_warnings(owner, agent, goal, noon):
    service.set_hours(owner, office(), at=noon)
    service.arm(agent, SUBJECT, goal(12), at=noon)  # Tuesday 12:00: 4.5 h today, 7.5 h tomorrow
    clock = running(agent)
    assert clock.due_at == at("2026-11-25 18:00")
    assert clock.hours_version == 1
    assert "按工作时间（第 1 版）" in clock.source_text.zh
    assert clock.margin_at == at("2026-11-25 16:48")  # a tenth of twelve hours
    assert Deadline.objects.get().warn_at == at("2026-11-25 10:30")  # half of it left


def test_the_platforms_clocks_are_not_counted_in_hours(owner, agent, spec, noon):
    service.set_hours(owner, office(), at=noon)
    service.arm(agent, SUBJECT, spec(12), at=noon)
    assert running(agent, DeadlineKind.PLATFORM_RESPONSE).due_at == noon + 12 * HOUR


@pytest.mark.parametrize("kind", [kind for kind in DeadlineKind if kind not in FOLLOWS_HOURS])
def test_no_clock_but_our_own_goal_can_be_paused(agent, spec, noon, kind):
    service.arm(agent, SUBJECT, spec(12, kind=kind), at=noon)
    with pytest.raises(Refused) as refused:
        service.pause(agent, SUBJECT, kind, PauseReason.WAITING_BUYER, at=noon)
    assert refused.value.problem_code == "clock_never_pauses"
    assert running(agent, kind).due_at == noon + 12 * HOUR


def test_a_pause_across_closing_keeps_the_working_time_that_was_left(owner, agent, goal, noon):
    service.set_hours(owner, office(), at=noon)
    service.arm(agent, SUBJECT, goal(12), at=noon)
    service.pause(agent, SUBJECT, GOAL, PauseReason.WAITING_BUYER, at=at("2026-11-24 17:00"))
    paused = running(agent)
    assert (paused.is_paused, paused.remaining) == (True, 8.5 * HOUR)
    assert service.sweep(at=at("2026-12-24 17:00")) == []
    resumed = service.resume(agent, SUBJECT, GOAL, at=at("2026-11-28 20:00"))  # a Saturday night
    assert resumed.due_at == at("2026-12-01 10:00")
    assert recorded(agent) == ["deadline.armed", "deadline.paused", "deadline.resumed"]
    [pause] = queries.pauses_of(agent, SUBJECT)
    assert (pause.reason, pause.resumed_at) == (PauseReason.WAITING_BUYER, at("2026-11-28 20:00"))


def test_pausing_and_resuming_twice_changes_nothing_more(agent, goal, noon):
    service.arm(agent, SUBJECT, goal(12), at=noon)
    for _ in range(2):
        service.pause(agent, SUBJECT, GOAL, PauseReason.HOLIDAY_CLOSING, at=noon + HOUR)
    assert Pause.objects.count() == 1
    assert service.resume(agent, SUBJECT, GOAL, at=noon + 3 * HOUR).due_at == noon + 14 * HOUR
    assert service.resume(agent, SUBJECT, GOAL, at=noon + 4 * HOUR) is None


def test_a_goal_that_has_run_out_is_missed_and_not_paused(agent, goal, noon):
    service.arm(agent, SUBJECT, goal(1), at=noon)
    assert service.pause(agent, SUBJECT, GOAL, PauseReason.WAITING_BUYER, at=noon + HOUR).state == "missed"
    assert not Pause.objects.exists()


def test_another_reason_needs_words(agent, goal, noon):
    service.arm(agent, SUBJECT, goal(1), at=noon)
    with pytest.raises(WrongUse):
        service.pause(agent, SUBJECT, GOAL, PauseReason.OTHER, at=noon)


def test_looking_at_a_paused_or_resumed_goal_again_moves_nothing(agent, goal, noon):
    """What the case asks for at every look is the goal as it was armed; pauses must survive that."""
    service.arm(agent, SUBJECT, goal(12), at=noon)
    service.pause(agent, SUBJECT, GOAL, PauseReason.WAITING_BUYER, at=noon + HOUR)
    service.arm(agent, SUBJECT, goal(12), at=noon + 2 * HOUR)
    assert running(agent).is_paused
    service.resume(agent, SUBJECT, GOAL, at=noon + 3 * HOUR)
    service.arm(agent, SUBJECT, goal(12), at=noon + 4 * HOUR)
    assert running(agent).due_at == noon + 14 * HOUR
    assert recorded(agent) == ["deadline.armed", "deadline.paused", "deadline.resumed"]


def test_a_paused_goal_is_met_by_the_answer_and_never_missed(agent, goal, noon):
    service.arm(agent, SUBJECT, goal(1), at=noon)
    service.pause(agent, SUBJECT, GOAL, PauseReason.WAITING_BUYER, at=noon)
    assert service.meet(agent, SUBJECT, GOAL, at=noon + 99 * HOUR).state == "met"


def test_new_hours_move_a_running_goal_openly_and_only_from_now_on(owner, agent, goal, spec, noon):
    service.set_hours(owner, office(), at=noon)
    service.arm(agent, SUBJECT, goal(12), at=noon)
    service.arm(agent, SUBJECT, spec(30), at=noon)
    service.set_hours(owner, office(closed="2026-11-25..2026-11-26"), at=at("2026-11-24 17:00"))
    clock = running(agent)
    assert (clock.due_at, clock.hours_version) == (at("2026-11-27 18:00"), 2)
    assert running(agent, DeadlineKind.PLATFORM_RESPONSE).due_at == noon + 30 * HOUR
    moved = [item for item in custody.history(agent, [SUBJECT]) if item.kind == "deadline.moved"]
    assert [(item.facts["why"], item.facts["hours_version"]) for item in moved] == [("hours", 2)]
    assert moved[0].facts["was_due_at"].startswith("2026-11-25T10:00")
    assert Job.objects.filter(kind="deadline.moved").count() == 1
    service.arm(agent, SUBJECT, goal(12), at=at("2026-11-24 17:30"))  # the case looks again
    assert running(agent).due_at == at("2026-11-27 18:00")


def test_hours_that_begin_later_count_from_then(owner, agent, goal, noon):
    service.set_hours(owner, office(), at=noon)
    service.arm(agent, SUBJECT, goal(12), at=noon)
    service.set_hours(owner, office("09:00-10:00"), effective_from=at("2026-11-25 00:00"), at=noon)
    assert running(agent).due_at == at("2026-12-04 09:30")  # 4.5 h today, an hour a working day, half of the eighth


def test_the_same_hours_again_are_no_new_version_and_none_reaches_back(owner, agent, stranger, noon):
    first = service.set_hours(owner, office(), at=noon)
    assert service.set_hours(owner, office(), at=noon + HOUR) == first
    with pytest.raises(Refused) as refused:
        service.set_hours(owner, office("10:00-11:00"), effective_from=noon, at=noon + HOUR)
    assert refused.value.problem_code == "hours_in_the_past"
    service.set_hours(owner, office("10:00-11:00"), effective_from=noon + 9 * HOUR, at=noon + HOUR)
    with pytest.raises(Refused) as refused:
        service.set_hours(owner, office("10:00-12:00"), at=noon + 2 * HOUR)
    assert refused.value.problem_code == "hours_out_of_order"
    with pytest.raises(NotAllowed):
        service.set_hours(agent, office(), at=noon + HOUR)
    assert queries.hours_versions(stranger) == []
    assert [view.hours.version for view in queries.hours_versions(agent)] == [1, 2]


def test_warnings_of_a_goal_ring_in_working_time_each_once_over_a_pause(owner, agent, goal, noon):
    service.set_hours(owner, office(), at=noon)
    service.arm(agent, SUBJECT, goal(12), at=noon)

    def rung() -> list[str]:
        return [job.args["alarm"] for job in Job.objects.filter(kind="deadline.warning").order_by("pk")]

    service.sweep(at=at("2026-11-25 10:29"))
    assert rung() == []
    service.sweep(at=at("2026-11-25 10:30"))
    service.pause(agent, SUBJECT, GOAL, PauseReason.WAITING_BUYER, at=at("2026-11-25 11:00"))
    service.resume(agent, SUBJECT, GOAL, at=at("2026-11-26 09:00"))  # 5.5 h left
    service.sweep(at=at("2026-11-26 09:01"))
    assert rung() == ["half"]
    assert running(agent).due_at == at("2026-11-26 16:00")
    service.sweep(at=at("2026-11-26 15:00"))
    assert rung() == ["half", "margin"]


def test_a_goal_into_a_year_without_a_notice_says_so(owner, agent, goal, noon, monkeypatch):
    from cardcase.deadlines.rules import calendar

    monkeypatch.setattr(calendar, "is_known", lambda year: year < 2027)
    service.set_hours(owner, office(), at=noon)
    service.arm(agent, SUBJECT, goal(24 * 9), at=noon)
    assert running(agent).has_unknown_days
    assert "放假安排未公布，按平常日算" in running(agent).source_text.zh
