"""The HTTP API: who calls, how refusals are said (RFC 9457), and the rooms' routers hung up under /api/v1."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import APIKeyCookie, HttpBearer

from cardcase import __version__
from cardcase.cards.api import router as cards
from cardcase.desk.api import router as cases
from cardcase.intake.api import router as imports
from cardcase.kit import canonical
from cardcase.kit.errors import Problem
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor
from cardcase.triage.api import router as triage

PROBLEM = "application/problem+json"


class Token(HttpBearer):
    """``Authorization: Bearer …``, a token made in the settings or with ``cardcase token create``."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:  # noqa: ARG002 - ninja's signature
        """Return the actor behind a token, or None."""
        return staff.actor_by_token(token)


class Session(APIKeyCookie):
    """The signed-in browser; unsafe methods need Django's CSRF token too."""

    param_name = "cardcase_session"

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002 - ninja's signature
        """Return the actor of the session's current shop, or None."""
        if not request.user.is_authenticated:
            return None
        return staff.actor_for(request)


def actor_of(request: HttpRequest) -> Actor | None:
    """Return who calls, before ninja asks: the idempotency of POSTs is kept per shop."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return staff.actor_by_token(header.removeprefix("Bearer "))
    return staff.actor_for(request) if request.user.is_authenticated else None


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
api.add_router("/imports", imports, tags=["imports"])
api.add_router("/cards", cards, tags=["cards"])
api.add_router("/triage", triage, tags=["triage"])


def problem_response(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    """Write a problem document with a stable ``code``; ``type`` is a name, not an address that must resolve."""
    document = {"type": f"urn:cardcase:problem:{code}", "title": title, "status": status, "code": code, **more}
    return HttpResponse(canonical.encode(document), status=status, content_type=PROBLEM)


def say_problem(problem: Problem) -> HttpResponse:
    """Say a refusal in both languages, with the way out and its facts."""
    return problem_response(
        problem.status,
        problem.problem_code,
        problem.message.zh,
        detail=problem.message.en,
        next=problem.next.zh,
        next_en=problem.next.en,
        **{key: value for key, value in problem.facts.items() if isinstance(value, str | int | bool | None)},
    )


@api.exception_handler(Problem)
def _refused(_request: HttpRequest, problem: Problem) -> HttpResponse:
    return say_problem(problem)


@api.exception_handler(ValidationError)
def _malformed(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    # The input itself is left out: it may hold a card code.
    places = [
        {"where": ".".join(map(str, item.get("loc", ()))), "what": str(item.get("msg", ""))} for item in error.errors
    ]
    return problem_response(422, "wrong_use", "请求格式不对", detail="The request is malformed", errors=places)


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
    return problem_response(error.status_code, "wrong_use", "请求格式不对", detail=str(error))
