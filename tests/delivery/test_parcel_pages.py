"""The parcel on the page of its delivery: what comes next, the forms, the files; nothing of a serial but its tail."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.cards.rules import CardKind
from cardcase.delivery import queries
from cardcase.delivery.models import ParcelFile, ParcelStep
from cardcase.delivery.rules.parcels import StepName
from cardcase.staff.models import Staff
from delivery.parcels_world import JPEG, MP4, WAYBILL, boxed, go, serial, through
from delivery.world import code, given, orders, stock

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser(actor) -> Client:
    client = Client()
    client.force_login(Staff.objects.get(pk=actor.staff_id), BACKEND)
    return client


def text(answer) -> str:
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


@pytest.fixture
def view(system, noon):
    return boxed(system, noon)


def upload(name, data):
    return SimpleUploadedFile(name, data)


def test_a_seller_packs_and_ships_on_one_page(agent, view, noon):
    client, url = browser(agent), f"/deliveries/{view.public_id}/"
    page = text(client.get(url))
    assert "下一步：打包" in page
    assert "待寄出" in page
    assert "卡面编号尾号 0000" in page
    assert "须知已发给买家" not in page
    assert 'capture="environment"' in page
    assert 'accept="image/*"' in page
    assert "取出卡密" not in page
    told = {"serials": serial(0), "weight_g": "50", "who": "小林", "front": upload("a.jpg", JPEG)}
    answer = client.post(f"{url}parcel/packed/", told)
    assert answer.headers["Location"] == f"{url}#parcel"
    page = text(client.get(url))
    assert "下一步：寄出" in page
    assert "还缺：卡背面照片（看得到封条）、录像" in page
    shipped = {"carrier": "顺丰", "waybill_no": WAYBILL, "weight_g": "52", "happened_at": "2026-11-24T11:30"}
    client.post(f"{url}parcel/shipped/", shipped)
    page = text(client.get(url))
    assert "已寄出，等签收" in page
    assert WAYBILL in page
    assert "今天 11:30" in page
    assert serial(0) not in page
    assert "".join(serial(0).split()) not in page


def test_what_was_passed_over_is_folded_and_a_return_gets_its_own_steps(owner, view, noon):
    go(owner, view, "packed", noon)
    go(owner, view, "shipped", noon)
    go(owner, view, "announced", noon)
    page = text(browser(owner).get(f"/deliveries/{view.public_id}/"))
    assert "下一步：收到退件" in page
    assert re.search(r"<summary[^>]*>补登签收</summary>", page)


def test_an_intact_return_is_taken_back_by_a_button(owner, agent, view, noon):
    through(agent, view, "inspected", noon - timedelta(hours=9))
    url = f"/deliveries/{view.public_id}/"
    assert "收回这些卡" not in text(browser(agent).get(url))
    client = browser(owner)
    assert "收回这些卡" in text(client.get(url))
    assert client.post(f"{url}parcel/take_back/").status_code == 302
    page = text(client.get(url))
    assert "收回这些卡" not in page
    assert "同一张卡，没有刮开" in page


def test_what_does_not_fit_stands_at_its_step(agent, view, noon):
    go(agent, view, "packed", noon)
    go(agent, view, "shipped", noon, weight_g=99)
    page = text(browser(agent).get(f"/deliveries/{view.public_id}/"))
    assert "重量不一致：打包时 50 克，寄出时 99 克" in page


def test_a_photo_is_opened_with_a_reason_by_who_may_see_codes(owner, agent, view, noon):
    go(agent, view, "packed", noon)
    file = ParcelFile.objects.get(role="front").public_id
    url = f"/deliveries/{view.public_id}/parcel/files/{file}/"
    assert browser(agent).post(url, {"reason": "看"}).status_code == 403
    assert browser(owner).post(url, {"reason": ""}).status_code == 422
    answer = browser(owner).post(url, {"reason": "买家说卡面不同"})
    assert b"".join(answer.streaming_content) == JPEG
    assert answer.headers["Content-Disposition"] == 'attachment; filename="packed-front.jpg"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert file not in text(browser(agent).get(f"/deliveries/{view.public_id}/"))


def test_a_large_video_goes_through_a_file_of_its_own(agent, view, noon):
    film = MP4 + bytes(5 * 1024 * 1024)  # over FILE_UPLOAD_MAX_MEMORY_SIZE
    told = {"serials": serial(0), "video": upload("a.mp4", film)}
    assert browser(agent).post(f"/deliveries/{view.public_id}/parcel/packed/", told).status_code == 302
    assert ParcelFile.objects.get().size == len(film)


@pytest.mark.parametrize(
    ("step", "told", "status"),
    [
        ("packed", {"serials": code(0)}, 409),
        ("packed", {"serials": "x" * 4000}, 409),
        ("packed", {}, 422),
        ("packed", {"serials": serial(0), "weight_g": code(0)}, 422),
        ("packed", {"serials": serial(0), "happened_at": code(0)}, 422),
        ("packed", {"serials": serial(0), "front": "no file"}, 302),
        ("packed", {"serials": serial(0), "is_uncut": code(0)}, 422),
        ("shipped", {"carrier": "顺丰", "waybill_no": code(0)}, 422),
        ("dance", {}, 404),
        ("take_back", {}, 403),
    ],
)
def test_a_refusal_never_repeats_what_was_typed(agent, view, noon, step, told, status):  # noqa: PLR0917
    answer = browser(agent).post(f"/deliveries/{view.public_id}/parcel/{step}/", told)
    assert answer.status_code == status
    assert code(0) not in answer.content.decode()
    assert ParcelStep.objects.count() == (status == 302)


def test_a_delivery_of_codes_shows_no_parcel(owner, system, noon):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    view = given(system, order, noon)
    assert "下一步：打包" not in text(browser(owner).get(f"/deliveries/{view.public_id}/"))


def test_physical_cards_are_allocated_from_the_list(owner, system, view, noon):
    from cardcase.cards.models import Card

    stock(system, 1, noon, first=70, form="physical")
    [order] = orders(system, 1, noon, first=70)
    assert Card.objects.filter(form="physical", state="in_stock").count() == 1
    wish = {"order_no": order.order_no, "kind": CardKind("苹果充值卡", 20_000, form="physical").key(), "quantity": "1"}
    answer = browser(owner).post("/deliveries/allocate/", wish)
    assert "下一步：打包" in text(browser(owner).get(answer.headers["Location"]))


def test_an_auditor_sees_the_chain_and_no_form(auditor, agent, view, noon):
    go(agent, view, "packed", noon)
    page = text(browser(auditor).get(f"/deliveries/{view.public_id}/"))
    assert "编号对得上" in page
    assert "parcel/shipped/" not in page
    assert [step.name for step in queries.parcels(auditor, view.public_id).last.steps] == [StepName.PACKED]


def test_a_refused_step_comes_back_to_its_page_with_what_is_no_code(lead, view):
    typed = {"serials": code(0), "weight_g": "52", "who": "小林"}
    answer = browser(lead).post(f"/deliveries/{view.public_id}/parcel/packed/", typed)
    page = answer.content.decode()
    assert 400 <= answer.status_code < 500
    assert 'value="小林"' in page
    assert code(0) not in page
