"""Reading batches with all that stands behind them: the chain from supplier to cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from cardcase.cards.models import BalanceCheck, Card, CardBatch
from cardcase.cases.models import Case
from cardcase.sourcing.models import RiskFlag
from cardcase.sourcing.rules.completeness import Completeness
from cardcase.sourcing.rules.flags import FlagState
from cardcase.staff.rules import Actor

from .claims import ClaimView, claims
from .facts import purchase_of
from .flags import FlagView, flags
from .papers import PaperView, papers_of_batch
from .provenance import batch_by_id, completeness
from .recalls import RecallView, proven_bad, recall_of, touched


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRow:
    """One batch in a list."""

    public_id: str
    name: str
    supplier_id: str
    supplier_name: str
    acquired_on: date | None
    cards: int
    is_quarantined: bool
    open_flags: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LotView:
    """One batch with its chain. ``cards_by_state`` counts by ``CardState``; ``checked`` cards were found usable."""

    public_id: str
    name: str
    supplier_id: str
    supplier_name: str
    supplier_channel: str
    acquired_on: date | None
    unit_cost_fen: int | None
    claim_until: date | None
    is_quarantined: bool
    purchase: Mapping[str, str | int | bool | None]
    cards: int
    cards_by_state: Mapping[str, int]
    checked: int
    failed: int
    orders: int
    cases: int
    open_cases: int
    completeness: Completeness
    papers: tuple[PaperView, ...]
    flags: tuple[FlagView, ...]
    recall: RecallView | None
    claims: tuple[ClaimView, ...]
    proven_bad: tuple[tuple[str, str, str], ...]  # public id, masked, proof


def lots(actor: Actor, *, limit: int = 100) -> list[LotRow]:
    """Return the newest batches."""
    rows = list(
        CardBatch.objects.visible_to(actor)
        .select_related("supplier")
        .annotate(n=Count("cards"))
        .order_by("-pk")[:limit]
    )
    open_rows = RiskFlag.objects.visible_to(actor).filter(state=FlagState.OPEN.value, subject_kind="batch").order_by()
    open_flags = dict(open_rows.values_list("subject").annotate(n=Count("pk")))
    return [
        LotRow(
            public_id=row.public_id,
            name=row.name,
            supplier_id=row.supplier.public_id if row.supplier else "",
            supplier_name=row.supplier.name if row.supplier else "",
            acquired_on=row.acquired_on,
            cards=row.n,
            is_quarantined=row.is_quarantined,
            open_flags=open_flags.get(row.public_id, 0),
        )
        for row in rows
    ]


def lot_id(actor: Actor, ref: str) -> str:
    """Return the public id of a batch by its id or its name. Raises NotFound."""
    named = CardBatch.objects.visible_to(actor).filter(name=ref).values_list("public_id", flat=True).first()
    return named or batch_by_id(actor, ref).public_id


def lot(actor: Actor, batch_id: str) -> LotView:
    """Return one batch with its chain. Raises NotFound, also for another shop's."""
    batch = batch_by_id(actor, batch_id)
    supplier = batch.supplier
    purchase = purchase_of(actor, batch)
    cards = Card.objects.visible_to(actor).filter(batch=batch)
    states = dict(cards.order_by().values_list("state").annotate(n=Count("pk")))
    checks = BalanceCheck.objects.visible_to(actor).filter(card__batch=batch).order_by()
    of_batch = Case.objects.visible_to(actor).filter(card__batch=batch).order_by()
    cases = of_batch.aggregate(all=Count("pk"), open=Count("pk", filter=Q(is_open=True)))
    told = ("card_kind", "is_named", "paid_by", "payer_kind", "is_third_party_paid", "issuer_place", "total_fen")
    return LotView(
        public_id=batch.public_id,
        name=batch.name,
        supplier_id=supplier.public_id if supplier else "",
        supplier_name=supplier.name if supplier else "",
        supplier_channel=supplier.channel if supplier else "",
        acquired_on=batch.acquired_on,
        unit_cost_fen=batch.unit_cost_fen,
        claim_until=batch.claim_until,
        is_quarantined=batch.is_quarantined,
        purchase={name: getattr(purchase, name, None) for name in told},
        cards=sum(states.values()),
        cards_by_state=states,
        checked=checks.filter(is_usable=True).values("card_id").distinct().count(),
        failed=checks.filter(is_usable=False).values("card_id").distinct().count(),
        orders=len(touched(actor, batch)),
        cases=cases["all"],
        open_cases=cases["open"],
        completeness=completeness(actor, batch.public_id),
        papers=papers_of_batch(actor, batch),
        flags=flags(actor, state="", subjects=[batch.public_id]),
        recall=recall_of(actor, batch),
        claims=claims(actor, batch_id=batch.public_id),
        proven_bad=tuple((card, masked, proof.value) for card, masked, proof in proven_bad(actor, batch)),
    )
