"""What a case can be: stages, statuses, who is waited for, events, parties. Names follow design/domain.md §7.3."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Stage(StrEnum):
    """How far up a complaint has gone. It only rises, except when a case is re-opened."""

    ENQUIRY = "enquiry"
    PLATFORM_REFUND = "platform_refund"
    PLATFORM_DISPUTE = "platform_dispute"
    APPEAL = "appeal"


class Status(StrEnum):
    """Where a case stands. The first eight are open, the next five resolved, the last is final."""

    NEW = "new"
    NEEDS_RESPONSE = "needs_response"
    WAITING_BUYER = "waiting_buyer"
    OFFER_MADE = "offer_made"
    AGREED = "agreed"
    EXECUTING = "executing"
    DECLINED = "declined"
    UNDER_REVIEW = "under_review"
    SETTLED = "settled"
    WON = "won"
    PARTIALLY_WON = "partially_won"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class WaitingOn(StrEnum):
    """Whose turn it is."""

    SELLER = "seller"
    BUYER = "buyer"
    PLATFORM = "platform"
    SUPPLIER = "supplier"
    NOBODY = "nobody"


class Outcome(StrEnum):
    """How a case ended, in the words of architecture.md §4."""

    KEPT = "kept"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    REISSUED = "reissued"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    MERGED = "merged"  # it was the same complaint as another case, which goes on


class Party(StrEnum):
    """Who acts in the world, as far as the flow cares; staff are told apart by their permissions."""

    STAFF = "staff"
    SYSTEM = "system"
    PLATFORM = "platform"
    BUYER = "buyer"


class Event(StrEnum):
    """What can happen to a case: one event for each row of the table; ``Event.T5`` is ``Event.OFFERED``."""

    OPENED = "opened"
    TRIAGED = "triaged"
    EVIDENCE_ASKED = "evidence_asked"
    ANSWERED = "answered"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    OFFER_ENDED = "offer_ended"
    CONCEDED = "conceded"
    EXECUTED = "executed"
    VERIFIED = "verified"
    EXECUTION_FAILED = "execution_failed"
    DECLINED = "declined"
    ESCALATED = "escalated"
    STEPPED_IN = "stepped_in"
    MORE_EVIDENCE_ASKED = "more_evidence_asked"
    PACK_SUBMITTED = "pack_submitted"
    RULED = "ruled"
    APPEALED = "appealed"
    BUYER_APPEALED = "buyer_appealed"
    REAPPLIED = "reapplied"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed_out"
    CLOSED = "closed"
    REOPENED = "reopened"
    SYNCED = "synced"
    HOLD_CHANGED = "hold_changed"
    PAID_ELSEWHERE = "paid_elsewhere"
    REFUSED_ELSEWHERE = "refused_elsewhere"
    MERGED = "merged"
    DOUBTED = "doubted"

    T1 = "opened"
    T2 = "triaged"
    T3 = "evidence_asked"
    T4 = "answered"
    T5 = "offered"
    T6 = "accepted"
    T7 = "offer_ended"
    T8 = "conceded"
    T9 = "executed"
    T10 = "verified"
    T11 = "execution_failed"
    T12 = "declined"
    T13 = "escalated"
    T14 = "stepped_in"
    T15 = "more_evidence_asked"
    T16 = "pack_submitted"
    T17 = "ruled"
    T18 = "appealed"
    T19 = "buyer_appealed"
    T20 = "reapplied"
    T21 = "withdrawn"
    T22 = "timed_out"
    T23 = "closed"
    T24 = "reopened"
    T25 = "synced"
    T26 = "hold_changed"
    T27 = "paid_elsewhere"
    T28 = "refused_elsewhere"
    T29 = "merged"
    T30 = "doubted"


OPEN: Final = frozenset(
    {
        Status.NEW,
        Status.NEEDS_RESPONSE,
        Status.WAITING_BUYER,
        Status.OFFER_MADE,
        Status.AGREED,
        Status.EXECUTING,
        Status.DECLINED,
        Status.UNDER_REVIEW,
    }
)
"""Statuses of a case that somebody still has to do something about."""

RESOLVED: Final = frozenset({Status.SETTLED, Status.WON, Status.PARTIALLY_WON, Status.LOST, Status.WITHDRAWN})
"""Statuses of a case that is decided but whose windows may still be open."""

VERDICTS: Final = frozenset({Status.WON, Status.PARTIALLY_WON, Status.LOST})
"""What a platform can rule (T17)."""

WAITING: Final = MappingProxyType(
    {
        Status.NEW: WaitingOn.SELLER,
        Status.NEEDS_RESPONSE: WaitingOn.SELLER,
        Status.WAITING_BUYER: WaitingOn.BUYER,
        Status.OFFER_MADE: WaitingOn.BUYER,
        Status.AGREED: WaitingOn.SELLER,
        Status.EXECUTING: WaitingOn.PLATFORM,
        Status.DECLINED: WaitingOn.BUYER,
        Status.UNDER_REVIEW: WaitingOn.PLATFORM,
        Status.SETTLED: WaitingOn.NOBODY,
        Status.WON: WaitingOn.NOBODY,
        Status.PARTIALLY_WON: WaitingOn.NOBODY,
        Status.LOST: WaitingOn.NOBODY,
        Status.WITHDRAWN: WaitingOn.NOBODY,
        Status.CLOSED: WaitingOn.NOBODY,
    }
)
"""Whose turn a status means."""

OUTCOMES: Final = MappingProxyType(
    {
        Status.WON: Outcome.KEPT,
        Status.PARTIALLY_WON: Outcome.PARTLY_REFUNDED,
        Status.LOST: Outcome.LOST,
        Status.WITHDRAWN: Outcome.WITHDRAWN,
    }
)
"""The outcome that a status implies; a settled case gets it from its remedy."""

_RANK: Final = {stage: rank for rank, stage in enumerate(Stage)}


def higher(one: Stage, other: Stage) -> Stage:
    """Return the higher of two stages: a stage never falls while a case is open."""
    return one if _RANK[one] >= _RANK[other] else other


FAMILIES: Final = MappingProxyType({"A": "authenticity", "P": "personal", "V": "value", "O": "other"})
"""The family behind the letter of a sub-reason (domain.md, amendments and §7.2)."""

_LAST_NUMBER: Final = {"A": 5, "P": 5, "V": 6, "O": 8}

SUB_REASONS: Final = tuple(f"{letter}{n}" for letter, last in _LAST_NUMBER.items() for n in range(1, last + 1))
"""Every sub-reason that a person can confirm: A1–A5, P1–P5, V1–V6, O1–O8."""


def family_of(sub_reason: str) -> str:
    """Return the family of a sub-reason. Raises KeyError when there is no such sub-reason."""
    if sub_reason not in SUB_REASONS:
        raise KeyError(sub_reason)
    return FAMILIES[sub_reason[0]]
