"""What a deadline that was missed, or is near, does to its case."""

from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db import transaction

from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts, Need, Status
from cardcase.cases.rules.reviews import INCIDENTS
from cardcase.custody import service as custody
from cardcase.deadlines.rules import BINDS_SELLER, PLATFORM_BOUND, SILENT, Alarm, DeadlineKind
from cardcase.jobs import service as jobs
from cardcase.staff.rules import Actor, Permission

from . import clocks, goals, snoozing
from .moves import move
from .rows import ask_person, keep, save

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
def deadline_missed(actor: Actor, subject: str, kind: DeadlineKind, *, at: datetime) -> bool:
    """Turn a missed deadline of the seller into an incident of its case; a wait that ended goes on to who waited.

    Missing our own goal, or a buyer missing theirs, is no incident. An execution that is not seen yet is looked for
    again every hour, and is an incident when that was long enough (rule G2). True when people are to be told of it:
    a look that will be made again is no news.
    """
    actor.require(Permission.WORK)
    case = goals.find(actor, subject)
    if case is None:
        return kind not in SILENT
    is_incident = kind in INCIDENTS
    if kind is DeadlineKind.OFFER_EXPIRY:
        ask_person(case, Need.OFFER_EXPIRED)
    elif kind is DeadlineKind.REFUND_SETTLE:
        is_incident = case.status == Status.EXECUTING.value
        if is_incident:
            ask_person(case, Need.REFUND_UNSEEN)
            is_incident = not clocks.settle_again(actor, case, at=at)
    elif kind is DeadlineKind.WORK_RESUMES and case.snoozed_until is not None and case.is_open:
        case = snoozing.wake(actor, case, at=at)
    if is_incident:
        ask_person(case, Need.DEADLINE_MISSED)
        keep(case, is_incident=True)
        facts: dict[str, custody.JSON] = {"kind": kind.value, "status": case.status}
        custody.append(actor, custody.Record("case.incident_raised", case.public_id, at, facts))
    if kind in _TELLS:
        jobs.enqueue(actor, _TELLS[kind], {"shop": case.shop_id, "case": case.public_id}, at=at)
    clocks.refresh(actor, case, at=at)
    save(actor, case)
    return is_incident or kind not in SILENT


@transaction.atomic
def deadline_near(actor: Actor, subject: str, kind: DeadlineKind, alarm: Alarm, *, at: datetime) -> Case | None:
    """Do what a margin that is reached calls for: no more waiting for the buyer (T4), and an alarm while held (M7).

    The hold never becomes an automatic send.
    """
    actor.require(Permission.WORK)
    case = goals.find(actor, subject)
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
