"""Two people at once on one claim, one batch, one flag: each thread with a connection of its own, on both databases."""

from datetime import timedelta

import pytest

from cardcase.cards.models import Card
from cardcase.custody import queries as custody
from cardcase.kit.errors import Conflict, Refused
from cardcase.sourcing import queries, service
from cardcase.sourcing.models import ClaimCard, ClaimReceipt, FlagEvent, Recall, RiskFlag
from cardcase.staff.models import Shop
from contracts.test_races import at_once
from evidence.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]
AT_ONCE = 6


@pytest.fixture
def world(shared_database, shop, owner, system, noon):
    Shop.objects.filter(pk=shop.pk).update(is_pro=True)
    return World(shop, owner, system, noon)


def raised(answers, kind):
    return [one for one in answers if isinstance(one, kind)]


def lot_of(card):
    return Card.objects.select_related("batch").get(pk=card.pk).batch.public_id


def test_of_several_claims_about_one_card_one_is_begun(owner, world, noon):
    [card] = world.stock()
    lot = lot_of(card)
    answers = at_once([lambda: service.open_claim(owner, lot, {card.public_id: 100}, reason="坏卡", at=noon)] * AT_ONCE)
    assert len(raised(answers, Conflict)) == AT_ONCE - 1
    assert ClaimCard.objects.filter(is_live=True).count() == 1
    assert len(queries.claims(owner)) == 1


def test_money_that_comes_in_twice_at_once_is_never_more_than_was_asked(owner, world, noon):
    [card] = world.stock()
    claim = service.open_claim(owner, lot_of(card), {card.public_id: 1_000}, reason="坏卡", at=noon).public_id
    service.move_claim(owner, claim, "send", at=noon)
    service.move_claim(owner, claim, "accept", at=noon)
    answers = at_once([lambda: service.record_receipt(owner, claim, 400, received_on=noon.date(), at=noon)] * AT_ONCE)
    assert len(raised(answers, Exception)) == AT_ONCE - 2
    assert ClaimReceipt.objects.count() == 2
    assert queries.claim(owner, claim).recovered_fen == 800


def test_a_claim_is_sent_once(owner, world, noon):
    [card] = world.stock()
    claim = service.open_claim(owner, lot_of(card), {card.public_id: 1_000}, reason="坏卡", at=noon).public_id
    answers = at_once([lambda: service.move_claim(owner, claim, "send", at=noon)] * AT_ONCE)
    assert len(raised(answers, Refused)) == AT_ONCE - 1


def test_a_batch_is_called_back_once_with_one_claim(owner, lead, world, noon):
    bad, *_ = world.stock(4)
    world.check(bad, before=timedelta(days=1), is_usable=False, balance_fen=0)
    lot = lot_of(bad)
    works = [
        lambda who=who: service.recall(who, lot, reason="坏卡", card=bad.public_id, at=noon) for who in (owner, lead)
    ]
    answers = at_once(works * (AT_ONCE // 2))
    assert raised(answers, Exception) == []
    called = Recall.objects.get()
    assert called.set_aside == 4
    assert len(queries.claims(owner)) == 1
    assert [item.kind for item in custody.history(owner, [called.public_id])] == ["batch.recalled"]


def test_a_recall_and_a_reservation_at_once_leave_no_card_both_kept_and_set_aside(owner, lead, world, noon):
    from cardcase.cards import service as cards

    bad, *rest = world.stock(6)
    world.check(bad, before=timedelta(days=1), is_usable=False, balance_fen=0)
    Card.objects.filter(pk__in=[card.pk for card in rest]).update(state="in_stock")
    orders = [world.order(delivered=False) for _ in range(4)]
    lot = lot_of(bad)
    keep = [lambda o=o: cards.reserve_equal(owner, bad.public_id, order_no=o.order_no, at=noon) for o in orders]
    answers = at_once([*keep, lambda: service.recall(lead, lot, reason="坏卡", card=bad.public_id, at=noon)])
    assert [one for one in raised(answers, Exception) if not isinstance(one, Refused)] == []
    states = set(Card.objects.filter(batch__public_id=lot).values_list("state", "order_id"))
    assert states == {("quarantined", None)}
    kept = [one for one in answers if isinstance(one, str)]
    assert sorted(card for _, card in Recall.objects.get().released) == sorted(kept)


def test_a_batch_judged_by_many_at_once_has_each_flag_once(owner, world, noon):
    [card] = world.stock()
    lot = lot_of(card)
    answers = at_once([lambda: service.evaluate_batch(owner, lot, at=noon)] * AT_ONCE)
    assert raised(answers, Exception) == []
    assert RiskFlag.objects.filter(subject=lot).count() == 1
    assert [event.event for event in FlagEvent.objects.all()] == ["raised"]


def test_a_flag_is_decided_once(owner, world, noon):
    [card] = world.stock()
    [flag] = service.evaluate_batch(owner, lot_of(card), at=noon)
    decide = [
        lambda what=what: service.decide_flag(owner, flag.public_id, what, reason="看过", at=noon)
        for what in ("clear", "accept", "stop")
    ]
    answers = at_once(decide * 2)
    assert len(raised(answers, Refused)) == len(answers) - 1
    assert FlagEvent.objects.filter(flag=flag).count() == 2
