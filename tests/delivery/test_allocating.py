from datetime import timedelta

import pytest

from cardcase.cards import queries as cards
from cardcase.cards import service as stockroom
from cardcase.cards.models import Card
from cardcase.cards.rules import CardKind, CardState
from cardcase.connectors.ports import ListingNotice, OrderNotice, OrderState
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.models import Allocation, Delivery
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused, WrongUse
from cardcase.orders.service import ingest_orders
from delivery.world import KIND, agreed, given, number, orders, stock

pytestmark = pytest.mark.django_db


def ids_of(view):
    return [slot.card.public_id for slot in view.slots]


def code_of(refusal):
    return refusal.value.problem_code


def test_an_order_gets_all_its_cards_and_always_the_same(system, noon):
    stock(system, 5, noon)
    [order] = orders(system, 1, noon)
    first = service.allocate(system, order.order_no, KIND, 3, at=noon)
    again = service.allocate(system, order.order_no, KIND, 3, at=noon)
    assert len(ids_of(first)) == 3
    assert ids_of(again) == ids_of(first)
    assert [slot.position for slot in first.slots] == [1, 2, 3]
    assert cards.reconcile(system).reserved == 3
    kinds = [item.kind for item in custody.history(system, [first.public_id])]
    assert kinds == ["delivery.allocated"]


def test_too_few_cards_leave_nothing_half_reserved(system, noon):
    stock(system, 2, noon)
    [order] = orders(system, 1, noon)
    with pytest.raises(Refused) as refusal:
        service.allocate(system, order.order_no, KIND, 3, at=noon)
    assert code_of(refusal) == "out_of_stock"
    assert refusal.value.facts == {"wanted": 3, "available": 2}
    assert cards.reconcile(system).unused == 2
    assert not Delivery.objects.visible_to(system).exists()
    assert not Allocation.objects.visible_to(system).exists()


def test_the_card_that_expires_first_goes_first_and_one_that_is_too_short_never(system, noon):
    today = noon.date()
    stock(system, 1, noon, first=1)  # no expiry: last
    stock(system, 1, noon, first=2, expires_on=today + timedelta(days=400))
    [soon] = stock(system, 1, noon, first=3, expires_on=today + timedelta(days=31))
    stock(system, 1, noon, first=4, expires_on=today + timedelta(days=29))
    stock(system, 1, noon, first=5, expires_on=today - timedelta(days=1))
    [one, two] = orders(system, 2, noon)
    view = service.allocate(system, one.order_no, KIND, 3, at=noon)
    days = [slot.card.expires_on for slot in view.slots]
    assert days == [today + timedelta(days=31), today + timedelta(days=400), None]
    assert view.slots[0].card.masked == f"‥{soon[-4:]}"
    with pytest.raises(Refused) as refusal:
        service.allocate(system, two.order_no, KIND, 1, at=noon)
    assert code_of(refusal) == "out_of_stock"


def test_cards_in_quarantine_or_found_bad_are_passed_over(owner, system, noon):
    stock(system, 2, noon, batch="doubtful")
    stock(system, 3, noon, first=10, batch="good")
    stockroom.quarantine_batch(owner, cards.batch_id(owner, "doubtful"), reason="货源可疑", at=noon)
    bad, poor, good = Card.objects.visible_to(owner).filter(batch__name="good").order_by("pk")
    stockroom.record_balance_check(owner, bad.public_id, method="官网", is_usable=False, at=noon)
    stockroom.record_balance_check(owner, poor.public_id, method="官网", balance_fen=19_999, is_usable=True, at=noon)
    stockroom.record_balance_check(owner, good.public_id, method="官网", balance_fen=20_000, is_usable=True, at=noon)
    [one, two] = orders(system, 2, noon)
    assert ids_of(service.allocate(system, one.order_no, KIND, 1, at=noon)) == [good.public_id]
    with pytest.raises(Refused):
        service.allocate(system, two.order_no, KIND, 1, at=noon)


def test_brand_region_face_and_spec_are_all_meant(system, noon):
    stock(system, 1, noon, region="US")
    stock(system, 1, noon, first=1, face_fen=10_000)
    stock(system, 1, noon, first=2, brand="别的卡")
    [order] = orders(system, 1, noon)
    for kind in (KIND, CardKind(KIND.brand, 20_000, "US", "季卡"), CardKind(KIND.brand, 20_000, "US", "", "physical")):
        with pytest.raises(Refused):
            service.allocate(system, order.order_no, kind, 1, at=noon)
    assert service.allocate(system, order.order_no, CardKind(KIND.brand, 20_000, "US"), 1, at=noon).slots


def test_another_kind_or_number_than_before_is_a_conflict(system, noon):
    stock(system, 5, noon)
    [order] = orders(system, 1, noon)
    service.allocate(system, order.order_no, KIND, 1, at=noon)
    for kind, quantity in ((KIND, 2), (CardKind(KIND.brand, 10_000), 1)):
        with pytest.raises(Conflict) as refusal:
            service.allocate(system, order.order_no, kind, quantity, at=noon)
        assert code_of(refusal) == "allocated_otherwise"


def test_cancelling_returns_unseen_cards_and_the_order_may_ask_again(owner, system, noon):
    stock(system, 2, noon)
    [order] = orders(system, 1, noon)
    view = service.allocate(system, order.order_no, KIND, 2, at=noon)
    with pytest.raises(WrongUse):
        service.cancel(owner, view.public_id, reason=" ", at=noon)
    service.cancel(owner, view.public_id, reason="买家改主意", at=noon)
    service.cancel(owner, view.public_id, reason="买家改主意", at=noon)
    assert cards.reconcile(system).unused == 2
    assert not Card.objects.visible_to(system).filter(order=order).exists()
    back = service.allocate(system, order.order_no, KIND, 1, at=noon)
    assert (back.public_id, back.row.quantity, len(back.slots)) == (view.public_id, 1, 1)


def test_what_has_left_cannot_be_cancelled(owner, system, noon):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    view = given(system, order, noon)
    service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    with pytest.raises(Refused) as refusal:
        service.cancel(owner, view.public_id, reason="x", at=noon)
    assert code_of(refusal) == "given_out"


def test_a_kept_card_that_is_quarantined_unseen_is_exchanged_in_its_place(owner, system, noon):
    stock(system, 2, noon, batch="a")
    stock(system, 2, noon, first=10, batch="b")
    [order] = orders(system, 1, noon)
    view = given(system, order, noon, 3)
    stockroom.quarantine_batch(owner, cards.batch_id(owner, "b"), reason="货源可疑", at=noon)
    with pytest.raises(Refused) as refusal:
        service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    assert code_of(refusal) == "card_in_doubt"
    with pytest.raises(Refused) as short:
        service.allocate(system, order.order_no, KIND, 3, at=noon)
    assert code_of(short) == "out_of_stock"
    stock(system, 1, noon, first=20, batch="c")
    after = service.allocate(system, order.order_no, KIND, 3, at=noon)
    assert ids_of(after)[:2] == ids_of(view)[:2]
    assert ids_of(after)[2] != ids_of(view)[2]
    lost = Card.objects.visible_to(owner).get(public_id=ids_of(view)[2])
    assert (lost.state, lost.order_id) == (CardState.QUARANTINED.value, None)


@pytest.mark.parametrize("state", [OrderState.REFUNDED, OrderState.CLOSED, OrderState.AWAITING_PAYMENT])
def test_no_card_is_kept_for_an_order_that_is_over_or_unpaid(system, noon, state):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon, state=state)
    with pytest.raises(Refused) as refusal:
        service.allocate(system, order.order_no, KIND, 1, at=noon)
    assert code_of(refusal) == "stopped_by_order"
    assert cards.reconcile(system).unused == 1


def test_an_order_that_the_channel_has_delivered_gets_no_second_card(system, noon):
    from cardcase.connectors.ports import DeliveryNotice
    from cardcase.kit.secret import CardCode

    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    notice = DeliveryNotice(channel="goofish", order_no=order.order_no, code=CardCode("ZZ7Q-92XF-LP3D-0001"))
    stockroom.record_deliveries(system, [notice], at=noon)
    with pytest.raises(Refused) as refusal:
        service.allocate(system, order.order_no, KIND, 1, at=noon)
    assert code_of(refusal) == "delivered_elsewhere"


def listed(system, noon, *specs):
    notices = [
        OrderNotice(
            channel="goofish",
            order_no=number(place),
            state=OrderState.AWAITING_DELIVERY,
            listing=ListingNotice(item_id="8001", sku_text=spec, title="苹果充值卡 100/200 秒发"),
            quantity=2,
        )
        for place, spec in enumerate(specs)
    ]
    return [order for order, _ in ingest_orders(system, notices, at=noon)]


def test_each_specification_of_a_listing_gets_its_own_kind(owner, system, noon):
    stock(system, 2, noon)
    stock(system, 2, noon, first=10, face_fen=10_000)
    [hundred, two_hundred] = listed(system, noon, "面额:100", "面额:200")
    service.set_kind(owner, "goofish", "8001", "面额:100", CardKind(KIND.brand, 10_000), at=noon)
    view = service.allocate(system, hundred.order_no, at=noon)
    assert {slot.card.face_fen for slot in view.slots} == {10_000}
    assert view.row.quantity == 2
    with pytest.raises(Refused) as refusal:
        service.allocate(system, two_hundred.order_no, at=noon)
    assert code_of(refusal) == "kind_unknown"
    assert refusal.value.facts["guess"] == "苹果充值卡 ¥200.00"
    assert cards.reconcile(system).reserved == 2


def test_only_who_manages_cards_sets_the_kind_of_a_listing(agent, owner, noon):
    with pytest.raises(NotAllowed):
        service.set_kind(agent, "goofish", "8001", "", KIND, at=noon)
    with pytest.raises(WrongUse):
        service.set_kind(owner, "goofish", "8001", "", CardKind("", 1), at=noon)


@pytest.mark.parametrize("quantity", [0, -1, 201])
def test_an_impossible_number_is_refused(system, noon, quantity):
    [order] = orders(system, 1, noon)
    with pytest.raises(WrongUse):
        service.allocate(system, order.order_no, KIND, quantity, at=noon)


def test_an_unknown_number_or_order_is_asked_for(system, noon):
    [order] = orders(system, 1, noon)
    with pytest.raises(WrongUse) as unknown:
        service.allocate(system, order.order_no, KIND, at=noon)
    assert code_of(unknown) == "quantity_unknown"
    with pytest.raises(WrongUse) as missing:
        service.allocate(system, "1", KIND, 1, at=noon)
    assert code_of(missing) == "order_unknown"


def test_another_shop_knows_nothing_of_it(stranger, system, noon):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    view = service.allocate(system, order.order_no, KIND, 1, at=noon)
    with pytest.raises(NotFound):
        queries.delivery(stranger, view.public_id)
    with pytest.raises(NotFound):
        service.cancel(stranger, view.public_id, reason="x", at=noon)
    assert queries.delivery_of_order(stranger, order.pk) is None


def test_the_list_shows_what_is_urgent_first_and_orders_without_a_card(owner, system, noon):
    stock(system, 2, noon)
    one, two, three = orders(system, 3, noon)
    service.allocate(system, one.order_no, KIND, 1, at=noon)
    agreed(system, two, noon)
    late = service.allocate(system, two.order_no, KIND, 1, at=noon)
    service.authorise(owner, late.public_id, to="buyer", how="chat", reason="发货", at=noon)
    assert service.note_unconfirmed(system, at=noon + timedelta(minutes=16)) == 1
    assert [row.order_no for row in queries.open_deliveries(owner)] == [two.order_no, one.order_no]
    assert [order.order_no for order in queries.unallocated_orders(owner)] == [three.order_no]
    assert queries.count_unknown(owner) == 1
