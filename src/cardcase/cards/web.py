"""The card pages: stock, batches, one card, and the look at a code under record."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.cards import present, queries, service
from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.money import parse_yuan
from cardcase.kit.text import Text
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor


@require_safe
@signed_in
def stock(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the stock and the cards, masked."""
    asked = {key: request.GET.get(key, "") for key in ("brand", "state", "after")}
    page = queries.stock_page(actor, brand=asked["brand"], state=asked["state"], after=asked["after"] or None)
    summary = queries.stock_summary(actor)
    return render(request, "cards/stock.html", present.stock(page, summary, asked, now=clock.now()))


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
    reason = request.POST.get("reason", "")
    code = service.reveal(actor, public_id, reason=reason, at=at)
    life = queries.card_life(actor, public_id)
    response = render(request, "cards/reveal.html", present.revealed(actor, life, code, reason=reason, at=at))
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@signed_in
def check(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Write down a look at the card's balance."""
    balance = request.POST.get("balance", "").strip()
    try:
        balance_fen = parse_yuan(balance) if balance else None
    except ValueError as error:
        raise WrongUse(  # what was typed is not repeated: a card code may have slipped in
            "这不是金额",
            "This is no amount",
            code="not_an_amount",
            next=Text("写成 200 或 199.50 这样。", "Write it like 200 or 199.50."),
        ) from error
    service.record_balance_check(
        actor,
        public_id,
        method=request.POST.get("method", "")[:40],
        balance_fen=balance_fen,
        is_usable={"yes": True, "no": False}.get(request.POST.get("usable", "")),
        note=request.POST.get("note", "")[:300],
        at=clock.now(),
    )
    messages.success(request, _("已记下这次查验。"))
    return redirect("card", public_id)


@require_POST
@signed_in
def quarantine(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Take a doubtful batch's unsold cards out of sale."""
    count = service.quarantine_batch(actor, public_id, reason=request.POST.get("reason", ""), at=clock.now())
    messages.success(request, _("已冻结 %d 张未售的卡。") % count)
    return redirect("cards-batches")
