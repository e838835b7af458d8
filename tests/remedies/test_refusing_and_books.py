from datetime import timedelta

import pytest

from cardcase.cases import service as cases
from cardcase.cases.rules import Event, GuardFacts
from cardcase.connectors.ports import RefundState
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed, NotFound, Refused
from cardcase.remedies import queries, service
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import RemedyState
from remedies.acts import REASON, WORDS, concede, dead, execute, kinds_of, show

pytestmark = pytest.mark.django_db

# --- refusing and escalating ---------------------------------------------------------------------------------------


def ready_to_refuse(world):
    case = world.case("A1")
    show(world, case, is_redeemed=False, is_usable=True)
    return world.fresh(case)


def decline(world, case, reason=REASON, text=WORDS, *, actor=None, **changes):
    values = {"confirmation": "拒绝退款", "revision": world.fresh(case).revision, "at": world.noon}
    return service.decline(actor or world.owner, case.number, reason, text, **{**values, **changes})


def test_a_refusal_goes_out_when_everything_is_there(world, owner, noon):
    case = ready_to_refuse(world)
    assert decline(world, case).status == "declined"
    [entry] = [item for item in custody.history(owner, [case.public_id]) if item.kind == "remedy.declined"]
    assert entry.facts["refuse_reason"] == REASON
    assert "E3" in entry.facts["evidence"]


def test_a_refusal_is_blocked_with_what_is_missing(world, noon):
    case = world.case("A1")
    with pytest.raises(service.Blocked) as refused:
        decline(world, case)
    assert refused.value.facts["blocked_by"] == ["evidence_incomplete"]
    assert "发卡方官方查询" in refused.value.message.zh
    assert world.fresh(case).status == "needs_response"


def test_a_refusal_never_stands_against_the_floor(world, noon):
    case = world.case("A1")
    show(world, case, is_usable=False)
    with pytest.raises(service.Blocked) as refused:
        decline(world, case)
    assert "below_floor" in refused.value.facts["blocked_by"]


def test_nothing_delivered_is_never_refused(world, owner, system, noon):
    order = world.order(delivered=False)
    case, _ = cases.open_case(system, order, world.refund(order), at=noon)
    case = cases.confirm_reason(owner, case.number, "P1", revision=case.revision, at=noon)
    with pytest.raises(service.Blocked) as refused:
        decline(world, case)
    assert {"not_delivered", "below_floor"} <= set(refused.value.facts["blocked_by"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "我不想退"}, "bad_refusal"),
        ({"text": ""}, "bad_refusal"),
        ({"text": "好" * 201}, "bad_refusal"),
        ({"text": "加微信 abc123 我私下退给你"}, "bad_refusal"),
        ({"confirmation": "好的"}, "not_confirmed"),
    ],
)
def test_the_words_of_a_refusal_are_checked_and_it_is_typed(world, changes, code):
    case = ready_to_refuse(world)
    with pytest.raises(Refused) as refused:
        decline(world, case, **changes)
    assert refused.value.problem_code == code
    assert world.fresh(case).status == "needs_response"


def test_the_shops_own_words_are_looked_for_in_a_refusal(world, request):
    case = ready_to_refuse(world)
    request.getfixturevalue("dear_is_not_said")
    with pytest.raises(Refused) as refused:
        decline(world, case, text="亲亲，卡密已于 11 月 24 日交付，请核实。")
    assert refused.value.problem_code == "bad_refusal"
    assert "亲亲" in refused.value.message.zh
    assert decline(world, case, text="卡密已于 11 月 24 日交付，请核实。").status == "declined"


def test_a_card_code_never_leaves_in_a_refusal(world):
    case = ready_to_refuse(world)
    code = world.codes[case.card.public_id].expose()
    with pytest.raises(Refused) as refused:
        decline(world, case, text=f"您的卡 {code} 是有效的，请再试一次。")
    assert code not in str(refused.value)


def test_the_platforms_own_list_wins_over_the_catalogues(world):
    case = ready_to_refuse(world)
    with pytest.raises(Refused):
        decline(world, case, offered_reasons=["买家误操作"])
    assert decline(world, case, "买家误操作", offered_reasons=["买家误操作"]).status == "declined"


def test_an_agent_does_not_send_a_refusal(world, agent):
    case = ready_to_refuse(world)
    with pytest.raises(NotAllowed):
        decline(world, case, actor=agent)


def test_the_platform_is_asked_only_after_a_refusal(world, owner, noon):
    case = ready_to_refuse(world)
    with pytest.raises(service.Blocked):
        service.escalate(owner, case.number, confirmation="平台介入", revision=case.revision, at=noon)
    declined = decline(world, case)
    moved = service.escalate(owner, case.number, confirmation="平台介入", revision=declined.revision, at=noon)
    assert (moved.status, moved.stage) == ("under_review", "platform_dispute")


# --- books ---------------------------------------------------------------------------------------------------------


def test_when_the_platform_steps_in_the_open_offer_is_suspended_and_money_stands_still(world, owner, system, noon):
    case = world.case("A1")
    service.propose_offer(owner, case.number, "full_refund", revision=case.revision, at=noon)
    facts = GuardFacts(source_event_id="typed")
    cases.advance(owner, case.number, Event.STEPPED_IN, facts=facts, revision=world.fresh(case).revision, at=noon)
    service.follow(system, case.number, at=noon)
    service.follow(system, case.number, at=noon)
    assert Offer.objects.get().state == "withdrawn"
    assert kinds_of(world, case).count("remedy.offer_suspended") == 1
    made = {option.kind: option for option in queries.options(owner, world.fresh(case), at=noon)}
    assert "under_platform_review" in {blocker.code for blocker in made["full_refund"].blocked_by}


def test_what_was_agreed_is_cancelled_when_the_seller_paid_in_the_app(world, owner, system, noon):
    case = world.case("A1")
    concede(world, case)
    type(case.refund).objects.filter(pk=case.refund_id).update(state=RefundState.SUCCEEDED.value, refunded_at=noon)
    cases.platform_moved(system, case.number, RefundState.SUCCEEDED, at=noon)
    service.follow(system, case.number, at=noon)
    assert Remedy.objects.get().state == "cancelled"
    assert world.fresh(case).status == "settled"


def test_a_rested_case_is_closed_and_one_with_something_unclear_is_not(world, owner, system, noon):
    quiet = world.case("A1")
    facts = GuardFacts(source_event_id="typed")
    cases.advance(owner, quiet.number, Event.WITHDRAWN, facts=facts, revision=quiet.revision, at=noon)
    unclear = world.case("A1")
    dead(world, unclear)
    concede(world, unclear)
    execute(world, unclear)
    service.record_result(owner, unclear.number, RemedyState.AMBIGUOUS, source_event="x", at=noon)
    type(unclear).objects.filter(pk=unclear.pk).update(status="settled", is_open=False, resolved_at=noon)
    assert service.close_rested(system, at=noon + timedelta(days=14)) == 0
    assert service.close_rested(system, at=noon + timedelta(days=16)) == 1
    assert world.fresh(quiet).status == "closed"
    assert world.fresh(unclear).status == "settled"


def test_strangers_find_nothing(world, stranger, noon):
    case = world.case("A1")
    with pytest.raises(NotFound):
        service.propose_offer(stranger, case.number, "full_refund", revision=case.revision, at=noon)
    with pytest.raises(NotFound):
        decline(world, case, actor=stranger)
