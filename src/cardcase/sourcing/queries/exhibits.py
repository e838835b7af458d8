"""What sourcing has that proves something in a case: papers of a batch (E1), and what its supplier answered (E24).

For the room ``evidence``, which stands above. No bytes, no codes, and not who the supplier is: kinds, days and answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cardcase.cards.models import CardBatch
from cardcase.sourcing.models import ClaimCard, Recall, SourceDocument
from cardcase.staff.rules import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePaper:
    """One paper that counts: its kind (``rules.papers``), and the day it was issued if told."""

    public_id: str
    kind: str
    issued_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProof:
    """What stands behind one batch. ``recall_proof`` says what proved the recall, empty for one on suspicion."""

    papers: tuple[SourcePaper, ...] = ()
    recalled_at: datetime | None = None
    recall_proof: str = ""

    @property
    def has_bill(self) -> bool:
        """Tell whether an invoice or a receipt is among the papers."""
        return any(paper.kind in ("invoice", "receipt") for paper in self.papers)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAnswer:
    """What the supplier answered to a claim about a card. ``state``: sent, accepted, partly, rejected, recovered."""

    state: str
    asked_at: datetime
    answered_at: datetime | None


def proofs_of_batches(actor: Actor, batches: Iterable[int]) -> Mapping[int, SourceProof]:
    """Return what stands behind batches (row ids), those of their suppliers too, in three questions."""
    actor.require(Permission.READ)
    suppliers = dict(CardBatch.objects.visible_to(actor).filter(pk__in=set(batches)).values_list("pk", "supplier_id"))
    givers = {giver for giver in suppliers.values() if giver is not None}
    rows = SourceDocument.objects.visible_to(actor).filter(superseded_at=None).order_by("pk")
    columns = ("public_id", "kind", "issued_on")
    of_batch: dict[int, list[SourcePaper]] = defaultdict(list)
    of_supplier: dict[int, list[SourcePaper]] = defaultdict(list)
    for batch, *told in rows.filter(batch__in=list(suppliers)).values_list("batch_id", *columns):
        of_batch[batch].append(SourcePaper(**dict(zip(columns, told, strict=True))))
    for giver, *told in rows.filter(supplier__in=givers).values_list("supplier_id", *columns):
        of_supplier[giver].append(SourcePaper(**dict(zip(columns, told, strict=True))))
    called = {one.batch_id: one for one in Recall.objects.visible_to(actor).filter(batch__in=list(suppliers))}
    return {
        batch: SourceProof(
            papers=(*of_batch[batch], *(of_supplier[giver] if giver is not None else ())),
            recalled_at=called[batch].called_at if batch in called else None,
            recall_proof=called[batch].proof if batch in called else "",
        )
        for batch, giver in suppliers.items()
    }


def answers_about_cards(actor: Actor, cards: Iterable[int]) -> Mapping[int, SupplierAnswer]:
    """Return the newest sent claim about each card (row ids), with its answer if there is one; drafts do not count."""
    actor.require(Permission.READ)
    rows = ClaimCard.objects.visible_to(actor).filter(card__in=list(cards), claim__sent_at__isnull=False)
    columns = ("card_id", "claim__state", "claim__accepted_fen", "claim__sent_at", "claim__answered_at")
    return {
        card: SupplierAnswer(state=_answer(state, accepted), asked_at=sent_at, answered_at=answered_at)
        for card, state, accepted, sent_at, answered_at in rows.order_by("pk").values_list(*columns)
    }


def _answer(state: str, accepted_fen: int | None) -> str:
    """Return the answer behind a claim that has moved on: closed or recovered, it was accepted if a sum was."""
    if state == "closed":
        return "accepted" if accepted_fen else "rejected"
    return state
