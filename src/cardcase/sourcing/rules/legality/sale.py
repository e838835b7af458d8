"""Evaluations of a sale. Each returns the facts that raise its flag, or None."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from .facts import HOME, SaleFacts
from .records import Found, LegalityRule
from .splitting import split

SaleEvaluation = Callable[[SaleFacts, LegalityRule], Found | None]

OFF_PLATFORM, THIRD_PARTY = "off_platform", "third_party"
"""Signals that people note: the buyer wants the code read out elsewhere; somebody else pays."""


def individual_seller(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """An electronic card sold while the shop is not, or not known to be, a 鱼小铺."""
    del rule
    if facts.is_pro or not any(card.form == "code" for card in facts.cards):
        return None
    return {"is_pro": "no" if facts.is_pro is False else "unknown"}


def foreign_third_party(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """Many cards of other regions to one buyer, paid for by somebody else."""
    abroad = _abroad(facts)
    paid_elsewhere = THIRD_PARTY in facts.signals
    return {"cards": abroad} if paid_elsewhere and abroad >= rule.params["cards"] else None


def foreign_bulk(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """Many cards in one order, some of other regions."""
    abroad, count = _abroad(facts), len(facts.cards)
    return {"cards": abroad} if abroad and count >= rule.params["cards"] else None


def _abroad(facts: SaleFacts) -> int:
    return sum(card.region not in HOME for card in facts.cards)


def split_sales(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """Several orders of one buyer within some days, each just under a sum that asks for more papers."""
    if facts.total_fen is None or facts.paid_at is None:
        return None
    since = facts.paid_at - timedelta(days=rule.params["days"])
    near = [sum_fen for at, sum_fen in facts.others if since < at <= facts.paid_at]
    return split(facts.total_fen, near, rule.params)


def many_at_cap_sold(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """Many cards of exactly the highest face value in one order."""
    at_cap = sum(card.face_fen == rule.params["limit_fen"] and card.region in HOME for card in facts.cards)
    return {"cards": at_cap, "limit_fen": rule.params["limit_fen"]} if at_cap >= rule.params["cards"] else None


def several_payers(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """One buyer, several people who paid."""
    return {"payers": facts.payers} if facts.payers >= rule.params["payers"] else None


def fast_resale(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """Cards sold within minutes after they were taken into the stock."""
    if facts.paid_at is None:
        return None
    waits = [facts.paid_at - card.stocked_at for card in facts.cards if card.stocked_at is not None]
    quick = [wait for wait in waits if timedelta() <= wait < timedelta(minutes=rule.params["minutes"])]
    return {"cards": len(quick), "minutes": int(min(quick).total_seconds()) // 60} if quick else None


def off_platform(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """The buyer asks to have the code read out somewhere else."""
    del rule
    return {"asked": True} if OFF_PLATFORM in facts.signals else None


def same_code_twice(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """A card of this order is named in more than one case."""
    twice = [card for card in facts.cards if card.disputes >= rule.params["disputes"]]
    return {"card": twice[0].card, "disputes": max(card.disputes for card in twice)} if twice else None


def new_buyer(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """A buyer without earlier orders buys for a large sum."""
    if facts.orders_before or facts.total_fen is None or facts.total_fen < rule.params["limit_fen"]:
        return None
    return {"total_fen": facts.total_fen, "orders_before": 0}


def refund_after_redeemed(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """The money is asked back after the card was redeemed."""
    del rule
    if facts.refund_asked_at is None:
        return None
    used = [card for card in facts.cards if card.redeemed_at is not None and card.redeemed_at < facts.refund_asked_at]
    return {"card": used[0].card, "cards": len(used)} if used else None


def refund_rate(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """A buyer who asked for his money back after many of his orders."""
    if facts.orders_before < rule.params["orders"]:
        return None
    percent = facts.refunds_before * 100 // facts.orders_before
    if percent < rule.params["percent"]:
        return None
    return {"orders": facts.orders_before, "refunds": facts.refunds_before, "percent": percent}


def large_sale(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """A sale at or above a sum."""
    if facts.total_fen is None or facts.total_fen < rule.params["limit_fen"]:
        return None
    return {"total_fen": facts.total_fen, "limit_fen": rule.params["limit_fen"]}


def _days_to_refund(facts: SaleFacts) -> int | None:
    """Count the days from payment to the request for refund; None without one of them."""
    if facts.refund_asked_at is None or facts.paid_at is None:
        return None
    return (facts.refund_asked_at - facts.paid_at).days


def return_after_use(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """The money is asked back within seven days of delivery, and the code has been readable or was used."""
    if facts.refund_asked_at is None or facts.delivered_at is None:
        return None
    if facts.refund_asked_at - facts.delivered_at > timedelta(days=rule.params["days"]):
        return None
    shown = [card for card in facts.cards if card.revealed_at is not None or card.redeemed_at is not None]
    return {"cards": len(shown)} if shown else None


def prepaid_return(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """Single-purpose cards, and the money is asked back within seven days of payment."""
    days = _days_to_refund(facts)
    single = [card for card in facts.cards if card.card_kind in ("", "single") and card.region in HOME]
    return {"days": days} if days is not None and days < rule.params["days"] and single else None


def local_return(facts: SaleFacts, rule: LegalityRule) -> Found | None:
    """Unused single-purpose cards of an issuer in a place with its own rules, asked back within days of payment."""
    days = _days_to_refund(facts)
    if days is None or days >= rule.params["days"]:
        return None
    unused = [
        card
        for card in facts.cards
        if card.card_kind in ("", "single") and card.redeemed_at is None and card.issuer_place.startswith(rule.places)
    ]
    return {"days": days, "cards": len(unused)} if unused else None


SALE_EVALUATIONS: Final[Mapping[str, SaleEvaluation]] = MappingProxyType(
    {
        one.__name__: one
        for one in (
            individual_seller,
            foreign_third_party,
            foreign_bulk,
            split_sales,
            many_at_cap_sold,
            several_payers,
            fast_resale,
            off_platform,
            same_code_twice,
            new_buyer,
            refund_after_redeemed,
            refund_rate,
            large_sale,
            return_after_use,
            prepaid_return,
            local_return,
        )
    }
)
