"""Draw every page of the example shop at 360 and 1280 px, light and dark, into build/screenshots.

With ``--readme`` the picture of the README is written too. The pages are those of a real ``cardcase run``.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from journeys.desk import QUIET, Desk, browser_path  # noqa: E402

WIDTHS = {"360": (360, 780), "1280": (1280, 900)}


def pages(page: Page, desk: Desk) -> dict[str, str]:
    """Name the pages to draw and where they are."""
    page.goto(desk.url)
    cases = page.locator("a[href^='/cases/AS-']").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    page.goto(f"{desk.url}/cards/")
    cards = page.locator("a[href^='/cards/card_']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    listed = {
        "today": "/",
        "import": "/import/",
        "cards": "/cards/",
        "batches": "/cards/batches/",
        "settings": "/settings/",
        "settings-staff": "/settings/staff/",
        "settings-shop": "/settings/shop/",
        "settings-tokens": "/settings/tokens/",
        "mfa": "/account/2fa/",
    }
    listed |= {f"case-{number}": url for number, url in enumerate(dict.fromkeys(cases))}
    if cards:
        listed["card"] = cards[0]
    return listed


def main() -> int:
    """Start the desk, sign in, draw."""
    target = ROOT / "build" / "screenshots"
    target.mkdir(parents=True, exist_ok=True)
    only = [word for word in sys.argv[1:] if not word.startswith("--")]
    with tempfile.TemporaryDirectory(prefix="cardcase-shots-") as folder, sync_playwright() as playwright:
        desk = Desk(Path(folder)).start()
        try:
            chromium = playwright.chromium.launch(executable_path=browser_path(), args=QUIET)
            for name, (width, height) in WIDTHS.items():
                for scheme in ("light", "dark"):
                    if scheme == "dark" and "--dark" not in sys.argv:
                        continue
                    context = chromium.new_context(
                        viewport={"width": width, "height": height}, locale="zh-CN", color_scheme=scheme
                    )
                    page = context.new_page()
                    if not only and scheme == "light":
                        page.goto(f"{desk.url}/account/login/")
                        page.screenshot(path=target / f"login-{name}.png", full_page=True)
                    desk.sign_in(page)
                    for title, url in pages(page, desk).items():
                        if only and title not in only:
                            continue
                        page.goto(f"{desk.url}{url}")
                        overflow = page.evaluate(
                            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                        )
                        if overflow > 0:
                            print(f"!! {title} at {width}: {overflow} px too wide")
                        suffix = "-dark" if scheme == "dark" else ""
                        page.screenshot(path=target / f"{title}-{name}{suffix}.png", full_page=True)
                    if "--readme" in sys.argv and name == "360" and scheme == "light":
                        page.goto(desk.url)
                        page.locator("a[href^='/cases/AS-']").first.click()
                        page.wait_for_load_state()
                        page.screenshot(
                            path=ROOT / "docs" / "images" / "case-360.png",
                            clip={"x": 0, "y": 0, "width": 360, "height": 1500},
                            full_page=True,
                        )
                    context.close()
            chromium.close()
        finally:
            desk.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
