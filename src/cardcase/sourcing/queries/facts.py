"""Filling in what the rules about buying ask for, for many purchases in a fixed number of questions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count, Q, Sum

from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.kit import clock
from cardcase.sourcing import datafiles
from cardcase.sourcing.models import Purchase, SourceDocument
from cardcase.sourcing.rules.legality import BoughtCard, PurchaseFacts
from cardcase.staff.rules import Actor

_CARD: Final = ("face_fen", "cost_fen", "region", "expires_on")
"""What the rules ask of a bought card."""


def day_of(moment: datetime) -> date:
    """Return the day on which a moment fell where the marketplaces are."""
    return moment.astimezone(clock.SHANGHAI).date()


def bought_on(batch: CardBatch) -> date:
    """Return the day of a purchase; when nobody told, the day on which it came into the books."""
    return batch.acquired_on or day_of(batch.created_at)


def cost_of(card: Card, batch: CardBatch) -> int | None:
    """Return what a card cost: its own figure, else the batch's unit cost."""
    return card.cost_fen if card.cost_fen is not None else batch.unit_cost_fen


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


def has_identity(supplier: Supplier | None) -> bool:
    """Tell whether the books say who a supplier is: a legal name and the number of an identity."""
    return supplier is not None and bool(supplier.legal_name and supplier.id_sealed)


def window_of(actor: Actor, applies_to: str) -> timedelta:
    """Return how far back the shop's rules look among the other purchases (or sales): the longest ``days`` of any."""
    rules = datafiles.legality(actor).records.values()
    days = [rule.params.get("days", 0) for rule in rules if rule.applies_to == applies_to]
    return timedelta(days=max(days, default=0))


def purchase_facts(actor: Actor, batch: CardBatch) -> PurchaseFacts:
    """Return a purchase as the rules ask about it."""
    return purchases(actor, [batch])[batch.pk]


def purchases(actor: Actor, batches: Sequence[CardBatch]) -> dict[int, PurchaseFacts]:
    """Return the same for several purchases, by row id, in half a dozen questions."""
    keys = [batch.pk for batch in batches]
    told = {one.batch_id: one for one in Purchase.objects.visible_to(actor).filter(batch__in=keys)}
    givers = {batch.supplier_id for batch in batches if batch.supplier_id is not None}
    suppliers = Supplier.objects.visible_to(actor).in_bulk(sorted(givers))
    papers = _papers(actor, keys, givers)
    bought = _cards(actor, batches)
    sums = totals(actor, batches, told)
    others = _others(actor, givers)
    window = window_of(actor, "purchase")
    found = {}
    for batch in batches:
        purchase, supplier = told.get(batch.pk), suppliers.get(batch.supplier_id)
        mine = papers[batch.pk, None] + (papers[None, batch.supplier_id] if supplier else [])
        own = {paper.kind for paper in papers[batch.pk, None]}
        on = bought_on(batch)
        found[batch.pk] = PurchaseFacts(
            on=on,
            cards=bought[batch.pk],
            total_fen=sums[batch.pk],
            card_kind=purchase.card_kind if purchase else "",
            is_named=purchase.is_named if purchase else None,
            paid_by=purchase.paid_by if purchase else "",
            payer_kind=purchase.payer_kind if purchase else "",
            is_third_party_paid=purchase.is_third_party_paid if purchase else None,
            has_supplier=supplier is not None,
            supplier_channel=supplier.channel if supplier else "unknown",
            has_supplier_identity=has_identity(supplier),
            supplier_suspended_on=day_of(supplier.suspended_at) if supplier and supplier.suspended_at else None,
            authorisations=tuple(
                (paper.valid_from or paper.issued_on, paper.valid_until)
                for paper in mine
                if paper.kind == "authorisation"
            ),
            has_receipt=bool(batch.proof_sha256 or own & {"invoice", "receipt"}),
            has_id_check="id_check" in own,
            others=tuple(
                (day, sum_fen)
                for pk, day, sum_fen in others.get(batch.supplier_id, ())
                if pk != batch.pk and on - window < day <= on
            ),
        )
    return found


def _papers(
    actor: Actor, batches: Sequence[int], suppliers: set[int]
) -> Mapping[tuple[int | None, int | None], list[SourceDocument]]:
    """Return the papers that count by what they belong to: (batch, None) or (None, supplier)."""
    rows = SourceDocument.objects.visible_to(actor).filter(superseded_at=None)
    rows = rows.filter(Q(batch__in=batches) | Q(supplier__in=suppliers)).defer("body_sealed").order_by("pk")
    found: dict[tuple[int | None, int | None], list[SourceDocument]] = defaultdict(list)
    for paper in rows:
        found[paper.batch_id, paper.supplier_id].append(paper)
    return found


def _cards(actor: Actor, batches: Sequence[CardBatch]) -> Mapping[int, tuple[BoughtCard, ...]]:
    """Return what was bought in each batch. Equal cards are one value, as often as there are such cards."""
    units = {batch.pk: batch.unit_cost_fen for batch in batches}
    rows = Card.objects.visible_to(actor).filter(batch__in=list(units)).order_by()
    found: dict[int, list[BoughtCard]] = defaultdict(list)
    for batch, face, cost, region, expires, count in rows.values_list("batch_id", *_CARD).annotate(n=Count("pk")):
        price = cost if cost is not None else units[batch]
        one = BoughtCard(face_fen=face, cost_fen=price, region=region, expires_on=expires)
        found[batch] += [one] * count
    return defaultdict(tuple, {batch: tuple(sorted(cards, key=repr)) for batch, cards in found.items()})


def totals(actor: Actor, batches: Sequence[CardBatch], told: Mapping[int, Purchase]) -> dict[int, int | None]:
    """Return the sum of each purchase: as the papers say, else what its cards cost, else None."""
    rows = Card.objects.visible_to(actor).filter(batch__in=[batch.pk for batch in batches]).order_by()
    counted = rows.values_list("batch_id").annotate(n=Count("pk"), known=Count("cost_fen"), sum=Sum("cost_fen"))
    costs = {batch: (n, known, total or 0) for batch, n, known, total in counted}
    found: dict[int, int | None] = {}
    for batch in batches:
        purchase = told.get(batch.pk)
        n, known, total = costs.get(batch.pk, (0, 0, 0))
        if purchase is not None and purchase.total_fen is not None:
            found[batch.pk] = purchase.total_fen
        elif n == 0 or (known < n and batch.unit_cost_fen is None):
            found[batch.pk] = None
        else:
            found[batch.pk] = total + (n - known) * (batch.unit_cost_fen or 0)
    return found


def _others(actor: Actor, suppliers: set[int]) -> Mapping[int | None, list[tuple[int, date, int]]]:
    """Return every purchase from some suppliers whose sum is known: row id, day and sum, oldest first."""
    batches = list(CardBatch.objects.visible_to(actor).filter(supplier__in=suppliers).order_by("pk"))
    told = {one.batch_id: one for one in Purchase.objects.visible_to(actor).filter(batch__supplier__in=suppliers)}
    sums = totals(actor, batches, told)
    found: dict[int | None, list[tuple[int, date, int]]] = defaultdict(list)
    for batch in batches:
        total = sums[batch.pk]
        if total is not None:
            found[batch.supplier_id].append((batch.pk, bought_on(batch), total))
    return {giver: sorted(rows, key=lambda row: (row[1], row[0])) for giver, rows in found.items()}
