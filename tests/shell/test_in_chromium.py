"""Every page in a real browser, narrow and wide, light and dark: nothing sticks out, nothing is blocked, all can be used."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client, override_settings
from playwright.sync_api import sync_playwright

from cardcase.staff.models import Staff
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
