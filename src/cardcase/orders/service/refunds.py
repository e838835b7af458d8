"""Taking in refunds, numbered or not, before or after their orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.connectors.ports import OrderNotice, RefundKind, RefundNotice, RefundState
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import ids
from cardcase.orders.models import Order, Refund
from cardcase.orders.rules import Taken, reading
from cardcase.orders.rules.facts import plain_facts, source_facts
from cardcase.staff.rules import Actor, Permission

from .orders import ingest_orders
from .rows import Key, Rows, Slot, one_at_a_time

_UNTOLD: Final = ("order_id", "raw", "is_shadow")


@transaction.atomic
def ingest_refunds(actor: Actor, notices: Sequence[RefundNotice], *, at: datetime) -> list[tuple[Refund, Taken]]:
    """Take in refunds as their channels tell them, and answer for each notice, in order, what was new.

    An order not known yet gets a thin row. A notice without a refund number fills the gaps of its order's numbered
    refunds; while there is none it stands for itself, and the first number that comes names that very row. Errors as
    ``ingest_orders``.
    """
    actor.require(Permission.IMPORT)
    if not notices:
        return []
    one_at_a_time(actor)
    keys = [reading.order_key(notice.channel, notice.order_no) for notice in notices]
    thin = {
        key: OrderNotice(channel=key[0], order_no=key[1], origin=notice.origin)
        for key, notice in zip(keys, notices, strict=True)
    }
    known = ingest_orders(actor, list(thin.values()), at=at)
    orders = {key: order for key, (order, _) in zip(thin, known, strict=True)}
    book = _Book(actor, list(orders.values()), at)
    answers = [book.lay(notice, orders[key]) for key, notice in zip(keys, notices, strict=True)]
    book.save()
    return [(slot.row, taken) for slot, taken in answers]


class _Book:
    """The refunds of some orders. Keeps the one without a number apart from those that have one."""

    def __init__(self, actor: Actor, orders: Sequence[Order], at: datetime) -> None:
        self._actor = actor
        self._at = at
        self._orders = {order.pk: order for order in orders}
        self._rows = Rows(Refund, actor, ("order_id", "external_id"), by="order_id", fresh=self._fresh)
        self._rows.load(self._orders)
        self._numbered: dict[int, list[Slot[Refund]]] = {}
        for slot in self._rows.slots():
            if slot.row.external_id != reading.anonymous_number(self._orders[slot.row.order_id].order_no):
                self._numbered.setdefault(slot.row.order_id, []).append(slot)

    def lay(self, notice: RefundNotice, order: Order) -> tuple[Slot[Refund], Taken]:
        """Lay a notice upon the row or rows that it speaks of; return the one that people look at."""
        telling = reading.read_refund(notice, order_id=order.pk)
        if reading.refund_number(notice):
            slot, before = self._numbered_slot(telling.key, order)
            taken = slot.lay(telling, notice.origin, is_new=before is Taken.NEW)
            return slot, before if taken is Taken.KNOWN else taken
        numbered = self._numbered.get(order.pk, [])
        slot, is_new = self._rows.get_or_make(telling.key)
        taken = slot.lay(telling, notice.origin, is_new=is_new)
        if not numbered:
            return slot, taken
        slot.sheet.columns["is_shadow"] = True
        answers = [other.lay(telling, notice.origin, is_new=False) for other in numbered]
        latest = max(numbered, key=_age)
        return latest, Taken.CHANGED if Taken.CHANGED in answers else Taken.KNOWN

    def _numbered_slot(self, key: Key, order: Order) -> tuple[Slot[Refund], Taken]:
        """Find or make the slot of a numbered refund; say what finding it has already changed."""
        known = self._rows.find(key)
        if known is not None:
            return known, Taken.KNOWN
        others = self._numbered.setdefault(order.pk, [])
        unnamed = (order.pk, reading.anonymous_number(order.order_no))
        anonymous = self._rows.find(unnamed)
        before = Taken.NEW
        if anonymous is not None and not others:
            # The first number names the row that stood without one, and a shadow remembers what was said without it.
            self._rows.rename(anonymous, unnamed, key)
            slot, before = anonymous, Taken.CHANGED
            shadow, _ = self._rows.get_or_make(unnamed)
            shadow.inherit(anonymous, leave_out=("external_id",))
            shadow.sheet.columns["is_shadow"] = True
        else:
            slot, _ = self._rows.get_or_make(key)
            if anonymous is not None:
                slot.inherit(anonymous, leave_out=("external_id", "is_shadow"))
        others.append(slot)
        return slot, before

    def save(self) -> None:
        """Write the rows and tell the record, the shadows left out."""
        self._rows.save()
        for slot in self._rows.slots():
            slot.row.order = self._orders[slot.row.order_id]
        news = [slot for slot in self._rows.slots() if slot.has_news and not slot.row.is_shadow]
        custody.append_many(self._actor, [self._record(slot) for slot in news])

    def _fresh(self, key: Key) -> Refund:
        return Refund(
            shop_id=self._actor.shop_id,
            public_id=ids.public_id("refund"),
            order_id=key[0],
            external_id=key[1],
            state=RefundState.UNKNOWN.value,
            kind=RefundKind.UNKNOWN.value,
            seen_at=self._at,
        )

    def _record(self, slot: Slot[Refund]) -> Record:
        refund, order = slot.row, slot.row.order
        facts: dict[str, Any] = {
            "channel": order.channel,
            "order_no": order.order_no,
            "refund": refund.external_id,
            "told": plain_facts(slot.sheet.changes, _UNTOLD),
            "raw_fields": sorted(slot.sheet.raw_changes),
            "source": source_facts(slot.origin),
        }
        kind = "refund.seen" if slot.is_new else "refund.changed"
        return Record(kind, refund.public_id, self._at, facts, refs={"order": order.public_id})


def _age(slot: Slot[Refund]) -> tuple[str, str]:
    """Order refunds of one order: the one that moved last on the channel's clock comes last."""
    at = slot.sheet.told.get("state", "").partition("|")[2]
    return at, slot.row.external_id
