"""Join what the rules and the learned reader say of a text or a conversation into one probability for each reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from . import reasons
from .model import Numbers, Pool, Reading
from .results import Family

LABELS: Final = (*reasons.SUB_REASONS, Family.UNSTATED.value, Family.NONE.value)
"""What the learned reader chooses between."""

_AT: Final = {label: place for place, label in enumerate(LABELS)}
_FAMILIES: Final = tuple(Family)
_ORDER: Final = {family: index for index, family in enumerate(_FAMILIES)}
_FAMILY: Final = np.array([_ORDER[reasons.FAMILY_OF.get(label) or Family(label)] for label in LABELS], dtype=np.intp)
_PLACES: Final[Mapping[Family, tuple[int, ...]]] = {
    family: tuple(place for place, number in enumerate(_FAMILY) if number == index) for family, index in _ORDER.items()
}
_MEMBERS: Final = np.eye(len(Family), dtype=np.float32)[_FAMILY]

STRONGEST: Final = 3.0
"""Score of the rules from which more says nothing new."""

_OWN_WORDS: Final = 12.0
"""Added for a reason that the shop's own pattern names: it outweighs what was learned from others."""

_ALONE: Final = 2.0
"""How sharply the rules are read where there is no text for the learned reader: a reason picked on a form."""

_NEXT_TO_NONE: Final = 1e-30
"""Divided by instead of nothing, where a family is out of the question."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is weighed: the rules' score of each sub-reason, the talk that is no complaint, what is only supposed.

    ``own_words`` are reasons that the shop's own patterns found; ``reading`` is what the learned reader makes of it.
    """

    scores: Mapping[str, float]
    nothing: float = 0.0
    is_supposed: bool = False
    own_words: frozenset[str] = frozenset()
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """Probabilities in the order of ``LABELS``, which add up to one, and their sums in the order of ``Family``."""

    chances: Sequence[float]
    families: Sequence[float]

    def of(self, family: Family) -> float:
        """Return the probability of a family: the sum over its sub-reasons."""
        return self.families[_ORDER[family]]

    def likeliest(self) -> tuple[Family, float]:
        """Return the likeliest family and its probability."""
        chance = max(self.families)
        return _FAMILIES[self.families.index(chance)], chance

    def likeliest_sub(self, family: Family | None = None, *, but: str = "") -> tuple[str, float]:
        """Return the likeliest sub-reason of a family, or of all, except ``but``, and its probability."""
        places = _PLACES[family] if family is not None else range(len(reasons.SUB_REASONS))
        best = max([place for place in places if LABELS[place] != but], key=self.chances.__getitem__)
        return LABELS[best], self.chances[best]


def weigh(said: Said, pool: Pool) -> Weighed:
    """Add the rules to the model's numbers as the model's own pool says, and read the sum as probabilities.

    Within a family the rules may count for more: they tell 余额 from 面值, the learned reader trouble from regret.
    """
    told = rule_numbers(said, pool.supposed)
    if said.reading is None:
        alone = chances(_ALONE * told)
        return Weighed(alone.tolist(), (alone @ _MEMBERS).tolist())
    broad = chances(pool.temperature * said.reading.numbers[: len(LABELS)] + pool.rules * told)
    families = broad @ _MEMBERS
    fine = broad * np.exp((pool.within - pool.rules) * told)
    within = families / np.maximum(fine @ _MEMBERS, _NEXT_TO_NONE)
    return Weighed((fine * within[_FAMILY]).tolist(), families.tolist())


def rule_numbers(said: Said, supposed: float) -> Numbers:
    """Return what the rules say in the order of ``LABELS``; what is only supposed speaks for ``none``."""
    told = np.zeros(len(LABELS), dtype=np.float32)
    for label, score in said.scores.items():
        told[_AT[label]] = min(score, STRONGEST)
    for label in said.own_words:
        told[_AT[label]] += _OWN_WORDS
    told[_AT[Family.NONE]] = min(said.nothing, STRONGEST) + (supposed if said.is_supposed else 0.0)
    return told


def chances(numbers: Numbers) -> Numbers:
    """Return probabilities of numbers, row by row."""
    raised = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
    total: Numbers = raised / raised.sum(axis=-1, keepdims=True)
    return total
