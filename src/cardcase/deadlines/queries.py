"""Reading deadlines: the clocks of a case, the shop's hours, what was missed, and when the sweep must wake next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cardcase.kit.catalogue import Certainty
from cardcase.kit.text import Text
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from .models import ClockJump, Deadline, Pause, WorkingHours
from .rules import (
    IF_MISSED_TEXTS,
    KIND_TITLES,
    PAUSE_TITLES,
    PLATFORM_BOUND,
    DeadlineKind,
    IfMissed,
    PauseReason,
    Source,
    source_text,
)
from .rules.hours import Hours, from_plain
from .rules.working import Timeline

JUMPS_SHOWN = timedelta(days=7)
"""How long a jump of the clock is spoken of."""

_AT_ONCE = 500
"""Subjects asked for in one query: SQLite before 3.32 took 999 parameters, and longer lists gain nothing."""


@dataclass(frozen=True, slots=True)
class ClockView:
    """One deadline as people and programs see it. ``certainty`` "?" means unverified and is shown as such.

    ``allowance`` is the working time of an own goal, None for clocks on the wall; ``remaining`` what it had left when
    it was paused. ``hours_version`` names the hours by which it was counted.
    """

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
    allowance: timedelta | None = None
    remaining: timedelta | None = None
    hours_version: int | None = None
    has_unknown_days: bool = False

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
            source_text=_counted(source_text(source, certainty, row.rule), row),
            if_missed_text=IF_MISSED_TEXTS[if_missed],
            allowance=row.allowance,
            remaining=row.remaining,
            hours_version=row.hours_version,
            has_unknown_days=row.has_unknown_days,
        )

    @property
    def is_verified(self) -> bool:
        """Tell whether anybody vouches for the moment."""
        return self.certainty is not Certainty.OPEN

    @property
    def is_platform_bound(self) -> bool:
        """Tell whether the platform itself acts when the seller is silent."""
        return self.kind in PLATFORM_BOUND

    @property
    def is_paused(self) -> bool:
        """Tell whether the goal stands still."""
        return self.state == "paused"


@dataclass(frozen=True, slots=True)
class PauseView:
    """A stretch in which an own goal stood still."""

    kind: DeadlineKind
    reason: PauseReason
    title: Text
    note: str
    by: str
    paused_at: datetime
    resumed_at: datetime | None


@dataclass(frozen=True, slots=True)
class HoursView:
    """One version of a shop's hours, from when it holds and who set it."""

    hours: Hours
    effective_from: datetime
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class JumpView:
    """The system clock was set: when that was noticed, by how much, and how many false misses were put back."""

    noticed_at: datetime
    by: timedelta
    rearmed: int


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


def paused(actor: Actor, subjects: Sequence[str]) -> dict[str, list[ClockView]]:
    """Return the own goals of these subjects that stand still; subjects without one are left out."""
    found: dict[str, list[ClockView]] = {}
    rows = Deadline.objects.visible_to(actor).filter(subject__in=list(subjects)[:_AT_ONCE], state="paused")
    for row in rows.order_by("pk"):
        found.setdefault(row.subject, []).append(ClockView.of(row))
    return found


def pauses_of(actor: Actor, subject: str) -> list[PauseView]:
    """Return every pause of a subject's goals, oldest first."""
    rows = Pause.objects.visible_to(actor).filter(deadline__subject=subject).select_related("deadline")
    return [
        PauseView(
            DeadlineKind(row.deadline.kind),
            PauseReason(row.reason),
            PAUSE_TITLES[PauseReason(row.reason)],
            row.note,
            row.by,
            row.paused_at,
            row.resumed_at,
        )
        for row in rows.order_by("paused_at", "pk")
    ]


def hours_versions(actor: Actor) -> list[HoursView]:
    """Return every version of the shop's hours, oldest first. Empty: the shop works round the clock."""
    rows = list(WorkingHours.objects.visible_to(actor).order_by("effective_from", "version"))
    if not rows:
        return []
    zone = zone_of(actor)
    return [
        HoursView(from_plain(row.hours, zone=zone, version=row.version), row.effective_from, row.set_by, row.set_at)
        for row in rows
    ]


def timeline(actor: Actor) -> Timeline:
    """Return the hours of the actor's shop as working time is counted by."""
    return Timeline(tuple((view.effective_from, view.hours) for view in hours_versions(actor)))


def zone_of(actor: Actor) -> ZoneInfo:
    """Return the zone in which the shop tells the time."""
    return ZoneInfo(staff.shop_of(actor).time_zone)


def clock_jumps(actor: Actor, *, since: datetime) -> list[JumpView]:
    """Return the jumps of the machine's clock that were noticed since a moment, newest first."""
    actor.require(Permission.READ)
    rows = ClockJump.objects.filter(noticed_at__gte=since).order_by("-pk")[:20]
    return [JumpView(row.noticed_at, timedelta(seconds=row.seconds), row.rearmed) for row in rows]


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


def is_held(*, at: datetime) -> bool:
    """Tell whether nothing may be called missed yet, because the clock has just jumped forwards. Installation-wide."""
    return ClockJump.objects.filter(hold_until__gt=at, noticed_at__lte=at).exists()


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


def _counted(text: Text, row: Deadline) -> Text:
    """Add how an own goal is counted: by which hours, and whether holidays were not known."""
    if row.hours_version is None:
        return text
    zh, en = f"{text.zh} · 按工作时间（第 {row.hours_version} 版）", f"{text.en} · working hours v{row.hours_version}"
    if row.has_unknown_days:
        zh, en = f"{zh} · 放假安排未公布，按平常日算", f"{en} · holidays not known yet, counted as ordinary days"
    return Text(zh, en)
