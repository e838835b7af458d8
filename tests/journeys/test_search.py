"""Finding a sentence on a phone: from Today to the very line of the timeline."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_word_typed_on_today_leads_to_the_line_where_it_was_said(phone, desk):
    phone.goto(f"{desk.url}/")
    phone.get_by_role("search").get_by_role("searchbox").fill("餘額")
    phone.get_by_role("search").get_by_role("button", name="搜索").click()
    expect(phone).to_have_url(re.compile(r"/search/\?q="))
    mark = phone.locator(".hits mark", has_text="余额").first
    expect(mark).to_be_visible()
    assert desk.overflow(phone) <= 0
    hit = phone.locator(".hits > li", has=phone.locator("a[href*='/timeline/'][href*='#m-']")).first
    said = hit.locator(".hit-text").inner_text().strip("…")
    hit.locator("a[href*='/timeline/']").click()
    target = re.search(r"#(m-\w+)", phone.url)
    assert target is not None
    line = phone.locator(f"[id='{target[1]}']")
    expect(line).to_be_in_viewport()
    expect(line).to_contain_text(said[:10])


def test_filters_narrow_and_a_whole_code_is_not_searched_for(phone, desk):
    phone.goto(f"{desk.url}/search/")
    phone.get_by_role("searchbox").fill("K7QM-92XF-LP3D-9999")
    phone.get_by_role("search").get_by_role("button", name="搜索").click()
    expect(phone.locator("body")).to_contain_text(re.compile("没有拿去搜索|这是卡库里的一张卡"))
    assert "K7QM" not in phone.url
    assert "92XF" not in phone.content()
    phone.get_by_role("searchbox").fill("卡")
    phone.locator("summary", has_text="筛选").click()
    phone.get_by_label("类别").select_option(label="商品")
    phone.get_by_role("search").get_by_role("button", name="筛选").click()
    expect(phone.locator(".hits > li").first).to_be_visible()
    for kind in phone.locator(".hits > li > p.small").all_inner_texts():
        assert kind.startswith("商品")
