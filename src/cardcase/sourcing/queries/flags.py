"""Reading flags, each with what its rule says now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cardcase.cards.models import CardBatch
from cardcase.kit.catalogue import Certainty
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.sourcing import datafiles
from cardcase.sourcing.models import FlagEvent, RiskFlag
from cardcase.sourcing.rules.flags import FlagState, mark
from cardcase.sourcing.rules.legality import LegalityRule
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagStep:
    """One step in the life of a flag."""

    at: datetime
    event: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaid:
    """What a rule says now. ``ours``: which numbers in it are our own; empty when none is."""

    title: Text
    text: Text
    todo: Text
    ours: Text
    source: str
    article: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagView:
    """One flag: what it says, what raised it, whence the rule, how sure that is, what to do, what was decided."""

    public_id: str
    subject_kind: str
    subject: str
    subject_name: str
    rule: str
    version: str
    mark: str  # what a decision about several flags names, see ``service.decide_flags``
    said: RuleSaid
    facts: Mapping[str, Any]
    state: FlagState
    opened_at: datetime
    changed_at: datetime
    decided_by: str
    reason: str
    steps: tuple[FlagStep, ...]


def flags(
    actor: Actor,
    *,
    state: str = "open",
    subjects: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    limit: int = 100,
    after: int = 0,
) -> tuple[FlagView, ...]:
    """Return flags, the newest first; ``state`` empty means all, ``subjects`` and ``ids`` narrow; ``after`` skips."""
    rows = RiskFlag.objects.visible_to(actor)
    if state:
        rows = rows.filter(state=state)
    if subjects is not None:
        rows = rows.filter(subject__in=list(subjects))
    if ids is not None:
        rows = rows.filter(public_id__in=list(ids))
    found = list(rows.order_by("-changed_at", "-pk")[after : after + limit])
    steps: dict[int, list[FlagStep]] = {flag.pk: [] for flag in found}
    for step in FlagEvent.objects.visible_to(actor).filter(flag__in=list(steps)).order_by("pk"):
        steps[step.flag_id].append(FlagStep(at=step.at, event=step.event, by=step.by, reason=step.reason))
    names = _names(actor, [flag.subject for flag in found])
    said = rules_said(actor)
    return tuple(_view(flag, said(flag.rule), names, tuple(steps[flag.pk])) for flag in found)


def rules_said(actor: Actor) -> Callable[[str], RuleSaid]:
    """Return how to look up what a rule says now; of one that is gone it says just that. Raises BrokenCatalogue."""
    rules = {rule.group: rule for rule in datafiles.legality(actor).records.values()}
    return lambda name: _said(name, rules.get(name))


def open_flags(actor: Actor) -> int:
    """Count the flags that wait for a person."""
    return int(RiskFlag.objects.visible_to(actor).filter(state=FlagState.OPEN.value).count())


def _names(actor: Actor, subjects: Sequence[str]) -> dict[str, str]:
    """Return what people call the subjects: a batch by its name, an order by the end of its number."""
    lots = CardBatch.objects.visible_to(actor).filter(
        public_id__in=[one for one in subjects if one.startswith("batch_")]
    )
    orders = Order.objects.visible_to(actor).filter(public_id__in=[one for one in subjects if one.startswith("order_")])
    names = dict(lots.values_list("public_id", "name"))
    return names | {public_id: f"…{no[-6:]}" for public_id, no in orders.values_list("public_id", "order_no")}


def _said(name: str, rule: LegalityRule | None) -> RuleSaid:
    gone = Text("这条规则已从数据文件移除", "This rule is no longer in the data files")
    return RuleSaid(
        title=rule.title if rule else Text(name, name),
        text=rule.text if rule else gone,
        todo=rule.todo if rule else gone,
        ours=rule.ours if rule else Text("", ""),
        source=rule.source if rule else "",
        article=rule.article if rule else "",
        certainty=(rule.certainty if rule else None) or Certainty.OPEN,
    )


def _view(flag: RiskFlag, said: RuleSaid, names: Mapping[str, str], steps: tuple[FlagStep, ...]) -> FlagView:
    return FlagView(
        public_id=flag.public_id,
        subject_kind=flag.subject_kind,
        subject=flag.subject,
        subject_name=names.get(flag.subject, ""),
        rule=flag.rule,
        version=flag.version,
        mark=mark(flag.facts_sha256, flag.version),
        said=said,
        facts=flag.facts,
        state=FlagState(flag.state),
        opened_at=flag.opened_at,
        changed_at=flag.changed_at,
        decided_by=flag.decided_by,
        reason=flag.reason,
        steps=steps,
    )
