"""Cases that come back: answered or expired requests, work put off, buyers who apply again, other claims, stale news."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

from datetime import timedelta

import pytest

from cardcase.cases import queries, service
from cardcase.cases.models import Case, ClaimHistory, PlatformDispute, Review
from cardcase.cases.rules import Event, GuardRefused, IllegalMove
from cardcase.cases.rules.disputes import DisputeKind, DisputeStatus, read_status
from cardcase.cases.rules.reviews import Cause, Findings
from cardcase.cases.service import DisputeTold
from cardcase.connectors.ports import RefundState
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines import service as deadline_service
from cardcase.deadlines.rules import Alarm, DeadlineKind, Source
from cardcase.jobs.models import Job
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.orders.models import Refund

HOUR = timedelta(hours=1)


@pytest.fixture
def confirmed(opened, agent, noon):
    def make(**refund_changes):
        case = opened(**refund_changes)
        return service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)

    return make


@pytest.fixture
def go(all_yes, noon):
    def move(actor, case, event, *, at=noon, **facts):
        revision = Case.objects.values_list("revision", flat=True).get(pk=case.pk)
        known = all_yes(request_due_at=noon + 5 * HOUR, offer_expires_at=noon + 6 * HOUR, **facts)
        return service.advance(actor, case.number, event, facts=known, revision=revision, at=at)

    return move


@pytest.fixture
def tell(system):
    def make(case, state: RefundState, *, at, **changes):
        Refund.objects.filter(pk=case.refund_id).update(state=state.value, state_raw=f"raw-{state.value}", **changes)
        return service.platform_moved(system, case.pk, state, at=at)

    return make


def running(actor, case) -> set[str]:
    return {clock.kind.value for clock in deadlines.armed(actor, [case.public_id])[case.public_id]}


def rows(actor, case) -> list[str]:
    history = custody.history(actor, [case.public_id])
    return [str(item.facts["row"]) for item in history if "row" in item.facts]


def needs(case) -> set[str]:
    return {need["code"] for need in case.needs_human}


def test_the_margin_of_the_platforms_clock_ends_the_wait_for_the_buyer(confirmed, go, agent, system, noon):
    case = go(agent, confirmed(), Event.EVIDENCE_ASKED)
    at = noon + 20 * HOUR
    for kind, alarm in ((DeadlineKind.PLATFORM_RESPONSE, Alarm.HALF), (DeadlineKind.EVIDENCE_ANSWER, Alarm.MARGIN)):
        assert service.deadline_near(system, case.public_id, kind, alarm, at=at).status == "waiting_buyer"
    case = service.deadline_near(system, case.public_id, DeadlineKind.PLATFORM_RESPONSE, Alarm.MARGIN, at=at)
    assert (case.status, rows(system, case)[-1]) == ("needs_response", "T4")
    again = service.deadline_near(system, case.public_id, DeadlineKind.PLATFORM_RESPONSE, Alarm.MARGIN, at=at)
    assert again.revision == case.revision


def test_an_end_of_the_wait_is_told_to_the_room_that_asked(confirmed, go, agent, system, noon):
    case = go(agent, confirmed(), Event.EVIDENCE_ASKED)
    [missed] = deadline_service.sweep(at=noon + 5 * HOUR)
    assert missed.clock.kind is DeadlineKind.EVIDENCE_ANSWER
    service.deadline_missed(system, case.public_id, DeadlineKind.EVIDENCE_ANSWER, at=noon + 5 * HOUR)
    assert Job.objects.filter(kind=service.REQUEST_OVER).count() == 1
    assert not Case.objects.get().is_incident, "that a buyer is silent is no incident of ours"


def test_whatever_happens_ends_the_wait_for_evidence(confirmed, go, agent, owner, noon):
    for event in (Event.OFFERED, Event.STEPPED_IN, Event.WITHDRAWN):
        case = go(agent, confirmed(), Event.EVIDENCE_ASKED)
        assert "evidence_answer" in running(agent, case)
        assert "evidence_answer" not in running(agent, go(agent, case, event))


def test_work_is_put_off_up_to_the_margin_and_the_sweep_brings_it_back(confirmed, agent, auditor, system, noon):
    case = confirmed()
    margin = deadlines.armed(agent, [case.public_id])[case.public_id][0].margin_at
    snooze = {"reason": "等货源方", "revision": case.revision, "at": noon}
    with pytest.raises(GuardRefused):
        service.snooze(agent, case.number, margin + timedelta(seconds=1), **snooze)
    with pytest.raises(WrongUse):
        service.snooze(agent, case.number, noon, **snooze)
    with pytest.raises(NotAllowed):
        service.snooze(auditor, case.number, margin, **snooze)
    case = service.snooze(agent, case.number, noon + 2 * HOUR, **snooze)
    assert (case.snoozed_until, case.next_due_at, case.status) == (noon + 2 * HOUR, noon + 2 * HOUR, "needs_response")
    later = service.snooze(agent, case.number, noon + 3 * HOUR, reason="还没回", revision=case.revision, at=noon + HOUR)
    assert later.snoozed_until == noon + 3 * HOUR
    [missed] = deadline_service.sweep(at=noon + 3 * HOUR)
    service.deadline_missed(system, missed.clock.subject, missed.clock.kind, at=noon + 3 * HOUR)
    case = Case.objects.get()
    assert (case.snoozed_until, case.is_incident, running(agent, case)) == (None, False, {"platform_response"})
    assert rows(system, case)[-3:] == ["T26", "T26", "T26"]


def test_whatever_happens_takes_up_work_that_was_put_off(confirmed, go, tell, agent, noon):
    case = confirmed()
    service.snooze(agent, case.number, noon + HOUR, "等", revision=case.revision, at=noon)
    unknown = tell(case, RefundState.UNKNOWN, at=noon)
    assert unknown.snoozed_until is not None, "news that nobody can read wakes nobody by itself"
    case = go(agent, case, Event.STEPPED_IN)
    assert (case.snoozed_until, "work_resumes" in running(agent, case)) == (None, False)


def test_the_platform_waiting_again_after_a_refusal_is_a_new_application(confirmed, go, tell, owner, system, noon):
    case = go(owner, confirmed(), Event.DECLINED)
    case = tell(case, RefundState.REFUSED, at=noon + HOUR, modified_at=noon + HOUR, timeout_at=None)
    case = tell(
        case, RefundState.AWAITING_SELLER, at=noon + 3 * HOUR, modified_at=noon + 3 * HOUR, timeout_at=noon + 30 * HOUR
    )
    assert (case.status, case.waiting_on, rows(system, case)[-1]) == ("needs_response", "seller", "T20")
    assert (case.is_held, case.reason_confirmed_at, needs(case)) == (True, None, {"reapplied"})
    assert case.next_due_at == noon + 30 * HOUR
    assert [claim.sub_reason for claim in queries.claims_of(owner, case)] == ["A1"]
    case = service.confirm_reason(owner, case.number, "V1", revision=case.revision, at=noon + 4 * HOUR)
    assert (case.is_held, case.sub_reason) == (False, "V1")


def test_an_application_that_a_person_saw_runs_the_sellers_clock_until_the_platform_says_more(
    confirmed, go, tell, agent, owner, system, noon
):
    case = go(owner, confirmed(), Event.DECLINED)
    tell(case, RefundState.REFUSED, at=noon + HOUR, modified_at=noon + HOUR, timeout_at=noon + 48 * HOUR)
    case = service.reapply(
        agent,
        case.number,
        source="App",
        due_at=noon + 20 * HOUR,
        claimed_fen=9000,
        revision=Case.objects.get().revision,
        at=noon + 2 * HOUR,
    )
    assert (case.next_due_at, running(agent, case)) == (noon + 20 * HOUR, {"platform_response"})
    same = tell(case, RefundState.REFUSED, at=noon + 3 * HOUR)
    assert same.next_due_at == noon + 20 * HOUR, "old news of the refusal does not stop it"
    assert ClaimHistory.objects.get().claimed_fen == 19300
    told = tell(
        case, RefundState.AWAITING_SELLER, at=noon + 4 * HOUR, modified_at=noon + 4 * HOUR, timeout_at=noon + 26 * HOUR
    )
    assert told.next_due_at == noon + 26 * HOUR


def test_a_reapplication_needs_a_source_and_a_refusal_before_it(confirmed, agent, noon):
    case = confirmed()
    with pytest.raises(IllegalMove):
        service.reapply(agent, case.number, source="App", revision=case.revision, at=noon)
    Case.objects.update(status="declined")
    with pytest.raises(WrongUse):
        service.reapply(agent, case.number, source="  ", revision=case.revision, at=noon)
    with pytest.raises(WrongUse):
        service.reapply(agent, case.number, source="App", sub_reason="X9", revision=case.revision, at=noon)
    assert not ClaimHistory.objects.exists()


def test_the_same_refund_waiting_again_takes_the_ended_case_up_again(opened, tell, system, noon):
    case = tell(opened(), RefundState.CLOSED, at=noon + HOUR, modified_at=noon + HOUR)
    again = tell(case, RefundState.AWAITING_SELLER, at=noon + 2 * HOUR, modified_at=noon + 2 * HOUR)
    assert (again.pk, again.status, again.outcome, again.is_open) == (case.pk, "needs_response", "", True)
    assert (again.resolved_at, needs(again), rows(system, again)[-1]) == (None, {"reapplied"}, "T24")


def test_a_refund_applied_for_anew_after_the_end_is_a_linked_case(opened, tell, system, noon):
    case = tell(opened(), RefundState.CLOSED, at=noon + HOUR, modified_at=noon + HOUR)
    refund = Refund.objects.get()
    refund.state, refund.applied_at = RefundState.AWAITING_SELLER.value, noon + 2 * HOUR
    refund.save()
    other, is_new = service.open_case(system, case.order, refund, at=noon + 3 * HOUR)
    assert (is_new, other.linked_to_id, other.pk != case.pk) == (True, case.pk, True)
    assert [one.pk for one in queries.siblings_of(system, case)] == [other.pk]


def test_another_claim_by_a_persons_word_is_a_linked_case_and_a_later_refund_joins_it(
    opened, tell, agent, stranger, system, make_refund, noon
):
    case = opened()
    with pytest.raises(Refused):
        service.open_linked(agent, case.number, "V1", source="聊天", at=noon)
    tell(case, RefundState.CLOSED, at=noon + HOUR)
    with pytest.raises(NotFound):
        service.open_linked(stranger, case.number, "V1", source="聊天", at=noon)
    other = service.open_linked(agent, case.number, "V1", source="聊天", claimed_fen=4000, at=noon + 2 * HOUR)
    assert (other.linked_to_id, other.status, other.stage, other.claimed_fen) == (case.pk, "new", "enquiry", 4000)
    assert (other.sub_reason, other.is_held, bool(running(agent, other))) == ("V1", True, True)
    joined, is_new = service.open_case(system, case.order, make_refund(case.order), at=noon + 3 * HOUR)
    assert (joined.pk, is_new, joined.stage) == (other.pk, False, "platform_refund")


def test_news_older_than_what_was_acted_upon_change_nothing(opened, tell, system, noon):
    case = tell(opened(), RefundState.REFUSED, at=noon + 2 * HOUR, modified_at=noon + 2 * HOUR)
    stale = tell(case, RefundState.CLOSED, at=noon + 3 * HOUR, modified_at=noon + HOUR)
    assert (stale.status, stale.revision, stale.mirror_state) == ("declined", case.revision, "refused")
    fresh = tell(case, RefundState.CLOSED, at=noon + 3 * HOUR, modified_at=noon + 3 * HOUR)
    assert fresh.status == "withdrawn"


def test_a_ruling_that_is_lost_asks_for_a_review_before_the_case_is_put_away(confirmed, go, agent, owner, system):
    case = go(agent, confirmed(), Event.STEPPED_IN)
    case = go(agent, case, Event.RULED, verdict="lost")
    assert needs(case) == {"review_due"}
    with pytest.raises(GuardRefused) as refused:
        go(system, case, Event.CLOSED)
    assert refused.value.facts["guards"] == ["review_is_written"]
    revision = Case.objects.get().revision
    findings = Findings(text="没有查验", cause=Cause.NO_EVIDENCE, measure="发货前都查")
    service.review(owner, case.number, findings, recovered_fen=1000, revision=revision, at=case.opened_at)
    assert go(system, case, Event.CLOSED).status == "closed"


def test_disputes_are_mirrors_that_older_news_never_overwrite_and_unknown_words_ask_a_person(confirmed, agent, noon):
    case = confirmed()
    told = {"kind": DisputeKind.COMPENSATION, "source": "App", "external_id": "C1"}
    due = noon + 9 * HOUR
    service.note_dispute(
        agent, case.number, DisputeTold(**told, status_raw="open", respond_by=due, fetched_at=noon), at=noon
    )
    assert "compensation_response" in running(agent, case)
    service.note_dispute(
        agent, case.number, DisputeTold(**told, status_raw="closed", fetched_at=noon - HOUR), at=noon + HOUR
    )
    assert PlatformDispute.objects.get().status == "open"
    assert queries.orders_in_dispute(agent, [case.order_id])
    service.note_dispute(
        agent, case.number, DisputeTold(**told, status_raw="53", fetched_at=noon + HOUR), at=noon + HOUR
    )
    row = PlatformDispute.objects.get()
    assert (row.status, row.status_raw, needs(Case.objects.get())) == ("unknown", "53", {"dispute_unknown"})
    before = Refund.objects.values().get()
    service.note_dispute(
        agent, case.number, DisputeTold(**told, status_raw="已关闭", fetched_at=noon + 2 * HOUR), at=noon + 2 * HOUR
    )
    assert (needs(Case.objects.get()), queries.orders_in_dispute(agent, [case.order_id])) == (set(), set())
    assert "compensation_response" not in running(agent, case)
    assert (Case.objects.get().status, Refund.objects.values().get()) == ("needs_response", before)


def test_every_word_of_a_platform_is_read_and_none_raises():
    assert read_status("WON") is DisputeStatus.WON
    assert read_status("平台审理中") is DisputeStatus.UNDER_REVIEW
    for word in ("", "  ", "54", "???", "🙂", "a" * 500):
        assert read_status(word) is DisputeStatus.UNKNOWN


def test_the_platforms_term_for_evidence_is_told_by_a_person_or_stands_in_until_one_types_it(
    confirmed, go, agent, owner, noon
):
    case = go(agent, confirmed(), Event.STEPPED_IN)
    case = go(agent, case, Event.MORE_EVIDENCE_ASKED, evidence_due_at=None)
    [clock] = deadlines.armed(agent, [case.public_id])[case.public_id]
    assert (clock.kind, clock.source, clock.is_verified) == (DeadlineKind.EVIDENCE_DUE, Source.DEFAULT, False)
    assert "clock_unverified" in needs(case)
    case = service.type_deadline(agent, case.number, noon + 9 * HOUR, revision=case.revision, at=noon)
    [clock] = deadlines.armed(agent, [case.public_id])[case.public_id]
    assert (clock.kind, clock.source, clock.due_at) == (DeadlineKind.EVIDENCE_DUE, Source.TYPED, noon + 9 * HOUR)
    assert "clock_unverified" not in needs(case)
    case = go(owner, case, Event.PACK_SUBMITTED)
    case = go(agent, case, Event.MORE_EVIDENCE_ASKED, evidence_due_at=noon + 12 * HOUR)
    assert case.next_due_at == noon + 12 * HOUR


def test_what_a_person_types_never_moves_what_the_platform_told_of_its_dispute(confirmed, agent, system, noon):
    case = confirmed()
    told = {"kind": DisputeKind.INTERVENTION, "external_id": "D1", "status_raw": "open"}
    due = noon + 9 * HOUR
    notice = DisputeTold(**told, source="notice", respond_by=due, fetched_at=noon)
    service.note_dispute(system, case.number, notice, at=noon)
    [clock] = [one for one in deadlines.armed(agent, [case.public_id])[case.public_id] if one.due_at == due]
    assert (clock.kind, clock.source) == (DeadlineKind.EVIDENCE_DUE, Source.API)
    typed = DisputeTold(**told, source="App", respond_by=due + HOUR, fetched_at=noon + HOUR)
    with pytest.raises(Refused) as refused:
        service.note_dispute(agent, case.number, typed, at=noon + HOUR)
    assert refused.value.problem_code == "clock_is_known"
    same = DisputeTold(
        **{**told, "status_raw": "evidence_wanted"}, source="App", respond_by=due, fetched_at=noon + HOUR
    )
    service.note_dispute(agent, case.number, same, at=noon + HOUR)
    assert PlatformDispute.objects.get().status == "evidence_wanted"


def test_an_appeal_is_open_until_the_moment_that_was_read_with_the_ruling(confirmed, go, agent, noon):
    case = go(agent, confirmed(), Event.STEPPED_IN)
    case = go(agent, case, Event.RULED, verdict="lost", appeal_until=noon + 30 * HOUR)
    assert running(agent, case) == {"appeal_window"}
    case = service.type_deadline(agent, case.number, noon + 40 * HOUR, revision=case.revision, at=noon)
    assert case.next_due_at == noon + 40 * HOUR
    kind = DeadlineKind.EVIDENCE_DUE
    with pytest.raises(Refused):
        service.type_deadline(agent, case.number, noon + HOUR, kind=kind, revision=case.revision, at=noon)


def test_a_case_taken_up_again_is_kept_and_a_second_miss_asks_for_a_second_review(
    opened, tell, go, owner, system, noon
):
    case = tell(opened(timeout_at=noon + HOUR), RefundState.CLOSED, at=noon + 2 * HOUR)
    assert needs(case) == set()
    case = go(system, case, Event.CLOSED)
    assert running(owner, case) == {"retention_until"}
    case = go(owner, case, Event.REOPENED)
    assert "retention_until" not in running(owner, case)
    Case.objects.update(is_incident=True)
    findings = Findings(text="没看到", cause=Cause.UNNOTICED, measure="开提醒")
    service.review(owner, case.number, findings, revision=case.revision, at=noon)
    assert not queries.asks_review(Case.objects.get())
    Case.objects.update(is_incident=True)
    assert queries.asks_review(Case.objects.get())
    service.review(owner, case.number, findings, revision=case.revision + 1, at=noon)
    assert Review.objects.count() == 2


def test_a_case_that_is_lost_again_after_it_was_taken_up_again_is_reviewed_again(confirmed, go, owner, system, noon):
    case, findings = confirmed(), Findings(text="没有查验", cause=Cause.NO_EVIDENCE, measure="发货前都查")
    for _ in range(2):
        case = go(owner, case, Event.STEPPED_IN)
        case = go(owner, case, Event.RULED, verdict="lost")
        assert "review_due" in needs(case)
        case = service.review(owner, case.number, findings, revision=case.revision, at=noon)
        case = go(owner, go(system, case, Event.CLOSED), Event.REOPENED)
    assert Review.objects.count() == 2
