"""Taking in orders, with their buyers and goods."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.connectors.ports import OrderNotice, OrderState
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import ids
from cardcase.orders.models import Buyer, Listing, Order
from cardcase.orders.rules import Taken, reading
from cardcase.orders.rules.facts import plain_facts, source_facts
from cardcase.orders.rules.merge import Telling
from cardcase.staff.rules import Actor, Permission

from .rows import Key, Rows, Slot, one_at_a_time

_UNTOLD: Final = ("channel", "order_no", "seller_remark", "raw", "buyer_id", "listing_id")
"""Columns that the list of changes leaves out: the key stands beside it, the remark is our own and may hold a code."""


@transaction.atomic
def ingest_orders(actor: Actor, notices: Sequence[OrderNotice], *, at: datetime) -> list[tuple[Order, Taken]]:
    """Take in orders as their channels tell them, and answer for each notice, in order, what was new.

    Duplicates, delays and any shuffle end in the same rows. Raises NotAllowed, WrongUse for an impossible order number.
    """
    actor.require(Permission.IMPORT)
    if not notices:
        return []
    one_at_a_time(actor)
    keys = [reading.order_key(notice.channel, notice.order_no) for notice in notices]
    stamps = [reading.order_stamp(notice) for notice in notices]
    buyers, listings = _buyers(actor, notices, stamps, at=at), _listings(actor, notices, stamps)
    rows = Rows(Order, actor, ("channel", "order_no"), by="order_no", fresh=lambda key: _fresh(actor, key, at))
    rows.load(order_no for _, order_no in keys)
    answers: list[tuple[Slot[Order], Taken]] = []
    for key, notice, stamp in zip(keys, notices, stamps, strict=True):
        buyer, listing = reading.buyer_key(notice), reading.listing_key(notice.channel, notice.listing)
        telling = reading.read_order(
            notice,
            stamp,
            buyer_id=buyers[buyer] if buyer else None,
            listing_id=listings[listing] if listing else None,
        )
        slot, is_new = rows.get_or_make(key)
        answers.append((slot, slot.lay(telling, notice.origin, is_new=is_new)))
    rows.save()
    custody.append_many(actor, [_record(slot, at) for slot in rows.slots() if slot.has_news])
    return [(slot.row, taken) for slot, taken in answers]


def _buyers(actor: Actor, notices: Sequence[OrderNotice], stamps: Sequence[str], *, at: datetime) -> Mapping[Key, int]:
    pairs = zip(notices, stamps, strict=True)
    tellings = [telling for notice, stamp in pairs if (telling := reading.read_buyer(notice, stamp))]

    def fresh(key: Key) -> Buyer:
        return Buyer(shop_id=actor.shop_id, channel=key[0], external_id=key[1], first_seen_at=at)

    rows = Rows(Buyer, actor, ("channel", "external_id"), by="external_id", fresh=fresh)
    return _take(rows, tellings, [telling.key[1] for telling in tellings])


def _listings(actor: Actor, notices: Sequence[OrderNotice], stamps: Sequence[str]) -> Mapping[Key, int]:
    pairs = zip(notices, stamps, strict=True)
    tellings = [telling for notice, stamp in pairs if (telling := reading.read_listing(notice, stamp))]

    def fresh(key: Key) -> Listing:
        return Listing(shop_id=actor.shop_id, channel=key[0], item_id=key[1], sku_text=key[2])

    rows = Rows(Listing, actor, ("channel", "item_id", "sku_text"), by="item_id", fresh=fresh)
    return _take(rows, tellings, [telling.key[1] for telling in tellings])


def _take(rows: Rows[Any], tellings: Sequence[Telling], asked: Sequence[str]) -> Mapping[Key, int]:
    """Lay what was said of buyers or goods upon their rows and return the rows' ids by key."""
    rows.load(asked)
    for telling in tellings:
        slot, _ = rows.get_or_make(telling.key)
        slot.sheet.lay(telling)
    rows.save()
    return {telling.key: rows.row(telling.key).pk for telling in tellings}


def _fresh(actor: Actor, key: Key, at: datetime) -> Order:
    return Order(
        shop_id=actor.shop_id,
        public_id=ids.public_id("order"),
        channel=key[0],
        order_no=key[1],
        state=OrderState.UNKNOWN.value,
        seen_at=at,
    )


def _record(slot: Slot[Order], at: datetime) -> Record:
    order = slot.row
    facts: dict[str, Any] = {
        "channel": order.channel,
        "order_no": order.order_no,
        "told": plain_facts(slot.sheet.changes, _UNTOLD),
        "raw_fields": sorted(slot.sheet.raw_changes),
        "source": source_facts(slot.origin),
    }
    return Record("order.seen" if slot.is_new else "order.changed", order.public_id, at, facts)
