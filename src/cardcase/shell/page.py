"""The frame around every page: who reads, in which shop, where else one can go.

Rooms hand their page value to ``render``.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_template
from django.urls import Resolver404, get_urlconf, resolve

from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.staff import queries as staff
from cardcase.staff.rules import ROLE_TITLES

from .language import ENGLISH, current, say

# A place shows up as soon as its room hangs up its address: 会话 waits for its room without a dead link.
PLACES: Final = (
    ("today", Text("今日", "Today"), "/"),
    ("inbox", Text("会话", "Inbox"), "/inbox/"),
    ("cards", Text("卡库", "Cards"), "/cards/"),
    ("import", Text("导入", "Import"), "/import/"),
    ("settings", Text("设置", "Settings"), "/settings/"),
)
_BELONGS: Final = {
    "/": ("/cases/",),
    "/import/": ("/import/", "/screens/"),
    "/cards/": (
        "/cards/",
        "/suppliers/",
        "/batches/",
        "/provenance/",
        "/flags/",
        "/claims/",
        "/deliveries/",
        "/replacements/",
    ),
    "/settings/": ("/settings/", "/account/"),
}  # what counts as being there


@dataclass(frozen=True, slots=True)
class Tab:
    """One place one can go to from everywhere."""

    icon: str
    text: str
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class ShopChoice:
    """One shop that the reader may turn to."""

    id: int
    name: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Message:
    """Something said once after an act: 「已记下」."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page shows around its own content. ``now_iso`` lets countdowns follow the server's clock."""

    language: str
    other_language: str
    now_iso: str
    path: str
    shop: str = ""
    shops: tuple[ShopChoice, ...] = ()
    person: str = ""
    role: str = ""
    tabs: tuple[Tab, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def html_language(self) -> str:
        """Return the language as HTML names it."""
        return "en" if self.language == ENGLISH else "zh-Hans"


_TONES: Final = {"success": "good", "warning": "warn", "error": "bad"}


def frame_of(request: HttpRequest) -> Frame:
    """Build the frame for a request. Asks the database at most once, and not at all for somebody not signed in."""
    members = staff.memberships_for(request)
    here = staff.membership_for(request)
    return Frame(
        language=current(),
        other_language="zh-hans" if current() == ENGLISH else "en",
        now_iso=clock.iso(clock.now()),
        path=request.get_full_path(),
        shop=here.shop_name if here else "",
        shops=tuple(ShopChoice(m.shop_id, m.shop_name, m == here) for m in members),
        person=staff.name_of(request),
        role=say(ROLE_TITLES[here.as_role]) if here else "",
        tabs=_tabs(request.path) if here else (),
        messages=tuple(Message(_TONES.get(m.level_tag, "plain"), str(m)) for m in _messages(request)),
    )


def bare_frame() -> Frame:
    """Build a frame that asks nobody anything, for the page that says that something broke."""
    return Frame(
        language=current(),
        other_language="zh-hans" if current() == ENGLISH else "en",
        now_iso=clock.iso(clock.now()),
        path="/",
    )


def render(request: HttpRequest, template: str, page: Any, *, status: int = 200) -> HttpResponse:
    """Draw a page value with its template. The answer is private and is asked for anew each time."""
    response = render_template(request, template, {"page": page, "frame": frame_of(request)}, status=status)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _messages(request: HttpRequest) -> Any:
    return messages.get_messages(request) if hasattr(request, "_messages") else ()


def _tabs(path: str) -> tuple[Tab, ...]:
    return tuple(
        Tab(icon, say(title), url, is_here=path == url or path.startswith(_BELONGS.get(url, url)))
        for icon, title, url in PLACES
        if _is_built(url, get_urlconf())
    )


@lru_cache(maxsize=64)
def _is_built(url: str, urlconf: str | None) -> bool:
    try:
        resolve(url, urlconf)
    except Resolver404:
        return False
    return True
