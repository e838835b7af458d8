"""Every page draws in both languages, says what it must, and keeps the strict policy."""

import re

import pytest
from django.test import Client, override_settings
from django.utils import translation

from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.staff.models import Membership, Staff
from shell.example_pages import PAGES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

OWN = [
    "/settings/",
    "/settings/shop/",
    "/settings/staff/",
    "/settings/tokens/",
    "/parts/",
    "/account/2fa/",
    "/account/sessions/",
    "/account/password/change/",
]
EVERYWHERE = [*PAGES, *OWN]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def pages(client, owner):
    """A client signed in as the owner, with example pages hung up."""
    with override_settings(ROOT_URLCONF="shell.example_urls"):
        client.force_login(Staff.objects.get(pk=owner.staff_id), "django.contrib.auth.backends.ModelBackend")
        yield client


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("url", EVERYWHERE)
def test_every_page_draws_in_both_languages(pages, url, language):
    pages.cookies["django_language"] = language
    answer = pages.get(url, follow=True)
    assert answer.status_code == 200
    body = answer.content.decode()
    assert ('<html lang="en"' in body) is (language == "en")
    assert body.count("<h1") == 1
    assert 'id="main"' in body


@pytest.mark.parametrize("url", OWN)
def test_an_english_page_holds_no_chinese_but_names_and_the_way_back(pages, url):
    pages.cookies["django_language"] = "en"
    body = pages.get(url, follow=True).content.decode()
    body = body.replace("中文", "").replace("礼卡小铺", "")
    assert not CHINESE.findall(re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize("url", EVERYWHERE)
def test_nothing_in_a_page_needs_a_looser_policy(pages, url):
    answer = pages.get(url, follow=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    body = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", body)
    scripts = re.findall(r"<script([^>]*)>", body)
    assert all("src=" in each or 'type="application/json"' in each for each in scripts)


@pytest.mark.parametrize("url", EVERYWHERE)
def test_every_form_that_changes_something_carries_its_token(pages, url):
    body = pages.get(url, follow=True).content.decode()
    forms = re.findall(r"<form\b[^>]*method=\"post\"[^>]*>.*?</form>", body, re.DOTALL)
    assert forms
    assert all("csrfmiddlewaretoken" in form for form in forms)


def test_every_form_of_a_case_says_which_revision_the_reader_saw(pages):
    body = pages.get("/cases/AS-2026-000123/").content.decode()
    forms = re.findall(r"<form\b[^>]*method=\"post\"[^>]*>.*?</form>", body, re.DOTALL)
    of_the_case = [form for form in forms if "/cases/" in re.search(r'action="([^"]*)"', form).group(1)]
    assert len(of_the_case) >= 8
    assert all('name="revision" value="4"' in form for form in of_the_case)


def test_words_of_buyers_are_never_markup(pages, monkeypatch):
    from cardcase.desk import pages as desk
    from shell import example_case

    line = desk.TalkLine(desk.LineKind.BUYER, (desk.Segment('<img src=x onerror="alert(1)">', is_quoted=True),))
    monkeypatch.setattr(example_case, "talk", lambda: (line,))
    body = pages.get("/cases/AS-2026-000123/").content.decode()
    assert "<mark>&lt;img" in body
    assert "<img src=x" not in body


def test_the_case_page_shows_the_clock_before_everything_else(pages):
    body = pages.get("/cases/AS-2026-000123/").content.decode()
    order = ["还剩 17 小时 12 分", "读买家的话，确认原因", 'id="talk"', 'id="reason"', 'id="evidence"', 'id="remedies"']
    places = [body.index(words) for words in order]
    assert places == sorted(places)
    assert "来源：平台接口" in body


def test_a_blocked_remedy_gives_its_reasons_and_no_button(pages):
    body = pages.get("/cases/AS-2026-000123/").content.decode()
    blocked = body[body.index("<b>拒绝退款</b>") :]
    blocked = blocked[: blocked.index("</ul>")]
    assert "证据不齐" in blocked
    assert "<button" not in blocked


def test_what_cannot_be_undone_asks_for_a_typed_word(pages):
    body = pages.get("/cases/AS-2026-000123/").content.decode()
    refund = body[body.index("选全额退款") :]
    refund = refund[: refund.index("</details>")]
    assert 'name="typed"' in refund
    assert "193.00" in refund
    assert "收不回来" in refund


def test_a_conflict_keeps_what_the_reader_had_written(pages):
    body = pages.get("/cases/conflict/").content.decode()
    assert "麻烦看一下您的账号地区" in body
    assert "卡密无效 → 区服或品牌不符" in body


def test_a_new_seller_is_told_what_to_do_first(pages):
    body = pages.get("/empty/").content.decode()
    assert "还没有售后单" in body
    assert body.index("导入订单和退款") < body.index("导入卡") < body.index("粘贴聊天记录")


def test_a_page_that_is_not_there_says_so_in_both_languages(pages):
    answer = pages.get("/nowhere/")
    assert answer.status_code == 404
    assert "没有找到这一页" in answer.content.decode()
    pages.cookies["django_language"] = "en"
    assert "There is no such page" in pages.get("/nowhere/").content.decode()


def test_a_broken_page_says_sorry_without_asking_the_database(pages, django_assert_num_queries):
    from django.test import RequestFactory

    from cardcase.shell import web

    pages.raise_request_exception = False
    answer = pages.get("/boom/")
    assert answer.status_code == 500
    assert "没有做完的操作已撤回" in answer.content.decode()
    assert "planted" not in answer.content.decode()
    with django_assert_num_queries(0):
        web.broken(RequestFactory().get("/"))


def test_a_stale_form_is_refused_with_a_way_out(owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(Staff.objects.get(pk=owner.staff_id), "django.contrib.auth.backends.ModelBackend")
    answer = client.post("/language/", {"language": "en"})
    assert answer.status_code == 403
    assert "什么都没有改变" in answer.content.decode()


def test_the_language_is_remembered_and_nobody_is_led_away(client):
    answer = client.post("/language/", {"language": "en", "next": "/settings/?a=1"})
    assert answer.headers["Location"] == "/settings/?a=1"
    assert client.cookies["django_language"].value == "en"
    led = client.post("/language/", {"language": "en", "next": "https://evil.invalid/"})
    assert led.headers["Location"] == "/"
    client.post("/language/", {"language": "xx"})
    assert client.cookies["django_language"].value == "en"


def test_health_asks_nobody_and_readiness_asks_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "database": "ok"}


def test_tabs_show_only_what_is_built_and_where_one_is(pages):
    body = pages.get("/cards/").content.decode()
    tabs = body[body.index('<nav class="tabs"') :]
    assert re.findall(r'<a href="([^"]+)"', tabs) == ["/", "/cards/", "/import/", "/settings/"]
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', tabs) == ["/cards/"]


def test_the_frame_costs_one_question(pages, django_assert_num_queries):
    with django_assert_num_queries(3):  # session, person, memberships with their shops
        pages.get("/")


def test_the_shop_switcher_appears_with_the_second_shop(pages, owner, other_shop):
    assert "切换店铺" not in pages.get("/").content.decode()
    Membership.objects.create(shop=other_shop, staff_id=owner.staff_id, role="agent")
    assert "切换店铺" in pages.get("/").content.decode()


def test_a_text_is_said_in_the_language_of_the_reader():
    text = Text("时限", "Deadline")
    with translation.override("en"):
        assert say(text) == "Deadline"
    with translation.override("zh-hans"):
        assert say(text) == "时限"


def test_the_shops_language_wins_over_the_browsers_until_somebody_chooses(rf):
    from django.http import HttpResponse

    from cardcase.shell.middleware import ChosenLanguage

    answer = ChosenLanguage(lambda request: HttpResponse(say(Text("时限", "Deadline"))))
    assert answer(rf.get("/", headers={"Accept-Language": "en-US,en"})).content.decode() == "时限"
    request = rf.get("/")
    request.COOKIES["django_language"] = "en"
    assert answer(request).content == b"Deadline"
    request.COOKIES["django_language"] = "xx"
    assert answer(request).headers["Content-Language"] == "zh-hans"
