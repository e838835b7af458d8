"""Pages that belong to no room: language, health, the parts page, and what is said when something goes wrong."""

from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render as render_template
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from cardcase.kit.errors import Unavailable
from cardcase.kit.text import Text
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

from . import samples
from .language import say
from .page import bare_frame, frame_of, render

_YEAR: Final = 365 * 24 * 3600


@require_POST
def switch_language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie and go back to where the reader was."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=_YEAR,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
        )
    return response


@require_GET
@signed_in
def parts_page(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - any member of staff may look
    """Show every part of which pages are made."""
    return render(request, "shell/parts_page.html", samples.parts_page())


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - nothing is asked
    """Say that the process lives. Asks nobody."""
    return JsonResponse({"status": "ok"})


@require_GET
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - nothing is asked
    """Say whether pages can be served: the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=Unavailable.status)
    return JsonResponse({"status": "ok", "database": "ok"})


# --- When something goes wrong ----------------------------------------------------------------------------------------

_WORDS: Final = {
    400: (
        Text("这个请求没有看懂", "This request could not be read"),
        Text("请返回上一页再试。", "Go back and try again."),
    ),
    403: (
        Text("你没有权限做这件事", "You may not do this"),
        Text("请店主或主管来做，或切换到对应的店铺。", "Ask the owner or a lead, or turn to the right shop."),
    ),
    404: (
        Text("没有找到这一页", "There is no such page"),
        Text("它可能不属于当前店铺，或者地址写错了。", "It may belong to another shop, or the address is wrong."),
    ),
    500: (
        Text("出了问题，是我们的错", "Something broke, and it is our fault"),
        Text(
            "没有做完的操作已撤回，数据没有丢。请返回重试；如果再次出现，请把时间告诉店主。",
            "What was not finished was undone and nothing is lost. Try again; tell the owner the time if it recurs.",
        ),
    ),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    del exception
    return _error(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    del exception
    return _error(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    del exception
    return _error(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without asking the database, which may be what broke."""
    return _error(request, 500, is_bare=True)


def _error(request: HttpRequest, status: int, *, is_bare: bool = False) -> HttpResponse:
    title, way_out = _WORDS[status]
    frame = bare_frame() if is_bare else frame_of(request)
    page = {"status": status, "title": say(title), "next": say(way_out), "code": ""}
    return render_template(request, "shell/error.html", {"page": page, "frame": frame}, status=status)
