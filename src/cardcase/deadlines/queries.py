"""Reading deadlines: the clocks of a case, whether one was missed, and when the sweep must wake next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cardcase.kit.catalogue import Certainty
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .models import Deadline
from .rules import (
    IF_MISSED_TEXTS,
    KIND_TITLES,
    PLATFORM_BOUND,
    DeadlineKind,
    IfMissed,
    Source,
    source_text,
)

_AT_ONCE = 500
"""Subjects asked for in one query: SQLite before 3.32 took 999 parameters, and longer lists gain nothing."""


@dataclass(frozen=True, slots=True)
class ClockView:
    """One deadline as people and programs see it. ``certainty`` "?" means unverified and is shown as such."""

    subject: str
    kind: DeadlineKind
    due_at: datetime
    started_at: datetime
    margin_at: datetime
    source: Source
    certainty: Certainty
    rule: str
    if_missed: IfMissed
    state: str
    title: Text
    source_text: Text
    if_missed_text: Text

    @classmethod
    def of(cls, row: Deadline) -> "ClockView":
        """Return a row as people and programs see it."""
        kind, source, certainty = DeadlineKind(row.kind), Source(row.source), Certainty(row.certainty)
        if_missed = IfMissed(row.if_missed)
        return cls(
            subject=row.subject,
            kind=kind,
            due_at=row.due_at,
            started_at=row.started_at,
            margin_at=row.margin_at,
            source=source,
            certainty=certainty,
            rule=row.rule,
            if_missed=if_missed,
            state=row.state,
            title=KIND_TITLES[kind],
            source_text=source_text(source, certainty, row.rule),
            if_missed_text=IF_MISSED_TEXTS[if_missed],
        )

    @property
    def is_verified(self) -> bool:
        """Tell whether anybody vouches for the moment."""
        return self.certainty is not Certainty.OPEN

    @property
    def is_platform_bound(self) -> bool:
        """Tell whether the platform itself acts when the seller is silent."""
        return self.kind in PLATFORM_BOUND


def armed(actor: Actor, subjects: Sequence[str]) -> dict[str, list[ClockView]]:
    """Return the running clocks of these subjects, nearest first; a subject without one has an empty list."""
    clocks: dict[str, list[ClockView]] = {subject: [] for subject in subjects}
    wanted = list(clocks)
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        rows = Deadline.objects.visible_to(actor).filter(subject__in=part, state="armed").order_by("due_at", "pk")
        for row in rows:
            clocks[row.subject].append(ClockView.of(row))
    return clocks


def of_subject(actor: Actor, subject: str) -> list[ClockView]:
    """Return every deadline that a subject ever had, in the order of arming: the case page's history of clocks."""
    return of_subjects(actor, [subject])[subject]


def of_subjects(actor: Actor, subjects: Sequence[str]) -> dict[str, list[ClockView]]:
    """Return the same for several subjects at once; a subject that never had a deadline has an empty list."""
    clocks: dict[str, list[ClockView]] = {subject: [] for subject in subjects}
    wanted = list(clocks)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Deadline.objects.visible_to(actor).filter(subject__in=wanted[start : start + _AT_ONCE])
        for row in rows.order_by("armed_at", "pk"):
            clocks[row.subject].append(ClockView.of(row))
    return clocks


def running(history: Iterable[ClockView]) -> list[ClockView]:
    """Return the clocks of a history that still run, nearest first, as ``armed`` does."""
    return sorted((one for one in history if one.state == "armed"), key=lambda one: one.due_at)


def missed_by(
    actor: Actor, subject: str, *, at: datetime, kinds: Iterable[DeadlineKind] = PLATFORM_BOUND
) -> ClockView | None:
    """Return the first deadline of these kinds that had run out unmet by a moment, swept or not; else None."""
    rows = Deadline.objects.visible_to(actor).filter(
        subject=subject, kind__in=[kind.value for kind in kinds], state__in=["armed", "missed"], due_at__lte=at
    )
    row = rows.order_by("due_at", "pk").first()
    return ClockView.of(row) if row else None


def next_due(*, after: datetime | None = None) -> datetime | None:
    """Return when any shop's next deadline or warning falls due: until then the sweeping worker may sleep.

    ``after`` leaves out what is due already. Installation-wide, so it starts from no actor.
    """
    running = Deadline.objects.filter(state="armed")
    due, warn = running.order_by("due_at"), running.filter(warn_at__isnull=False).order_by("warn_at")
    if after is not None:
        due, warn = due.filter(due_at__gt=after), warn.filter(warn_at__gt=after)
    moments = [due.values_list("due_at", flat=True).first(), warn.values_list("warn_at", flat=True).first()]
    return min((moment for moment in moments if moment is not None), default=None)
