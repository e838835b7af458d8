"""Refusing, agreeing, paying, the platform's ruling, the pack, and two people at once."""

import re

import pytest
from playwright.sync_api import expect

from cardcase.packs import verifier
from journeys.conftest import DESK

pytestmark = pytest.mark.journey


def _confirm(page, reason=""):
    """Confirm the reason that was read, or name another one."""
    if reason:
        page.locator("#reason summary", has_text="不是这个原因").click()
        page.locator("#reason select").select_option(reason)
        page.get_by_role("button", name="改成这个原因").click()
    else:
        page.get_by_role("button", name="看过了，确认这个原因").click()
    expect(page.locator("#reason h2")).to_contain_text("已确认")


def _record_result(turn, result, source):
    turn.locator("summary").click()
    turn.locator("select[name=result]").select_option(result)
    turn.locator("input[name=source]").fill(source)
    turn.get_by_role("button").click()


def test_refusing_without_evidence_is_blocked_and_says_what_is_missing(phone, desk):
    desk.open_case(phone, "杭州小吴")
    _confirm(phone, "A2")
    row = phone.locator(".remedies > li.is-blocked", has_text="拒绝退款")
    expect(row.locator("summary")).to_contain_text("还缺")
    row.locator("summary").click()
    expect(row.locator(".blocked")).to_contain_text("发卡方官方查询")
    expect(row.locator("form")).to_have_count(0)
    # A program that posts it anyway is refused by the same rule, and the words come back.
    token = phone.locator("#notes input[name=csrfmiddlewaretoken]").first.get_attribute("value")
    revision = phone.locator("#notes input[name=revision]").first.get_attribute("value")
    answer = phone.request.post(
        f"{phone.url}decline/",
        form={
            "csrfmiddlewaretoken": token,
            "revision": revision,
            "refuse_reason": "其他",
            "text": "不退",
            "typed": "拒绝退款",
        },
        headers={"Referer": phone.url},
    )
    assert 400 <= answer.status < 500
    assert "还缺" in answer.text()


def test_a_refusal_with_evidence_needs_the_typed_word_and_then_the_platform_decides(desktop, desk):
    page = desktop
    desk.open_case(page, "阿波罗十三")
    _confirm(page, "V5")
    refusal = page.locator(".remedies > li", has_text="拒绝退款")
    refusal.locator("summary").first.click()
    button = refusal.get_by_role("button", name="拒绝退款")
    expect(button).to_be_disabled()
    refusal.locator("select[name=refuse_reason]").select_option("商品与描述一致")
    refusal.locator("textarea[name=text]").fill("商品与页面描述一致，卡密已正常交付，价格在下单页面已写明。")
    refusal.locator("input[name=typed]").fill("拒绝")
    expect(button).to_be_disabled()
    refusal.locator("input[name=typed]").fill("拒绝退款")
    button.click()
    expect(page.locator(".topbar-state .pill")).to_have_text("已拒绝")

    page.locator("#moves > summary").click()
    stepped = page.locator("#moves details", has_text="平台已介入")
    stepped.locator("summary").click()
    stepped.locator("input[name=source]").fill("App 里显示小法庭已受理")
    stepped.get_by_role("button").click()
    expect(page.locator(".topbar-state .pill")).to_have_text("平台处理中")
    page.get_by_role("link", name="裁决出来就记下").first.click()
    ruled = page.locator("#turns")
    ruled.locator("summary").click()
    ruled.locator("select[name=verdict]").select_option("won")
    ruled.locator("textarea[name=ruling]").fill("经核实商品与描述一致，支持卖家。")
    ruled.locator("input[name=source]").fill("App 通知")
    ruled.get_by_role("button").click()
    expect(page.locator(".topbar-state .pill")).to_have_text("判卖家")
    expect(page.locator(".clock-what")).to_contain_text("支持卖家")


def test_the_pack_comes_down_in_the_browser_and_verifies_offline(desktop, desk, tmp_path):
    desk.open_case(desktop, "momo")
    desktop.locator("#pack").get_by_role("link", name="证据包").click()
    desktop.locator("#seal summary").click()
    desktop.locator("#seal input[name=typed]").fill("封存证据包")
    desktop.get_by_role("button", name="封存", exact=True).click()
    with desktop.expect_download() as waiting:
        desktop.get_by_role("link", name="下载整包").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert re.fullmatch(r"AS-\d{4}-\d{6}-1\.zip", path.name)
    report = verifier.verify(path)
    assert report.is_intact, report.findings
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert not verifier.verify(path).is_intact


def test_what_is_agreed_is_paid_once_with_typed_words_and_its_result_recorded(phone, desk):
    desk.open_case(phone, "打工人小李")
    _confirm(phone)
    full = phone.locator(".remedies > li", has_text="全额退款")
    full.locator("summary", has_text="直接同意").click()
    word = full.locator(".typed-word").inner_text()
    assert "48.50" in word
    full.locator("input[name=typed]").fill(word.replace(" ", ""))  # a phone's keyboard drops the space
    full.get_by_role("button", name="直接同意").click()
    expect(phone.locator(".topbar-state .pill")).to_have_text("已同意")

    turn = phone.locator("#turns")
    turn.locator("summary").click()
    execute = turn.locator("form")
    execute.locator("input[name=typed]").fill(execute.locator(".typed-word").inner_text())
    execute.get_by_role("button").click()
    expect(phone.locator(".topbar-state .pill")).to_have_text("执行中")

    _record_result(turn, "ambiguous", "App 转圈后退出，看不到结果")
    expect(phone.locator("#record")).to_contain_text("执行结果不明")
    gifts = phone.locator(".remedies form input[name=typed]")
    expect(gifts).to_have_count(0)  # while nobody knows, nothing more is given; a person looks and settles it
    _record_result(turn, "verified", "App 里显示退款成功")
    expect(phone.locator("#turns")).to_have_count(0)  # there is nothing left to press twice
    expect(phone.locator(".topbar-state .pill")).to_have_text("已了结")

    order, refund = (
        phone.locator(".facts div", has_text=label).locator("dd").inner_text() for label in ("订单", "退款单")
    )
    case = phone.url
    phone.goto(f"{desk.url}/import/")
    paid = f"订单编号,退款编号,退款状态,退款金额\n{order},{refund},退款成功,48.50\n".encode()
    phone.set_input_files("input[type=file]", [{"name": "退款.csv", "mimeType": "text/csv", "buffer": paid}])
    phone.get_by_role("button", name="直接导入").click()
    phone.get_by_role("heading", name="导入结果").wait_for()
    phone.goto(case)
    expect(phone.locator(".topbar-state .pill")).to_have_text("已了结")
    expect(phone.locator(".remedies > li", has_text="全额退款").locator("form")).to_have_count(0)  # never paid twice


def test_the_second_of_two_people_gets_the_conflict_and_keeps_her_words(open_page, desk):
    lead = desk.hire("lead-lin", "lead")
    mine, hers = open_page(DESK), open_page(who=lead)
    desk.open_case(mine, "手滑星人")
    desk.open_case(hers, "手滑星人")
    _confirm(mine)
    hers.locator("#draft-text").fill("您好，重复下单的这一单我来处理，请稍等。")
    hers.locator("#reason summary", has_text="不是这个原因").click()
    hers.locator("#reason select").select_option("P2")
    hers.get_by_role("button", name="改成这个原因").click()
    expect(hers.get_by_role("heading", name="别人先处理了一步")).to_be_visible()
    expect(hers.locator("#reason .pill")).to_contain_text("重复下单")  # the first decision stands
    assert hers.locator("#conflict .copyable").count() > 0

    second = open_page(who=lead)
    desk.open_case(second, "南风")
    desk.open_case(mine, "南风")
    _confirm(second)
    mine.locator("#notes summary").first.click()
    mine.locator("#notes textarea").fill("电话里说好了明天再退")
    mine.locator("#notes").get_by_role("button", name="记下").click()
    expect(mine.locator("#notes")).to_contain_text("电话里说好了明天再退")  # a note takes nothing from anybody
    mine.goto(mine.url)
    expect(mine.locator("#reason h2")).to_contain_text("lead-lin")


def test_a_missed_deadline_stands_on_today_until_its_review_is_written(phone, desk):
    phone.locator(".notice", has_text="肥肥今天减肥").get_by_role("link", name="打开").click()
    expect(phone.locator(".clock-what")).to_contain_text("没有在时限内回应")
    phone.locator("#needs summary", has_text="写复盘").click()
    phone.locator("#needs textarea[name=text]").fill("那两天出差没看手机。")
    phone.locator("#needs select[name=cause]").select_option("unnoticed")
    phone.locator("#needs textarea[name=measure]").fill("以后每晚十点看一次今日，出门前请小林代班。")
    phone.locator("#needs").get_by_role("button", name="写好了").click()
    expect(phone.locator("#notes")).to_contain_text("请小林代班")
    expect(phone.locator("#record")).to_contain_text("写了复盘")
    phone.goto(desk.url)
    expect(phone.locator(".notice", has_text="肥肥今天减肥")).to_have_count(0)
