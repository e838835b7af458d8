"""JSON entrance of cards. Codes never pass here."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from cardcase.cards import queries

router = Router()


class Card(Schema):
    """One card, masked. ``warnings`` are codes of what looked odd when it came in; none of them proves anything."""

    id: str
    brand: str
    face_fen: int | None
    code: str
    state: str
    batch: str
    expires_on: date | None
    order_no: str
    warnings: list[str]


class CardList(Schema):
    """A page of cards; ``next`` is the cursor of the page after it, null at the end."""

    cards: list[Card]
    next: str | None


@router.get("", response=CardList, summary="List cards, masked, newest first")
def list_cards(
    request: HttpRequest, brand: str = "", state: str = "", limit: int = 50, cursor: str | None = None
) -> dict[str, Any]:
    """List cards by brand and state."""
    page = queries.stock_page(
        request.auth,  # type: ignore[attr-defined]  # ninja puts the actor there
        brand=brand,
        state=state,
        limit=max(1, min(limit, 200)),
        after=cursor,
    )
    rows = [
        {
            "id": row.public_id,
            "brand": row.brand,
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
    books = queries.reconcile(request.auth)  # type: ignore[attr-defined]  # ninja puts the actor there
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
