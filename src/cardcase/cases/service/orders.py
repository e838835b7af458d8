"""Clocks that hang on an order or a batch of cards, not on a case: promised delivery, automatic receipt, supplier.

Their subjects are the order's and the batch's public ids, so that two cases of one order share them.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from cardcase.cases import queries
from cardcase.cases.models import Case
from cardcase.connectors.ports import OrderState
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.rules import ClockFacts, DeadlineKind, TimeRule, order_clocks, supplier_claim
from cardcase.kit import clock
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

_UNPAID = frozenset({OrderState.AWAITING_PAYMENT.value, OrderState.UNKNOWN.value})


@transaction.atomic
def follow_order(actor: Actor, order: Order, *, at: datetime) -> None:
    """Start the clock of a promised delivery, or stop it: delivered in time is met, too late is missed.

    Orders without a promise cost nothing. A promise whose time was up before Cardcase saw the order is a fact for the
    evidence, not a clock; the rules are those of the day of payment.
    """
    actor.require(Permission.WORK)
    support = order.service_support or (order.listing.service_support if order.listing else "")
    if order.paid_at is None or "FD_" not in support:
        return
    is_delivered = order.delivered_at is not None or order.state == OrderState.DELIVERED.value
    if order.state == OrderState.AWAITING_DELIVERY.value and not is_delivered:
        facts = ClockFacts(
            paid_at=order.paid_at,
            told_at=order.updated_at,
            service_support=tuple(code.strip() for code in support.split(",") if code.strip()),
        )
        rules = queries.time_rules(actor, order.paid_at.astimezone(clock.SHANGHAI).date())
        for spec in order_clocks(facts, rules, is_delivered=False):
            if spec.due_at > order.seen_at:
                deadlines.arm(actor, order.public_id, spec, at=at)
    elif is_delivered or order.state == OrderState.COMPLETED.value:
        acted_at = order.delivered_at or order.updated_at or at
        deadlines.meet(actor, order.public_id, DeadlineKind.DELIVERY_DUE, at=at, acted_at=min(acted_at, at))
    elif order.state not in _UNPAID:
        deadlines.void_all(actor, order.public_id, at=at, acted_at=order.updated_at or at)


def follow_receipt(actor: Actor, case: Case, facts: ClockFacts, known: Sequence[TimeRule], *, at: datetime) -> None:
    """Start or stop the clock of automatic receipt of an order: it runs while nobody applied for a refund."""
    order = case.order
    if order.delivered_at is None:
        return
    specs = order_clocks(facts, known, is_delivered=True) if case.is_open else []
    clocks = case.order_clocks or deadlines.in_hand(actor, [order.public_id])[order.public_id]
    for spec in specs:
        if spec.due_at > at:
            clocks.arm(spec, at=at)
    if not specs:
        acted_at = min(order.confirmed_at or facts.refund_applied_at or at, at)
        clocks.stop([DeadlineKind.AUTO_CONFIRM], "void", at=at, acted_at=acted_at)


def follow_batch(actor: Actor, case: Case, *, at: datetime) -> None:
    """Start the clock within which the supplier of the case's card still answers for it, by the terms of its batch.

    A claim on the supplier (``sourcing``) has this very clock: one window of one batch rings once. A card for which the
    claim was sent needs it no more.
    """
    card = case.card
    batch = card.batch if card is not None and card.batch_id is not None and case.is_open else None
    if card is None or batch is None or batch.claim_until is None or card.claimed_at is not None:
        return
    spec = supplier_claim(batch.claim_until, since=case.opened_at, zone=ZoneInfo(case.shop.time_zone))
    if spec.due_at > at:
        deadlines.arm(actor, batch.public_id, spec, at=at)
