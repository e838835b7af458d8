"""A lone seller's first evening, on a phone: sign in, see what is due, read, confirm, answer, ask."""

import re

import pytest
from playwright.sync_api import expect

from journeys.desk import NEW_PASSWORD

pytestmark = pytest.mark.journey


def test_the_one_time_password_must_be_replaced_and_then_today_says_what_is_due(open_page, desk):
    once = desk.one_time_password(desk.owner)
    page = open_page(signs_in=False)
    page.goto(desk.url)
    page.fill("input[name=login]", desk.owner)
    page.fill("input[name=password]", once)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("你用的是一次性密码")).to_be_visible()
    page.goto(desk.url)  # there is no way around it
    expect(page.get_by_role("heading", name="修改密码")).to_be_visible()
    page.fill("input[name=oldpassword]", once)
    page.fill("input[name=password1]", "short")
    page.fill("input[name=password2]", "short")
    page.get_by_role("button", name="保存新密码").click()
    expect(page.get_by_text("密码太短")).to_be_visible()  # said in the reader's language
    page.fill("input[name=oldpassword]", once)
    page.fill("input[name=password1]", NEW_PASSWORD)
    page.fill("input[name=password2]", NEW_PASSWORD)
    page.get_by_role("button", name="保存新密码").click()
    desk.password = NEW_PASSWORD
    page.goto(desk.url)
    expect(page.get_by_role("heading", name="今日")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("先做这些"))).to_be_visible()
    lefts = page.locator(".queue.is-first time").evaluate_all("all => all.map(one => Date.parse(one.dateTime))")
    assert lefts == sorted(lefts)
    assert len(lefts) > 3


def test_the_most_urgent_case_is_read_confirmed_and_answered(open_page, desk):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator(".queue.is-first a.case-row").first.click()
    page.wait_for_url("**/cases/**")
    expect(page.locator(".clock .countdown")).to_contain_text("还剩")
    expect(page.locator(".clock-what")).to_contain_text("平台自动退款")
    words = page.locator("#talk mark").all_inner_texts()
    assert words
    # The reason rests on words that stand in the conversation: a press on one leads there.
    quote = page.locator("#reason .quotes a").first
    quote.click()
    assert page.locator(".talk-line:target mark").count() > 0
    # Until the reason is confirmed nothing is marked as sent.
    expect(page.get_by_role("button", name="标记为已发送")).to_be_disabled()
    expect(page.locator(".hold")).to_be_visible()

    page.locator(".casebar .main").click()
    page.get_by_role("button", name="看过了，确认这个原因").click()
    expect(page.locator(".hold")).to_have_count(0)
    expect(page.locator("#reason h2")).to_contain_text("已确认")
    expect(page.get_by_text("人工确认了原因")).to_be_visible()

    box = page.locator("#draft-text")
    box.fill("您好，看到您的申请了。请把兑换页面的完整截图发来，卡密遮住，我马上核实。")
    assert page.locator("#draft h2 small").inner_text() == f"{len(box.input_value())} / 200"
    page.get_by_role("button", name="复制").last.click()
    assert page.evaluate("navigator.clipboard.readText()") == box.input_value()
    page.get_by_role("button", name="标记为已发送").click()
    page.get_by_text("已发送的回复").click()
    expect(page.locator(".sent").get_by_text("我马上核实")).to_be_visible()


def test_words_that_would_hurt_are_named_while_typing_and_not_taken(open_page, desk):
    page = open_page()
    desk.open_case(page, "暴躁小王")
    page.get_by_role("button", name="看过了，确认这个原因").click()
    page.locator("#draft-text").press_sequentially("加我微信 13800138000 私聊")
    bad = page.locator("#draft-checks li[data-tone=bad]")
    bad.first.wait_for()
    page.get_by_role("button", name="标记为已发送").click()
    expect(page.locator(".notice[data-tone=bad]").first).to_be_visible()
    assert "13800138000" in page.locator("#draft-text").input_value()  # the person's words are kept


def test_evidence_is_asked_for_and_the_case_waits_for_the_buyer(open_page, desk):
    page = open_page()
    desk.open_case(page, "云朵邮差")
    page.get_by_role("button", name="看过了，确认这个原因").click()
    row = page.locator(".evidence > li", has_text="整屏报错截图")
    row.locator("summary").click()
    expect(row.locator(".copyable p")).to_contain_text("截图")
    row.get_by_role("button", name="记为已索要").click()
    expect(page.locator(".topbar-state .pill")).to_have_text("等买家举证")
    expect(page.locator(".clock .countdown")).to_contain_text("还剩")  # asking never stops the platform's clock
    expect(page.get_by_text("索要了证据")).to_be_visible()


def test_reading_and_deciding_work_without_javascript(phone_without_scripts, desk):
    page = phone_without_scripts
    desk.open_case(page, "李姐爱生活")
    expect(page.locator(".clock .countdown")).to_contain_text("还剩")
    assert page.locator("#talk mark").count() > 0
    page.locator("#reason summary", has_text="不是这个原因").click()
    page.locator("#reason select").select_option("A2")
    page.get_by_role("button", name="改成这个原因").click()
    expect(page.locator("#reason .pill")).to_contain_text("已被兑换")
    expect(page.locator(".hold")).to_have_count(0)
    page.locator("#draft-text").fill("您好，收到了，我正在核对这张卡的记录，今天给您答复。")
    page.get_by_role("button", name="标记为已发送").click()
    full = page.locator(".remedies > li", has_text="全额退款")
    full.locator("summary", has_text="选这个方案").click()
    full.get_by_role("button", name="提给买家").click()
    expect(page.locator(".topbar-state .pill")).to_have_text("已提方案")
    expect(page.locator("#remedies .tip")).to_contain_text("已提出：全额退款")
