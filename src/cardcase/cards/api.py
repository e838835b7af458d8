"""JSON entrance of cards. Codes never leave here; a whole code may be asked for, in the body of a POST."""

import base64
import binascii
from dataclasses import asdict
from datetime import date
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Field, Router, Schema

from cardcase.cards import queries, service
from cardcase.kit import clock
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.shell.download import stream
from cardcase.staff.gate import caller
from cardcase.staff.rules import Actor

router = Router()


class Card(Schema):
    """One card, masked. ``warnings`` are codes of what looked odd when it came in; none of them proves anything."""

    id: str
    brand: str
    spec: str
    face_fen: int | None
    code: str
    state: str
    batch: str
    expires_on: date | None
    order_no: str
    warnings: list[str]


class CodeIn(Schema):
    """A whole code or card number to be looked for by its keyed hash."""

    code: str = Field(min_length=2, max_length=200)


class CardActIn(Schema):
    """What an act needs: the fields of its form as text (amounts in yuan), and a proof in base64 where one is kept."""

    fields: dict[str, str] = Field(default_factory=dict)
    proof_base64: str = ""


class CardList(Schema):
    """A page of cards; ``next`` is the cursor of the page after it, null at the end."""

    cards: list[Card]
    next: str | None


@router.get("", response=CardList, summary="List cards, masked, newest first")
def list_cards(  # noqa: PLR0917 - ninja reads each as a field of the query
    request: HttpRequest, brand: str = "", state: str = "", told: str = "", limit: int = 50, cursor: str | None = None
) -> dict[str, Any]:
    """List cards by brand and state; ``told`` is a tail of four characters or an order number, never a code."""
    page = queries.stock_page(
        caller(request),
        brand=brand,
        state=state,
        told=told[:40],
        limit=max(1, min(limit, 200)),
        after=cursor,
    )
    rows = [
        {
            "id": row.public_id,
            "brand": row.brand,
            "spec": row.spec,
            "face_fen": row.face_fen,
            "code": row.masked,
            "state": row.state.value,
            "batch": row.batch_name,
            "expires_on": row.expires_on,
            "order_no": row.order_no,
            "warnings": list(row.warnings),
        }
        for row in page.rows
    ]
    return {"cards": rows, "next": page.after}


@router.get("/balance", summary="Where the cards are; the parts add up to what came in")
def balance(request: HttpRequest) -> dict[str, Any]:
    """Return the reconciliation of the shop's cards."""
    books = queries.reconcile(caller(request))
    return {
        "imported": books.imported,
        "unused": books.unused,
        "reserved": books.reserved,
        "delivered": books.delivered,
        "voided": books.voided,
        "returned": books.returned,
        "quarantined": books.quarantined,
        "written_off": books.written_off,
        "is_complete": books.is_complete,
    }


@router.get("/stock", summary="How many cards of each kind there are, and which kinds run out")
def stock(request: HttpRequest) -> dict[str, Any]:
    """Return the kinds, the largest stock first; ``is_low`` when no more are left than the shop's ``low_stock``."""
    actor = caller(request)
    low = set(queries.low_stock(actor))
    return {"kinds": [{**asdict(row), "is_low": row in low} for row in queries.stock_summary(actor)]}


@router.post("/find", summary="Find a card by its whole code or number, by keyed hash")
def find(request: HttpRequest, body: CodeIn) -> dict[str, Any]:
    """Return the card with this code, masked; 404 when the shop has none."""
    card_id = queries.card_of_code(caller(request), CardCode(body.code)) if body.code.strip() else None
    if card_id is None:
        raise NotFound("没有这张卡", "There is no such card")
    return _life(caller(request), card_id)


@router.get("/{public_id}", summary="One card with its history, masked")
def show(request: HttpRequest, public_id: str) -> dict[str, Any]:
    """Return what it is, where it came from, who could read it, what was found."""
    return _life(caller(request), public_id)


@router.post("/{public_id}/acts/{name}", summary="Do one thing with a card")
def act(request: HttpRequest, public_id: str, name: str, body: CardActIn) -> dict[str, Any]:
    """Do what the page could do; the card comes back as it stands then.

    Names: check (balance, usable yes|no, method, note), ask_checker (checker), ask_void (reason), settle_void (result
    voided|failed|redeemed|unknown, note, redeemed_at; voided needs a proof), redeemed (redeemed_at, source), take_back,
    readmit, write_off (reason). Looking at a code is not among them.
    """
    actor = caller(request)
    service.perform(actor, name, service.CardAct(public_id, clock.now(), body.fields, _proof(body.proof_base64)))
    return _life(actor, public_id)


class Why(Schema):
    """Why a file is opened; kept in the record."""

    reason: str = Field(min_length=1, max_length=300)


@router.post("/{public_id}/proofs/{proof}", summary="Open a kept proof, with a reason that is recorded")
def open_proof(request: HttpRequest, public_id: str, proof: str, why: Why) -> StreamingHttpResponse:
    """Give the bytes of a proof of a card, or of a batch by its public id."""
    opened = service.open_proof(caller(request), public_id, proof, reason=why.reason, at=clock.now())
    return stream(opened.pieces, mime=opened.mime, name=opened.name, size=opened.size)


def _proof(told: str) -> bytes:
    try:
        return base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        raise WrongUse("凭证不是 base64", "The proof is no base64", code="not_base64") from None


def _life(actor: Actor, public_id: str) -> dict[str, Any]:
    return queries.as_plain(queries.card_life(actor, public_id))
