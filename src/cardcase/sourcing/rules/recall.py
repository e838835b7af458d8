"""When one bad card proves enough to call back its batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text


class Proof(StrEnum):
    """What proved that a card was bad when the shop handed it over."""

    CHECK = "check"  # a look at it before its buyer could read it found it unusable
    REDEEMED = "redeemed"  # the issuer's clock says that it was used before its buyer could read it
    ISSUER = "issuer"  # it reads as if the issuer voided it without being asked: inferred, so a person confirms it
    RULING = "ruling"  # the platform ruled for the buyer about this very card


PROOF_TITLES: Final = MappingProxyType(
    {
        Proof.CHECK: Text("交付前查验不可用", "found unusable before it was handed over"),
        Proof.REDEEMED: Text("交付前已被兑换", "used before it was handed over"),
        Proof.ISSUER: Text(
            "记录显示发卡方主动作废，须本人确认", "voided by the issuer as the record reads, to be confirmed"
        ),
        Proof.RULING: Text("平台裁决", "a ruling of the platform"),
    }
)
INFERRED: Final = frozenset({Proof.ISSUER})
"""Proofs that are read from how something was noted, not from what somebody found: alone they call nothing back."""
SUSPICION: Final = Text("怀疑，尚未证实", "on suspicion, not proven")


@dataclass(frozen=True, slots=True)
class BadCard:
    """What is known of one card that is said to be bad. ``bad_checks`` are the moments of looks that failed."""

    is_voided: bool
    was_void_asked: bool
    revealed_at: datetime | None
    redeemed_at: datetime | None
    bad_checks: Sequence[datetime]
    is_ruled_for_buyer: bool


def proof_of(card: BadCard) -> Proof | None:
    """Return what proves that the card was bad before the buyer had it; None when only a person suspects it.

    A check after the reveal proves nothing: by then the buyer could have used the card. A card that the issuer voided
    at the shop's own request was not bad; voiding noted in one step, with the issuer's record, was not asked for.
    """
    if any(card.revealed_at is None or at < card.revealed_at for at in card.bad_checks):
        return Proof.CHECK
    if card.redeemed_at is not None and card.revealed_at is not None and card.redeemed_at < card.revealed_at:
        return Proof.REDEEMED
    if card.is_voided and not card.was_void_asked:
        return Proof.ISSUER
    return Proof.RULING if card.is_ruled_for_buyer else None
