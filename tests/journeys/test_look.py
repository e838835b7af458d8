"""Every place at both widths: nothing serious for axe, nothing wider than the window; and English is English."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from journeys.conftest import DESK, PHONE

pytestmark = pytest.mark.journey

PLACES = (
    "/", "/import/", "/cards/", "/cards/batches/", "/settings/", "/settings/staff/", "/settings/shop/",
    "/settings/tokens/", "/settings/notices/", "/account/2fa/",
)  # fmt: skip
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "light"), (PHONE, "dark")])
def test_every_place_fits_and_axe_finds_nothing_serious(open_page, desk, size, scheme):
    page = open_page(size, color_scheme=scheme)
    hrefs = "all => all.map(one => one.getAttribute('href'))"
    cases = page.locator("a.case-row").evaluate_all(hrefs)
    page.goto(f"{desk.url}/cards/")
    card = page.locator("a[href^='/cards/card_']").first.get_attribute("href")
    wrong = []
    for place in (*PLACES, card, cases[0], cases[-1], "/cases/AS-2026-000005/"):
        page.goto(f"{desk.url}{place}")
        if desk.overflow(page) > 0:
            wrong.append(f"{place}: {desk.overflow(page)} px too wide")
        page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        if desk.overflow(page) > 0:
            wrong.append(f"{place}, unfolded: {desk.overflow(page)} px too wide")
        wrong += [
            f"{place}: {found['id']} {found['nodes'][0]['html'][:120]}"
            for found in Axe().run(page).response["violations"]
            if found["impact"] in ("serious", "critical")
        ]
    assert not wrong, "\n".join(wrong)


def test_every_case_of_the_example_shop_opens_in_both_languages(open_page, desk):
    page = open_page(DESK)
    for language in ("English", "中文"):
        page.get_by_role("button", name=language).locator("visible=true").first.click()
        page.wait_for_load_state()
        for number in range(1, 26):
            answer = page.request.get(f"{desk.url}/cases/AS-2026-{number:06d}/")
            assert answer.status == 200, f"{number}: {desk.log_tail()}"


# What stays Chinese in English: what buyers and the platform wrote, what is to be sent to buyers (to be copied), what
# staff typed, names of goods, people, shops.
_UI_ONLY = """() => {
  const data = '.talk-who, .talk-text, .talk-system, .quotes a, .is-data, .topbar-title h1, .topbar-sub, .case-title,'
    + ' .shop-name, .language, .notes, .sent, .copyable, textarea, .facts dd, option, .timeline .is-data';
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const box = node.parentElement;
    if (!/[\\u4e00-\\u9fff]/.test(node.data) || box.closest(data) || box.closest('script, style')) continue;
    found.push(node.data.trim());
  }
  return found;
}"""
_NAMES = (
    "福礼汇卡券批发",
    "苹果官方旗舰店（企业采购）",
    "京东企业购",
    "阿强（同行）",
    "肥肥今天减肥",
    "App 里显示退款成功",
)
_DATA = re.compile("|".join([r"“[^”]*”", *map(re.escape, _NAMES)]))


def test_english_leaves_no_chinese_but_the_buyers_words_and_names(open_page, desk):
    page = open_page(PHONE)
    page.get_by_role("button", name="English").locator("visible=true").click()
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    rows = page.locator("a.case-row").evaluate_all("all => all.map(one => [one.innerText, one.getAttribute('href')])")
    untouched = [place for text, place in rows if not any(nick in text for nick in desk.cases)]  # others type Chinese
    assert len(untouched) > 5
    left = []
    for place in ["/", *untouched]:
        page.goto(f"{desk.url}{place}")
        left += [f"{place}: {text}" for text in page.evaluate(_UI_ONLY) if CHINESE.search(_DATA.sub("", text))]
    assert not left, "\n".join(sorted(set(left))[:60])
