"""The rows behind what search found: read through the actor, narrowed by filters, each with the way to it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.urls import reverse

from cardcase.cards import masking
from cardcase.cases import queries as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Outcome
from cardcase.inbox.models import Message
from cardcase.kit.clock import SHANGHAI
from cardcase.orders.models import Buyer, Listing, Order, Refund
from cardcase.search.rules import Kind, Place
from cardcase.search.sources import REMOVED, SOURCES
from cardcase.staff.rules import Actor

_BUYER: Final = re.compile(r"buyer_([0-9]{1,18})")
_MOST: Final = 500
"""Buyers or goods that a filter may mean at once."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Filters; see ``finding.Asked``."""

    reason: str = ""
    status: str = ""
    staff: str = ""
    buyer: str = ""
    product: str = ""

    @property
    def is_by_case(self) -> bool:
        """Tell whether only what belongs to certain cases is wanted."""
        return bool(self.reason or self.status or self.staff)


@dataclass(frozen=True, slots=True)
class Found:
    """One row that answers. ``text``: as it may be shown, codes masked. ``number``: its place in the index.

    ``speaker`` is that of a message; ``case`` the number of the latest case that it belongs to, ``url`` leads there.
    """

    number: int
    kind: Kind
    public_id: str
    text: str
    at: datetime | None
    who: str = ""
    speaker: str = ""
    buyer: str = ""
    order_no: str = ""
    case: str = ""
    url: str = ""
    order_id: int | None = None


_WAYS: Final[Mapping[Kind, tuple[str, str, str]]] = {  # lookups that lead to order, buyer and listing
    Kind.MESSAGE: ("conversation__order", "conversation__buyer", "conversation__order__listing"),
    Kind.REPLY: ("case__order", "case__buyer", "case__order__listing"),
    Kind.NOTE: ("case__order", "case__buyer", "case__order__listing"),
    Kind.REVIEW: ("case__order", "case__buyer", "case__order__listing"),
    Kind.CASE: ("order", "buyer", "order__listing"),
    Kind.ORDER: ("pk", "buyer", "listing"),
    Kind.REFUND: ("order", "order__buyer", "order__listing"),
    Kind.BUYER: ("orders", "pk", "orders__listing"),
    Kind.LISTING: ("orders", "orders__buyer", "pk"),
}
_OF_CASE: Final = {Kind.REPLY: "case__in", Kind.NOTE: "case__in", Kind.REVIEW: "case__in", Kind.CASE: "pk__in"}
_RELATED: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.MESSAGE: ("conversation__order", "conversation__buyer"),
    Kind.REPLY: ("case__order", "case__buyer"),
    Kind.NOTE: ("case__order", "case__buyer"),
    Kind.REVIEW: ("case__order", "case__buyer"),
    Kind.CASE: ("order", "buyer"),
    Kind.ORDER: ("buyer",),
    Kind.REFUND: ("order", "order__buyer"),
    Kind.BUYER: (),
    Kind.LISTING: (),
}

_OF_MESSAGE: Final = (
    *("public_id", "text", "said_at", "received_at", "speaker", "sender_name"),
    *("conversation__order__order_no", "conversation__buyer__nick"),
)


def read_rows(actor: Actor, places: Sequence[tuple[int, Place]], narrowed: Narrowed) -> Iterator[Found]:
    """Read rows in the order given; without what the actor may not see and what a filter leaves out."""
    by_kind: dict[Kind, list[int]] = {}
    for _, one in places:
        by_kind.setdefault(one.kind, []).append(one.pk)
    rows = {(kind, row.pk): row for kind, pks in by_kind.items() for row in _rows(actor, kind, pks, narrowed)}
    found = [_found(number, one.kind, rows[one.kind, one.pk]) for number, one in places if (one.kind, one.pk) in rows]
    yield from _masked(actor, found)


def _rows(actor: Actor, kind: Kind, pks: Sequence[int], narrowed: Narrowed) -> "QuerySet[Any]":
    rows: QuerySet[Any] = SOURCES[kind].model.objects.visible_to(actor).filter(pk__in=pks)  # type: ignore[attr-defined]
    if kind is Kind.REFUND:
        rows = rows.filter(is_shadow=False)
    if kind is Kind.MESSAGE:  # most of what is found: of its relations no more than is shown
        rows = rows.only(*_OF_MESSAGE)
    wanted = _wanted(actor, kind, narrowed)
    if wanted is not None:
        # Asked for each row by itself: a way through several orders would else tell the same row several times.
        same = SOURCES[kind].model.objects.visible_to(actor).filter(wanted, pk=OuterRef("pk"))  # type: ignore[attr-defined]
        rows = rows.filter(Exists(same))
    return rows.select_related(*_RELATED[kind])


def _wanted(actor: Actor, kind: Kind, narrowed: Narrowed) -> Q | None:
    order, buyer, listing = _WAYS[kind]
    wanted: Q | None = None
    if narrowed.is_by_case:
        mine = _cases(actor, narrowed)
        wanted = (
            Q(**{_OF_CASE[kind]: mine.values("pk")})
            if kind in _OF_CASE
            else Q(**{f"{order}__in": mine.values("order")})
        )
    if narrowed.buyer:
        meant = Q(**{f"{buyer}__in": _buyers(actor, narrowed.buyer)})
        wanted = meant if wanted is None else wanted & meant
    if narrowed.product:
        meant = Q(**{f"{listing}__in": _listings(actor, narrowed.product)})
        if kind is Kind.MESSAGE:
            meant |= Q(conversation__item_id=narrowed.product)
        wanted = meant if wanted is None else wanted & meant
    return wanted


def _cases(actor: Actor, narrowed: Narrowed) -> "QuerySet[Case]":
    rows: QuerySet[Case] = Case.objects.visible_to(actor)
    if narrowed.reason:
        rows = rows.filter(Q(claimed_reason=narrowed.reason) | Q(sub_reason=narrowed.reason))
    if narrowed.status:
        rows = rows.filter(status=narrowed.status)
    if narrowed.staff:
        rows = rows.filter(owner__username=narrowed.staff)
    return rows


def owners(actor: Actor) -> list[str]:
    """Return the names of those who have a case, for the filter by staff."""
    rows = Case.objects.visible_to(actor).filter(owner__isnull=False).order_by("owner__username")
    return list(rows.values_list("owner__username", flat=True).distinct())


def _buyers(actor: Actor, told: str) -> list[int]:
    rows = Buyer.objects.visible_to(actor)
    named = _BUYER.fullmatch(told)
    meant = Q(pk=int(named[1])) if named else Q(nick=told) | Q(external_id=told)
    return list(rows.filter(meant).values_list("pk", flat=True)[:_MOST])


def _listings(actor: Actor, told: str) -> list[int]:
    rows = Listing.objects.visible_to(actor)
    return list(rows.filter(Q(item_id=told) | Q(title__icontains=told)).values_list("pk", flat=True)[:_MOST])


def _found(number: int, kind: Kind, row: Any) -> Found:
    source = SOURCES[kind]
    texts = [text for column in source.texts if (text := getattr(row, column)) and text != REMOVED]
    at = next((moment for column in source.times if (moment := getattr(row, column)) is not None), None)
    order, buyer = _order_and_buyer(kind, row)
    return Found(
        number=number,
        kind=kind,
        public_id=getattr(row, "public_id", "") or f"{kind.name.lower()}_{row.pk}",
        text="\n".join(texts),
        at=at,
        who=_who(kind, row),
        speaker=row.speaker if isinstance(row, Message) else "",
        buyer=buyer.nick if buyer is not None else "",
        order_no=order.order_no if order is not None else "",
        order_id=order.pk if order is not None else None,
        case=row.number if isinstance(row, Case) else row.case.number if hasattr(row, "case") else "",
    )


def _order_and_buyer(kind: Kind, row: Any) -> tuple[Order | None, Buyer | None]:
    if kind is Kind.MESSAGE:
        return row.conversation.order, row.conversation.buyer
    if kind in (Kind.REPLY, Kind.NOTE, Kind.REVIEW):
        return row.case.order, row.case.buyer
    if isinstance(row, Case):
        return row.order, row.buyer
    if isinstance(row, Order):
        return row, row.buyer
    if isinstance(row, Refund):
        return row.order, row.order.buyer
    return None, row if isinstance(row, Buyer) else None


def _who(kind: Kind, row: Model) -> str:
    if kind is Kind.REPLY:
        return str(getattr(row, "sent_by", "") or getattr(row, "created_by", ""))
    return str(getattr(row, "by", "") or getattr(row, "sender_name", ""))


def _masked(actor: Actor, rows: Sequence[Found]) -> list[Found]:
    """Take codes out of what was not surely masked when it was written."""
    loose = [place for place, one in enumerate(rows) if SOURCES[one.kind].loose]
    masked = list(rows)
    # Line by line, as the index has it: names of one column must not make a code with those of the next.
    lines = [line for place in loose for line in rows[place].text.split("\n")]
    texts = iter(masking.mask_texts(actor, lines) if lines else [])
    for place in loose:
        one = rows[place]
        names = {getattr(one, name) for name in ("order_no", "case", "public_id")}
        told = [(line, next(texts).text) for line in one.text.split("\n")]
        masked[place] = replace(one, text="\n".join(line if line in names else text for line, text in told))
    return masked


def led(actor: Actor, rows: Sequence[Found]) -> Iterator[Found]:
    """Say of each to which case it leads, and where in it: only of what is shown."""
    orders = sorted({one.order_id for one in rows if one.order_id and not one.case})
    numbers = cases.numbers_of_orders(actor, orders) if orders else {}
    loose = _cases_of_things(actor, [one for one in rows if one.kind in (Kind.BUYER, Kind.LISTING)])
    for one in rows:
        number = one.case or next(iter(numbers.get(one.order_id or 0, ())), "") or loose.get(one.number, "")
        yield replace(one, case=number, url=_url(one, number)) if number else one


def _cases_of_things(actor: Actor, rows: Sequence[Found]) -> dict[int, str]:
    """Return the latest case of each buyer or goods, by the number of the row in the index."""
    found = {}
    latest = Case.objects.visible_to(actor).exclude(outcome=Outcome.MERGED.value).order_by("-pk")
    for one in rows:
        pk = one.number & ((1 << 33) - 1)
        way = {"order__buyer": pk} if one.kind is Kind.BUYER else {"order__listing": pk}
        number = latest.filter(**way).values_list("number", flat=True).first()
        if number:
            found[one.number] = number
    return found


def _url(one: Found, number: str) -> str:
    """Lead to the day in the case's timeline on which it was said, and to the very line."""
    if one.kind.is_thing:
        return reverse("case", args=[number])
    url = reverse("case-timeline", args=[number])
    if one.at is not None:
        day = one.at.astimezone(SHANGHAI).date()
        url += "?" + urlencode({"since": day.isoformat(), "until": day.isoformat()})
    return f"{url}#m-{one.public_id}" if one.kind is Kind.MESSAGE else url
