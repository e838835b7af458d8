"""Deadlines as rows: armed once, moved, met, voided, missed once, rung once; the missed stay for ever."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.custody import queries as custody
from cardcase.deadlines import queries, service
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import DeadlineKind, Source
from cardcase.jobs.models import Job
from cardcase.kit.errors import NotAllowed, Refused

SUBJECT = "case_0190"
HOUR = timedelta(hours=1)
KIND = DeadlineKind.PLATFORM_RESPONSE


def kinds_recorded(actor) -> list[str]:
    return [item.kind for item in custody.history(actor, [SUBJECT])]


def jobs(kind: str) -> list[Job]:
    return list(Job.objects.filter(kind=kind).order_by("pk"))


def test_an_armed_clock_is_seen_with_its_source_its_certainty_and_what_is_lost(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(), at=noon)
    [clock] = queries.armed(agent, [SUBJECT, "case_other"])[SUBJECT]
    assert (clock.kind, clock.due_at, clock.source) == (KIND, noon + 10 * HOUR, Source.API)
    assert clock.if_missed_text.zh == "平台自动退款"
    assert clock.source_text.zh == "来源：平台接口 · 确定"
    assert queries.armed(agent, ["case_other"]) == {"case_other": []}
    assert kinds_recorded(agent) == ["deadline.armed"]


def test_arming_the_same_clock_again_changes_nothing(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(), at=noon)
    service.arm(agent, SUBJECT, spec(), at=noon + HOUR)
    assert Deadline.objects.count() == 1
    assert kinds_recorded(agent) == ["deadline.armed"]


def test_a_time_that_the_platform_changes_moves_the_clock_and_the_old_row_stays_as_void(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    service.arm(agent, SUBJECT, spec(20), at=noon + HOUR)
    assert [(row.state, row.due_at - noon) for row in Deadline.objects.order_by("pk")] == [
        ("void", 10 * HOUR),
        ("armed", 20 * HOUR),
    ]
    assert kinds_recorded(agent) == ["deadline.armed", "deadline.moved"]


def test_a_clock_of_another_kind_runs_beside_the_first(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    service.arm(agent, SUBJECT, spec(5, kind=DeadlineKind.OFFER_EXPIRY), at=noon)
    assert [clock.kind for clock in queries.armed(agent, [SUBJECT])[SUBJECT]] == [DeadlineKind.OFFER_EXPIRY, KIND]


def test_what_is_done_in_time_is_met_and_what_is_done_late_is_missed(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    assert service.meet(agent, SUBJECT, KIND, at=noon + HOUR / 2).state == "met"
    service.arm(agent, SUBJECT, spec(2), at=noon)
    assert service.meet(agent, SUBJECT, KIND, at=noon + 3 * HOUR).state == "missed"
    assert service.meet(agent, SUBJECT, KIND, at=noon) is None
    assert len(jobs("deadline.missed")) == 1


def test_a_late_import_of_something_done_in_time_is_not_called_missed(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    clock = service.meet(agent, SUBJECT, KIND, at=noon + 5 * HOUR, acted_at=noon + HOUR / 2)
    assert clock.state == "met"


def test_voiding_stops_all_clocks_but_tidies_no_miss_away(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    service.arm(agent, SUBJECT, spec(9, kind=DeadlineKind.OFFER_EXPIRY), at=noon)
    service.arm(agent, SUBJECT, spec(9, kind=DeadlineKind.RETENTION_UNTIL), at=noon)
    assert service.void_all(agent, SUBJECT, at=noon + 2 * HOUR, keep=[DeadlineKind.RETENTION_UNTIL]) == 2
    states = dict(Deadline.objects.values_list("kind", "state"))
    assert states == {"platform_response": "missed", "offer_expiry": "void", "retention_until": "armed"}


def test_the_sweep_misses_each_deadline_once_with_a_record_and_a_job(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    assert service.sweep(at=noon + HOUR - timedelta(seconds=1)) == []
    [missed] = service.sweep(at=noon + HOUR)
    assert (missed.clock.subject, missed.clock.kind, missed.shop_id) == (SUBJECT, KIND, agent.shop_id)
    assert service.sweep(at=noon + 2 * HOUR) == []
    assert kinds_recorded(agent) == ["deadline.armed", "deadline.missed"]
    [job] = jobs("deadline.missed")
    assert (job.shop_id, job.args["subject"], job.args["kind"]) == (agent.shop_id, SUBJECT, "platform_response")


def test_a_deadline_that_moved_after_the_sweep_looked_is_not_missed(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    looked = Deadline.objects.get()
    service.arm(agent, SUBJECT, spec(20), at=noon)
    assert service.rows.miss(looked, noon + 2 * HOUR) is False
    assert queries.armed(agent, [SUBJECT])[SUBJECT][0].due_at == noon + 20 * HOUR


def test_the_same_moment_is_not_armed_again_after_it_was_missed(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    service.sweep(at=noon + 2 * HOUR)
    assert service.arm(agent, SUBJECT, spec(1), at=noon + 2 * HOUR).state == "missed"
    assert service.sweep(at=noon + 3 * HOUR) == []
    assert Deadline.objects.count() == 1


def test_the_sweep_takes_more_than_one_handful_of_every_shop(agent, stranger, spec, noon, monkeypatch):
    monkeypatch.setattr(service.sweeping, "SWEEP_AT_ONCE", 3)
    for number in range(7):
        service.arm(agent, f"case_{number}", spec(1), at=noon)
    service.arm(stranger, "case_theirs", spec(1), at=noon)
    assert len(service.sweep(at=noon + 2 * HOUR)) == 8


def test_warnings_ring_at_half_a_quarter_and_the_margin_each_once(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    for hours in (4.9, 5, 5.1, 7.5, 7.6, 9, 9.5):
        service.sweep(at=noon + hours * HOUR)
    assert [job.args["alarm"] for job in jobs("deadline.warning")] == ["half", "quarter", "margin"]
    row = Deadline.objects.get()
    assert (row.warned, row.warn_at, row.state) == (3, None, "armed")


def test_a_clock_that_is_armed_late_rings_its_most_pressing_warning_only(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(0.5, since=9.5), at=noon)
    service.sweep(at=noon)
    assert [job.args["alarm"] for job in jobs("deadline.warning")] == ["margin"]
    assert service.sweep(at=noon + HOUR / 4) == []
    assert len(jobs("deadline.warning")) == 1


def test_a_met_clock_rings_no_more(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    service.meet(agent, SUBJECT, KIND, at=noon)
    service.sweep(at=noon + 20 * HOUR)
    assert jobs("deadline.warning") == []
    assert jobs("deadline.missed") == []


def test_a_missed_deadline_cannot_be_deleted(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    service.sweep(at=noon + 2 * HOUR)
    with pytest.raises(Refused, match="不能删除"):
        Deadline.objects.all().delete()
    with pytest.raises(Refused, match="never deleted"):
        Deadline.objects.get().delete()


def test_another_shop_sees_and_stops_nothing_of_ours(agent, stranger, auditor, spec, noon):
    service.arm(agent, SUBJECT, spec(), at=noon)
    assert queries.armed(stranger, [SUBJECT]) == {SUBJECT: []}
    assert service.void_all(stranger, SUBJECT, at=noon) == 0
    with pytest.raises(NotAllowed):
        service.void_all(auditor, SUBJECT, at=noon)
    assert len(queries.armed(auditor, [SUBJECT])[SUBJECT]) == 1


def test_the_worker_may_sleep_until_the_next_warning_or_deadline(agent, spec, noon):
    assert queries.next_due() is None
    service.arm(agent, SUBJECT, spec(10), at=noon)
    assert queries.next_due() == noon + 5 * HOUR
    for hours in (5, 7.5, 9):
        service.sweep(at=noon + hours * HOUR)
    assert queries.next_due() == noon + 10 * HOUR
    assert queries.next_due(after=noon + 10 * HOUR) is None


def test_a_deadline_counts_as_passed_whether_or_not_the_sweep_came_by(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(1), at=noon)
    assert queries.missed_by(agent, SUBJECT, at=noon + HOUR / 2) is None
    assert queries.missed_by(agent, SUBJECT, at=noon + HOUR).due_at == noon + HOUR
    service.sweep(at=noon + HOUR)
    assert queries.missed_by(agent, SUBJECT, at=noon + HOUR).state == "missed"


def test_the_sweep_finds_what_is_due_through_an_index(agent, spec, noon):
    for number in range(50):
        service.arm(agent, f"case_{number}", spec(10), at=noon)
    due = Deadline.objects.filter(state="armed", due_at__lte=noon).order_by("due_at", "pk")[:200]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # a small table is read whole unless told otherwise
            cursor.execute("ANALYZE deadlines_deadline")
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "deadline_next_due" in due.explain()
    with CaptureQueriesContext(connection) as asked:
        service.sweep(at=noon)
    assert len(asked) == 2
