"""A seller issues a claim link; its buyer, on a phone, agrees and sees the code once, and never again."""

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from intake.world import order_row, orders_csv
from journeys.conftest import DESK, PHONE

pytestmark = pytest.mark.journey
SHOTS = os.environ.get("CARDCASE_SHOTS", "")


def shot(page, name):
    """Keep a picture where somebody asked for them."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}-{page.viewport_size['width']}.png", full_page=True)


@pytest.fixture
def waiting(desk, tmp_path, request):
    """Give the desk one more card and one paid order that has got it; return the order's number and the code."""
    place = abs(hash(request.node.name)) % 10_000
    number, code = f"331014569054577{place:04d}", f"QXKM-7T2F-LP3D-{place:04d}"
    (tmp_path / "cards.csv").write_text(f"密码,品牌,面值\n{code},领取测试卡,200\n", "utf-8")
    (tmp_path / "orders.csv").write_text(orders_csv(order_row(number, buyer=f"9{place}", nick="云朵邮差小号")), "utf-8")
    desk.cardcase("import", "cards", str(tmp_path / "cards.csv"))
    desk.cardcase("import", "orders", str(tmp_path / "orders.csv"))
    desk.cardcase("deliver", "allocate", number, "--brand", "领取测试卡", "--face", "200", "--quantity", "1")
    return number, code


def issue(page, desk, number):
    """Issue a link as the seller does, from the list."""
    page.goto(f"{desk.url}/deliveries/")
    page.locator("li", has_text=number[-6:]).locator("a").first.click()
    page.get_by_text("生成领取链接").click()
    shot(page, "delivery")
    page.get_by_role("button", name="生成链接").click()
    expect(page.get_by_text("谁拿到这个链接，谁就能领卡密")).to_be_visible()
    shot(page, "link")
    found = re.search(r"http\S+/c/#[\w-]{22}", page.locator("main").inner_text())
    assert found
    return found.group(0)


def serious(page):
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_buyer_claims_a_code_once(open_page, desk, waiting, size):
    number, code = waiting
    link = issue(open_page(size), desk, number)
    page = open_page(size, signs_in=False, permissions=["clipboard-read", "clipboard-write"])
    sent = []
    page.on("request", lambda request: sent.append((request.url, request.headers.get("referer", ""))))
    page.goto(link)
    agree = page.get_by_role("button", name="我已阅读并同意")
    expect(agree).to_be_visible()
    assert page.url == f"{desk.url}/c/"
    assert desk.overflow(page) <= 0
    assert serious(page) == []
    shot(page, "terms")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="I have read this and agree")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    agree.click()
    expect(page.get_by_role("button", name="显示卡密")).to_be_visible()
    shot(page, "ready")
    with page.expect_response(lambda answer: answer.request.post_data and "step=shown" in answer.request.post_data):
        page.get_by_role("button", name="显示卡密").click()
    expect(page.get_by_text(code)).to_be_visible()
    assert desk.overflow(page) <= 0
    assert serious(page) == []
    shot(page, "code")
    page.get_by_role("button", name="复制").click()
    assert page.evaluate("navigator.clipboard.readText()") == code
    assert "买家已看到" in shown_to_staff(open_page(size), desk, number)

    token = link.partition("#")[2]
    assert all(token not in url + referer for url, referer in sent)
    assert all(url.startswith(desk.url) for url, _ in sent)
    assert page.evaluate("history.length") <= 2
    page.goto(f"{desk.url}/healthz")
    page.go_back()
    expect(page.get_by_text(code)).to_have_count(0)
    page.reload()
    expect(page.get_by_text(code)).to_have_count(0)
    shot(page, "enter")
    page.goto(link)
    expect(page.get_by_text("显示过")).to_be_visible()
    expect(page.get_by_text(code)).to_have_count(0)
    shot(page, "again")
    log = desk.log_tail(10_000)
    assert token not in log
    assert code not in log


def shown_to_staff(page, desk, number):
    page.goto(f"{desk.url}/deliveries/")
    return page.locator("li", has_text=number[-6:]).inner_text()


def test_without_javascript_the_same_is_done_by_hand(open_page, desk, waiting):
    number, code = waiting
    told = desk.cardcase("deliver", "link", number)
    token = re.search(r"#([\w-]{22})", told).group(1)
    page = open_page(PHONE, signs_in=False, java_script_enabled=False)
    page.goto(f"{desk.url}/c/#{token}")
    page.fill("input[name=token]", "wrong")
    page.get_by_role("button", name="打开").click()
    expect(page.get_by_text("这个链接打不开")).to_be_visible()
    shot(page, "unknown")
    page.fill("input[name=token]", token)
    page.get_by_role("button", name="打开").click()
    page.get_by_role("button", name="我已阅读并同意").click()
    page.get_by_role("button", name="显示卡密").click()
    expect(page.get_by_text(code)).to_be_visible()
    page.get_by_role("button", name="我看到卡密了").click()
    expect(page.get_by_text("显示过")).to_be_visible()
    assert desk.overflow(page) <= 0
    with suppress(PlaywrightError):  # nothing was kept to go back to: the browser asks whether to send it again
        page.go_back()
    expect(page.get_by_text(code)).to_have_count(0)
