"""The page /verify: open to everybody, knows no shop, changes nothing, and so asks for no session and no token."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cardcase.kit.addresses import network_of
from cardcase.kit.errors import Problem
from cardcase.packs import present_verify as present
from cardcase.packs import uploads
from cardcase.shell.page import render
from cardcase.staff.gate import address_of

TEMPLATE = "packs/verify.html"
_KEPT = ("vkey", "policy", "previous")


@csrf_exempt  # a check changes nothing, and reads nothing but what is sent: there is nothing to borrow a session for
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show the form; judge the pack that was sent and say what was found."""
    if request.method != "POST":
        return _draw(request, present.verify())
    try:
        report = uploads.check(request, network_of(address_of(request)))
    except uploads.TooManyChecks as problem:  # nothing was read, so nothing typed can stand there again
        response = _draw(request, present.verify(problem=problem), status=problem.status)
        response.headers["Retry-After"] = str(uploads.WINDOW_SECONDS)
        return response
    except uploads.UploadTooLarge as problem:
        return _draw(request, present.verify(problem=problem), status=problem.status)
    except Problem as problem:
        return _draw(request, present.verify(typed=_typed(request), problem=problem), status=problem.status)
    return _draw(request, present.verify(report, typed=_typed(request)))


def _typed(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in _KEPT}


def _draw(request: HttpRequest, shown: object, *, status: int = 200) -> HttpResponse:
    response = render(request, TEMPLATE, shown, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
