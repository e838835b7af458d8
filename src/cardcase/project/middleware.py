"""What surrounds every request: ids in log lines, no NUL, and one answer for one Idempotency-Key in the API."""

import secrets
from collections.abc import Callable

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from cardcase.kit.errors import Problem
from cardcase.shell.web import bad_request

from . import service

API = "/api/v1/"
HOOKS = "/hooks/"
PROOFS = "/proofs/"
VERIFY = "/verify/"
"""Takes whole packs: its view counts who asks before it reads a byte, and its words never reach a table."""
UNCHANGING = ("/api/v1/search", "/api/v1/verify")
"""POSTs that change nothing: asking twice is asking twice, and what is sent may be larger than a body may be."""
DURABLE = (
    "/pack",
    "/packs/seal",
    "/authorise",
    "/resend",
    "/ask_checker",
    "/record/checkpoint",
    "/record/rotate-key",
    "privacy/restrict",
    "privacy/lift",
    "privacy/erase",
)
"""What commits by itself: a signed checkpoint, or the record of a code, is on the disk before anybody sees it. So do
steps of parcels (``service.PARCELS``), opened proofs (``PROOFS``), and the files of an erased buyer, which go when his
rows are surely gone."""

Answer = Callable[[HttpRequest], HttpResponse]


def request_ids(get_response: Answer) -> Answer:
    """Give each request an id that its log lines and its answer carry."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        response = get_response(request)
        response.headers["X-Request-Id"] = request_id
        return response

    return middleware


def refuse_nul(get_response: Answer) -> Answer:
    """Refuse NUL in addresses and forms: no honest client sends it, and no database takes it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = (request.path, *request.GET, *(value for values in request.GET.lists() for value in values[1]))
        if any("\0" in str(text) for text in asked) or (_is_form(request) and _has_nul(request)):
            return _refused(request)
        return get_response(request)

    return middleware


def _refused(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        from .api import bare

        return bare(400)
    return bad_request(request)


def _is_form(request: HttpRequest) -> bool:
    return request.method == "POST" and not request.path.startswith((API, HOOKS, VERIFY))


def _has_nul(request: HttpRequest) -> bool:
    return any("\0" in str(value) for _, values in request.POST.lists() for value in values)


def answer_posts_once(get_response: Answer) -> Answer:
    """Hold every POST of the API to its Idempotency-Key; callers whom nobody knows go on to be refused by the API.

    Whatever is refused under the API's addresses is said as a problem document.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API):
            return get_response(request)
        from .api import bare, problem_response, say_bare, say_problem

        try:
            return say_bare(_answer(request, get_response))
        except Problem as problem:
            return say_problem(problem)
        except RequestDataTooBig:
            return problem_response(
                413,
                "too_large",
                "请求太大（最多 8 MB）",
                detail="The request is too large (8 MB at most)",
                next="分几次发送，或者用 cardcase import 命令。",
                next_en="Send it in parts, or use the command cardcase import.",
            )
        except (SuspiciousOperation, MultiPartParserError):
            return bare(400)

    return middleware


def _answer(request: HttpRequest, get_response: Answer) -> HttpResponse:
    from .api import actor_of

    if request.method != "POST" or request.path in UNCHANGING:
        return get_response(request)
    actor = actor_of(request)
    if actor is None:
        return get_response(request)
    is_durable = request.path.endswith(DURABLE) or any(part in request.path for part in (service.PARCELS, PROOFS))
    return service.answer_once(actor, request, lambda: get_response(request), is_durable=is_durable)
