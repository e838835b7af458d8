"""What remedies are judged on: the facts of the case, what its evidence shows, what has been offered and done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cardcase.evidence.rules import CaseFacts, Findings, Gap, Item


class RemedyState(StrEnum):
    """Where a decided remedy stands. Nothing leaves ``executing`` by itself."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    PRECHECKED = "prechecked"
    EXECUTING = "executing"
    EXECUTED = "executed"
    VERIFIED = "verified"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    CANCELLED = "cancelled"


LIVE: Final = frozenset(
    {
        RemedyState.APPROVED,
        RemedyState.PRECHECKED,
        RemedyState.EXECUTING,
        RemedyState.EXECUTED,
        RemedyState.AMBIGUOUS,
    }
)
"""States of a remedy that is on its way; at most one per case (a constraint of the table says the same)."""

SPENT: Final = frozenset({RemedyState.EXECUTING, RemedyState.EXECUTED, RemedyState.VERIFIED, RemedyState.AMBIGUOUS})
"""States in which the value has gone out, or may have: what counts in invariant I1."""


class OfferState(StrEnum):
    """Where an offer stands. A draft is above the drafter's limit and waits for somebody who may decide."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DENIED = "denied"
    COUNTERED = "countered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedySeen:
    """A remedy decided on this order, by this case or another one of it. ``value_fen`` counts in invariant I1."""

    public_id: str
    kind: str
    state: str
    value_fen: int
    is_money: bool
    of_this_case: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyFacts:
    """All that floor, preconditions, costs and advice are judged on. Pure; made by ``remedies.queries``."""

    case: CaseFacts
    findings: Findings
    items: Sequence[Item]
    gaps: Sequence[Gap]  # what a refusal still lacks
    channel: str = "xianyu"
    stage: str = "platform_refund"
    status: str = "needs_response"
    is_open: bool = True
    stock_equal: int | None = None  # cards of equal value in stock; None: not looked up
    remedies: Sequence[RemedySeen] = ()
    has_open_offer: bool = False
    has_open_dispute: bool = False  # the platform runs a dispute about this order
    platform_due_at: datetime | None = None
    platform_margin_at: datetime | None = None

    @property
    def price_fen(self) -> int | None:
        """What the buyer paid for the cards that the complaint is about: by face value when only some are meant.

        A replacement is on the order as well, but nobody paid for it: more cards than were bought share the price by
        their number.
        """
        paid = self.case.order.paid_fen if self.case.order.paid_fen is not None else self.case.order.total_fen
        if paid is None:
            paid = self.case.claimed_fen
        meant, every = self.case.cards_meant(), self.case.cards
        if paid is None or not every:
            return paid
        bought = self.case.order.quantity
        if bought and len(every) > bought:
            return paid * min(len(meant), bought) // bought
        if len(meant) == len(every):
            return paid
        faces = [card.face_fen for card in every]
        if any(face is None for face in faces):
            return paid * len(meant) // len(every)
        total = sum(face for face in faces if face is not None)
        share = sum(card.face_fen for card in meant if card.face_fen is not None)
        return paid * share // total if total else paid

    @property
    def spent_fen(self) -> int:
        """What has gone out, or may have gone out, on this order."""
        return sum(one.value_fen for one in self.remedies if one.state in SPENT)
