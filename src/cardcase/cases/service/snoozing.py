"""Putting work off (T26): until a moment before the next safety margin, and back by hand or by the clock."""

from datetime import datetime

from django.db import transaction

from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts
from cardcase.deadlines.rules import DeadlineKind
from cardcase.kit.errors import Refused, WrongUse
from cardcase.staff.rules import Actor, Permission

from . import clocks
from .moves import move
from .rows import clean, save, take

REASON_MAX = 300


@transaction.atomic
def snooze(actor: Actor, number: str, until: datetime, reason: str, *, revision: int, at: datetime) -> Case:
    """Put a case off until a moment (T26). No clock stops; it ends before the next safety margin.

    Raises Conflict, WrongUse for a moment that is past or without a reason, the refusals of T26.
    """
    actor.require(Permission.WORK)
    said = clean(actor, reason.strip())[:REASON_MAX]
    if until <= at or not said:
        raise WrongUse("请写明搁置到什么时候、为什么", "Say until when work is put off, and why")
    case = take(actor, number, revision=revision)
    clocks.stop(actor, case, DeadlineKind.WORK_RESUMES, at=at, acted_at=at)
    changes = {"snoozed_until": until, "snooze_reason": said}
    told = {"until": until.isoformat(), "reason": said}
    case = move(
        actor, case, Event.HOLD_CHANGED, facts=GuardFacts(hold_until=until), details=told, changes=changes, at=at
    )
    clocks.arm_own(actor, case, DeadlineKind.WORK_RESUMES, until, rule="hold", at=at)
    clocks.refresh(actor, case, at=at)
    save(actor, case)
    return case


@transaction.atomic
def resume(actor: Actor, number: str, *, revision: int, at: datetime) -> Case:
    """Take up work that was put off. Raises Conflict, Refused when it was not."""
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    if case.snoozed_until is None:
        raise Refused("这一单没有搁置", "Work on this case was not put off", code="not_snoozed")
    return wake(actor, case, at=at)


def wake(actor: Actor, case: Case, *, at: datetime) -> Case:
    """Do the same to a case that is in hand; the clock comes here by itself."""
    told = {"until": "", "reason": case.snooze_reason}
    changes = {"snoozed_until": None, "snooze_reason": ""}
    clocks.stop(actor, case, DeadlineKind.WORK_RESUMES, at=at, acted_at=at)
    return move(
        actor, case, Event.HOLD_CHANGED, facts=GuardFacts(is_hold_ending=True), details=told, changes=changes, at=at
    )
