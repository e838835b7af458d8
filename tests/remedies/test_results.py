"""How executions end: read back, seen by a person, failed, unclear; and what an unclear one stops."""

from datetime import timedelta

import pytest

from cardcase.cards import service as cards
from cardcase.cards.models import Card
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import GuardRefused
from cardcase.cases.service import OFFER_OVER
from cardcase.connectors.ports import RefundState
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines import service as deadline_service
from cardcase.deadlines.rules import DeadlineKind
from cardcase.delivery import service as delivery
from cardcase.jobs.models import Job
from cardcase.kit.errors import Refused, WrongUse
from cardcase.remedies import queries, service
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import OfferState, RemedyState
from remedies.acts import card_of, concede, dead, execute, kinds_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def executing(world):
    """A refund that a person is carrying out in the App."""
    case = world.case("A1")
    dead(world, case)
    concede(world, case)
    execute(world, case)
    return world.fresh(case)


def result(world, case, what, *, actor=None, source="App", after=HOUR):
    return service.record_result(actor or world.owner, case.number, what, source_event=source, at=world.noon + after)


def needs(case) -> set[str]:
    return {need["code"] for need in Case.objects.get(pk=case.pk).needs_human}


def paid(world, case, **changes):
    type(case.refund).objects.filter(pk=case.refund_id).update(
        state=RefundState.SUCCEEDED.value, refunded_at=world.noon + HOUR, **changes
    )
    told = cases.platform_moved(world.system, case.pk, RefundState.SUCCEEDED, at=world.noon + HOUR)
    return service.follow(world.system, told, at=world.noon + HOUR)


def test_what_a_person_saw_settles_the_case_with_its_source(world, executing):
    with pytest.raises(WrongUse):
        result(world, executing, RemedyState.VERIFIED, source=" ")
    result(world, executing, RemedyState.VERIFIED, source="App 退款页显示成功")
    case = world.fresh(executing)
    assert (case.status, case.outcome) == ("settled", "refunded")
    assert deadlines.armed(world.owner, [case.public_id])[case.public_id] == []


def test_the_platforms_refund_settles_case_and_remedy(world, executing):
    case = paid(world, executing)
    assert (case.status, Remedy.objects.get().state, needs(case)) == ("settled", "verified", set())
    assert "remedy.verified" in kinds_of(world, case)


def test_another_amount_than_agreed_is_asked_about(world, executing):
    case = paid(world, executing, amount_fen=10000)
    assert (case.status, needs(case)) == ("settled", {"paid_differently"})


def test_a_failure_returns_the_case_and_nothing_is_tried_again(world, executing):
    result(world, executing, RemedyState.FAILED)
    case = world.fresh(executing)
    assert (case.status, needs(case)) == ("needs_response", {"remedy_failed"})
    assert Remedy.objects.get().state == "failed"
    assert service.verify_running(world.system, at=world.noon + 2 * HOUR) == 0


def test_what_is_unclear_stops_every_other_remedy_and_closing_until_a_person_settles_it(world, executing):
    result(world, executing, RemedyState.AMBIGUOUS)
    case = world.fresh(executing)
    assert (case.status, needs(case)) == ("needs_response", {"remedy_unclear"})
    for kind in ("full_refund", "replace_card", "goodwill"):
        blocked = {option.kind: option for option in queries.options(world.owner, case, at=world.noon)}.get(kind)
        assert blocked is None or "remedy_ambiguous" in {one.code for one in blocked.blocked_by}
    with pytest.raises(service.Blocked):
        concede(world, case)
    Case.objects.filter(pk=case.pk).update(status="withdrawn", is_open=False, resolved_at=world.noon)
    assert service.close_rested(world.system, at=world.noon + timedelta(days=400)) == 0
    Case.objects.filter(pk=case.pk).update(status="needs_response", is_open=True, resolved_at=None)
    result(world, case, RemedyState.VERIFIED, source="客服电话确认已退", after=2 * HOUR)
    assert (world.fresh(case).status, world.fresh(case).outcome, needs(case)) == ("settled", "refunded", set())


def test_an_unclear_remedy_that_was_not_paid_frees_the_case(world, executing):
    result(world, executing, RemedyState.AMBIGUOUS)
    result(world, executing, RemedyState.FAILED, source="账单里没有这一笔", after=2 * HOUR)
    assert needs(executing) == {"remedy_failed"}
    concede(world, executing)
    assert world.fresh(executing).status == "agreed"


def test_an_unclear_remedy_is_settled_by_the_platforms_own_refund(world, executing):
    result(world, executing, RemedyState.AMBIGUOUS)
    case = paid(world, executing)
    assert (case.status, Remedy.objects.get().state, needs(case)) == ("settled", "verified", set())


def test_a_refund_that_the_platform_shows_as_paid_did_not_fail(world, executing):
    type(executing.refund).objects.update(state=RefundState.SUCCEEDED.value)
    with pytest.raises(Refused) as refused:
        result(world, executing, RemedyState.FAILED)
    assert refused.value.problem_code == "refund_is_paid"
    assert service.verify_running(world.system, at=world.noon + HOUR) == 1
    assert world.fresh(executing).status == "settled"


@pytest.fixture
def replacing(world):
    case = world.case("A1", spare=1)
    dead(world, case)
    concede(world, case, "replace_card", None)
    execute(world, case, "replace_card", None)
    return world.fresh(case)


@pytest.mark.django_db(transaction=True)
def test_the_reveal_of_the_new_card_settles_a_replacement(world, replacing):
    assert service.verify_running(world.system, at=world.noon + HOUR) == 0
    with pytest.raises(Refused):
        result(world, replacing, RemedyState.VERIFIED)
    new = Remedy.objects.get().replacement
    delivery.give_replacement(world.owner, new.public_id, reason="换卡", at=world.noon + HOUR)
    assert service.verify_running(world.system, at=world.noon + HOUR) == 0  # nobody said yet that the buyer has it
    delivery.confirm_replacement(world.owner, new.public_id, at=world.noon + HOUR)
    assert service.verify_running(world.system, at=world.noon + HOUR) == 1
    case = world.fresh(replacing)
    assert (case.status, case.outcome) == ("settled", "reissued")
    net = queries.net_of_case(world.owner, case)
    assert (net.paid_fen, net.back_fen, net.cards_fen, net.net_fen) == (19300, 0, 18800, 500)


@pytest.mark.django_db(transaction=True)
def test_a_replacement_that_was_handed_over_did_not_fail_and_a_refund_on_top_rings(world, replacing):
    new = Remedy.objects.get().replacement
    delivery.give_replacement(world.owner, new.public_id, reason="换卡", at=world.noon + HOUR)
    with pytest.raises(Refused) as refused:
        result(world, replacing, RemedyState.FAILED)
    assert refused.value.problem_code == "replacement_handed_over"
    paid(world, replacing)
    assert "paid_and_replaced" in needs(replacing)


def test_a_replacement_that_a_recall_took_away_fails_and_never_counts_as_given(world, replacing):
    new = Remedy.objects.get().replacement
    cards.quarantine_batch(world.owner, new.batch.public_id, reason="召回", at=world.noon)
    new.refresh_from_db()
    assert (new.state, new.order_id) == ("quarantined", None)
    with pytest.raises(Refused) as refused:
        result(world, replacing, RemedyState.VERIFIED)
    assert refused.value.problem_code == "replacement_not_handed_over"
    result(world, replacing, RemedyState.FAILED)
    assert Remedy.objects.get().state == "failed"


def test_a_replacement_kept_while_the_platform_refunds_goes_back_into_the_stock(world, replacing):
    new = Remedy.objects.get().replacement
    paid(world, replacing)
    assert (Remedy.objects.get().state, Card.objects.get(pk=new.pk).state) == ("failed", "in_stock")


def test_a_result_that_is_not_seen_is_looked_for_after_a_quarter_of_an_hour_and_then_hourly(world, executing):
    at = world.noon + timedelta(minutes=15)
    [missed] = [one.clock for one in deadline_service.sweep(at=at) if one.clock.kind is DeadlineKind.REFUND_SETTLE]
    cases.deadline_missed(world.system, missed.subject, missed.kind, at=at)
    assert needs(executing) == {"refund_unseen"}
    assert not Case.objects.get(pk=executing.pk).is_incident
    assert not service.verify(world.system, executing.public_id, at=at)
    armed = deadlines.armed(world.owner, [executing.public_id])[executing.public_id]
    assert at + HOUR in {one.due_at for one in armed if one.kind is DeadlineKind.REFUND_SETTLE}
    type(executing.refund).objects.update(state=RefundState.SUCCEEDED.value)
    assert service.verify(world.system, executing.public_id, at=at + HOUR)
    assert (world.fresh(executing).status, needs(executing)) == ("settled", set())


def test_an_offer_ends_at_its_moment_by_the_sweep(world):
    case = world.case("A1")
    offer = service.propose_offer(world.owner, case.number, "full_refund", revision=case.revision, at=world.noon)
    deadline_service.sweep(at=offer.expires_at)
    cases.deadline_missed(world.system, case.public_id, DeadlineKind.OFFER_EXPIRY, at=offer.expires_at)
    assert Job.objects.filter(kind=OFFER_OVER).count() == 1
    assert service.expire_offers(world.system, at=offer.expires_at, case="case_other") == 0
    assert service.expire_offers(world.system, at=offer.expires_at, case=case.public_id) == 1
    assert (Offer.objects.get().state, world.fresh(case).status, needs(case)) == ("expired", "needs_response", set())


def test_when_the_platform_steps_in_what_was_agreed_but_not_carried_out_is_cancelled(world):
    from cardcase.cases.rules import Event, GuardFacts

    case = world.case("A1")
    dead(world, case)
    concede(world, case)
    fresh = world.fresh(case)
    facts = GuardFacts(source_event_id="App")
    cases.advance(world.owner, fresh, Event.STEPPED_IN, facts=facts, revision=fresh.revision, at=world.noon)
    service.follow(world.system, case.number, at=world.noon)
    assert Remedy.objects.get().state == "cancelled"
    facts = GuardFacts(source_event_id="App", evidence_due_at=world.noon + HOUR)
    fresh = world.fresh(case)
    cases.advance(world.owner, fresh, Event.MORE_EVIDENCE_ASKED, facts=facts, revision=fresh.revision, at=world.noon)
    with pytest.raises(service.Blocked) as blocked:
        concede(world, case)
    assert "under_platform_review" in blocked.value.facts["blocked_by"]


def test_in_a_dispute_the_owner_may_accept_the_claim_and_carry_it_out(world, agent, lead):
    case = world.case("A1")
    dead(world, case)
    Case.objects.filter(pk=case.pk).update(stage="platform_dispute")
    fresh = world.fresh(case)
    amount = {option.kind: option.amount_fen for option in queries.options(world.owner, fresh, at=world.noon)}
    with pytest.raises(Exception, match="权限"):
        concede(world, case, "accept_claim", amount["accept_claim"], actor=lead)
    concede(world, case, "accept_claim", amount["accept_claim"])
    execute(world, case, "accept_claim", amount["accept_claim"])
    assert world.fresh(case).status == "executing"


def test_a_transfer_beside_the_platform_counts_in_every_case_of_the_order(world):
    case = world.case("A1")
    dead(world, case)
    service.note_transfer(world.owner, case.number, 5000, source="微信记录", revision=case.revision, at=world.noon)
    with pytest.raises(service.Blocked) as blocked:
        concede(world, case)
    assert "already_refunded" in blocked.value.facts["blocked_by"]
    other, _ = cases.open_case(world.system, case.order, world.refund(case.order), at=world.noon)
    cases.confirm_reason(world.owner, other.number, "A1", revision=other.revision, at=world.noon)
    with pytest.raises(service.Blocked):
        concede(world, other)


def test_a_request_above_the_limit_cannot_be_approved_by_who_drafted_it(world, agent, owner):
    from dataclasses import replace

    case = world.case("A1")
    type(case.shop).objects.update(agent_limit_fen=0)
    with pytest.raises(GuardRefused):
        service.propose_offer(agent, case.number, "full_refund", revision=case.revision, at=world.noon)
    service.ask_approval(agent, case.number, "full_refund", "offer", revision=case.revision, at=world.noon)
    promoted = replace(owner, label=agent.label)
    with pytest.raises(Refused) as refused:
        service.settle_approval(
            promoted, case.number, is_approved=True, revision=world.fresh(case).revision, at=world.noon
        )
    assert refused.value.problem_code == "four_eyes"
    with pytest.raises(Refused):
        service.ask_approval(owner, case.number, "full_refund", "offer", revision=case.revision, at=world.noon)


def test_only_what_waits_for_approval_and_no_more_is_a_draft(world, agent):
    case = world.case("A1")
    type(case.shop).objects.update(agent_limit_fen=0)
    service.ask_approval(agent, case.number, "full_refund", "offer", revision=case.revision, at=world.noon)
    with pytest.raises(Refused):
        service.settle_offer(
            world.owner,
            case.number,
            OfferState.ACCEPTED,
            source_event="msg",
            revision=world.fresh(case).revision,
            at=world.noon,
        )
    assert case_queries.find(agent, case.pk).status == "needs_response"
    Case.objects.filter(pk=case.pk).update(status="withdrawn", is_open=False)
    service.follow(world.system, case.number, at=world.noon)
    assert (Offer.objects.get().state, needs(case)) == ("withdrawn", set())
    assert card_of(case).state
