"""The pages of replacements: one card that a case keeps for its buyer, and its code, shown once."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.cards import masking
from cardcase.delivery import present_replacements, queries, service
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem, WrongUse
from cardcase.kit.text import Text
from cardcase.shell.kept import refused
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

PAGE = "delivery/delivery.html"


@require_safe
@signed_in
def one(request: HttpRequest, actor: Actor, card: str) -> HttpResponse:
    """Show one replacement, masked."""
    return render(request, PAGE, present_replacements.page(actor, queries.replacement(actor, card), now=clock.now()))


@require_POST
@never_cache
@signed_in
def act(request: HttpRequest, actor: Actor, card: str, name: str) -> HttpResponse:
    """Do one thing with a replacement. A refusal comes back to its page with what was typed."""
    found = queries.replacement(actor, card)
    try:
        answer = _do(request, actor, found, name)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return refused_on_page(request, actor, card, problem)
    if answer is not None:
        return answer
    messages.success(request, say(Text("已记下。", "Noted.")))
    return redirect("replacement", card)


def refused_on_page(request: HttpRequest, actor: Actor, card: str, problem: Problem) -> HttpResponse:
    """Show the page of a replacement again, with what was wrong and what was typed."""
    page = present_replacements.page(actor, queries.replacement(actor, card), now=clock.now())
    page = refused(page, request.path, problem, masking.mask_form(actor, request.POST))
    return render(request, PAGE, page, status=problem.status)


def _do(request: HttpRequest, actor: Actor, found: queries.Replacement, name: str) -> HttpResponse | None:
    at, card = clock.now(), found.card.public_id
    reason = request.POST.get("reason", "")
    if name == "show":
        shown = service.give_replacement(actor, card, reason=reason, at=at)
        kept = masking.mask_text(actor, reason).text
        page = present_replacements.codes(actor, found, shown, reason=kept, at=at)
        response = render(request, "delivery/codes.html", page)
        response.headers["Cache-Control"] = "no-store"
        return response
    if name == "confirm":
        service.confirm_replacement(actor, card, at=at, message_id=request.POST.get("message_id", ""))
    elif name == "settle":
        seen = request.POST.get("seen", "")
        if seen not in ("yes", "no"):
            raise WrongUse("要写明看到没有", "Say whether it was seen")
        service.settle_replacement(actor, card, was_seen=seen == "yes", reason=reason, at=at)
    else:
        raise Http404
    return None
