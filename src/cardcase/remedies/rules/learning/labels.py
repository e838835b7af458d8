"""What decided a closed case: an honest label of whether the buyer was owed, with its source, or none at all.

A label needs something outside our own decision: the issuer, a balance that was looked up, the platform, an admission,
a person's finding. What the shop paid is no label: a refund may be kindness, a refusal may be wrong. A withdrawal
proves nothing (domain.md §7.3, T21).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from cardcase.cases.rules.reviews import Cause
from cardcase.evidence.rules import CaseFacts, ItemState, Matrix, Timing, checklist, find, moment_of
from cardcase.remedies.rules.advice import Claim

LABEL_VERSION: Final = 1
"""Raised when the rules below change, so that kept labels are derived anew."""

_SELLERS_CAUSE: Final = frozenset({"A1", "A3", "A4", "A5", "V1", "V2", "V3", "V4"})
_BUYERS_CAUSE: Final = frozenset({"P1", "P2", "P3", "P4", "P5", "V5"})
"""Causes found by a person (``Case.found_cause``). A2 and O are left out: they do not say whose fault it was."""

_DENY_USE: Final = ("A1", "A2", "V1", "V2")
"""Claims that "the buyer himself used it" answers; it does not answer a wrong region or a lock."""

_ASKS_BALANCE: Final = ("A1", "A2", "V1", "V2")
"""Claims that "the balance is whole, seen after the claim" answers."""


class Source(StrEnum):
    """Where a label comes from, strongest first."""

    BEFORE_REVEAL = "before_reveal"
    UNUSABLE = "unusable"
    SHORT = "short"
    WHOLE = "whole"
    ACCOUNT = "account"
    ADMISSION = "admission"
    CAUSE = "cause"
    REVIEW = "review"
    RULING = "ruling"


class Verdict(StrEnum):
    """What the platform ruled, for us or against us. A ruling in parts is neither."""

    WON = "won"
    LOST = "lost"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed case as far as labels need it; findings are those without anybody's word for the cause."""

    sub_reason: str
    timing: Timing
    is_unusable: bool  # verified: issuer, supplier, our own check before the reveal
    is_short_before: bool  # less than promised when the buyer got it, verified
    is_whole_after: bool  # all that was promised is still there, looked up after the claim
    is_redeemed_by_buyer: bool  # the issuer names the buyer's account (E4)
    is_admitted: bool  # the buyer says it was used (E7)
    found_cause: str = ""
    review_causes: tuple[str, ...] = ()
    verdict: Verdict = Verdict.NONE
    is_contested: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that says whether the buyer was owed."""

    source: Source
    is_owed: bool


@dataclass(frozen=True, slots=True)
class Label:
    """All that speaks about one closed case. ``verdict`` is kept apart: it is also what dispute odds learn from."""

    statements: tuple[Statement, ...]
    verdict: Verdict
    is_contested: bool

    @property
    def is_owed(self) -> bool | None:
        """Say whether the buyer was owed; None when nothing says so, or statements differ."""
        return agreed(self.statements)


def closed_of(
    facts: CaseFacts,
    matrix: Matrix,
    *,
    review_causes: Collection[str] = (),
    verdict: Verdict = Verdict.NONE,
    is_contested: bool = False,
) -> Closed:
    """Read a closed case. A person's word for the cause is a statement of its own, so the findings are made without."""
    bare = replace(facts, found_cause="")
    found = find(bare, matrix)
    have = {item.kind for item in checklist(bare, matrix) if item.state is ItemState.HAVE}
    left, promised = found.remaining_fen, found.promised_fen
    return Closed(
        sub_reason=facts.sub_reason,
        timing=found.timing,
        is_unusable=found.is_usable is False,
        is_short_before=found.is_short_before_delivery is True,
        is_whole_after=left is not None and promised is not None and left >= promised and _was_looked_at(bare),
        is_redeemed_by_buyer="E4" in have,
        is_admitted="E7" in have,
        found_cause=facts.found_cause,
        review_causes=tuple(review_causes),
        verdict=verdict,
        is_contested=is_contested,
    )


def _was_looked_at(facts: CaseFacts) -> bool:
    """Tell whether each card's balance was looked up after the claim: what was there before may be gone since."""
    since = facts.claimed_at
    if since is None:
        return False
    shown = any(
        "balance_fen" in exhibit.facts and (at := moment_of(exhibit.facts, "at")) is not None and at >= since
        for exhibit in facts.exhibits
    )
    return shown or all(
        any(check.balance_fen is not None and check.at >= since for check in card.checks)
        for card in facts.cards_meant()
    )


def label_of(case: Closed) -> Label:
    """Derive the label of a closed case."""
    return Label(tuple(_statements(case)), case.verdict, case.is_contested or case.verdict is not Verdict.NONE)


def agreed(statements: Collection[Statement]) -> bool | None:
    """Return what all statements say; None when there is none, or they differ."""
    said = {one.is_owed for one in statements}
    return said.pop() if len(said) == 1 else None


def fresh(label: Label, known: Claim) -> bool | None:
    """Return the label from what was not yet known when the advice was given.

    What the advice already stood on cannot tell whether its forecast was good: it would only praise itself.
    """
    return agreed([one for one in label.statements if not _was_known(one.source, known)])


def _was_known(source: Source, claim: Claim) -> bool:
    return {
        Source.BEFORE_REVEAL: claim.redemption == "before_reveal",
        Source.UNUSABLE: claim.is_dead,
        Source.SHORT: claim.left in (0, 1),
        Source.WHOLE: claim.left == 2,  # noqa: PLR2004 - all of it
        Source.ACCOUNT: claim.by_buyer is True,
        Source.ADMISSION: claim.is_admitted is True,
    }.get(source, False)


def _statements(case: Closed) -> Iterator[Statement]:
    if case.timing is Timing.REDEEMED_BEFORE_REVEAL:
        yield Statement(Source.BEFORE_REVEAL, is_owed=True)
    elif case.is_unusable:
        yield Statement(Source.UNUSABLE, is_owed=True)
    elif case.is_short_before:
        yield Statement(Source.SHORT, is_owed=True)
    if case.is_whole_after and case.sub_reason in _ASKS_BALANCE:
        yield Statement(Source.WHOLE, is_owed=False)
    # The time alone does not say who redeemed it (disputes.md §8.3, caveat): the account must.
    if case.is_redeemed_by_buyer and case.timing is Timing.REDEEMED_AFTER_REVEAL and case.sub_reason in _DENY_USE:
        yield Statement(Source.ACCOUNT, is_owed=False)
    if case.is_admitted and case.sub_reason in _DENY_USE:
        yield Statement(Source.ADMISSION, is_owed=False)
    if case.found_cause in _SELLERS_CAUSE or case.found_cause in _BUYERS_CAUSE:
        yield Statement(Source.CAUSE, is_owed=case.found_cause in _SELLERS_CAUSE)
    # "The ruling was wrong" is the shop's word in its own cause, so it is no label; "the card was at fault" is.
    if Cause.GOODS_FAULTY in case.review_causes:
        yield Statement(Source.REVIEW, is_owed=True)
    if case.verdict is not Verdict.NONE:
        yield Statement(Source.RULING, is_owed=case.verdict is Verdict.LOST)
