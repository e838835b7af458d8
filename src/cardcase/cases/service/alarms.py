"""What a deadline that was missed, or is near, does to its case."""

from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db import transaction

from cardcase.cases import queries
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts, Need, Status
from cardcase.custody import service as custody
from cardcase.deadlines.rules import BINDS_SELLER, PLATFORM_BOUND, Alarm, DeadlineKind
from cardcase.jobs import service as jobs
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor, Permission

from . import clocks, snoozing
from .moves import move
from .rows import ask_person, keep, save, take

OFFER_OVER: Final = "case.offer_over"
REQUEST_OVER: Final = "case.request_over"
SETTLING_OVER: Final = "case.settling_over"

_TELLS: Final = MappingProxyType(
    {
        DeadlineKind.OFFER_EXPIRY: OFFER_OVER,
        DeadlineKind.EVIDENCE_ANSWER: REQUEST_OVER,
        DeadlineKind.REFUND_SETTLE: SETTLING_OVER,
    }
)
"""Clocks that end something of an upper room, and the job by which it hears of it."""


@transaction.atomic
def deadline_missed(actor: Actor, subject: str, kind: DeadlineKind, *, at: datetime) -> Case | None:
    """Turn a missed deadline of the seller into an incident of its case; a wait that ended goes on to who waited.

    Missing our own goal, or a buyer missing theirs, is no incident. None when the subject is no case.
    """
    actor.require(Permission.WORK)
    case = _find(actor, subject)
    if case is None:
        return None
    if kind is DeadlineKind.OFFER_EXPIRY:
        ask_person(case, Need.OFFER_EXPIRED)
    elif kind is DeadlineKind.REFUND_SETTLE:
        if case.status == Status.EXECUTING.value:
            ask_person(case, Need.REFUND_UNSEEN)
    elif kind is DeadlineKind.WORK_RESUMES:
        if case.snoozed_until is not None and case.is_open:
            case = snoozing.wake(actor, case, at=at)
    elif kind in BINDS_SELLER and kind is not DeadlineKind.FIRST_RESPONSE:
        ask_person(case, Need.DEADLINE_MISSED)
        keep(case, is_incident=True)
        facts: dict[str, custody.JSON] = {"kind": kind.value, "status": case.status}
        custody.append(actor, custody.Record("case.incident_raised", case.public_id, at, facts))
    if kind in _TELLS:
        jobs.enqueue(actor, _TELLS[kind], {"shop": case.shop_id, "case": case.public_id}, at=at)
    clocks.refresh(actor, case, at=at)
    save(actor, case)
    return case


@transaction.atomic
def deadline_near(actor: Actor, subject: str, kind: DeadlineKind, alarm: Alarm, *, at: datetime) -> Case | None:
    """Do what a margin that is reached calls for: no more waiting for the buyer (T4), and an alarm while held (M7).

    The hold never becomes an automatic send.
    """
    actor.require(Permission.WORK)
    case = _find(actor, subject)
    if case is None or alarm is not Alarm.MARGIN or not case.is_open:
        return case
    if case.status == Status.WAITING_BUYER.value and kind in PLATFORM_BOUND:
        facts = GuardFacts(is_request_over=True)
        case = move(actor, case, Event.ANSWERED, facts=facts, details={"why": "margin", "kind": kind.value}, at=at)
    if case.is_held and kind in BINDS_SELLER:
        ask_person(case, Need.HOLD_AT_MARGIN)
        told: dict[str, custody.JSON] = {"kind": kind.value, "status": case.status}
        custody.append(actor, custody.Record("case.hold_alarmed", case.public_id, at, told))
        save(actor, case)
    return case


@transaction.atomic
def look_again(actor: Actor, ref: Case | str, due_at: datetime, *, at: datetime) -> Case:
    """Set the next look at a payment or replacement that was not seen yet. Nothing when it is settled meanwhile."""
    actor.require(Permission.WORK)
    case = take(actor, ref)
    if case.status == Status.EXECUTING.value:
        clocks.arm_own(actor, case, DeadlineKind.REFUND_SETTLE, due_at, rule="look_again", at=at)
        clocks.refresh(actor, case, at=at)
        save(actor, case)
    return case


def _find(actor: Actor, subject: str) -> Case | None:
    if not subject.startswith("case_"):
        return None
    try:
        return take(actor, queries.find(actor, subject))
    except NotFound:
        return None
