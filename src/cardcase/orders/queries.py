"""Reads of orders, refunds and buyers, always for an actor and in the actor's shop."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cardcase.connectors.ports import OrderState, RefundState
from cardcase.staff.rules import Actor

from .models import Order, Refund
from .rules.reading import MADE_UP, OPEN_REFUNDS

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BuyerHistory:
    """How a buyer's orders went so far. ``undisputed`` are completed orders without any refund."""

    orders: int
    undisputed: int
    refunds: int
    refunds_open: int
    refunds_paid: int


def order_by_no(actor: Actor, order_no: str, *, channel: str = "") -> Order | None:
    """Return the order with this number, on any channel unless one is named; the one seen last of several."""
    found = Order.objects.visible_to(actor).filter(order_no=order_no.strip())
    if channel:
        found = found.filter(channel=channel)
    order: Order | None = found.select_related("buyer", "listing").order_by("-pk").first()
    return order


def order_by_id(actor: Actor, public_id: str) -> Order | None:
    """Return the order with this public id."""
    order: Order | None = (
        Order.objects.visible_to(actor).filter(public_id=public_id).select_related("buyer", "listing").first()
    )
    return order


def orders_by_nos(actor: Actor, order_nos: Iterable[str]) -> Mapping[str, Order]:
    """Return the known ones of these order numbers, in a few queries for thousands of them."""
    wanted = sorted({order_no.strip() for order_no in order_nos})
    found: dict[str, Order] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        chunk = wanted[start : start + _AT_ONCE]
        rows = Order.objects.visible_to(actor).filter(order_no__in=chunk).select_related("buyer", "listing")
        found.update({order.order_no: order for order in rows.order_by("pk")})
    return found


def orders_by_pks(actor: Actor, pks: Iterable[int]) -> list[Order]:
    """Return the orders with these row ids, in the order of their ids."""
    wanted = sorted(set(pks))
    found: list[Order] = []
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Order.objects.visible_to(actor).filter(pk__in=wanted[start : start + _AT_ONCE])
        found.extend(rows.select_related("buyer", "listing").order_by("pk"))
    return found


def orders_of_nicks(actor: Actor, nicks: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], list[Order]]:
    """Return the orders of buyers by channel and nick; several buyers may share one, so this is a hint, not a proof."""
    wanted = sorted({nick for _, nick in nicks if nick})
    found: dict[tuple[str, str], list[Order]] = defaultdict(list)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Order.objects.visible_to(actor).filter(buyer__nick__in=wanted[start : start + _AT_ONCE])
        for order in rows.select_related("buyer", "listing").order_by("pk"):
            found[order.channel, order.buyer.nick].append(order)
    return found


def orders_of_buyers(actor: Actor, buyer_ids: Iterable[int]) -> Mapping[int, list[Order]]:
    """Return the orders of these buyers (row ids), oldest first, by buyer."""
    found: dict[int, list[Order]] = defaultdict(list)
    wanted = sorted(set(buyer_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Order.objects.visible_to(actor).filter(buyer_id__in=wanted[start : start + _AT_ONCE])
        for order in rows.select_related("buyer", "listing").order_by("pk"):
            found[order.buyer_id].append(order)
    return found


def stand_ins_of(actor: Actor, buyer_ids: Iterable[int], nicks: Iterable[tuple[str, str]]) -> list[Order]:
    """Return the made-up orders that stand in for unknown ones of these buyers (row ids, or channel and nick)."""
    pks, names = sorted(set(buyer_ids)), sorted({nick for _, nick in nicks if nick})
    stands = Order.objects.visible_to(actor).filter(order_no__startswith=MADE_UP).select_related("buyer", "listing")
    found: dict[int, Order] = {}
    for column, wanted in (("buyer_id", pks), ("buyer__nick", names)):
        for start in range(0, len(wanted), _AT_ONCE):
            rows = stands.filter(**{f"{column}__in": wanted[start : start + _AT_ONCE]})
            found |= {order.pk: order for order in rows}
    return [found[pk] for pk in sorted(found)]


def has_orders(actor: Actor) -> bool:
    """Tell whether the shop knows any order."""
    return bool(Order.objects.visible_to(actor).exists())


def refunds_of(actor: Actor, order_ids: Iterable[int]) -> Mapping[int, list[Refund]]:
    """Return the refunds of these orders (row ids), oldest application first, by order."""
    found: dict[int, list[Refund]] = defaultdict(list)
    wanted = sorted(set(order_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Refund.objects.visible_to(actor).filter(order_id__in=wanted[start : start + _AT_ONCE], is_shadow=False)
        for refund in rows.select_related("order").order_by("applied_at", "pk"):
            found[refund.order_id].append(refund)
    return found


def open_refunds(actor: Actor) -> list[Refund]:
    """Return the refunds in which somebody still has to do something, the one that ends first in front."""
    rows = Refund.objects.visible_to(actor).filter(state__in=[state.value for state in OPEN_REFUNDS], is_shadow=False)
    found = list(rows.select_related("order", "order__buyer", "order__listing"))
    return sorted(found, key=lambda refund: (refund.timeout_at is None, refund.timeout_at or 0, refund.pk))


def buyer_history(actor: Actor, buyer_id: int) -> BuyerHistory:
    """Count a buyer's orders (row id of the buyer) and how they went."""
    orders = Order.objects.visible_to(actor).filter(buyer_id=buyer_id)
    refunds = Refund.objects.visible_to(actor).filter(order__buyer_id=buyer_id, is_shadow=False)
    states = list(refunds.exclude(state=RefundState.NONE.value).values_list("state", flat=True))
    quiet = orders.filter(state=OrderState.COMPLETED.value, refund_state__in=["", RefundState.NONE.value])
    return BuyerHistory(
        orders=orders.count(),
        undisputed=quiet.exclude(refunds__state__gt="").count(),
        refunds=len(states),
        refunds_open=sum(state in OPEN_REFUNDS for state in states),
        refunds_paid=states.count(RefundState.SUCCEEDED.value),
    )
