"""More than one parcel: replacements that are physical cards, a second parcel after a loss or a return, more returns."""

from datetime import timedelta

import pytest
from django.test import Client

from cardcase.cards import queries as cards
from cardcase.cards import service as stockroom
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardState
from cardcase.connectors.ports import OrderNotice, OrderState
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.models import Delivery, Parcel, ParcelStep
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.parcels import Again, Match, Outcome, StepName
from cardcase.kit.errors import NotAllowed, NotFound, Refused
from cardcase.orders.models import Order
from cardcase.orders.service import ingest_orders
from cardcase.staff.models import Staff
from delivery.parcels_world import JPEG, TELL, boxed, go, goes, more_in_stock, serial, through
from delivery.world import code, given, orders, stock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def code_of(refusal):
    return refusal.value.problem_code


@pytest.fixture
def view(system, noon):
    return boxed(system, noon)


@pytest.fixture
def kept(system, view, agent, noon):
    """A physical card that a case keeps for the buyer whose first one arrived; returns its public id."""
    through(agent, view, "signed", noon)
    more_in_stock(system, noon, first=7)
    return stockroom.reserve_equal(agent, view.slots[0].card.public_id, order_no=view.row.order_no, at=noon)


def pass_through(actor, goods, last, at, read=(7,), **told):
    """Take the parcel of a replacement through all steps up to one."""
    for hour, name in enumerate(TELL):
        chain = goes(actor, goods, name, at + hour * HOUR, read=read, **(told if name == last else {}))
        if name == last:
            return chain
    raise AssertionError(last)


# --- A replacement ----------------------------------------------------------------------------------------------------


def test_a_physical_replacement_goes_out_and_comes_back_as_a_chain_of_its_own(owner, agent, view, kept, noon):
    [waiting] = queries.open_replacements(agent)
    assert (waiting.card.public_id, waiting.state, waiting.parcels.last.following) == (
        kept,
        DeliveryState.ALLOCATED,
        (StepName.PACKED,),
    )
    chain = pass_through(agent, kept, "shipped", noon)
    assert Card.objects.get(public_id=kept).state == CardState.REVEALED.value
    assert [one.state for one in queries.open_replacements(agent)] == [DeliveryState.SHIPPED]
    assert not cards.was_shown_to_buyer(agent, Card.objects.get(public_id=kept).pk, order_id=view.order_id)
    goes(agent, kept, "signed", noon + 9 * HOUR)
    assert queries.open_replacements(agent) == []
    assert queries.replacement(agent, kept).state is DeliveryState.SIGNED
    assert cards.was_shown_to_buyer(agent, Card.objects.get(public_id=kept).pk, order_id=view.order_id)
    for name in ("unboxed", "announced", "received", "inspected"):
        chain = goes(agent, kept, name, noon + 10 * HOUR)
    assert [step.name for step in chain.steps] == list(StepName)
    assert (chain.outcome, chain.contradictions, chain.is_intact) == (Outcome.INTACT, (), True)
    service.take_back_cards(owner, kept, at=noon)
    assert Card.objects.get(public_id=kept).state == CardState.RETURNED.value
    assert cards.audit(owner) == []
    first = queries.parcels(agent, view.public_id)
    assert [step.name for step in first.last.steps][-1] is StepName.SIGNED
    assert Delivery.objects.get().state == DeliveryState.SIGNED.value


def test_the_record_and_the_pack_name_the_parcel_of_a_replacement(agent, view, kept, noon):
    goes(agent, kept, "packed", noon)
    [packed] = custody.history(agent, list(queries.parcels(agent, kept).parcels))
    assert (packed.kind, packed.facts["replacement"]) == ("parcel.packed", kept)
    found = queries.parcels_of(agent, [view.order_id])[view.order_id]
    assert [(one.goods, one.is_replacement) for one in found] == [(view.public_id, False), (kept, True)]


def test_a_chain_of_a_replacement_cannot_be_passed_off_as_that_of_another(agent, view, kept, noon):
    goes(agent, kept, "packed", noon)
    assert queries.parcels(agent, kept).last.is_intact
    own = Parcel.objects.get(delivery__public_id=view.public_id)
    ParcelStep.objects.filter(parcel__card__public_id=kept).update(parcel=own)
    assert not queries.parcels(agent, view.public_id).last.is_intact


def test_the_wrong_card_is_not_packed_as_a_replacement_and_no_code_leaves(agent, owner, kept, noon):
    with pytest.raises(Refused) as other:
        goes(agent, kept, "packed", noon, read=(0,))
    assert code_of(other) == "serial_differs"
    with pytest.raises(Refused) as parcel:
        service.confirm_replacement(owner, kept, at=noon)
    assert code_of(parcel) == "goes_by_parcel"


@pytest.mark.django_db(transaction=True)
def test_the_code_of_a_physical_replacement_is_not_shown(owner, kept, noon):
    with pytest.raises(Refused) as refusal:
        service.give_replacement(owner, kept, reason="换卡", at=noon)
    assert code_of(refusal) == "goes_by_parcel"


def test_an_open_complaint_lets_a_replacement_go_and_money_that_went_back_does_not(agent, system, kept, view, noon):
    goes(agent, kept, "packed", noon)
    service.block(agent, view.order_id, why="AS-2026-000001", ref="case_x", at=noon)
    told = OrderNotice(channel="goofish", order_no=view.row.order_no, state=OrderState.REFUNDED)
    order = Order.objects.get(pk=view.order_id)
    was = order.state
    ingest_orders(system, [told], at=noon)
    with pytest.raises(Refused) as money:
        goes(agent, kept, "shipped", noon)
    assert code_of(money) == "replacement_stopped"
    Order.objects.filter(pk=view.order_id).update(state=was)
    assert goes(agent, kept, "shipped", noon).step(StepName.SHIPPED) is not None


def test_a_replacement_that_is_a_code_has_no_parcel_and_nobody_elses_is_found(owner, agent, system, stranger, noon):
    stock(system, 2, noon)
    [order] = orders(system, 1, noon)
    first = given(system, order, noon)
    card = stockroom.reserve_equal(agent, first.slots[0].card.public_id, order_no=order.order_no, at=noon)
    with pytest.raises(Refused) as refusal:
        goes(agent, card, "packed", noon)
    assert code_of(refusal) == "not_a_parcel"
    for goods in (card, "card_x", "deliv_x"):
        with pytest.raises(NotFound):
            goes(stranger, goods, "packed", noon)


def test_a_replacement_is_packed_on_its_page(agent, kept, noon):
    client, url = Client(), f"/replacements/{kept}/"
    client.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    page = client.get(url).content.decode()
    assert "下一步：打包" in page
    assert "取出卡密" not in page
    assert "待寄出" in page
    from django.core.files.uploadedfile import SimpleUploadedFile

    told = {"serials": serial(7), "weight_g": "50", "front": SimpleUploadedFile("a.jpg", JPEG)}
    answer = client.post(f"{url}parcel/packed/", told)
    assert answer.headers["Location"] == f"{url}#parcel"
    page = client.get(url).content.decode()
    assert "下一步：寄出" in page
    assert serial(7) not in page
    assert "".join(serial(7).split()) not in page
    refused = client.post(f"{url}parcel/shipped/", {"carrier": "顺丰", "waybill_no": code(7), "number": "1"})
    assert refused.status_code == 422
    assert code(7) not in refused.content.decode()


# --- A second parcel out ----------------------------------------------------------------------------------------------


def test_after_a_loss_another_card_goes_out_in_a_chain_of_its_own(owner, agent, system, view, noon):
    lost = view.slots[0].card.public_id
    first = through(agent, view, "shipped", noon)
    assert queries.parcels(agent, view.public_id).again is Again.LOST
    with pytest.raises(NotAllowed):
        service.begin_again(agent, view.public_id, "lost", reason="丢件", at=noon)
    with pytest.raises(Refused) as empty:
        service.begin_again(owner, view.public_id, "lost", reason="丢件", at=noon)
    assert code_of(empty) == "out_of_stock"
    more_in_stock(system, noon, first=7)
    begun = service.begin_again(owner, view.public_id, "lost", reason="快递赔付单 88", at=noon + 3 * HOUR)
    assert [chain.round for chain in begun.chains] == [1, 2]
    assert (begun.last.why, begun.last.following, begun.again) == ("快递赔付单 88", (StepName.PACKED,), None)
    new = queries.delivery(agent, view.public_id).slots[0].card.public_id
    assert new != lost
    assert Card.objects.get(public_id=lost).state == CardState.REVEALED.value  # never back in the stock
    with pytest.raises(Refused) as twice:
        service.begin_again(owner, view.public_id, "lost", reason="丢件", at=noon)
    assert code_of(twice) == "no_further_parcel"
    with pytest.raises(Refused) as old_card:
        goes(agent, view.public_id, "packed", noon + 4 * HOUR, read=(0,))
    assert code_of(old_card) == "serial_differs"
    for name in ("packed", "shipped", "signed"):
        chain = goes(agent, view.public_id, name, noon + 4 * HOUR, read=(7,))
    assert (chain.round, chain.steps[0].previous, chain.is_intact) == (2, "", True)
    assert chain.steps[0].parcel != first.steps[0].parcel
    assert Delivery.objects.get().state == DeliveryState.SIGNED.value
    assert [one.card.public_id for one in Reveal.objects.all()] == [new]
    assert cards.audit(owner) == []
    [begun_entry] = [one for one in custody.history(owner, [chain.steps[0].parcel]) if one.kind == "parcel.begun_again"]
    assert begun_entry.facts["lost"] == [lost]
    assert begun_entry.facts["instead"] == [new]
    assert begun_entry.facts["after"]["chain_sha256"] == first.steps[-1].chain_sha256


def test_a_lost_parcel_that_arrives_after_all_is_noted_in_its_own_chain(owner, agent, system, view, noon):
    through(agent, view, "shipped", noon)
    more_in_stock(system, noon, first=7)
    service.begin_again(owner, view.public_id, "lost", reason="丢件", at=noon)
    goes(agent, view.public_id, "packed", noon, read=(7,))
    goes(agent, view.public_id, "shipped", noon)
    found = queries.parcels(agent, view.public_id)
    assert found.chains[0].following == (StepName.SIGNED, StepName.UNBOXED)
    chain = go(agent, view, "signed", noon + 9 * HOUR, number=1)
    assert chain.round == 1
    assert Delivery.objects.get().state == DeliveryState.SHIPPED.value  # the second is still on its way
    assert [one.card.public_id for one in Reveal.objects.all()] == [view.slots[0].card.public_id]
    with pytest.raises(NotFound):
        go(agent, view, "signed", noon, number=3)


def test_a_quarantined_card_of_a_second_parcel_is_exchanged_by_allocating_again(owner, agent, system, view, noon):
    through(agent, view, "shipped", noon)
    more_in_stock(system, noon, first=7)
    service.begin_again(owner, view.public_id, "lost", reason="丢件", at=noon)
    second = queries.delivery(agent, view.public_id).slots[0].card.public_id
    stockroom.quarantine_batch(owner, cards.batch_id(owner, "more"), reason="可疑", at=noon)
    goes(agent, view.public_id, "packed", noon, read=(7,))
    with pytest.raises(Refused) as doubt:
        goes(agent, view.public_id, "shipped", noon)
    assert code_of(doubt) == "card_in_doubt"
    more_in_stock(system, noon, first=9, batch="clean")
    service.allocate(agent, view.row.order_no, at=noon)
    third = queries.delivery(agent, view.public_id).slots[0].card.public_id
    assert third not in (second, view.slots[0].card.public_id)
    goes(agent, view.public_id, "packed", noon, read=(9,), reason="换了一张")
    goes(agent, view.public_id, "shipped", noon)


def test_what_came_back_unsigned_goes_out_once_more(owner, agent, view, noon):
    for name in ("packed", "shipped", "announced", "received", "inspected"):
        go(agent, view, name, noon)
    found = service.begin_again(agent, view.public_id, "came_back", reason="买家拒收后改了地址", at=noon)
    assert [chain.round for chain in found.chains] == [1, 2]
    for name in ("packed", "shipped", "signed"):
        chain = go(agent, view, name, noon + 20 * HOUR)
    assert {one.match for one in chain.steps[0].serials} == {Match.SAME}
    assert Reveal.objects.get().revealed_at == noon + 20 * HOUR
    assert queries.parcels(agent, view.public_id).state is DeliveryState.SIGNED
    assert cards.audit(owner) == []


def test_cards_that_were_taken_back_or_paid_back_do_not_go_out_again(owner, agent, system, view, noon):
    through(agent, view, "inspected", noon)
    ingest_orders(
        system, [OrderNotice(channel="goofish", order_no=view.row.order_no, state=OrderState.REFUNDED)], at=noon
    )
    with pytest.raises(Refused) as paid:
        service.begin_again(agent, view.public_id, "came_back", reason="再寄", at=noon)
    assert code_of(paid) == "stopped_by_order"
    service.take_back_cards(owner, view.public_id, at=noon)
    with pytest.raises(Refused) as taken:
        service.begin_again(agent, view.public_id, "came_back", reason="再寄", at=noon)
    assert code_of(taken) == "cards_taken_back"
    assert Parcel.objects.count() == 2


def test_a_lost_replacement_is_decided_anew_in_the_case(owner, agent, kept, noon):
    pass_through(agent, kept, "shipped", noon)
    with pytest.raises(Refused) as refusal:
        service.begin_again(owner, kept, "lost", reason="丢件", at=noon)
    assert code_of(refusal) == "lost_replacement"


# --- A second return --------------------------------------------------------------------------------------------------


def test_what_was_missing_comes_back_in_a_second_return(owner, agent, system, noon):
    view = boxed(system, noon, 3)
    for name in list(TELL)[:-1]:
        go(agent, view, name, noon)
    chain = go(agent, view, "inspected", noon, serials=(serial(1),))
    assert chain.outcome is Outcome.PARTLY
    assert queries.parcels(agent, view.public_id).again is Again.RETURN
    found = service.begin_again(agent, view.public_id, "return", reason="买家补寄两张", at=noon)
    assert found.last.following == (StepName.ANNOUNCED,)
    with pytest.raises(Refused) as turn:
        go(agent, view, "packed", noon)
    assert code_of(turn) == "step_out_of_turn"
    for name in ("announced", "received"):
        go(agent, view, name, noon)
    with pytest.raises(Refused):
        service.take_back_cards(owner, view.public_id, at=noon)
    chain = go(agent, view, "inspected", noon, serials=(serial(0), serial(2)))
    assert (chain.round, chain.outcome, chain.is_intact) == (2, Outcome.INTACT, True)
    service.take_back_cards(owner, view.public_id, at=noon)
    assert {card.state for card in Card.objects.filter(form="physical")} == {CardState.RETURNED.value}


def test_a_card_that_came_back_scratched_is_not_taken_back_with_the_others(owner, agent, system, noon):
    view = boxed(system, noon, 2)
    for name in list(TELL)[:-1]:
        go(agent, view, name, noon)
    go(agent, view, "inspected", noon, serials=("7777666655554444",))
    service.begin_again(agent, view.public_id, "return", reason="对的卡寄来了", at=noon)
    for name in ("announced", "received"):
        go(agent, view, name, noon)
    chain = go(agent, view, "inspected", noon, serials=(serial(0), serial(1)), is_scratch_intact=False)
    assert chain.outcome is Outcome.USED
    with pytest.raises(Refused):
        service.take_back_cards(owner, view.public_id, at=noon)


def test_the_chains_stand_in_order_on_the_page_with_why(owner, agent, system, view, noon):
    through(agent, view, "shipped", noon)
    more_in_stock(system, noon, first=7)
    client, url = Client(), f"/deliveries/{view.public_id}/"
    client.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    assert "快递丢件，另寄一张" not in client.get(url).content.decode()  # costs a card: not the agent's to decide
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    assert "快递丢件，另寄一张" in client.get(url).content.decode()
    silent = client.post(f"{url}parcel/again/", {"kind": "lost", "reason": ""})
    assert silent.status_code == 422
    assert client.post(f"{url}parcel/again/", {"kind": "dance", "reason": "x"}).status_code == 404
    client.post(f"{url}parcel/again/", {"kind": "lost", "reason": "快递确认丢件"})
    page = client.get(url).content.decode()
    assert page.index("<h2>包裹</h2>") < page.index("包裹 2 · 再寄") < page.index("快递确认丢件")
    assert page.count('id="parcel"') == 1
    client.post(f"{url}parcel/packed/", {"serials": serial(7), "number": "2"})
    page = client.get(url).content.decode()
    assert page.count("下一步：寄出") == 1
    assert 'name="number" value="2"' in page
