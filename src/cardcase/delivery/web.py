"""The pages of giving: the list 「待发货」, one delivery, and the codes on a page that nobody keeps."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.cards import masking
from cardcase.cards.rules import CardKind
from cardcase.delivery import parcels_present, present, queries, service
from cardcase.delivery.service import Shown
from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.money import parse_yuan
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

HOW: Final = "chat"


@require_safe
@signed_in
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what waits."""
    waiting = [(order, queries.kind_of_order(actor, order)) for order in queries.unallocated_orders(actor, limit=50)]
    page = present.listing(
        actor,
        queries.open_deliveries(actor),
        queries.recent_deliveries(actor),
        waiting,
        unknown=queries.count_unknown(actor),
        now=clock.now(),
    )
    return render(request, "delivery/list.html", page)


@require_safe
@signed_in
def one(request: HttpRequest, actor: Actor, delivery: str) -> HttpResponse:
    """Show one delivery, its cards masked."""
    view = queries.delivery(actor, delivery)
    page = present.delivery(actor, view, now=clock.now())
    return render(request, "delivery/delivery.html", parcels_present.with_parcel(actor, view, page, now=clock.now()))


@require_POST
@signed_in
def allocate(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep cards of the chosen kind for an order."""
    typed = request.POST
    try:
        face, quantity = parse_yuan(typed.get("face", "")), int(typed.get("quantity", ""))
    except ValueError as error:  # what was typed is not repeated: a card code may have slipped in
        raise WrongUse(
            "面值或张数不是数字",
            "The face value or the number of cards is no number",
            next=Text("面值写成 200 或 199.50 这样。", "Write the face value like 200 or 199.50."),
            code="not_an_amount",
        ) from error
    kind = CardKind(
        typed.get("brand", "").strip(),
        face,
        typed.get("region", "").strip(),
        typed.get("spec", "").strip(),
        typed.get("form", "code"),
    )
    view = service.allocate(actor, typed.get("order_no", ""), kind, quantity, at=clock.now())
    return redirect("delivery", view.public_id)


@require_POST
@never_cache
@signed_in
def act(request: HttpRequest, actor: Actor, delivery: str, name: str) -> HttpResponse:
    """Do one thing with a delivery."""
    work = _ACTS.get(name)
    view = queries.delivery(actor, delivery)
    if work is None:
        raise Http404
    at = clock.now()
    shown = work(actor, view, request, at)
    if shown is None:
        messages.success(request, say(Text("已记下。", "Noted.")))
        return redirect("delivery", delivery)
    reason = masking.mask_text(actor, _reason(request)).text
    response = render(request, "delivery/codes.html", present.codes(actor, view, shown, reason=reason, at=at))
    response.headers["Cache-Control"] = "no-store"
    return response


Work = Callable[[Actor, queries.DeliveryView, HttpRequest, datetime], list[Shown] | None]


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")


def _show(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> list[Shown]:
    return service.authorise(actor, view.public_id, to="buyer", how=HOW, reason=_reason(request), at=at)


def _resend(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> list[Shown]:
    return service.resend(actor, view.public_id, to="buyer", how=HOW, reason=_reason(request), at=at)


def _confirm(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> None:
    service.confirm_shown(actor, view.public_id, at=at, message_id=request.POST.get("message_id", ""))


def _settle(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> None:
    mine = {str(slot.display.reveal_id): slot.display.reveal_id for slot in view.slots if slot.display is not None}
    reveal, seen = mine.get(request.POST.get("reveal", "")), request.POST.get("seen", "")
    if reveal is None or seen not in ("yes", "no"):
        raise WrongUse("要写明是哪一次、看到没有", "Say which display, and whether it was seen")
    service.settle_display(actor, reveal, was_seen=seen == "yes", reason=_reason(request), at=at)


def _cancel(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> None:
    service.cancel(actor, view.public_id, reason=_reason(request), at=at)


def _lift(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> None:
    service.lift_block(actor, view.public_id, ref=request.POST.get("ref", ""), reason=_reason(request), at=at)


def _terms(actor: Actor, view: queries.DeliveryView, _request: HttpRequest, at: datetime) -> None:
    service.show_terms_of(actor, view.public_id, how=HOW, at=at)


def _consent(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> None:
    order = queries.order_by_no(actor, view.row.order_no)
    service.acknowledge(actor, order, how="staff", words=_reason(request), said_at=at, at=at)


def _waive(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> None:
    service.waive_terms(actor, queries.order_by_no(actor, view.row.order_no), reason=_reason(request), at=at)


_ACTS: Final[MappingProxyType[str, Work]] = MappingProxyType(
    {
        "show": _show,
        "resend": _resend,
        "confirm": _confirm,
        "settle": _settle,
        "cancel": _cancel,
        "lift": _lift,
        "terms": _terms,
        "consent": _consent,
        "waive": _waive,
    }
)
