"""Which facts are worth asking for: what knowing them is expected to save, less the work (disputes.md §8.2)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import mul
from typing import Final

from .causes import Belief, never_for_buyer, settled
from .decide import Decision, decide
from .floors import owed
from .inputs import Claim
from .losses import Stakes, stakes, sums
from .numbers import Fact, Numbers, Vector

MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for, and what it is worth in 分."""

    fact: Fact
    worth: int


Answer = tuple[Claim, Vector, bool]
"""What the claim would be, how likely that answer is under each cause, and whether it tells that the buyer redeemed."""


def questions(  # noqa: PLR0917 - all that a decision rests on
    claim: Claim, belief: Belief, at_stake: Stakes, now: Decision, numbers: Numbers, closed: Collection[str]
) -> tuple[Question, ...]:
    """Name at most three facts that are worth the work of asking, the best first. Nothing when time is too short."""
    least = at_stake.claim * numbers.mid["worth_share"]
    found = []
    for name, answers in _open(claim, numbers):
        fact = numbers.facts[name]
        if claim.time_left_s is not None and claim.time_left_s < fact.least_time_s:
            continue
        after = 0.0
        for answer in answers:
            after += _loss(answer, belief, numbers, closed)
        worth = now.loss - after - fact.labour * at_stake.mid.labour
        if worth >= 1 and worth > least:  # less than a 分 is worth nothing, also where nothing is at stake
            found.append(Question(fact, int(worth)))
    found.sort(key=lambda one: -one.worth)
    return tuple(found[:MOST])


def _loss(answer: Answer, belief: Belief, numbers: Numbers, closed: Collection[str]) -> float:
    """What would be lost after an answer, times how likely the answer is."""
    claim, likely, is_against = answer
    weighed = list(map(mul, belief.shares, likely))
    chance = sum(weighed)
    if chance <= 0:
        return 0.0
    if is_against:
        weighed = never_for_buyer(belief.shares, likely, numbers)
    then = settled(weighed, numbers, belief.spread)
    at_stake = stakes(claim, numbers)
    owes = owed(claim, at_stake)
    over = sums(then.shares, claim, at_stake, numbers)
    lost: float = chance * decide(claim, then, at_stake, over, owes, numbers, closed).loss
    return lost


def _open(claim: Claim, numbers: Numbers) -> Iterator[tuple[str, list[Answer]]]:
    """Name the facts that are not known, with the answers that may come."""
    is_redeemed_unknown = claim.redemption == "unknown" and claim.by_buyer is None
    if is_redeemed_unknown:
        yield (
            "redemption",
            [
                (claim.but(redemption=state), likely, False)
                for state, likely in zip(
                    ("unredeemed", "after_reveal", "before_reveal"), numbers.plain_states, strict=True
                )
            ],
        )
    if claim.by_buyer is None and claim.redemption in ("unknown", "after_reveal"):
        yield "redeemed_by_buyer_account", list(_accounts(claim, numbers))
    if claim.left is None and claim.promised_fen and claim.sub_reason[:1] in ("V", "") and claim.sub_reason != "V5":
        half = max(1, claim.promised_fen * 2 // 3)
        yield (
            "verified_balance_fen",
            [
                (claim.but(balance_fen=left), likely, False)
                for left, likely in zip((0, half, claim.promised_fen), numbers.balances, strict=True)
            ],
        )
    if claim.is_delivered is None and claim.sub_reason in ("", "O", "O1"):
        place, rest = numbers.not_delivered, numbers.evidence["delivery_recorded"]
        missing = tuple(1 - rest[place] if one == place else 0.0 for one in range(len(rest)))
        yield (
            "delivered",
            [(claim.but(is_delivered=True), rest, False), (claim.but(is_delivered=False), missing, False)],
        )
    yield from _records(claim, numbers)


def _accounts(claim: Claim, numbers: Numbers) -> Iterator[Answer]:
    if claim.redemption == "after_reveal":
        yield claim.but(by_buyer=True), numbers.account, True
        yield claim.but(by_buyer=False), numbers.other_account, False
    else:
        yield claim.but(by_buyer=True, redemption="after_reveal"), numbers.redeemed_by_buyer, True
        yield claim.but(by_buyer=False), numbers.redeemed_by_other, False
        yield claim.but(redemption="unredeemed"), numbers.plain_states[0], False


def _records(claim: Claim, numbers: Numbers) -> Iterator[tuple[str, list[Answer]]]:
    weights = numbers.evidence
    if claim.provenance is None:
        yield (
            "provenance",
            [
                (claim.but(provenance=name), weights[f"provenance_{name}"], False)
                for name in ("none", "partial", "full")
            ],
        )
    if claim.is_checked is None:
        yield (
            "pre_sale_check",
            [
                (claim.but(is_checked=True), weights["checked_before_sale"], False),
                (claim.but(is_checked=False), weights["not_checked_before_sale"], False),
            ],
        )
