"""What stands first among the newest answers: how much of a text the words are, and how new it is. Pure."""

import math
from collections.abc import Sequence
from typing import Final

_HALF_LIFE: Final = 60.0
"""Days after which being new counts half."""


def score(folded: str, terms: Sequence[str], *, age_days: float, weight: float = 0.0) -> float:
    """Return how well a text answers, the higher the better.

    The share of the text that the terms make up (1 when it is nothing else), being new (at most a half, half of that
    after sixty days), and what the kind of thing weighs.
    """
    share = min(sum(map(len, terms)) / len(folded), 1.0) if folded else 0.0
    return share + 0.5 * math.exp2(-max(age_days, 0.0) / _HALF_LIFE) + weight
