"""What the record shows about the card, apart from what anybody claims: delivered, usable, as listed, how much is left.

Only verified facts count: the issuer's or supplier's word, our own checks, a recording that shows the given word.
A picture from one side alone (E10) never settles anything here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cardcase.kit import clock

from .contradictions import Contradiction, contradictions, last_check_before_reveal
from .exhibits import RECORDING, moment_of
from .facts import CardSeen, CaseFacts, ExhibitSeen
from .matrix import Matrix
from .timing import Comparison, Timing, compare, is_about, overall

_NOT_DELIVERED_STATES: Final = frozenset({"awaiting_payment", "awaiting_delivery"})
_DELIVERED_STATES: Final = frozenset({"delivered", "completed"})
_VERIFIED: Final = frozenset({"E3", "E12", "E13", "E24"})
_UNUSABLE_CAUSES: Final = frozenset({"A1", "A3", "A4"})
_WRONG_GOODS_CAUSES: Final = frozenset({"A5", "V3", "V4"})
_SHORT_CAUSES: Final = frozenset({"V1", "V2"})


class Delivery(StrEnum):
    """Whether the buyer got a card."""

    HANDED_OVER = "handed_over"  # we know which card, and that it was readable
    MARKED = "marked"  # the channel says delivered, but nothing shows which card
    NOT_DELIVERED = "not_delivered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Findings:
    """What is established. ``None`` means not established either way."""

    delivery: Delivery
    comparison: Comparison
    is_usable: bool | None
    is_as_listed: bool | None
    promised_fen: int | None
    remaining_fen: int | None
    is_short_before_delivery: bool | None
    is_delivered_twice: bool  # the same code went to more than one order
    contradictions: tuple[Contradiction, ...]

    @property
    def timing(self) -> Timing:
        """The finding of N2 over all cards meant."""
        return self.comparison.finding

    @property
    def is_short(self) -> bool:
        """Tell whether a verified balance is below what was promised, whoever spent it."""
        return (
            self.remaining_fen is not None and self.promised_fen is not None and self.remaining_fen < self.promised_fen
        )


def find(facts: CaseFacts, matrix: Matrix) -> Findings:
    """Establish what the record shows."""
    against = contradictions(facts)
    comparison = overall(compare(facts, matrix))
    clean = _clean_exhibits(facts, against)
    promised = _promised(facts)
    remaining = _remaining(facts, clean)
    return Findings(
        delivery=_delivery(facts),
        comparison=comparison,
        is_usable=_usable(facts, clean, comparison.finding),
        is_as_listed=_as_listed(facts, clean),
        promised_fen=promised,
        remaining_fen=remaining,
        is_short_before_delivery=_short_before(facts, comparison.finding),
        is_delivered_twice=any(card.delivered_to_orders > 1 for card in facts.cards_meant()),
        contradictions=against,
    )


def _clean_exhibits(facts: CaseFacts, against: tuple[Contradiction, ...]) -> tuple[ExhibitSeen, ...]:
    spoiled = {contradiction.exhibit for contradiction in against}
    cards = facts.cards_meant()
    return tuple(
        exhibit
        for exhibit in facts.exhibits
        if exhibit.public_id not in spoiled and (not cards or any(is_about(exhibit, card, facts) for card in cards))
    )


def is_recording_of_this_case(exhibit: ExhibitSeen, facts: CaseFacts) -> bool:
    """Tell whether an exhibit is a recording that shows the word given for this case."""
    nonces = {request.nonce for request in facts.requests if request.nonce}
    return exhibit.kind == RECORDING and str(exhibit.facts.get("nonce", "")).upper() in nonces


def _verified(facts: CaseFacts, clean: tuple[ExhibitSeen, ...]) -> Iterator[ExhibitSeen]:
    for exhibit in clean:
        if exhibit.kind in _VERIFIED or is_recording_of_this_case(exhibit, facts):
            yield exhibit


def _delivery(facts: CaseFacts) -> Delivery:
    if any(card.has_reveal or card.revealed_at is not None for card in facts.cards_meant()):
        return Delivery.HANDED_OVER
    if facts.order.delivered_at is not None or facts.order.state in _DELIVERED_STATES:
        return Delivery.MARKED
    if facts.order.state in _NOT_DELIVERED_STATES:
        return Delivery.NOT_DELIVERED
    return Delivery.UNKNOWN


def _usable(facts: CaseFacts, clean: tuple[ExhibitSeen, ...], timing: Timing) -> bool | None:
    if facts.found_cause in _UNUSABLE_CAUSES:
        return False
    if any(
        (check := last_check_before_reveal(card, facts)) is not None and check.is_usable is False
        for card in facts.cards_meant()
    ):
        return False
    if timing is Timing.REDEEMED_BEFORE_REVEAL or _was_expired(facts):
        return False
    told: bool | None = None
    for exhibit in _verified(facts, clean):
        usable = exhibit.facts.get("is_usable")
        is_redeemed = exhibit.facts.get("is_redeemed") is True or "redeemed_at" in exhibit.facts
        # A redeemed card no longer works for anybody: without the time that says nothing about whose fault it is.
        if usable is False and not is_redeemed and timing is not Timing.REDEEMED_AFTER_REVEAL:
            return False
        if usable is True:
            told = True
    since = facts.claimed_at or facts.delivered_at()
    if since is not None and any(
        check.is_usable and check.at >= since for card in facts.cards_meant() for check in card.checks
    ):
        told = True
    return told


def _was_expired(facts: CaseFacts) -> bool:
    """Tell whether a card had expired before the buyer got it; one that expired in the buyer's hands is P4."""
    delivered_at = facts.delivered_at()
    if delivered_at is None:
        return False
    day = delivered_at.astimezone(clock.SHANGHAI).date()
    return any(card.expires_on is not None and card.expires_on < day for card in facts.cards_meant())


def _as_listed(facts: CaseFacts, clean: tuple[ExhibitSeen, ...]) -> bool | None:
    if facts.found_cause in _WRONG_GOODS_CAUSES:
        return False
    told = [flag for exhibit in clean if isinstance(flag := exhibit.facts.get("matches_listing"), bool)]
    if False in told:
        return False
    return True if told else None


def _promised(facts: CaseFacts) -> int | None:
    faces = [card.face_fen for card in facts.cards_meant()]
    if not faces or any(face is None for face in faces):
        return None
    return sum(face for face in faces if face is not None)


def _remaining(facts: CaseFacts, clean: tuple[ExhibitSeen, ...]) -> int | None:
    cards = facts.cards_meant()
    left = [_remaining_of(card, facts, clean) for card in cards]
    if not left or any(fen is None for fen in left):
        return None
    return sum(fen for fen in left if fen is not None)


def _remaining_of(card: CardSeen, facts: CaseFacts, clean: tuple[ExhibitSeen, ...]) -> int | None:
    told = [
        (check.at, check.balance_fen)
        for check in card.checks
        if check.balance_fen is not None and ((since := facts.delivered_at()) is None or check.at >= since)
    ]
    for exhibit in _verified(facts, clean):
        balance, at = exhibit.facts.get("balance_fen"), moment_of(exhibit.facts, "at") or exhibit.captured_at
        if isinstance(balance, int) and at is not None and is_about(exhibit, card, facts):
            told.append((at, balance))
    return max(told)[1] if told else None


def _short_before(facts: CaseFacts, timing: Timing) -> bool | None:
    if facts.found_cause in _SHORT_CAUSES:
        return True
    for card in facts.cards_meant():
        check = last_check_before_reveal(card, facts)
        if check is None or check.balance_fen is None or card.face_fen is None:
            continue
        if check.balance_fen < card.face_fen:
            return True
    if timing is Timing.REDEEMED_BEFORE_REVEAL:
        return True
    return False if timing is Timing.REDEEMED_AFTER_REVEAL else None
