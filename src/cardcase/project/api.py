"""The HTTP API: who calls, how refusals are said (RFC 9457), and the rooms' routers hung up under /api/v1."""

import re
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from cardcase import __version__
from cardcase.anchors.api import router as anchors
from cardcase.cards.api import router as cards
from cardcase.custody.api import router as record
from cardcase.deadlines.api import router as hours
from cardcase.delivery.api import router as deliveries
from cardcase.delivery.api_replacements import router as replacements
from cardcase.desk.api import router as cases
from cardcase.desk.api_search import router as search
from cardcase.inbox.api import router as replies
from cardcase.intake.api import router as imports
from cardcase.intake.api_screens import router as screens
from cardcase.kit import canonical
from cardcase.kit.errors import NotAllowed, Problem
from cardcase.kit.text import Text
from cardcase.notices.api import router as notices
from cardcase.packs.api import router as packs
from cardcase.packs.api_verify import router as verify
from cardcase.privacy.api import router as privacy
from cardcase.remedies.api import router as advice
from cardcase.sourcing.api import router as sourcing
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor
from cardcase.training.api import router as corrections
from cardcase.triage.api import router as triage

PROBLEM = "application/problem+json"
_FIELD: Final = re.compile(r"[a-z][a-z_]{0,30}")
"""What a field of ours is called; anything else in the place of one was made up by the caller."""


class Token(HttpBearer):
    """``Authorization: Bearer …``, a token made in the settings or with ``cardcase token create``."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:  # noqa: ARG002 - ninja's signature
        """Return the actor behind a token, or None."""
        return staff.actor_by_token(token.strip())


class Session(APIKeyCookie):
    """The signed-in browser; unsafe methods need Django's CSRF token too. A token that is sent is never passed over."""

    param_name = "cardcase_session"

    def __init__(self) -> None:
        """Leave CSRF to ``authenticate``: a caller without a session is nobody (401), not a forger (403)."""
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002 - ninja's signature
        """Return the actor of the session's current shop, or None. Raises NotAllowed."""
        if _token(request) is not None or not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise NotAllowed(
                "缺少防伪令牌（CSRF）",
                "The CSRF token is missing or wrong",
                next=Text("浏览器请求要带 X-CSRFToken；脚本请用令牌。", "Send X-CSRFToken, or use an API token."),
                code="csrf_failed",
            )
        return _session_actor(request)


def actor_of(request: HttpRequest) -> Actor | None:
    """Return who calls, before ninja asks: the idempotency of POSTs is kept per shop. Raises NotAllowed."""
    token = _token(request)
    if token is not None:
        return staff.actor_by_token(token)
    return _session_actor(request) if request.user.is_authenticated else None


def _token(request: HttpRequest) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _session_actor(request: HttpRequest) -> Actor:
    person = staff.person_of(request)
    if person is not None and person.must_change_password:
        raise NotAllowed(
            "请先换掉一次性密码",
            "Change the one-time password first",
            next=Text("在网页上登录并设置自己的密码。", "Sign in on the web and choose a password."),
            code="must_change_password",
        )
    return staff.actor_for(request)


api = NinjaAPI(
    title="Cardcase",
    version=__version__,
    description="礼品卡售后台的接口。金额单位为分，时间为 ISO 8601 带时区。/ Money in 分, times ISO 8601 with zone.",
    docs_url=None,
    openapi_url="/openapi.json",
    auth=[Token(), Session()],
    urls_namespace="api",
)
api.add_router("/cases", cases, tags=["cases"])
api.add_router("/cases", packs, tags=["packs"])
api.add_router("/imports", imports, tags=["imports"])
api.add_router("/screens", screens, tags=["screens"])
api.add_router("/cards", cards, tags=["cards"])
api.add_router("/deliveries", deliveries, tags=["deliveries"])
api.add_router("/replacements", replacements, tags=["deliveries"])
api.add_router("/hours", hours, tags=["hours"])
api.add_router("/notices", notices, tags=["notices"])
api.add_router("/record", record, tags=["record"])
api.add_router("/anchors", anchors, tags=["anchors"])
api.add_router("/advice", advice, tags=["advice"])
api.add_router("/privacy", privacy, tags=["privacy"])
api.add_router("/sourcing", sourcing, tags=["sourcing"])
api.add_router("/search", search, tags=["search"])
api.add_router("/replies", replies, tags=["replies"])
api.add_router("/triage", triage, tags=["triage"])
api.add_router("/corrections", corrections, tags=["corrections"])
api.add_router("/verify", verify, tags=["verify"])


def problem_response(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    """Write a problem document with a stable ``code``; ``type`` is a name, not an address that must resolve."""
    document = {**more, "type": f"urn:cardcase:problem:{code}", "title": title, "status": status, "code": code}
    return HttpResponse(canonical.encode(document), status=status, content_type=PROBLEM)


def say_problem(problem: Problem) -> HttpResponse:
    """Say a refusal in both languages, with the way out and its facts; no fact hides what every document has."""
    own = ("status", "code", "title")
    facts = {
        key: value
        for key, value in problem.facts.items()
        if key not in own and isinstance(value, str | int | bool | None)
    }
    told = {"detail": problem.message.en, "next": problem.next.zh, "next_en": problem.next.en}
    return problem_response(problem.status, problem.problem_code, problem.message.zh, **{**facts, **told})


_BARE: Final = {
    400: ("wrong_use", "请求格式不对", "The request is malformed"),
    403: ("not_allowed", "没有权限", "This is not allowed"),
    404: ("not_found", "没有这个地址", "There is no such address"),
    405: ("method_not_allowed", "这个地址不支持这种方法", "This address does not take this method"),
    413: ("too_large", "请求太大", "The request is too large"),
}


def bare(status: int) -> HttpResponse:
    """Say a refusal of which only the status is known."""
    broken = ("broken", "出了问题，是我们的错", "Something broke, and it is our fault")
    code, title, detail = _BARE.get(status, broken)
    return problem_response(status, code, title, detail=detail)


def say_bare(response: HttpResponse) -> HttpResponse:
    """Turn a refusal that did not come from our code into a problem document, with its headers kept."""
    if response.status_code < 400 or response.headers.get("Content-Type", "").startswith(  # noqa: PLR2004
        ("application/json", PROBLEM)
    ):
        return response
    said = bare(response.status_code)
    for name in ("Allow", "WWW-Authenticate"):
        if name in response.headers:
            said.headers[name] = response.headers[name]
    return said


@api.exception_handler(Problem)
def _refused(_request: HttpRequest, problem: Problem) -> HttpResponse:
    return say_problem(problem)


@api.exception_handler(ValidationError)
def _malformed(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    # The input itself is left out, also where it named a field: it may hold a card code.
    places = [
        {"where": ".".join(map(_field, item.get("loc", ()))), "what": str(item.get("msg", ""))} for item in error.errors
    ]
    return problem_response(422, "wrong_use", "请求格式不对", detail="The request is malformed", errors=places)


def _field(place: object) -> str:
    return str(place) if isinstance(place, int) or _FIELD.fullmatch(str(place)) else "…"


@api.exception_handler(AuthenticationError)
def _nobody(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    response = problem_response(401, "not_signed_in", "请先登录或带上令牌", detail="Sign in or send a token")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Http404)
def _not_there(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return problem_response(404, "not_found", "没有这个东西", detail="There is no such thing")


@api.exception_handler(HttpError)
def _other(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return bare(error.status_code)
