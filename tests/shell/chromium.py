"""A real browser for page tests: finds Chromium, signs in, measures what a reader would stumble over."""

import os
import shutil
from pathlib import Path

# Playwright's sync API keeps an event loop in this thread; Django would take it for async code and refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

SIZES = {"360": {"width": 360, "height": 740}, "1280": {"width": 1280, "height": 900}}
PICTURES = os.environ.get("CARDCASE_PICTURES", "")  # a folder: each page is kept there as a picture


def executable() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def too_wide(page) -> int:
    """By how many pixels the page can be pushed sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def small_targets(page) -> list[str]:
    """Buttons, fields and free-standing links that a thumb would miss (under 44 px high; 24 px inside a sentence)."""
    return page.evaluate(
        """() => [...document.querySelectorAll('button, summary, select, .button, .tabs a, .case-row, .row, input:not([type=hidden]):not([type=checkbox])')]
        .filter(e => e.offsetParent && !e.closest('.sr'))
        .filter(e => e.getBoundingClientRect().height < 43.5)
        .map(e => e.outerHTML.slice(0, 90) + ' ' + e.getBoundingClientRect().height)"""
    )


def keep_picture(page, name: str) -> None:
    if PICTURES:
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
