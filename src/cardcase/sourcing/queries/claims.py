"""Reading claims on suppliers, and what came back for which card."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Exists, OuterRef, Sum

from cardcase.cards.models import BalanceCheck, Card
from cardcase.cases.models import Case
from cardcase.kit.errors import NotFound
from cardcase.sourcing.models import ClaimCard, ClaimReceipt, SupplierClaim
from cardcase.sourcing.rules.claims import ClaimState
from cardcase.staff.rules import Actor

from .papers import PaperView, papers_of_claim

ADDABLE: Final = 60
"""Cards that a form offers at most; more go in over the command line or the API. Our own choice: a phone's screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """One claim. Money in 分; ``cards`` are public id, masked, and what is asked for it."""

    public_id: str
    supplier_id: str
    supplier_name: str
    batch_id: str
    batch_name: str
    state: ClaimState
    reason: str
    window_until: date | None
    opened_at: datetime
    sent_at: datetime | None
    answer: str
    asked_fen: int
    accepted_fen: int | None
    recovered_fen: int
    cards: tuple[tuple[str, str, int], ...]
    addable: tuple[tuple[str, str], ...]  # of a draft: cards of the batch in no live claim, public id and masked
    receipts: tuple[tuple[date, int, str], ...]
    papers: tuple[PaperView, ...]


def claims(actor: Actor, *, batch_id: str = "", state: str = "", limit: int = 100) -> tuple[ClaimView, ...]:
    """Return claims, the newest first, of one batch (public id) or all, in one state or all."""
    rows = SupplierClaim.objects.visible_to(actor).select_related("supplier", "batch")
    if batch_id:
        rows = rows.filter(batch__public_id=batch_id)
    if state:
        rows = rows.filter(state=state)
    return tuple(_view(actor, row) for row in rows.order_by("-pk")[:limit])


def claim(actor: Actor, claim_id: str) -> ClaimView:
    """Return one claim. Raises NotFound, also for another shop's."""
    rows = SupplierClaim.objects.visible_to(actor).select_related("supplier", "batch")
    found: SupplierClaim | None = rows.filter(public_id=claim_id).first()
    if found is None:
        raise NotFound("没有这笔索赔", "There is no such claim")
    return _view(actor, found)


def asked_fen(actor: Actor, claim: SupplierClaim) -> int:
    """Return what a claim asks for in all."""
    rows = ClaimCard.objects.visible_to(actor).filter(claim=claim)
    return int(rows.aggregate(sum=Sum("amount_fen"))["sum"] or 0)


def claimed_cards(actor: Actor, claim: SupplierClaim) -> list[str]:
    """Return the public ids of the cards in a claim."""
    return list(ClaimCard.objects.visible_to(actor).filter(claim=claim).values_list("card__public_id", flat=True))


def window_is_needed(actor: Actor, batch_pk: int) -> bool:
    """Tell whether a batch's window is still waited for: by a draft, or an open case about a card not yet claimed."""
    if SupplierClaim.objects.visible_to(actor).filter(batch_id=batch_pk, state=ClaimState.DRAFT.value).exists():
        return True
    cases = Case.objects.visible_to(actor).filter(is_open=True, card__batch_id=batch_pk, card__claimed_at=None)
    return bool(cases.exists())


def recovered_by_card(actor: Actor, card_pks: Iterable[int]) -> Mapping[int, int]:
    """Return what came back from suppliers for each card (row ids), in 分; cards that no claim names are left out.

    A claim's money is shared among its cards by what was asked for each; the 分 that do not divide go to the first.
    """
    wanted = set(card_pks)
    named = ClaimCard.objects.visible_to(actor)
    claims_of = set(named.filter(card__in=wanted).values_list("claim_id", flat=True))
    shares: dict[int, list[tuple[int, int]]] = {}
    totals: dict[int, int] = {}
    rows = named.filter(claim__in=claims_of).order_by("pk")
    for claim_pk, card_pk, amount, back in rows.values_list(
        "claim_id", "card_id", "amount_fen", "claim__recovered_fen"
    ):
        shares.setdefault(claim_pk, []).append((card_pk, amount))
        totals[claim_pk] = back
    found: dict[int, int] = {}
    for claim_pk, cards in shares.items():
        asked = sum(amount for _, amount in cards)
        parts = [totals[claim_pk] * amount // asked for _, amount in cards]
        parts[0] += totals[claim_pk] - sum(parts)
        for (card_pk, _), part in zip(cards, parts, strict=True):
            if card_pk in wanted:
                found[card_pk] = found.get(card_pk, 0) + part
    return found


def _addable(actor: Actor, row: SupplierClaim) -> tuple[tuple[str, str], ...]:
    """Return the cards of a draft's batch that a person may still add, those found unusable first."""
    named = ClaimCard.objects.visible_to(actor).filter(card__batch_id=row.batch_id, is_live=True).values("card_id")
    cards = Card.objects.visible_to(actor).filter(batch_id=row.batch_id).exclude(pk__in=named)
    bad = BalanceCheck.objects.filter(card_id=OuterRef("pk"), is_usable=False)
    ranked = cards.annotate(is_bad=Exists(bad)).order_by("-is_bad", "pk").values_list("public_id", "tail4")
    return tuple((public_id, f"‥{tail}") for public_id, tail in ranked[:ADDABLE])


def _view(actor: Actor, row: SupplierClaim) -> ClaimView:
    named = ClaimCard.objects.visible_to(actor).filter(claim=row).order_by("pk")
    cards = dict(Card.objects.visible_to(actor).filter(supplier_claims__claim=row).values_list("public_id", "tail4"))
    addable = _addable(actor, row) if row.state == ClaimState.DRAFT.value else ()
    receipts = ClaimReceipt.objects.visible_to(actor).filter(claim=row).order_by("received_on", "pk")
    asked = list(named.values_list("card__public_id", "amount_fen"))
    return ClaimView(
        public_id=row.public_id,
        supplier_id=row.supplier.public_id,
        supplier_name=row.supplier.name,
        batch_id=row.batch.public_id,
        batch_name=row.batch.name,
        state=ClaimState(row.state),
        reason=row.reason,
        window_until=row.window_until,
        opened_at=row.opened_at,
        sent_at=row.sent_at,
        answer=row.answer,
        asked_fen=sum(amount for _, amount in asked),
        accepted_fen=row.accepted_fen,
        recovered_fen=row.recovered_fen,
        cards=tuple((public_id, f"‥{cards[public_id]}", amount) for public_id, amount in asked),
        addable=addable,
        receipts=tuple(receipts.values_list("received_on", "amount_fen", "note")),
        papers=papers_of_claim(actor, row),
    )
