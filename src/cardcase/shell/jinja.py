"""The template engine of our pages: Jinja2, autoescaped, strict about names it does not know."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Build the environment that Django's Jinja2 backend asks for."""
    env = Environment(**{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})  # noqa: S701
    env.globals.update(static=static, url=reverse, _=gettext, ngettext=ngettext, language=get_language)
    return env
