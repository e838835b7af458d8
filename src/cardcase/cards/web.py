"""The card pages: stock, batches, one card, and the look at a code under record."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.cards import masking, present, queries, service
from cardcase.cards.rules.caps import NEAR
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.shell.download import stream
from cardcase.shell.kept import refused
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

PROOF_BYTES = 20 * 1024 * 1024


@require_safe
@signed_in
def stock(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the stock and the cards, masked."""
    asked = {key: request.GET.get(key, "") for key in ("brand", "state", "q", "after")}
    page = queries.stock_page(
        actor, brand=asked["brand"], state=asked["state"], told=asked["q"][:40], after=asked["after"] or None
    )
    summary = queries.stock_summary(actor)
    return render(
        request,
        "cards/stock.html",
        present.stock(page, summary, queries.low_stock(actor), asked, present.watch(_busy(actor))),
    )


def _busy(actor: Actor) -> list[queries.Looks]:
    """Return who came near the day's limit of looks, for whoever answers for the cards."""
    if not actor.may(Permission.MANAGE_CARDS):
        return []
    day = clock.now().astimezone(clock.SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return queries.busy_lookers(actor, day, share=NEAR)


@require_safe
@signed_in
def batches(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the batches with where they came from."""
    return render(request, "cards/batches.html", present.batches(actor, queries.batches_page(actor), now=clock.now()))


@require_safe
@signed_in
def card(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Show one card: facts, provenance, history."""
    return render(request, "cards/card.html", present.card(actor, queries.card_life(actor, public_id), now=clock.now()))


@require_POST
@never_cache
@signed_in
def reveal(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Show the code once, after the record has it; never cached."""
    at = clock.now()
    reason, over = request.POST.get("reason", ""), request.POST.get("override_reason", "")
    code = service.reveal(actor, public_id, reason=reason, at=at, override_reason=over)
    life = queries.card_life(actor, public_id)
    response = render(request, "cards/reveal.html", present.revealed(actor, life, code, reason=reason, at=at))
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@never_cache
@signed_in
def proof(request: HttpRequest, actor: Actor, subject: str, proof: str) -> HttpResponseBase:
    """Give a proof of a card or batch as a file, never shown inside a page; who opened it and why is on record."""
    opened = service.open_proof(actor, subject, proof, reason=request.POST.get("reason", ""), at=clock.now())
    return stream(opened.pieces, mime=opened.mime, name=opened.name, size=opened.size)


@require_POST
@signed_in
def act(request: HttpRequest, actor: Actor, public_id: str, name: str) -> HttpResponse:
    """Do one thing with a card: a look at its balance, voiding, what became of it. A refusal keeps what was typed."""
    words = {key: value for key, value in request.POST.items() if isinstance(value, str)}
    proof = request.FILES.get("proof")
    try:
        if proof is not None and (proof.size or 0) > PROOF_BYTES:
            raise WrongUse("凭证不能超过 20 MB", "A proof may have 20 MB at most", code="proof_too_large")
        done = service.CardAct(public_id, clock.now(), words, proof.read() if proof else b"")
        service.perform(actor, name, done)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        life = queries.card_life(actor, public_id)
        page = present.card(actor, life, now=clock.now())
        return render(
            request,
            "cards/card.html",
            refused(page, request.path, problem, masking.mask_form(actor, words)),
            status=problem.status,
        )
    messages.success(request, _("已记下。"))
    back = words.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("card", public_id)


@require_POST
@signed_in
def find(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Look for a card by whole code, tail or order number. Posted, so that a code never stands in an address."""
    told = request.POST.get("told", "").strip()
    if not told:
        return redirect("cards")
    if len(told) > present.TAIL:
        card_id = queries.card_of_code(actor, CardCode(told))
        if card_id is not None:
            return redirect("card", card_id)
        if not told.isdigit():
            messages.warning(request, _("卡库里没有这张卡。"))
            return redirect("cards")
    return redirect(f"{reverse('cards')}?{urlencode({'q': told[:40]})}")


@require_POST
@signed_in
def quarantine(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Take a doubtful batch's unsold cards out of sale."""
    count = service.quarantine_batch(actor, public_id, reason=request.POST.get("reason", ""), at=clock.now())
    messages.success(request, _("已冻结 %d 张未售的卡。") % count)
    return redirect("cards-batches")
