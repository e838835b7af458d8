"""The life of cards in a browser: a lot comes in with its papers, is sold, looked at, voided for a refund, called back."""

import json
import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from intake.world import order_row, orders_csv
from journeys.conftest import DESK, PHONE

pytestmark = pytest.mark.journey
PDF = b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
SHOT = b"\x89PNG\r\n\x1a\n" + bytes(range(64))


def fold(page, words):
    """Open what stands behind a summary."""
    page.locator("summary", has_text=words).first.click()


def paid_order(desk, tmp_path, number, nick):
    """Let the shop's other tool tell of one paid order."""
    (tmp_path / "orders.csv").write_text(
        orders_csv(order_row(number, "待发货", buyer=number[-10:], nick=nick)), "utf-8"
    )
    desk.cardcase("import", "orders", str(tmp_path / "orders.csv"))


def back_shows_nothing(page, code):
    """Press 'back' on a page that nothing kept: the browser says so, or shows it as it is without the code."""
    with suppress(PlaywrightError):
        page.go_back()
    expect(page.get_by_text(code)).to_have_count(0)


def take_in(page, desk, brand, codes, *, face="50", batch=""):
    """Paste cards on the import page, look at them, take them."""
    rows = "".join(f"{code},{brand},{face},2029-12-31\n" for code in codes)
    data = f"卡密,品牌,面值,有效期\n{rows}".encode()
    page.goto(f"{desk.url}/import/")
    page.set_input_files(
        "input[type=file]", [{"name": f"{batch or brand}.csv", "mimeType": "text/csv", "buffer": data}]
    )
    box = page.locator("input[name=batch]")
    box.evaluate("box => { const fold = box.closest('details'); if (fold) fold.open = true; }")
    box.fill(batch or brand)
    page.get_by_role("button", name="直接导入").click()
    page.get_by_role("heading", name="导入结果").wait_for()


def open_batch(page, desk, name):
    page.goto(f"{desk.url}/cards/batches/")
    page.locator("section.batch", has_text=name).get_by_role("link", name="来源、单据与召回").click()
    page.wait_for_url("**/batches/batch_**")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_lot_comes_in_with_its_papers(open_page, desk, size):
    page = open_page(size)
    name = f"旅程面包券{size['width']}"
    take_in(page, desk, name, [f"BRD7-KX2M-{size['width']:04d}-{n:04d}" for n in range(3)])
    open_batch(page, desk, name)
    before = page.locator("#completeness .pill").first.inner_text()
    tell_purchase(page)
    for kind in ("invoice", "payment"):
        page.locator("#papers details").last.evaluate("box => box.open = true")
        papers = page.locator("#papers form[enctype]").last
        papers.locator("select[name=kind]").select_option(kind)
        papers.locator("input[type=file]").set_input_files(
            [{"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": PDF + kind.encode()}]
        )
        papers.locator("button").last.click()
    expect(page.locator("#papers")).to_contain_text("发票")
    after = page.locator("#completeness .pill").first.inner_text()
    assert score(after) > score(before), (before, after)
    expect(page.locator("main svg").first).to_be_visible()


def tell_purchase(page):
    """Say on the page of a batch from whom it was bought, when, for how much, paid how."""
    form = page.locator("form[action$='/set/']")
    form.locator("input[name=supplier]").evaluate("box => { box.closest('details').open = true; }")
    form.locator("input[name=supplier]").fill("苹果官方旗舰店（企业采购）")
    form.locator("input[name=acquired_on]").fill("2026-11-20")
    form.locator("input[name=unit_cost]").fill("45")
    form.locator("select[name=paid_by]").select_option("transfer")
    form.locator("button").last.click()
    page.wait_for_load_state()


def score(pill):
    found = re.match(r"(\d+)/100", pill)
    assert found, pill
    return int(found.group(1))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_card_is_sold_once_and_looked_at_under_record(open_page, desk, tmp_path, size):
    page = open_page(size)
    brand, code = f"旅程咖啡卡{size['width']}", f"COF7-KX2M-LP3D-{size['width']:04d}"
    number = f"331014569054{size['width']:07d}"
    take_in(page, desk, brand, [code])
    paid_order(desk, tmp_path, number, f"买咖啡的{size['width']}")
    page.goto(f"{desk.url}/deliveries/")
    row = page.locator("li", has_text=number[-6:])
    row.locator("summary").first.click()
    row.locator("select[name=kind]").select_option(label=f"{brand} ¥50.00")
    row.locator("input[name=quantity]").fill("1")
    row.get_by_role("button", name="分配").click()
    page.wait_for_url("**/deliveries/deliv_**")
    delivery = page.url
    expect(page.locator("main")).to_contain_text("还没有同意须知")
    page.get_by_role("button", name="须知已发给买家").click()
    fold(page, "买家同意了")
    page.locator("form[action$='/consent/'] input[name=reason]").fill("好的")
    page.locator("form[action$='/consent/']").get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("还没有查过余额")  # it warns, and takes the look right here
    fold(page, "的余额？记下来")
    look = page.locator("form[action$='/check/']").first
    look.locator("input[name=balance]").fill("50")
    look.locator("input[name=method]").fill("官网")
    look.locator("button").click()
    page.wait_for_url(delivery)
    expect(page.locator("main")).not_to_contain_text("还没有查过余额")
    assert code not in page.content()
    page.locator("form[action$='/show/'] input[name=reason]").fill("付款发货")
    page.get_by_role("button", name="取出卡密").click()
    expect(page.get_by_text(code)).to_be_visible()
    page.get_by_role("button", name="已发给买家").click()
    expect(page.locator(".topbar-state .pill")).to_have_text("买家已看到")
    assert code not in page.content()
    back_shows_nothing(page, code)

    page.goto(delivery)
    page.locator("a[href^='/cards/card_']").first.click()
    expect(page.locator("main")).to_contain_text(number)
    assert code not in page.content()
    page.locator(
        "form[action$='/reveal/'] input[name=reason], form[action$='/reveal/'] textarea[name=reason]"
    ).first.evaluate("box => { const fold = box.closest('details'); if (fold) fold.open = true; }")
    page.locator("form[action$='/reveal/'] [name=reason]").first.fill("买家说打不开，核对")
    page.locator("form[action$='/reveal/']").get_by_role("button").first.click()
    expect(page.get_by_text(code)).to_be_visible()
    expect(page.locator("main")).to_contain_text("买家说打不开，核对")
    page.goto(f"{desk.url}/cards/")
    back_shows_nothing(page, code)


def test_a_refund_waits_until_the_card_is_voided(phone, desk):
    desk.open_case(phone, "巴适得板")
    case = phone.url
    phone.locator("#reason summary", has_text="不是这个原因").click()
    phone.locator("#reason select").select_option("P1")
    phone.get_by_role("button", name="改成这个原因").click()
    expect(phone.locator("#reason h2")).to_contain_text("已确认")
    full = phone.locator(".remedies > li", has_text="全额退款")
    full.locator("summary", has_text="直接同意").click()
    full.locator("input[name=typed]").fill(full.locator(".typed-word").inner_text())
    full.get_by_role("button", name="直接同意").click()
    expect(phone.locator(".topbar-state .pill")).to_have_text("已同意")
    pay(phone, "voided")
    # A word is not enough where the books say otherwise.
    expect(phone.locator("main")).to_contain_text("还没有登记为已作废")
    phone.goto(case)
    phone.locator("a[href^='/cards/card_']").first.click()
    card = phone.url
    fold(phone, "退款前先作废这张卡")
    ask = phone.locator("form[action$='/ask_void/']")
    ask.locator("[name=reason]").fill("买家退款，先作废")
    ask.locator("button").click()
    phone.goto(case)
    pay(phone, "")
    expect(phone.locator("main")).to_contain_text("作废")
    expect(phone.locator(".topbar-state .pill")).to_have_text("已同意")  # nothing was paid while the answer is open
    phone.goto(card)
    fold(phone, "发卡方对作废有答复了")
    settled = phone.locator("form[action$='/settle_void/']")
    settled.locator("select[name=result]").select_option("voided")
    settled.locator("input[type=file]").set_input_files([{"name": "v.png", "mimeType": "image/png", "buffer": SHOT}])
    settled.locator("input[name=note]").fill("工单 20261129-1")
    settled.locator("button").last.click()
    expect(phone.locator("main")).to_contain_text("已作废")
    phone.goto(case)
    pay(phone, "voided")
    expect(phone.locator(".topbar-state .pill")).to_have_text("执行中")


def pay(page, void_result):
    """Fill in how voiding went, type the word, and press."""
    turn = page.locator("#turns")
    form = turn.locator("form[action$='/execute/']")
    form.locator("input[name=typed]").evaluate(
        "box => { const fold = box.closest('details'); if (fold) fold.open = true; }"
    )
    form.locator("select[name=void_result]").select_option(void_result)
    form.locator("input[name=typed]").fill(form.locator(".typed-word").inner_text())
    form.locator("button").last.click()
    page.wait_for_load_state()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_one_bad_card_calls_its_batch_back(open_page, desk, tmp_path, size):
    page, width = open_page(size), size["width"]
    brand, number = f"旅程奶茶卡{width}", f"331014569055{width:07d}"
    codes = [f"TEA7-KX2M-{width:04d}-{n:04d}" for n in range(3)]
    take_in(page, desk, brand, codes)
    paid_order(desk, tmp_path, number, f"买奶茶的{width}")
    desk.cardcase("deliver", "allocate", number, "--brand", brand, "--face", "50", "--quantity", "1")
    desk.cardcase("deliver", "waive", number, "--reason", "老客户")
    desk.cardcase("deliver", "show", number, "--reason", "发货", "--confirm")
    rows = json.loads(desk.cardcase("card", "list", "--brand", brand, "--state", "in_stock", "--json"))
    page.goto(f"{desk.url}/cards/{rows['cards'][0]['public_id']}/")
    fold(page, "刚查过余额")
    look = page.locator("form[action$='/check/']").first
    look.locator("input[name=balance]").fill("0")
    look.locator("select[name=usable]").select_option("no")
    look.locator("input[name=method]").fill("官网")
    look.locator("button").last.click()
    open_batch(page, desk, brand)
    tell_purchase(page)
    page.locator("#recall summary").first.click()
    form = page.locator("form[action$='/recall/']")
    form.locator("input[name=reason]").fill("交付前就查不到余额")
    form.locator("button").last.click()
    recall = page.locator("#recall")
    expect(recall).to_contain_text(f"买奶茶的{width}")  # whoever bought a sibling is named, to be told
    expect(recall).to_contain_text(number[-6:])
    expect(page.locator(".notice", has_text="1 位买家还没告知")).to_be_visible()
    assert all(code not in page.content() for code in codes)
    page.goto(f"{desk.url}/cards/?brand={brand}")
    expect(page.locator("main")).to_contain_text("隔离")
    page.goto(f"{desk.url}/claims/")
    expect(page.locator("main")).to_contain_text("苹果官方旗舰店")
