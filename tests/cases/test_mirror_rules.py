"""What the platform's state of a refund means for a case: total, and never a step outside the table. No database."""

import pytest

from cardcase.cases.rules import BY_EVENT, Event, Need, Status, effect
from cardcase.connectors.ports import RefundState

UNDECIDED = [Status.NEW, Status.NEEDS_RESPONSE, Status.WAITING_BUYER, Status.OFFER_MADE]


@pytest.mark.parametrize("timed_out", [True, False])
@pytest.mark.parametrize("state", RefundState)
@pytest.mark.parametrize("status", Status)
def test_every_status_and_state_has_an_answer_that_the_table_allows(status, state, timed_out):
    answer = effect(status, state, is_timed_out=timed_out)
    here = status
    for event in answer.events:
        row = BY_EVENT[event]
        assert here in row.source
        here = row.to[-1]


@pytest.mark.parametrize("status", UNDECIDED)
def test_money_back_after_the_sellers_deadline_is_a_loss_that_needs_a_review(status):
    assert effect(status, RefundState.SUCCEEDED, is_timed_out=True).events == (Event.TIMED_OUT,)
    unsure = effect(status, RefundState.SUCCEEDED, is_timed_out=True, is_clock_verified=False)
    assert set(unsure.needs) == {Need.POST_MORTEM, Need.TIMEOUT_UNVERIFIED}


@pytest.mark.parametrize("status", [*UNDECIDED, Status.AGREED])
def test_money_back_before_the_deadline_was_agreed_in_the_app(status):
    answer = effect(status, RefundState.SUCCEEDED, is_timed_out=False)
    assert answer.events == (Event.PAID_ELSEWHERE,)
    assert answer.needs == (Need.PAID_ELSEWHERE,)


def test_money_back_after_a_refusal_was_the_platforms_ruling():
    assert effect(Status.DECLINED, RefundState.SUCCEEDED, is_timed_out=True).events == (Event.STEPPED_IN, Event.RULED)
    assert effect(Status.UNDER_REVIEW, RefundState.SUCCEEDED, is_timed_out=False).events == (Event.RULED,)


def test_a_closed_refund_is_a_withdrawal_unless_something_was_agreed():
    assert effect(Status.UNDER_REVIEW, RefundState.CLOSED, is_timed_out=False).events == (Event.WITHDRAWN,)
    agreed = effect(Status.AGREED, RefundState.CLOSED, is_timed_out=False)
    assert (agreed.events, agreed.needs) == ((), (Need.CLOSED_AFTER_AGREEMENT,))


def test_a_refusal_that_is_ours_already_changes_nothing():
    assert effect(Status.DECLINED, RefundState.REFUSED, is_timed_out=False).events == ()
    assert effect(Status.DECLINED, RefundState.REFUSED, is_timed_out=False).needs == ()


def test_a_state_nobody_knows_asks_a_person():
    for status in Status:
        assert effect(status, RefundState.UNKNOWN, is_timed_out=True).needs == (Need.REFUND_STATE_UNKNOWN,)


def test_a_refund_that_waits_for_the_seller_again_is_not_overlooked():
    for status in (Status.DECLINED, Status.WITHDRAWN, Status.CLOSED, Status.SETTLED):
        assert effect(status, RefundState.AWAITING_SELLER, is_timed_out=False).needs == (Need.REAPPLIED,)
