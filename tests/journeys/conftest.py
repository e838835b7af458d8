"""One desk with the example shop for all journeys of a run, and a page that refuses broken policies and scripts."""

import pytest
from playwright.sync_api import sync_playwright

from journeys.desk import QUIET, Desk, browser_path


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
def phone(browser, desk):
    yield from _signed_in(browser, desk, width=360, height=740)


@pytest.fixture
def desktop(browser, desk):
    yield from _signed_in(browser, desk, width=1280, height=900)


@pytest.fixture
def phone_without_scripts(browser, desk):
    yield from _signed_in(browser, desk, width=360, height=740, java_script_enabled=False)


def _signed_in(browser, desk, *, width, height, **options):
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    desk.sign_in(page)
    yield page
    context.close()
    assert complaints == []
