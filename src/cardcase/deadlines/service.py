"""Arm, meet, void and miss deadlines. Every change is a conditional update: the loser of a race changes nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.jobs import service as jobs
from cardcase.kit import clock
from cardcase.staff.rules import Actor, Permission

from .models import Deadline
from .queries import ClockView, running
from .rules import DeadlineKind, DeadlineSpec, ring, schedule

SWEEP_AT_ONCE = 200
"""Rows that one look of the sweep takes (architecture.md §9)."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A deadline that this sweep, and no other, found to be missed."""

    shop_id: int
    clock: ClockView


class Clocks:
    """The clocks of one subject in hand: read once, and true after each change that is made through them.

    Every change is still a conditional update: what somebody else settled in between is let go, not settled again.
    """

    def __init__(self, actor: Actor, subject: str, rows: Iterable[Deadline] = ()) -> None:
        """Take the armed and the missed rows of a subject; one that was made a moment ago has none."""
        actor.require(Permission.WORK)
        self._actor, self._subject, self._rows = actor, subject, list(rows)

    @property
    def running(self) -> list[ClockView]:
        """The clocks that run, nearest first."""
        return running(ClockView.of(row) for row in self._rows)

    def arm(self, spec: DeadlineSpec, *, at: datetime) -> ClockView:
        """Start a clock. The same clock again changes nothing; a new time voids the old row and arms a new one.

        A moment that was already missed is not armed a second time: the missed row is returned.
        """
        rows = [row for row in self._rows if row.kind == spec.kind.value]
        old = next((row for row in rows if row.state == "armed"), None)
        if old is not None and _is_same(old, spec):
            return ClockView.of(old)
        missed = next((row for row in rows if row.state == "missed" and row.due_at == spec.due_at), None)
        if missed is not None:
            return ClockView.of(missed)
        if old is not None:
            _settle(old, "void", at)
            self._rows.remove(old)
        row = _insert(self._actor, self._subject, spec, at=at)
        self._rows.append(row)
        facts = _facts(row)
        if old is not None:
            facts["was_due_at"] = clock.iso(old.due_at)
        kind = "deadline.moved" if old else "deadline.armed"
        custody.append(self._actor, custody.Record(kind, self._subject, at, facts))
        return ClockView.of(row)

    def stop(
        self, kinds: Collection[DeadlineKind], state: str, *, at: datetime, acted_at: datetime
    ) -> dict[DeadlineKind, ClockView]:
        """Settle the running clocks of these kinds as met or void; one that ran out before ``acted_at`` is missed."""
        stopped = {}
        wanted = {kind.value for kind in kinds}
        ending = [row for row in self._rows if row.state == "armed" and row.kind in wanted]
        for row in sorted(ending, key=lambda row: (row.due_at, row.pk)):
            if row.due_at < acted_at:
                won = _miss(row, at)
            else:
                won = _settle(row, state, at)
                if won:
                    kind = "deadline.met" if state == "met" else "deadline.voided"
                    custody.append(self._actor, custody.Record(kind, self._subject, at, _facts(row)))
            if won:
                stopped[DeadlineKind(row.kind)] = ClockView.of(row)
            if row.state != "missed":
                self._rows.remove(row)
        return stopped


def in_hand(actor: Actor, subjects: Sequence[str]) -> dict[str, Clocks]:
    """Read the clocks of subjects for change, locked until the transaction ends, in one query."""
    rows: dict[str, list[Deadline]] = {subject: [] for subject in subjects}
    known = Deadline.objects.visible_to(actor).filter(subject__in=list(rows), state__in=["armed", "missed"])
    for row in known.order_by("pk").select_for_update():
        rows[row.subject].append(row)
    return {subject: Clocks(actor, subject, mine) for subject, mine in rows.items()}


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
    keep: Collection[DeadlineKind] = (),
) -> int:
    """Stop every clock of a subject, except the kinds to keep, because nothing hangs on them any more.

    A clock that had run out before ``acted_at`` is missed, not void: nothing that was lost is tidied away.
    Returns how many were stopped.
    """
    kinds = [kind for kind in DeadlineKind if kind not in keep]
    return len(in_hand(actor, [subject])[subject].stop(kinds, "void", at=at, acted_at=acted_at or at))


def sweep(*, at: datetime) -> list[Missed]:
    """Miss what is due and ring what is near, in every shop; each deadline and each warning exactly once.

    A missed one leaves the record "deadline.missed" and the job of the same name; a warning the job
    "deadline.warning". Each row is its own transaction, so that two sweeps at once share the work.
    """
    missed: list[Missed] = []
    while True:
        due = list(Deadline.objects.filter(state="armed", due_at__lte=at).order_by("due_at", "pk")[:SWEEP_AT_ONCE])
        for row in due:
            with transaction.atomic():
                if _miss(row, at):
                    missed.append(Missed(row.shop_id, ClockView.of(row)))
        if len(due) < SWEEP_AT_ONCE:
            break
    while True:
        near = list(Deadline.objects.filter(state="armed", warn_at__lte=at).order_by("warn_at", "pk")[:SWEEP_AT_ONCE])
        for row in near:
            with transaction.atomic():
                _warn(row, at)
        if len(near) < SWEEP_AT_ONCE:
            return missed


def _insert(actor: Actor, subject: str, spec: DeadlineSpec, *, at: datetime) -> Deadline:
    row: Deadline = Deadline.objects.create(
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
        warn_at=schedule(spec.started_at, spec.due_at, spec.margin_at)[0][0],
        armed_at=at,
    )
    return row


def _settle(row: Deadline, state: str, at: datetime) -> bool:
    """Settle a row by saying what it was. False when it was moved, met or missed by somebody else in between."""
    won = Deadline.objects.filter(pk=row.pk, state="armed", due_at=row.due_at).update(
        state=state, settled_at=at, warn_at=None
    )
    if won:
        row.state, row.settled_at, row.warn_at = state, at, None
    return won == 1


def _miss(row: Deadline, at: datetime) -> bool:
    if not _settle(row, "missed", at):
        return False
    system = Actor.system(row.shop_id)
    custody.append(system, custody.Record("deadline.missed", row.subject, at, _facts(row)))
    jobs.enqueue(system, "deadline.missed", _args(row), at=at, key=f"missed:{row.pk}")
    return True


def _warn(row: Deadline, at: datetime) -> bool:
    alarm, given, following = ring(schedule(row.started_at, row.due_at, row.margin_at), row.warned, at)
    won = Deadline.objects.filter(pk=row.pk, state="armed", warned=row.warned, warn_at=row.warn_at).update(
        warned=given, warn_at=following
    )
    if won and alarm is not None:
        args = {**_args(row), "alarm": alarm.value}
        jobs.enqueue(Actor.system(row.shop_id), "deadline.warning", args, at=at, key=f"warning:{row.pk}:{alarm.value}")
    return won == 1


def _is_same(row: Deadline, spec: DeadlineSpec) -> bool:
    was = (row.due_at, row.source, row.certainty, row.rule, row.if_missed)
    return was == (spec.due_at, spec.source.value, spec.certainty.value, spec.rule, spec.if_missed.value)


def _facts(row: Deadline) -> dict[str, custody.JSON]:
    """Return what the record keeps of a deadline."""
    return {
        "kind": row.kind,
        "due_at": clock.iso(row.due_at),
        "started_at": clock.iso(row.started_at),
        "source": row.source,
        "certainty": row.certainty,
        "rule": row.rule,
        "if_missed": row.if_missed,
    }


def _args(row: Deadline) -> dict[str, object]:
    """Return what the jobs of a deadline need to find their subject."""
    return {
        "deadline": row.pk,
        "shop": row.shop_id,
        "subject": row.subject,
        "kind": row.kind,
        "due_at": clock.iso(row.due_at),
        "certainty": row.certainty,
    }
