"""The pages of giving: the list, one delivery, and the codes that are shown once and kept nowhere."""

from datetime import timedelta

import pytest
from django.test import Client

from cardcase.cards.rules import CardKind
from cardcase.connectors.ports import ListingNotice
from cardcase.delivery import queries, service
from cardcase.kit import clock
from cardcase.staff.models import Staff
from delivery.world import KIND, agreed, given, orders, stock

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser(actor) -> Client:
    client = Client()
    client.force_login(Staff.objects.get(pk=actor.staff_id), BACKEND)
    return client


@pytest.fixture
def order(system, noon):
    return orders(system, 1, noon)[0]


def text(answer) -> str:
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_a_card_goes_from_the_list_to_the_buyer_on_three_pages(owner, system, order, noon):
    [code] = stock(system, 1, noon)
    client = browser(owner)
    assert order.order_no in text(client.get("/deliveries/"))
    wish = {"order_no": order.order_no, "kind": KIND.key(), "quantity": "1"}
    answer = client.post("/deliveries/allocate/", wish)
    url = answer.headers["Location"]
    agreed(system, order, noon)
    page = text(client.get(url))
    assert "取出卡密" in page
    assert code not in page
    answer = client.post(f"{url}show/", {"reason": "发货"})
    assert code in text(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    page = text(client.get(url))
    assert code not in page
    assert f"{url}show/" not in page
    client.post(f"{url}confirm/", {"message_id": "m1"})
    assert queries.delivery_of_order(owner, order.pk).state.value == "shown"
    assert code not in text(client.get("/deliveries/"))


def test_asking_a_second_time_shows_no_code(owner, system, order, noon):
    [code] = stock(system, 1, noon)
    url = f"/deliveries/{given(system, order, noon).public_id}/"
    client = browser(owner)
    client.post(f"{url}show/", {"reason": "发货"})
    again = client.post(f"{url}show/", {"reason": "发货"})
    assert again.status_code == 409
    assert code not in again.content.decode()


def test_a_display_that_is_not_known_stands_first_and_is_settled_on_its_page(owner, system, order, noon):
    [code] = stock(system, 1, noon)
    view = given(system, order, noon)
    client = browser(owner)
    client.post(f"/deliveries/{view.public_id}/show/", {"reason": "发货"})
    assert service.note_unconfirmed(system, at=clock.now() + timedelta(hours=1)) == 1
    assert "1 笔不知道买家看到卡密没有" in text(client.get("/deliveries/"))
    [slot] = queries.delivery(owner, view.public_id).slots
    settled = {"reveal": slot.display.reveal_id, "seen": "no", "reason": "浏览器关了"}
    client.post(f"/deliveries/{view.public_id}/settle/", settled)
    assert queries.delivery(owner, view.public_id).state.value == "not_shown"
    assert code in text(client.post(f"/deliveries/{view.public_id}/show/", {"reason": "再发"}))


def test_a_settlement_names_a_display_of_this_delivery_and_an_answer(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    [slot] = queries.delivery(owner, view.public_id).slots
    client = browser(owner)
    for wrong in ({"reveal": "99999", "seen": "no"}, {"reveal": slot.display.reveal_id, "seen": ""}):
        assert client.post(f"/deliveries/{view.public_id}/settle/", {**wrong, "reason": "x"}).status_code >= 400
    assert queries.delivery(owner, view.public_id).state.value == "authorised"


def test_terms_consent_and_cancelling_are_done_on_the_page(agent, system, order, noon):
    stock(system, 1, noon)
    view = service.allocate(system, order.order_no, KIND, 1, at=noon)
    client, url = browser(agent), f"/deliveries/{view.public_id}/"
    client.post(f"{url}terms/")
    client.post(f"{url}consent/", {"reason": "好的，同意"})
    state = queries.delivery(agent, view.public_id).terms
    assert (state.how, state.words) == ("staff", "好的，同意")
    client.post(f"{url}cancel/", {"reason": "买家不要了"})
    assert queries.delivery(agent, view.public_id).state.value == "cancelled"


def test_an_open_complaint_is_told_and_takes_the_button_away(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    service.block(system, order.pk, why="买家投诉", ref="complaint", at=noon)
    client, url = browser(owner), f"/deliveries/{view.public_id}/"
    page = text(client.get(url))
    assert "买家投诉" in page
    assert f"{url}show/" not in page
    client.post(f"{url}lift/", {"ref": "complaint", "reason": "误会"})
    assert f"{url}show/" in text(client.get(url))


def test_agents_are_offered_no_code(agent, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    client, url = browser(agent), f"/deliveries/{view.public_id}/"
    assert f"{url}show/" not in text(client.get(url))
    assert client.post(f"{url}show/", {"reason": "发货"}).status_code == 403


def test_what_was_typed_wrongly_is_not_said_again(owner, system, order):
    wish = {"order_no": order.order_no, "brand": "x", "face": "K7QM-92XF-LP3D-00001", "quantity": "1"}
    answer = browser(owner).post("/deliveries/allocate/", wish)
    assert answer.status_code >= 400
    assert "K7QM" not in answer.content.decode()


def test_an_unknown_act_is_no_address(owner, system, order, noon):
    stock(system, 1, noon)
    view = given(system, order, noon)
    assert browser(owner).post(f"/deliveries/{view.public_id}/dance/").status_code == 404


def test_what_a_listing_is_can_be_kept_while_allocating_and_changed_later(owner, system, noon):
    [order] = orders(system, 1, noon, listing=ListingNotice(item_id="77", title="苹果充值卡 200"))
    stock(system, 1, noon)
    client = browser(owner)
    typed = {"order_no": order.order_no, "kind": KIND.key(), "quantity": "1"}
    client.post("/deliveries/allocate/", {**typed, "remember": "yes"})
    assert queries.kind_of_order(owner, order).kind == KIND
    assert "商品是哪种卡" in text(client.get("/deliveries/"))
    [row] = queries.listing_kinds(owner)
    told = {"channel": row.channel, "item_id": row.item_id, "sku_text": row.sku_text}
    stock(system, 1, noon, first=9, brand="星巴克", face_fen=100_000)
    client.post("/deliveries/kinds/", {**told, "kind": CardKind("星巴克", 100_000).key()})
    [row] = queries.listing_kinds(owner)
    assert row.kind == CardKind("星巴克", 100_000)
    refused = client.post("/deliveries/kinds/", {**told, "kind": "K7QM-92XF-LP3D-0000"})
    assert refused.status_code == 422
    assert "请选一种卡" in refused.content.decode()
    assert "K7QM" not in refused.content.decode()


def test_a_refusal_comes_back_to_the_list_with_what_was_chosen(owner, system, order, noon):
    stock(system, 1, noon)
    client = browser(owner)
    refused = client.post("/deliveries/allocate/", {"order_no": order.order_no, "kind": KIND.key(), "quantity": "7"})
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "库存不够" in page
    assert 'value="7"' in page


def test_today_says_what_waits_to_be_given(owner, system, order, noon):
    client = browser(owner)
    assert "1 笔已付款，等着发卡" in text(client.get("/"))
    stock(system, 1, noon)
    view = given(system, order, noon)
    assert queries.waiting(owner) == queries.Waiting(to_give=1, unknown=0)
    service.authorise(owner, view.public_id, to="buyer", how="chat", reason="付款", at=noon)
    service.note_unconfirmed(system, at=noon + timedelta(minutes=16))
    assert queries.waiting(owner) == queries.Waiting(to_give=0, unknown=1)
    assert "1 笔不知道买家看到卡密没有" in text(client.get("/"))
