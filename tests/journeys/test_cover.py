"""Covering a place on a picture with a finger, looking, sealing: as a person on a phone does it."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey


def test_a_place_is_covered_by_finger_and_the_pack_is_sealed(open_page, desk):
    page = open_page(has_touch=True)
    desk.open_case(page, "苏苏想喝奶茶")
    case = page.url.rstrip("/").removeprefix(desk.url)
    picture = {"name": "截图.png", "mimeType": "image/png", "buffer": page.screenshot()}
    form = page.locator(f"form[action='{case}/evidence/']")
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    form.locator("input[type=file]").set_input_files(picture)
    form.locator("select[name=kind]").select_option(index=0)
    form.get_by_role("button", name="存为证据").click()
    page.goto(f"{desk.url}{case}/exhibits/")
    page.get_by_role("link", name="看图、遮盖").last.click()
    page.get_by_role("button", name="用手指或鼠标标记").click()
    sheet = page.locator("svg[data-cover-page='1']")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 70, steps=4)
    page.mouse.up()
    areas = page.locator("[data-cover-areas]")
    made = areas.input_value()
    assert made.startswith("1:"), made
    _, _, width, height = (int(one) for one in made.partition(":")[2].split(","))
    assert width > height > 0
    expect(sheet.locator("rect")).to_have_count(1)
    areas.fill(f"{made}\n1:0,0,10,10")  # by keyboard too
    expect(sheet.locator("rect")).to_have_count(2)
    page.get_by_role("button", name="撤掉最后一处").click()
    assert areas.input_value() == made
    page.locator("input[name=reason]").first.fill("买家头像")
    page.get_by_role("button", name="做遮盖件").click()
    expect(page.locator(".pack-piece", has_text="截图.png").last).to_contain_text("已遮盖")
    page.goto(f"{desk.url}{case}/packs/")
    expect(page.locator("#withheld")).to_contain_text("买家头像")
    page.locator("#checks input[type=checkbox]").first.check()
    page.get_by_role("button", name="确认看过").click()
    page.locator("#seal summary").click()
    page.locator("#seal input[name=typed]").fill("封存证据包")
    page.get_by_role("button", name="封存", exact=True).click()
    expect(page.locator("#versions")).to_contain_text("第 1 版")
    with page.expect_download() as got:
        page.get_by_role("link", name="下载整包").first.click()
    assert got.value.suggested_filename.endswith("-1.zip")
