"""What an alarm owes to whom: a row and a job for each target that wants it, in the transaction of the alarm."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from cardcase.cards import queries as cards
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import DeadlineKind
from cardcase.jobs import service as jobs
from cardcase.kit import clock
from cardcase.notices.models import Notice, NoticeTarget, Shortage
from cardcase.notices.rules import (
    Event,
    Importance,
    NoticeState,
    Scope,
    importance_of,
    is_news,
    is_told,
    quiet_until,
    read_spans,
    when,
)
from cardcase.staff.rules import Actor, Permission

PACE: Final = timedelta(seconds=4)
"""Between two notices to one target: robots take 20 a minute. A platform's margin goes before all, at once."""

LOSSLESS: Final = 2
"""Priority of what loses nothing when it comes after the alarms of deadlines."""

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
            send_at = _in_turn(target, send_at)
        facts = {
            "event": event.value,
            "deadline_id": row.pk,
            "subject": row.subject,
            "kind": row.kind,
            "due_at": row.due_at,
        }
        planned += _promise(actor, target, key, facts, send_at=send_at, priority=0 if is_pressing else 1, at=at)
    return planned


@transaction.atomic
def plan_stock(actor: Actor, *, at: datetime) -> int:
    """Compare the kinds of cards that run out with those known to, and plan the notices of the new ones.

    A kind is told once when it falls to the shop's ``low_stock``, and again only after it was above. Returns how many
    notices were new. A kind that nobody wants to hear of is noted all the same: it is no news later.
    """
    actor.require(Permission.WORK)
    low = {(row.brand, row.spec, row.face_fen) for row in cards.low_stock(actor)}
    known = {(row.brand, row.spec, row.face_fen): row for row in Shortage.objects.visible_to(actor)}
    over = [row.pk for kind, row in known.items() if kind not in low]
    Shortage.objects.visible_to(actor).filter(pk__in=over).delete()
    planned = 0
    for brand, spec, face_fen in sorted(low - known.keys(), key=repr):
        row, is_new = Shortage.objects.get_or_create(
            shop_id=actor.shop_id, brand=brand, spec=spec, face_fen=face_fen, defaults={"began_at": at}
        )
        planned += _plan_shortage(actor, row, at) if is_new else 0
    return planned


def _plan_shortage(actor: Actor, row: Shortage, at: datetime) -> int:
    planned = 0
    for target in NoticeTarget.objects.visible_to(actor).filter(is_enabled=True).order_by("pk"):
        if Event.STOCK.value not in target.events:
            continue
        send_at = _in_turn(target, quiet_until(read_spans(target.quiet), at) or at)
        facts = {"event": Event.STOCK.value, "subject": row.public_id}
        planned += _promise(actor, target, row.public_id, facts, send_at=send_at, priority=LOSSLESS, at=at)
    return planned


def _in_turn(target: NoticeTarget, send_at: datetime) -> datetime:
    """Return when a notice goes that stands behind those that wait for the same target."""
    near = target.notices.filter(state=NoticeState.WAITING.value, send_at__range=(send_at, send_at + CROWD))
    return send_at + PACE * near.count()


def _promise(
    actor: Actor,
    target: NoticeTarget,
    key: str,
    facts: Mapping[str, object],
    *,
    send_at: datetime,
    priority: int,
    at: datetime,
) -> int:
    """Write a notice and its job unless it is there already; return how many were new."""
    values = {**facts, "shop_id": actor.shop_id, "send_at": send_at, "created_at": at}
    notice, is_new = Notice.objects.get_or_create(target=target, key=key, defaults=values)
    if is_new:
        jobs.enqueue(
            actor,
            "notice.send",
            {"notice": notice.pk},
            at=at,
            key=str(notice.pk),
            queue="notices",
            run_at=send_at,
            priority=priority,
        )
    return int(is_new)
