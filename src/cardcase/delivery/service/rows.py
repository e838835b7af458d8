"""Taking an order and its delivery in hand. Everybody locks in one order: shop, order, delivery, cards, record."""

from datetime import datetime

from cardcase.delivery import queries
from cardcase.delivery.models import Allocation, ClaimLink, Delivery
from cardcase.kit.errors import NotFound
from cardcase.orders.models import Order
from cardcase.orders.service.rows import one_at_a_time
from cardcase.staff.rules import Actor


def held_order(actor: Actor, order_pk: int) -> Order:
    """Return an order, locked against whoever else gives it cards or stops it until the transaction ends.

    Not against new rows that point at it: PostgreSQL looks at those when they are committed, while the head of the
    record is held, and a full lock would cross with that.
    """
    mine = Order.objects.visible_to(actor).filter(pk=order_pk)
    found: Order = mine.select_for_update(of=("self",), no_key=True).get()
    return found


def held_order_by_no(actor: Actor, order_no: str) -> Order:
    """Return the order of this number, locked. Raises WrongUse when there is none."""
    return held_order(actor, queries.order_by_no(actor, order_no).pk)


def held_with_mirror(actor: Actor, delivery_id: str) -> tuple[Delivery, Order]:
    """Do as ``held``, and let no import of the shop tell of its orders or refunds meanwhile.

    Either what the channel says comes first and is seen here, or it comes after what is decided here.
    """
    one_at_a_time(actor)
    return held(actor, delivery_id)


def held(actor: Actor, delivery_id: str) -> tuple[Delivery, Order]:
    """Return a delivery with its order, both locked. Raises NotFound, also for another shop's."""
    mine = Delivery.objects.visible_to(actor).filter(public_id=delivery_id)
    order_pk: int | None = mine.values_list("order_id", flat=True).first()
    if order_pk is None:
        raise NotFound("没有这次发货", "There is no such delivery")
    order = held_order(actor, order_pk)
    found: Delivery = mine.select_for_update(of=("self",), no_key=True).get()
    return found, order


def live(actor: Actor, delivery: Delivery) -> list[Allocation]:
    """Return the places of a delivery that have a card, in order."""
    rows = Allocation.objects.visible_to(actor).filter(delivery=delivery, released_at=None)
    return list(rows.order_by("position"))


def end_links(actor: Actor, delivery: Delivery, at: datetime) -> bool:
    """End the claim link of a delivery that is held; tell whether there was one that had not been ended."""
    live = ClaimLink.objects.visible_to(actor).filter(delivery=delivery, revoked_at=None)
    return bool(live.update(revoked_at=at, revoked_by=actor.label[:80]))
