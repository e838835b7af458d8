"""Arm, meet and void deadlines. Own goals are counted in the shop's working time here, so no caller can forget it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.deadlines import queries
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import (
    FOLLOWS_HOURS,
    OUTLIVES_CASE,
    SILENT,
    TOLERANCE,
    DeadlineKind,
    DeadlineSpec,
    Source,
    schedule,
)
from cardcase.deadlines.rules import working as work
from cardcase.kit import clock
from cardcase.staff.rules import Actor, Permission

from .rows import RUNNING, facts_of, miss, settle, wake_for


class Clocks:
    """The clocks of one subject in hand: read once, and true after each change that is made through them.

    Every change is still a conditional update: what somebody else settled in between is let go, not settled again.
    """

    def __init__(self, actor: Actor, subject: str, rows: Iterable[Deadline] = ()) -> None:
        """Take the running and the missed rows of a subject; one that was made a moment ago has none."""
        actor.require(Permission.WORK)
        self._actor, self._subject, self._rows = actor, subject, list(rows)

    @property
    def running(self) -> list[ClockView]:
        """The clocks that run, nearest first."""
        return queries.running(ClockView.of(row) for row in self._rows)

    @property
    def paused(self) -> list[ClockView]:
        """The own goals that stand still."""
        return [ClockView.of(row) for row in self._rows if row.state == "paused"]

    def read_again(self) -> None:
        """Read the rows anew, after a change that was not made through them: a goal was paused or resumed."""
        self._rows = _read(self._actor, [self._subject])[self._subject]

    def arm(self, spec: DeadlineSpec, *, at: datetime) -> ClockView:
        """Start a clock. The same clock again changes nothing; a new time voids the old row and arms a new one.

        The platform's older word never moves what its newer one has set, and what it told is never given up for less
        than its word. A paused goal stays as it is until it is resumed. A moment that was already missed is not armed
        a second time: the missed row is returned.
        """
        rows = [row for row in self._rows if row.kind == spec.kind.value]
        old = next((row for row in rows if row.state in RUNNING), None)
        if old is not None and (_is_same(old, spec) or _is_stale(old, spec)):
            return ClockView.of(old)
        row = _row(self._actor, self._subject, spec, at)
        missed = next((one for one in rows if _was_missed(one, row.due_at, at)), None)
        if missed is not None:
            return ClockView.of(missed)
        if old is not None:
            settle(old, "void", at)
            self._rows.remove(old)
        row.save(force_insert=True)
        self._rows.append(row)
        facts = facts_of(row)
        if old is not None:
            facts["was_due_at"] = clock.iso(old.due_at)
        kind = "deadline.moved" if old else "deadline.armed"
        custody.append(self._actor, custody.Record(kind, self._subject, at, facts))
        wake_for(row)
        return ClockView.of(row)

    def stop(
        self, kinds: Collection[DeadlineKind], state: str, *, at: datetime, acted_at: datetime
    ) -> dict[DeadlineKind, ClockView]:
        """Settle the running clocks of these kinds as met or void; one that ran out before ``acted_at`` is missed.

        A paused goal is settled too; it does not run out.
        """
        stopped = {}
        wanted = {kind.value for kind in kinds}
        ending = [row for row in self._rows if row.state in RUNNING and row.kind in wanted]
        for row in sorted(ending, key=lambda row: (row.due_at, row.pk)):
            if row.state == "armed" and row.due_at < acted_at:
                won = miss(row, at)
            else:
                won = settle(row, state, at)
                if won:
                    kind = "deadline.met" if state == "met" else "deadline.voided"
                    custody.append(self._actor, custody.Record(kind, self._subject, at, facts_of(row)))
            if won:
                stopped[DeadlineKind(row.kind)] = ClockView.of(row)
            if row.state != "missed":
                self._rows.remove(row)
        return stopped


def in_hand(actor: Actor, subjects: Sequence[str]) -> dict[str, Clocks]:
    """Read the clocks of subjects for change, locked until the transaction ends, in one query."""
    return {subject: Clocks(actor, subject, mine) for subject, mine in _read(actor, subjects).items()}


def _read(actor: Actor, subjects: Sequence[str]) -> dict[str, list[Deadline]]:
    rows: dict[str, list[Deadline]] = {subject: [] for subject in subjects}
    known = Deadline.objects.visible_to(actor).filter(subject__in=list(rows), state__in=[*RUNNING, "missed"])
    for row in known.order_by("pk").select_for_update():
        rows[row.subject].append(row)
    return rows


@transaction.atomic
def arm(actor: Actor, subject: str, spec: DeadlineSpec, *, at: datetime) -> ClockView:
    """Start a clock of a subject that is not in hand; see ``Clocks.arm``."""
    return in_hand(actor, [subject])[subject].arm(spec, at=at)


@transaction.atomic
def meet(
    actor: Actor, subject: str, kind: DeadlineKind, *, at: datetime, acted_at: datetime | None = None
) -> ClockView | None:
    """Stop a clock because what it waited for was done at ``acted_at`` (now, unless told). None when none was running.

    Done too late is missed, not met: the clock view says which.
    """
    return in_hand(actor, [subject])[subject].stop([kind], "met", at=at, acted_at=acted_at or at).get(kind)


@transaction.atomic
def void_all(
    actor: Actor,
    subject: str,
    *,
    at: datetime,
    acted_at: datetime | None = None,
    keep: Collection[DeadlineKind] = OUTLIVES_CASE,
) -> int:
    """Stop every clock of a subject, except the kinds to keep, because nothing hangs on them any more.

    A clock that had run out before ``acted_at`` is missed, not void: nothing that was lost is tidied away.
    Returns how many were stopped.
    """
    kinds = [kind for kind in DeadlineKind if kind not in keep]
    return len(in_hand(actor, [subject])[subject].stop(kinds, "void", at=at, acted_at=acted_at or at))


def _was_missed(row: Deadline, due_at: datetime, at: datetime) -> bool:
    """Tell whether a row says that a moment was missed already.

    One that was settled in a future that has not come (the machine's clock ran ahead) was not really missed.
    """
    if row.state != "missed" or row.due_at != due_at:
        return False
    return row.settled_at is not None and row.settled_at <= at + TOLERANCE


def _row(actor: Actor, subject: str, spec: DeadlineSpec, at: datetime) -> Deadline:
    """Make the row of a spec, not yet saved. An own goal is counted anew, by the hours that the shop has."""
    row = Deadline(
        shop_id=actor.shop_id,
        subject=subject,
        kind=spec.kind.value,
        due_at=spec.due_at,
        started_at=spec.started_at,
        margin_at=spec.margin_at,
        source=spec.source.value,
        certainty=spec.certainty.value,
        rule=spec.rule,
        if_missed=spec.if_missed.value,
        armed_at=at,
        told_at=spec.told_at,
    )
    if spec.kind in FOLLOWS_HOURS:
        row.allowance = goal = _goal(spec)
        count(row, hours := queries.timeline(actor), work.add(hours, spec.started_at, goal))
    elif spec.kind not in SILENT:
        row.warn_at = schedule(spec.started_at, spec.due_at, spec.margin_at)[0][0]
    return row


def count(row: Deadline, hours: work.Timeline, due_at: datetime) -> None:
    """Write onto an own goal's row when it is due, with its margin, its next warning and the hours behind it."""
    assert row.allowance is not None
    row.due_at = due_at
    row.margin_at = work.margin_at(hours, due_at, row.allowance)
    held = hours.at(due_at)
    row.hours_version = held.version if held is not None else None
    row.has_unknown_days = work.unknown_days(hours, row.started_at, due_at)
    if row.warned < len(planned := work.schedule(hours, due_at, row.allowance)):
        row.warn_at = planned[row.warned][0]


def _goal(spec: DeadlineSpec) -> timedelta:
    return spec.due_at - spec.started_at


def _is_same(row: Deadline, spec: DeadlineSpec) -> bool:
    if row.state == "paused":
        return True
    was = (row.source, row.certainty, row.rule, row.if_missed)
    if was != (spec.source.value, spec.certainty.value, spec.rule, spec.if_missed.value):
        return False
    if row.kind == DeadlineKind.SUPPLIER_CLAIM_WINDOW.value and row.due_at == spec.due_at:
        return True  # the terms of a batch start anew with no case
    if row.allowance is not None:  # pauses and new hours move it under their own names, never this
        return (row.started_at, row.allowance) == (spec.started_at, _goal(spec))
    return row.due_at == spec.due_at


def _is_stale(row: Deadline, spec: DeadlineSpec) -> bool:
    """Tell whether a spec comes from an older word of the platform than the row, or forgets that it spoke at all."""
    if row.source != Source.API.value or row.started_at != spec.started_at:
        return bool(row.told_at and spec.told_at and spec.told_at < row.told_at)
    if spec.source is not Source.API:
        return True
    return bool(row.told_at and spec.told_at and spec.told_at < row.told_at)
