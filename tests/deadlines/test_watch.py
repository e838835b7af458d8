"""The nearest clock is noticed at its moment: an index instead of a scan, a watch that sleeps, one winner of many."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection

from cardcase.deadlines import queries, service, tasks
from cardcase.deadlines.models import Deadline
from cardcase.jobs import registry, wake
from cardcase.jobs.models import Job
from cardcase.jobs.runners.watch import Watch
from cardcase.jobs.wake import Bell
from cardcase.kit import clock

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def only_deadlines(monkeypatch):
    monkeypatch.setattr(registry, "_watched", {"deadlines": registry._watched["deadlines"]})
    monkeypatch.setattr(tasks, "look_at_the_clock", lambda: None)


def plan(rows) -> str:
    return rows.explain()


@pytest.mark.parametrize(("field", "index"), [("due_at", "deadline_next_due"), ("warn_at", "deadline_next_warning")])
def test_the_next_moment_is_one_look_at_a_partial_index(agent, spec, noon, field, index):
    for number in range(50):
        service.arm(agent, f"case_{number}", spec(10 + number), at=noon)
    Deadline.objects.filter(subject__in=["case_1", "case_2"]).update(state="void", warn_at=None)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # a small table is read whole unless told otherwise
            cursor.execute("ANALYZE deadlines_deadline")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    running = Deadline.objects.filter(state="armed")
    rows = running if field == "due_at" else running.filter(warn_at__isnull=False)
    said = plan(rows.order_by(field).values_list(field, flat=True)[:1])
    assert index in said
    assert "TEMP B-TREE" not in said, "sorted by the index, not by hand"
    assert "Sort" not in said


def test_the_watch_sleeps_to_the_next_moment_and_at_most_a_second(only_deadlines, agent, spec, noon):
    watch = Watch()
    assert watch.look() == 1.0
    service.arm(agent, "case_1", spec(HOUR / HOUR, since=99), at=noon)  # all warnings are due at once
    assert watch.look() == 1.0
    assert Job.objects.filter(kind="deadline.warning").count() == 1
    with clock.fixed_at(noon + HOUR - 0.4 * SECOND):
        assert watch.look() == pytest.approx(0.4)
    with clock.fixed_at(noon + HOUR):
        assert watch.look() == 1.0
    assert Deadline.objects.get().state == "missed"


def test_a_row_that_cannot_be_settled_costs_nobody_else_their_moment(only_deadlines, agent, spec, noon, monkeypatch):
    for number in range(5):
        service.arm(agent, f"case_{number}", spec(1), at=noon)
    real = service.sweeping.miss

    def sometimes(row, at):
        if row.subject == "case_2":
            raise RuntimeError("planted")
        return real(row, at)

    monkeypatch.setattr(service.sweeping, "miss", sometimes)
    monkeypatch.setattr(service.sweeping, "SWEEP_AT_ONCE", 2)
    with pytest.raises(RuntimeError, match="planted"):
        service.sweep(at=noon + 2 * HOUR)
    assert Deadline.objects.filter(state="missed").count() == 4
    with clock.fixed_at(noon + 2 * HOUR):
        assert Watch().look() == 1.0, "the watch lives on and does not spin"


def test_a_bell_wakes_for_a_nearer_moment_only_and_no_ring_is_lost(noon):
    bell = Bell()
    bell.awake()
    bell.sooner(noon)  # rung while it looked around: the sleep that follows ends at once
    started = time.monotonic()
    bell.sleep(5, noon)
    assert time.monotonic() - started < 1
    bell.awake()
    sleeper = threading.Thread(target=bell.sleep, args=(5, noon))
    sleeper.start()
    time.sleep(0.1)
    bell.sooner(noon + HOUR)
    sleeper.join(0.2)
    assert sleeper.is_alive()
    bell.sooner(noon - SECOND)
    sleeper.join(1)
    assert not sleeper.is_alive()


@pytest.mark.django_db(transaction=True)
def test_arming_a_nearer_clock_wakes_the_watch_of_this_process_once_committed(agent, spec, noon, monkeypatch):
    rung = []
    monkeypatch.setattr(wake, "sooner", rung.append)
    service.arm(agent, "case_1", spec(10), at=noon)
    assert rung == [noon + 5 * HOUR]  # its first warning


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shared_database")
def test_of_many_sweeps_at_once_exactly_one_wins_each(agent, spec, noon):
    for number in range(60):
        service.arm(agent, f"case_{number}", spec(1 if number % 2 else 9, since=9), at=noon)
    found, start = [], threading.Barrier(4)

    def sweep():
        start.wait()
        try:
            found.append(len(service.sweep(at=noon + HOUR)))
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 30
    assert Job.objects.filter(kind="deadline.missed").count() == 30
    assert Job.objects.filter(kind="deadline.warning").count() == 30


def test_next_due_leaves_out_paused_and_settled_clocks(agent, spec, goal, noon):
    service.arm(agent, "case_1", goal(2), at=noon)
    from cardcase.deadlines.rules import DeadlineKind, PauseReason

    service.pause(agent, "case_1", DeadlineKind.FIRST_RESPONSE, PauseReason.WAITING_BUYER, at=noon)
    assert queries.next_due() is None
    service.resume(agent, "case_1", DeadlineKind.FIRST_RESPONSE, at=noon)
    assert queries.next_due() == noon + HOUR
