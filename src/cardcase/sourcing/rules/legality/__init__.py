"""Rules about buying and selling cards, as they stood on the day of the deal. They raise flags, never verdicts."""

from collections.abc import Iterable

from .facts import BoughtCard, PurchaseFacts, SaleFacts, SoldCard
from .purchase import PURCHASE_EVALUATIONS
from .records import Found, LegalityRule, Raised
from .sale import OFF_PLATFORM, SALE_EVALUATIONS, THIRD_PARTY

__all__ = [
    "OFF_PLATFORM",
    "THIRD_PARTY",
    "BoughtCard",
    "Found",
    "LegalityRule",
    "PurchaseFacts",
    "Raised",
    "SaleFacts",
    "SoldCard",
    "is_known",
    "raise_flags",
]


def is_known(rule: LegalityRule) -> bool:
    """Tell whether there is a function for the evaluation that a rule names."""
    known = PURCHASE_EVALUATIONS if rule.applies_to == "purchase" else SALE_EVALUATIONS
    return rule.evaluation in known


def raise_flags(rules: Iterable[LegalityRule], facts: PurchaseFacts | SaleFacts) -> list[Raised]:
    """Ask every rule that was in force on the day of the facts, and return the flags that come up."""
    raised = []
    for rule in rules:
        if not rule.holds_on(facts.on):
            continue
        found: Found | None = None
        if rule.applies_to == "purchase" and isinstance(facts, PurchaseFacts):
            found = PURCHASE_EVALUATIONS[rule.evaluation](facts, rule)
        elif rule.applies_to == "sale" and isinstance(facts, SaleFacts):
            found = SALE_EVALUATIONS[rule.evaluation](facts, rule)
        if found is not None:
            raised.append(Raised(rule.group, found, is_of_shop=rule.scope == "shop"))
    return raised
