"""The values that a shop has learned, laid over the numbers as set."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from cardcase.kit import canonical
from cardcase.remedies import rules
from cardcase.remedies.models import LearnedNumbers
from cardcase.remedies.rules.advice import Learned, Numbers
from cardcase.remedies.rules.advice import with_learned as lay
from cardcase.staff.rules import Actor


def standing(actor: Actor) -> LearnedNumbers | None:
    """Return what was learned last; None when nothing ever was."""
    found = LearnedNumbers.objects.visible_to(actor).order_by("-pk").first()
    assert found is None or isinstance(found, LearnedNumbers)
    return found


def with_learned(actor: Actor, catalogue: rules.Catalogue) -> rules.Catalogue:
    """Lay what the shop has learned over its numbers.

    Values that were learned with other numbers than those of now wait: the next learning makes them anew.
    """
    found = standing(actor)
    if found is None or not found.records or found.base != catalogue.numbers.base:
        return catalogue
    return replace(catalogue, numbers=_laid(_Set(catalogue.numbers, found.records)))


def read_records(plain: Sequence[Any]) -> tuple[Learned, ...]:
    """Read learned values as the row keeps them."""
    return tuple(Learned.model_validate(one) for one in plain)


class _Set:
    """Numbers with the values to lay over them, equal when both are the same: what the cache below goes by."""

    def __init__(self, numbers: Numbers, plain: Sequence[Any]) -> None:
        self.numbers, self.plain = numbers, plain
        self._key = (id(numbers), canonical.encode(list(plain)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Set) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=64)
def _laid(made_of: _Set) -> Numbers:
    return lay(made_of.numbers, read_records(made_of.plain))
