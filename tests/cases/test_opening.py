"""Opening cases: once for each claim, numbered, held, with a clock, bound to the policy of the day it was paid."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from cardcase.cases import queries, service
from cardcase.cases.models import Case, CaseNumber
from cardcase.cases.service import opening
from cardcase.connectors.ports import RefundState
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.kit.errors import NotAllowed
from cardcase.orders.models import Refund
from cardcase.policies import service as policies

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def needs(case) -> set[str]:
    return {need["code"] for need in case.needs_human}


def test_a_refund_opens_a_held_case_with_number_card_claim_and_the_platforms_clock(opened, system, noon):
    case = opened()
    assert case.number == "AS-2026-000001"
    assert (case.stage, case.status, case.waiting_on) == ("platform_refund", "new", "seller")
    assert (case.is_held, case.held_at, case.revision, case.is_open) == (True, noon, 1, True)
    assert case.card.tail4 == "K4RT"
    assert case.claimed_fen == 19300
    [clock] = deadlines.armed(system, [case.public_id])[case.public_id]
    assert (clock.source.value, clock.due_at) == ("api", noon + 22 * HOUR)
    assert case.next_due_at == clock.due_at
    assert needs(case) == set()


def test_the_same_claim_opens_one_case_however_often_it_is_told(system, make_order, make_refund, noon):
    order = make_order()
    refund = make_refund(order)
    first, is_new = service.open_case(system, order, refund, at=noon)
    again, is_new_again = service.open_case(system, order, refund, at=noon + HOUR)
    assert (is_new, is_new_again, again.pk) == (True, False, first.pk)
    assert Case.objects.count() == 1
    kinds = [item.kind for item in custody.history(system, [first.public_id])]
    assert kinds == ["case.opened", "deadline.armed"]


def test_who_loses_the_race_for_a_claim_gets_the_winners_case_and_wastes_no_number(
    system, make_order, make_refund, noon, monkeypatch
):
    order = make_order()
    refund = make_refund(order)
    winner, _ = service.open_case(system, order, refund, at=noon)
    monkeypatch.setattr(opening, "_known", lambda *_: None)  # as if the winner had come after our look
    monkeypatch.setattr(opening, "_key", lambda *_: winner.claim_key)
    loser, is_new = service.open_case(system, order, refund, at=noon)
    assert (loser.pk, is_new) == (winner.pk, False)
    assert CaseNumber.objects.get().last == 1


def test_numbers_count_per_shop_and_year_of_the_shops_calendar(opened, system, stranger, other_shop, make_order, noon):
    assert [opened().number, opened().number] == ["AS-2026-000001", "AS-2026-000002"]
    theirs, _ = service.open_case(stranger, make_order(in_shop=other_shop), None, at=noon)
    assert theirs.number == "AS-2026-000001"
    new_year_in_shanghai = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    later, _ = service.open_case(system, make_order(), None, at=new_year_in_shanghai)
    assert later.number == "AS-2027-000001"


def test_a_complaint_without_a_refund_is_an_enquiry_with_our_own_goal_as_its_clock(system, make_order, noon):
    case, _ = service.open_case(system, make_order(), None, at=noon)
    assert (case.stage, case.refund, case.claimed_fen) == ("enquiry", None, 19300)
    [clock] = deadlines.armed(system, [case.public_id])[case.public_id]
    assert (clock.kind.value, clock.rule, clock.certainty.value) == ("first_response", "G1", "J")


def test_a_refund_that_turns_up_for_an_enquiry_joins_its_case_one_stage_up(system, make_order, make_refund, noon):
    order = make_order()
    enquiry, _ = service.open_case(system, order, None, at=noon)
    refund = make_refund(order, amount_fen=5000)
    case, is_new = service.open_case(system, order, refund, at=noon + HOUR)
    assert (case.pk, is_new, case.stage, case.refund_id) == (enquiry.pk, False, "platform_refund", refund.pk)
    assert (case.revision, case.claimed_fen) == (2, 5000)
    assert case.next_due_at == refund.timeout_at  # as if the refund had been known first: our own goal gives way
    running = deadlines.armed(system, [case.public_id])[case.public_id]
    assert [clock.kind.value for clock in running] == ["platform_response"]
    assert service.open_case(system, order, refund, at=noon + 2 * HOUR) == (case, False)
    assert service.open_case(system, order, None, at=noon + 2 * HOUR)[0].pk == case.pk


def test_virtual_goods_without_the_platforms_time_get_the_dated_rule(system, make_order, make_refund, noon):
    order = make_order(service_support="SDR,VNR")
    case, _ = service.open_case(system, order, make_refund(order, timeout_at=None), at=noon)
    [clock] = deadlines.armed(system, [case.public_id])[case.public_id]
    assert (clock.source.value, clock.rule, clock.due_at) == ("rule", "D1", noon + 70 * HOUR)
    assert needs(case) == set()


def test_ordinary_goods_get_the_unverified_default_and_a_person_is_asked(opened, system, noon):
    case = opened(timeout_at=None)
    [clock] = deadlines.armed(system, [case.public_id])[case.public_id]
    assert (clock.source.value, clock.certainty.value, clock.due_at) == ("default", "?", noon + 22 * HOUR)
    assert needs(case) == {"clock_unverified"}


@pytest.mark.parametrize(("cards", "need"), [(0, "card_unlinked"), (2, "cards_several")])
def test_an_order_with_no_card_or_several_asks_a_person(opened, make_order, cards, need):
    case = opened(order=make_order(cards=cards))
    assert case.card is None
    assert needs(case) == {need}


def test_a_case_is_bound_to_the_policy_under_which_the_order_was_paid(opened, owner, make_order, noon):
    old = policies.publish(owner, "旧政策", "七日内可退", effective_from=noon - 10 * DAY, at=noon - 10 * DAY)
    policies.publish(owner, "新政策", "三日内可退", effective_from=noon - DAY, at=noon - 2 * DAY)
    assert opened(order=make_order(paid_at=noon - 4 * DAY)).policy == old
    assert opened(order=make_order(paid_at=None)).policy is None


def test_a_refund_that_was_over_before_we_saw_it_does_not_stay_open(opened, system, noon):
    paid = opened(state=RefundState.SUCCEEDED.value, refunded_at=noon - 1 * HOUR, timeout_at=None)
    assert (paid.status, paid.outcome, paid.is_open) == ("settled", "refunded", False)
    timed_out = opened(state=RefundState.SUCCEEDED.value, refunded_at=noon - HOUR, timeout_at=noon - HOUR)
    assert (timed_out.status, timed_out.is_incident) == ("lost", True)
    closed = opened(state=RefundState.CLOSED.value)
    assert (closed.status, closed.outcome) == ("withdrawn", "withdrawn")
    refused = opened(state=RefundState.REFUSED.value, timeout_at=None)
    assert (refused.status, needs(refused)) == ("declined", {"refused_elsewhere"})
    assert deadlines.armed(system, [paid.public_id])[paid.public_id] == []


def test_a_refund_applied_for_again_after_its_case_was_resolved_is_another_claim(system, opened, noon):
    case = opened()
    Refund.objects.filter(pk=case.refund_id).update(state=RefundState.CLOSED.value)
    service.platform_moved(system, case.pk, RefundState.CLOSED, at=noon + HOUR)
    Refund.objects.filter(pk=case.refund_id).update(
        state=RefundState.AWAITING_SELLER.value, applied_at=noon + 2 * HOUR, timeout_at=noon + 26 * HOUR
    )
    refund = Refund.objects.get(pk=case.refund_id)
    second, is_new = service.open_case(system, case.order, refund, at=noon + 3 * HOUR)
    assert is_new
    assert (second.status, second.next_due_at, second.number) == ("new", noon + 26 * HOUR, "AS-2026-000002")
    assert service.open_case(system, case.order, refund, at=noon + 4 * HOUR) == (second, False)
    assert case.pk in [other.pk for other in queries.siblings_of(system, second)]


def test_auditors_open_nothing_and_another_shop_sees_nothing(opened, auditor, stranger, make_order, noon):
    with pytest.raises(NotAllowed):
        service.open_case(auditor, make_order(), None, at=noon)
    case = opened()
    assert queries.queue(stranger) == []
    assert queries.cases_of_order(stranger, case.order_id) == []


def test_opening_is_all_or_nothing(system, make_order, make_refund, noon, monkeypatch):
    order = make_order()
    refund = make_refund(order)
    monkeypatch.setattr(opening, "_record", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        service.open_case(system, order, refund, at=noon)
    assert Case.objects.count() == 0
    assert CaseNumber.objects.count() == 0
