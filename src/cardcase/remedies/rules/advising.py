"""From the facts of a case to a claim that ``advice`` answers: one adapter, so that page, API and command agree."""

from collections.abc import Collection
from typing import Final

from cardcase.cases.rules import SUB_REASONS
from cardcase.evidence.rules import CardSeen, CaseFacts, Delivery, ItemState, Timing

from .advice import Advice, Claim, Owed
from .advice import advise as answer
from .catalogue import Catalogue
from .facts import RemedyFacts
from .floor import Floor, FloorKind

_TIMINGS: Final = {
    Timing.UNREDEEMED: "unredeemed",
    Timing.REDEEMED_AFTER_REVEAL: "after_reveal",
    Timing.REDEEMED_BEFORE_REVEAL: "before_reveal",
}
_DELIVERED: Final = {Delivery.NOT_DELIVERED: False, Delivery.HANDED_OVER: True, Delivery.MARKED: True}


def advice_of(facts: RemedyFacts, catalogue: Catalogue, owed: Floor, closed: Collection[str]) -> Advice:
    """Advise on a case. The floor is the case's own, from more facts than a claim carries."""
    owes = Owed(owed.kind, owed.amount_fen, owed.rule) if owed.binds else Owed(FloorKind.NONE)
    return answer(claim_of(facts), catalogue.numbers, catalogue, owes=owes, closed=closed)


def claim_of(facts: RemedyFacts) -> Claim:
    """Write the facts of a case as a claim. What the record does not show stays unknown."""
    case, found = facts.case, facts.findings
    cards = case.cards_meant()
    have = {item.kind for item in facts.items if item.state is ItemState.HAVE}
    redemption = _TIMINGS.get(found.timing, "unknown")
    costs = [card.cost_fen for card in cards]
    margin = facts.platform_margin_at
    return Claim(
        id=case.number,
        amount_fen=case.claimed_fen or facts.price_fen,
        paid_fen=facts.price_fen,
        sub_reason=case.sub_reason if case.sub_reason in SUB_REASONS else "",
        redemption=redemption,
        by_buyer=True if "E4" in have and redemption == "after_reveal" else None,
        provenance=_provenance(cards),
        is_checked=_is_checked(case, cards),
        is_agreed=True if "E9" in have else None,
        is_admitted=True if "E7" in have else None,
        balance_fen=found.remaining_fen,
        promised_fen=found.promised_fen,
        orders=case.undisputed_orders + case.other_claims + 1 if case.is_buyer_known else None,
        disputes=case.other_claims if case.is_buyer_known else None,
        undisputed=case.undisputed_orders if case.is_buyer_known else None,
        sold=sum(card.siblings_sold for card in cards) if cards else None,
        failed=sum(card.siblings_failed for card in cards) if cards else None,
        is_voidable=True if cards and all(card.state == "voided" for card in cards) else None,
        replacement_fen=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
        is_delivered=_DELIVERED.get(found.delivery),
        is_dead=found.is_usable is False,
        time_left_s=int((margin - case.at).total_seconds()) if margin is not None else None,
    )


def _provenance(cards: Collection[CardSeen]) -> str | None:
    if not cards:
        return None
    if all(card.has_proof and card.supplier_name for card in cards):
        return "full"
    return "partial" if any(card.has_proof or card.supplier_name or card.batch_name for card in cards) else "none"


def _is_checked(case: CaseFacts, cards: Collection[CardSeen]) -> bool | None:
    """Tell whether each card was looked at, and worked, before the buyer had it."""
    if not cards:
        return None
    had_at = case.delivered_at()
    return all(any(look.is_usable and (had_at is None or look.at <= had_at) for look in card.checks) for card in cards)
