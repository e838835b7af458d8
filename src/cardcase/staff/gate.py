"""The door of every page: who is signed in, in which shop, and what a refusal looks like.

``signed_in`` hands the actor to the view: ``def view(request, actor, …)``. A ``Problem`` that a view lets through
becomes a page that says what, why and what next, with the problem's HTTP status.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language

from cardcase.kit.addresses import client_address
from cardcase.kit.errors import Problem

from . import queries
from .models import Staff
from .rules import Actor, SecondFactorNeeded

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
ActorView = Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase]


def signed_in(view: ActorView[P]) -> View[P]:
    """Let only members of a shop through, with their own password; give the view its actor."""

    @wraps(view)
    def gate(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        person = queries.person_of(request)
        if person is None:
            return _to_sign_in(request)
        if person.must_change_password:
            return redirect("account_change_password")
        try:
            return view(request, queries.actor_for(request), *args, **kwargs)
        except SecondFactorNeeded as needed:
            return _to_second_factor(request, person, needed)
        except Problem as problem:
            return refusal(request, problem)

    return gate


def caller(request: HttpRequest) -> Actor:
    """Return who calls the API: its own door (``project.api``) has put the actor on the request."""
    actor = getattr(request, "auth", None)  # ninja's name for whatever its door answers
    assert isinstance(actor, Actor)
    return actor


def address_of(request: HttpRequest) -> str:
    """Return the address of whoever asks, told by a trusted proxy where one stands in front (``trusted_proxies``)."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_address(request.META.get("REMOTE_ADDR", ""), forwarded, settings.CARDCASE.trusted_proxies)


def _to_second_factor(request: HttpRequest, person: Staff, needed: SecondFactorNeeded) -> HttpResponseBase:
    """Lead to showing the second factor, or to setting one up; what was asked for is then asked for again."""
    messages.warning(request, needed.message.say(get_language() or "zh-hans"))
    if not is_mfa_enabled(person):
        return redirect("mfa_index")
    back = request.get_full_path() if request.method == "GET" else urlsplit(request.headers.get("referer", "")).path
    return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back or '/'})}")


def refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Show a refusal as a page of its own."""
    language = get_language() or "zh-hans"
    page = {
        "status": problem.status,
        "title": problem.message.say(language),
        "next": problem.next.say(language),
        "code": problem.problem_code,
    }
    return render(request, "shell/error.html", {"page": page}, status=problem.status)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        # A list that refreshes itself must not swallow the sign-in page: the whole page goes there.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())
