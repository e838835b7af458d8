"""The template engine of our pages: Jinja2, autoescaped, strict about names it does not know."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext, ngettext
from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Build the environment that Django's Jinja2 backend asks for."""
    mine = {**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    mine.pop("autoescape", None)
    env = Environment(autoescape=True, **mine)
    env.globals.update(static=static, asset=asset, url=reverse, _=gettext, ngettext=ngettext, frame_of=frame_of)
    return env


def csrf_once(request: HttpRequest) -> dict[str, Any]:
    """Give the templates one hidden input for all forms of a page; Django's own makes another mask for each of them.

    Made when the first form asks for it, since making it also sets the cookie.
    """
    return {"csrf_input": SimpleLazyObject(lambda: csrf_input(request))}


def frame_of(request: HttpRequest) -> Any:
    """Return the frame for templates of rooms beneath this one, which cannot hand it in themselves."""
    from .page import frame_of as build

    return build(request)


def asset(path: str) -> str:
    """Return the address of a static file with its fingerprint, so that a new version is fetched at once."""
    return _marked.__wrapped__(path) if settings.DEBUG else _marked(path)


@lru_cache(maxsize=64)
def _marked(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        return static(path)
    return f"{static(path)}?v={hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]}"
