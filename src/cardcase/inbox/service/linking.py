"""Which order a conversation is about."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.inbox.models import Conversation
from cardcase.inbox.rules.links import Link, is_stronger
from cardcase.orders import queries as order_queries
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

_AT_ONCE = 500


@transaction.atomic
def link_order(
    actor: Actor, conversation: Conversation, order: Order, *, at: datetime, how: Link = Link.NICK
) -> Conversation:
    """Hang a conversation on an order and write down how that is known. The same link again changes nothing.

    What a stronger source said stays, unless a person links by hand. Raises NotAllowed.
    """
    actor.require(Permission.WORK)
    row = Conversation.objects.visible_to(actor).select_for_update().get(pk=conversation.pk)
    same = row.order_id == order.pk and row.linked_how == how.value
    weaker = row.order_id is not None and how is not Link.HAND and not is_stronger(how, row.linked_how)
    if not (same or weaker):
        row.order_id, row.linked_how = order.pk, how.value
        if row.buyer_id is None:
            row.buyer_id = order.buyer_id
        row.save(update_fields=["order", "linked_how", "buyer"])
        facts: dict[str, custody.JSON] = {"order": order.public_id, "how": how.value}
        custody.append(actor, custody.Record("conversation.linked", row.public_id, at, facts))
    conversation.order_id, conversation.linked_how = row.order_id, row.linked_how
    return conversation


@transaction.atomic
def link_waiting(actor: Actor, orders: Sequence[Order], *, at: datetime) -> list[Conversation]:
    """Link conversations that waited for these orders: those that name one, and the buyer's about the same goods.

    Call it after orders came in; conversations usually arrive first. Returns the conversations that were linked.
    """
    actor.require(Permission.WORK)
    numbers = [order.order_no for order in orders]
    buyers = {order.buyer_id for order in orders if order.buyer_id is not None}
    weak = (Link.NONE.value, Link.MADE_UP.value, Link.NICK.value, Link.BUYER.value, Link.ITEM.value)
    waiting: dict[int, Conversation] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        rows = Conversation.objects.visible_to(actor).filter(linked_how__in=weak)
        waiting |= {row.pk: row for row in rows.filter(order_no__in=numbers[start : start + _AT_ONCE])}
    for start in range(0, len(buyers), _AT_ONCE):
        rows = Conversation.objects.visible_to(actor).filter(order__isnull=True).exclude(item_id="")
        waiting |= {row.pk: row for row in rows.filter(buyer_id__in=sorted(buyers)[start : start + _AT_ONCE])}
    linked = hang(actor, list(waiting.values()))
    Conversation.objects.bulk_update(linked, ["order", "linked_how", "buyer"], batch_size=_AT_ONCE)
    records = [
        custody.Record("conversation.linked", row.public_id, at, {"order": row.order.public_id, "how": row.linked_how})
        for row in linked
        if row.order is not None
    ]
    custody.append_many(actor, records)
    return linked


def hang(actor: Actor, conversations: Iterable[Conversation]) -> list[Conversation]:
    """Set order and ``linked_how`` on the rows whose order is now known; return those that changed. Saves nothing."""
    rows = list(conversations)
    named = order_queries.orders_by_nos(actor, {row.order_no for row in rows if row.order_no})
    by_goods = _by_goods(actor, [row for row in rows if row.buyer_id is not None and row.item_id])
    changed = []
    for row in rows:
        order, how = named.get(row.order_no), Link.ORDER_NO
        if order is None or order.channel != row.channel:
            order, how = by_goods.get((row.channel, row.buyer_id, row.item_id)), Link.ITEM
        if order is None or not (row.order_id is None or is_stronger(how, row.linked_how) or _moves(row, order, how)):
            continue
        row.order, row.linked_how = order, how.value
        row.buyer_id = row.buyer_id or order.buyer_id
        changed.append(row)
    return changed


def _moves(row: Conversation, order: Order, how: Link) -> bool:
    """Tell whether the channel now names a later order for a conversation that it had named one for."""
    return how is Link.ORDER_NO and row.linked_how == how.value and row.order_id != order.pk


def _by_goods(actor: Actor, rows: Sequence[Conversation]) -> dict[tuple[str, int | None, str], Order]:
    """Return the latest order of each buyer for each item, whatever came in first."""
    found: dict[tuple[str, int | None, str], Order] = {}
    buyers = sorted({row.buyer_id for row in rows if row.buyer_id is not None})
    items = {row.item_id for row in rows}
    for start in range(0, len(buyers), _AT_ONCE):
        orders = Order.objects.visible_to(actor).filter(buyer_id__in=buyers[start : start + _AT_ONCE])
        for order in orders.exclude(listing=None).select_related("listing"):
            item_id = order.listing.item_id if order.listing else ""
            key = (order.channel, order.buyer_id, item_id)
            if item_id in items and (key not in found or _age(order) > _age(found[key])):
                found[key] = order
    return found


def _age(order: Order) -> tuple[float, int, str]:
    moment = order.created_at or order.paid_at
    return (moment.timestamp() if moment else 0.0, len(order.order_no), order.order_no)
