from datetime import timedelta

import pytest

from cardcase.cards import service as cards
from cardcase.cards.models import Card, Reveal
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.rules import Event, GuardRefused, IllegalMove
from cardcase.connectors.ports import RefundState
from cardcase.kit.errors import Conflict, NotAllowed, Refused, WrongUse
from cardcase.remedies import queries, service
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import OfferState, RemedyState, phrase
from evidence.world import HOUR, PNG
from remedies.acts import REASON, WORDS, card_of, concede, dead, execute, kinds_of, show

pytestmark = pytest.mark.django_db

# --- what is shown -------------------------------------------------------------------------------------------------


def test_a_case_shows_floor_options_and_the_moves_that_are_open(world, owner, noon):
    case = world.case("A1", spare=1)
    seen = queries.overview(owner, case, at=noon)
    made = {option.kind: option for option in seen.options}
    assert seen.floor.text.zh == "卡若确实不能用，必须全额退或换卡。"
    assert made["ask_first"].is_recommended
    assert made["full_refund"].allowed
    assert not made["decline"].allowed
    moves = {move.event: move for move in case_queries.allowed_moves(owner, case, seen.guards)}
    assert moves[Event.OFFERED].allowed
    assert moves[Event.CONCEDED].allowed
    assert not moves[Event.DECLINED].allowed
    assert "证据还不齐" in moves[Event.DECLINED].why_not.zh


def test_the_single_questions_agree_with_the_overview(world, owner, noon):
    case = world.case("A1")
    seen = queries.overview(owner, case, at=noon)
    assert queries.options(owner, case, at=noon) == seen.options
    assert queries.floor_text(owner, case, at=noon) == seen.floor.text
    assert queries.standing(owner, case, at=noon) == seen.guards


def test_the_overview_takes_a_bounded_number_of_questions(world, owner, noon, django_assert_max_num_queries):
    case = world.case("A1", spare=2)
    with django_assert_max_num_queries(32):
        queries.overview(owner, case, at=noon)


# --- offers --------------------------------------------------------------------------------------------------------


def test_an_offer_is_made_answered_and_becomes_a_remedy(world, owner, agent, noon):
    case = world.case("V1")
    show(world, case, "E13", balance_fen=15000, redeemed_at=case.order.delivered_at - HOUR)
    offer = service.propose_offer(agent, case.number, "partial_refund", revision=case.revision, at=noon)
    assert offer.amount_fen == 4825
    assert offer.expires_at < noon + 22 * HOUR
    made = world.fresh(case)
    assert made.status == "offer_made"
    service.settle_offer(
        agent, case.number, OfferState.ACCEPTED, revision=made.revision, at=noon + HOUR, source_event="msg_1"
    )
    assert world.fresh(case).status == "agreed"
    remedy = Remedy.objects.get(case=case)
    assert (remedy.state, remedy.amount_fen, remedy.value_fen) == ("approved", 4825, 4825)


def test_an_agent_offers_within_the_limit_and_the_owner_above_it(world, owner, agent, noon):
    case = world.case("A1")
    with pytest.raises(GuardRefused) as refused:
        service.propose_offer(agent, case.number, "full_refund", revision=case.revision, at=noon)
    assert refused.value.facts["guards"] == ["amount_is_within_the_limit"]
    assert not Offer.objects.exists()
    assert service.propose_offer(owner, case.number, "full_refund", revision=case.revision, at=noon).amount_fen == 19300


def test_a_second_offer_waits_for_the_first(world, owner, noon):
    case = world.case("A1")
    service.propose_offer(owner, case.number, "full_refund", revision=case.revision, at=noon)
    with pytest.raises(IllegalMove):
        service.propose_offer(owner, case.number, "full_refund", revision=world.fresh(case).revision, at=noon)
    assert Offer.objects.count() == 1


@pytest.mark.parametrize("answer", [OfferState.DENIED, OfferState.COUNTERED, OfferState.WITHDRAWN])
def test_an_offer_not_taken_returns_the_case_and_keeps_its_history(world, owner, noon, answer):
    case = world.case("A1")
    service.propose_offer(owner, case.number, "full_refund", revision=case.revision, at=noon)
    service.settle_offer(owner, case.number, answer, revision=world.fresh(case).revision, at=noon, reason="再谈")
    assert world.fresh(case).status == "needs_response"
    assert [(one.state, one.settled_reason) for one in queries.offers_of(owner, case)] == [(answer.value, "再谈")]


def test_offers_end_by_themselves_and_are_not_accepted_afterwards(world, owner, system, noon):
    case = world.case("A1")
    offer = service.propose_offer(owner, case.number, "full_refund", revision=case.revision, at=noon)
    late = offer.expires_at + timedelta(minutes=1)
    with pytest.raises(Refused) as refused:
        service.settle_offer(
            owner, case.number, OfferState.ACCEPTED, revision=world.fresh(case).revision, at=late, source_event="m"
        )
    assert refused.value.problem_code == "offer_expired"
    with pytest.raises(Refused):
        service.settle_offer(owner, case.number, OfferState.EXPIRED, revision=world.fresh(case).revision, at=noon)
    assert service.expire_offers(system, at=late) == 1
    assert service.expire_offers(system, at=late) == 0
    assert world.fresh(case).status == "needs_response"


def test_an_offer_outlives_no_deadline(world, owner, noon):
    case = world.case("A1", timeout_at=noon + 2 * HOUR)
    offer = service.propose_offer(owner, case.number, "full_refund", revision=case.revision, at=noon)
    assert offer.expires_at < noon + 2 * HOUR
    late = world.case("A1", timeout_at=noon + timedelta(minutes=35))
    with pytest.raises(Refused) as refused:
        service.propose_offer(owner, late.number, "full_refund", revision=late.revision, at=noon)
    assert refused.value.problem_code == "no_time_to_offer"


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        ("full_refund", 100),
        ("goodwill", None),
        ("goodwill", 99999),
        ("replace_card", 100),
        ("decline", None),
        ("made_up", None),
    ],
)
def test_an_offer_that_makes_no_sense_is_refused(world, owner, noon, kind, amount):
    case = world.case("P1")
    with pytest.raises(WrongUse):
        service.propose_offer(owner, case.number, kind, revision=case.revision, at=noon, amount_fen=amount)


def test_a_blocked_remedy_says_everything_that_is_missing(world, owner, noon):
    case = world.case("A1")
    with pytest.raises(service.Blocked) as refused:
        service.propose_offer(owner, case.number, "replace_card", revision=case.revision, at=noon)
    assert set(refused.value.facts["blocked_by"]) == {"old_code_alive", "no_stock"}


def test_a_stale_picture_is_a_conflict_and_changes_nothing(world, owner, noon):
    case = world.case("A1")
    old = case.revision - 1
    acts = (
        lambda: service.propose_offer(owner, case.number, "full_refund", revision=old, at=noon),
        lambda: service.settle_offer(owner, case.number, OfferState.DENIED, revision=old, at=noon),
        lambda: service.concede(owner, case.number, "full_refund", confirmation="", revision=old, at=noon),
        lambda: service.execute(owner, case.number, key="k", confirmation="", revision=old, at=noon),
        lambda: service.decline(owner, case.number, REASON, WORDS, confirmation="", revision=old, at=noon),
        lambda: service.escalate(owner, case.number, confirmation="", revision=old, at=noon),
    )
    for act in acts:
        with pytest.raises(Conflict):
            act()
    assert not Offer.objects.exists()
    assert not Remedy.objects.exists()
    assert world.fresh(case).revision == case.revision


# --- conceding and executing ---------------------------------------------------------------------------------------


def test_the_whole_way_of_a_refund_from_concession_to_verified(world, owner, noon):
    case = world.case("A1")
    dead(world, case)
    concede(world, case)
    remedy = execute(world, case)
    assert (remedy.state, world.fresh(case).status) == ("executing", "executing")
    done = service.record_result(owner, case.number, RemedyState.VERIFIED, source_event="refund RF1 status 5", at=noon)
    assert done.state == "verified"
    kinds = kinds_of(world, case)
    assert [kind for kind in kinds if kind.startswith("remedy.")] == [
        "remedy.approved",
        "remedy.executing",
        "remedy.verified",
    ]


def test_a_concession_is_typed_and_an_agent_keeps_to_the_limit(world, owner, agent, noon):
    case = world.case("A1")
    with pytest.raises(service.NotConfirmed) as refused:
        service.concede(owner, case.number, "full_refund", confirmation="好", revision=case.revision, at=noon)
    assert "同意退款 193.00" in refused.value.next.zh
    with pytest.raises(GuardRefused):
        concede(world, case, actor=agent)
    assert not Remedy.objects.exists()


def test_only_who_may_move_money_executes(world, lead, agent, noon):
    case = world.case("A1")
    dead(world, case)
    concede(world, case)
    for actor in (lead, agent):
        with pytest.raises(NotAllowed):
            service.execute(actor, case.number, key="k", confirmation="", revision=world.fresh(case).revision, at=noon)


def test_an_unredeemed_card_is_checked_and_voided_before_money_moves(world, owner, noon):
    case = world.case("P1")
    concede(world, case)
    with pytest.raises(service.Blocked) as refused:
        execute(world, case)
    assert refused.value.facts["blocked_by"] == ["void_first"]
    with pytest.raises(Refused) as unproven:
        execute(world, case, void_result="voided")
    assert unproven.value.problem_code == "void_unproven"
    with pytest.raises(service.Blocked):
        execute(world, case, void_result="not_possible")
    with pytest.raises(GuardRefused) as unchecked:
        execute(world, case, void_result="not_possible", override_reason="老客户，店主同意")
    assert unchecked.value.facts["guards"] == ["card_was_just_checked"]
    world.check(card_of(case), before=timedelta(minutes=3))
    remedy = execute(world, case, void_result="not_possible", override_reason="老客户，店主同意")
    assert remedy.state == "executing"
    assert remedy.override_reason == "老客户，店主同意"
    assert remedy.precheck["card_checked_minutes_ago"] == 3


def test_a_card_voided_in_the_stock_clears_the_way(world, owner, noon):
    case = world.case("P1")
    concede(world, case)
    cards.void_card(owner, case.card.public_id, reason="买家未兑换，官方作废", proof=PNG, at=noon)
    assert execute(world, case, void_result="voided").state == "executing"


def test_a_card_redeemed_between_agreement_and_payment_stops_the_payment(world, owner, noon):
    case = world.case("P1")
    concede(world, case)
    cards.ask_to_void(owner, case.card.public_id, reason="买家说没用过，先作废", at=noon)
    with pytest.raises(service.Blocked) as waiting:
        execute(world, case)
    assert waiting.value.facts["blocked_by"] == ["void_unclear"]
    later = noon + timedelta(minutes=2)
    cards.settle_void(
        owner, case.card.public_id, "redeemed", note="客服工单 4411：昨晚已兑换", redeemed_at=noon, at=later
    )
    with pytest.raises(service.Blocked) as used:
        execute(world, case)
    assert "redeemed_meanwhile" in used.value.facts["blocked_by"]


def test_a_precheck_is_kept_and_opens_the_move(world, owner, agent, noon):
    case = world.case("P1")
    concede(world, case)
    world.check(card_of(case), before=timedelta(minutes=3))
    facts = queries.standing(owner, world.fresh(case), at=noon)
    moves = {move.event: move for move in case_queries.allowed_moves(owner, world.fresh(case), facts)}
    assert not moves[Event.EXECUTED].allowed
    with pytest.raises(NotAllowed):
        service.precheck(agent, case.number, void_result="failed", at=noon, override_reason="我来负责")
    service.precheck(owner, case.number, void_result="failed", at=noon, override_reason="店主负责")
    facts = queries.standing(owner, world.fresh(case), at=noon)
    moves = {move.event: move for move in case_queries.allowed_moves(owner, world.fresh(case), facts)}
    assert moves[Event.EXECUTED].allowed
    assert execute(world, case).state == "executing"


def test_the_same_key_is_the_same_act(world, owner, noon):
    case = world.case("A1")
    dead(world, case)
    concede(world, case)
    first = execute(world, case, key="tap-1")
    again = service.execute(owner, case.number, key="tap-1", confirmation="", revision=1, at=noon + HOUR)
    assert again.pk == first.pk
    assert Remedy.objects.count() == 1
    assert kinds_of(world, case).count("remedy.executing") == 1
    other = world.case("A1")
    with pytest.raises(Conflict):
        service.execute(owner, other.number, key="tap-1", confirmation="", revision=other.revision, at=noon)


def test_the_agreed_remedys_own_key_executes_it_once(world, owner, noon):
    case = world.case("A1")
    dead(world, case)
    key = concede(world, case).key
    assert execute(world, case, key=key).state == "executing"
    again = service.execute(owner, case.number, key=key, confirmation="", revision=1, at=noon)
    assert again.state == "executing"
    assert kinds_of(world, case).count("remedy.executing") == 1


def test_what_is_unclear_blocks_everything_until_it_is_cleared_up(world, owner, noon):
    case = world.case("A1", spare=1)
    dead(world, case)
    concede(world, case)
    execute(world, case)
    service.record_result(owner, case.number, RemedyState.AMBIGUOUS, source_event="App 卡住", at=noon)
    made = {option.kind: option for option in queries.options(owner, world.fresh(case), at=noon)}
    assert {blocker.code for blocker in made["replace_card"].blocked_by} >= {"remedy_ambiguous"}
    assert not queries.standing(owner, world.fresh(case), at=noon).is_free_of_ambiguous_remedy
    service.record_result(owner, case.number, RemedyState.VERIFIED, source_event="refund status 5", at=noon)
    assert queries.standing(owner, world.fresh(case), at=noon).is_free_of_ambiguous_remedy
    with pytest.raises(Refused):
        service.record_result(owner, case.number, RemedyState.FAILED, source_event="x", at=noon)


def test_a_result_needs_its_source_and_something_executing(world, owner, noon):
    case = world.case("A1")
    with pytest.raises(Refused):
        service.record_result(owner, case.number, RemedyState.VERIFIED, source_event="x", at=noon)
    with pytest.raises(WrongUse):
        service.record_result(owner, case.number, RemedyState.VERIFIED, source_event=" ", at=noon)


def handed_over(remedy):
    """Leave behind what giving a replacement and confirming it leaves: the card's state and its reveal."""
    card = remedy.replacement
    Card.objects.filter(pk=card.pk).update(state="revealed")
    Reveal.objects.create(
        shop_id=card.shop_id, card=card, order_id=card.order_id, to="buyer", how="replacement", by="owner"
    )


def test_a_replacement_is_kept_handed_over_and_only_then_verified(world, owner, noon):
    case = world.case("A1", spare=1)
    dead(world, case)
    concede(world, case, "replace_card", None)
    remedy = execute(world, case, "replace_card", None)
    assert remedy.replacement.state == "reserved"
    assert remedy.value_fen == 19300
    with pytest.raises(Refused) as refused:
        service.record_result(owner, case.number, RemedyState.VERIFIED, source_event="m", at=noon)
    assert refused.value.problem_code == "replacement_not_handed_over"
    handed_over(remedy)
    assert (
        service.record_result(owner, case.number, RemedyState.VERIFIED, source_event="m", at=noon).state == "verified"
    )
    made = {option.kind: option for option in queries.options(owner, world.fresh(case), at=noon)}
    assert "already_replaced" in {blocker.code for blocker in made["full_refund"].blocked_by}


def test_when_the_second_card_fails_too_only_the_owner_gives_more_and_says_why(world, owner, lead, system, noon):
    case = world.case("A1", spare=1)
    dead(world, case)
    concede(world, case, "replace_card", None)
    remedy = execute(world, case, "replace_card", None)
    handed_over(remedy)
    service.record_result(owner, case.number, RemedyState.VERIFIED, source_event="m", at=noon)
    again, _ = cases.open_case(system, case.order, world.refund(case.order, applied_at=noon), at=noon)
    again = cases.link_card(owner, again.number, case.card.public_id, revision=again.revision, at=noon)
    again = cases.confirm_reason(owner, again.number, "A1", revision=again.revision, at=noon)
    dead(world, again)
    with pytest.raises(service.Blocked) as refused:
        concede(world, again)
    assert refused.value.facts["blocked_by"] == ["already_replaced"]
    why = {"override_reason": "换的卡也不能用，官方已确认", "confirmation": phrase("concede", "full_refund", 19300).zh}
    with pytest.raises(NotAllowed):
        service.concede(lead, again.number, "full_refund", revision=again.revision, at=noon, **why)
    service.concede(owner, again.number, "full_refund", revision=world.fresh(again).revision, at=noon, **why)
    assert execute(world, again, key="k2").override_reason == why["override_reason"]


def test_a_failed_replacement_puts_its_card_back(world, owner, noon):
    case = world.case("A1", spare=1)
    dead(world, case)
    concede(world, case, "replace_card", None)
    remedy = execute(world, case, "replace_card", None)
    service.record_result(owner, case.number, RemedyState.FAILED, source_event="买家不要了", at=noon)
    assert Card.objects.get(pk=remedy.replacement_id).state == "in_stock"


def test_money_does_not_move_when_the_platform_has_paid_meanwhile(world, owner, noon):
    case = world.case("A1")
    dead(world, case)
    concede(world, case)
    type(case.refund).objects.filter(pk=case.refund_id).update(state=RefundState.SUCCEEDED.value)
    with pytest.raises(service.Blocked) as refused:
        execute(world, case)
    assert refused.value.facts["blocked_by"] == ["already_refunded"]
    assert Remedy.objects.get().state == "approved"


def test_another_case_of_the_same_order_counts(world, owner, system, noon):
    case = world.case("A1")
    dead(world, case)
    concede(world, case)
    execute(world, case)
    service.record_result(owner, case.number, RemedyState.VERIFIED, source_event="5", at=noon)
    again, _ = cases.open_case(system, case.order, world.refund(case.order, applied_at=noon), at=noon)
    again = cases.confirm_reason(owner, again.number, "A1", revision=again.revision, at=noon)
    with pytest.raises(service.Blocked) as refused:
        concede(world, again)
    assert "already_refunded" in refused.value.facts["blocked_by"]
