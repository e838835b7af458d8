"""Draw every page of the example shop at 360 and 1280 px, light and dark, into build/screenshots.

    screenshots.py [name…] [--dark] [--readme]

The pages are those of a real ``cardcase run``. Names pick some of them (``today``, ``case-3``, ``cards`` …). With
``--readme`` the pictures that README.md shows are written into docs/images too.
"""

import sys
import tempfile
from http import HTTPStatus
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from journeys.desk import QUIET, Desk, browser_path  # noqa: E402

WIDTHS = {"360": (360, 780), "1280": (1280, 900)}
TARGET = ROOT / "build" / "screenshots"
IMAGES = ROOT / "docs" / "images"
README_CASE = "一只橘猫"
"""The buyer whose case the README shows: hours left, an angry buyer, a card that was used before it was sold."""

BAR = 84
"""Pixels of the bar at the bottom with the air above it."""


def pages(page: Page, desk: Desk) -> dict[str, str]:
    """Name the pages to draw and where they are."""
    hrefs = "links => links.map(link => link.getAttribute('href'))"
    page.goto(desk.url)
    cases = page.locator("a[href^='/cases/AS-']").evaluate_all(hrefs)
    page.goto(f"{desk.url}/cards/")
    cards = page.locator("a[href^='/cards/card_']").evaluate_all(hrefs)
    listed = {
        "today": "/",
        "import": "/import/",
        "cards": "/cards/",
        "batches": "/cards/batches/",
        "deliveries": "/deliveries/",
        "suppliers": "/suppliers/",
        "flags": "/flags/",
        "claims": "/claims/",
        "settings": "/settings/",
        "settings-staff": "/settings/staff/",
        "settings-shop": "/settings/shop/",
        "settings-tokens": "/settings/tokens/",
        "settings-model": "/settings/model/",
        "settings-corrections": "/settings/corrections/",
        "settings-notices": "/settings/notices/",
        "settings-anchors": "/settings/anchors/",
        "settings-hours": "/settings/hours/",
        "settings-record": "/settings/record/",
        "settings-advice": "/settings/advice/",
        "settings-overrides": "/settings/advice/overrides/",
        "settings-privacy": "/settings/privacy/",
        "privacy-buyer": "/settings/privacy/buyer_1/",
        "password": "/account/password/change/",
        "sessions": "/account/sessions/",
        "mfa": "/account/2fa/",
        "verify": "/verify/",
        "not-found": "/cases/AS-2026-999999/",
    }
    listed |= {f"case-{number}": url for number, url in enumerate(dict.fromkeys(cases))}
    listed |= {f"timeline-{number}": f"{url}timeline/" for number, url in enumerate(dict.fromkeys(cases))}
    listed |= with_evidence(page, desk, cases[0]) if cases else {}
    if cards:
        listed["card"] = cards[0]
        page.goto(f"{desk.url}{cards[0]}")
        of_card = page.locator("a[href^='/provenance/']").evaluate_all(hrefs)
        listed |= {"card-provenance": of_card[0]} if of_card else {}
    for title, place, address in (
        ("flag-group", "/flags/", "/flags/?rule="),
        ("supplier", "/suppliers/", "/suppliers/sup_"),
        ("batch", "/cards/batches/", "/batches/batch_"),
    ):
        page.goto(f"{desk.url}{place}")
        found = page.locator(f"a[href^='{address}']").evaluate_all(hrefs)
        listed |= {f"{title}-{number}": url for number, url in enumerate(dict.fromkeys(found[:3]))}
    page.goto(f"{desk.url}/deliveries/")
    given = page.locator("a[href^='/deliveries/deliv_']").evaluate_all(hrefs)
    if given:
        listed["delivery"] = given[0]
    return listed


def with_evidence(page: Page, desk: Desk, case: str) -> dict[str, str]:
    """Add an exhibit to a case and name the pages of its evidence, its packs and its refuse form."""
    page.goto(f"{desk.url}{case}")
    picture = {"name": "截图.png", "mimeType": "image/png", "buffer": page.screenshot()}
    form = page.locator(f"form[action='{case}evidence/']")
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")

    form.locator("input[type=file]").set_input_files(picture)
    form.locator("select[name=kind]").select_option(index=0)
    form.locator("button").last.click()
    page.goto(f"{desk.url}{case}exhibits/")
    cover = page.locator("a[href$='/cover/']").first.get_attribute("href")
    found = {"packs": f"{case}packs/", "evidence": f"{case}exhibits/", "refusal": f"{case}refusal/"}
    return found | ({"cover": cover} if cover else {})


def draw(chromium: Browser, desk: Desk, name: str, scheme: str, only: list[str]) -> None:
    """Draw the pages at one width in one scheme; say when one is wider than its window or fails."""
    width, height = WIDTHS[name]
    suffix = "-dark" if scheme == "dark" else ""
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN", color_scheme=scheme)
    page = context.new_page()
    if not only:
        page.goto(f"{desk.url}/account/login/")
        page.screenshot(path=TARGET / f"login-{name}{suffix}.png", full_page=True)
    desk.sign_in(page)
    for title, url in pages(page, desk).items():
        if only and title not in only:
            continue
        answer = page.goto(f"{desk.url}{url}")
        overflow = desk.overflow(page)
        if overflow > 0:
            print(f"!! {title} at {width}: {overflow} px too wide")
        if answer is None or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            print(f"!! {title}: the server failed\n{desk.log_tail()}")
        page.screenshot(path=TARGET / f"{title}-{name}{suffix}.png", full_page=True)
    context.close()


def draw_readme(chromium: Browser, desk: Desk) -> None:
    """Draw what README.md shows: an urgent case down to its reason, and Today, as a phone of that height would."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 780}, locale="zh-CN", color_scheme="light", device_scale_factor=1.5
    )
    page = context.new_page()
    desk.sign_in(page)
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 360, "height": 1100})
    page.screenshot(path=IMAGES / "today-360.png")
    desk.open_case(page, README_CASE)
    bottom = page.locator("#reason").evaluate("box => box.getBoundingClientRect().bottom + scrollY")
    page.set_viewport_size({"width": 360, "height": int(bottom) + BAR})
    page.screenshot(path=IMAGES / "case-360.png")
    context.close()


def main() -> int:
    """Start the desk, sign in, draw."""
    TARGET.mkdir(parents=True, exist_ok=True)
    only = [word for word in sys.argv[1:] if not word.startswith("--")]
    schemes = ("light", "dark") if "--dark" in sys.argv else ("light",)
    with tempfile.TemporaryDirectory(prefix="cardcase-shots-") as folder, sync_playwright() as playwright:
        desk = Desk(Path(folder)).start()
        try:
            chromium = playwright.chromium.launch(executable_path=browser_path(), args=QUIET)
            if "--readme" in sys.argv:
                draw_readme(chromium, desk)
            for name in WIDTHS:
                for scheme in schemes:
                    draw(chromium, desk, name, scheme, only)
            chromium.close()
        finally:
            desk.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
