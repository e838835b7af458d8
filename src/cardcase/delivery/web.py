"""The pages of giving: the list 「待发货」, one delivery, and the codes on a page that nobody keeps."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.cards import masking
from cardcase.cards import queries as cards
from cardcase.cards.rules import CardKind
from cardcase.delivery import pages, present, present_claims, present_parcels, present_replacements, queries, service
from cardcase.delivery.service import Issued, Shown
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem, WrongUse
from cardcase.kit.text import Text
from cardcase.shell.kept import refused
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

HOW: Final = "chat"


@require_safe
@signed_in
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what waits."""
    return render(request, "delivery/list.html", _list_page(actor))


def _list_page(actor: Actor) -> pages.ListPage:
    waiting = [(order, queries.kind_of_order(actor, order)) for order in queries.unallocated_orders(actor, limit=50)]
    return present.listing(
        actor,
        queries.open_deliveries(actor),
        queries.recent_deliveries(actor),
        waiting,
        unknown=queries.count_unknown(actor),
        unclear=queries.unclear_consents(actor),
        replacements=tuple(present_replacements.row(one) for one in queries.open_replacements(actor)),
        kinds=queries.listing_kinds(actor),
        stock=cards.kinds_in_stock(actor),
        now=clock.now(),
    )


def _refused_in_list(request: HttpRequest, actor: Actor, problem: Problem) -> HttpResponse:
    """Show the list again, with what was wrong above it."""
    page = refused(_list_page(actor), request.path, problem, masking.mask_form(actor, request.POST))
    return render(request, "delivery/list.html", page, status=problem.status)


@require_safe
@signed_in
def one(request: HttpRequest, actor: Actor, delivery: str) -> HttpResponse:
    """Show one delivery, its cards masked."""
    return render(request, "delivery/delivery.html", _page(actor, delivery))


def _page(actor: Actor, delivery: str) -> pages.DeliveryPage:
    view, now = queries.delivery(actor, delivery), clock.now()
    order = queries.order_by_no(actor, view.row.order_no)
    asks = view.asks_terms and not view.terms.is_open
    page = present.delivery(actor, view, now=now, words=queries.terms_text(actor, order).text if asks else "")
    return present_parcels.with_parcels(actor, view, page, now=now)


@require_POST
@signed_in
def allocate(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep cards of the chosen kind for an order."""
    typed, at = request.POST, clock.now()
    order_no = typed.get("order_no", "")
    try:
        kind = _kind(actor, typed)
        view = service.allocate(actor, order_no, kind, _quantity(typed), at=at)
        listing = queries.order_by_no(actor, order_no).listing
        if typed.get("remember") == "yes" and listing is not None:
            service.set_kind(actor, listing.channel, listing.item_id, listing.sku_text, kind, at=at)
    except NotAllowed:
        raise
    except Problem as problem:
        return _refused_in_list(request, actor, problem)
    return redirect("delivery", view.public_id)


@require_POST
@signed_in
def set_kind(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Note which kind of card a listing is."""
    typed = {name: request.POST.get(name, "") for name in ("channel", "item_id", "sku_text")}
    try:
        service.set_kind(actor, **typed, kind=_kind(actor, request.POST), at=clock.now())
    except NotAllowed:
        raise
    except Problem as problem:
        return _refused_in_list(request, actor, problem)
    messages.success(request, say(Text("已记下，以后的订单照此分配。", "Noted; later orders are served like this.")))
    return redirect("deliveries")


def _kind(actor: Actor, typed: QueryDict) -> CardKind:
    """Return the kind that was chosen: one that the shop has in stock, or has set for a listing before."""
    known = [*cards.kinds_in_stock(actor), *(row.kind for row in queries.listing_kinds(actor))]
    chosen = next((kind for kind in known if kind.key() == typed.get("kind")), None)
    if chosen is None:
        raise WrongUse(
            "请选一种卡",
            "Choose a kind of card",
            next=Text("列表里是卡库现有的卡；没有的先入库。", "The list has what is in stock; take others in first."),
            code="kind_incomplete",
        )
    return chosen


def _quantity(typed: QueryDict) -> int:
    try:
        return int(typed.get("quantity", ""))
    except ValueError as error:  # what was typed is not repeated: a card code may have slipped in
        raise WrongUse("张数不是数字", "The number of cards is no number", code="not_an_amount") from error


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
    try:
        shown = work(actor, view, request, at)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return refused_on_page(request, actor, delivery, problem)
    if isinstance(shown, Issued):
        return _told_once(request, view, shown, at)
    if shown is None:
        messages.success(request, say(Text("已记下。", "Noted.")))
        return redirect("delivery", delivery)
    reason = masking.mask_text(actor, _reason(request)).text
    response = render(request, "delivery/codes.html", present.codes(actor, view, shown, reason=reason, at=at))
    response.headers["Cache-Control"] = "no-store"
    return response


def refused_on_page(request: HttpRequest, actor: Actor, delivery: str, problem: Problem) -> HttpResponse:
    """Show the delivery as it stands now, with what was wrong above it and what was typed where it was typed."""
    page = refused(_page(actor, delivery), request.path, problem, masking.mask_form(actor, request.POST))
    return render(request, "delivery/delivery.html", page, status=problem.status)


def _told_once(request: HttpRequest, view: queries.DeliveryView, issued: Issued, at: datetime) -> HttpResponse:
    address = queries.link_address(issued.token, request.build_absolute_uri("/"))
    page = present_claims.link(view, address, expires_at=issued.expires_at, now=at)
    response = render(request, "delivery/link.html", page)
    response.headers["Cache-Control"] = "no-store"
    return response


Work = Callable[[Actor, queries.DeliveryView, HttpRequest, datetime], list[Shown] | Issued | None]


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")


def _show(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> list[Shown]:
    return service.authorise(actor, view.public_id, to="buyer", how=HOW, reason=_reason(request), at=at)


def _resend(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> list[Shown]:
    return service.resend(actor, view.public_id, to="buyer", how=HOW, reason=_reason(request), at=at)


def _link(actor: Actor, view: queries.DeliveryView, request: HttpRequest, at: datetime) -> Issued:
    typed = request.POST.get("days", "").strip()
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 4):  # noqa: PLR2004 - no such number of days
        raise WrongUse("有效期要写天数", "Write the number of days", code="link_days_wrong")
    return service.issue_link(actor, view.public_id, at=at, days=int(typed) if typed else None)


def _unlink(actor: Actor, view: queries.DeliveryView, _request: HttpRequest, at: datetime) -> None:
    service.revoke_link(actor, view.public_id, at=at)


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
        "link": _link,
        "unlink": _unlink,
    }
)
