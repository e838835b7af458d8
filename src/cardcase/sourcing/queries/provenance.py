"""How completely the books show where a batch or a card came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardcase.cards import queries as cards
from cardcase.cards.models import BalanceCheck, Card, CardBatch, Reveal, Supplier
from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.sourcing import datafiles
from cardcase.sourcing.models import SerialReport, SourceDocument
from cardcase.sourcing.rules.completeness import Completeness, ProvenanceFacts, judge
from cardcase.staff.rules import Actor

from .facts import cost_of, day_of, has_identity, papers_that_count, purchase_of

FRESH: Final = timedelta(hours=24)
"""How old a check may be when its card is handed over, as for readmitting one (``cards``). Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProvenance:
    """One card and how completely it is papered; ``completeness`` None: it came without a batch."""

    public_id: str
    masked: str
    brand: str
    batch_id: str
    batch_name: str
    completeness: Completeness | None


def batch_by_id(actor: Actor, batch_id: str) -> CardBatch:
    """Return a batch. Raises NotFound, also for another shop's."""
    rows = CardBatch.objects.visible_to(actor).select_related("supplier")
    found: CardBatch | None = rows.filter(public_id=batch_id).first()
    if found is None:
        raise NotFound("没有这个批次", "There is no such batch")
    return found


def completeness(actor: Actor, batch_id: str, *, at: datetime | None = None) -> Completeness:
    """Return how completely a batch is papered. Unsold cards' checks are fresh or not by ``at``, now if unsaid."""
    batch = batch_by_id(actor, batch_id)
    rows = Card.objects.visible_to(actor).filter(batch=batch).defer("code_sealed", "number_sealed")
    facts = _facts(actor, batch, list(rows), at or clock.now())
    return judge(facts, list(datafiles.items(actor).records.values()))


def card_completeness(actor: Actor, card_id: str, *, at: datetime | None = None) -> Completeness | None:
    """Return the same for one card: its own cost, checks and place on the list. None for a card without a batch."""
    card = cards.card(actor, card_id)
    if card.batch is None:
        return None
    facts = _facts(actor, card.batch, [card], at or clock.now(), is_of_card=True)
    return judge(facts, list(datafiles.items(actor).records.values()))


def card_provenance(actor: Actor, card_id: str, *, at: datetime | None = None) -> CardProvenance:
    """Return one card with its batch and its completeness, for its page. Raises NotFound."""
    card = cards.card(actor, card_id)
    batch = card.batch
    return CardProvenance(
        public_id=card.public_id,
        masked=f"‥{card.tail4}",
        brand=card.brand,
        batch_id=batch.public_id if batch else "",
        batch_name=batch.name if batch else "",
        completeness=card_completeness(actor, card_id, at=at),
    )


def _facts(
    actor: Actor, batch: CardBatch, some: Sequence[Card], at: datetime, *, is_of_card: bool = False
) -> ProvenanceFacts:
    supplier: Supplier | None = Supplier.objects.visible_to(actor).filter(pk=batch.supplier_id).first()
    papers = papers_that_count(actor, batch)
    own = [paper for paper in papers if paper.batch_id == batch.pk]
    kinds = {paper.kind for paper in own}
    shown = _shown_at(actor, batch)
    checked, fresh = _checked(actor, batch, some, shown, at)
    sold = [moment for card in some if (moment := shown.get(card.pk)) is not None]
    sums = [
        cost
        for card in Card.objects.visible_to(actor).filter(batch=batch)
        if (cost := cost_of(card, batch)) is not None
    ]
    count = Card.objects.visible_to(actor).filter(batch=batch).count()
    return ProvenanceFacts(
        cards=len(some),
        has_supplier=supplier is not None,
        channel=supplier.channel if supplier else "unknown",
        has_identity=has_identity(supplier),
        acquired_on=batch.acquired_on,
        first_sold_on=day_of(min(sold)) if sold else None,
        cost_known=sum(cost_of(card, batch) is not None for card in some),
        cost_fen=sum(sums) if sums and len(sums) == count else None,
        has_invoice="invoice" in kinds,
        has_receipt="receipt" in kinds or bool(batch.proof_sha256),
        has_payment="payment" in kinds,
        papers_fen=_papers_fen(actor, batch, own),
        listed=_listed(actor, batch, some if is_of_card else None),
        checked=checked,
        checked_fresh=fresh,
        has_claim_window=batch.claim_until is not None or (supplier is not None and supplier.claim_days is not None),
    )


def _papers_fen(actor: Actor, batch: CardBatch, papers: Sequence[SourceDocument]) -> int | None:
    """Return the sum on the papers: of invoices, else of receipts, else of payments, else as somebody typed it."""
    for kind in ("invoice", "receipt", "payment"):
        sums = [paper.amount_fen for paper in papers if paper.kind == kind and paper.amount_fen is not None]
        if sums:
            return sum(sums)
    purchase = purchase_of(actor, batch)
    return purchase.total_fen if purchase else None


def _listed(actor: Actor, batch: CardBatch, some: Sequence[Card] | None) -> int | None:
    """Count the cards that a list which still counts names; None without a list."""
    reports = SerialReport.objects.visible_to(actor).filter(batch=batch, document__superseded_at=None)
    if not reports.exists():
        return None
    listed = Card.objects.visible_to(actor).filter(batch=batch, pk__in=reports.values("matched_cards"))
    if some is not None:
        listed = listed.filter(pk__in=[card.pk for card in some])
    return int(listed.count())


def _shown_at(actor: Actor, batch: CardBatch) -> dict[int, datetime]:
    """Return when each card of a batch first became readable to a buyer, as far as that is known."""
    rows = Reveal.objects.visible_to(actor).filter(card__batch=batch, to="buyer").select_related("order")
    found: dict[int, datetime] = {}
    for reveal in rows:
        moment = reveal.revealed_at or (reveal.order.delivered_at if reveal.order else None)
        if moment is not None and (reveal.card_id not in found or moment < found[reveal.card_id]):
            found[reveal.card_id] = moment
    return found


def _checked(
    actor: Actor, batch: CardBatch, some: Sequence[Card], shown: dict[int, datetime], at: datetime
) -> tuple[int, int]:
    """Count the cards that were found usable before they were handed over, and those found so shortly before."""
    rows = BalanceCheck.objects.visible_to(actor).filter(card__batch=batch, is_usable=True)
    before = at + timedelta(microseconds=1)
    last = {
        card_id: moment
        for card_id, moment in rows.order_by("checked_at").values_list("card_id", "checked_at")
        if moment < shown.get(card_id, before)
    }
    mine = {card.pk for card in some}
    good = {pk: moment for pk, moment in last.items() if pk in mine}
    fresh = sum(shown.get(pk, at) - moment <= FRESH for pk, moment in good.items())
    return len(good), fresh
