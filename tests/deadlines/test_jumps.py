"""When the machine's clock is set: said aloud, nothing lost, nothing moved, nothing met or missed by accident."""

from datetime import timedelta

import pytest

from cardcase.custody import queries as custody
from cardcase.deadlines import queries, service, tasks
from cardcase.deadlines.models import ClockJump, Deadline
from cardcase.deadlines.rules import DeadlineKind, Drift
from cardcase.jobs import service as jobs
from cardcase.jobs.models import Job, Schedule
from cardcase.kit import clock

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
SECOND = timedelta(seconds=1)
SUBJECT = "case_0190"


@pytest.fixture
def machine(db, monkeypatch, noon):
    """A machine whose wall clock can be set while its other clock only counts; each look is one of the watch."""
    monkeypatch.setattr(tasks, "_drift", Drift())

    class Machine:
        wall, steady = noon, 1000.0

        def look(self, passed: timedelta = SECOND, jump: timedelta = timedelta()) -> None:
            self.wall += passed + jump
            self.steady += passed.total_seconds()
            with clock.fixed_at(self.wall):
                tasks.at_the_moment()

    made = Machine()
    monkeypatch.setattr(clock, "steady", lambda: made.steady)
    made.look(timedelta())
    return made


def states():
    return sorted(Deadline.objects.values_list("state", flat=True))


def test_time_that_passes_or_a_machine_that_sleeps_is_no_jump(machine):
    for passed in (SECOND, HOUR, 9 * HOUR):  # the counting clock counts sleep, too
        machine.look(passed)
    machine.look(jump=59 * SECOND)
    machine.look(jump=-59 * SECOND)
    assert not ClockJump.objects.exists()


@pytest.mark.parametrize("jump", [DAY, -DAY, YEAR, -YEAR, 61 * SECOND, -61 * SECOND])
def test_a_jump_is_said_once_and_moves_misses_or_meets_nothing(machine, agent, spec, noon, jump):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    service.arm(agent, SUBJECT, spec(600 * 24, kind=DeadlineKind.RETENTION_UNTIL), at=noon)
    machine.look(jump=jump)
    assert states() == ["armed", "armed"]
    assert [round(one.by.total_seconds()) for one in queries.clock_jumps(agent, since=noon - 9 * YEAR)] == [
        jump.total_seconds()
    ]
    machine.look(jump=-jump)  # put right
    dues = Deadline.objects.values_list("due_at", flat=True).order_by("due_at")
    assert list(dues) == [noon + 10 * HOUR, noon + 600 * DAY]
    machine.look(10 * HOUR)
    assert states() == ["armed", "missed"], "and when its time comes it is missed"


@pytest.mark.parametrize("jump", [DAY, YEAR])
def test_a_clock_that_ran_ahead_for_long_is_put_right_without_losing_a_deadline(machine, agent, spec, noon, jump):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    machine.look(jump=jump)
    machine.look(6 * 60 * SECOND)  # longer than anything is held for: it is called missed now
    assert states() == ["missed"]
    machine.look(jump=-jump)
    assert states() == ["armed", "missed"], "the miss stays on record, the clock runs again"
    [armed] = queries.running(queries.of_subject(agent, SUBJECT))
    assert armed.due_at == noon + 10 * HOUR
    assert custody.history(agent, [SUBJECT])[-1].facts["why"] == "clock_jump"
    assert Job.objects.filter(kind="deadline.moved").count() == 1
    assert ClockJump.objects.order_by("-pk").first().rearmed == 1
    machine.look()
    assert service.arm(agent, SUBJECT, spec(10), at=machine.wall).state == "armed"
    machine.look(10 * HOUR)
    assert states() == ["missed", "missed"]


def test_warnings_that_rang_in_a_future_that_did_not_come_ring_again(machine, agent, spec, noon):
    service.arm(agent, SUBJECT, spec(60 * 24), at=noon)
    machine.look(jump=59 * DAY)
    assert Deadline.objects.get().warned == 3
    machine.look(jump=-59 * DAY)
    row = Deadline.objects.get()
    assert (row.warned, row.warn_at) == (0, noon + 30 * DAY)


def test_after_a_real_jump_forwards_a_miss_is_held_for_five_minutes_and_warnings_are_not(machine, agent, spec, noon):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    machine.look(jump=DAY)
    assert states() == ["armed"]
    assert Job.objects.filter(kind="deadline.warning").count() == 1
    machine.look(5 * 60 * SECOND + SECOND)
    assert states() == ["missed"]


def test_jobs_and_turns_of_a_future_that_did_not_come_do_not_wait_for_it(machine, agent, system, noon):
    jobs.enqueue(system, "test.kind", {}, at=noon + YEAR)
    jobs.enqueue(system, "test.kind", {}, at=noon, run_at=noon + YEAR)  # meant for then
    assert jobs.clock_went_back(at=noon) == 1
    assert jobs.claim(at=noon, kinds=["test.kind"]) is not None
    assert jobs.claim(at=noon, kinds=["test.kind"]) is None
    from cardcase.jobs import registry

    name = next(iter(registry.periods()))
    jobs.promise_periodic(at=noon + YEAR)
    jobs.promise_periodic(at=noon)
    assert Schedule.objects.get(name=name).next_at <= noon + registry.periods()[name]


def test_two_processes_that_see_one_jump_say_it_once(machine, noon):
    assert service.clock_jumped(DAY, at=noon) is not None
    assert service.clock_jumped(DAY, at=noon + SECOND) is None
    assert service.clock_jumped(-DAY, at=noon + SECOND) is not None
