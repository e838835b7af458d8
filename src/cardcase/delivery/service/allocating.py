"""Which order gets which cards: all it asks for or none, and always the same ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.cards import masking
from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cards.models import Card
from cardcase.cards.rules import CardKind, CardState
from cardcase.cards.service.reveal import given_reason
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.delivery import queries, rules
from cardcase.delivery.models import Allocation, Delivery, ListingKind
from cardcase.delivery.queries import DeliveryView
from cardcase.delivery.rules import DeliveryState
from cardcase.kit import ids
from cardcase.kit.errors import Conflict, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

from . import rows

MOST: Final = 200
"""Cards that one order may get. Our own choice: a larger number is a slip of the finger."""


def allocate(
    actor: Actor, order_no: str, wanted: CardKind | None = None, quantity: int | None = None, *, at: datetime
) -> DeliveryView:
    """Keep cards for an order: all it asks for, or none. Asking again gives the same cards.

    ``wanted`` None: the kind that the seller has set for the listing; ``quantity`` None: what was ordered. A kept card
    that went into quarantine meanwhile, unseen, is exchanged. Raises Refused (out_of_stock, kind_unknown, blocked,
    stopped_by_order, delivered_elsewhere), Conflict for another kind or number than before, WrongUse.
    """
    actor.require(Permission.WORK)
    with transaction.atomic(), custody.together():
        return _allocate(actor, order_no, wanted, quantity, at=at)


def _allocate(
    actor: Actor, order_no: str, wanted: CardKind | None, quantity: int | None, *, at: datetime
) -> DeliveryView:
    order = rows.held_order_by_no(actor, order_no)
    known: Delivery | None = Delivery.objects.visible_to(actor).filter(order=order).first()
    if known is not None and known.state != DeliveryState.CANCELLED.value:
        _require_same(known, wanted, quantity)
        if known.state in (DeliveryState.ALLOCATED.value, DeliveryState.SHIPPED.value):
            _exchange_lost(actor, known, order, at=at)
        return queries.delivery(actor, known.public_id)
    kind = wanted or _meant(actor, order)
    _check_kind(kind)
    count = _count(order, quantity)
    _require_open(actor, order)
    made = known or Delivery(shop_id=actor.shop_id, order=order, public_id=ids.public_id("deliv"))
    made.brand, made.region, made.spec, made.form = kind.brand, kind.region, kind.spec, kind.form
    made.face_fen, made.quantity, made.state = kind.face_fen, count, DeliveryState.ALLOCATED.value
    made.allocated_at, made.allocated_by, made.cancelled_at = at, actor.label[:80], None
    made.save()
    taken = cards.take_for_order(actor, kind, count, order, at=at)
    _place(actor, made, taken, range(1, count + 1), at=at)
    _record(actor, made, order, taken, at=at)
    return queries.delivery(actor, made.public_id)


def cancel(actor: Actor, delivery_id: str, *, reason: str, at: datetime) -> DeliveryView:
    """Give the cards of an order back to the stock: nobody could read a code yet. Again: nothing happens.

    Raises Refused (given_out) once a code was cleared to be shown, NotFound, WrongUse without a reason.
    """
    actor.require(Permission.WORK)
    reason = given_reason(actor, reason)
    with transaction.atomic(), custody.together():
        return _cancel(actor, delivery_id, reason, at)


def _cancel(actor: Actor, delivery_id: str, reason: str, at: datetime) -> DeliveryView:
    delivery, order = rows.held(actor, delivery_id)
    if delivery.state == DeliveryState.CANCELLED.value:
        return queries.delivery(actor, delivery_id)
    if delivery.state != DeliveryState.ALLOCATED.value:
        raise Refused(
            "卡密已经发出或准许发出，不能取消分配",
            "The codes have left or were cleared to leave: the allocation cannot be cancelled",
            next=Text("在售后单里处理。", "Deal with it in a case."),
            code="given_out",
        )
    places = rows.live(actor, delivery)
    cards.give_back(actor, [place.card_id for place in places], order, reason=reason, at=at)
    Allocation.objects.visible_to(actor).filter(delivery=delivery, released_at=None).update(released_at=at)
    delivery.state, delivery.cancelled_at = DeliveryState.CANCELLED.value, at
    delivery.save(update_fields=["state", "cancelled_at"])
    rows.end_links(actor, delivery, at)
    facts: dict[str, custody.JSON] = {"order_no": order.order_no, "reason": reason, "by": actor.label}
    refs = {"order": order.public_id}
    custody.append(actor, Record("delivery.cancelled", delivery.public_id, at, facts, refs=refs))
    return queries.delivery(actor, delivery_id)


@transaction.atomic
def set_kind(actor: Actor, channel: str, item_id: str, sku_text: str, kind: CardKind, *, at: datetime) -> None:
    """Note which kind of card one specification of a listing is, by the seller's word; a later word replaces it.

    Orders that have cards keep them. Raises NotAllowed, WrongUse.
    """
    actor.require(Permission.MANAGE_CARDS)
    if not item_id.strip() or not channel.strip():
        raise WrongUse("要写明是哪个商品", "Name the listing")
    _check_kind(kind)
    told: dict[str, Any] = {
        "brand": kind.brand,
        "region": kind.region,
        "spec": kind.spec,
        "form": kind.form,
        "face_fen": kind.face_fen,
        "set_by": actor.label[:80],
        "set_at": at,
    }
    key = {"channel": channel.strip()[:20], "item_id": item_id.strip()[:40], "sku_text": sku_text.strip()[:200]}
    row, _ = ListingKind.objects.update_or_create(
        shop_id=actor.shop_id,
        channel=key["channel"],
        item_id=key["item_id"],
        sku_text=key["sku_text"],
        defaults=told,
        create_defaults={**told, "public_id": ids.public_id("listing")},
    )
    facts: dict[str, custody.JSON] = {**key, "kind": kind.title(), "by": actor.label}
    facts["sku_text"] = masking.mask_text(actor, key["sku_text"]).text
    custody.append(actor, Record("delivery.kind_set", row.public_id, at, facts))


def _check_kind(kind: CardKind) -> None:
    if not kind.brand.strip() or kind.face_fen <= 0 or kind.form not in ("code", "physical"):
        raise WrongUse(
            "要写明品牌和面值",
            "Name the brand and the face value",
            next=Text("照卡库里的写法填。", "Write them as the stock does."),
            code="kind_incomplete",
        )


def _meant(actor: Actor, order: Order) -> CardKind:
    meaning = queries.kind_of_order(actor, order)
    if meaning.kind is not None:
        return meaning.kind
    guess = meaning.guess.title() if meaning.guess else ""
    raise Refused(
        "还没有设定这个商品对应哪种卡" + (f"，可能是：{guess}" if guess else ""),
        "Which kind of card this listing is was not set yet" + (f"; perhaps: {guess}" if guess else ""),
        next=Text("选定品牌和面值，或设定商品与卡的对应。", "Choose brand and face value, or set it for the listing."),
        code="kind_unknown",
        guess=guess,
    )


def _count(order: Order, quantity: int | None) -> int:
    count = quantity if quantity is not None else order.quantity
    if count is None:
        raise WrongUse(
            "不知道订单买了几张",
            "How many were ordered is not known",
            next=Text("填写数量。", "Tell the quantity."),
            code="quantity_unknown",
        )
    if not 1 <= count <= MOST:
        raise WrongUse(f"数量要在 1 到 {MOST} 之间", f"The quantity lies between 1 and {MOST}", code="quantity_wrong")
    return count


def _require_same(known: Delivery, wanted: CardKind | None, quantity: int | None) -> None:
    if (wanted is not None and wanted != known.kind) or (quantity is not None and quantity != known.quantity):
        raise Conflict(
            f"这笔订单已经分配了 {known.quantity} 张 {known.kind.title()}",
            f"This order has got {known.quantity} of {known.kind.title()} already",
            next=Text("要换，请先取消分配。", "Cancel the allocation first to change it."),
            code="allocated_otherwise",
        )


def _require_open(actor: Actor, order: Order) -> None:
    """Keep no card for an order whose codes could not leave. Raises Refused."""
    blocks = queries.blocks_of(actor, order.pk)
    stop = rules.stopped_by_order(queries.order_facts(actor, order), is_person=True)
    reasons = [block.text for block in blocks] + ([stop] if stop else [])
    if reasons:
        way_out = Text("先处理完售后或退款。", "Settle the case or the refund first.")
        raise rules.refused(reasons, "blocked" if blocks else "stopped_by_order", way_out)
    if card_queries.displays(actor, order.pk) or Card.objects.visible_to(actor).filter(order=order).exists():
        raise Refused(
            "渠道说这笔订单已经发过卡",
            "By the channel's word this order was delivered already",
            next=Text("要换卡或补卡，请走售后单。", "A replacement goes through a case."),
            code="delivered_elsewhere",
        )


def _exchange_lost(actor: Actor, delivery: Delivery, order: Order, *, at: datetime) -> None:
    """Put another card in each place whose card is no longer kept for the order: quarantined, or taken away.

    Nobody could read it, so the buyer still gets one card only.
    """
    places = rows.live(actor, delivery)
    held = {card.pk: card for card in cards.hold(actor, [place.card_id for place in places])}
    lost = [place for place in places if not _is_kept(held[place.card_id], order)]
    if not lost:
        return
    cards.give_back(actor, [place.card_id for place in lost], order, reason="exchanged", at=at)
    gone = Allocation.objects.visible_to(actor).filter(pk__in=[place.pk for place in lost])
    gone.update(released_at=at)
    taken = cards.take_for_order(actor, delivery.kind, len(lost), order, at=at)
    _place(actor, delivery, taken, [place.position for place in lost], at=at)
    _record(actor, delivery, order, taken, at=at)


def send_others(actor: Actor, delivery: Delivery, order: Order, *, at: datetime) -> tuple[list[Card], list[Card]]:
    """Put another card in the place of each one that a carrier lost; return the lost and the new ones.

    The lost ones stay bound to the order and count as given out: nobody may sell what may lie in a stranger's hands.
    Delivery and order are locked. Raises Refused (out_of_stock).
    """
    places = rows.live(actor, delivery)
    lost = cards.hold(actor, [place.card_id for place in places])
    Allocation.objects.visible_to(actor).filter(pk__in=[place.pk for place in places]).update(released_at=at)
    taken = cards.take_for_order(actor, delivery.kind, len(places), order, at=at)
    _place(actor, delivery, taken, [place.position for place in places], at=at)
    _record(actor, delivery, order, taken, at=at)
    return lost, taken


def _is_kept(card: Card, order: Order) -> bool:
    return card.order_id == order.pk and card.state != CardState.QUARANTINED.value


def _place(actor: Actor, delivery: Delivery, taken: Sequence[Card], positions: Sequence[int], *, at: datetime) -> None:
    Allocation.objects.bulk_create(
        Allocation(
            shop_id=actor.shop_id,
            delivery=delivery,
            order_id=delivery.order_id,
            position=position,
            card=card,
            allocated_at=at,
        )
        for position, card in zip(positions, taken, strict=True)
    )


def _record(actor: Actor, delivery: Delivery, order: Order, taken: Sequence[Card], *, at: datetime) -> None:
    facts: dict[str, custody.JSON] = {
        "order_no": order.order_no,
        "kind": delivery.kind.title(),
        "quantity": delivery.quantity,
        "cards": [card.public_id for card in taken],
        "by": actor.label,
    }
    refs = {"order": order.public_id}
    custody.append(actor, Record("delivery.allocated", delivery.public_id, at, facts, refs=refs))
