"""The sweep: miss what is due and ring what is near, each exactly once, however many sweep at the same time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from cardcase.deadlines import queries
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import ring
from cardcase.jobs import service as jobs
from cardcase.staff.models import ShopRows
from cardcase.staff.rules import Actor

from .rows import args_of, miss, planned

SWEEP_AT_ONCE = 200
"""Rows that one look of the sweep takes (architecture.md §9)."""

log = structlog.get_logger("cardcase.deadlines")


@dataclass(frozen=True, slots=True)
class Missed:
    """A deadline that this sweep, and no other, found to be missed."""

    shop_id: int
    clock: ClockView


def sweep(*, at: datetime) -> list[Missed]:
    """Miss what is due and ring what is near, in every shop; each deadline and each warning exactly once.

    A missed one leaves the record "deadline.missed" and the job of the same name; a warning the job
    "deadline.warning". Each row is its own transaction, so that two sweeps at once share the work. A row that cannot
    be settled is passed over and does not keep the others waiting; its error is raised when all have been seen to.
    Right after a jump of the clock forwards warnings ring, but nothing is called missed yet.
    """
    missed: list[Missed] = []

    def settle(row: Deadline) -> None:
        if miss(row, at):
            missed.append(Missed(row.shop_id, ClockView.of(row)))

    due = Deadline.objects.filter(state="armed", due_at__lte=at).order_by("due_at", "pk")
    near = Deadline.objects.filter(state="armed", warn_at__lte=at).order_by("warn_at", "pk")
    errors = []
    first = list(due[:SWEEP_AT_ONCE])
    if first and not queries.is_held(at=at):
        errors += _each(due, first, settle)
    errors += _each(near, list(near[:SWEEP_AT_ONCE]), lambda row: _warn(row, at))
    if errors:
        raise errors[0]
    return missed


def _each(rows: ShopRows, some: list[Deadline], act: Callable[[Deadline], None]) -> list[Exception]:
    """Do something with every row, one transaction each; return what went wrong with those that were passed over."""
    errors: list[Exception] = []
    broken: list[int] = []
    while some:
        for row in some:
            try:
                with transaction.atomic():
                    act(row)
            except Exception as error:
                log.exception("deadline_not_settled", deadline=row.pk, kind=row.kind)
                broken.append(row.pk)
                errors.append(error)
        if len(some) < SWEEP_AT_ONCE or len(broken) > SWEEP_AT_ONCE:
            break
        some = list(rows.exclude(pk__in=broken)[:SWEEP_AT_ONCE])
    return errors


def _warn(row: Deadline, at: datetime) -> None:
    alarm, given, following = ring(planned(row), row.warned, at)
    won = Deadline.objects.filter(pk=row.pk, state="armed", warned=row.warned, warn_at=row.warn_at).update(
        warned=given, warn_at=following
    )
    if won and alarm is not None:
        args = {**args_of(row), "alarm": alarm.value}
        jobs.enqueue(Actor.system(row.shop_id), "deadline.warning", args, at=at, key=f"warning:{row.pk}:{alarm.value}")
