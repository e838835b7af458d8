"""Fit a small correction of the shipped reader to what the people of one shop said; judge whether it may be used. Pure.

The fit stays near the shipped numbers (a penalty on what is added) and must change little of what the shipped reader
says of a fixed sample of the corpus (replay), so that learning one shop's words does not unlearn everybody's. It is
used only if it is better on labels that it has not seen, by a sign test, and no worse on the reference. Decision 0023.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from math import comb
from typing import TYPE_CHECKING, Final

import numpy as np

from cardcase.triage.rules import TriageResult
from cardcase.triage.rules.correcting import Corrected, Correction
from cardcase.triage.rules.hearing import Heard
from cardcase.triage.rules.model import Model, Numbers
from cardcase.triage.rules.talk import conclude
from cardcase.triage.rules.weighing import LABELS, chances, rule_numbers

from .judging import family_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST: Final = 40
"""Labels with words below which nothing is fitted: a sign test of fewer can hardly tell anything from chance."""

MOST: Final = 1_500
"""The latest labels that are fitted to: a shop's words change, and the work stays within a minute."""

CHANCE: Final = 0.01
"""Largest probability of such a gain by chance. Small, because a shop is judged again and again as labels come."""

MOST_LOST: Final = 0.005
"""Share of the reference that may be read worse than by the shipped reader: half a point."""

SCALES: Final = (1.0, 0.5, 0.25)
"""How much of what was fitted is added; the most that the reference bears. Chosen without a look at the labels."""

NEAR: Final = 1.0
"""Weight of the penalty on what is added. This and the next were chosen in the trade of docs/model-card.md."""

REPLAY: Final = 0.03
"""Weight of the squared change of the numbers of a replayed text against a label's −log p. On the numbers, not on the
probabilities: those of texts that the reader learned from are so near to one that they hide a change until it is late.
"""

_WIDTH: Final = len(LABELS)
_FOLDS: Final = 5
_STEPS: Final = 60
_ROWS: Final = 6_000
"""N-grams that are kept, those with the largest numbers: some 60 KB."""
_AT: Final = {label: place for place, label in enumerate(LABELS)}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text as it was heard, and its true reason. ``group`` are those that stay on one side of a split."""

    heard: Heard
    said: str
    group: str
    has_form: bool = False
    form_sub: str = ""

    def read(self, reader: Model | Corrected) -> TriageResult:
        """Read it as the product would, with a given reader."""
        return conclude(self.heard, reader, has_form=self.has_form, form_sub=self.form_sub)

    def is_read_right(self, reader: Model | Corrected) -> bool:
        """Tell whether a reader finds its sub-reason; its family, where the true answer is none."""
        found = self.read(reader)
        return (found.sub_reason or found.reason.value) == self.said


class Verdict(StrEnum):
    """What came of trying."""

    TOO_FEW = "too_few"
    NOT_BETTER = "not_better"  # on unseen labels it cannot be told from chance
    FORGETS = "forgets"  # the reference is read worse, whatever little is added
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was tried and what it is worth: counts of labels read right unseen, and shares of the reference.

    ``better`` and ``worse``: groups of labels that the correction gains and loses. ``chance``: of that by luck.
    """

    verdict: Verdict
    labels: int
    right_before: int = 0
    right_after: int = 0
    better: int = 0
    worse: int = 0
    chance: float = 1.0
    reference: int = 0
    reference_before: float = 0.0
    reference_after: float = 0.0
    scale: float = 0.0
    correction: Correction | None = None


def adapt(
    lessons: Sequence[Lesson],
    replay: Sequence[Lesson],
    reference: Sequence[Lesson],
    base: Model,
    progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Fit to the latest lessons, judge, and give the correction only when it proves better. Deterministic."""
    mine = list(lessons)[-MOST:]
    if len(mine) < LEAST or len({one.group for one in mine}) < _FOLDS:
        return Outcome(Verdict.TOO_FEW, len(mine))
    progress("拟合 / fitting")
    kept, texts = _Texts.of(replay, base), _Texts.of(mine, base)
    whole = _fit(texts, kept, base)
    before = _right(reference, base)
    scale, after, correction = 0.0, before, whole.correction(base, 0.0)
    for share in SCALES:
        progress(f"对照 {share:.0%} / reference at {share:.0%}")
        tried = whole.correction(base, share)
        right = _right(reference, Corrected(base, tried, base.version))
        if right >= before - MOST_LOST:
            scale, after, correction = share, right, tried
            break
        after = right
    if not scale:
        return Outcome(
            Verdict.FORGETS, len(mine), reference=len(reference), reference_before=before, reference_after=after
        )
    hits = _unseen(mine, texts, kept, base, scale, progress)
    better, worse = _signs(mine, hits)
    chance = sign_test(better, worse)
    is_better = better > worse and chance <= CHANCE
    return Outcome(
        Verdict.ADOPTED if is_better else Verdict.NOT_BETTER,
        len(mine),
        sum(one for one, _ in hits),
        sum(two for _, two in hits),
        better,
        worse,
        chance,
        len(reference),
        before,
        after,
        scale,
        correction if is_better else None,
    )


def sign_test(better: int, worse: int) -> float:
    """Return the chance of at least so many gains among all changes if gain and loss were equally likely (exact)."""
    total = better + worse
    return float(sum(comb(total, hits) for hits in range(better, total + 1)) / 2**total)


def _right(lessons: Sequence[Lesson], reader: Model | Corrected) -> float:
    """Return the share read right: the mean of two, whether the family is right and whether the very reason is."""
    families = reasons = 0
    for one in lessons:
        found = one.read(reader)
        families += found.reason is family_of(one.said)
        reasons += (found.sub_reason or found.reason.value) == one.said
    return (families + reasons) / (2 * len(lessons))


def _unseen(  # noqa: PLR0917 - the parts of one fit
    lessons: Sequence[Lesson],
    texts: "_Texts",
    replay: "_Texts",
    base: Model,
    scale: float,
    progress: Callable[[str], None],
) -> list[tuple[bool, bool]]:
    """Return for each lesson whether the base, and a correction fitted without its group's fold, reads it right."""
    sides = [sha256(one.group.encode()).digest()[0] % _FOLDS for one in lessons]
    found: list[tuple[bool, bool]] = [(False, False)] * len(lessons)
    for side in sorted(set(sides)):
        progress(f"没见过的 {side + 1}/{_FOLDS} / unseen {side + 1} of {_FOLDS}")
        rest = [place for place, other in enumerate(sides) if other != side]
        reader = Corrected(base, _fit(texts.some(rest), replay, base).correction(base, scale), base.version)
        for place, one in enumerate(lessons):
            if sides[place] == side:
                found[place] = one.is_read_right(base), one.is_read_right(reader)
    return found


def _signs(lessons: Sequence[Lesson], hits: Sequence[tuple[bool, bool]]) -> tuple[int, int]:
    """Count groups that gain and groups that lose: one buyer's ten messages are one witness."""
    net: dict[str, int] = defaultdict(int)
    for one, (before, after) in zip(lessons, hits, strict=True):
        net[one.group] += int(after) - int(before)
    return sum(value > 0 for value in net.values()), sum(value < 0 for value in net.values())


# ---- the fit -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts as numbers: which n-grams each holds and how much of it, what reader and rules say, what is right."""

    rows: "Sequence[NDArray[np.intp]]"
    shares: Sequence[Numbers]
    numbers: Numbers
    told: Numbers
    right: "NDArray[np.intp]"

    @classmethod
    def of(cls, lessons: Sequence[Lesson], base: Model) -> "_Texts":
        """Look at lessons with the shipped reader."""
        readings = [base.read(one.heard.joined) for one in lessons]
        rows = [np.sort(one.rows) for one in readings]
        return cls(
            rows,
            [base.rarity.take(row) / one.length for row, one in zip(rows, readings, strict=True)],
            np.stack([one.numbers[:_WIDTH] for one in readings]),
            np.stack([rule_numbers(one.heard.said(), base.pool.supposed) for one in lessons]),
            np.array([_AT[one.said] for one in lessons], dtype=np.intp),
        )

    def some(self, places: Sequence[int]) -> "_Texts":
        """Return some of them."""
        wanted = np.array(places, dtype=np.intp)
        return _Texts(
            [self.rows[place] for place in places],
            [self.shares[place] for place in places],
            self.numbers[wanted],
            self.told[wanted],
            self.right[wanted],
        )


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What was fitted: numbers for n-grams (rows of the model), and for the labels themselves."""

    rows: "NDArray[np.intp]"
    weights: Numbers
    bias: Numbers

    def correction(self, base: Model, scale: float) -> Correction:
        """Return it as it is kept and used: scaled, the small numbers left out, rounded to a byte each."""
        strength = np.abs(self.weights).max(axis=1) * base.rarity[self.rows]
        best = np.sort(np.argsort(-strength, kind="stable")[:_ROWS])
        weights = self.weights[best] * scale
        steps = np.maximum(np.abs(weights).max(axis=0, initial=0.0), 1e-6) / 127
        rounded = np.round(weights / steps).astype(np.int8)
        some = np.flatnonzero(rounded.any(axis=1))
        return Correction(
            base.fingerprint,
            self.rows[best][some].astype(np.int32),
            rounded[some],
            steps.astype(np.float32),
            (self.bias * scale).astype(np.float32),
        )


def _fit(texts: _Texts, replay: _Texts, base: Model) -> _Fitted:
    """Minimise −log p(said) over the labels, plus the squared change of the numbers on the replay, plus the penalty.

    Nesterov's method with a fixed step from the largest curvature: no randomness, no library.
    """
    rows = np.concatenate([*texts.rows, *replay.rows])
    shares = np.concatenate([*texts.shares, *replay.shares]).astype(np.float64)
    starts = np.cumsum([0, *(len(one) for one in (*texts.rows, *replay.rows))])
    known, columns = np.unique(rows, return_inverse=True)
    order = np.argsort(columns, kind="stable")
    matrix = _Matrix(
        columns, shares, starts[:-1], np.diff(starts), order, np.searchsorted(columns[order], np.arange(len(known)))
    )
    pool = base.pool
    plain = pool.temperature * np.vstack([texts.numbers, replay.numbers]).astype(np.float64)
    plain += pool.rules * np.vstack([texts.told, replay.told])
    count = len(texts.right)
    goal = np.eye(_WIDTH)[texts.right]
    steepest = pool.temperature**2 * matrix.largest(np.repeat([0.5, REPLAY], [count, len(replay.right)])) + NEAR
    now = ahead = np.zeros((len(known) + 1, _WIDTH))
    pace = 1.0
    for _ in range(_STEPS):
        off = pool.temperature * matrix.times(ahead)
        off[:count] = chances((plain[:count] + off[:count]).astype(np.float32)) - goal
        off[count:] *= REPLAY
        step = ahead - (pool.temperature * matrix.back(off) + NEAR * ahead) / steepest
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = step + (pace - 1) / faster * (step - now)
        now, pace = step, faster
    return _Fitted(known, now[:-1].astype(np.float32), now[-1].astype(np.float32))


@dataclass(frozen=True, slots=True)
class _Matrix:
    """A sparse matrix, a line for each text, with a last column of ones; products by sorted sums."""

    columns: "NDArray[np.intp]"
    shares: "NDArray[np.float64]"
    starts: "NDArray[np.intp]"
    counts: "NDArray[np.intp]"
    order: "NDArray[np.intp]"
    edges: "NDArray[np.intp]"

    def times(self, weights: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Multiply with a line of numbers for each column."""
        found = _sums(self.shares[:, None] * weights[self.columns], self.starts, self.counts)
        found += weights[-1]
        return found

    def back(self, lines: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Multiply the transposed with a line of numbers for each text."""
        spread = self.shares[:, None] * np.repeat(lines, self.counts, axis=0)
        return np.vstack([np.add.reduceat(spread[self.order], self.edges, axis=0), lines.sum(axis=0)])

    def largest(self, weight: "NDArray[np.float64]") -> float:
        """Return the largest eigenvalue of its weighted square, by the power method, a little above."""
        one = np.full((len(self.edges) + 1, 1), 1.0)
        size = 1.0
        for _ in range(12):
            one /= np.linalg.norm(one)
            one = self.back(weight[:, None] * self.times(one))
            size = float(np.linalg.norm(one))
        return 1.1 * size


def _sums(
    values: "NDArray[np.float64]", starts: "NDArray[np.intp]", counts: "NDArray[np.intp]"
) -> "NDArray[np.float64]":
    """Sum runs of lines; a run of none is zero, which ``reduceat`` alone would get wrong."""
    found = np.zeros((len(counts), values.shape[1]))
    some = counts > 0
    if some.any():
        found[some] = np.add.reduceat(values, starts[some], axis=0)
    return found
