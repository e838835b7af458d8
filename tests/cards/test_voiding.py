from datetime import timedelta

import pytest

from cardcase.cards import service
from cardcase.cards.models import Card, VoidAttempt
from cardcase.cards.rules import IllegalCardMove, VoidResult
from cardcase.connectors.ports import CardNotice, DeliveryNotice
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed, Refused, WrongUse
from cardcase.kit.secret import CardCode

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n void"


@pytest.fixture
def sold(system, noon):
    code = CardCode("K7QM-92XF-LP3D-0001")
    service.stock(system, [CardNotice(code=code, face_fen=10_000)], batch="11月", at=noon)
    note = DeliveryNotice(channel="goofish", order_no="2226690000000000001", code=code, sold_type_raw="11")
    service.record_deliveries(system, [note], at=noon)
    return Card.objects.visible_to(system).get().public_id


def state(actor):
    return Card.objects.visible_to(actor).get().state


def history(actor, card):
    return [item.kind for item in custody.history(actor, [card])]


def test_a_card_is_voided_in_two_steps_with_the_issuers_record(owner, sold, noon):
    service.ask_to_void(owner, sold, reason="买家未使用，退款前作废", at=noon)
    assert state(owner) == "revealed"
    with pytest.raises(WrongUse):
        service.settle_void(owner, sold, VoidResult.VOIDED, at=noon)
    service.settle_void(owner, sold, VoidResult.VOIDED, proof=PNG, at=noon + timedelta(hours=1))
    assert state(owner) == "voided"
    assert history(owner, sold)[-2:] == ["card.void_asked", "card.voided"]


def test_asking_twice_is_one_request(owner, sold, noon):
    first = service.ask_to_void(owner, sold, reason="先作废", at=noon)
    assert service.ask_to_void(owner, sold, reason="再催一次", at=noon).pk == first.pk
    assert VoidAttempt.objects.visible_to(owner).count() == 1


def test_an_unknown_answer_is_settled_once_it_is_known(owner, sold, noon):
    service.ask_to_void(owner, sold, reason="先作废", at=noon)
    service.settle_void(owner, sold, VoidResult.UNKNOWN, note="客服说系统查不到", at=noon)
    assert state(owner) == "revealed"
    service.settle_void(owner, sold, VoidResult.FAILED, note="工单 4411：不支持作废", at=noon)
    with pytest.raises(Refused) as none:
        service.settle_void(owner, sold, VoidResult.VOIDED, proof=PNG, at=noon)
    assert none.value.problem_code == "void_not_asked"


def test_a_buyer_who_redeems_first_ends_the_request(owner, agent, sold, noon):
    service.ask_to_void(owner, sold, reason="先作废", at=noon)
    service.mark_redeemed(agent, sold, at=noon, redeemed_at=noon - timedelta(minutes=5), source="官网查询截图")
    attempt = VoidAttempt.objects.visible_to(owner).get()
    assert (state(owner), attempt.result) == ("redeemed", "redeemed")
    with pytest.raises(IllegalCardMove):
        service.void_card(owner, sold, reason="晚了", proof=PNG, at=noon)


def test_a_redemption_after_voiding_is_kept_as_a_contradiction(owner, agent, sold, noon):
    service.void_card(owner, sold, reason="退款前作废", proof=PNG, at=noon)
    service.mark_redeemed(agent, sold, at=noon, redeemed_at=noon, source="买家截图显示已兑换")
    card = Card.objects.visible_to(owner).get()
    assert (card.state, card.redeemed_at) == ("voided", noon)
    assert history(owner, sold)[-1] == "card.redeemed_though_voided"


def test_who_may_void(agent, system, sold, noon):
    for actor in (agent, system):
        with pytest.raises(NotAllowed):
            service.ask_to_void(actor, sold, reason="作废", at=noon)


def test_a_code_in_the_note_is_masked(owner, sold, noon):
    service.ask_to_void(owner, sold, reason="作废 K7QM-92XF-LP3D-0001", at=noon)
    assert "LP3D" not in VoidAttempt.objects.visible_to(owner).get().reason
