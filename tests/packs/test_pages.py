"""The pages of packs: preview and seal, the evidence of a case, covering by coordinates, the refuse form."""

import pytest
from django.test import Client
from django.urls import reverse

from cardcase.evidence import service as evidence
from cardcase.evidence.models import Cover, Redaction
from cardcase.evidence.rules.covering import Area
from cardcase.packs import sealed
from cardcase.packs.models import Pack
from cardcase.staff.models import Staff
from evidence.pictures import noise, pixels
from packs import builders
from packs.test_service import CODE, keep_in_stock

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def case(owner, noon):
    talk = (("buyer", "收货人张三丰电话13812345678"), ("seller", "好的"))
    builder = builders.a_case(owner, noon).with_talk(talk).not_looked_at()
    return builder.with_exhibit("E10", "整屏截图", noise(60, 80), "image/png", {"tail4": "K4RT"}).build()


@pytest.fixture
def web(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    return client


def read(web, case, place: str) -> str:
    answer = web.get(f"/cases/{case.number}/{place}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def do(web, case, act: str, **typed):
    return web.post(f"/cases/{case.number}/packs/acts/{act}/", typed)


def test_the_preview_says_what_goes_in_what_stays_and_what_is_lacking(web, case):
    page = read(web, case, "packs/")
    for words in (
        "证据 6（附件 A） 整屏截图",
        "图片要由人看过",
        "像是手机号",
        "13812345678",
        "内部备注",
        "缺口",
        "先看过每一张图片",
    ):
        assert words in page, words
    assert "封存新的一版" not in page


def test_from_looking_to_a_sealed_pack_that_comes_back_identical(web, case, owner):
    exhibit = case.exhibits.get()
    assert do(web, case, "looked", exhibits=exhibit.public_id).status_code == 302
    page = read(web, case, "packs/")
    seen = page.split('name="seen" value="')[1].split('"')[0]
    assert do(web, case, "seal", typed="好", seen=seen).status_code == 409
    assert not Pack.objects.exists()
    assert do(web, case, "seal", typed="封存证据包", seen="0" * 32).status_code == 409
    assert do(web, case, "seal", typed="封存证据包", seen=seen).status_code == 302
    made = Pack.objects.get()
    answer = web.get(f"/cases/{case.number}/packs/1.zip")
    assert answer.content == sealed.sealed_bytes(owner, case)[1]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{case.number}-1.zip"'
    for name, start in (("report.pdf", b"%PDF-"), ("index.pdf", b"%PDF-"), ("index.csv", b"\xef\xbb\xbf")):
        assert web.get(f"/cases/{case.number}/packs/1/{name}").content.startswith(start)
    assert web.get(f"/cases/{case.number}/packs/1/other").status_code == 404
    page = read(web, case, "packs/")
    assert "第 1 版" in page
    assert made.file_sha256 in page


def test_the_letter_is_staged_and_a_refusal_keeps_what_was_typed(web, case):
    assert do(web, case, "stage", recipient="court", letter="致：某某法院").status_code == 302
    assert "致：某某法院" in read(web, case, "packs/")
    answer = do(web, case, "stage", recipient="nobody", letter="我写的话")
    assert answer.status_code == 422
    assert "我写的话" in answer.content.decode()


def test_a_code_typed_into_a_refused_form_does_not_come_back(web, case, owner, noon):
    keep_in_stock(owner, noon, CODE)
    answer = do(web, case, "words", words=CODE, reason="x")
    assert answer.status_code == 422
    assert CODE not in answer.content.decode()


def test_personal_data_are_covered_with_one_press_and_uncovered_with_a_reason(web, case):
    assert do(web, case, "words", words="13812345678", reason="像是手机号", next="packs").status_code == 302
    assert "像是手机号：13812345678" not in read(web, case, "packs/")
    assert do(web, case, "words", span="1:4-6", reason="姓名").status_code == 302
    assert Cover.objects.get(reason="姓名").words == "张三丰"
    page = read(web, case, "exhibits/")
    assert "张三丰" in page
    made = Cover.objects.get(reason="姓名")
    assert do(web, case, "uncover", ref=made.public_id, reason="").status_code == 422
    assert do(web, case, "uncover", ref=made.public_id, reason="是买家本人").status_code == 302


def test_the_evidence_page_lists_what_each_piece_proves(web, case):
    page = read(web, case, "exhibits/")
    for words in (
        "证据 6（附件 A）",
        "整屏截图",
        "兑换时出现的提示、账号和时间",
        "对应主张",
        "证据要求对照",
        "矛盾与缺口",
        "人工上传文件",
    ):
        assert words in page, words


def test_places_are_covered_by_coordinates_without_any_script(web, case, owner):
    exhibit = case.exhibits.get()
    place = f"exhibits/{exhibit.public_id}/cover/"
    page = read(web, case, place)
    assert 'viewBox="0 0 60 80"' in page
    assert pixels(web.get(f"/cases/{case.number}/exhibits/{exhibit.public_id}/pages/1.png").content)[:2] == (60, 80)
    refused = web.post(f"/cases/{case.number}/{place}", {"areas": "99,99,5,5", "reason": "头像"})
    assert refused.status_code == 422
    assert "99,99,5,5" in refused.content.decode()
    assert "60×80" in refused.content.decode()
    assert web.post(f"/cases/{case.number}/{place}", {"areas": "1:10,10,20,20", "reason": "头像"}).status_code == 302
    shown = web.get(f"/cases/{case.number}/exhibits/{exhibit.public_id}/shown")
    assert pixels(shown.content)[2][15][15] == (0, 0, 0)
    assert "1:10,10,20,20" in read(web, case, place)  # the next copy begins with the same places
    assert "已遮盖" in read(web, case, "exhibits/")
    assert "图片要由人看过" in read(web, case, "packs/")
    made = Redaction.objects.get()
    assert do(web, case, "lift", ref=made.public_id, reason="遮错了").status_code == 302
    assert Redaction.objects.get().lifted_at is not None


def test_another_page_of_a_picture_is_not_there(web, case):
    exhibit = case.exhibits.get()
    assert web.get(f"/cases/{case.number}/exhibits/{exhibit.public_id}/pages/2.png").status_code == 404
    assert web.get(f"/cases/{case.number}/exhibits/ev_none/cover/").status_code == 404


def test_the_refuse_form_counts_and_checks_and_shows_its_pictures(web, case):
    page = read(web, case, "refusal/")
    assert "/ 200" in page
    for name in ("timeline", "delivery", "record"):
        assert web.get(f"/cases/{case.number}/refusal/{name}.png").content.startswith(b"\x89PNG")
        assert f"refusal/{name}.png" in page
    answer = web.post(f"/cases/{case.number}/refusal/", {"refuse_reason": "其他", "text": "长" * 201})
    assert "201 / 200 字" in answer.content.decode()
    answer = web.post(f"/cases/{case.number}/refusal/", {"refuse_reason": "其他", "text": "卡密已交付，请核实。"})
    assert "可以照填" in answer.content.decode()


def test_pages_are_complete_in_english(web, case):
    import re

    web.cookies["django_language"] = "en"
    for place in ("packs/", "exhibits/", "refusal/", f"exhibits/{case.exhibits.get().public_id}/cover/"):
        page = web.get(f"/cases/{case.number}/{place}", headers={"accept-language": "en"}).content.decode()
        heads = re.findall(r"<h[123][^>]*>(.*?)</h[123]>", page, re.DOTALL)
        assert heads
        assert not [
            head
            for head in heads
            if re.search(
                "[一-鿿]", re.sub("整屏截图|证据 |附件|订单|退款申请|卡片与交付|售后约定|会话记录|（|）", "", head)
            )
        ], heads


def test_the_page_for_marking_shows_of_an_original_under_seal_its_copy(web, owner, noon, case):
    photo = noise(60, 80)
    exhibit = evidence.add_exhibit(
        owner, case.number, "E26", "聊天截图", photo, "image/png", {}, at=noon, has_code=True
    )
    picture = reverse("exhibit-page", args=[case.number, exhibit.public_id, 1])
    page = reverse("exhibit-cover", args=[case.number, exhibit.public_id])
    assert "已经密封" in web.get(page).content.decode()
    assert web.get(picture).status_code == 409
    evidence.redact(owner, exhibit.public_id, [Area(10, 10, 20, 5)], "遮盖卡密", at=noon)
    assert picture in web.get(page).content.decode()
    assert pixels(web.get(picture).content)[2][12][15] == (0, 0, 0)
