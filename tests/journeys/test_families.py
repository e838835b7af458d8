"""A case of each family from alarm to decision on a phone, in few taps."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

MOST_TAPS = 5
COUNT_TAPS = """document.addEventListener('click', event => {
  if (event.isTrusted && event.detail) sessionStorage.taps = Number(sessionStorage.taps || 0) + 1
}, true)"""


@pytest.fixture
def counting(open_page):
    """A phone that counts what is pressed: every trusted press, also the one into a field before typing."""
    page = open_page(has_touch=True)
    page.context.add_init_script(COUNT_TAPS)
    page.reload()
    page.evaluate("sessionStorage.taps = 0")
    return page


def decide(page, nick):
    """Take the case of a buyer from Today to an agreed refund, its reason read and right, pressing as a thumb does."""
    page.locator("a.case-row", has_text=nick).first.tap()
    page.wait_for_url("**/cases/**")
    page.get_by_role("button", name="看过了，确认这个原因").tap()
    expect(page.locator("#reason h2")).to_contain_text("已确认")
    full = page.locator(".remedies > li", has_text="全额退款")
    full.locator("summary", has_text="直接同意").tap()
    typed = full.locator("input[name=typed]")
    typed.tap()
    typed.press_sequentially(full.locator(".typed-word").inner_text())
    full.get_by_role("button", name="直接同意").tap()
    expect(page.locator(".topbar-state .pill")).to_have_text("已同意")


@pytest.mark.parametrize(
    ("family", "nick"), [("authenticity", "南城旧梦"), ("process", "琳琳"), ("value", "清欢"), ("other", "tb8827361")]
)
def test_a_case_of_each_family_goes_from_alarm_to_decision_in_five_taps(counting, desk, family, nick):
    desk.take_case(nick)
    decide(counting, nick)
    assert counting.evaluate("Number(sessionStorage.taps)") == MOST_TAPS
