"""What the buyer's other orders say about a claim, for several claims in at most three questions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardcase.cases.models import Case
from cardcase.connectors.ports import OrderState, RefundState
from cardcase.orders.models import Order, Refund
from cardcase.staff.rules import Actor

SAME_PURCHASE: Final = timedelta(days=1)
"""Two equal orders of one buyer paid within this time may be one purchase made twice (E23). Judgement."""

_TWINS: Final = 5
"""Orders that look like the same purchase and are named."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One claim and the kinds of evidence that matter for its reason.

    Earlier orders count for the buyer when they were paid between ``quiet_from`` and ``quiet_to``.
    """

    case: Case
    wanted: frozenset[str]
    quiet_from: datetime
    quiet_to: datetime


def about_buyers(actor: Actor, asked: Sequence[Asked]) -> Mapping[int, dict[str, Any]]:
    """Return, by case (row id), the buyer's earlier quiet orders and other claims, and orders like the same one twice.

    Only what matters for a reason is asked of the database; an order whose buyer is unknown has nothing.
    """
    known = [one for one in asked if one.case.order.buyer_id is not None]
    told: dict[int, dict[str, Any]] = {one.case.pk: {} for one in asked}
    _count_quiet(actor, [one for one in known if "E19" in one.wanted], told)
    _count_claims(actor, [one for one in known if "E21" in one.wanted], told)
    _find_twins(
        actor,
        [
            one
            for one in known
            if "E23" in one.wanted and one.case.order.paid_at is not None and one.case.order.listing_id
        ],
        told,
    )
    return told


def _buyers(asked: Iterable[Asked]) -> list[int]:
    return sorted({one.case.order.buyer_id for one in asked if one.case.order.buyer_id is not None})


def _count_quiet(actor: Actor, asked: Sequence[Asked], told: Mapping[int, dict[str, Any]]) -> None:
    if not asked:
        return
    rows = Order.objects.visible_to(actor).filter(
        buyer_id__in=_buyers(asked),
        state=OrderState.COMPLETED.value,
        refund_state__in=["", RefundState.NONE.value],
        paid_at__gte=min(one.quiet_from for one in asked),
        paid_at__lte=max(one.quiet_to for one in asked),
    )
    paid: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for buyer, pk, paid_at in rows.values_list("buyer_id", "pk", "paid_at"):
        paid[buyer].append((pk, paid_at))
    for one in asked:
        mine = [(pk, at) for pk, at in paid[one.case.order.buyer_id or 0] if pk != one.case.order_id]
        told[one.case.pk]["undisputed_orders"] = sum(one.quiet_from <= at <= one.quiet_to for _, at in mine)


def _count_claims(actor: Actor, asked: Sequence[Asked], told: Mapping[int, dict[str, Any]]) -> None:
    if not asked:
        return
    rows = Refund.objects.visible_to(actor).filter(order__buyer_id__in=_buyers(asked), is_shadow=False)
    claims = rows.exclude(state=RefundState.NONE.value).order_by().distinct()
    claimed: dict[int, set[int]] = defaultdict(set)
    for buyer, order in claims.values_list("order__buyer_id", "order_id"):
        claimed[buyer].add(order)
    for one in asked:
        told[one.case.pk]["other_claims"] = len(claimed[one.case.order.buyer_id or 0] - {one.case.order_id})


def _find_twins(actor: Actor, asked: Sequence[Asked], told: Mapping[int, dict[str, Any]]) -> None:
    moments = [one.case.order.paid_at for one in asked if one.case.order.paid_at is not None]
    if not moments:
        return
    rows = Order.objects.visible_to(actor).filter(
        buyer_id__in=_buyers(asked),
        paid_at__gte=min(moments) - SAME_PURCHASE,
        paid_at__lte=max(moments) + SAME_PURCHASE,
    )
    like: dict[tuple[int, int, int | None], list[tuple[datetime, int, str]]] = defaultdict(list)
    for buyer, listing, paid_fen, *rest in rows.order_by("paid_at", "pk").values_list(
        "buyer_id", "listing_id", "paid_fen", "paid_at", "pk", "order_no"
    ):
        like[buyer, listing, paid_fen].append((rest[0], rest[1], rest[2]))
    for one in asked:
        order, paid_at = one.case.order, one.case.order.paid_at
        if paid_at is None or order.buyer_id is None or order.listing_id is None:
            continue
        told[one.case.pk]["duplicate_orders"] = tuple(
            order_no
            for at, pk, order_no in like[order.buyer_id, order.listing_id, order.paid_fen]
            if pk != order.pk and abs(at - paid_at) <= SAME_PURCHASE
        )[:_TWINS]
