"""Gathering what a shop may learn from: its closed cases with their labels, and the decisions as they were taken."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as but
from datetime import datetime
from typing import Final

from django.db.models import F, Q

from cardcase.cases import queries as case_queries
from cardcase.cases.models import Case
from cardcase.cases.rules import Outcome, Stage
from cardcase.evidence import queries as evidence
from cardcase.remedies.models import Decision, Label, LearnedNumbers
from cardcase.remedies.rules import advice, learning
from cardcase.staff.rules import Actor, Permission

from .facts import priors
from .learned import read_records, standing

_AT_ONCE: Final = 100
"""Closed cases whose evidence is read together."""

_VERDICTS: Final = {Outcome.KEPT.value: learning.Verdict.WON, Outcome.LOST.value: learning.Verdict.LOST}
_DISPUTED: Final = (Stage.PLATFORM_DISPUTE.value, Stage.APPEAL.value)


@dataclass(frozen=True, slots=True)
class Values:
    """What stands now: the learned values, the priors they belong to, and whether these are still in use."""

    version: str
    base: str
    records: tuple[advice.Learned, ...]
    at: datetime | None
    labels: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class CalibrationView:
    """Forecasts against labels, what the labels come from, and the values that were learned."""

    calibration: learning.Calibration
    closed: int
    sources: tuple[tuple[str, int], ...]
    settled_by_rule: int
    values: Values


def unlabelled(actor: Actor) -> Iterator[list[Case]]:
    """Give the closed cases whose label is missing or was derived from something older, some at a time."""
    rows = Case.objects.visible_to(actor).filter(is_open=False).exclude(outcome=Outcome.MERGED.value)
    stale = ~Q(label__revision=F("revision")) | ~Q(label__rules=learning.LABEL_VERSION)
    keys = list(rows.filter(Q(label=None) | stale).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _AT_ONCE):
        found = Case.objects.visible_to(actor).select_related(*case_queries.RELATED)
        yield list(found.filter(pk__in=keys[start : start + _AT_ONCE]).order_by("pk"))


def labels_of(actor: Actor, cases: Sequence[Case], *, at: datetime) -> dict[int, learning.Label]:
    """Derive the labels of closed cases, by row id."""
    facts = evidence.facts_of(actor, cases, at=at)
    matrix = evidence.matrix(actor)
    reviews = case_queries.reviews_of_cases(actor, cases)
    disputed = case_queries.ever_disputed(actor, cases)
    return {
        case.pk: learning.label_of(
            learning.closed_of(
                facts[case.pk],
                matrix,
                review_causes=[row.cause for row in reviews[case.pk]],
                verdict=_verdict(case),
                is_contested=case.stage in _DISPUTED or case.pk in disputed,
            )
        )
        for case in cases
    }


def _verdict(case: Case) -> learning.Verdict:
    """Return the platform's ruling. A case that was lost by letting time pass was not ruled on (T22)."""
    return _VERDICTS.get(case.outcome, learning.Verdict.NONE) if case.ruling_raw.strip() else learning.Verdict.NONE


@dataclass(frozen=True, slots=True)
class _Kept:
    """A decision with the label of its case, None while it is open."""

    row: Decision
    claim: advice.Claim
    label: learning.Label | None

    @property
    def fresh(self) -> bool | None:
        return learning.fresh(self.label, self.claim) if self.label is not None else None

    @property
    def calm(self) -> bool | None:
        """Return the label without the platform's ruling, which only contested cases have."""
        assert self.label is not None
        rest = [one for one in self.label.statements if one.source is not learning.Source.RULING]
        return learning.fresh(but(self.label, statements=tuple(rest)), self.claim)


def _kept(actor: Actor) -> list[_Kept]:
    labels = {
        row.case_id: learning.Label(
            tuple(learning.Statement(learning.Source(one["source"]), one["is_owed"]) for one in row.statements),
            learning.Verdict(row.verdict),
            row.is_contested,
        )
        for row in Label.objects.visible_to(actor).filter(case__is_open=False)
    }
    rows = Decision.objects.visible_to(actor).select_related("case").order_by("at", "pk")
    return [
        _Kept(row, advice.read_claim(row.snapshot["inputs"], number=0), labels.get(row.case_id))
        for row in rows.exclude(case__outcome=Outcome.MERGED.value)
    ]


def _first(kept: Sequence[_Kept]) -> list[_Kept]:
    """Keep the first decision of each closed case: later ones know how the first was received."""
    seen: dict[int, _Kept] = {}
    for one in kept:
        if one.label is not None:
            seen.setdefault(one.row.case_id, one)
    return list(seen.values())


def examples(actor: Actor) -> list[learning.Example]:
    """Return what values are learned from: closed cases as they stood at their first decision.

    Cases that a rule decided then are left out: the floor was known, so nothing was forecast.
    """
    return [
        learning.Example(one.claim, one.calm, one.label.is_contested, one.label.verdict)
        for one in _first(_kept(actor))
        if one.label is not None and not one.row.is_floor_bound
    ]


def values(actor: Actor) -> Values:
    """Return the learned values that stand. Raises NotAllowed."""
    actor.require(Permission.INSIGHT)
    base = priors(actor).numbers.base
    found: LearnedNumbers | None = standing(actor)
    if found is None:
        return Values("", base, (), None, 0, is_current=True)
    made = read_records(found.records)
    return Values(found.version, found.base, made, found.at, found.labels, is_current=found.base == base)


def calibration(actor: Actor) -> CalibrationView:
    """Hold forecasts against labels. Raises NotAllowed."""
    actor.require(Permission.INSIGHT)
    first = _first(_kept(actor))
    sides: dict[bool, list[learning.Forecast]] = {False: [], True: []}
    for one in first:
        told = one.fresh
        if one.label is not None and told is not None and not one.row.is_floor_bound:
            sides[one.label.is_contested].append(learning.Forecast(one.row.fault_permille / 1000, told))
    labels = Label.objects.visible_to(actor).filter(case__is_open=False)
    counted = Counter(said["source"] for row in labels for said in row.statements)
    return CalibrationView(
        calibration=learning.calibrate(sides[False], sides[True]),
        closed=len(labels),
        sources=tuple((source.value, counted[source.value]) for source in learning.Source if counted[source.value]),
        settled_by_rule=sum(one.row.is_floor_bound for one in first),
        values=values(actor),
    )


def overrides(actor: Actor) -> learning.OverrideReport:
    """Count how often people chose other than advised. Raises NotAllowed."""
    actor.require(Permission.INSIGHT)
    kept = _kept(actor)
    last = {one.row.case_id: one.row.pk for one in kept}
    return learning.overrides(
        [
            learning.Choice(
                advised=one.row.advised,
                chosen=one.row.chosen,
                because=one.row.because,
                outcome="" if one.row.case.is_open else one.row.case.outcome,
                is_owed=one.label.is_owed if one.label is not None else None,
                is_last=last[one.row.case_id] == one.row.pk,
            )
            for one in kept
        ]
    )
