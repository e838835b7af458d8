"""Files and pasted words come in through the browser; what is not taken says where and why."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cardcase.kit import clock
from journeys.conftest import DESK

pytestmark = pytest.mark.journey

APPLIED = clock.now().astimezone(clock.SHANGHAI) - timedelta(hours=2)
"""Of today: a refund of last week has missed its deadline before anybody looks, and Today says so to other journeys."""


def _ago(minutes: int) -> str:
    return f"{APPLIED - timedelta(minutes=minutes):%Y-%m-%d %H:%M}"


PASTED = f"""青柠不酸 {_ago(9)}
老板 这个卡我输进去提示已经被使用了啊
青柠不酸 {_ago(7)}
我刚买的还没用过 你给我退款吧
礼卡小铺 {_ago(5)}
您好，我看一下
"""
ORDERS = (
    "订单编号,商品标题,买家昵称,实付金额,订单状态,付款时间\n"
    "3359478095649530001,苹果充值卡100元 国区,山有木兮,96.50,交易成功,2026-11-22 10:00:00\n"
    "3.35948E+18,京东E卡200元 自动发货,木有枝,195.00,交易成功,2026-11-22 11:00:00\n"
)
REFUND = (
    "订单编号,商品标题,买家昵称,实付金额,付款时间,发货时间,退款状态,退款金额,退款申请时间,退款原因\n"
    f"3359478095649530002,苹果充值卡100元 国区,青柠不酸,96.50,{_ago(80)}:00,{_ago(80)}:20,"
    f"待卖家处理,96.50,{_ago(0)}:00,卡密无效/无法使用\n"
)


def test_a_pasted_chat_is_previewed_confirmed_and_opens_its_case(phone, desk):
    phone.goto(f"{desk.url}/import/")
    phone.set_input_files("input[type=file]", [{"name": "退款.csv", "mimeType": "text/csv", "buffer": REFUND.encode()}])
    phone.get_by_text("粘贴聊天或其他文字").click()
    phone.locator("textarea[name=paste]").fill(PASTED)
    phone.get_by_role("button", name="先预览，不改动").click()
    expect(phone.get_by_role("heading", name="预览")).to_be_visible()
    expect(phone.locator(".report")).to_have_count(2)
    phone.get_by_role("button", name="确认导入").click()
    expect(phone.get_by_role("heading", name="导入结果")).to_be_visible()
    desk.open_case(phone, "青柠不酸")
    expect(phone.locator(".topbar-sub")).to_contain_text("¥96.50")
    expect(phone.locator("#talk")).to_contain_text("已经被使用")
    assert phone.locator("#talk mark").count() > 0


def test_a_mangled_order_number_in_a_gbk_file_is_refused_with_row_column_and_the_way_out(open_page, desk):
    page = open_page(DESK)
    page.goto(f"{desk.url}/import/")
    file = {"name": "订单.csv", "mimeType": "text/csv", "buffer": ORDERS.encode("gb18030")}
    page.set_input_files("input[type=file]", [file])
    expect(page.get_by_text("已选 1 个文件")).to_be_visible()
    page.get_by_role("button", name="直接导入").click()
    report = page.locator(".report")
    expect(report.locator("h2 small")).to_contain_text("GB")
    row = report.locator("tbody tr")
    assert row.count() == 1
    where, column, reason, way_out = row.locator("td").all_inner_texts()
    assert "3" in where
    assert "订单" in column
    assert reason
    assert "文本" in way_out
    expect(report.locator(".counts li").nth(0).locator("b")).to_have_text("1")  # the whole row beside it came in
    page.goto(f"{desk.url}/import/")
    assert "拒收 1" in page.locator(".rows li").first.inner_text()
