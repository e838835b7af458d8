"""Whether the books of cards agree with themselves and with the record (reliability I1, I2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from cardcase.cards.models import Card, Reveal, VoidAttempt
from cardcase.cards.rules.life import CardState
from cardcase.custody import queries as custody
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

_SHOWN: Final = 5
_BORN: Final = ("card.stocked", "card.delivered")
"""Record kinds under which a card can come into the books: a stock file, or a channel that delivered an unknown one."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One way in which the books disagree: how many cards, and the first few of them by public id."""

    code: str
    text: Text
    count: int
    cards: tuple[str, ...]


def audit(actor: Actor) -> list[Discrepancy]:
    """Return every disagreement found; none is as it should be. Reads all cards and their entries: for doctor."""
    return [found for found in (*_bindings(actor), *_against_record(actor)) if found.count]


def _bindings(actor: Actor) -> Iterator[Discrepancy]:
    cards = Card.objects.visible_to(actor).order_by("pk")
    to_buyer = Reveal.objects.filter(card_id=OuterRef("pk"), to="buyer")
    yield _of(
        "reserved_for_nobody",
        Text("已预留但没有订单", "reserved, but for no order"),
        cards.filter(state=CardState.RESERVED.value, order=None),
    )
    unsold = [CardState.ACQUIRED.value, CardState.CHECKED.value, CardState.IN_STOCK.value]
    yield _of(
        "in_stock_with_order",
        Text("在库却挂着订单", "in stock, yet bound to an order"),
        cards.filter(state__in=unsold, order__isnull=False),
    )
    yield _of(
        "delivered_without_reveal",
        Text("已发出但没有发出记录", "delivered, but no delivery is on record"),
        cards.filter(~Exists(to_buyer), state=CardState.REVEALED.value).exclude(form="physical"),  # in a parcel yet
    )
    yield _of(
        "in_stock_though_shown",
        Text("发给过买家却还在库", "shown to a buyer, yet still in stock"),
        cards.filter(Exists(to_buyer.exclude(display="not_shown")), state__in=unsold),
    )
    twice = (
        Reveal.objects.visible_to(actor)
        .filter(to="buyer")
        .exclude(display="not_shown")
        .order_by()
        .values("card_id")
        .annotate(orders=Count("order_id", distinct=True))
        .filter(orders__gt=1)
    )
    yield _of(
        "delivered_to_two_orders",
        Text("同一张卡发给了两笔订单", "one card was delivered to two orders"),
        cards.filter(pk__in=twice.values("card_id")),
    )
    proven = VoidAttempt.objects.filter(card_id=OuterRef("pk"), result="voided")
    yield _of(
        "voided_without_proof",
        Text("已作废但没有发卡方的答复", "voided, but no answer of the issuer is on record"),
        cards.filter(~Exists(proven), state=CardState.VOIDED.value),
    )
    states = [state.value for state in CardState]
    yield _of("unknown_state", Text("状态不认识", "in a state nobody knows"), cards.filter(~Q(state__in=states)))


def _of(code: str, text: Text, cards: QuerySet[Card]) -> Discrepancy:
    return Discrepancy(code, text, cards.count(), tuple(cards.values_list("public_id", flat=True)[:_SHOWN]))


def _against_record(actor: Actor) -> Iterator[Discrepancy]:
    kept = set(Card.objects.visible_to(actor).values_list("public_id", flat=True))
    told = custody.born(actor, _BORN, listed_as="cards")
    for code, text, ids in (
        (
            "card_not_on_record",
            Text("保管链里没有这张卡的入库", "the record tells of no such card coming in"),
            kept - told,
        ),
        (
            "card_lost",
            Text("保管链里有、卡库里没有", "the record tells of it, the stock does not have it"),
            told - kept,
        ),
    ):
        yield Discrepancy(code, text, len(ids), tuple(sorted(ids)[:_SHOWN]))
