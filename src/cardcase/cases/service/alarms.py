"""What a deadline that was missed, or is near, does to its case."""

from datetime import datetime

from django.db import transaction

from cardcase.cases.models import Case
from cardcase.cases.rules import Need
from cardcase.custody import service as custody
from cardcase.deadlines.rules import BINDS_SELLER, Alarm, DeadlineKind
from cardcase.staff.rules import Actor, Permission

from . import clocks, goals
from .rows import ask_person, keep, save


@transaction.atomic
def deadline_missed(actor: Actor, subject: str, kind: DeadlineKind, *, at: datetime) -> Case | None:
    """Turn a missed deadline of the seller into an incident of its case; an offer that ended asks a person.

    Missing our own goal, or a buyer missing theirs, is no incident; an executed remedy that cannot be verified becomes
    one when the hourly checks have given up. None when the subject is no case.
    """
    actor.require(Permission.WORK)
    case = goals.find(actor, subject)
    if case is None:
        return None
    if kind is DeadlineKind.OFFER_EXPIRY:
        ask_person(case, Need.OFFER_EXPIRED)
    elif kind is DeadlineKind.REFUND_SETTLE and clocks.check_settling_again(actor, case, at=at) is not None:
        ask_person(case, Need.REFUND_UNSETTLED)  # our own check, made again every hour
    elif kind in BINDS_SELLER and kind is not DeadlineKind.FIRST_RESPONSE:
        ask_person(case, Need.DEADLINE_MISSED)
        keep(case, is_incident=True)
        facts: dict[str, custody.JSON] = {"kind": kind.value, "status": case.status}
        custody.append(actor, custody.Record("case.incident_raised", case.public_id, at, facts))
    clocks.refresh(actor, case, at=at)
    save(actor, case)
    return case


@transaction.atomic
def deadline_near(actor: Actor, subject: str, kind: DeadlineKind, alarm: Alarm, *, at: datetime) -> Case | None:
    """Turn the hold of a case into an alarm when a margin is reached: it never becomes an automatic send (M7)."""
    actor.require(Permission.WORK)
    case = goals.find(actor, subject)
    if case is not None and alarm is Alarm.MARGIN and case.is_open and case.is_held and kind in BINDS_SELLER:
        ask_person(case, Need.HOLD_AT_MARGIN)
        facts: dict[str, custody.JSON] = {"kind": kind.value, "status": case.status}
        custody.append(actor, custody.Record("case.hold_alarmed", case.public_id, at, facts))
        save(actor, case)
    return case
