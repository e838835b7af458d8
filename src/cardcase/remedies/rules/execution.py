"""What is checked only when the hand moves (T9): void before refund (N4), and never more out than was paid (I1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cardcase.evidence.rules import CardSeen
from cardcase.kit.money import yuan
from cardcase.kit.text import Text

from .catalogue import Kind
from .facts import LIVE, SPENT, RemedyFacts, RemedyState
from .preconditions import DEAD_STATES, Blocker

VOID_RESULTS = ("voided", "failed", "not_possible", "unknown")
"""How an attempt to void the old code can end. Unknown: the issuer was asked and nobody knows what it did."""

VOIDED_FIRST = ("full_refund", "return_and_refund", "accept_claim")
"""Kinds after which the buyer must not keep a working card (N4)."""

ACCEPT: Final = "accept_claim"
TRANSFER: Final = "transfer"
"""Money that went to the buyer beside the platform, as a person noted: no remedy of the catalogue, but it counts."""

PAID = "succeeded"
"""State of a refund that the platform has paid out (``ports.RefundState``)."""


def void_blocker(
    facts: RemedyFacts, void_result: str, override_reason: str, *, agreed_at: datetime | None = None
) -> Blocker | None:
    """N4: an unredeemed card is voided before money goes out, or somebody answers for losing both.

    ``void_result``: one of VOID_RESULTS or empty. ``agreed_at``: when the remedy was agreed; what became of the card
    after that was not known then, so it is decided anew. A card that is dead, or that was redeemed or proven useless
    when the remedy was agreed, needs nothing.
    """
    meant = facts.case.cards_meant()
    found = _contradicted(meant) or _redeemed_meanwhile(meant, agreed_at) or _unclear(meant, void_result)
    if found is not None:
        return None if override_reason.strip() else found
    alive = [card for card in meant if card.state not in DEAD_STATES | {"redeemed"} and card.redeemed_at is None]
    if not alive or facts.findings.is_usable is False or facts.findings.comparison.redeemed_at is not None:
        return None
    if void_result == "voided":
        return None
    failed = all(card.void_result == "failed" for card in alive)
    if failed or void_result in ("failed", "not_possible"):
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


def _contradicted(cards: Sequence[CardSeen]) -> Blocker | None:
    if not any(card.state == "voided" and card.redeemed_at is not None for card in cards):
        return None
    return Blocker(
        "void_contradicted",
        Text(
            "这张卡登记为已作废，发卡方又显示已兑换：先向发卡方查清，或由店主写明理由。",
            "The card is on record as voided, yet the issuer shows it redeemed: clear that up, or the owner says why.",
        ),
    )


def _redeemed_meanwhile(cards: Sequence[CardSeen], agreed_at: datetime | None) -> Blocker | None:
    if agreed_at is None:
        return None
    if not any(card.redeemed_noted_at is not None and card.redeemed_noted_at > agreed_at for card in cards):
        return None
    return Blocker(
        "redeemed_meanwhile",
        Text(
            "同意之后才知道这张卡已被兑换：退款会连卡带钱都失去。重新决定，或由店主写明仍要退的理由。",
            "The card was found redeemed after this was agreed: decide anew, or the owner says why it is paid.",
        ),
    )


def _unclear(cards: Sequence[CardSeen], void_result: str) -> Blocker | None:
    if void_result != "unknown" and not any(card.void_result in ("open", "unknown") for card in cards):
        return None
    return Blocker(
        "void_unclear",
        Text(
            "作废申请还没有结果：等发卡方答复，登记后再退；或由店主写明理由。",
            "Nobody knows yet whether the card was voided: record the issuer's answer first, or the owner says why.",
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


def is_check_needed(kind: str, facts: RemedyFacts) -> bool:
    """Tell whether a card must be looked at within 15 minutes: when there is one that could still be worth money."""
    if kind == "goodwill":
        return False
    settled = DEAD_STATES | {"redeemed", "returned"}
    return any(card.state not in settled and card.redeemed_at is None for card in facts.case.cards_meant())


def minutes_since_check(facts: RemedyFacts) -> int | None:
    """Return how long ago the card was last looked at, in whole minutes; of several cards the longest. None: never."""
    ages = []
    for card in facts.case.cards_meant():
        last = max((check.at for check in card.checks if check.at <= facts.case.at), default=None)
        if last is None:
            return None
        ages.append(int((facts.case.at - last).total_seconds() // 60))
    return max(ages, default=None)


def is_only_one(facts: RemedyFacts, public_id: str, *, is_overridden: bool = False) -> bool:
    """N5: nothing else has gone out or may have gone out on this order, ours or the platform's.

    With the owner's word a replacement that was verified long since no longer counts: its card may have failed too.
    """
    others = [
        one
        for one in facts.remedies
        if one.public_id != public_id
        and one.state in LIVE | SPENT
        and not (is_overridden and one.kind == "replace_card" and one.state == RemedyState.VERIFIED)
    ]
    refunds = (facts.case.refund, *facts.case.other_refunds)
    return not others and not any(refund.state == PAID for refund in refunds)


def may_move_money(kind: str, facts: RemedyFacts) -> bool:
    """T9: nothing is paid while the platform decides; accepting its dispute is the way to pay then."""
    if facts.status == "under_review":
        return False
    if kind == ACCEPT:
        return True
    return facts.stage in ("enquiry", "platform_refund") and not facts.has_open_dispute


def value_of(kind: Kind, amount_fen: int | None, facts: RemedyFacts) -> int:
    """Return what a remedy counts against the amount paid: the money, or the price of the card that is given."""
    if kind.value == "money":
        return amount_fen or 0
    return (facts.price_fen or 0) if kind.value == "card" else 0
