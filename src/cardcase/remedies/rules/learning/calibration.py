"""Were the forecasts right? Few bins, every share with its n and interval, the score beside its noise floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Final, Literal

from .shrink import LEAST, Share, Z, share

EDGES: Final = (0.0, 0.2, 0.5, 1.0)
"""Three bins, cut where the advice cuts: no refusal above .2, no part above .5 (disputes.md §8.3)."""

Judgement = Literal["too_few", "too_low", "too_high", "not_told_apart", "worse"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was forecast when a case was decided, and what came out."""

    p: float
    is_owed: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts between two edges: what they said on average, and how often it was so."""

    low: float
    high: float
    mean: float
    seen: Share


@dataclass(frozen=True, slots=True)
class Score:
    """Brier's score, the score of saying the base rate each time, and what a perfect forecaster would score.

    ``floor`` is the expected score of one whose forecasts are exactly right, ``floor_low``–``floor_high`` where it
    lands 95 times of 100: a score inside cannot be told from perfect. ``z`` is calibration in the large
    (disputes.md §8.5): above 0, the shop was at fault more often than forecast.
    """

    brier: float
    base_rate: float
    floor: float
    floor_low: float
    floor_high: float
    z: float


@dataclass(frozen=True, slots=True)
class Group:
    """One set of cases with its bins; ``score`` is None while there are too few to say."""

    n: int
    bins: tuple[Bin, ...]
    score: Score | None
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cases that never went to the platform, and those that did, apart: the second say nothing about the first."""

    calm: Group
    contested: Group


def calibrate(calm: Sequence[Forecast], contested: Sequence[Forecast]) -> Calibration:
    """Judge both sets of forecasts."""
    return Calibration(_group(calm), _group(contested))


def _group(forecasts: Sequence[Forecast]) -> Group:
    made = tuple(
        _bin(low, high, [one for one in forecasts if low <= one.p < high or (high == 1.0 and one.p == 1.0)])
        for low, high in pairwise(EDGES)
    )
    score = _score(forecasts) if len(forecasts) >= LEAST else None
    return Group(len(forecasts), made, score, _judge(score))


def _bin(low: float, high: float, inside: Sequence[Forecast]) -> Bin:
    mean = sum(one.p for one in inside) / len(inside) if inside else 0.0
    return Bin(low, high, mean, share(sum(one.is_owed for one in inside), len(inside)))


def _score(forecasts: Sequence[Forecast]) -> Score:
    n = len(forecasts)
    rate = sum(one.is_owed for one in forecasts) / n
    spread = sum(one.p * (1 - one.p) for one in forecasts)
    # A perfect forecaster's square is (1-p)² with chance p and p² with chance 1-p: mean p(1-p), variance p(1-p)(1-2p)².
    half = Z * sqrt(sum(one.p * (1 - one.p) * (1 - 2 * one.p) ** 2 for one in forecasts)) / n
    return Score(
        brier=sum((one.p - one.is_owed) ** 2 for one in forecasts) / n,
        base_rate=rate * (1 - rate),
        floor=spread / n,
        floor_low=max(0.0, spread / n - half),
        floor_high=min(1.0, spread / n + half),
        z=sum(one.is_owed - one.p for one in forecasts) / sqrt(spread) if spread else 0.0,
    )


def _judge(score: Score | None) -> Judgement:
    if score is None:
        return "too_few"
    if abs(score.z) > Z:
        return "too_low" if score.z > 0 else "too_high"
    return "worse" if score.brier > score.floor_high else "not_told_apart"
