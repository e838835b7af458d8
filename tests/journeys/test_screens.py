"""A chat that is there only as a screenshot: chosen and pasted on the case, read, put right beside the picture, taken."""

import base64
import re

import pytest
from playwright.sync_api import expect

from screens import chats, drawing

pytestmark = pytest.mark.journey

PASTE = """
(picture) => {
  const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
  const held = new DataTransfer();
  held.items.add(new File([bytes], "image.png", { type: "image/png" }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true }));
}
"""


def test_screenshots_are_pasted_looked_over_on_a_phone_and_join_the_conversation(phone, desk):
    drawn = [drawing.png(image) for image, *_ in drawing.screens(chats.SECOND, drawing.LIGHT, seed=43)][:2]
    desk.open_case(phone, "夜航星")
    case = phone.url
    form = phone.locator("form[action='/screens/']")
    phone.evaluate(PASTE, base64.b64encode(drawn[0]).decode())
    expect(form.get_by_role("button", name="上传并识别")).to_be_visible()  # the fold opens for what was pasted
    names = "() => [...document.querySelector('input[data-paste-files]').files].map((one) => one.name)"
    assert phone.evaluate(names) == ["粘贴 1.png"]
    for one in drawn[1:]:
        phone.evaluate(PASTE, base64.b64encode(one).decode())
    assert phone.evaluate(names) == [f"粘贴 {number}.png" for number in range(1, len(drawn) + 1)]
    form.locator("input[name=taken_on]").fill("2026-11-21")
    form.get_by_role("button", name="上传并识别").click()
    expect(phone.get_by_role("heading", name="正在识别", exact=True)).to_be_visible()
    expect(phone.get_by_role("button", name=re.compile("确认收下"))).to_be_visible(timeout=180_000)
    expect(phone).not_to_have_title(re.compile("正在识别"))
    expect(phone.get_by_text("正在识别")).to_have_count(0)
    picture = phone.locator(".capture-piece img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("(one) => one.naturalWidth") > 300
    entries = phone.locator(".entry", has=phone.locator("textarea[name^=text-]"))
    entries.nth(0).locator("textarea[name^=text-]").fill("steam 充值卡 100 美金，多少钱")
    gone = entries.nth(1).locator("textarea[name^=text-]").input_value()
    entries.nth(1).locator("input[type=checkbox]").uncheck()
    phone.get_by_role("button", name="先存着").click()
    expect(phone.get_by_text("改动已存，还没有收下。")).to_be_visible()
    expect(phone.locator(".entry.is-out")).to_have_count(1)
    phone.get_by_role("button", name=re.compile("确认收下")).click()
    expect(phone).to_have_url(case)
    expect(phone.get_by_text(re.compile("已收下：新消息"))).to_be_visible()
    phone.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    expect(phone.locator("#talk")).to_contain_text("steam 充值卡 100 美金，多少钱")
    assert gone not in phone.locator("#talk").inner_text()
