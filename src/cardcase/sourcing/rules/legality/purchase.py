"""Evaluations of a purchase. Each returns the facts that raise its flag, or None."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from .facts import BoughtCard, PurchaseFacts
from .records import Found, LegalityRule
from .splitting import split

Params = Mapping[str, int]
PurchaseEvaluation = Callable[[PurchaseFacts, LegalityRule], Found | None]


def _over(cards: tuple[BoughtCard, ...], limit: int) -> Found | None:
    over = [card.face_fen for card in cards if card.face_fen is not None and card.face_fen > limit]
    return {"cards": len(over), "face_fen": max(over), "limit_fen": limit} if over else None


def cap_unnamed_single(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Face values of unnamed single-purpose cards above the cap."""
    applies = facts.may_be_single and facts.may_be_unnamed
    return _over(facts.home_cards, rule.params["limit_fen"]) if applies else None


def cap_named_single(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Face values of named single-purpose cards above the cap."""
    return _over(facts.home_cards, rule.params["limit_fen"]) if facts.may_be_single and facts.is_named else None


def cap_unnamed_multi(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Face values of unnamed multi-purpose cards above the cap."""
    applies = facts.card_kind == "multi" and facts.may_be_unnamed
    return _over(facts.home_cards, rule.params["limit_fen"]) if applies else None


def cap_named_multi(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Face values of named multi-purpose cards above the cap."""
    return _over(facts.home_cards, rule.params["limit_fen"]) if facts.card_kind == "multi" and facts.is_named else None


def _years_on(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _too_short(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Say which cards end sooner than a new card of that kind could. The day of issue is not known: only a hint."""
    least = _years_on(facts.on, rule.params["years"])
    short = [card.expires_on for card in facts.home_cards if card.expires_on is not None and card.expires_on < least]
    return {"cards": len(short), "expires_on": min(short).isoformat(), "years": rule.params["years"]} if short else None


def validity_single(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Unnamed single-purpose cards that end within less than the least validity."""
    return _too_short(facts, rule) if facts.may_be_single and facts.may_be_unnamed else None


def validity_multi(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Unnamed multi-purpose cards that end within less than the least validity."""
    return _too_short(facts, rule) if facts.card_kind == "multi" and facts.may_be_unnamed else None


def _at_least(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    limit = rule.params["limit_fen"]
    if facts.total_fen is None or facts.total_fen < limit or not facts.home_cards:
        return None
    return {"total_fen": facts.total_fen, "limit_fen": limit}


def real_name_single(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """A purchase of unnamed cards at the sum from which the buyer is identified, without a paper about it."""
    applies = facts.may_be_single and facts.may_be_unnamed and not facts.has_id_check
    return _at_least(facts, rule) if applies else None


def real_name_multi(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """The same for multi-purpose cards."""
    applies = facts.card_kind == "multi" and facts.may_be_unnamed and not facts.has_id_check
    return _at_least(facts, rule) if applies else None


def _named_unidentified(facts: PurchaseFacts) -> Found | None:
    count = len(facts.home_cards)
    return {"cards": count} if facts.is_named and count and not facts.has_id_check else None


def named_single(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Named single-purpose cards, at any sum, without a paper about who the buyer was."""
    del rule
    return _named_unidentified(facts) if facts.may_be_single else None


def named_multi(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """The same for multi-purpose cards."""
    del rule
    return _named_unidentified(facts) if facts.card_kind == "multi" else None


def transfer_company(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """A company's purchase at the sum that is paid by transfer, paid in cash or nobody told how."""
    if facts.payer_kind != "company" or facts.paid_by not in ("", "cash"):
        return None
    found = _at_least(facts, rule)
    return {**found, "paid_by": facts.paid_by or "unknown"} if found else None


def transfer_person(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """A person's purchase at the sum that is paid by transfer, paid in cash or nobody told how."""
    if facts.payer_kind == "company" or facts.paid_by not in ("", "cash"):
        return None
    found = _at_least(facts, rule)
    return {**found, "paid_by": facts.paid_by or "unknown"} if found else None


def no_credit_card(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Multi-purpose cards paid for by credit card."""
    del rule
    return {"paid_by": "credit_card"} if facts.card_kind == "multi" and facts.paid_by == "credit_card" else None


def payer_is_buyer(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Multi-purpose cards paid for by somebody other than the buyer."""
    del rule
    return {"third_party_paid": True} if facts.card_kind == "multi" and facts.is_third_party_paid else None


def multi_needs_licence(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Multi-purpose cards that come neither from the issuer nor from somebody authorised."""
    del rule
    if facts.card_kind != "multi" or facts.supplier_channel in ("issuer_direct", "authorised"):
        return None
    return {"channel": facts.supplier_channel}


def split_purchases(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Several purchases from one supplier within some days, each just under a sum that asks for more papers."""
    if facts.total_fen is None:
        return None
    days = timedelta(days=rule.params["days"])
    near = [sum_fen for day, sum_fen in facts.others if facts.on - days < day <= facts.on]
    return split(facts.total_fen, near, rule.params)


def no_identity(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """A purchase from nobody, or from somebody whose identity is not recorded."""
    del rule
    return None if facts.has_supplier_identity else {"supplier_known": facts.has_supplier}


def _undated(facts: PurchaseFacts) -> int:
    """Count the authorisations that may or may not have held that day, because one of their days is not told."""
    return sum(
        (since is None or until is None)
        and not (since is not None and since > facts.on)
        and not (until is not None and until < facts.on)
        for since, until in facts.authorisations
    )


def _is_authorised(facts: PurchaseFacts) -> bool:
    """Tell whether an authorisation held on the day: it began by then and had not ended, and says both."""
    return any(
        since is not None and until is not None and since <= facts.on <= until for since, until in facts.authorisations
    )


def authorisation_undated(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """A purchase from an authorised reseller whose only authorisations do not say from when to when they hold."""
    del rule
    if facts.supplier_channel != "authorised" or _is_authorised(facts):
        return None
    count = _undated(facts)
    return {"on": facts.on.isoformat(), "papers": count} if count else None


def authorisation_over(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """A purchase from an authorised reseller without an authorisation that held on that day."""
    del rule
    if facts.supplier_channel != "authorised" or _is_authorised(facts) or _undated(facts):
        return None
    ends = [until for _, until in facts.authorisations if until is not None]
    return {"on": facts.on.isoformat(), "ended_on": max(ends).isoformat() if ends else ""}


def second_hand_unpapered(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Second-hand cards without a receipt or invoice."""
    del rule
    return {"channel": "second_hand"} if facts.supplier_channel == "second_hand" and not facts.has_receipt else None


def cheap(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Cards bought for less of their face value than is plausible."""
    least = rule.params["percent"]
    shares = [
        card.cost_fen * 100 // card.face_fen for card in facts.cards if card.cost_fen is not None and card.face_fen
    ]
    low = [share for share in shares if share < least]
    return {"cards": len(low), "percent": min(low), "least_percent": least} if low else None


def many_at_cap(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Many cards of exactly the highest face value."""
    at_cap = sum(card.face_fen == rule.params["limit_fen"] for card in facts.home_cards)
    return {"cards": at_cap, "limit_fen": rule.params["limit_fen"]} if at_cap >= rule.params["cards"] else None


def from_suspended(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """A purchase from a supplier that the shop had suspended by then."""
    del rule
    since = facts.supplier_suspended_on
    return {"suspended_on": since.isoformat()} if since is not None and since <= facts.on else None


def third_party_foreign(facts: PurchaseFacts, rule: LegalityRule) -> Found | None:
    """Many cards of other regions in one purchase, paid for by a third party."""
    abroad = len(facts.cards) - len(facts.home_cards)
    return {"cards": abroad} if abroad >= rule.params["cards"] and facts.is_third_party_paid else None


PURCHASE_EVALUATIONS: Final[Mapping[str, PurchaseEvaluation]] = MappingProxyType(
    {
        one.__name__: one
        for one in (
            cap_unnamed_single,
            cap_named_single,
            cap_unnamed_multi,
            cap_named_multi,
            validity_single,
            validity_multi,
            real_name_single,
            real_name_multi,
            named_single,
            named_multi,
            transfer_company,
            transfer_person,
            no_credit_card,
            payer_is_buyer,
            multi_needs_licence,
            split_purchases,
            no_identity,
            authorisation_over,
            authorisation_undated,
            second_hand_unpapered,
            cheap,
            many_at_cap,
            from_suspended,
            third_party_foreign,
        )
    }
)
