"""Clocks that the platform tells of, or that a person read in the App: evidence, appeal, compensation, inspection."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from cardcase.deadlines import queries
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import KIND_TITLES, TELLABLE, ClockFacts, DeadlineKind, Source, choose, told
from cardcase.kit.errors import Refused, WrongUse
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from .clocks import arm


@transaction.atomic
def tell(
    actor: Actor,
    subject: str,
    kind: DeadlineKind,
    due_at: datetime | None,
    *,
    source: Source,
    since: datetime | None = None,
    told_at: datetime | None = None,
    at: datetime,
) -> ClockView | None:
    """Start the clock of a moment that was told. None when nothing is known and the shop has no default for the kind.

    ``due_at`` None: something runs and nobody knows how long; the shop's default stands in, marked unverified, and
    does not replace what is known already. ``told_at`` is the channel's clock on its word: an older word changes
    nothing. Raises Refused when anything but the platform's own data replaces what it told, or no person typed it;
    WrongUse for a kind that is never told and for a typed moment that is past.
    """
    actor.require(Permission.WORK)
    title = KIND_TITLES[kind]
    if kind not in TELLABLE:
        raise WrongUse(f"「{title.zh}」不能填写", f"“{title.en}” is not typed in", code="clock_not_told")
    running = next((one for one in queries.armed(actor, [subject])[subject] if one.kind is kind), None)
    if due_at is None:
        if running is not None:
            return running
        hours = staff.shop_of(actor).default_response_hours
        spec = choose(ClockFacts(seen_at=since or at, default_response_hours=hours), (), kind=kind)
        return arm(actor, subject, spec, at=at) if spec is not None else None
    if source is Source.TYPED:
        if running is not None and running.due_at == due_at and running.is_verified:
            return running
        check_typed(actor, [running] if running is not None else [], due_at, at=at)
    return arm(actor, subject, told(kind, due_at, since=since or at, source=source, told_at=told_at), at=at)


def check_typed(actor: Actor, running: Sequence[ClockView], due_at: datetime, *, at: datetime) -> None:
    """Raise Refused unless a person types a moment of which nothing better is known, WrongUse for one that is past."""
    if not actor.is_person:
        raise Refused("截止时间要由人来填", "Only a person types in a deadline", code="not_typed")
    if due_at <= at:
        raise WrongUse("截止时间已经过了", "This moment lies in the past", code="moment_is_past")
    better = next((one for one in running if one.source in (Source.API, Source.RULE)), None)
    if better is not None:
        raise Refused(
            f"已有更可靠的时限（{better.source_text.zh}），不用填写",
            f"A better clock is known ({better.source_text.en})",
            code="clock_is_known",
        )
