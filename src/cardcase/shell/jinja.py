"""The template engine of our pages: Jinja2, autoescaped, strict about names it does not know."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Build the environment that Django's Jinja2 backend asks for."""
    mine = {**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    mine.pop("autoescape", None)
    env = Environment(autoescape=True, **mine)
    env.globals.update(static=static, asset=asset, url=reverse, _=gettext, ngettext=ngettext, frame_of=frame_of)
    return env


def frame_of(request: HttpRequest) -> Any:
    """Return the frame for templates of rooms beneath this one, which cannot hand it in themselves."""
    from .page import frame_of as build

    return build(request)


def asset(path: str) -> str:
    """Return the address of a static file with its fingerprint, so that a new version is fetched at once."""
    mark = _fingerprint.__wrapped__(path) if settings.DEBUG else _fingerprint(path)
    return f"{static(path)}?v={mark}" if mark else static(path)


@lru_cache(maxsize=64)
def _fingerprint(path: str) -> str:
    found = finders.find(path)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if isinstance(found, str) else ""
