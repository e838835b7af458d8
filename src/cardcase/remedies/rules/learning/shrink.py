"""The one estimator: a stated prior, worth a stated number of cases, moved by what was counted. And its intervals."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

LEAST: Final = 8
"""Labels in a stratum below which nothing is learned and no share is shown (disputes.md §8.4: support guard)."""

Z: Final = 1.96
"""Intervals are of 95 %: two-sided normal quantile."""


@dataclass(frozen=True, slots=True)
class Share:
    """A count out of a number, with the interval of the share. Below ``LEAST`` it is too few to say."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def is_enough(self) -> bool:
        """Tell whether a share may be shown at all."""
        return self.n >= LEAST

    @property
    def rate(self) -> float:
        """Return the share that was counted; zero when nothing was."""
        return self.hits / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Shifted:
    """A learned share beside the one that was expected: the odds are to be multiplied by ``low``, ``mid``, ``high``."""

    expected: float
    low: float
    mid: float
    high: float


def share(hits: int, n: int) -> Share:
    """Count with its interval."""
    low, high = wilson(hits, n)
    return Share(hits, n, low, high)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927); everything when nothing was counted."""
    if n <= 0:
        return 0.0, 1.0
    rate, square = hits / n, Z * Z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = Z * sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))


def shifted(expected: float, hits: int, n: int, strength: float, part: float = 1.0) -> Shifted:
    """Shrink what was counted towards what was expected: the mean of a Beta with ``strength`` cases of prior.

    The posterior mean is ``(strength · expected + hits) / (strength + n)``. Of a whole of which only ``part`` could be
    labelled, only that part moves. The interval is Wilson's at ``strength + n`` cases. The expected share lies
    strictly between 0 and 1, so every odds below is finite.
    """
    weight = strength + n
    mean = expected + part * ((strength * expected + hits) / weight - expected)
    low, high = wilson(mean * weight, weight)
    before = odds(expected)
    return Shifted(expected, odds(low) / before, odds(mean) / before, odds(high) / before)


def odds(probability: float) -> float:
    """Turn a probability strictly between 0 and 1 into odds."""
    return probability / (1 - probability)


def moved(probability: float, factor: float) -> float:
    """Multiply the odds of a probability."""
    changed = odds(probability) * factor
    return changed / (1 + changed)
