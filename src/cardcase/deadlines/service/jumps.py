"""What happens when the machine's clock was set while we ran: it is said, held against, and put right again."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from cardcase.custody import service as custody
from cardcase.deadlines.models import ClockJump, Deadline
from cardcase.deadlines.rules import HOLD, TOLERANCE
from cardcase.jobs import service as jobs
from cardcase.kit import clock
from cardcase.staff.rules import Actor

from .rows import facts_of, planned, tell_moved, wake_for

SAME_JUMP = timedelta(minutes=2)
"""Several processes see the same jump; within this it is noted once."""

log = structlog.get_logger("cardcase.deadlines")


def clock_jumped(by: timedelta, *, at: datetime) -> ClockJump | None:
    """Note that the clock was set by so much and is now at ``at``. None when another process has noted it already.

    Forwards: for five minutes nothing is called missed, so that a wrong clock can be put right before it costs
    anything. Backwards: what was called missed in a future that has not come is armed again beside the missed row,
    warnings that rang too early ring again, and jobs promised in that future are pulled back.
    """
    with transaction.atomic():
        near = ClockJump.objects.filter(noticed_at__range=(at - SAME_JUMP, at + SAME_JUMP))
        if near.filter(seconds__gt=0).exists() if by > timedelta() else near.filter(seconds__lt=0).exists():
            return None
        row = ClockJump.objects.create(
            noticed_at=at,
            seconds=int(by.total_seconds()),
            hold_until=at + HOLD if by > timedelta() else None,
        )
    log.error("system_clock_jumped", seconds=row.seconds, now=clock.iso(at))
    if by < timedelta():
        row.rearmed = _arm_again(at)
        row.save(update_fields=["rearmed"])
        _ring_again(at)
        jobs.clock_went_back(at=at)
    return row


def _arm_again(at: datetime) -> int:
    """Arm what was called missed by a clock that ran ahead and is not due yet."""
    done = 0
    rows = Deadline.objects.filter(state="missed", settled_at__gt=at + TOLERANCE, due_at__gt=at)
    for old in rows.order_by("pk"):
        with transaction.atomic():
            mine = Deadline.objects.filter(shop_id=old.shop_id, subject=old.subject, kind=old.kind)
            if mine.filter(state__in=["armed", "paused"]).exists() or mine.filter(pk__gt=old.pk).exists():
                continue  # it runs again already, or somebody has gone on from there
            row = Deadline.objects.get(pk=old.pk)
            row.pk, row.state, row.settled_at, row.armed_at = None, "armed", None, at
            _plan(row, at)
            row.save(force_insert=True)
            system = Actor.system(row.shop_id)
            facts = {**facts_of(row), "why": "clock_jump"}
            custody.append(system, custody.Record("deadline.armed", row.subject, at, facts))
            tell_moved(system, row, at=at)
            wake_for(row)
            done += 1
    return done


def _ring_again(at: datetime) -> None:
    for row in Deadline.objects.filter(state="armed", warned__gt=0, due_at__gt=at).iterator(chunk_size=500):
        was = row.warned
        _plan(row, at)
        if row.warned != was:
            mine = Deadline.objects.filter(pk=row.pk, state="armed", warned=was)
            mine.update(warned=row.warned, warn_at=row.warn_at)


def _plan(row: Deadline, at: datetime) -> None:
    """Set a row's warnings as if all that are due by now, and no more, had been given."""
    moments = [moment for moment, _ in planned(row)]
    row.warned = sum(moment <= at for moment in moments)
    row.warn_at = moments[row.warned] if row.warned < len(moments) else None
