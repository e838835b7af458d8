"""Learned values: the shop's own labels move the odds of its fault and of winning a dispute, stratum by stratum.

Strata are those of the numbers: sub-reason × redemption state as known when decided for the fault, ``win_after`` ·
``win_else`` · ``win_before`` for disputes. Selection is kept out: labels of cases that went to the platform train only
the dispute odds. More of them would not help: trained on contested cases alone, advice is worse than untrained, and
stays so with thirty times the labels (disputes.md §8.4).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cardcase.remedies.rules.advice import Claim, Learned, Numbers, believe, version_of
from cardcase.remedies.rules.advice.losses import chance_to_win, win_number

from .labels import Verdict
from .shrink import LEAST, Shifted, moved, shifted

DIGITS: Final = 6
"""Decimals that a learned value keeps, so that the file and the row say the same to the last bit."""


@dataclass(frozen=True, slots=True)
class Example:
    """A closed case as it stood when it was decided, and what came out. ``is_owed`` None: nothing says so."""

    claim: Claim
    is_owed: bool | None
    is_contested: bool
    verdict: Verdict = Verdict.NONE


def learn(examples: Sequence[Example], numbers: Numbers) -> tuple[Learned, ...]:
    """Learn from all closed cases of a shop, labelled or not; ``numbers`` are priors. Strata below eight stay as set.

    The order of the examples does not matter.
    """
    return (*_faults(examples, numbers), *_wins(examples, numbers))


def _faults(examples: Iterable[Example], numbers: Numbers) -> Iterable[Learned]:
    strata: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for one in examples:
        if len(one.claim.sub_reason) == 2:  # noqa: PLR2004 - a sub-reason, not a family
            strata[one.claim.sub_reason, one.claim.redemption].append(one)
    for (sub_reason, redemption), all_of_it in sorted(strata.items()):
        calm = [one for one in all_of_it if not one.is_contested]
        told = [one for one in calm if one.is_owed is not None]
        if len(told) < LEAST:
            continue
        expected = _mean(believe(one.claim, numbers).mid for one in told)
        hits = sum(one.is_owed is True for one in told)
        part = len(calm) / len(all_of_it)  # those that went to the platform keep the prior
        shift = shifted(expected, hits, len(told), numbers.mid["fault_strength"], part)
        yield _record(
            f"fault:{sub_reason}:{redemption}", "prior_odds", (shift.low, shift.mid, shift.high), base=numbers.base,
            shift=shift, counted=(hits, len(told)), sub_reason=sub_reason, redemption=redemption, part=part,
        )  # fmt: skip


def _wins(examples: Iterable[Example], numbers: Numbers) -> Iterable[Learned]:
    strata: dict[str, list[Example]] = defaultdict(list)
    for one in examples:
        if one.is_contested and one.verdict is not Verdict.NONE:
            strata[win_number(one.claim)].append(one)
    for name, ruled in sorted(strata.items()):
        if len(ruled) < LEAST:
            continue
        expected = _mean(chance_to_win(one.claim, numbers.mid) for one in ruled)
        hits = sum(one.verdict is Verdict.WON for one in ruled)
        shift = shifted(expected, hits, len(ruled), numbers.mid["win_strength"])
        low, mid, high = (moved(numbers.mid[name], factor) for factor in (shift.low, shift.mid, shift.high))
        yield _record(name, name, (low, mid, high), base=numbers.base, shift=shift, counted=(hits, len(ruled)))


def _record(
    name: str,
    number: str,
    values: tuple[float, float, float],
    *,
    base: str,
    shift: Shifted,
    counted: tuple[int, int],
    sub_reason: str = "",
    redemption: str = "",
    part: float = 1.0,
) -> Learned:
    low, mid, high = (round(value, DIGITS) for value in values)
    hits, n = counted
    return Learned.model_validate(
        {
            "id": name, "number": number, "sub_reason": sub_reason, "redemption": redemption,
            "low": low, "mid": mid, "high": high, "n": n, "hits": hits,
            "expected": round(shift.expected, DIGITS), "part": round(part, DIGITS), "base": base,
        }
    )  # fmt: skip


def _mean(values: Iterable[float]) -> float:
    made = sorted(values)  # in one order, so that the sum is the same to the last bit
    return sum(made) / len(made)


def as_toml(records: Sequence[Learned]) -> str:
    """Write learned values as a file that ``cardcase advise --numbers`` takes."""
    lines = [
        "# Learned from the labels of one shop (docs/handbook/advice.md). Written by `cardcase learn`; not by hand.",
        "",
        "[catalogue]",
        'id = "advice-learned"',
        f'version = "{version_of(records)}"',
        'source = "labels of closed cases of one shop"',
        'certainty = "L"',
    ]
    for one in records:
        lines += ["", "[[learned]]", *(f"{name} = {_toml(getattr(one, name))}" for name in _WRITTEN)]
    return "\n".join(lines) + "\n"


_WRITTEN: Final = (
    "id", "number", "sub_reason", "redemption", "low", "mid", "high", "n", "hits", "expected", "part", "base",
)  # fmt: skip


def _toml(value: str | float) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
