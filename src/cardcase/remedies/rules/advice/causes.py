"""What may lie behind a claim: the causes weighed by the evidence, one likelihood after the other.

The evidence is taken as independent given the cause, which it is not quite; so weights are mild, counts are shrunk,
and the odds of the shop's fault are given as a range. Evidence that the buyer redeemed never speaks for the buyer.
"""

from math import prod
from operator import mul
from typing import NamedTuple

from .inputs import Claim
from .numbers import Numbers, Vector


class Belief(NamedTuple):
    """Shares of the causes (they add up to one), and the probability that the buyer is owed, as a range."""

    shares: list[float]
    low: float
    mid: float
    high: float
    spread: tuple[float, float]  # what the odds of the middle are multiplied by for the ends of the range


def believe(claim: Claim, numbers: Numbers) -> Belief:
    """Weigh every cause by what is known. What was learned about the claim's stratum moves the odds first."""
    shares = list(numbers.prior)
    spread = (numbers.low["prior_odds"], numbers.high["prior_odds"])
    learned = numbers.fault_learned(claim.sub_reason, claim.redemption)
    if learned is not None:
        spread = (learned.low / learned.mid, learned.high / learned.mid)
        shares = [
            share * learned.mid if is_owed else share for share, is_owed in zip(shares, numbers.entitled, strict=True)
        ]
    for likely in _likelihoods(claim, numbers):
        shares = list(map(mul, shares, likely))
    together = _background(claim, numbers)
    if together:
        trust = numbers.mid["background_trust"]
        shares = [share * prod(factors) ** trust for share, *factors in zip(shares, *together, strict=True)]
    for likely in _against_buyer(claim, numbers):
        shares = never_for_buyer(shares, likely, numbers)
    return settled(shares, numbers, spread)


def settled(shares: list[float], numbers: Numbers, spread: tuple[float, float]) -> Belief:
    """Make shares add up to one, and say how likely it is that the buyer is owed."""
    total = sum(shares)
    owed = sum(map(mul, shares, numbers.entitled))
    mid = owed / total
    low, high = spread[0] * owed, spread[1] * owed
    rest = total - owed
    return Belief([share / total for share in shares], low / (low + rest), mid, high / (high + rest), spread)


def proven(belief: Belief, numbers: Numbers) -> Belief:
    """Weigh a floor that binds: what it rests on is wrong about as seldom as a state is misread."""
    error = numbers.mid["state_error"]
    doubt = zip(belief.shares, numbers.entitled, strict=True)
    return settled([share if is_owed else share * error for share, is_owed in doubt], numbers, belief.spread)


def never_for_buyer(shares: list[float], likely: Vector, numbers: Numbers) -> list[float]:
    """Weigh by evidence that the buyer redeemed; where it would raise the odds of the shop's fault, keep them."""
    weighed = list(map(mul, shares, likely))
    owed_before = sum(map(mul, shares, numbers.entitled))
    owed_after = sum(map(mul, weighed, numbers.entitled))
    rest_before, rest_after = sum(shares) - owed_before, sum(weighed) - owed_after
    if owed_after * rest_before <= owed_before * rest_after:
        return weighed
    scale = owed_before * rest_after / (owed_after * rest_before)
    return [share * scale if is_owed else share for share, is_owed in zip(weighed, numbers.entitled, strict=True)]


def _likelihoods(claim: Claim, numbers: Numbers) -> list[Vector]:
    """Name what the evidence says, apart from evidence that the buyer himself redeemed."""
    weights = numbers.evidence
    made: list[Vector] = []
    if claim.sub_reason:
        made.append(numbers.claims[claim.sub_reason])
    if claim.redemption != "unknown":
        made.append(numbers.states[claim.redemption])
        if claim.redemption == "after_reveal" and claim.by_buyer is False:
            made.append(numbers.other_account)
    elif claim.by_buyer is False:
        made.append(numbers.redeemed_by_other)
    if claim.left is not None:
        made.append(numbers.balances[claim.left])
    if claim.is_admitted is False:
        made.append(weights["not_admitted"])
    if claim.is_delivered:
        made.append(weights["delivery_recorded"])
    return made


def _background(claim: Claim, numbers: Numbers) -> list[Vector]:
    """Name what is known of the lot and of the buyer. These pieces partly say the same, so they are taken together."""
    weights = numbers.evidence
    made: list[Vector] = []
    if claim.provenance is not None:
        made.append(weights[f"provenance_{claim.provenance}"])
    if claim.is_checked is not None:
        made.append(weights["checked_before_sale" if claim.is_checked else "not_checked_before_sale"])
    return made + _history(claim, numbers) + _siblings(claim, numbers)


def _against_buyer(claim: Claim, numbers: Numbers) -> list[Vector]:
    made: list[Vector] = []
    if claim.by_buyer and claim.redemption in ("unknown", "after_reveal"):
        made.append(numbers.account if claim.redemption == "after_reveal" else numbers.redeemed_by_buyer)
    if claim.is_admitted:
        made.append(numbers.evidence["admitted"])
    return made


def _partly(likely: Vector, weight: float) -> Vector:
    """Take evidence at a part of its weight."""
    return tuple([1 + weight * (factor - 1) for factor in likely])


def _history(claim: Claim, numbers: Numbers) -> list[Vector]:
    """Weigh the buyer's earlier orders: undisputed ones speak for him, many disputes a little against."""
    made = []
    if claim.undisputed:
        made.append(_partly(numbers.evidence["loyal"], claim.undisputed / (claim.undisputed + 2)))
    if claim.orders and claim.disputes and claim.orders >= 2:  # noqa: PLR2004 - one order says nothing
        share = min(1.0, claim.disputes / claim.orders)
        weight = max(0.0, min(1.0, (share - 0.1) / 0.4)) * claim.orders / (claim.orders + numbers.mid["history_weight"])
        if weight > 0:
            made.append(_partly(numbers.evidence["serial"], weight))
    return made


def _siblings(claim: Claim, numbers: Numbers) -> list[Vector]:
    """Weigh what became of the other cards of the lot."""
    if not claim.sold:
        return []
    failed = min(claim.failed or 0, claim.sold)
    if failed:
        share = failed / claim.sold
        return [_partly(numbers.evidence["lot_fails"], min(1.0, share / 0.2) * failed / (failed + 1))]
    if claim.failed is None:
        return []
    return [_partly(numbers.evidence["lot_is_sound"], claim.sold / (claim.sold + numbers.mid["history_weight"]))]
