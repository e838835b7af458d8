"""Moving a case through the table: one transaction, one revision, one entry in the record (invariant I3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.cases import queries, rules
from cardcase.cases.models import Case
from cardcase.cases.rules import OPEN, RESOLVED, Event, GuardFacts, Need, Outcome, Party, Row, Stage, Status
from cardcase.cases.rules import needs as need_rules
from cardcase.cases.rules.states import OUTCOMES
from cardcase.custody import service as custody
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.rules import DeadlineKind
from cardcase.staff.rules import Actor, Permission

from . import clocks, stopping
from .rows import Ref, clean, save, take, write

NOTHING_KNOWN: Final = GuardFacts()
"""No facts: every guard that needs one refuses."""

_ANSWERS: Final = frozenset({Event.EVIDENCE_ASKED, Event.OFFERED, Event.DECLINED, Event.CONCEDED})
"""Moves in which the seller speaks: the goal for the first answer is met."""

_ENDS_CLOCKS: Final = frozenset(
    {
        Event.ESCALATED,
        Event.STEPPED_IN,
        Event.RULED,
        Event.WITHDRAWN,
        Event.TIMED_OUT,
        Event.CLOSED,
        Event.PAID_ELSEWHERE,
        Event.VERIFIED,
        Event.BUYER_APPEALED,
        Event.REOPENED,
        Event.MERGED,
    }
)
"""Moves after which no clock of the seller runs any more."""

_PASSING: Final = (Need.CLOCK_UNVERIFIED, Need.HOLD_AT_MARGIN, Need.OFFER_EXPIRED, Need.REASON_UNCLEAR)
"""Needs that end with the case."""

_STILL: Final = frozenset({Event.SYNCED, Event.HOLD_CHANGED})
"""Moves that leave work put off as it is: nothing has happened that somebody would have to look at."""


@transaction.atomic
def advance(
    actor: Actor,
    ref: Ref,
    event: Event,
    *,
    facts: GuardFacts = NOTHING_KNOWN,
    revision: int | None,
    details: Mapping[str, custody.JSON] | None = None,
    outcome: Outcome | None = None,
    at: datetime,
) -> Case:
    """Make one move of the table, all of it or nothing.

    ``facts`` carry what upper rooms know; what they leave out refuses. ``revision`` is the one that the actor decided
    upon; only the system may pass None. ``details`` are kept in the record, never a secret. ``outcome`` says how a
    settled case ended. Raises NotFound, Conflict, IllegalMove, NotAllowed, GuardRefused.
    """
    actor.require(Permission.READ)
    case = take(actor, ref, revision=revision)
    return move(actor, case, event, facts=facts, details=details, outcome=outcome, at=at)


def move(
    actor: Actor,
    case: Case,
    event: Event,
    *,
    facts: GuardFacts,
    details: Mapping[str, custody.JSON] | None = None,
    outcome: Outcome | None = None,
    at: datetime,
    acted_at: datetime | None = None,
    judged_as: Actor | None = None,
    has_deadline_passed: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> Case:
    """Move a case that is in hand. ``judged_as``: who the table takes the actor for (the mirror speaks as the system).

    ``acted_at``: when it happened in the world; ``has_deadline_passed``: found out where no row of a deadline tells;
    ``changes``: fields of the same decision, written with it.
    """
    judge = judged_as or actor
    known = queries.standing(judge, case, facts, at=acted_at or at)
    if has_deadline_passed:
        known = replace(known, has_deadline_passed=True)
    row, party = rules.check_move(Stage(case.stage), Status(case.status), event, judge, known)
    step = _Step(row, party, Stage(case.stage), Status(case.status), known)
    new = {**_effects(actor, case, step, at), **(changes or {})}
    if outcome is not None:
        new["outcome"] = outcome.value
    was_open = case.is_open
    write(actor, case, event.value, at=at, **new)
    stopping.follow(actor, case, was_open=was_open, at=at)
    _record(actor, case, step, details or {}, at=at)
    _clocks(actor, case, step, at=at, acted_at=acted_at or at)
    clocks.refresh(actor, case, at=at)
    save(actor, case)
    return case


@dataclass(frozen=True, slots=True)
class _Step:
    """A move that the table has allowed: its row, in whose name, from where, on which facts."""

    row: Row
    party: Party
    stage: Stage
    status: Status
    facts: GuardFacts

    @property
    def target(self) -> Status:
        return self.row.target(self.status, self.facts)


def _effects(actor: Actor, case: Case, step: _Step, at: datetime) -> dict[str, Any]:
    """Say what a move changes on the case."""
    row, target = step.row, step.target
    changes: dict[str, Any] = {
        "status": target.value,
        "waiting_on": rules.waiting_on(target).value,
        "is_open": target in OPEN,
        "stage": (rules.higher(step.stage, row.stage) if row.stage else step.stage).value,
    }
    if target in RESOLVED:
        changes["resolved_at"] = at
        changes["outcome"] = OUTCOMES[target].value if target in OUTCOMES else ""
        changes["needs_human"] = need_rules.without(case.needs_human, *(need.value for need in _PASSING))
    if row.event is Event.MERGED:
        changes |= {"resolved_at": at, "outcome": Outcome.MERGED.value, "needs_human": []}
    if case.snoozed_until is not None and row.event not in _STILL:
        changes |= {"snoozed_until": None, "snooze_reason": ""}
    return changes | _effects_of_event(actor, case, step, changes.get("needs_human", case.needs_human))


def _effects_of_event(actor: Actor, case: Case, step: _Step, needs: list[dict[str, str]]) -> dict[str, Any]:
    """Say what single events change beyond place and turn."""
    event, target = step.row.event, step.target
    if event is Event.RULED:
        changes: dict[str, Any] = {"ruling_raw": clean(actor, step.facts.ruling_raw)}
        if target is Status.LOST and case.reviewed_at is None:
            changes["needs_human"] = need_rules.with_need(needs, Need.REVIEW_DUE)
        return changes
    if event is Event.TIMED_OUT:
        return {"is_incident": True, "needs_human": need_rules.with_need(needs, Need.POST_MORTEM)}
    if event is Event.VERIFIED:
        return {"needs_human": need_rules.without(needs, Need.REFUND_UNSEEN.value, Need.PAID_WHILE_EXECUTING.value)}
    if event is Event.APPEALED or event is Event.BUYER_APPEALED:
        return {"outcome": "", "resolved_at": None, "needs_human": need_rules.without(needs, Need.REVIEW_DUE.value)}
    if event is Event.REOPENED:
        stage = Stage.PLATFORM_REFUND if case.refund_id is not None else Stage.ENQUIRY
        return {"outcome": "", "resolved_at": None, "stage": stage.value, "reviewed_at": None}
    return {}


def _record(actor: Actor, case: Case, step: _Step, details: Mapping[str, custody.JSON], *, at: datetime) -> None:
    kept: dict[str, custody.JSON] = {
        "row": step.row.id,
        "event": step.row.event.value,
        "from": step.status.value,
        "to": case.status,
        "stage_from": step.stage.value,
        "stage_to": case.stage,
        "by": step.party.value,
        "revision": case.revision,
        "details": dict(details),
    }
    if step.facts.source_event_id:
        kept["shown_by"] = step.facts.source_event_id
    if step.row.event is Event.RULED:
        kept["ruling_raw"] = case.ruling_raw
    custody.append(actor, custody.Record("case.moved", case.public_id, at, kept))


def _clocks(actor: Actor, case: Case, step: _Step, *, at: datetime, acted_at: datetime) -> None:
    """Start and stop what a move starts and stops. The platform's clock stops only when the platform is answered."""
    event, facts, subject = step.row.event, step.facts, case.public_id
    if event in _ANSWERS:
        deadlines.meet(actor, subject, DeadlineKind.FIRST_RESPONSE, at=at)
    for kind in _MEETS.get(event, ()):
        deadlines.meet(actor, subject, kind, at=at, acted_at=acted_at)
    if event in _ENDS_CLOCKS:
        deadlines.void_all(actor, subject, at=at, acted_at=acted_at)
    elif event not in _STILL:  # whatever happens, nobody waits for the buyer's evidence or for work to be resumed
        clocks.stop(actor, case, DeadlineKind.EVIDENCE_ANSWER, DeadlineKind.WORK_RESUMES, at=at, acted_at=acted_at)
    if event is Event.REOPENED:  # nothing of a case that is worked on may be erased
        clocks.stop(actor, case, DeadlineKind.RETENTION_UNTIL, at=at, acted_at=acted_at)
    _start(actor, case, event, facts, at=at)


_MEETS: Final[Mapping[Event, tuple[DeadlineKind, ...]]] = {
    Event.ANSWERED: (DeadlineKind.EVIDENCE_ANSWER,),
    Event.ACCEPTED: (DeadlineKind.OFFER_EXPIRY,),
    Event.OFFER_ENDED: (DeadlineKind.OFFER_EXPIRY,),
    Event.VERIFIED: (DeadlineKind.REFUND_SETTLE,),
    Event.EXECUTION_FAILED: (DeadlineKind.REFUND_SETTLE,),
    Event.DECLINED: (DeadlineKind.PLATFORM_RESPONSE, DeadlineKind.OFFER_EXPIRY),
    Event.REFUSED_ELSEWHERE: (DeadlineKind.PLATFORM_RESPONSE, DeadlineKind.OFFER_EXPIRY),
    Event.PACK_SUBMITTED: (DeadlineKind.EVIDENCE_DUE,),
    Event.APPEALED: (DeadlineKind.APPEAL_WINDOW,),
}
"""Clocks whose work is done by a move."""


def _start(actor: Actor, case: Case, event: Event, facts: GuardFacts, *, at: datetime) -> None:
    if event is Event.OFFERED and facts.offer_expires_at is not None:
        clocks.arm_own(actor, case, DeadlineKind.OFFER_EXPIRY, facts.offer_expires_at, rule="offer", at=at)
    elif event is Event.EVIDENCE_ASKED and facts.request_due_at is not None:
        wait = DeadlineKind.EVIDENCE_ANSWER
        clocks.arm_own(actor, case, wait, facts.request_due_at, rule="evidence_request", at=at)
    elif event is Event.EXECUTED:
        clocks.arm_settling(actor, case, at=at)
    elif event is Event.MORE_EVIDENCE_ASKED:
        clocks.tell(actor, case, DeadlineKind.EVIDENCE_DUE, facts.evidence_due_at, at=at)
    elif event is Event.RULED and facts.appeal_until is not None:
        clocks.tell(actor, case, DeadlineKind.APPEAL_WINDOW, facts.appeal_until, at=at)
    elif event in (Event.REAPPLIED, Event.REOPENED):
        clocks.choose_clock(actor, case, typed_due_at=facts.answer_due_at, at=at)
    elif event is Event.CLOSED:
        clocks.arm_retention(actor, case, at=at)
