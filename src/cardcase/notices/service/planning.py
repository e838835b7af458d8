"""What an alarm owes to whom: a row and a job for each target that wants it, in the transaction of the alarm."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import DeadlineKind
from cardcase.jobs import service as jobs
from cardcase.kit import clock
from cardcase.notices.models import Notice, NoticeTarget
from cardcase.notices.rules import (
    Event,
    Importance,
    NoticeState,
    Scope,
    importance_of,
    is_news,
    is_told,
    read_spans,
    when,
)
from cardcase.staff.rules import Actor, Permission

PACE: Final = timedelta(seconds=4)
"""Between two notices to one target: robots take 20 a minute. A platform's margin goes before all, at once."""

CROWD: Final = timedelta(minutes=10)
"""How far ahead others are counted that wait for the same target."""


@transaction.atomic
def plan(actor: Actor, deadline_id: int, event: Event, *, at: datetime) -> int:
    """Plan the notices of one alarm and return how many were new. Planned again, it changes nothing.

    The key names the deadline's row, what rings and when it is due: a deadline that moves rings anew.
    """
    actor.require(Permission.WORK)
    row = Deadline.objects.visible_to(actor).filter(pk=deadline_id).first()
    if row is None or not is_news(event, due_at=row.due_at, at=at):
        return 0
    kind = DeadlineKind(row.kind)
    is_pressing = importance_of(kind) is Importance.PLATFORM and event is Event.MARGIN
    key = f"deadline:{row.pk}:{event.value}:{clock.iso(row.due_at)}"
    planned = 0
    for target in NoticeTarget.objects.visible_to(actor).filter(is_enabled=True).order_by("pk"):
        if not is_told(event, kind, events=[Event(name) for name in target.events], scope=Scope(target.scope)):
            continue
        quiet = read_spans(target.quiet)
        send_at = when(event, kind, at=at, margin_at=row.margin_at, due_at=row.due_at, quiet=quiet)
        if not is_pressing:
            near = target.notices.filter(state=NoticeState.WAITING.value, send_at__range=(send_at, send_at + CROWD))
            send_at += PACE * near.count()
        facts = {
            "shop_id": row.shop_id,
            "event": event.value,
            "deadline_id": row.pk,
            "subject": row.subject,
            "kind": row.kind,
            "due_at": row.due_at,
            "send_at": send_at,
            "created_at": at,
        }
        notice, is_new = Notice.objects.get_or_create(target=target, key=key, defaults=facts)
        if is_new:
            jobs.enqueue(
                actor,
                "notice.send",
                {"notice": notice.pk},
                at=at,
                key=str(notice.pk),
                queue="notices",
                run_at=send_at,
                priority=0 if is_pressing else 1,
            )
            planned += 1
    return planned
