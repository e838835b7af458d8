"""The stock, one card and its acts, through page and API; and whether the books agree."""

import json
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.cards import queries, service
from cardcase.cards.models import Card, Reveal
from cardcase.connectors.ports import CardNotice, DeliveryNotice
from cardcase.kit.secret import CardCode
from cardcase.staff import service as staff
from cardcase.staff.models import Shop, Staff
from cardcase.staff.rules import Role

pytestmark = pytest.mark.django_db

CODE, ORDER = "K7QM-92XF-LP3D-A1Z9", "2226690000000000001"
PNG = SimpleUploadedFile("void.png", b"\x89PNG\r\n\x1a\n void")


@pytest.fixture
def card(system, noon):
    notices = [
        CardNotice(code=CardCode(CODE), brand="京东E卡", face_fen=10_000),
        CardNotice(code=CardCode("K7QM-92XF-LP3D-B2Y8"), brand="京东E卡", face_fen=10_000),
    ]
    service.stock(system, notices, batch="11月", at=noon)
    note = DeliveryNotice(channel="goofish", order_no=ORDER, code=CardCode(CODE), sold_type_raw="11", delivered_at=noon)
    service.record_deliveries(system, [note], at=noon)
    return Card.objects.visible_to(system).get(tail4="A1Z9")


@pytest.fixture
def page(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def found(page, told):
    return page.post("/cards/find/", {"told": told}, follow=True)


def test_a_card_is_found_by_its_whole_code_and_no_address_ever_holds_it(page, card):
    for written in (CODE, "k7qm92xf lp3da1z9", "Ｋ７ＱＭ９２ＸＦＬＰ３ＤＡ１Ｚ９"):
        answer = found(page, written)
        assert answer.redirect_chain == [(f"/cards/{card.public_id}/", 302)]
        assert CODE not in answer.content.decode()


def test_a_code_that_nobody_has_leads_back_without_being_repeated(page, card):
    answer = found(page, "ZZZZ-YYYY-XXXX-WWWW")
    assert answer.redirect_chain == [("/cards/", 302)]
    assert "ZZZZ" not in answer.content.decode()
    assert [str(one) for one in get_messages(answer.wsgi_request)] or "没有这张卡" in answer.content.decode()


@pytest.mark.parametrize("told", ["a1z9", ORDER])
def test_a_tail_or_an_order_number_narrows_the_list(page, card, told):
    text = found(page, told).content.decode()
    assert "‥A1Z9" in text
    assert "‥B2Y8" not in text


def test_a_card_is_voided_on_its_page_and_its_history_tells_it(page, card):
    url = f"/cards/{card.public_id}/"
    assert page.post(f"{url}ask_void/", {"reason": "买家未使用"}).status_code == 302
    unproven = page.post(f"{url}settle_void/", {"result": "voided", "note": "工单 4411"})
    assert unproven.status_code == 422
    assert "工单 4411" in unproven.content.decode()
    page.post(f"{url}settle_void/", {"result": "voided", "proof": PNG})
    text = page.get(url).content.decode()
    assert Card.objects.get(pk=card.pk).state == "voided"
    assert text.index("入库") < text.index("申请作废") < text.index("发卡方已作废")


def test_what_cannot_be_read_is_refused_without_being_repeated(page, card):
    answer = page.post(f"/cards/{card.public_id}/check/", {"balance": CODE, "note": "x"})
    assert answer.status_code == 422
    assert "这不是金额" in answer.content.decode()


def test_the_api_finds_shows_and_acts_without_a_code(owner, card, noon):
    token = staff.create_token(owner, label="t", role=Role.OWNER, at=noon).plain
    api = Client(headers={"authorization": f"Bearer {token}"})
    key = {"idempotency-key": "find"}
    seen = api.post("/api/v1/cards/find", json.dumps({"code": CODE}), content_type="application/json", headers=key)
    assert seen.json()["public_id"] == card.public_id
    body = {"fields": {"usable": "yes", "balance": "100", "method": "官网"}}
    url = f"/api/v1/cards/{card.public_id}/acts/check"
    done = api.post(url, json.dumps(body), content_type="application/json", headers={"idempotency-key": "check"})
    assert done.json()["checks"][0]["balance_fen"] == 10_000
    for answer in (seen, done):
        assert "LP3D" not in answer.content.decode()


def test_kinds_that_run_out_are_named_by_the_shops_own_measure(owner, card):
    assert [(row.kind, row.unused) for row in queries.low_stock(owner)] == [("京东E卡", 1)]
    Shop.objects.filter(pk=owner.shop_id).update(low_stock=0)
    assert queries.low_stock(owner) == []


def test_two_specs_of_one_brand_are_two_kinds(owner, system, card, noon):
    Card.objects.filter(tail4="B2Y8").update(spec="季卡")
    assert {(row.kind, row.unused) for row in queries.stock_summary(owner)} == {("京东E卡", 0), ("京东E卡 季卡", 1)}
    assert queries.stock_of_equal_value(owner, card.public_id) == 0


def test_the_books_agree_until_somebody_meddles_with_them(owner, card, noon):
    assert queries.audit(owner) == []
    other = Card.objects.get(tail4="B2Y8")
    Card.objects.filter(pk=other.pk).update(state="reserved")
    assert [found.code for found in queries.audit(owner)] == ["reserved_for_nobody"]
    Card.objects.filter(pk=other.pk).update(state="voided")
    Reveal.objects.all().delete()
    assert {found.code for found in queries.audit(owner)} == {"voided_without_proof", "delivered_without_reveal"}


def test_a_card_that_vanished_from_the_stock_or_never_came_in_is_named(owner, card, noon):
    Card.objects.filter(tail4="B2Y8").delete()
    assert [(found.code, found.count) for found in queries.audit(owner)] == [("card_lost", 1)]
    Card.objects.create(
        shop_id=owner.shop_id, public_id="card_smuggled", state="in_stock", code_sealed=b"", code_index="x"
    )
    assert {found.code for found in queries.audit(owner)} == {"card_lost", "card_not_on_record"}


def test_history_holds_what_only_the_record_tells(owner, system, card, noon):
    service.quarantine_batch(owner, card.batch.public_id, reason="同批出错", at=noon + timedelta(hours=1))
    life = queries.card_life(owner, card.public_id)
    assert [(event.kind, event.detail) for event in life.events] == [("batch.quarantined", "同批出错")]
