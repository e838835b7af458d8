"""A replacement goes to its buyer as the first card did: recorded, shown once, confirmed or settled by a person."""

from datetime import timedelta

import pytest
from django.test import Client

from cardcase.cards import service as stockroom
from cardcase.cards.models import Card, Reveal
from cardcase.connectors.ports import RefundNotice, RefundState
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.rules import DeliveryState
from cardcase.kit.errors import NotAllowed, NotFound, Refused
from cardcase.orders.service import ingest_refunds
from cardcase.staff.models import Shop, Staff
from delivery.world import given, orders, plain, stock

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def order(system, noon):
    return orders(system, 1, noon)[0]


@pytest.fixture
def kept(owner, system, order, noon):
    """A card that a case keeps for an order whose first card was shown; returns its id and code."""
    codes = stock(system, 2, noon)
    view = given(system, order, noon)
    first = service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    service.confirm_shown(owner, view.public_id, at=noon)
    card = stockroom.reserve_equal(owner, first[0].card_id, order_no=order.order_no, at=noon)
    [code] = set(codes) - set(plain(first))
    return card, code


def give(actor, card, at):
    return service.give_replacement(actor, card, reason="换卡", at=at)


def code_of(refusal):
    return refusal.value.problem_code


def test_a_replacement_is_cleared_shown_and_confirmed(lead, order, kept, noon):
    card, code = kept
    [waiting] = queries.open_replacements(lead)
    assert (waiting.card.public_id, waiting.state) == (card, DeliveryState.ALLOCATED)
    assert give(lead, card, noon).code.expose() == code
    assert queries.replacement(lead, card).state is DeliveryState.AUTHORISED
    with pytest.raises(Refused) as again:
        give(lead, card, noon)
    assert code_of(again) == "display_open"
    service.confirm_replacement(lead, card, at=noon)
    service.confirm_replacement(lead, card, at=noon)
    with pytest.raises(Refused) as seen:
        give(lead, card, noon)
    assert code_of(seen) == "already_shown"
    assert queries.open_replacements(lead) == []
    told = [item.kind for item in custody.history(lead, [card])]
    assert told[-3:] == ["card.reserved", "card.authorised", "card.displayed"]
    assert code not in str(custody.history(lead, [card, order.public_id]))


def test_what_nobody_confirmed_becomes_unknown_and_the_very_same_card_may_go_again(lead, system, kept, noon):
    card, code = kept
    give(lead, card, noon)
    assert service.note_unconfirmed(system, at=noon + timedelta(minutes=14)) == 0
    assert service.note_unconfirmed(system, at=noon + timedelta(minutes=16)) == 1
    assert queries.replacement(lead, card).state is DeliveryState.UNKNOWN
    service.settle_replacement(lead, card, was_seen=False, reason="买家截图里没有", at=noon)
    assert give(lead, card, noon).code.expose() == code
    assert Reveal.objects.visible_to(lead).filter(card__public_id=card, to="buyer").count() == 2
    assert Card.objects.visible_to(lead).filter(order__isnull=False).count() == 2


def test_money_that_went_back_or_a_bad_card_keeps_a_replacement_in(lead, system, order, kept, noon):
    card, _ = kept
    stockroom.record_balance_check(lead, card, method="官网", is_usable=False, at=noon)
    with pytest.raises(Refused) as bad:
        give(lead, card, noon)
    assert code_of(bad) == "replacement_stopped"
    stockroom.record_balance_check(lead, card, method="官网", balance_fen=20_000, at=noon)
    told = RefundNotice(
        channel="goofish", order_no=order.order_no, refund_no="R1", state=RefundState.SUCCEEDED, amount_fen=19_300
    )
    ingest_refunds(system, [told], at=noon)
    with pytest.raises(Refused) as paid:
        give(lead, card, noon)
    assert code_of(paid) == "replacement_stopped"


def test_a_new_look_may_be_wanted_and_only_who_may_see_codes_gives_it(lead, agent, auditor, stranger, kept, noon):  # noqa: PLR0917 - a cast
    card, _ = kept
    for actor in (agent, auditor):
        with pytest.raises(NotAllowed):
            give(actor, card, noon)
    with pytest.raises(NotFound):
        give(stranger, card, noon)
    Shop.objects.filter(pk=lead.shop_id).update(is_check_required=True)
    with pytest.raises(Refused) as unlooked:
        give(lead, card, noon)
    assert code_of(unlooked) == "check_needed"


def test_the_card_of_a_delivery_is_no_replacement(owner, system, noon):
    stock(system, 1, noon, first=50)
    [order] = orders(system, 1, noon, first=50)
    view = given(system, order, noon)
    with pytest.raises(NotFound):
        give(owner, view.slots[0].card.public_id, noon)


def test_a_replacement_goes_from_the_list_to_the_buyer_on_its_pages(lead, kept, noon):
    card, code = kept
    client, url = Client(), f"/replacements/{card}/"
    client.force_login(Staff.objects.get(pk=lead.staff_id), BACKEND)
    assert url in client.get("/deliveries/").content.decode()
    refused = client.post(f"{url}show/", {"reason": ""})
    assert refused.status_code == 422
    assert code not in refused.content.decode()
    shown = client.post(f"{url}show/", {"reason": "换卡"})
    assert code in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert code not in client.get(url).content.decode()
    client.post(f"{url}confirm/")
    assert "买家已看到" in client.get(url).content.decode()
    assert url not in client.get("/deliveries/").content.decode()
    assert client.post(f"{url}dance/").status_code == 404


def test_the_open_replacements_take_a_fixed_number_of_questions(  # noqa: PLR0917
    lead, owner, system, kept, noon, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        assert len(queries.open_replacements(lead)) == 1
    for place in range(30, 36):
        stock(system, 2, noon, first=place * 10, batch=f"b{place}")
        [order] = orders(system, 1, noon, first=place)
        view = given(system, order, noon)
        stockroom.reserve_equal(owner, view.slots[0].card.public_id, order_no=order.order_no, at=noon)
    with django_assert_num_queries(len(one)):
        assert len(queries.open_replacements(lead)) == 7
