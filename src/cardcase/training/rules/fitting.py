"""Fit the learned reader to the corpus: the same corpus and libraries give the same bytes.

A linear support vector machine over tf-idf of character n-grams, one against the rest (understanding.md: it beats what
is larger on paraphrases). How its numbers join the rules', and how sharply the sum is read, is chosen on writers whose
texts it has not seen: a buyer is always somebody else.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from cardcase.triage.rules import Family, Utterance
from cardcase.triage.rules.hearing import Heard, hear_conversation
from cardcase.triage.rules.model import Model, Numbers, Pool, SignalCut
from cardcase.triage.rules.weighing import LABELS, chances, rule_numbers

from . import linear
from .corpus import SIGNALS, Example
from .judging import family_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST_TEXTS: Final = 3
"""Texts that an n-gram must stand in to be learned. Two would double the model, and new writers are read no better."""
_SECOND: Final = 0.35
"""Weight of a text as an example of its second reason."""
LEARNED_SIGNALS: Final = ("threat", *(name for name in SIGNALS if name not in ("code_in_text", "personal_data")))
"""Codes and numbers have a shape: rules alone see them. ``threat`` stands for a threat of any kind."""
_TEMPERATURES: Final = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
_RULES: Final = (0.0, 0.3, 0.5, 0.7, 0.9, 1.2)
_WITHIN: Final = (0.3, 0.5, 0.8, 1.2, 1.6, 2.0, 2.5)
_SUPPOSED: Final = (0.0, 1.0, 2.0, 3.0)
_SIGNAL_RULES: Final = (0.0, 0.3, 0.6, 1.0)
_LEAST_PRECISION: Final = (0.8, 0.65)
"""Of signals, on the corpus: the first at which at least half is found of what the best F1 finds, else the best F1."""
_THREATS_PRECISION: Final = (0.72, 0.65)
"""The same of threats, among the writers who threaten least: see ``_quieter``."""
_FEWEST: Final = 40
"""Examples of a signal on fewer of which no cut is chosen: then all writers are asked."""
_SIDES: Final = 6
"""Into which the writers are parted: each is read by a model that has seen none of its writers."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An example with what was heard in it, which no fitting changes."""

    example: Example
    heard: Heard


def prepare(examples: Sequence[Example]) -> list[Prepared]:
    """Read every example as triage would, without a learned reader."""
    return [
        Prepared(one, hear_conversation([Utterance(str(n), text, who) for n, (who, text) in enumerate(one.turns)]))
        for one in examples
    ]


def fit(prepared: Sequence[Prepared], *, version: str, progress: Callable[[str], None] = lambda _: None) -> Model:
    """Fit a model to all of these, its pool and cuts chosen writer by writer. Raises NoTrainer."""
    progress("在没见过的写者上挑选 / choosing on unseen writers")
    pool, signals = _choose(prepared, progress)
    progress("用全部语料拟合 / fitting to all")
    return _fit_one(prepared, pool, signals, version)


def unseen(prepared: Sequence[Prepared]) -> list[tuple[Prepared, Model]]:
    """Return every example with a model that has seen no text of its writer, for judging honestly."""
    pool, signals = _choose(prepared, lambda _: None)
    found = []
    for writer in sorted({one.example.writer for one in prepared}):
        model = _fit_one([one for one in prepared if one.example.writer != writer], pool, signals, "fold")
        found += [(one, model) for one in prepared if one.example.writer == writer]
    return found


def _fit_one(prepared: Sequence[Prepared], pool: Pool, signals: dict[str, SignalCut], version: str) -> Model:
    texts = [one.heard.joined for one in prepared]
    known, rarity = linear.vocabulary(texts, least=_LEAST_TEXTS)
    columns = _separate(prepared, linear.matrix(texts, known, rarity))
    return linear.rounded(known, rarity, columns, signals=signals, pool=pool, version=version)


def _separate(prepared: Sequence[Prepared], table: Any) -> dict[str, tuple["NDArray[Any]", float]]:
    """Fit each label and signal against the rest."""
    columns = {}
    for label in LABELS:
        first = np.array([one.example.reasons[0] == label for one in prepared])
        second = np.array([label in one.example.reasons[1:] for one in prepared])
        weight = np.where(second, _SECOND, 1.0)
        columns[label] = linear.column(table, first | second, weight=weight)
    for name in LEARNED_SIGNALS:
        given = np.array([_is_given(name, one.example.signals) for one in prepared])
        columns[name] = linear.column(table, given)
    return columns


# ---- what is chosen on writers that were not seen ------------------------------------------------------------------


def _choose(prepared: Sequence[Prepared], progress: Callable[[str], None]) -> tuple[Pool, dict[str, SignalCut]]:
    """Choose pool and cuts of signals on unseen writers."""
    writers = sorted({one.example.writer for one in prepared})
    side = {writer: place % _SIDES for place, writer in enumerate(writers)}
    order, numbers = _unseen_numbers(prepared, side, progress)
    pool = _pool(order, numbers[:, : len(LABELS)])
    return pool, {
        name: _cut_of_signal(order, numbers[:, len(LABELS) + place], name) for place, name in enumerate(LEARNED_SIGNALS)
    }


def _unseen_numbers(
    prepared: Sequence[Prepared], side: Mapping[str, int], progress: Callable[[str], None]
) -> tuple[list[Prepared], Numbers]:
    """Return the examples, and what a model says of each that has seen no writer of its side."""
    order: list[Prepared] = []
    parts: list[Numbers] = []
    for number in sorted(set(side.values())):
        progress(f"不看 writers {number} / without writers {number}")
        rest = [one for one in prepared if side[one.example.writer] != number]
        model = _fit_one(rest, Pool(1.0, 0.0, 0.0, 0.0), {}, "fold")
        mine = [one for one in prepared if side[one.example.writer] == number]
        order += mine
        parts += [model.read(one.heard.joined).numbers for one in mine]
    return order, np.stack(parts)


def _pool(order: Sequence[Prepared], numbers: Numbers) -> Pool:
    """Choose what makes the right families of unseen writers likeliest, then what tells most reasons within them."""
    right = np.array([LABELS.index(one.example.reasons[0]) for one in order])
    family = np.array([list(Family).index(family_of(label)) for label in LABELS])
    member = np.eye(len(Family))[family]
    best, chosen = float("inf"), Pool(_TEMPERATURES[0], 0.0, 0.0, 0.0)
    for supposed in _SUPPOSED:
        told = np.stack([rule_numbers(one.heard.said(), supposed) for one in order])
        for rules in _RULES:
            for temperature in _TEMPERATURES:
                given = chances(temperature * numbers + rules * told) @ member
                loss = float(-np.log(np.maximum(given[np.arange(len(right)), family[right]], 1e-9)).mean())
                if loss < best - 1e-9:
                    best, chosen = loss, Pool(temperature, rules, rules, supposed)
    told = np.stack([rule_numbers(one.heard.said(), chosen.supposed) for one in order])
    inside = family[right][:, None] == family[None, :]
    worth = {
        within: np.where(inside, chosen.temperature * numbers + within * told, -np.inf).argmax(axis=1) == right
        for within in _WITHIN
    }
    return replace(chosen, within=max(_WITHIN, key=lambda within: (int(worth[within].sum()), -within)))


def _cut_of_signal(order: Sequence[Prepared], numbers: Numbers, name: str) -> SignalCut:
    if not name.startswith("threat"):
        return _cut(order, numbers, name, _LEAST_PRECISION)
    chosen = _quieter(order, name)
    return _cut([order[place] for place in chosen], numbers[chosen], name, _THREATS_PRECISION)


def _quieter(order: Sequence[Prepared], name: str) -> "NDArray[np.intp]":
    """Return the places of the texts of that half of the writers who give a signal least, as buyers do in life.

    Who was asked for threats wrote veiled ones by the dozen: a cut that finds those calls every tenth complaint one.
    """
    given: dict[str, list[bool]] = {}
    for one in order:
        given.setdefault(one.example.writer, []).append(_is_given(name, one.example.signals))
    share = {writer: sum(told) / len(told) for writer, told in given.items()}
    most = sorted(share.values())[(len(share) - 1) // 2]
    quieter = [place for place, one in enumerate(order) if share[one.example.writer] <= most]
    is_enough = sum(_is_given(name, order[place].example.signals) for place in quieter) >= _FEWEST
    return np.array(quieter if is_enough else range(len(order)), dtype=np.intp)


def _cut(order: Sequence[Prepared], numbers: Numbers, name: str, least_precision: Sequence[float]) -> SignalCut:
    """Choose from where on a signal is given: the most found at a least precision, else the best F1."""
    given = np.array([_is_given(name, one.example.signals) for one in order])
    ruled = np.array([_is_given(name, one.heard.signals) for one in order], dtype=np.float32)
    curves = [_curve(numbers + rules * ruled, given, rules) for rules in _SIGNAL_RULES]
    best = _best(curves, [2 * c.precision * c.recall / np.maximum(c.precision + c.recall, 1e-9) for c in curves])
    for least in least_precision:
        sure = _best(curves, [np.where(c.precision >= least, c.recall, 0) for c in curves])
        if sure.recall > 0 and sure.recall >= best.recall / 2:
            return sure.cut
    return best.cut


@dataclass(frozen=True, slots=True)
class _Curve:
    """What comes of every cut, from the strictest on."""

    values: "NDArray[Any]"
    precision: "NDArray[Any]"
    recall: "NDArray[Any]"
    rules: float


class _Chosen(NamedTuple):
    worth: float
    recall: float
    cut: SignalCut


def _curve(values: "NDArray[Any]", given: "NDArray[Any]", rules: float) -> _Curve:
    ranked = np.argsort(-values, kind="stable")
    hits = np.cumsum(given[ranked])
    return _Curve(values[ranked], hits / np.arange(1, len(ranked) + 1), hits / max(1, int(given.sum())), rules)


def _best(curves: Sequence[_Curve], worth: Sequence["NDArray[Any]"]) -> _Chosen:
    """Return the cut of most worth, on the first of curves that are nearly as good."""
    chosen = _Chosen(-1.0, 0.0, SignalCut(10.0, 0.0))
    for curve, told in zip(curves, worth, strict=True):
        place = int(told.argmax())
        if told[place] > chosen.worth + 1e-9:
            cut = SignalCut(round(float(curve.values[place]), 4), curve.rules)
            chosen = _Chosen(float(told[place]), float(curve.recall[place]), cut)
    return chosen


def _is_given(name: str, signals: Collection[str]) -> bool:
    return any(one == name or one.startswith(f"{name}.") for one in signals)
