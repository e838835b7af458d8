"""The door of every page: who is signed in, in which shop, and what a refusal looks like.

``signed_in`` hands the actor to the view: ``def view(request, actor, …)``. A ``Problem`` that a view lets through
becomes a page that says what, why and what next, with the problem's HTTP status.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from cardcase.kit.errors import Problem

from . import queries
from .rules import Actor

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
        except Problem as problem:
            return refusal(request, problem)

    return gate


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
