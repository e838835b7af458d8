"""Filling in what the rules about selling ask for, for many orders in a fixed number of questions."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q

from cardcase.cards.models import Card, Reveal
from cardcase.cases.models import Case
from cardcase.cases.rules.states import Outcome
from cardcase.connectors.ports import RefundState
from cardcase.kit.errors import NotFound
from cardcase.orders import queries as orders
from cardcase.orders.models import Order, Refund
from cardcase.sourcing.models import Purchase, SaleSignal
from cardcase.sourcing.rules.legality import SaleFacts, SoldCard
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from .facts import day_of, window_of


def order_by_no(actor: Actor, order_no: str) -> Order:
    """Return an order by the channel's number. Raises NotFound, also for another shop's."""
    found: Order | None = orders.order_by_no(actor, order_no.strip())
    if found is None:
        raise NotFound("没有这个订单号", "There is no order of this number")
    return found


def sale_facts(actor: Actor, order: Order) -> SaleFacts | None:
    """Return a sale as the rules ask about it; None while it is not paid."""
    return sales(actor, [order]).get(order.pk)


def sales(actor: Actor, rows: Sequence[Order]) -> dict[int, SaleFacts]:
    """Return the same for several orders, by row id, in nine questions; unpaid ones are left out."""
    paid = [(order, order.paid_at) for order in rows if order.paid_at is not None]
    keys = [order.pk for order, _ in paid]
    cards = _sold_cards(actor, keys)
    buyers = _buyers(actor, {order.buyer_id for order, _ in paid if order.buyer_id is not None})
    asked = _refunds_asked(actor, keys)
    signals: dict[int, set[str]] = defaultdict(set)
    payers: dict[int, set[str]] = defaultdict(set)
    noted = SaleSignal.objects.visible_to(actor).filter(order__in=keys)
    for order_id, kind, payer in noted.values_list("order_id", "kind", "payer_digest"):
        signals[order_id].add(kind)
        payers[order_id] |= {payer} - {""}
    is_pro, window = staff.shop_of(actor).is_pro, window_of(actor, "sale")
    found = {}
    for order, paid_at in paid:
        buyer = buyers.get(order.buyer_id) or _Buyer()
        before = bisect_left(buyer.moments, paid_at)
        first, last = bisect_right(buyer.moments, paid_at - window), bisect_right(buyer.moments, paid_at)
        found[order.pk] = SaleFacts(
            on=day_of(paid_at),
            paid_at=paid_at,
            delivered_at=order.delivered_at,
            is_pro=is_pro,
            total_fen=order.paid_fen if order.paid_fen is not None else order.total_fen,
            cards=tuple(cards.get(order.pk, ())),
            others=tuple(
                (buyer.moments[at], buyer.sums[at]) for at in range(first, last) if buyer.orders[at] != order.pk
            ),
            orders_before=before,
            refunds_before=buyer.refunds[before] if buyer.refunds else 0,
            refund_asked_at=asked.get(order.pk),
            payers=len(payers[order.pk] | buyer.payers),
            signals=frozenset(signals[order.pk]),
        )
    return found


@dataclass(slots=True)
class _Buyer:
    """One buyer's paid orders, oldest first, in columns; ``refunds`` counts those before each that were asked back."""

    orders: list[int] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)
    payers: set[str] = field(default_factory=set)


def _buyers(actor: Actor, buyer_ids: set[int]) -> Mapping[int | None, _Buyer]:
    rows = Order.objects.visible_to(actor).filter(buyer_id__in=buyer_ids, paid_at__isnull=False)
    told = Refund.objects.visible_to(actor).filter(order__buyer_id__in=buyer_ids, is_shadow=False)
    asked = set(told.exclude(state=RefundState.NONE.value).values_list("order_id", flat=True))
    found: dict[int | None, _Buyer] = defaultdict(_Buyer)
    columns = ("buyer_id", "pk", "paid_at", "paid_fen", "total_fen")
    for buyer_id, order_id, paid_at, paid_fen, total_fen in rows.order_by("paid_at", "pk").values_list(*columns):
        buyer = found[buyer_id]
        buyer.refunds = buyer.refunds or [0]
        buyer.orders.append(order_id)
        buyer.moments.append(paid_at)
        buyer.sums.append(paid_fen or total_fen or 0)
        buyer.refunds.append(buyer.refunds[-1] + (order_id in asked))
    noted = SaleSignal.objects.visible_to(actor).filter(order__buyer_id__in=buyer_ids).exclude(payer_digest="")
    for buyer_id, payer in noted.filter(order__paid_at__isnull=False).values_list("order__buyer_id", "payer_digest"):
        found[buyer_id].payers.add(payer)
    return found


def _refunds_asked(actor: Actor, keys: Sequence[int]) -> dict[int, datetime]:
    """Return when each order's money was first asked back."""
    rows = Refund.objects.visible_to(actor).filter(order__in=keys, is_shadow=False, applied_at__isnull=False)
    rows = rows.exclude(state=RefundState.NONE.value).order_by("-applied_at")
    return dict(rows.values_list("order_id", "applied_at"))  # the earliest comes last and stays


def _sold_cards(actor: Actor, keys: Sequence[int]) -> Mapping[int, list[SoldCard]]:
    """Return what each order got: bound to it, or read by its buyer. A merged case is no dispute of its own."""
    to_buyer = Reveal.objects.visible_to(actor).filter(order__in=keys, to="buyer").order_by("-pk")
    shown = {(order, card): at for order, card, at in to_buyer.values_list("order_id", "card_id", "revealed_at")}
    rows = Card.objects.visible_to(actor).filter(Q(order__in=keys) | Q(pk__in={card for _, card in shown}))
    cards = {card.pk: card for card in rows.defer("code_sealed", "number_sealed").order_by("pk")}
    about = Case.objects.visible_to(actor).filter(card_id__in=list(cards)).exclude(outcome=Outcome.MERGED.value)
    cases = dict(about.order_by().values_list("card_id").annotate(n=Count("pk")))
    batches = {card.batch_id for card in cards.values() if card.batch_id is not None}
    bought = {one.batch_id: one for one in Purchase.objects.visible_to(actor).filter(batch_id__in=batches)}
    wanted = set(keys)
    bound = {(card.order_id, card.pk) for card in cards.values() if card.order_id in wanted}
    found: dict[int, list[SoldCard]] = defaultdict(list)
    for order_id, card_id in sorted(bound | set(shown)):
        card = cards[card_id]
        purchase = bought.get(card.batch_id)
        found[order_id].append(
            SoldCard(
                card=card.public_id,
                face_fen=card.face_fen,
                region=card.region,
                form=card.form,
                card_kind=purchase.card_kind if purchase else "",
                issuer_place=purchase.issuer_place if purchase else "",
                stocked_at=card.acquired_at if card.batch_id is not None else None,
                revealed_at=shown.get((order_id, card_id)),
                redeemed_at=card.redeemed_at,
                disputes=cases.get(card_id, 0),
            )
        )
    return found
