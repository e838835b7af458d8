"""Every page in a real browser, narrow and wide, light and dark: nothing sticks out, nothing is blocked, all can be used."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client, override_settings
from playwright.sync_api import sync_playwright

from cardcase.staff.models import Membership, Staff
from shell.chromium import SIZES, executable, keep_picture, small_targets, too_wide
from shell.example_pages import PAGES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]

OWN = {
    "/settings/": "settings",
    "/settings/shop/": "settings-shop",
    "/settings/staff/": "settings-staff",
    "/settings/tokens/": "settings-tokens",
    "/parts/": "parts",
    "/account/2fa/": "account-2fa",
    "/account/sessions/": "account-sessions",
    "/account/password/change/": "account-password",
    "/nowhere/": "error-404",
}
ALL = {**{url: url.strip("/").replace("/", "-") or "today" for url in PAGES}, **OWN}


@pytest.fixture(scope="module")
def chromium():
    path = executable()
    if path is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(live_server, owner):
    """The address of a running server with example pages, and the cookie of a signed-in owner."""
    with override_settings(ROOT_URLCONF="shell.example_urls"):
        client = Client()
        client.force_login(Staff.objects.get(pk=owner.staff_id), "django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        yield live_server.url, [{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]


def _open(chromium, site, size, scheme, *, signed_in=True, scripts=True):
    address, cookies = site
    context = chromium.new_context(
        viewport=SIZES[size],
        color_scheme=scheme,
        java_script_enabled=scripts,
        base_url=address,
        locale="zh-CN",
        reduced_motion="reduce",
        has_touch=size == "360",
    )
    if signed_in:
        context.add_cookies(cookies)
    page = context.new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_fit_are_reachable_and_break_no_policy(chromium, site, size, scheme):
    page = _open(chromium, site, size, scheme)
    wrong = []
    for url, name in ALL.items():
        page.said.clear()
        page.goto(url)
        page.wait_for_load_state("load")
        keep_picture(page, f"{name}-{size}-{scheme}")
        if too_wide(page) > 0:
            wrong.append(f"{url}: {too_wide(page)} px too wide")
        wrong += [f"{url}: small target {target}" for target in small_targets(page)]
        wrong += [f"{url}: console said {text}" for text in page.said if "404 (Not Found)" not in text]
        found = Axe().run(page).response["violations"]
        wrong += [
            f"{url}: axe {each['id']} ({each['impact']}): {each['nodes'][0]['html'][:140]}"
            for each in found
            if each["impact"] in ("serious", "critical", "moderate")
        ]
    page.context.close()
    assert not wrong, "\n".join(wrong)


def test_the_door_fits_and_breaks_no_policy(chromium, site):
    page = _open(chromium, site, "360", "light", signed_in=False)
    page.goto("/account/login/")
    page.wait_for_load_state("networkidle")
    assert too_wide(page) <= 0
    assert page.said == []
    assert [each for each in Axe().run(page).response["violations"] if each["impact"] != "minor"] == []
    page.context.close()


def test_a_case_can_be_read_and_decided_without_javascript(chromium, site):
    page = _open(chromium, site, "360", "light", scripts=False)
    page.goto("/cases/AS-2026-000123/")
    assert page.get_by_text("还剩 17 小时 12 分").is_visible()
    assert page.locator("#talk mark").count() == 2
    page.get_by_text("选全额退款").click()
    confirm = page.get_by_role("button", name="决定全额退款")
    assert confirm.is_visible()
    assert confirm.is_enabled()  # the server compares the typed word
    assert page.locator("#draft textarea").input_value().startswith("您好")
    assert page.locator("#draft [data-copy-button]").is_hidden()  # copying needs a script: no dead button
    page.context.close()


def test_a_typed_word_switches_the_button_on(chromium, site):
    page = _open(chromium, site, "360", "light")
    page.goto("/cases/AS-2026-000123/")
    page.get_by_text("选全额退款").click()
    button = page.get_by_role("button", name="决定全额退款")
    assert button.is_disabled()
    page.locator("input[name=typed]").fill("193")
    assert button.is_disabled()
    page.locator("input[name=typed]").fill("193.00")
    assert button.is_enabled()
    page.context.close()


def test_the_draft_counts_what_the_platform_counts(chromium, site):
    page = _open(chromium, site, "360", "light")
    page.goto("/cases/AS-2026-000123/")
    area = page.locator("#draft textarea")
    area.fill("您好😀")
    assert page.locator("#draft h2 small").inner_text() == "3 / 200"
    area.fill("长" * 201)
    assert page.locator("#draft h2 small").get_attribute("data-tone") == "bad"
    page.context.close()


def test_the_draft_is_checked_while_it_is_written(chromium, site):
    page = _open(chromium, site, "360", "light")
    page.goto("/cases/AS-2026-000123/")
    page.locator("#draft textarea").fill("加我微信")
    page.wait_for_selector("#draft-checks :text('刚刚检查过')", timeout=5000)
    assert page.said == []
    page.context.close()


def test_a_list_is_never_renewed_from_under_a_focus(chromium, site):
    page = _open(chromium, site, "360", "light")
    page.goto("/")
    assert page.locator("#today").get_attribute("hx-trigger") == "every 60s"
    page.locator(".case-row").first.focus()
    blocked = page.evaluate(
        """() => {
            const list = document.querySelector('#today');
            const event = new CustomEvent('htmx:beforeRequest', {bubbles: true, cancelable: true});
            return !list.dispatchEvent(event);
        }"""
    )
    assert blocked
    page.context.close()


def test_the_next_step_leads_to_where_it_is_done(chromium, site):
    page = _open(chromium, site, "360", "light")
    page.goto("/cases/AS-2026-000123/")
    page.locator(".casebar .main").click()
    page.wait_for_function("location.hash === '#reason'")
    box = page.locator("#reason").bounding_box()
    assert 0 <= box["y"] < 400
    assert page.locator(".clock").bounding_box()["y"] == 0  # the clock stays in sight
    assert page.get_by_role("button", name="确认原因").is_visible()
    page.context.close()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_script_and_server_say_the_same_time_left(chromium, site, language):
    page = _open(chromium, site, "1280", "light")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site[0]}])
    served = page.context.request.get("/parts/").text()
    page.goto("/parts/")
    page.wait_for_timeout(300)
    shown = page.locator("time.countdown").all_inner_texts()
    assert len(shown) == 6
    minute_later = _minute_later(served)
    for text in shown:
        assert f">{text}</time>" in served or text in minute_later
    page.context.close()


def _minute_later(served: str) -> str:
    """The same texts with one minute less, in case a minute ended between the two readings."""
    for before, after in (("12 分", "11 分"), ("17:12", "17:11"), ("12 min", "11 min"), ("3 小时", "2 小时")):
        served = served.replace(before, after)
    return served.replace("3时", "2时").replace("3 h", "2 h").replace("3h", "2h")


def test_a_menu_opens_by_keyboard_and_closes_on_escape(chromium, site, owner, other_shop):
    Membership.objects.create(shop=other_shop, staff_id=owner.staff_id, role="agent")
    page = _open(chromium, site, "360", "light")
    page.goto("/")
    page.locator(".topbar .menu summary").focus()
    page.keyboard.press("Enter")
    assert page.locator(".topbar .menu-list").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".topbar .menu-list").is_hidden()
    page.locator(".topbar .menu summary").click()
    page.get_by_role("button", name="别家").click()
    page.wait_for_load_state("load")
    assert "别家" in page.locator(".topbar .shop-name").inner_text()
    page.context.close()


def test_an_import_shows_what_was_chosen(chromium, site, tmp_path):
    (tmp_path / "orders.csv").write_text("订单号\n", "utf-8")
    page = _open(chromium, site, "360", "light")
    page.goto("/import/")
    page.locator("input[type=file]").set_input_files(tmp_path / "orders.csv")
    assert page.locator(".drop-summary").inner_text().split("\n")[0].strip().startswith("已选 1 个文件")
    assert "orders.csv" in page.locator(".drop-names").inner_text()
    page.context.close()
