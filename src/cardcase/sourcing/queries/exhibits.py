"""What sourcing has that proves something in a case: papers of a batch (E1), and what its supplier answered (E24).

For the room ``evidence``, which stands above. No bytes, no codes, and not who the supplier is: kinds, days and answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from cardcase.cards.models import CardBatch
from cardcase.sourcing.models import ClaimCard, SourceDocument
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
    """Return what stands behind batches (row ids), papers of their suppliers among it, in two questions."""
    actor.require(Permission.READ)
    told = CardBatch.objects.visible_to(actor).filter(pk__in=set(batches))
    lots = list(told.values_list("pk", "supplier_id", "recall__called_at", "recall__proof"))
    givers = {giver for _, giver, _, _ in lots if giver is not None}
    mine = Q(batch__in=[pk for pk, *_ in lots]) | Q(supplier__in=givers)
    rows = SourceDocument.objects.visible_to(actor).filter(mine, superseded_at=None).order_by("pk")
    papers: dict[tuple[int | None, int | None], list[SourcePaper]] = defaultdict(list)
    for batch, giver, public_id, kind, issued_on in rows.values_list(
        "batch_id", "supplier_id", "public_id", "kind", "issued_on"
    ):
        papers[batch, giver].append(SourcePaper(public_id=public_id, kind=kind, issued_on=issued_on))
    return {
        batch: SourceProof(
            papers=(*papers[batch, None], *(papers[None, giver] if giver is not None else ())),
            recalled_at=called_at,
            recall_proof=proof or "",
        )
        for batch, giver, called_at, proof in lots
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
