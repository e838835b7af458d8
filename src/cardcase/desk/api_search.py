"""JSON entrance of search. Posted, so that nothing that is typed stands in an address."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from cardcase.desk.queries import finding
from cardcase.desk.queries.search_page import answer_of
from cardcase.kit import clock
from cardcase.staff.gate import caller

router = Router()


class SearchIn(Schema):
    """What is looked for; empty filters want everything. ``after`` is ``next`` of the page before."""

    q: str = Field(max_length=500)
    kind: str = ""
    reason: str = ""
    status: str = ""
    staff: str = ""
    buyer: str = ""
    product: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""
    after: str = ""
    limit: int = Field(20, ge=1, le=50)


class Hit(Schema):
    """One answer. ``pieces``: [text, whether it is a word that was looked for]; ``url`` leads to the very line."""

    kind: str
    id: str
    at: str | None
    who: str
    speaker: str | None
    pieces: list[tuple[str, bool]]
    case: str | None
    order_no: str | None
    buyer: str | None
    url: str | None


class Found(Schema):
    """``things``: cases, orders, buyers, goods, on the first page only; ``said``: messages, replies, notes, reviews.

    ``has_code``: a whole card code was typed; nothing was searched, ``card`` is the card if the shop has it.
    ``is_complete``: false while the index is being made.
    """

    things: list[Hit]
    said: list[Hit]
    next: str | None
    is_complete: bool
    has_code: bool
    card: str | None


@router.post("", response=Found, summary="Find what was said, written down or named")
def search(request: HttpRequest, body: SearchIn) -> dict[str, Any]:
    """Look for words: all of them must stand in a text; in quotation marks they are one. Folded: width, case, 繁简.

    ``kind``: message, reply, note, review, case, order, refund, buyer, listing. ``reason``: a family or a sub-reason.
    ``staff``: who has the case. ``buyer``: nick, id on the channel or buyer_<n>. ``product``: id or part of the title.
    ``since``, ``until``: days or moments, Shanghai time. ``sort``: newest, else best first.
    """
    actor = caller(request)
    values = body.dict(exclude={"limit"})
    return finding.document(answer_of(actor, values, now=clock.now(), limit=body.limit))
