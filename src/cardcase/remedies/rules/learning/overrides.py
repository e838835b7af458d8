"""How often people choose other than advised, and how those cases ended. Counts only: who chose knew more, or less.

Cases that were decided otherwise are not like those that were not, so a difference between the two is no effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text

from .shrink import LEAST, Share, Z, share


class Because(StrEnum):
    """Why a person chose other than advised."""

    KNOWS_MORE = "knows_more"
    REGULAR = "regular"
    TIME = "time"
    SMALL = "small"
    SHOP_RULE = "shop_rule"
    BUYER_WANTED = "buyer_wanted"
    ADVICE_WRONG = "advice_wrong"
    OTHER = "other"
    UNSAID = ""


BECAUSE: Final = MappingProxyType(
    {
        Because.KNOWS_MORE: Text("知道系统不知道的事", "knew what the system does not"),
        Because.REGULAR: Text("照顾老买家", "a regular buyer"),
        Because.TIME: Text("时间来不及", "no time left"),
        Because.SMALL: Text("金额小，不值得多花工夫", "too small to be worth the work"),
        Because.SHOP_RULE: Text("店里的规矩", "the shop's own rule"),
        Because.BUYER_WANTED: Text("买家要求这样", "the buyer wanted it so"),
        Because.ADVICE_WRONG: Text("建议不对", "the advice was wrong"),
        Because.OTHER: Text("其他", "other"),
        Because.UNSAID: Text("没有写明", "not said"),
    }
)


@dataclass(frozen=True, slots=True)
class Why:
    """Why a person chose other than advised: one of the list, and words of their own (codes masked)."""

    because: Because = Because.UNSAID
    note: str = ""


UNSAID: Final = Why()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One decision, what was advised then, and how its case ended (``outcome`` empty while it is open)."""

    advised: str
    chosen: str
    because: str
    outcome: str
    is_owed: bool | None
    is_last: bool  # of its case: endings are counted once a case

    @property
    def is_other(self) -> bool:
        """Tell whether something else was chosen than advised."""
        return is_other(self.advised, self.chosen)


@dataclass(frozen=True, slots=True)
class Row:
    """A share under a name: a kind that was advised, or a reason given."""

    key: str
    seen: Share


@dataclass(frozen=True, slots=True)
class Ending:
    """How the closed cases of one group ended: outcomes counted, and of those with a label how many went against it."""

    n: int
    outcomes: tuple[tuple[str, int], ...]
    lost: Share
    against_label: Share


@dataclass(frozen=True, slots=True)
class OverrideReport:
    """Decisions with an advice, those taken otherwise, and endings. ``floor``: difference of two shares by chance."""

    whole: Share
    by_kind: tuple[Row, ...]
    by_reason: tuple[Row, ...]
    unadvised: int
    followed: Ending
    other: Ending
    floor: float | None


def is_other(advised: str, chosen: str) -> bool:
    """Tell whether a choice differs from the advice; where nothing was advised there is nothing to differ from."""
    return bool(advised) and advised != chosen


def overrides(choices: Sequence[Choice]) -> OverrideReport:
    """Count the choices of a shop."""
    advised = [one for one in choices if one.advised]
    other = [one for one in advised if one.is_other]
    followed_end = _ending([one for one in advised if not one.is_other])
    other_end = _ending(other)
    return OverrideReport(
        whole=share(len(other), len(advised)),
        by_kind=_rows(advised, lambda one: one.advised, lambda one: one.is_other),
        by_reason=tuple(Row(key, share(count, len(other))) for key, count in _counts([one.because for one in other])),
        unadvised=len(choices) - len(advised),
        followed=followed_end,
        other=other_end,
        floor=_floor(followed_end.lost, other_end.lost),
    )


def _rows(choices: Sequence[Choice], key: Callable[[Choice], str], is_hit: Callable[[Choice], bool]) -> tuple[Row, ...]:
    return tuple(
        Row(name, share(sum(is_hit(one) for one in choices if key(one) == name), count))
        for name, count in _counts([key(one) for one in choices])
    )


def _counts(names: Sequence[str]) -> list[tuple[str, int]]:
    return sorted(((name, names.count(name)) for name in set(names)), key=lambda one: (-one[1], one[0]))


def _ending(choices: Sequence[Choice]) -> Ending:
    closed = [one for one in choices if one.outcome and one.is_last]
    told = [one for one in closed if one.is_owed is not None]
    return Ending(
        n=len(closed),
        outcomes=tuple(_counts([one.outcome for one in closed])),
        lost=share(sum(one.outcome == "lost" for one in closed), len(closed)),
        against_label=share(sum(_went_against(one) for one in told), len(told)),
    )


def _went_against(choice: Choice) -> bool:
    """Tell whether a buyer who was owed was refused, or one who was not was given all that was claimed."""
    is_refusal = choice.chosen in ("decline", "escalate")
    return is_refusal if choice.is_owed else choice.chosen in ("full_refund", "return_and_refund", "accept_claim")


def _floor(one: Share, two: Share) -> float | None:
    """Say how far two shares lie apart by chance alone, 95 times of 100; None where either is too few to say."""
    if one.n < LEAST or two.n < LEAST:
        return None
    pooled = (one.hits + two.hits) / (one.n + two.n)
    return Z * sqrt(pooled * (1 - pooled) * (1 / one.n + 1 / two.n))
