"""What is checked only when the hand moves (T9): void before refund (N4), and never more out than was paid (I1)."""

from cardcase.kit.money import yuan
from cardcase.kit.text import Text

from .facts import RemedyFacts
from .preconditions import DEAD_STATES, Blocker

VOID_RESULTS = ("voided", "failed", "not_possible")
"""How an attempt to void the old code can end."""


def void_blocker(facts: RemedyFacts, void_result: str, override_reason: str) -> Blocker | None:
    """N4: an unredeemed card is voided before money goes out, or somebody answers for losing both.

    ``void_result``: one of VOID_RESULTS or empty. A card that is dead, redeemed or proven useless needs nothing.
    """
    alive = [
        card
        for card in facts.case.cards_meant()
        if card.state not in DEAD_STATES | {"redeemed"} and card.redeemed_at is None
    ]
    if not alive or facts.findings.is_usable is False or facts.findings.comparison.redeemed_at is not None:
        return None
    if void_result == "voided":
        return None
    if void_result in ("failed", "not_possible"):
        if override_reason.strip():
            return None
        return Blocker(
            "void_failed",
            Text(
                "旧卡没能作废，退款后卡和钱可能都没了：由店主写明仍要退的理由。",
                "The old card could not be voided, so card and money may both be lost: the owner says why to pay.",
            ),
        )
    return Blocker(
        "void_first",
        Text(
            "先尝试作废旧卡，并登记结果（已作废、作废失败、不能作废）。",
            "Try to void the old card first and record the result.",
        ),
    )


def sum_blocker(facts: RemedyFacts, value_fen: int, override_reason: str) -> Blocker | None:
    """I1: all that went out, and this, does not exceed what was paid, unless the owner says why."""
    paid = facts.case.order.paid_fen if facts.case.order.paid_fen is not None else facts.case.order.total_fen
    if paid is None:
        paid = facts.case.claimed_fen
    if override_reason.strip() or (paid is not None and facts.spent_fen + value_fen <= paid):
        return None
    if paid is None and not facts.spent_fen:
        return Blocker(
            "paid_unknown",
            Text(
                "不知道买家实付多少：导入订单，或由店主写明理由。",
                "What the buyer paid is not known: import the order, or say why.",
            ),
        )
    return Blocker(
        "over_paid",
        Text(
            f"已给出 {yuan(facts.spent_fen)}，加上这次会超过实付 {yuan(paid or 0)}：由店主写明理由。",
            f"{yuan(facts.spent_fen)} has gone out; this would exceed the {yuan(paid or 0)} paid: the owner says why.",
        ),
    )
