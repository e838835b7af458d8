"""Changing the rows of deadlines: always conditionally, so that the loser of a race changes nothing."""

from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.deadlines import queries
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import SILENT, DeadlineKind, schedule
from cardcase.deadlines.rules import working as work
from cardcase.deadlines.rules.alarms import Schedule
from cardcase.deadlines.rules.working import Timeline
from cardcase.jobs import service as jobs
from cardcase.jobs import wake
from cardcase.kit import clock
from cardcase.staff.rules import Actor

RUNNING: Final = ("armed", "paused")
LABEL_MAX: Final = 80


def planned(row: Deadline, hours: Timeline | None = None) -> Schedule:
    """Return the warnings of a row: on the wall, or in the working time of the shop for its own goals."""
    if DeadlineKind(row.kind) in SILENT:
        return []
    if row.allowance is None:
        return schedule(row.started_at, row.due_at, row.margin_at)
    return work.schedule(hours or queries.timeline(Actor.system(row.shop_id)), row.due_at, row.allowance)


def settle(row: Deadline, state: str, at: datetime) -> bool:
    """Settle a row by saying what it was. False when it was moved, met or missed by somebody else in between."""
    return row.become(state=state, settled_at=at, warn_at=None, remaining=None)


def miss(row: Deadline, at: datetime) -> bool:
    """Call a running row missed, with its record and its job. False when somebody else was first."""
    if row.state != "armed" or not settle(row, "missed", at):
        return False
    system = Actor.system(row.shop_id)
    custody.append(system, custody.Record("deadline.missed", row.subject, at, facts_of(row)))
    jobs.enqueue(system, "deadline.missed", args_of(row), at=at, key=f"missed:{row.pk}")
    return True


def wake_for(row: Deadline) -> None:
    """Let the watching thread of this process know, once committed, when it has to be awake for a row."""
    moment = min(moment for moment in (row.due_at, row.warn_at) if moment is not None)
    transaction.on_commit(lambda: wake.sooner(moment))


def tell_moved(actor: Actor, row: Deadline, *, at: datetime) -> None:
    """Promise the room that owns the subject to look again: a moment that it may have copied is another now."""
    jobs.enqueue(actor, "deadline.moved", args_of(row), at=at, key=f"moved:{row.pk}:{clock.iso(row.due_at)}")


def facts_of(row: Deadline) -> dict[str, custody.JSON]:
    """Return what the record keeps of a deadline."""
    facts: dict[str, custody.JSON] = {
        "kind": row.kind,
        "due_at": clock.iso(row.due_at),
        "started_at": clock.iso(row.started_at),
        "source": row.source,
        "certainty": row.certainty,
        "rule": row.rule,
        "if_missed": row.if_missed,
    }
    if row.allowance is not None:
        facts["working_s"] = int(row.allowance.total_seconds())
    if row.hours_version is not None:
        facts["hours_version"] = row.hours_version
    if row.told_at is not None:
        facts["told_at"] = clock.iso(row.told_at)
    return facts


def args_of(row: Deadline) -> dict[str, object]:
    """Return what the jobs of a deadline need to find their subject."""
    return {
        "deadline": row.pk,
        "shop": row.shop_id,
        "subject": row.subject,
        "kind": row.kind,
        "due_at": clock.iso(row.due_at),
        "certainty": row.certainty,
    }
