"""Filling in what the rules about buying and selling ask for, and seeing what has changed since they were asked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum

from cardcase.cards.models import Card, CardBatch, Reveal, Supplier
from cardcase.cases.models import Case
from cardcase.cases.rules.states import Outcome
from cardcase.connectors.ports import RefundState
from cardcase.kit import clock
from cardcase.orders.models import Order, Refund
from cardcase.sourcing import datafiles
from cardcase.sourcing.models import Judged, Purchase, SaleSignal, SourceDocument
from cardcase.sourcing.rules.legality import BoughtCard, PurchaseFacts, SaleFacts, SoldCard
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

LOOKS_BACK: Final = timedelta(days=90)
"""How far back paid orders are looked at again when something changes: disputes end long before. Our own choice."""


def day_of(moment: datetime) -> date:
    """Return the day on which a moment fell where the marketplaces are."""
    return moment.astimezone(clock.SHANGHAI).date()


def bought_on(batch: CardBatch) -> date:
    """Return the day of a purchase; when nobody told, the day on which it came into the books."""
    return batch.acquired_on or day_of(batch.created_at)


def cost_of(card: Card, batch: CardBatch) -> int | None:
    """Return what a card cost: its own figure, else the batch's unit cost."""
    return card.cost_fen if card.cost_fen is not None else batch.unit_cost_fen


def total_of(actor: Actor, batch: CardBatch, purchase: Purchase | None) -> int | None:
    """Return the sum of a purchase: as the papers say, else what its cards cost, else None."""
    if purchase is not None and purchase.total_fen is not None:
        return purchase.total_fen
    costs = Card.objects.visible_to(actor).filter(batch=batch).values_list("cost_fen", flat=True)
    known = [cost if cost is not None else batch.unit_cost_fen for cost in costs]
    return sum(cost for cost in known if cost is not None) if known and None not in known else None


def purchase_of(actor: Actor, batch: CardBatch) -> Purchase | None:
    """Return what was told of the purchase of a batch."""
    found: Purchase | None = Purchase.objects.visible_to(actor).filter(batch=batch).first()
    return found


def papers_that_count(actor: Actor, batch: CardBatch) -> list[SourceDocument]:
    """Return the papers of a batch and of its supplier that were not superseded."""
    mine = Q(batch=batch)
    if batch.supplier_id is not None:
        mine |= Q(supplier_id=batch.supplier_id)
    rows = SourceDocument.objects.visible_to(actor).filter(mine, superseded_at=None)
    return list(rows.defer("body_sealed").order_by("pk"))


def purchase_facts(actor: Actor, batch: CardBatch) -> PurchaseFacts:
    """Return a purchase as the rules ask about it."""
    purchase = purchase_of(actor, batch)
    supplier: Supplier | None = Supplier.objects.visible_to(actor).filter(pk=batch.supplier_id).first()
    papers = papers_that_count(actor, batch)
    own = {paper.kind for paper in papers if paper.batch_id == batch.pk}
    cards = Card.objects.visible_to(actor).filter(batch=batch).defer("code_sealed", "number_sealed").order_by("pk")
    on = bought_on(batch)
    return PurchaseFacts(
        on=on,
        cards=tuple(
            BoughtCard(
                card=card.public_id,
                face_fen=card.face_fen,
                cost_fen=cost_of(card, batch),
                region=card.region,
                expires_on=card.expires_on,
            )
            for card in cards
        ),
        total_fen=total_of(actor, batch, purchase),
        card_kind=purchase.card_kind if purchase else "",
        is_named=purchase.is_named if purchase else None,
        paid_by=purchase.paid_by if purchase else "",
        payer_kind=purchase.payer_kind if purchase else "",
        is_third_party_paid=purchase.is_third_party_paid if purchase else None,
        issuer_place=purchase.issuer_place if purchase else "",
        has_supplier=supplier is not None,
        supplier_channel=supplier.channel if supplier else "unknown",
        has_supplier_identity=has_identity(supplier),
        supplier_suspended_on=day_of(supplier.suspended_at) if supplier and supplier.suspended_at else None,
        authorisations=tuple(
            (paper.valid_from, paper.valid_until) for paper in papers if paper.kind == "authorisation"
        ),
        has_receipt=bool(batch.proof_sha256 or own & {"invoice", "receipt"}),
        has_id_check="id_check" in own or "contract" in own,
        others=_other_purchases(actor, batch, on),
    )


def has_identity(supplier: Supplier | None) -> bool:
    """Tell whether the books say who a supplier is: a legal name and the number of an identity."""
    return supplier is not None and bool(supplier.legal_name and supplier.id_sealed)


def _other_purchases(actor: Actor, batch: CardBatch, on: date) -> tuple[tuple[date, int], ...]:
    if batch.supplier_id is None:
        return ()
    near = CardBatch.objects.visible_to(actor).filter(
        supplier_id=batch.supplier_id, acquired_on__gt=on - timedelta(days=31), acquired_on__lte=on
    )
    found = []
    for other in near.exclude(pk=batch.pk).order_by("pk"):
        total = total_of(actor, other, purchase_of(actor, other))
        if total is not None and other.acquired_on is not None:
            found.append((other.acquired_on, total))
    return tuple(found)


def sale_facts(actor: Actor, order: Order) -> SaleFacts | None:
    """Return a sale as the rules ask about it; None while it is not paid."""
    if order.paid_at is None:
        return None
    cards = _sold_cards(actor, order)
    others = _paid_orders(actor, order)
    before = [row for row in others if row.paid_at is not None and row.paid_at < order.paid_at]
    refunds = Refund.objects.visible_to(actor).filter(is_shadow=False).exclude(state=RefundState.NONE.value)
    asked = refunds.filter(order=order, applied_at__isnull=False).order_by("applied_at").first()
    signals = SaleSignal.objects.visible_to(actor).filter(order__in=[order.pk, *(row.pk for row in others)])
    payers = set(signals.exclude(payer_digest="").values_list("payer_digest", flat=True))
    return SaleFacts(
        on=day_of(order.paid_at),
        paid_at=order.paid_at,
        delivered_at=order.delivered_at,
        is_pro=staff.shop_of(actor).is_pro,
        total_fen=order.paid_fen if order.paid_fen is not None else order.total_fen,
        cards=cards,
        others=tuple(
            (row.paid_at, row.paid_fen or row.total_fen or 0, row.quantity or 1) for row in others if row.paid_at
        ),
        orders_before=len(before),
        refunds_before=refunds.filter(order__in=[row.pk for row in before]).values("order_id").distinct().count(),
        refund_asked_at=asked.applied_at if asked else None,
        payers=len(payers),
        signals=frozenset(signals.filter(order=order).values_list("kind", flat=True)),
    )


def _paid_orders(actor: Actor, order: Order) -> Sequence[Order]:
    """Return the buyer's other paid orders, oldest first."""
    if order.buyer_id is None:
        return []
    rows = Order.objects.visible_to(actor).filter(buyer_id=order.buyer_id, paid_at__isnull=False)
    return list(rows.exclude(pk=order.pk).order_by("paid_at", "pk"))


def _sold_cards(actor: Actor, order: Order) -> tuple[SoldCard, ...]:
    to_buyer = Reveal.objects.visible_to(actor).filter(order=order, to="buyer")
    shown = dict(to_buyer.order_by("-pk").values_list("card_id", "revealed_at"))
    rows = Card.objects.visible_to(actor).filter(Q(order=order) | Q(pk__in=list(shown))).order_by("pk")
    cards = list(rows.defer("code_sealed", "number_sealed"))
    about = Case.objects.visible_to(actor).filter(card_id__in=[card.pk for card in cards])
    cases = dict(about.exclude(outcome=Outcome.MERGED.value).order_by().values_list("card_id").annotate(n=Count("pk")))
    bought = {
        one.batch_id: one
        for one in Purchase.objects.visible_to(actor).filter(batch_id__in={card.batch_id for card in cards})
    }
    return tuple(
        SoldCard(
            card=card.public_id,
            face_fen=card.face_fen,
            region=card.region,
            form=card.form,
            card_kind=bought[card.batch_id].card_kind if card.batch_id in bought else "",
            issuer_place=bought[card.batch_id].issuer_place if card.batch_id in bought else "",
            stocked_at=card.acquired_at if card.batch_id is not None else None,
            revealed_at=shown.get(card.pk),
            redeemed_at=card.redeemed_at,
            disputes=cases.get(card.pk, 0),
        )
        for card in cards
    )


# --- What changed -----------------------------------------------------------------------------------------------------


def batch_stamp(actor: Actor, batch_id: str) -> str:
    """Return what a batch looks like to the rules now, as a digest."""
    return _batch_stamps(actor, [batch_id]).get(batch_id, "")


def order_stamp(actor: Actor, order_id: str) -> str:
    """Return what an order looks like to the rules now, as a digest."""
    return _order_stamps(actor, Order.objects.visible_to(actor).filter(public_id=order_id)).get(order_id, "")


def changed_batches(actor: Actor, *, limit: int) -> list[str]:
    """Return the batches that look other than when the rules were asked last, the newest first."""
    ids = list(CardBatch.objects.visible_to(actor).order_by("-pk").values_list("public_id", flat=True))
    return _changed(actor, _batch_stamps(actor, ids), limit)


def changed_orders(actor: Actor, *, at: datetime, limit: int) -> list[str]:
    """Return the paid orders of the last 90 days that look other than when the rules were asked last."""
    rows = Order.objects.visible_to(actor).filter(paid_at__gte=at - LOOKS_BACK).order_by("-paid_at")
    return _changed(actor, _order_stamps(actor, rows), limit) if limit > 0 else []


def _changed(actor: Actor, stamps: dict[str, str], limit: int) -> list[str]:
    judged = dict(Judged.objects.visible_to(actor).values_list("subject", "stamp"))
    return [subject for subject, stamp in stamps.items() if judged.get(subject) != stamp][:limit]


def _batch_stamps(actor: Actor, ids: Iterable[str]) -> dict[str, str]:
    version = datafiles.legality(actor).header.version
    rows = CardBatch.objects.visible_to(actor).filter(public_id__in=list(ids)).order_by("-pk")
    counted = rows.annotate(
        n=Count("cards", distinct=True),
        papers=Count("documents", distinct=True),
        gone=Count("documents__superseded_at"),
    )
    told = ("supplier_id", "supplier__channel", "supplier__status", "supplier__legal_name", "supplier__id_tail4")
    own = ("acquired_on", "unit_cost_fen", "proof_sha256", "n", "papers", "gone")
    bought = ("card_kind", "is_named", "paid_by", "payer_kind", "is_third_party_paid", "issuer_place", "total_fen")
    columns = (*told, *own, *(f"purchase__{name}" for name in bought))
    of_supplier = dict(
        SourceDocument.objects.visible_to(actor)
        .filter(supplier__isnull=False, superseded_at=None)
        .order_by()
        .values_list("supplier_id")
        .annotate(n=Count("pk"))
    )
    costs = dict(rows.values_list("public_id").annotate(sum=Sum("cards__cost_fen")))
    return {
        public_id: _digest(version, *values, of_supplier.get(values[0]), costs.get(public_id))
        for public_id, *values in counted.values_list("public_id", *columns)
    }


def _order_stamps(actor: Actor, rows: QuerySet[Order]) -> dict[str, str]:
    book, shop = datafiles.legality(actor).header.version, staff.shop_of(actor)
    counted = rows.annotate(
        n=Count("cards", distinct=True),
        used=Count("cards__redeemed_at", distinct=True),
        asked=Count("refunds", distinct=True),
        disputed=Count("cards__cases", distinct=True),
        noted=Count("sale_signals", distinct=True),
    )
    columns = ("state", "refund_state", "paid_at", "paid_fen", "refund_fen", "n", "used", "asked", "disputed", "noted")
    return {
        public_id: _digest(book, shop.is_pro, *values)
        for public_id, *values in counted.values_list("public_id", *columns)
    }


def _digest(*values: object) -> str:
    return sha256("|".join(map(str, values)).encode()).hexdigest()
