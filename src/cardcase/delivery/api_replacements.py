"""JSON entrance of replacement cards: what a case keeps for a buyer, given once, as deliveries are."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from cardcase.delivery import queries, service
from cardcase.delivery.api_parcels import parcels_document
from cardcase.delivery.api_parcels import routes as parcel_routes
from cardcase.kit import clock
from cardcase.staff.gate import caller

router = Router()
router.add_router("", parcel_routes("replacement"))


class Why(Schema):
    """A reason."""

    reason: str


class Sent(Schema):
    """The channel's id of the message that carried the code, where it tells one."""

    message_id: str = ""


class Seen(Schema):
    """Whether the buyer saw the code, and why that is believed."""

    was_seen: bool
    reason: str


@router.get("", summary="Replacement cards that wait to be given, masked")
def list_replacements(request: HttpRequest) -> dict[str, Any]:
    """List open replacements."""
    return {"replacements": [_told(one) for one in queries.open_replacements(caller(request))]}


@router.get("/{card}", summary="One replacement card, masked")
def one(request: HttpRequest, card: str) -> dict[str, Any]:
    """Return one replacement."""
    return _told(queries.replacement(caller(request), card))


@router.post("/{card}/authorise", summary="Clear the code of a replacement to be shown, and get it, once")
def authorise(request: HttpRequest, response: HttpResponse, card: str, why: Why) -> dict[str, Any]:
    """Give a replacement."""
    shown = service.give_replacement(caller(request), card, reason=why.reason, at=clock.now())
    response.headers["Cache-Control"] = "no-store"  # also what keeps the answer out of the kept answers
    return {"card": shown.card_id, "code": shown.code.expose(), "number": shown.number, "reveal": shown.reveal_id}


@router.post("/{card}/confirm", summary="Note that the buyer has the code of a replacement")
def confirm(request: HttpRequest, card: str, sent: Sent) -> dict[str, Any]:
    """Confirm a replacement."""
    service.confirm_replacement(caller(request), card, at=clock.now(), message_id=sent.message_id)
    return _told(queries.replacement(caller(request), card))


@router.post("/{card}/settle", summary="Settle whether the buyer saw a replacement that nobody confirmed")
def settle(request: HttpRequest, card: str, seen: Seen) -> dict[str, Any]:
    """Settle a replacement."""
    service.settle_replacement(caller(request), card, was_seen=seen.was_seen, reason=seen.reason, at=clock.now())
    return _told(queries.replacement(caller(request), card))


def _told(found: queries.Replacement) -> dict[str, Any]:
    return {
        "card": found.card.public_id,
        "code": found.card.masked,
        "form": found.card.form,
        "order_no": found.order_no,
        "state": found.state.value,
        "stops": [[text.zh, text.en] for text in found.stops],
        "warnings": [[text.zh, text.en] for text in found.warnings],
        "parcels": parcels_document(found.parcels) if found.parcels else None,
    }
