"""Moving cases end to end: every driven row of the table, the clocks it starts and stops, the record it leaves."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

import threading
from datetime import timedelta

import pytest
from django.db import connections

from cardcase.cases import queries, service
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts, GuardRefused, IllegalMove, Outcome
from cardcase.cases.rules.reviews import Cause, Findings
from cardcase.cases.service import moves
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines import service as deadline_service
from cardcase.kit.errors import Conflict, NotAllowed, NotFound
from cardcase.orders.models import Order, Refund

HOUR = timedelta(hours=1)
FINDINGS = Findings(text="值班的人没看到提醒", cause=Cause.UNNOTICED, measure="改为双人轮看")


@pytest.fixture
def confirmed(opened, agent, noon):
    """A case whose reason is confirmed: it needs a response, messages may go out, revision 2."""

    def make(**refund_changes):
        case = opened(**refund_changes)
        return service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)

    return make


@pytest.fixture
def go(all_yes, noon):
    """Make a move with facts that nothing refuses, at the case's present revision."""

    def move(actor, case, event, *, at=noon, outcome=None, **facts):
        revision = Case.objects.values_list("revision", flat=True).get(pk=case.pk)
        known = all_yes(request_due_at=noon + 5 * HOUR, offer_expires_at=noon + 6 * HOUR, **facts)
        return service.advance(
            actor, case.number, event, facts=known, revision=revision, outcome=outcome, details={"why": "测试"}, at=at
        )

    return move


def clocks(actor, case) -> dict[str, str]:
    return {clock.kind.value: clock.state for clock in deadlines.of_subject(actor, case.public_id)}


def running(actor, case) -> set[str]:
    return {clock.kind.value for clock in deadlines.armed(actor, [case.public_id])[case.public_id]}


def moved(actor, case) -> list[str]:
    history = custody.history(actor, [case.public_id])
    return [str(item.facts["row"]) for item in history if item.kind in ("case.opened", "case.moved")]


def test_evidence_offer_agreement_execution_the_long_way(confirmed, go, agent, owner, system, noon):
    case = confirmed()
    case = go(agent, case, Event.EVIDENCE_ASKED)
    assert (case.status, case.waiting_on) == ("waiting_buyer", "buyer")
    assert "platform_response" in running(agent, case), "asking never stops the platform's clock"
    case = go(agent, case, Event.OFFERED)
    assert running(agent, case) == {"platform_response", "offer_expiry"}
    assert case.next_due_at == noon + 6 * HOUR
    case = go(agent, case, Event.OFFER_ENDED)
    assert (case.status, case.waiting_on) == ("needs_response", "seller")
    case = go(agent, case, Event.OFFERED, at=noon + HOUR)
    case = go(agent, case, Event.ACCEPTED)
    assert (case.status, running(agent, case)) == ("agreed", {"platform_response"})
    case = go(owner, case, Event.EXECUTED)
    assert (case.status, case.waiting_on) == ("executing", "platform")
    assert running(agent, case) == {"platform_response", "refund_settle"}
    assert moved(system, case) == ["T1", "T2", "T3", "T5", "T7", "T5", "T6", "T9"]
    assert case.revision == 9 - 1


def test_a_concession_needs_a_typed_confirmation_and_above_the_limit_somebody_who_decides(confirmed, go, agent, lead):
    case = confirmed()
    with pytest.raises(GuardRefused) as refused:
        go(agent, case, Event.CONCEDED, is_within_agent_limit=False)
    assert refused.value.facts["guards"] == ["amount_is_within_the_limit"]
    with pytest.raises(GuardRefused):
        go(lead, case, Event.CONCEDED, is_confirmed=False)
    assert go(lead, case, Event.CONCEDED, is_within_agent_limit=False).status == "agreed"


def test_a_refusal_answers_the_platform_and_may_be_escalated_and_lost(confirmed, go, agent, owner, system):
    case = confirmed()
    with pytest.raises(NotAllowed):
        go(agent, case, Event.DECLINED)
    case = go(owner, case, Event.DECLINED)
    assert (case.status, case.waiting_on, clocks(owner, case)) == ("declined", "buyer", {"platform_response": "met"})
    assert case.next_due_at is None
    case = go(owner, case, Event.ESCALATED)
    assert (case.status, case.stage, case.waiting_on) == ("under_review", "platform_dispute", "platform")
    case = go(agent, case, Event.RULED, verdict="lost", ruling_raw="未能证明商品可用")
    assert (case.status, case.outcome, case.ruling_raw) == ("lost", "lost", "未能证明商品可用")
    assert (case.is_open, case.waiting_on) == (False, "nobody")
    assert moved(system, case) == ["T1", "T2", "T12", "T13", "T17"]


def test_a_refusal_may_turn_into_an_agreement(confirmed, go, owner):
    case = go(owner, confirmed(), Event.DECLINED)
    assert go(owner, case, Event.CONCEDED).status == "agreed"


@pytest.mark.parametrize(("verdict", "outcome"), [("won", "kept"), ("partially_won", "partly_refunded")])
def test_a_ruling_names_the_outcome(confirmed, go, agent, verdict, outcome):
    case = go(agent, confirmed(), Event.STEPPED_IN)
    assert (case.stage, running(agent, case)) == ("platform_dispute", set())
    case = go(agent, case, Event.RULED, verdict=verdict)
    assert (case.status, case.outcome) == (verdict, outcome)


def test_a_withdrawal_ends_the_case_and_its_clocks_and_closing_follows_by_the_system(
    confirmed, go, agent, owner, system, noon
):
    case = go(agent, confirmed(), Event.WITHDRAWN)
    assert (case.status, case.outcome, case.resolved_at, running(agent, case)) == (
        "withdrawn",
        "withdrawn",
        noon,
        set(),
    )
    with pytest.raises(IllegalMove):
        go(owner, case, Event.CLOSED)
    with pytest.raises(GuardRefused) as refused:
        go(system, case, Event.CLOSED, is_free_of_ambiguous_remedy=False)
    assert refused.value.facts["guards"] == ["no_remedy_is_ambiguous"]
    assert [one.pk for one in queries.resolved_before(system, noon + HOUR)] == [case.pk]
    assert go(system, case, Event.CLOSED).status == "closed"
    assert queries.resolved_before(system, noon + HOUR) == []


def test_a_time_out_is_recorded_only_when_the_deadline_has_passed(confirmed, go, agent, owner, noon):
    case = confirmed()
    with pytest.raises(GuardRefused) as refused:
        go(agent, case, Event.TIMED_OUT, at=noon + HOUR)
    assert refused.value.facts["guards"] == ["seller_deadline_has_passed"]
    case = go(agent, case, Event.TIMED_OUT, at=noon + 23 * HOUR)
    assert (case.status, case.outcome, case.is_incident) == ("lost", "lost", True)
    assert clocks(agent, case) == {"platform_response": "missed"}
    assert "post_mortem" in [need["code"] for need in case.needs_human]
    with pytest.raises(NotAllowed):
        service.review(agent, case.number, FINDINGS, revision=case.revision, at=noon + 24 * HOUR)
    case = service.review(owner, case.number, FINDINGS, revision=case.revision, at=noon + 24 * HOUR)
    assert (case.is_incident, case.needs_human) == (False, [])
    assert clocks(owner, case) == {"platform_response": "missed"}


def test_what_callers_claim_of_person_hold_and_clock_is_not_believed(opened, go, agent, system, noon):
    case = opened()
    with pytest.raises(IllegalMove):
        go(agent, case, Event.EVIDENCE_ASKED)
    Case.objects.filter(pk=case.pk).update(status="needs_response")
    with pytest.raises(GuardRefused) as refused:
        go(agent, case, Event.EVIDENCE_ASKED, is_hold_lifted=True)
    assert refused.value.facts["guards"] == ["hold_is_lifted"]
    Case.objects.filter(pk=case.pk).update(is_held=False)
    late = GuardFacts(asked_kinds=("E10",), request_due_at=noon + 21 * HOUR, platform_margin_at=noon + 99 * HOUR)
    with pytest.raises(GuardRefused) as refused:
        service.advance(agent, case.pk, Event.EVIDENCE_ASKED, facts=late, revision=1, at=noon)
    assert refused.value.facts["guards"] == ["request_ends_before_the_margin"]


def test_a_stale_revision_is_a_conflict_that_says_who_was_first_and_nothing_is_lost(
    confirmed, all_yes, agent, owner, system, noon
):
    case = confirmed()
    facts = all_yes()
    service.advance(owner, case.number, Event.DECLINED, facts=facts, revision=2, at=noon)
    before = custody.history(system, [case.public_id])
    with pytest.raises(Conflict) as conflict:
        service.advance(agent, case.number, Event.EVIDENCE_ASKED, facts=facts, revision=2, at=noon + HOUR)
    assert conflict.value.facts == {
        "number": case.number,
        "revision": 3,
        "first_by": "owner-lika",
        "event": "declined",
    }
    assert "拒绝退款" in conflict.value.message.zh
    assert queries.by_number(agent, case.number).status == "declined"
    assert custody.history(system, [case.public_id]) == before


def test_between_reading_and_writing_somebody_else_may_win_and_then_nothing_is_written(
    confirmed, all_yes, agent, owner, noon, monkeypatch
):
    """The row as it was read, and a second actor who commits before we write: the conditional update sees no row."""
    case = confirmed()
    slow = queries.find(agent, case.number)
    service.advance(owner, case.number, Event.DECLINED, facts=all_yes(), revision=2, at=noon)
    with pytest.raises(Conflict):
        moves.move(agent, slow, Event.EVIDENCE_ASKED, facts=all_yes(), at=noon)
    assert queries.by_number(agent, case.number).status == "declined"


def test_a_move_that_fails_late_leaves_nothing_behind(confirmed, go, owner, monkeypatch):
    case = confirmed()
    monkeypatch.setattr(deadline_service, "meet", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        go(owner, case, Event.DECLINED)
    after = queries.by_number(owner, case.number)
    assert (after.status, after.revision) == ("needs_response", 2)
    assert moved(owner, case) == ["T1", "T2"]


def test_another_shop_and_an_auditor_move_nothing(confirmed, go, stranger, auditor):
    case = confirmed()
    with pytest.raises(NotFound):
        go(stranger, case, Event.EVIDENCE_ASKED)
    with pytest.raises(NotAllowed):
        go(auditor, case, Event.EVIDENCE_ASKED)


def test_every_transition_is_one_entry_of_the_record_with_who_from_and_to(confirmed, go, agent, system):
    case = go(agent, confirmed(), Event.EVIDENCE_ASKED)
    last = [item for item in custody.history(system, [case.public_id]) if item.kind == "case.moved"][-1]
    assert (last.actor_kind, last.actor_label) == ("staff", "agent-lika")
    assert last.facts["from"] == "needs_response"
    assert last.facts["to"] == "waiting_buyer"
    assert last.facts["by"] == "staff"
    assert last.facts["revision"] == case.revision
    assert last.facts["details"] == {"why": "测试"}


def test_the_mirror_is_never_written_by_a_move(confirmed, go, owner):
    case = confirmed()
    before = (Order.objects.values().get(), Refund.objects.values().get())
    go(owner, case, Event.DECLINED)
    assert (Order.objects.values().get(), Refund.objects.values().get()) == before


def test_whoever_waits_for_the_seller_has_a_deadline(confirmed, go, agent, owner, system, make_order, noon):
    """Invariant I2, along a life in which every clock of the platform ends."""
    case, _ = service.open_case(system, make_order(), None, at=noon)
    assert running(agent, case)
    case = service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)
    case = go(agent, case, Event.EVIDENCE_ASKED)
    assert running(agent, case) == {"evidence_answer"}
    case = go(agent, case, Event.OFFERED)
    case = go(agent, case, Event.OFFER_ENDED)
    assert case.waiting_on == "seller"
    assert running(agent, case) == {"first_response"}
    assert case.next_due_at == noon + 12 * HOUR


def test_a_settled_case_keeps_the_outcome_that_its_remedy_names(confirmed, go, owner, agent):
    case = go(owner, confirmed(), Event.CONCEDED)
    case = go(agent, case, Event.PAID_ELSEWHERE, outcome=Outcome.PARTLY_REFUNDED)
    assert (case.status, case.outcome) == ("settled", "partly_refunded")


def test_the_page_lists_what_may_be_done_and_why_not_the_rest(opened, agent, owner, all_yes, noon):
    case = opened()
    Case.objects.filter(pk=case.pk).update(status="needs_response")
    case = queries.by_number(agent, case.number)
    listed = {move.event: move for move in queries.allowed_moves(owner, case, all_yes())}
    assert not listed[Event.DECLINED].allowed
    assert listed[Event.CONCEDED].allowed
    assert listed[Event.CONCEDED].needs_typed_confirmation
    nothing_known = {move.event: move for move in queries.allowed_moves(owner, case, GuardFacts())}
    assert not nothing_known[Event.CONCEDED].allowed


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shared_database")
def test_two_who_advance_the_same_revision_at_the_same_moment_make_one_move_and_one_conflict(
    confirmed, all_yes, lead, owner, noon
):
    case = confirmed()
    start, results = threading.Barrier(2), {}

    def decide(actor, event):
        try:
            start.wait(timeout=10)
            service.advance(actor, case.number, event, facts=all_yes(), revision=2, at=noon)
            results[event] = "moved"
        except Conflict:
            results[event] = "conflict"
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=decide, args=(lead, Event.DECLINED)),
        threading.Thread(target=decide, args=(owner, Event.CONCEDED)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(results.values()) == ["conflict", "moved"]
    won = next(event for event, result in results.items() if result == "moved")
    assert Case.objects.get().last_event == won.value
    assert Case.objects.get().revision == 3
