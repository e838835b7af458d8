"""Noting which card an order got, by the word of its channel (闲管家 kam/list)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db import transaction

from cardcase.cards import sealing
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardState
from cardcase.cards.rules.life import DELIVERABLE
from cardcase.connectors.ports import DeliveryNotice, OrderNotice
from cardcase.custody import service as custody
from cardcase.custody.service import Content, Record
from cardcase.kit import clock
from cardcase.orders.models import Order
from cardcase.orders.service import Taken, ingest_orders
from cardcase.staff.rules import Actor, Permission

from . import rows

HOW: Final = MappingProxyType(
    {"11": "channel_auto", "12": "channel_manual", "21": "taken_by_hand", "22": "marked_sold"}
)
"""sold_type of 闲管家 (platform-rules §1.2, certainty H): 自动发货, 手动发货, 手动提卡, 手动标识已售."""


@transaction.atomic
def record_deliveries(actor: Actor, notices: Sequence[DeliveryNotice], *, at: datetime) -> list[Taken]:
    """Note deliveries that the channel tells of, and answer for each notice, in order, what was new.

    Makes the card when nobody knew it, a thin order likewise; binds a card to the first order that got it. A card
    in quarantine, redeemed or voided keeps its state: the delivery is a fact, not our step. The moment is the notice's,
    else the order's time of delivery. Raises NotAllowed, WrongUse for an impossible order number.
    """
    actor.require(Permission.IMPORT)
    if not notices:
        return []
    rows.one_at_a_time(actor)
    orders = _orders(actor, notices, at)
    incoming = [rows.incoming(actor, notice.code, notice.number) for notice in notices]
    cards = _cards(actor, notices, incoming, at)
    book = _Book(actor, cards.values())
    answers = [
        book.note(notice, cards[card.code_index], order, card)
        for notice, card, order in zip(notices, incoming, orders, strict=True)
    ]
    book.save(at)
    return answers


def _orders(actor: Actor, notices: Sequence[DeliveryNotice], at: datetime) -> list[Order]:
    """Return the order of each notice; an unknown one gets a thin row."""
    thin = [OrderNotice(channel=note.channel, order_no=note.order_no, origin=note.origin) for note in notices]
    return [order for order, _ in ingest_orders(actor, thin, at=at)]


def _cards(
    actor: Actor, notices: Sequence[DeliveryNotice], incoming: Sequence[sealing.Incoming], at: datetime
) -> dict[str, Card]:
    """Return the card of each code, by index; an unknown one gets a row."""
    cards = rows.known_by_index(actor, (card.code_index for card in incoming))
    new: list[Card] = []
    for notice, card in zip(notices, incoming, strict=True):
        if card.code_index not in cards:
            row = cards[card.code_index] = rows.fresh(actor, card, CardState.ACQUIRED, at=at)
            row.source_file, row.source_sha256 = notice.origin.file[:255], notice.origin.sha256[:64]
            row.source_row = notice.origin.row
            new.append(row)
    Card.objects.bulk_create(new, batch_size=rows.AT_ONCE)
    return cards


class _Book:
    """The deliveries of some cards while notices are noted down."""

    def __init__(self, actor: Actor, cards: Iterable[Card]) -> None:
        self._actor = actor
        self._cards = {card.pk: card for card in cards}
        self._reveals: dict[tuple[int, int], Reveal] = {}
        ids = sorted(self._cards)
        for start in range(0, len(ids), rows.AT_ONCE):
            known = Reveal.objects.visible_to(actor).filter(to="buyer", card_id__in=ids[start : start + rows.AT_ONCE])
            for reveal in known.select_related("order"):
                self._reveals[reveal.card_id, reveal.order_id] = reveal
        self._changed: dict[tuple[int, int], Reveal] = {}
        self._contents: dict[tuple[int, int], Content] = {}

    def note(self, notice: DeliveryNotice, card: Card, order: Order, incoming: sealing.Incoming) -> Taken:
        """Note one delivery down and say what was new in it."""
        key = card.pk, order.pk
        reveal = self._reveals.get(key)
        if reveal is None:
            self._reveals[key] = self._changed[key] = Reveal(
                shop_id=self._actor.shop_id,
                card=card,
                order=order,
                revealed_at=notice.delivered_at or order.delivered_at,
                to="buyer",
                how=HOW.get(notice.sold_type_raw, "unknown"),
                sold_type_raw=notice.sold_type_raw[:10],
                by=notice.channel,
                source_file=notice.origin.file[:255],
                source_sha256=notice.origin.sha256[:64],
                source_row=notice.origin.row,
            )
            self._contents[key] = sealing.commitment(card, incoming.code)
            _fill(card, notice, incoming)
            return Taken.NEW
        is_changed = _fill(card, notice, incoming)
        if notice.delivered_at and _is_earlier(notice.delivered_at, reveal, order):
            reveal.revealed_at = notice.delivered_at
            is_changed = True
        if notice.sold_type_raw and not reveal.sold_type_raw:
            reveal.sold_type_raw = notice.sold_type_raw[:10]
            reveal.how = HOW.get(notice.sold_type_raw, "unknown")
            is_changed = True
        if is_changed:
            self._changed[key] = reveal
        return Taken.CHANGED if is_changed else Taken.KNOWN

    def save(self, at: datetime) -> None:
        """Write deliveries and cards, bind each card to the first order that got it, tell the record."""
        new = [reveal for reveal in self._changed.values() if reveal.pk is None]
        is_new = {id(reveal) for reveal in new}
        for reveal in self._changed.values():
            if reveal.pk is not None:
                reveal.save(update_fields=["revealed_at", "sold_type_raw", "how"])
        Reveal.objects.bulk_create(new, batch_size=rows.AT_ONCE)
        for card_id in {card_id for card_id, _ in self._changed}:
            card = self._cards[card_id]
            card.order = self._first_order(card_id)
            if CardState(card.state) in DELIVERABLE:
                card.state = CardState.REVEALED.value
            card.save(update_fields=["order", "state", "cost_fen", "number_index", "number_sealed", "number_tail4"])
        records = [self._record(key, reveal, at, is_new=id(reveal) in is_new) for key, reveal in self._changed.items()]
        custody.append_many(self._actor, records)

    def _first_order(self, card_id: int) -> Order | None:
        """Choose by the channel's clock, then by number: not by what happened to be read first."""
        mine = [reveal for (card, _), reveal in self._reveals.items() if card == card_id]
        return min(mine, key=_moment_and_number).order

    def _record(self, key: tuple[int, int], reveal: Reveal, at: datetime, *, is_new: bool) -> Record:
        order, card = reveal.order, self._cards[key[0]]
        assert order is not None, "a delivery has an order"
        facts: dict[str, str | None] = {
            "order_no": order.order_no,
            "how": reveal.how,
            "sold_type": reveal.sold_type_raw,
            "delivered_at": clock.iso(reveal.revealed_at) if reveal.revealed_at else None,
            "state": card.state,
            "source": reveal.source_sha256,
        }
        kind = "card.delivered" if is_new else "card.delivery_changed"
        contents = [self._contents[key]] if key in self._contents else []
        return Record(kind, card.public_id, at, facts, contents, refs={"order": order.public_id})


def _is_earlier(told: datetime, reveal: Reveal, order: Order) -> bool:
    """A notice's own moment replaces an unknown one and one taken from the order; of two told, the earlier counts."""
    return reveal.revealed_at is None or told < reveal.revealed_at or reveal.revealed_at == order.delivered_at != told


def _moment_and_number(reveal: Reveal) -> tuple[bool, float, str]:
    order = reveal.order
    assert order is not None, "a delivery has an order"
    moment = reveal.revealed_at or order.delivered_at
    return moment is None, moment.timestamp() if moment else 0.0, order.order_no


def _fill(card: Card, notice: DeliveryNotice, incoming: sealing.Incoming) -> bool:
    """Put what the notice tells where nothing is known yet; tell whether that was anything."""
    before = card.cost_fen, card.number_index
    if card.cost_fen is None:
        card.cost_fen = notice.cost_fen
    if incoming.number and not card.number_index:
        sealing.set_numbers([(card, incoming)])
    return (card.cost_fen, card.number_index) != before
