"""Stopping the codes of an order while a complaint is open (domain §7.3, T1), and letting them go again.

Whoever opens a case calls ``block`` in the same transaction. It takes the order's lock, as ``authorise`` does: either
the block comes first and no code leaves, or the code left before the complaint and the record shows that order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.cards import masking
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.delivery.models import Block, Delivery
from cardcase.delivery.rules import CASE, OPEN
from cardcase.kit.errors import NotFound
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

from . import rows

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Stop:
    """One order (row id) that is to be stopped, why, and by what: ``ref`` is a case's public id, for example."""

    order_id: int
    ref: str
    why: str


def block(actor: Actor, order_id: int, *, why: str, ref: str, at: datetime) -> None:
    """Stop the codes of an order (row id) from leaving, until ``ref`` lets go of it. Again: nothing happens."""
    block_all(actor, [Stop(order_id, ref, why)], at=at)


@transaction.atomic
def block_all(actor: Actor, stops: Sequence[Stop], *, at: datetime) -> None:
    """Stop many orders, in a fixed number of statements for each five hundred.

    The record gets an entry where a delivery is waiting; elsewhere what stops the order has its own entry already.
    """
    actor.require(Permission.WORK)
    for start in range(0, len(stops), _AT_ONCE):
        _block_some(actor, stops[start : start + _AT_ONCE], at)


def _block_some(actor: Actor, stops: Sequence[Stop], at: datetime) -> None:
    order_ids = sorted({stop.order_id for stop in stops})
    orders = Order.objects.visible_to(actor).filter(pk__in=order_ids)
    held = {order.pk: order for order in orders.select_for_update(of=("self",), no_key=True).order_by("pk")}
    live = Block.objects.visible_to(actor).filter(order_id__in=order_ids, lifted_at=None)
    known = set(live.values_list("order_id", "ref"))
    new = {(stop.order_id, stop.ref): stop for stop in stops if (stop.order_id, stop.ref) not in known}
    Block.objects.bulk_create(
        Block(
            shop_id=actor.shop_id,
            order_id=stop.order_id,
            ref=stop.ref[:40],
            why=_clean(actor, stop.ref, stop.why),
            since=at,
            by=actor.label[:80],
        )
        for stop in new.values()
        if stop.order_id in held
    )
    waiting = Delivery.objects.visible_to(actor).filter(
        order_id__in=order_ids, state__in=[state.value for state in OPEN]
    )
    names = dict(waiting.values_list("order_id", "public_id"))
    records = [
        _record(
            actor,
            "delivery.blocked",
            names[stop.order_id],
            held[stop.order_id],
            ref=stop.ref,
            why=_clean(actor, stop.ref, stop.why),
            at=at,
        )
        for stop in new.values()
        if stop.order_id in names
    ]
    custody.append_many(actor, records)


@transaction.atomic
def unblock(actor: Actor, order_id: int, *, ref: str, at: datetime, why: str = "") -> bool:
    """Let go of an order (row id) that ``ref`` stopped; tell whether it did. Other blocks of it stay."""
    actor.require(Permission.WORK)
    mine = Block.objects.visible_to(actor).filter(order_id=order_id, ref=ref, lifted_at=None)
    if not mine.update(lifted_at=at, lifted_by=actor.label[:80], lifted_why=why[:300]):
        return False
    waiting = Delivery.objects.visible_to(actor).filter(order_id=order_id, state__in=[state.value for state in OPEN])
    found = waiting.select_related("order").first()
    if found is not None:
        custody.append(
            actor, _record(actor, "delivery.unblocked", found.public_id, found.order, ref=ref, why=why, at=at)
        )
    return True


@transaction.atomic
def lift_block(actor: Actor, delivery_id: str, *, ref: str, reason: str, at: datetime) -> None:
    """Let the codes of an order go although what stopped it goes on: a person decides and says why.

    Raises NotAllowed, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.DECIDE)
    reason = given_reason(actor, reason)
    _, order = rows.held(actor, delivery_id)
    if not unblock(actor, order.pk, ref=ref, at=at, why=reason):
        raise NotFound("没有这项暂停", "There is no such block")


def _clean(actor: Actor, ref: str, why: str) -> str:
    """Return words that somebody may have typed with any code masked; of a case they are its number."""
    return why if ref.startswith(CASE) else masking.mask_text(actor, why).text[:300]


def _record(actor: Actor, kind: str, delivery_id: str, order: Order, *, ref: str, why: str, at: datetime) -> Record:
    facts: dict[str, custody.JSON] = {
        "order_no": order.order_no,
        "ref": ref,
        "why": why[:300],
        "by": actor.label,
    }
    return Record(kind, delivery_id, at, facts, refs={"order": order.public_id})
