"""How good a reader is: figures as understanding.md and the model card name them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cardcase.triage.rules import Family, TriageResult, reasons

from .corpus import Example

FOUR: Final = (Family.AUTHENTICITY, Family.PERSONAL, Family.VALUE, Family.OTHER)
_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of judging some examples. Shares between 0 and 1; NaN where nothing was to be judged."""

    count: int
    macro_f1: float
    accuracy: float
    sub_accuracy: float
    calibration_error: float
    threat_recall: float
    threat_precision: float
    by_family: dict[str, float]


def family_of(label: str) -> Family:
    """Return the family of a label of the corpus."""
    return Family(label) if label in (Family.UNSTATED.value, Family.NONE.value) else reasons.family_of(label)


def judge(examples: Sequence[Example], answers: Sequence[TriageResult]) -> Figures:
    """Compare answers with what the examples mean. The first reason counts."""
    wanted = [family_of(one.reasons[0]) for one in examples]
    given = [one.reason for one in answers]
    hits = [want is got for want, got in zip(wanted, given, strict=True)]
    named = [(one.reasons[0], answer.sub_reason) for one, answer in zip(examples, answers, strict=True)
             if one.reasons[0] in reasons.SUB_REASONS]  # fmt: skip
    threats = [any(name.startswith("threat") for name in one.signals) for one in examples]
    seen = ["threat" in answer.signals for answer in answers]
    both = sum(want and got for want, got in zip(threats, seen, strict=True))
    scores = {family.value: _f1(wanted, given, family) for family in Family}
    return Figures(
        count=len(examples),
        macro_f1=sum(scores[family.value] for family in FOUR) / len(FOUR),
        accuracy=_share(sum(hits), len(hits)),
        sub_accuracy=_share(sum(want == got for want, got in named), len(named)),
        calibration_error=calibration_error([one.confidence for one in answers], hits),
        threat_recall=_share(both, sum(threats)),
        threat_precision=_share(both, sum(seen)),
        by_family=scores,
    )


def calibration_error(confidences: Sequence[float], hits: Sequence[bool]) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    total = 0.0
    for number in range(_BINS):
        mine = [
            (sure, hit)
            for sure, hit in zip(confidences, hits, strict=True)
            if min(_BINS - 1, int(sure * _BINS)) == number
        ]
        if mine:
            total += abs(sum(sure for sure, _ in mine) - sum(hit for _, hit in mine))
    return _share(total, len(hits))


def _f1(wanted: Sequence[Family], given: Sequence[Family], family: Family) -> float:
    hit = sum(want is got is family for want, got in zip(wanted, given, strict=True))
    wrong = sum((want is family) != (got is family) for want, got in zip(wanted, given, strict=True))
    return _share(2 * hit, 2 * hit + wrong)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
