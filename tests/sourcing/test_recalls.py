"""Recalls of a batch and claims on its supplier."""

from datetime import date, timedelta

import pytest

from cardcase.cards import service as cards
from cardcase.cards.models import Card, CardBatch
from cardcase.cases import service as cases
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused, WrongUse
from cardcase.sourcing import queries, service
from cardcase.sourcing.rules.recall import Proof
from cardcase.sourcing.service import LotTold
from cardcase.staff.models import Shop
from evidence.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(shop, owner, system, noon):
    Shop.objects.filter(pk=shop.pk).update(is_pro=True)
    return World(shop, owner, system, noon)


def batch_of(card: Card) -> str:
    return CardBatch.objects.get(pk=card.batch_id).public_id


def history(actor, subject):
    return [item.kind for item in custody.history(actor, [subject])]


# --- Recall and claims ------------------------------------------------------------------------------------------------


def bad_batch(world, noon):
    """Four cards: one found unusable before its sale, one sold well, one reserved, one in stock."""
    bad, good, kept, free = world.stock(4)
    world.check(bad, before=timedelta(days=4), is_usable=False, balance_fen=0)
    orders = [world.order(card=bad), world.order(card=good)]
    spoken = cards.reserve_equal(world.owner, good.public_id, order_no=world.order(delivered=False).order_no, at=noon)
    assert spoken in {kept.public_id, free.public_id}
    return bad, orders


def test_a_recall_takes_the_unsold_out_lists_the_sold_and_begins_a_claim(owner, lead, world, noon):
    bad, orders = bad_batch(world, noon)
    lot = batch_of(bad)
    called = service.recall(lead, lot, reason="交付前就查不到余额", card=bad.public_id, at=noon)
    view = queries.recall_of(owner, CardBatch.objects.get(public_id=lot))
    assert (called.set_aside, view.proof) == (2, Proof.CHECK)
    assert [row.order_no for row in view.sold] == sorted(order.order_no for order in orders)
    assert len(view.reserved) == 1
    assert view.untold == 2
    [claim] = queries.claims(owner)
    assert (claim.state, [card for card, _, _ in claim.cards], claim.asked_fen) == ("draft", [bad.public_id], 18_800)
    service.recall(lead, lot, reason="再按一次", card=bad.public_id, at=noon)
    assert history(owner, called.public_id) == ["batch.recalled"]
    assert len(queries.claims(owner)) == 1


def test_a_recall_lets_kept_cards_go_so_that_allocating_again_exchanges_them(owner, lead, world, noon):
    from cardcase.cards.rules import CardKind
    from cardcase.delivery import service as delivery
    from cardcase.sourcing.models import Recall

    bad, kept, *_ = world.stock(3)
    world.check(bad, before=timedelta(days=4), is_usable=False, balance_fen=0)
    order = world.order(delivered=False)
    kind = CardKind(brand="Apple", region="CN", face_fen=20_000)
    Card.objects.filter(pk__in=[kept.pk]).update(state="in_stock")
    view = delivery.allocate(owner, order.order_no, kind, 1, at=noon)
    lot = batch_of(bad)
    service.recall(lead, lot, reason="坏卡", card=bad.public_id, at=noon)
    held = Card.objects.get(public_id=view.slots[0].card.public_id)
    assert (held.state, held.order_id) == ("quarantined", None)
    assert history(owner, held.public_id)[-1] == "card.released"
    [row] = queries.lot(owner, lot).recall.reserved
    assert (row.order_no, row.is_exchanged) == (order.order_no, False)
    assert Recall.objects.get().released == [[order.public_id, held.public_id]]
    fresh = world.stock()[0]
    Card.objects.filter(pk=fresh.pk).update(state="in_stock")
    again = delivery.allocate(owner, order.order_no, kind, 1, at=noon)
    assert again.slots[0].card.public_id == fresh.public_id
    assert queries.lot(owner, lot).recall.reserved[0].is_exchanged


def test_a_card_that_was_kept_comes_back_free_and_is_sold_once_its_batch_is_reinstated(owner, lead, world, noon):
    good, *_ = world.stock(2)
    Card.objects.filter(batch=good.batch_id).update(state="in_stock")
    order = world.order(delivered=False)
    kept = cards.reserve_equal(owner, good.public_id, order_no=order.order_no, at=noon)
    lot = batch_of(good)
    cards.quarantine_batch(lead, lot, reason="看一看", at=noon)
    world.check(Card.objects.get(public_id=kept))
    cards.readmit(owner, kept, reason="查过了", at=noon)
    back = Card.objects.get(public_id=kept)
    assert (back.state, back.order_id) == ("in_stock", None)
    with pytest.raises(Refused):
        cards.reserve_equal(owner, good.public_id, order_no=order.order_no, at=noon)
    with pytest.raises(NotAllowed):
        service.reinstate_batch(lead, lot, reason="没问题", at=noon)
    assert service.reinstate_batch(owner, lot, reason="没问题", at=noon) == 1
    assert cards.reserve_equal(owner, good.public_id, order_no=order.order_no, at=noon) == kept
    with pytest.raises(Refused):
        service.reinstate_batch(owner, lot, reason="再来", at=noon)


def test_a_card_that_a_buyer_may_have_read_is_not_readmitted(owner, lead, world, noon):
    [card] = world.stock()
    cards.quarantine_batch(lead, batch_of(card), reason="看一看", at=noon)
    world.order(card=card)
    world.check(card)
    with pytest.raises(Refused) as refusal:
        cards.readmit(owner, card.public_id, reason="查过了", at=noon)
    assert refusal.value.problem_code == "card_was_shown"


def test_that_the_issuer_voided_a_card_is_inferred_and_wants_a_persons_word(owner, lead, world, noon):
    [card] = world.stock()
    world.order(card=card)
    Card.objects.filter(pk=card.pk).update(state="voided")
    lot = batch_of(card)
    with pytest.raises(Refused) as refusal:
        service.recall(lead, lot, reason="发卡方作废", card=card.public_id, at=noon)
    assert refusal.value.problem_code == "recall_unconfirmed"
    service.recall(owner, lot, reason="先停", card=card.public_id, on_suspicion=True, at=noon)
    assert queries.lot(owner, lot).recall.proof is None
    service.recall(lead, lot, reason="发卡方答复了", card=card.public_id, is_confirmed=True, at=noon)
    assert queries.lot(owner, lot).recall.proof is Proof.ISSUER


def test_who_was_told_of_a_recall_is_noted_once(owner, agent, world, noon):
    bad, [first, _] = bad_batch(world, noon)
    lot = batch_of(bad)
    service.recall(owner, lot, reason="坏卡", card=bad.public_id, at=noon)
    service.note_told(agent, lot, first.public_id, how="闲鱼消息", at=noon)
    service.note_told(agent, lot, first.public_id, how="又说一遍", at=noon)
    view = queries.recall_of(owner, CardBatch.objects.get(public_id=lot))
    assert view.untold == 1
    assert {row.told_how for row in view.sold} == {"闲鱼消息", ""}
    with pytest.raises(NotFound):
        service.note_told(agent, lot, world.order().public_id, how="x", at=noon)


def test_without_proof_only_the_owner_recalls_and_it_is_marked_so(owner, lead, system, world, noon):
    card, *_ = world.stock(3)
    world.order(card=card)
    lot = batch_of(card)
    with pytest.raises(Refused):
        service.recall(owner, lot, reason="听说有问题", card=card.public_id, at=noon)
    for actor in (lead, system):
        with pytest.raises(NotAllowed):
            service.recall(actor, lot, reason="听说有问题", on_suspicion=True, at=noon)
    service.recall(owner, lot, reason="听说有问题", on_suspicion=True, at=noon)
    assert queries.lot(owner, lot).recall.proof is None
    cards.mark_redeemed(owner, card.public_id, redeemed_at=noon - timedelta(days=9), source="官网", at=noon)
    service.recall(lead, lot, reason="查到了", card=card.public_id, at=noon)
    assert queries.lot(owner, lot).recall.proof is Proof.REDEEMED


def test_a_card_of_another_batch_proves_nothing_here(owner, world, noon):
    [card], [other] = world.stock(), world.stock()
    with pytest.raises(NotFound):
        service.recall(owner, batch_of(card), reason="x", card=other.public_id, on_suspicion=True, at=noon)


def claim_about(owner, card, noon, amount_fen=None):
    return service.open_claim(owner, batch_of(card), {card.public_id: amount_fen}, reason="坏卡", at=noon)


def test_a_claim_goes_its_way_and_its_money_reaches_the_card(owner, world, noon):
    one, two = world.stock(2)
    claim = claim_about(owner, one, noon)
    service.add_cards(owner, claim.public_id, {two.public_id: 9_400}, at=noon)
    service.move_claim(owner, claim.public_id, "send", at=noon)
    with pytest.raises(Refused):
        service.add_cards(owner, claim.public_id, {two.public_id: 1}, at=noon)
    with pytest.raises(WrongUse):
        service.move_claim(owner, claim.public_id, "accept_partly", accepted_fen=100, at=noon)
    service.move_claim(owner, claim.public_id, "accept_partly", answer="只认一半", accepted_fen=14_101, at=noon)
    service.record_receipt(owner, claim.public_id, 10_000, received_on=noon.date(), at=noon)
    service.record_receipt(owner, claim.public_id, 4_101, received_on=noon.date(), at=noon)
    assert queries.recovered_by_card(owner, [one.pk, two.pk]) == {one.pk: 9_401, two.pk: 4_700}
    with pytest.raises(WrongUse):
        service.record_receipt(owner, claim.public_id, 99_999, received_on=noon.date(), at=noon)
    view = queries.claim(owner, claim.public_id)
    assert (view.state, view.answer, view.recovered_fen) == ("recovered", "只认一半", 14_101)
    service.move_claim(owner, claim.public_id, "close", at=noon)
    assert history(owner, claim.public_id)[-1] == "supplier_claim.moved"


def test_a_card_is_in_one_live_claim_at_a_time(owner, world, noon):
    [card] = world.stock()
    claim = claim_about(owner, card, noon)
    with pytest.raises(Conflict):
        claim_about(owner, card, noon)
    service.move_claim(owner, claim.public_id, "close", at=noon)
    claim_about(owner, card, noon)


def test_a_claim_needs_a_supplier_a_card_and_an_amount(owner, world, noon):
    [card] = world.stock()
    with pytest.raises(WrongUse):
        service.open_claim(owner, batch_of(card), {}, reason="x", at=noon)
    Card.objects.update(cost_fen=None)
    with pytest.raises(WrongUse):
        claim_about(owner, card, noon)
    CardBatch.objects.update(supplier=None)
    with pytest.raises(Refused):
        claim_about(owner, card, noon, 100)


def windows(owner, lot):
    return [clock.state for clock in deadlines.of_subject(owner, lot) if clock.kind == "supplier_claim_window"]


def test_one_window_rings_once_for_case_and_claim(owner, system, world, noon):
    case = world.case("A1")
    lot = batch_of(case.card)
    service.set_lot(owner, lot, LotTold(claim_until=date(2026, 12, 1)), at=noon)
    cases.confirm_reason(owner, case.number, "A2", revision=case.revision, at=noon)
    claim = claim_about(owner, case.card, noon)
    assert windows(owner, lot).count("armed") == 1
    service.move_claim(owner, claim.public_id, "send", at=noon)
    assert windows(owner, lot) == ["met"]
    case = world.fresh(case)
    cases.confirm_reason(owner, case.number, "A1", revision=case.revision, at=noon)
    assert windows(owner, lot) == ["met"]


def test_a_claim_that_is_given_up_leaves_the_window_to_open_cases(owner, world, noon):
    case = world.case("A1")
    lot = batch_of(case.card)
    service.set_lot(owner, lot, LotTold(claim_until=date(2026, 12, 1)), at=noon)
    claim = claim_about(owner, case.card, noon)
    service.move_claim(owner, claim.public_id, "close", at=noon)
    assert windows(owner, lot) == ["armed"]


def test_the_net_of_a_case_counts_what_the_claim_brought(owner, world, noon):
    from cardcase.remedies import queries as remedies

    case = world.case("A1")
    before = remedies.net_of_case(owner, case).recovered_fen
    claim = claim_about(owner, case.card, noon)
    service.move_claim(owner, claim.public_id, "send", at=noon)
    service.move_claim(owner, claim.public_id, "accept", answer="同意", at=noon)
    service.record_receipt(owner, claim.public_id, 18_800, received_on=noon.date(), at=noon)
    assert (before, remedies.net_of_case(owner, world.fresh(case)).recovered_fen) == (0, 18_800)
