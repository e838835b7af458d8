"""JSON entrance of deliveries. A code passes here once, for a person with the right to see it, and is never kept."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from cardcase.cards.rules import CardKind
from cardcase.delivery import queries, service
from cardcase.delivery.api_parcels import routes as parcel_routes
from cardcase.delivery.queries import DeliveryRow, DeliveryView
from cardcase.delivery.service import Shown
from cardcase.kit import clock
from cardcase.staff.gate import caller

router = Router()
router.add_router("", parcel_routes("delivery"))


class Kind(Schema):
    """A kind of card, as the stock writes it; the face value in 分."""

    brand: str
    face_fen: int
    region: str = ""
    spec: str = ""
    form: Literal["code", "physical"] = "code"


class Wish(Schema):
    """Cards for an order. Without ``kind`` what is set for its listing; without ``quantity`` what was ordered."""

    order_no: str
    kind: Kind | None = None
    quantity: int | None = None


class Why(Schema):
    """A reason."""

    reason: str


class Way(Schema):
    """How the codes go to the buyer, such as chat, and why now."""

    how: str = "chat"
    reason: str


class Confirmed(Schema):
    """The channel's id of the message that carried the codes, where it tells one."""

    message_id: str = ""


class Settled(Schema):
    """Whether the buyer saw the code of one display, and why that is believed."""

    reveal: int
    was_seen: bool
    reason: str


class Said(Schema):
    """The buyer's own words."""

    words: str


class Lifted(Schema):
    """Which block is lifted, such as a case's id, and why the codes may go nevertheless."""

    ref: str
    reason: str


class Meant(Kind):
    """A listing, with its specification where it has several, and the kind of card that it is."""

    channel: str
    item_id: str
    sku_text: str = ""


class Row(Schema):
    """One delivery in a list."""

    id: str
    order_no: str
    kind: str
    quantity: int
    state: str
    allocated_at: datetime
    authorised_at: datetime | None
    displayed_at: datetime | None


class Place(Schema):
    """One card of an order, masked. ``reveal`` and ``display`` are null until its code was cleared to leave."""

    position: int
    card: str
    code: str
    face_fen: int | None
    state: str
    reveal: int | None
    attempt: int | None
    display: str | None


class Delivery(Row):
    """One delivery. ``terms_withdrawn_at``: when the buyer took an earlier consent back, as far as one was given.

    ``terms_unclear_at``: when the buyer said what may be a consent or the answer to something else; a person decides.

    ``claim_expires_at``: until when its claim link is good, null without one. ``stops`` say in both languages why its
    codes may not leave now; empty: they may.
    """

    cards: list[Place]
    terms_agreed_at: datetime | None
    terms_withdrawn_at: datetime | None
    terms_unclear_at: datetime | None
    terms_unclear_words: str
    claim_expires_at: datetime | None
    stops: list[list[str]]
    warnings: list[list[str]]


class DeliveryList(Schema):
    """Deliveries with which somebody has something to do, the most urgent first."""

    deliveries: list[Row]


class Terms(Schema):
    """The words that the buyer is to agree to; sending them is up to the caller."""

    text: str
    shown_at: datetime


class LinkWish(Schema):
    """For how many days a claim link is to be good: as the shop has set when nothing is said, 30 at most."""

    days: int | None = None


class LinkHours(Schema):
    """For how many hours the claim links of the shop are good, 1 to 720."""

    hours: int


class ClaimLink(Schema):
    """A claim link, said once. It carries its token behind the #; whoever has it gets the codes."""

    url: str
    expires_at: datetime


class Code(Schema):
    """One code on its way to its buyer."""

    reveal: int
    card: str
    brand: str
    face_fen: int | None
    code: str
    number: str


class Codes(Schema):
    """The codes of an order, said once: a repetition of the request does not say them again."""

    codes: list[Code]


@router.get("", response=DeliveryList, summary="List deliveries that wait for somebody")
def list_deliveries(request: HttpRequest) -> dict[str, Any]:
    """List open deliveries."""
    return {"deliveries": [_row(row) for row in queries.open_deliveries(caller(request))]}


@router.get("/link_hours", response=LinkHours, summary="For how many hours claim links are good")
def link_hours(request: HttpRequest) -> dict[str, Any]:
    """Return the shop's setting."""
    return {"hours": queries.claim_hours(caller(request))}


@router.post("/link_hours", response=LinkHours, summary="Set for how many hours claim links are good from now on")
def set_link_hours(request: HttpRequest, told: LinkHours) -> dict[str, Any]:
    """Change the shop's setting."""
    return {"hours": service.set_claim_hours(caller(request), told.hours, at=clock.now())}


@router.get("/kinds", summary="Which kind of card each listing is")
def kinds(request: HttpRequest) -> dict[str, Any]:
    """List what listings mean."""
    rows = queries.listing_kinds(caller(request))
    return {
        "kinds": [
            {
                "channel": row.channel,
                "item_id": row.item_id,
                "sku_text": row.sku_text,
                "title": row.title,
                "kind": row.kind.title(),
                "set_by": row.set_by,
                "set_at": row.set_at,
            }
            for row in rows
        ]
    }


@router.post("/kinds", summary="Set which kind of card a listing is; orders that have cards keep them")
def set_kind(request: HttpRequest, meant: Meant) -> dict[str, Any]:
    """Set what a listing means."""
    kind = CardKind(meant.brand, meant.face_fen, meant.region, meant.spec, meant.form)
    service.set_kind(caller(request), meant.channel, meant.item_id, meant.sku_text, kind, at=clock.now())
    return kinds(request)


@router.get("/{delivery}", response=Delivery, summary="Where one delivery stands, its cards masked")
def one(request: HttpRequest, delivery: str) -> dict[str, Any]:
    """Return one delivery."""
    return _told(queries.delivery(caller(request), delivery))


@router.post("", response=Delivery, summary="Keep cards for an order: all or none, and always the same ones")
def allocate(request: HttpRequest, wish: Wish) -> dict[str, Any]:
    """Allocate cards to an order."""
    kind = CardKind(**wish.kind.dict()) if wish.kind else None
    return _told(service.allocate(caller(request), wish.order_no, kind, wish.quantity, at=clock.now()))


@router.post("/{delivery}/cancel", response=Delivery, summary="Give the cards back, while nobody could read a code")
def cancel(request: HttpRequest, delivery: str, why: Why) -> dict[str, Any]:
    """Cancel an allocation."""
    return _told(service.cancel(caller(request), delivery, reason=why.reason, at=clock.now()))


@router.post("/{delivery}/terms", response=Terms, summary="Note that the buyer is sent the terms now; returns them")
def terms(request: HttpRequest, delivery: str) -> dict[str, Any]:
    """Show the terms in the chat."""
    shown = service.show_terms_of(caller(request), delivery, how="chat", at=clock.now())
    return {"text": shown.text, "shown_at": shown.shown_at}


@router.post("/{delivery}/consent", response=Delivery, summary="Note the words in which the buyer agreed to the terms")
def consent(request: HttpRequest, delivery: str, said: Said) -> dict[str, Any]:
    """Keep the buyer's consent, as somebody heard it elsewhere."""
    actor, at = caller(request), clock.now()
    order = queries.order_by_no(actor, queries.delivery(actor, delivery).row.order_no)
    service.acknowledge(actor, order, how="staff", words=said.words, said_at=at, at=at)
    return _told(queries.delivery(actor, delivery))


@router.post("/{delivery}/waive", response=Delivery, summary="Let the codes go without the buyer's consent (owner)")
def waive(request: HttpRequest, delivery: str, why: Why) -> dict[str, Any]:
    """Waive the terms."""
    actor = caller(request)
    order = queries.order_by_no(actor, queries.delivery(actor, delivery).row.order_no)
    service.waive_terms(actor, order, reason=why.reason, at=clock.now())
    return _told(queries.delivery(actor, delivery))


@router.post("/{delivery}/lift", response=Delivery, summary="Let the codes go although something stops them")
def lift(request: HttpRequest, delivery: str, told: Lifted) -> dict[str, Any]:
    """Lift a block."""
    actor = caller(request)
    service.lift_block(actor, delivery, ref=told.ref, reason=told.reason, at=clock.now())
    return _told(queries.delivery(actor, delivery))


@router.post("/{delivery}/claim", response=ClaimLink, summary="Issue a link on which the buyer claims the codes, once")
def claim(request: HttpRequest, response: HttpResponse, delivery: str, wish: LinkWish) -> dict[str, Any]:
    """Issue a claim link; one that was issued before ends."""
    issued = service.issue_link(caller(request), delivery, at=clock.now(), days=wish.days)
    response.headers["Cache-Control"] = "no-store"  # a kept answer would keep the token
    url = queries.link_address(issued.token, request.build_absolute_uri("/"))
    return {"url": url, "expires_at": issued.expires_at}


@router.post("/{delivery}/unclaim", response=Delivery, summary="Revoke the claim link of a delivery")
def unclaim(request: HttpRequest, delivery: str) -> dict[str, Any]:
    """Revoke a claim link; without one nothing happens."""
    actor = caller(request)
    service.revoke_link(actor, delivery, at=clock.now())
    return _told(queries.delivery(actor, delivery))


@router.post("/{delivery}/authorise", response=Codes, summary="Clear the codes to be shown, and get them, once")
def authorise(request: HttpRequest, response: HttpResponse, delivery: str, way: Way) -> dict[str, Any]:
    """Show the codes of an order."""
    shown = service.authorise(caller(request), delivery, to="buyer", how=way.how, reason=way.reason, at=clock.now())
    return _said(response, shown)


@router.post("/{delivery}/resend", response=Codes, summary="Clear the same codes to be sent once more, and get them")
def resend(request: HttpRequest, response: HttpResponse, delivery: str, way: Way) -> dict[str, Any]:
    """Send the codes of an order again."""
    shown = service.resend(caller(request), delivery, to="buyer", how=way.how, reason=way.reason, at=clock.now())
    return _said(response, shown)


@router.post("/{delivery}/confirm", response=Delivery, summary="Note that the buyer was shown the codes")
def confirm(request: HttpRequest, delivery: str, told: Confirmed) -> dict[str, Any]:
    """Confirm a display."""
    actor = caller(request)
    service.confirm_shown(actor, delivery, at=clock.now(), message_id=told.message_id)
    return _told(queries.delivery(actor, delivery))


@router.post("/{delivery}/settle", response=Delivery, summary="Settle whether the buyer saw a code")
def settle(request: HttpRequest, delivery: str, told: Settled) -> dict[str, Any]:
    """Settle a display that nobody confirmed."""
    actor = caller(request)
    queries.delivery(actor, delivery)
    service.settle_display(actor, told.reveal, was_seen=told.was_seen, reason=told.reason, at=clock.now())
    return _told(queries.delivery(actor, delivery))


def _said(response: HttpResponse, shown: list[Shown]) -> dict[str, Any]:
    response.headers["Cache-Control"] = "no-store"  # also what keeps the answer out of the kept answers
    codes = [
        {
            "reveal": one.reveal_id,
            "card": one.card_id,
            "brand": one.brand,
            "face_fen": one.face_fen,
            "code": one.code.expose(),
            "number": one.number,
        }
        for one in shown
    ]
    return {"codes": codes}


def _row(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "order_no": row.order_no,
        "kind": row.kind.title(),
        "quantity": row.quantity,
        "state": row.state.value,
        "allocated_at": row.allocated_at,
        "authorised_at": row.authorised_at,
        "displayed_at": row.displayed_at,
    }


def _told(view: DeliveryView) -> dict[str, Any]:
    places = [
        {
            "position": slot.position,
            "card": slot.card.public_id,
            "code": slot.card.masked,
            "face_fen": slot.card.face_fen,
            "state": slot.card.state.value,
            "reveal": slot.display.reveal_id if slot.display else None,
            "attempt": slot.display.attempt if slot.display else None,
            "display": slot.display.state if slot.display else None,
        }
        for slot in view.slots
    ]
    return {
        **_row(view.row),
        "cards": places,
        "terms_agreed_at": view.terms.answered_at,
        "terms_withdrawn_at": view.terms.withdrawn_at,
        "terms_unclear_at": view.terms.unclear_at,
        "terms_unclear_words": view.terms.unclear_words if view.terms.unclear_at else "",
        "claim_expires_at": view.link.expires_at if view.link else None,
        "stops": [[text.zh, text.en] for text in view.stops],
        "warnings": [[text.zh, text.en] for text in view.warnings],
    }
