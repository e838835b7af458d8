"""The claim page: public, without sign-in. A buyer brings a token, reads the terms, agrees, and sees the codes once.

The token comes in the body of a POST, never in an address: the link carries it behind the #, and the page's script
takes it from there. Nothing here touches a session or a cookie, so there is nothing that another site could borrow:
whoever has the token may act, whoever has not may not.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from cardcase.anchors import queries as anchors
from cardcase.delivery import pages, present_claims, queries, service
from cardcase.delivery.queries import Holder
from cardcase.delivery.rules.claims import Step, token_in, wait_before_next
from cardcase.kit import clock
from cardcase.kit.addresses import network_of
from cardcase.kit.errors import NotFound, Problem, Refused
from cardcase.shell.language import CHINESE, ENGLISH, current, say, speaking
from cardcase.staff.gate import address_of

TEMPLATE: Final = "delivery/claim.html"
_OK, _NO_LINK, _STOPPED, _WAIT = 200, 404, 409, 429


@csrf_exempt
@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Answer the claim page, in the language that was asked for."""
    wanted = request.POST.get("language") if request.method == "POST" else request.GET.get("lang")
    with speaking(wanted if wanted in (CHINESE, ENGLISH) else current()):
        response = _answer(request) if request.method == "POST" else _draw(request, present_claims.enter())
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@sensitive_variables("token")
def _answer(request: HttpRequest) -> HttpResponse:
    """Take one step with a token. Wrong, expired and revoked ones get the same answer after the same work."""
    at = clock.now()
    network = service.network_key(network_of(address_of(request)))
    left = wait_before_next(queries.guesses(network, at=at), at=at)
    if left is not None:
        response = _draw(request, present_claims.wait(left), status=_WAIT)
        response.headers["Retry-After"] = str(int(left.total_seconds()))
        return response
    token = token_in(request.POST.get("token", ""))
    holder = queries.holder_by_token(token, at=at)
    if holder is None:
        service.note_guess(network, at=at)
        return _draw(request, present_claims.unknown(), status=_NO_LINK)
    work = _STEPS.get(request.POST.get("step", ""), _open)
    try:
        return work(request, holder, token, at)
    except NotFound:  # the link ended in this very moment
        return _draw(request, present_claims.unknown(), status=_NO_LINK)


def _draw(
    request: HttpRequest, page: pages.ClaimPage, *, holder: Holder | None = None, status: int = _OK
) -> HttpResponse:
    language = "en" if current() == ENGLISH else "zh-Hans"
    copy = anchors.copy_for_claims(holder.actor) if holder else None
    return render(request, TEMPLATE, {"page": page, "language": language, "copy": copy}, status=status)


@sensitive_variables("token")
def _open(request: HttpRequest, holder: Holder, token: str, at: datetime) -> HttpResponse:
    """Show where the order stands."""
    view = queries.claim(holder.actor, holder.delivery_id, at=at)
    if view.step is Step.SHOWN:
        return _draw(request, present_claims.shown(view, now=at), holder=holder)
    if view.step is Step.CLOSED:
        return _draw(request, present_claims.closed(view))
    if view.step is Step.READY:
        return _draw(request, present_claims.ready(view, token, now=at))
    told = service.show_claim_terms(holder.actor, holder.delivery_id, at=at)
    return _draw(request, present_claims.terms(view, token, told.text, told.sha256))


@sensitive_variables("token")
def _agree(request: HttpRequest, holder: Holder, token: str, at: datetime) -> HttpResponse:
    """Keep the consent; then the page asks for the press that shows the codes."""
    if queries.claim(holder.actor, holder.delivery_id, at=at).step is Step.TERMS:
        words, sha256 = say(present_claims.AGREE), request.POST.get("terms", "")
        service.agree(holder.actor, holder.delivery_id, words=words, sha256=sha256, at=at)
    return _open(request, holder, token, at)


@sensitive_variables("token", "found")
def _reveal(request: HttpRequest, holder: Holder, token: str, at: datetime) -> HttpResponse:
    """Show the codes, once; what stops them is the shop's business, and the buyer is told whom to ask."""
    view = queries.claim(holder.actor, holder.delivery_id, at=at)
    if view.step is not Step.READY:
        return _open(request, holder, token, at)
    try:
        found = service.claim_codes(holder, at=at)
    except NotFound:
        raise
    except Problem:
        view = queries.claim(holder.actor, holder.delivery_id, at=at)
        if view.step is Step.SHOWN:  # another tab was first
            return _draw(request, present_claims.shown(view, now=at))
        return _draw(request, present_claims.closed(view), status=_STOPPED)
    return _draw(request, present_claims.codes(view, token, found), holder=holder)


def _shown(request: HttpRequest, holder: Holder, token: str, at: datetime) -> HttpResponse:
    """Note that the codes stood on the buyer's screen; the page says so by itself."""
    if queries.claim(holder.actor, holder.delivery_id, at=at).step is Step.SHOWN:
        with suppress(Refused):  # a person settled meanwhile that nobody saw them
            service.confirm_shown(holder.actor, holder.delivery_id, at=at)
    return _open(request, holder, token, at)


Work = Callable[[HttpRequest, Holder, str, datetime], HttpResponse]
_STEPS: Final[MappingProxyType[str, Work]] = MappingProxyType(
    {"open": _open, "agree": _agree, "reveal": _reveal, "shown": _shown}
)
