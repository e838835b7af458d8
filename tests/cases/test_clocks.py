"""The clocks of a case: versions of rules, late pushes, our turn and theirs, orders, batches, checks, closing."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

from datetime import timedelta

import pytest

from cardcase.cards.models import CardBatch
from cardcase.cases import queries, service, tasks
from cardcase.cases.models import Case, Review
from cardcase.cases.rules import Event, GuardRefused
from cardcase.cases.rules.reviews import Cause, Findings
from cardcase.cases.service import clocks as settling
from cardcase.connectors.ports import OrderState, RefundState
from cardcase.custody import queries as record
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines import service as clock_service
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import DeadlineKind, PauseReason, Source
from cardcase.deadlines.rules.hours import Hours, read_spans
from cardcase.jobs.models import Job
from cardcase.jobs.registry import Claim
from cardcase.kit import clock
from cardcase.kit.errors import Refused
from cardcase.staff.models import Shop

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
VERSIONS = """
[catalogue]
id = "rules"
version = "own"
source = "test"
certainty = "M"

[[deadline]]
id = "D1"
code = "D1"
kind = "platform_response"
trigger = "refund_applied_before_confirm"
allowance = "PT72H"
service_support = "VNR"
effective_to = 2026-11-23
title_zh = "旧版"
title_en = "old"
text_zh = "旧版规则"
text_en = "the old rule"

[[deadline]]
id = "D1-new"
code = "D1"
kind = "platform_response"
trigger = "refund_applied_before_confirm"
allowance = "PT36H"
service_support = "VNR"
effective_from = 2026-11-24
title_zh = "新版"
title_en = "new"
text_zh = "新版规则"
text_en = "the new rule"
"""


@pytest.fixture
def two_versions(data):
    folder = data / "overrides" / "lika"
    folder.mkdir(parents=True)
    (folder / "rules.toml").write_text(VERSIONS, encoding="utf-8")


def clocks(actor, subject):
    return {one.kind: one for one in deadlines.of_subject(actor, subject) if one.state in ("armed", "paused")}


def work_off(kind: str, work) -> int:
    found = list(Job.objects.filter(kind=kind, state="waiting").order_by("pk"))
    for job in found:
        work(Claim(job.pk, job.kind, job.args, job.key, job.shop_id, 1, 1))
    Job.objects.filter(pk__in=[job.pk for job in found]).update(state="done")
    return len(found)


@pytest.mark.parametrize(("applied", "hours", "rule"), [(-13 * HOUR, 72, "D1"), (-1 * HOUR, 36, "D1-new")])
def test_the_rule_of_the_day_of_the_refund_counts_and_a_new_version_moves_no_running_clock(
    two_versions, opened, make_order, system, noon, applied, hours, rule
):
    case = opened(order=make_order(service_support="VNR"), timeout_at=None, applied_at=noon + applied)
    for later in (timedelta(), 10 * HOUR):
        service.platform_moved(system, case.pk, RefundState.AWAITING_SELLER, at=noon + later)
        running = clocks(system, case.public_id)[DeadlineKind.PLATFORM_RESPONSE]
        assert (running.due_at, running.rule) == (noon + applied + hours * HOUR, rule)
    assert Deadline.objects.filter(subject=case.public_id).count() == 1


def test_another_default_of_the_shop_moves_a_defaulted_clock_in_sight_and_no_other(opened, make_order, system, noon):
    guessed = opened(timeout_at=None, applied_at=None)
    told = opened(order=make_order(order_no="2226687816233094999"))
    Shop.objects.filter(pk=system.shop_id).update(default_response_hours=48)
    for case in (guessed, told):
        service.platform_moved(system, case.pk, RefundState.AWAITING_SELLER, at=noon + HOUR)
    moved = clocks(system, guessed.public_id)[DeadlineKind.PLATFORM_RESPONSE]
    assert (moved.due_at, moved.source, moved.certainty) == (noon + 48 * HOUR, Source.DEFAULT, "?")
    assert [item.kind for item in record.history(system, [guessed.public_id])].count("deadline.moved") == 1
    assert Deadline.objects.filter(subject=guessed.public_id, kind=DeadlineKind.PLATFORM_RESPONSE).count() == 2
    assert clocks(system, told.public_id)[DeadlineKind.PLATFORM_RESPONSE].due_at == noon + 22 * HOUR


def test_a_late_push_that_is_older_moves_no_clock(opened, system, noon):
    case = opened(modified_at=noon - HOUR)
    case.refund.timeout_at, case.refund.modified_at = noon + 5 * HOUR, noon - 2 * HOUR
    case.refund.save()
    for _ in range(2):
        service.platform_moved(system, case.pk, RefundState.AWAITING_SELLER, at=noon)
    running = clocks(system, case.public_id)[DeadlineKind.PLATFORM_RESPONSE]
    assert running.due_at == noon + 22 * HOUR


def test_our_goal_stands_still_while_it_is_not_our_turn_and_the_platforms_clock_does_not(
    make_order, system, agent, noon
):
    case, _ = service.open_case(system, make_order(), None, at=noon)
    Case.objects.filter(pk=case.pk).update(waiting_on="buyer")
    service.clock_moved(system, case.public_id, at=noon + 2 * HOUR)
    goal = clocks(system, case.public_id)[DeadlineKind.FIRST_RESPONSE]
    assert (goal.is_paused, goal.remaining) == (True, 10 * HOUR)
    assert Case.objects.get(pk=case.pk).next_due_at is None
    Case.objects.filter(pk=case.pk).update(waiting_on="seller")
    service.clock_moved(system, case.public_id, at=noon + 50 * HOUR)
    assert Case.objects.get(pk=case.pk).next_due_at == noon + 60 * HOUR


def test_a_pause_that_a_person_made_only_a_person_ends(make_order, system, agent, noon):
    case, _ = service.open_case(system, make_order(), None, at=noon)
    case = service.pause_goal(agent, case.number, PauseReason.HOLIDAY_CLOSING, revision=case.revision, at=noon + HOUR)
    service.clock_moved(system, case.public_id, at=noon + 2 * HOUR)
    assert clocks(system, case.public_id)[DeadlineKind.FIRST_RESPONSE].is_paused
    case = service.resume_goal(agent, case.number, revision=case.revision, at=noon + 30 * HOUR)
    assert case.next_due_at == noon + 41 * HOUR


def test_new_hours_move_the_copy_on_the_case_too(make_order, system, owner, noon):
    case, _ = service.open_case(system, make_order(), None, at=noon)
    week = (read_spans("09:00-18:00"),) * 7
    clock_service.set_hours(owner, Hours(week=week, follows_holidays=False), at=noon)
    assert work_off("deadline.moved", tasks.deadline_moved) == 1
    due = clocks(system, case.public_id)[DeadlineKind.FIRST_RESPONSE].due_at
    assert due == noon + 27 * HOUR  # six hours today, six tomorrow
    assert Case.objects.get(pk=case.pk).next_due_at == due


def test_a_promised_delivery_runs_on_the_order_and_is_met_or_missed_by_it(make_order, system, noon):
    order = make_order(
        service_support="FD_10MS",
        state=OrderState.AWAITING_DELIVERY.value,
        paid_at=noon,
        delivered_at=None,
        seen_at=noon,
    )
    for _ in range(2):
        service.follow_order(system, order, at=noon + MINUTE)
    assert clocks(system, order.public_id)[DeadlineKind.DELIVERY_DUE].due_at == noon + 10 * MINUTE
    order.state, order.delivered_at = OrderState.DELIVERED.value, noon + 9 * MINUTE
    service.follow_order(system, order, at=noon + HOUR)  # told late, done in time
    assert Deadline.objects.get(subject=order.public_id).state == "met"


def test_a_promise_that_was_over_before_we_saw_the_order_is_no_clock(make_order, system, noon):
    order = make_order(
        service_support="FD_10MS", state=OrderState.AWAITING_DELIVERY.value, paid_at=noon - DAY, delivered_at=None
    )
    service.follow_order(system, order, at=noon)
    assert not Deadline.objects.filter(subject=order.public_id).exists()


def test_automatic_receipt_runs_until_a_refund_is_applied_for(make_order, make_refund, system, noon):
    order = make_order()
    service.open_case(system, order, None, at=noon)
    receipt = clocks(system, order.public_id)[DeadlineKind.AUTO_CONFIRM]
    assert (receipt.due_at, receipt.rule) == (order.delivered_at + 10 * DAY, "D5")
    service.open_case(system, order, make_refund(order), at=noon + HOUR)
    assert DeadlineKind.AUTO_CONFIRM not in clocks(system, order.public_id)


def test_the_suppliers_window_hangs_on_the_batch_once_for_all_its_cases(make_order, make_refund, shop, system, noon):
    batch = CardBatch.objects.create(shop=shop, public_id="batch_1", name="b", claim_until=(noon + 5 * DAY).date())
    for _ in range(2):
        order = make_order()
        order.cards.update(batch=batch)
        service.open_case(system, order, make_refund(order), at=noon)
    [window] = deadlines.running(deadlines.of_subject(system, "batch_1"))
    assert (window.kind, window.rule) == (DeadlineKind.SUPPLIER_CLAIM_WINDOW, "supplier_terms")
    assert Deadline.objects.filter(subject="batch_1").count() == 1


def test_an_executed_remedy_is_looked_for_every_hour_and_only_after_a_day_people_are_told(opened, system, noon):
    case = opened(timeout_at=noon + 30 * DAY)
    Case.objects.filter(pk=case.pk).update(status="executing", waiting_on="platform", is_incident=True)  # of before
    settling.arm_settling(system, case, at=noon)
    at, looks = noon + 15 * MINUTE, 0
    while DeadlineKind.REFUND_SETTLE in clocks(system, case.public_id):
        assert not Job.objects.filter(kind="notice.due").exists()
        clock_service.sweep(at=at)
        with clock.fixed_at(at):
            looks += work_off("deadline.missed", tasks.deadline_missed)
        at += HOUR
    assert looks == 24
    assert Job.objects.filter(kind=service.SETTLING_OVER).count() == looks
    [told] = Job.objects.filter(kind="notice.due")
    assert told.args["event"] == "missed"
    row = Case.objects.get(pk=case.pk)
    assert {"refund_unseen", "deadline_missed"} <= {need["code"] for need in row.needs_human}


def test_a_case_with_an_unreviewed_miss_is_not_closed_and_its_papers_are_kept_after(
    opened, system, owner, all_yes, noon
):
    case = opened(timeout_at=noon + HOUR)
    clock_service.sweep(at=noon + 2 * HOUR)
    work_off("deadline.missed", tasks.deadline_missed)
    Case.objects.filter(pk=case.pk).update(status="lost", is_open=False)
    with pytest.raises(GuardRefused) as refused:
        service.advance(system, case.pk, Event.CLOSED, facts=all_yes(), revision=None, at=noon + 3 * HOUR)
    assert refused.value.facts["guards"] == ["review_is_written"]
    findings = Findings(text="没看到", cause=Cause.UNNOTICED, measure="开提醒")
    row = queries.find(owner, case.pk)
    service.review(owner, row.number, findings, revision=row.revision, at=noon + 4 * HOUR)
    [review] = Review.objects.all()
    missed = [{"kind": "platform_response", "due_at": clock.iso(noon + HOUR)}]
    assert (review.cause, review.measure, review.missed) == (Cause.UNNOTICED, "开提醒", missed)
    service.advance(system, case.pk, Event.CLOSED, facts=all_yes(), revision=None, at=noon + 5 * HOUR)
    kept = clocks(system, case.public_id)[DeadlineKind.RETENTION_UNTIL]
    assert kept.due_at == noon + 5 * HOUR + timedelta(days=1096)


def test_a_person_types_the_clock_of_evidence_and_appeal_and_the_queue_follows(opened, agent, noon):
    case = opened()
    for hours, kind in ((3, DeadlineKind.EVIDENCE_DUE), (2, DeadlineKind.APPEAL_WINDOW)):
        due_at = noon + hours * HOUR
        case = service.type_deadline(agent, case.number, due_at, kind=kind, revision=case.revision, at=noon)
        assert clocks(agent, case.public_id)[kind].source is Source.TYPED
        assert case.next_due_at == noon + hours * HOUR
    kind = DeadlineKind.PLATFORM_RESPONSE
    with pytest.raises(Refused):  # the platform told this one
        service.type_deadline(agent, case.number, noon + HOUR, kind=kind, revision=case.revision, at=noon)


def test_no_clock_of_another_step_is_typed(opened, agent, noon):
    case = opened(timeout_at=None)
    kind = DeadlineKind.RETURN_RECEIVE
    with pytest.raises(Refused) as refused:
        service.type_deadline(agent, case.number, noon + HOUR, kind=kind, revision=case.revision, at=noon)
    assert refused.value.problem_code == "no_such_clock"
    assert DeadlineKind.PLATFORM_RESPONSE in clocks(agent, case.public_id)
