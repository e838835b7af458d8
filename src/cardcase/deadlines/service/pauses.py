"""Pausing and resuming the shop's own goals. The platform's clocks are refused: they never stand still."""

from copy import copy
from datetime import datetime

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.deadlines import queries
from cardcase.deadlines.models import Deadline, Pause
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import FOLLOWS_HOURS, KIND_TITLES, DeadlineKind, PauseReason
from cardcase.deadlines.rules import working as work
from cardcase.kit import clock
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .clocks import count
from .rows import LABEL_MAX, facts_of, miss, wake_for

NOTE_MAX = 300


@transaction.atomic
def pause(
    actor: Actor, subject: str, kind: DeadlineKind, reason: PauseReason, *, note: str = "", at: datetime
) -> ClockView | None:
    """Let an own goal stand still, with the reason; what working time it has left is kept. None when none is running.

    One that has run out is missed, not paused. Raises Refused for a clock of the platform's, WrongUse for the reason
    "other" without words. The same pause again changes nothing.
    """
    actor.require(Permission.WORK)
    if kind not in FOLLOWS_HOURS:
        title = KIND_TITLES[kind]
        raise Refused(
            f"「{title.zh}」是平台的时钟，不能暂停",
            f"“{title.en}” is the platform's clock and cannot be paused",
            next=Text("只有自己的服务目标可以暂停。", "Only the shop's own goals can be paused."),
            code="clock_never_pauses",
        )
    note = note.strip()
    if len(note) > NOTE_MAX or (reason is PauseReason.OTHER and not note):
        raise WrongUse("请写明为什么暂停（300 字以内）", "Say why, in at most 300 characters", code="pause_unexplained")
    row = Deadline.objects.visible_to(actor).filter(subject=subject, kind=kind.value, state="armed").first()
    if row is None:
        return next(iter(queries.paused(actor, [subject]).get(subject, [])), None)
    if row.due_at <= at:
        miss(row, at)
        return ClockView.of(row)
    left = work.remaining(queries.timeline(actor), row.due_at, at)
    if not row.become(state="paused", warn_at=None, remaining=left):
        return None
    Pause.objects.create(
        shop_id=actor.shop_id,
        deadline=row,
        reason=reason.value,
        note=note,
        by=(actor.label or actor.kind.value)[:LABEL_MAX],
        paused_at=at,
    )
    facts = {**facts_of(row), "pause": reason.value, "note": note, "left_s": int(left.total_seconds())}
    custody.append(actor, custody.Record("deadline.paused", subject, at, facts))
    return ClockView.of(row)


@transaction.atomic
def resume(actor: Actor, subject: str, kind: DeadlineKind, *, at: datetime) -> ClockView | None:
    """Let a paused goal run on with the working time that it had left, by the hours of now. None when none is paused.

    What was rung before the pause does not ring again.
    """
    actor.require(Permission.WORK)
    row = Deadline.objects.visible_to(actor).filter(subject=subject, kind=kind.value, state="paused").first()
    if row is None or row.remaining is None:
        return None
    hours = queries.timeline(actor)
    counted = copy(row)
    count(counted, hours, work.resume(hours, at, row.remaining))
    was_due_at = row.due_at
    fields = ("due_at", "margin_at", "warn_at", "hours_version", "has_unknown_days")
    if not row.become(state="armed", remaining=None, **{name: getattr(counted, name) for name in fields}):
        return None
    Pause.objects.visible_to(actor).filter(deadline=row, resumed_at=None).update(resumed_at=at)
    facts = {**facts_of(row), "was_due_at": clock.iso(was_due_at)}
    custody.append(actor, custody.Record("deadline.resumed", subject, at, facts))
    wake_for(row)
    return ClockView.of(row)
