"""Clocks of every kind that facts, the platform or a person start; older and weaker words; post-mortems."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cardcase.deadlines import queries, service
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import (
    TELLABLE,
    ClockFacts,
    DeadlineKind,
    Source,
    TimeRule,
    Trigger,
    check_again,
    choose,
    order_clocks,
    supplier_claim,
)
from cardcase.jobs.models import Job
from cardcase.kit.catalogue import Certainty
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import Refused, WrongUse

SUBJECT = "case_0190"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KIND = DeadlineKind.PLATFORM_RESPONSE


def only(actor, kind=KIND):
    return next(one for one in queries.running(queries.of_subject(actor, SUBJECT)) if one.kind is kind)


@pytest.mark.parametrize("kind", sorted(TELLABLE))
@pytest.mark.parametrize(("source", "certainty"), [(Source.API, "H"), (Source.TYPED, "L")])
def test_every_kind_that_is_told_starts_with_its_source_and_certainty(agent, noon, kind, source, certainty):
    clock = service.tell(agent, SUBJECT, kind, noon + 9 * HOUR, source=source, at=noon)
    assert (clock.kind, clock.due_at, clock.source, clock.certainty) == (kind, noon + 9 * HOUR, source, certainty)


@pytest.mark.parametrize("kind", sorted(TELLABLE))
def test_what_nobody_knows_is_the_shops_default_marked_unverified_and_only_where_silence_costs_us(agent, noon, kind):
    clock = service.tell(agent, SUBJECT, kind, None, source=Source.API, at=noon)
    if kind in (DeadlineKind.BUYER_RESPONSE, DeadlineKind.RETURN_SHIP, DeadlineKind.APPEAL_WINDOW):
        assert clock is None
    else:
        assert (clock.due_at - noon, clock.is_verified, clock.source) == (24 * HOUR, False, Source.DEFAULT)
        known = service.tell(agent, SUBJECT, kind, noon + 3 * HOUR, source=Source.TYPED, at=noon)
        assert service.tell(agent, SUBJECT, kind, None, source=Source.API, at=noon).due_at == known.due_at


def test_own_goals_promises_and_windows_that_follow_from_facts_are_never_typed(agent, noon):
    for kind in set(DeadlineKind) - TELLABLE:
        with pytest.raises(WrongUse):
            service.tell(agent, SUBJECT, kind, noon + HOUR, source=Source.TYPED, at=noon)


def test_a_typed_moment_is_a_persons_lies_ahead_and_yields_to_what_the_platform_told(agent, system, noon):
    kind = DeadlineKind.EVIDENCE_DUE
    with pytest.raises(Refused):
        service.tell(system, SUBJECT, kind, noon + HOUR, source=Source.TYPED, at=noon)
    with pytest.raises(WrongUse):
        service.tell(agent, SUBJECT, kind, noon, source=Source.TYPED, at=noon)
    service.tell(system, SUBJECT, kind, noon + HOUR, source=Source.API, at=noon)
    with pytest.raises(Refused) as refused:
        service.tell(agent, SUBJECT, kind, noon + 2 * HOUR, source=Source.TYPED, at=noon)
    assert refused.value.problem_code == "clock_is_known"


def test_an_older_word_of_the_platform_moves_nothing_and_a_newer_one_does(agent, spec, noon):
    service.arm(agent, SUBJECT, spec(10, told_at=noon - HOUR), at=noon)
    for hours, told in ((99, noon - 2 * HOUR), (1, noon - 5 * DAY)):  # late pushes, in any order
        service.arm(agent, SUBJECT, spec(hours, told_at=told), at=noon)
    assert only(agent).due_at == noon + 10 * HOUR
    service.arm(agent, SUBJECT, spec(20, told_at=noon), at=noon)
    service.arm(agent, SUBJECT, spec(20, told_at=noon), at=noon)  # the same push twice
    assert only(agent).due_at == noon + 20 * HOUR
    assert Deadline.objects.count() == 2


@pytest.mark.parametrize("source", [Source.RULE, Source.DEFAULT, Source.TYPED])
def test_what_the_platform_told_is_not_given_up_for_less(agent, spec, noon, source):
    service.arm(agent, SUBJECT, spec(10), at=noon)
    service.arm(agent, SUBJECT, spec(30, source=source, certainty=Certainty.OPEN, rule="x"), at=noon)
    assert (only(agent).due_at, only(agent).source) == (noon + 10 * HOUR, Source.API)


# --- from facts -------------------------------------------------------------------------------------------------------

PAID = datetime(2026, 11, 24, 4, tzinfo=UTC)


def rule(kind, trigger, allowance, **changes) -> TimeRule:
    values = {"id": "x", "kind": kind, "trigger": trigger, "allowance": allowance, "certainty": Certainty.MIRROR}
    return TimeRule(**{**values, **changes})


DELIVER = rule(DeadlineKind.DELIVERY_DUE, Trigger.PAID, timedelta(minutes=10), service_support="FD_10MS")
RECEIPT = rule(DeadlineKind.AUTO_CONFIRM, Trigger.DELIVERED, 10 * DAY)


def kinds(specs):
    return [(spec.kind, spec.due_at) for spec in specs]


def test_a_promise_runs_until_delivery_and_receipt_from_then_on():
    facts = ClockFacts(paid_at=PAID, service_support=("FD_10MS",), default_response_hours=24, seen_at=PAID)
    due = [(DeadlineKind.DELIVERY_DUE, PAID + timedelta(minutes=10))]
    assert kinds(order_clocks(facts, [DELIVER, RECEIPT], is_delivered=False)) == due
    assert order_clocks(facts, [DELIVER, RECEIPT], is_delivered=True) == []
    assert order_clocks(ClockFacts(paid_at=PAID, default_response_hours=24), [DELIVER], is_delivered=False) == []
    there = ClockFacts(paid_at=PAID, delivered_at=PAID + HOUR)
    assert kinds(order_clocks(there, [DELIVER, RECEIPT], is_delivered=True)) == [
        (DeadlineKind.AUTO_CONFIRM, PAID + HOUR + 10 * DAY)
    ]
    asked = ClockFacts(paid_at=PAID, delivered_at=PAID + HOUR, refund_state="awaiting_seller")
    done = ClockFacts(paid_at=PAID, delivered_at=PAID + HOUR, confirmed_at=PAID + DAY)
    assert order_clocks(asked, [RECEIPT], is_delivered=True) == order_clocks(done, [RECEIPT], is_delivered=True) == []


def test_the_suppliers_window_ends_with_the_day_of_its_terms():
    spec = supplier_claim(date(2026, 11, 30), since=PAID, zone=SHANGHAI)
    assert spec.due_at == datetime(2026, 12, 1, tzinfo=SHANGHAI)
    leap = supplier_claim(date(2028, 2, 28), since=PAID, zone=SHANGHAI)
    assert leap.due_at == datetime(2028, 2, 29, tzinfo=SHANGHAI)


def test_an_executed_remedy_is_checked_after_a_quarter_of_an_hour_then_hourly_for_a_day():
    again = rule(DeadlineKind.REFUND_SETTLE, Trigger.AGREED, timedelta(minutes=15), repeat=HOUR, repeat_until=DAY)
    first = choose(ClockFacts(agreed_at=PAID), [again], kind=DeadlineKind.REFUND_SETTLE)
    assert first.due_at == PAID + timedelta(minutes=15)
    moments, at = [], first.due_at
    while (at := check_again([again], DeadlineKind.REFUND_SETTLE, started_at=PAID, at=at)) is not None:
        moments.append(at - PAID)
    assert moments == [timedelta(minutes=15) + HOUR * n for n in range(1, 24)]
    late = check_again([again], DeadlineKind.REFUND_SETTLE, started_at=PAID, at=PAID + 5 * HOUR)
    assert late == PAID + 5 * HOUR + timedelta(minutes=15)


def test_papers_are_kept_for_three_years_also_over_a_leap_day():
    keep = rule(DeadlineKind.RETENTION_UNTIL, Trigger.CLOSED, timedelta(days=1096))
    for closed in (datetime(2026, 11, 24, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)):
        spec = choose(ClockFacts(closed_at=closed), [keep], kind=DeadlineKind.RETENTION_UNTIL)
        assert spec.due_at >= closed.replace(year=closed.year + 3, day=min(closed.day, 28))


def test_silent_clocks_give_no_warning_and_those_of_closed_cases_run_on(agent, spec, noon):
    for kind in (DeadlineKind.RETENTION_UNTIL, DeadlineKind.REFUND_SETTLE, DeadlineKind.AUTO_CONFIRM):
        service.arm(agent, SUBJECT, spec(10, kind=kind), at=noon)
    service.arm(agent, SUBJECT, spec(10, kind=DeadlineKind.SUPPLIER_CLAIM_WINDOW), at=noon)
    service.sweep(at=noon + 9 * HOUR)
    assert {job.args["kind"] for job in Job.objects.filter(kind="deadline.warning")} == {"supplier_claim_window"}
    service.void_all(agent, SUBJECT, at=noon + 9 * HOUR)
    left = {clock.kind for clock in queries.running(queries.of_subject(agent, SUBJECT))}
    assert left == {DeadlineKind.RETENTION_UNTIL, DeadlineKind.SUPPLIER_CLAIM_WINDOW}
