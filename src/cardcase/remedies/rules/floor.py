"""The entitlement floor: what the buyer must get at least, by rules and not by probabilities (disputes.md §8.3).

Facts that are not known give a sentence with "if": it binds nothing yet, and it says what would bind. Rule ids are
those of the entitlements in the rule catalogue (policies/data/rules.toml), which carries their sources.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from cardcase.evidence.rules import Delivery, ItemState, Timing
from cardcase.kit.money import yuan
from cardcase.kit.text import Text

from .catalogue import Catalogue
from .facts import RemedyFacts
from .partial import part_of_price


class FloorKind(StrEnum):
    """How much is owed at least."""

    NONE = "none"
    PROPORTIONAL = "proportional"
    FULL_OR_REPLACE = "full_or_replace"


@dataclass(frozen=True, slots=True)
class Floor:
    """What is owed at least, by which rule, and the sentence that says it.

    ``is_conditional``: it would be owed if a fact that is not known turned out so.
    """

    kind: FloorKind
    amount_fen: int | None
    rule: str
    text: Text
    is_conditional: bool = False

    @property
    def binds(self) -> bool:
        """Tell whether it is owed now."""
        return self.kind is not FloorKind.NONE and not self.is_conditional


_IF_UNUSABLE: Final = frozenset({"A1", "A3", "A4"})
_IF_NOT_AS_LISTED: Final = frozenset({"A5", "V3", "V4", "V6"})
_IF_SHORT: Final = frozenset({"V1", "V2"})
_ABOUT_REDEMPTION: Final = frozenset({"A1", "A2", "V1", "V2"})
_WHO_REDEEMED: Final = frozenset({"E4", "E7"})
"""Evidence of who redeemed: the account, or the buyer's own words. The time alone does not say it."""

_FULL: Final = FloorKind.FULL_OR_REPLACE


def floor(facts: RemedyFacts, catalogue: Catalogue) -> Floor:
    """Say what the buyer must get at least."""
    return _owed(facts, catalogue) or _owed_if(facts) or _nothing(facts)


def _owed(facts: RemedyFacts, catalogue: Catalogue) -> Floor | None:
    found = facts.findings
    if found.delivery is Delivery.NOT_DELIVERED:
        return _full(facts, "F1")
    if found.is_as_listed is False:
        return _full(facts, "F3")
    short = _short(facts, catalogue)  # before F4: a card partly spent before delivery still holds something
    if short is not None:
        return short
    if found.timing is Timing.REDEEMED_BEFORE_REVEAL:
        return _full(facts, "F4")
    if found.is_delivered_twice and found.timing is not Timing.UNREDEEMED:
        return Floor(_FULL, facts.price_fen, "F4", _DELIVERED_TWICE)
    return _full(facts, "F2") if found.is_usable is False else None


_FULL_TEXTS: Final = {
    "F1": Text("还没有交付，必须补发或全额退款。", "Not delivered: deliver, or refund in full."),
    "F2": Text("卡已查实不能用，必须全额退或换卡。", "The card is proven unusable: refund in full or replace it."),
    "F3": Text("与商品页不符，必须全额退或换卡。", "Not what was listed: refund in full or replace the card."),
    "F4": Text(
        "卡在交付前已被兑换，必须全额退或换卡。",
        "The card was redeemed before delivery: refund in full or replace it.",
    ),
}
_DELIVERED_TWICE: Final = Text(
    "同一张卡密交给了不止一笔订单，必须全额退或换卡。",
    "The same code went to more than one order: refund in full or replace it.",
)


def _full(facts: RemedyFacts, rule: str) -> Floor:
    return Floor(_FULL, facts.price_fen, rule, _FULL_TEXTS[rule])


def _short(facts: RemedyFacts, catalogue: Catalogue) -> Floor | None:
    found, price = facts.findings, facts.price_fen
    if not found.is_short or found.is_short_before_delivery is not True:
        return None
    promised, remaining = found.promised_fen, found.remaining_fen
    assert promised is not None
    assert remaining is not None
    serious = Fraction(catalogue.limits["serious_short"].least_permille, 1000)
    if remaining == 0 or Fraction(promised - remaining, promised) >= serious:
        return Floor(
            _FULL,
            price,
            "F7",
            Text(
                f"交付时只有 {yuan(remaining)}，少得太多，必须全额退或换卡。",
                f"Only {yuan(remaining)} was on it at delivery, far too little: refund in full or replace it.",
            ),
        )
    amount = part_of_price(price, promised, remaining).amount_fen if price else None
    least = Text(f"，即 {yuan(amount)}", f", {yuan(amount)}") if amount is not None else Text("", "")
    return Floor(
        FloorKind.PROPORTIONAL,
        amount,
        "F5",
        Text(
            f"余额比约定少 {yuan(promised - remaining)}，至少按比例退{least.zh}。",
            f"{yuan(promised - remaining)} less than promised: refund at least in proportion{least.en}.",
        ),
    )


def _owed_if(facts: RemedyFacts) -> Floor | None:
    found, price, code = facts.findings, facts.price_fen, facts.case.sub_reason
    kind, rule, text = FloorKind.NONE, "", Text("", "")
    if code == "O1" and found.delivery is not Delivery.HANDED_OVER:
        kind, rule = _FULL, "F1"
        text = Text(
            "买家若确实没有收到卡密，必须补发或全额退款。",
            "If the buyer really got no code, deliver it or refund in full.",
        )
    elif code in _ABOUT_REDEMPTION and found.timing is Timing.REDEEMED_AFTER_REVEAL and not _is_redeemer_known(facts):
        kind, rule = _FULL, "F4"
        text = Text(
            "卡在交付后被兑换，但不知道是谁兑换的；若不是买家（例如一码多卖），必须全额退或换卡。",
            "The card was redeemed after delivery, by whom is not known; if not by the buyer (a code sold twice), "
            "refund in full or replace it.",
        )
    elif code in _IF_UNUSABLE and found.is_usable is None and found.timing is not Timing.REDEEMED_AFTER_REVEAL:
        kind, rule = _FULL, "F2"
        text = Text(
            "卡若确实不能用，必须全额退或换卡。", "If the card really does not work, refund in full or replace it."
        )
    elif code == "A2" and found.timing is Timing.UNKNOWN:
        kind, rule = _FULL, "F4"
        text = Text(
            "卡若在交付前已被兑换，必须全额退或换卡。",
            "If the card was redeemed before delivery, refund in full or replace it.",
        )
    elif code in _IF_NOT_AS_LISTED and found.is_as_listed is None:
        kind, rule = _FULL, "F3"
        text = Text(
            "若与商品页写的不符，必须全额退或换卡。",
            "If it is not what the listing said, refund in full or replace the card.",
        )
    elif code in _IF_SHORT and (found.remaining_fen is None or found.is_short) and not _is_spent_after(facts):
        kind, rule, price = FloorKind.PROPORTIONAL, "F5", None
        text = Text(
            "余额若在交付前就不足，至少按比例退；少得太多或已为零，必须全额退或换卡。",
            "If the balance was short before delivery, refund at least in proportion; if far short or zero, in full.",
        )
    return Floor(kind, price, rule, text, is_conditional=True) if rule else None


def _is_redeemer_known(facts: RemedyFacts) -> bool:
    return any(item.kind in _WHO_REDEEMED and item.state is ItemState.HAVE for item in facts.items)


def _is_spent_after(facts: RemedyFacts) -> bool:
    return facts.findings.timing is Timing.REDEEMED_AFTER_REVEAL and _is_redeemer_known(facts)


def _nothing(facts: RemedyFacts) -> Floor:
    if facts.case.sub_reason.startswith("P"):
        text = Text(
            "买家个人原因：没有必须退的底线，按当时的约定和店铺政策处理。",
            "The buyer's own reasons: nothing must be refunded; the terms and the shop's policy decide.",
        )
    elif facts.findings.timing is Timing.REDEEMED_AFTER_REVEAL:
        text = Text(
            "记录显示卡在交付后被兑换：没有必须退的底线。",
            "The record shows the card redeemed after delivery: nothing must be refunded.",
        )
    else:
        text = Text("现有记录没有显示必须退款的情形。", "Nothing on record says that a refund is owed.")
    return Floor(FloorKind.NONE, None, "", text)
