"""One desk with the example shop for all journeys of a run, and a page that refuses broken policies and scripts."""

import pytest
from playwright.sync_api import sync_playwright

from journeys.desk import QUIET, Desk, browser_path

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    running = Desk(tmp_path_factory.mktemp("desk")).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path(), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, desk):
    """Open browsers of one's own, signed in or not; what they complain about fails the test at its end."""
    opened, complaints = [], []

    def opening(size=PHONE, *, who=None, signs_in=True, **options):
        context = browser.new_context(viewport=size, locale="zh-CN", reduced_motion="reduce", **options)
        page = context.new_page()
        page.set_default_timeout(15_000)
        opened.append((context, page))
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "response",
            lambda answer: complaints.append(f"{answer.status} {answer.url}") if _is_broken(answer) else None,
        )
        if signs_in:
            desk.sign_in(page, who)
        return page

    yield opening
    wide = [page.url for _, page in opened if not page.is_closed() and desk.overflow(page) > 0]
    for context, _ in opened:
        context.close()
    assert complaints == []
    assert wide == []


def _is_complaint(message):
    # A refused form answers 4xx on purpose and Chromium says so; resources that fail are caught by their answers.
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def _is_broken(answer):
    return answer.status >= 500 or (answer.status >= 400 and answer.request.resource_type != "document")


@pytest.fixture
def phone(open_page):
    return open_page(PHONE)


@pytest.fixture
def desktop(open_page):
    return open_page(DESK)


@pytest.fixture
def phone_without_scripts(open_page):
    return open_page(PHONE, java_script_enabled=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show what the server said when a journey fails."""
    outcome = yield
    report = outcome.get_result()
    running = getattr(item, "funcargs", {}).get("desk")
    if report.failed and isinstance(running, Desk):
        report.sections.append(("server.log", running.log_tail()))
