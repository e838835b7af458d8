"""Following the platform: what a changed refund does to a case, twice, late, unknown, or done in the App without us."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

from datetime import timedelta

import pytest

from cardcase.cases import queries, service
from cardcase.cases.models import Case
from cardcase.cases.rules import Event
from cardcase.connectors.ports import RefundState
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines import service as deadline_service
from cardcase.kit.errors import Refused, WrongUse
from cardcase.orders.models import Refund

HOUR = timedelta(hours=1)


@pytest.fixture
def tell(system):
    """Let the platform show a refund in another state, and the case follow."""

    def make(case, state: RefundState, *, at, by=None, **changes):
        Refund.objects.filter(pk=case.refund_id).update(state=state.value, state_raw=f"raw-{state.value}", **changes)
        return service.platform_moved(by or system, case.pk, state, at=at)

    return make


def needs(case) -> set[str]:
    return {need["code"] for need in case.needs_human}


def clocks(actor, case) -> dict[str, str]:
    return {clock.kind.value: clock.state for clock in deadlines.of_subject(actor, case.public_id)}


def test_money_back_at_the_deadline_is_a_time_out_an_incident_and_a_missed_deadline(opened, tell, system, noon):
    case = tell(opened(), RefundState.SUCCEEDED, at=noon + 30 * HOUR, refunded_at=noon + 22 * HOUR)
    assert (case.status, case.outcome, case.is_incident) == ("lost", "lost", True)
    assert needs(case) == {"post_mortem"}
    assert clocks(system, case) == {"platform_response": "missed"}
    last = [item for item in custody.history(system, [case.public_id]) if item.kind == "case.moved"][-1]
    assert (last.facts["row"], last.facts["by"]) == ("T22", "platform")
    assert last.facts["details"]["refund_state_raw"] == "raw-succeeded"


def test_money_back_before_the_deadline_was_agreed_in_the_app(opened, tell, system, noon):
    case = tell(opened(), RefundState.SUCCEEDED, at=noon + 30 * HOUR, refunded_at=noon + 5 * HOUR)
    assert (case.status, case.outcome, case.is_incident) == ("settled", "refunded", False)
    assert needs(case) == {"paid_elsewhere"}
    assert clocks(system, case) == {"platform_response": "void"}


def test_a_part_of_the_price_back_is_a_partial_refund(opened, tell, noon):
    case = tell(opened(), RefundState.SUCCEEDED, at=noon + 6 * HOUR, refunded_at=noon + 5 * HOUR, amount_fen=4500)
    assert (case.outcome, case.claimed_fen) == ("partly_refunded", 4500)


def test_a_time_out_by_an_unverified_clock_asks_a_person_to_check(opened, tell, noon):
    case = opened(timeout_at=None)
    case = tell(case, RefundState.SUCCEEDED, at=noon + 30 * HOUR, refunded_at=noon + 25 * HOUR)
    assert (case.status, needs(case)) == ("lost", {"post_mortem", "timeout_unverified"})


def test_when_the_platform_does_not_say_when_it_paid_a_person_checks_the_time_out(opened, tell, noon):
    case = tell(opened(), RefundState.SUCCEEDED, at=noon + 30 * HOUR)
    assert (case.status, needs(case)) == ("lost", {"post_mortem", "timeout_unverified"})


def test_a_missed_deadline_that_was_swept_still_leads_to_the_time_out(opened, tell, system, noon):
    case = opened()
    deadline_service.sweep(at=noon + 22 * HOUR)
    case = tell(case, RefundState.SUCCEEDED, at=noon + 23 * HOUR, refunded_at=noon + 22 * HOUR + HOUR / 60)
    assert (case.status, clocks(system, case)) == ("lost", {"platform_response": "missed"})


def test_a_closed_refund_is_withdrawn_and_its_clock_void_even_when_told_late(opened, tell, system, noon):
    case = tell(opened(), RefundState.CLOSED, at=noon + 40 * HOUR, modified_at=noon + 3 * HOUR)
    assert (case.status, case.outcome) == ("withdrawn", "withdrawn")
    assert clocks(system, case) == {"platform_response": "void"}
    assert deadline_service.sweep(at=noon + 50 * HOUR) == []


def test_a_refusal_in_the_app_is_a_refusal_in_time_and_asks_for_a_look_at_the_floor(opened, tell, system, noon):
    case = tell(opened(), RefundState.REFUSED, at=noon + 40 * HOUR, rejected_at=noon + 4 * HOUR, timeout_at=None)
    assert (case.status, case.waiting_on, needs(case)) == ("declined", "buyer", {"refused_elsewhere"})
    assert clocks(system, case) == {"platform_response": "met"}


def test_after_a_refusal_the_buyers_clock_runs_when_the_platform_tells_it(opened, tell, system, noon):
    case = tell(opened(), RefundState.REFUSED, at=noon + HOUR, rejected_at=noon, timeout_at=noon + 48 * HOUR)
    [clock] = deadlines.armed(system, [case.public_id])[case.public_id]
    assert (clock.kind.value, clock.if_missed.value) == ("buyer_response", "claim_closed")
    assert case.next_due_at == noon + 48 * HOUR


def test_a_state_that_nobody_knows_asks_a_person_keeps_the_clock_and_never_fails(opened, tell, system, noon):
    case = tell(opened(), RefundState.UNKNOWN, at=noon + HOUR)
    assert (case.status, needs(case)) == ("new", {"refund_state_unknown"})
    assert clocks(system, case) == {"platform_response": "armed"}
    case = tell(case, RefundState.AWAITING_SELLER, at=noon + 2 * HOUR)
    assert needs(case) == set()


def test_the_same_state_again_changes_nothing_but_a_new_time_moves_the_clock(opened, tell, system, noon):
    case = opened()
    again = tell(case, RefundState.AWAITING_SELLER, at=noon + HOUR)
    assert again.revision == 1
    entries = len(custody.history(system, [case.public_id]))
    moved = tell(case, RefundState.AWAITING_SELLER, at=noon + HOUR, timeout_at=noon + 40 * HOUR)
    assert (moved.revision, moved.next_due_at) == (1, noon + 40 * HOUR)
    assert len(custody.history(system, [case.public_id])) == entries + 1


def test_a_success_told_twice_is_one_move(opened, tell, noon):
    case = tell(opened(), RefundState.SUCCEEDED, at=noon + HOUR, refunded_at=noon)
    again = tell(case, RefundState.SUCCEEDED, at=noon + 2 * HOUR, refunded_at=noon)
    assert (again.revision, again.status) == (case.revision, "settled")


def test_an_agreed_return_lets_the_buyers_clock_run_and_then_ours(opened, tell, system, noon):
    case = tell(opened(), RefundState.AWAITING_RETURN, at=noon + HOUR, timeout_at=noon + 72 * HOUR, modified_at=noon)
    assert needs(case) == {"agreed_elsewhere"}
    assert clocks(system, case) == {"platform_response": "void", "return_ship": "armed"}
    case = tell(case, RefundState.AWAITING_RECEIPT, at=noon + 60 * HOUR, timeout_at=noon + 90 * HOUR, modified_at=noon)
    assert clocks(system, case)["return_receive"] == "armed"
    assert case.next_due_at == noon + 90 * HOUR


def test_money_back_after_our_refusal_is_the_platforms_ruling_whose_words_are_asked_for(
    opened, tell, agent, owner, all_yes, system, noon
):
    case = opened()
    service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)
    service.advance(owner, case.number, Event.DECLINED, facts=all_yes(), revision=2, at=noon)
    case = tell(case, RefundState.SUCCEEDED, at=noon + 50 * HOUR, refunded_at=noon + 49 * HOUR)
    assert (case.status, case.stage, case.outcome) == ("lost", "platform_dispute", "lost")
    assert needs(case) == {"ruling_unread", "review_due"}
    rows = [item.facts["row"] for item in custody.history(system, [case.public_id]) if item.kind == "case.moved"]
    assert rows == ["T2", "T12", "T14", "T17"]


def test_the_platforms_own_words_are_kept_when_they_are_known(opened, tell, agent, all_yes, system, noon):
    case = opened()
    service.advance(agent, case.number, Event.STEPPED_IN, facts=all_yes(), revision=1, at=noon)
    Refund.objects.update(state="succeeded", refunded_at=noon)
    words = "经核实，卖家未能证明商品可正常使用"
    case = service.platform_moved(system, case.pk, RefundState.SUCCEEDED, ruling_raw=words, at=noon + HOUR)
    assert (case.status, case.ruling_raw, needs(case)) == ("lost", words, {"review_due"})


def test_a_payment_while_executing_settles_the_case(opened, tell, agent, owner, all_yes, noon):
    case = opened()
    service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)
    service.advance(owner, case.number, Event.CONCEDED, facts=all_yes(), revision=2, at=noon)
    service.advance(owner, case.number, Event.EXECUTED, facts=all_yes(), revision=3, at=noon)
    settled = tell(case, RefundState.SUCCEEDED, at=noon + HOUR, refunded_at=noon)
    assert (settled.status, settled.outcome, needs(settled)) == ("settled", "refunded", set())


def test_a_refund_that_closes_after_we_agreed_asks_a_person(opened, tell, agent, owner, all_yes, noon):
    case = opened()
    service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)
    service.advance(owner, case.number, Event.CONCEDED, facts=all_yes(), revision=2, at=noon)
    case = tell(case, RefundState.CLOSED, at=noon + HOUR)
    assert (case.status, needs(case)) == ("agreed", {"closed_after_agreement"})


def test_a_member_of_staff_who_imports_does_not_become_the_platform(opened, tell, agent, system, noon):
    case = tell(opened(), RefundState.CLOSED, at=noon + HOUR, by=agent)
    last = [item for item in custody.history(system, [case.public_id]) if item.kind == "case.moved"][-1]
    assert (last.actor_label, last.facts["by"], case.status) == ("agent-lika", "platform", "withdrawn")


def test_a_person_types_the_deadline_that_the_app_shows_and_it_replaces_only_the_default(
    opened, tell, agent, system, noon
):
    case = opened(timeout_at=None)
    case = service.type_deadline(agent, case.number, noon + 40 * HOUR, revision=1, at=noon)
    [clock] = deadlines.armed(system, [case.public_id])[case.public_id]
    assert (clock.source.value, clock.due_at, needs(case)) == ("typed", noon + 40 * HOUR, set())
    same = tell(case, RefundState.AWAITING_SELLER, at=noon + HOUR)
    assert same.next_due_at == noon + 40 * HOUR, "what was typed survives the next look at the platform"
    told = tell(case, RefundState.AWAITING_SELLER, at=noon + HOUR, timeout_at=noon + 30 * HOUR)
    assert told.next_due_at == noon + 30 * HOUR, "the platform's own time wins"
    with pytest.raises(Refused) as refused:
        service.type_deadline(agent, case.number, noon + 50 * HOUR, revision=2, at=noon)
    assert refused.value.problem_code == "clock_is_known"
    with pytest.raises(WrongUse):
        service.type_deadline(agent, case.number, noon - HOUR, revision=2, at=noon)


def test_the_refund_row_is_read_and_never_written(opened, tell, system, noon):
    case = opened()
    Refund.objects.update(state="succeeded", refunded_at=noon)
    before = Refund.objects.values().get()
    service.platform_moved(system, case.pk, RefundState.SUCCEEDED, at=noon + HOUR)
    assert Refund.objects.values().get() == before
    assert Case.objects.get().mirror_state == "succeeded"
    assert queries.by_number(system, case.number).status == "settled"
