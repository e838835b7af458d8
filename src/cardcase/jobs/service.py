"""Promise work, take it under a lease, and settle it. Handlers live in the rooms; loops live in ``runners``."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from cardcase.kit.errors import Conflict, NotFound, Problem, Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import registry, rules, wake
from .models import Job, Schedule
from .registry import Claim
from .rules import JobState

_dice = random.SystemRandom()


class LostLease(Conflict):
    """This worker's lease ran out and the job is another's: nothing was written."""

    code = "lost_lease"

    def __init__(self) -> None:
        super().__init__("这项后台任务已由别的进程接手", "Another worker has taken this job over")


class Unclear(Refused):
    """Raised by a handler that does not know whether the outside did it: a person decides, nothing is repeated."""

    code = "unclear"


@dataclass(frozen=True, slots=True)
class Promised:
    """What became of a promise: the job that will do it, and whether this call made it."""

    job_id: int
    is_new: bool


def enqueue(
    actor: Actor | None,
    kind: str,
    args: Mapping[str, Any],
    *,
    at: datetime,
    key: str = "",
    queue: str = "default",
    priority: int = 0,
    run_at: datetime | None = None,
) -> Promised:
    """Promise work in the caller's transaction: it exists if and only if the fact does.

    ``actor`` gives the shop; None means the whole installation. ``args`` is JSON and never holds a secret. With a
    ``key``, one unfinished job a shop and kind exists: a second promise meets the first, also while it runs. Put a
    revision into the key when a later fact needs a later run. Smaller ``priority`` first.
    """
    shop_id = actor.shop_id if actor else None
    job = Job(
        shop_id=shop_id,
        kind=kind,
        args=dict(args),
        key=key,
        queue=queue,
        priority=priority,
        run_at=run_at or at,
        created_at=at,
    )
    transaction.on_commit(wake.ring)
    if not key:
        job.save(force_insert=True)
        return Promised(job.pk, is_new=True)
    unfinished = Job.objects.filter(shop=shop_id, kind=kind, key=key, state__in=_UNFINISHED)
    for _ in range(3):  # the one that was in our way may be done by the time we look for it
        if (known := unfinished.values_list("pk", flat=True).first()) is not None:
            return Promised(known, is_new=False)
        try:
            with transaction.atomic():  # a savepoint: the loser of a race keeps its own transaction
                job.save(force_insert=True)
        except IntegrityError:
            job.pk = None
        else:
            return Promised(job.pk, is_new=True)
    raise Conflict("后台任务的键同时被占用，请重试", "The key of a job was taken at the same moment; try again")


def claim(
    *,
    at: datetime,
    queues: Sequence[str] = (),
    kinds: Sequence[str] | None = None,
    lease: timedelta = rules.LEASE,
) -> Claim | None:
    """Take the next job under a lease, or None. Jobs whose lease ran out come first; the poisonous ones are parked.

    One statement decides; many workers may call it at once. ``queues`` empty means all; ``kinds`` None means those
    that have a handler here, so that an older release leaves a newer one's jobs alone.
    """
    names = registry.kinds() if kinds is None else tuple(kinds)
    if not names:
        return None
    while True:
        with connection.cursor() as cursor:
            cursor.execute(*_claim_statement(at, at + lease, names, tuple(queues)))
            row = cursor.fetchone()
        if row is None:
            return None
        job = Job(**dict(zip(_CLAIMED, row, strict=True)))
        if job.state != JobState.STUCK:
            break
        # It took five workers down with it: parked by the same statement, look for another.
    args = Job.objects.values_list("args", flat=True).get(pk=job.pk)
    taken = Claim(job.pk, job.kind, args, job.key, job.shop_id, job.fence, job.attempts)
    known = registry.handler(job.kind)
    if known is not None and known.lease is not None and known.lease > lease:
        extend(taken, at=at, lease=known.lease)
    return taken


def extend(held: Claim, *, at: datetime, lease: timedelta = rules.LEASE) -> None:
    """Hold a job longer. Raises LostLease when it is another's by now."""
    _settle(held, lease_until=at + lease)


@contextmanager
def writing(held: Claim, *, at: datetime, lease: timedelta = rules.LEASE) -> Iterator[None]:
    """Open a transaction that commits only while the job is ours. Raises LostLease and writes nothing otherwise."""
    with transaction.atomic():
        extend(held, at=at, lease=lease)  # the row stays locked until we commit, so nobody claims it meanwhile
        yield


def finish(held: Claim, *, at: datetime) -> None:
    """Note that a job is done. Raises LostLease when it is another's by now."""
    _settle(held, state=JobState.DONE.value, lease_until=None, finished_at=at, last_error="")


def fail(held: Claim, error: BaseException, *, at: datetime) -> JobState:
    """Put a failed job back with a growing wait, or park it: stuck after five tries, unclear when nobody can know.

    Returns the new state. Raises LostLease when the job is another's by now.
    """
    words = describe(error)
    if isinstance(error, Unclear):
        _settle(held, state=JobState.UNCLEAR.value, lease_until=None, last_error=words)
        return JobState.UNCLEAR
    if held.attempts >= rules.MAX_TRIES:
        _settle(held, state=JobState.STUCK.value, lease_until=None, last_error=words)
        return JobState.STUCK
    wait = rules.wait_before_retry(held.attempts, _dice.random())
    _settle(held, state=JobState.WAITING.value, lease_until=None, run_at=at + wait, last_error=words)
    return JobState.WAITING


@transaction.atomic
def retry(actor: Actor, job_id: int, *, at: datetime) -> None:
    """Let a parked job run again, with all its tries. For people: they looked into it first.

    Raises NotFound for another shop's job, Refused unless it is stuck or unclear.
    """
    actor.require(Permission.MANAGE_SHOP)
    mine = Job.objects.filter(pk=job_id, shop_id=actor.shop_id)
    parked = [JobState.STUCK.value, JobState.UNCLEAR.value]
    moved = mine.filter(state__in=parked).update(
        state=JobState.WAITING.value, run_at=at, attempts=0, fence=F("fence") + 1
    )
    if not moved and not mine.exists():
        raise NotFound("没有这项后台任务", "There is no such job")
    if not moved:
        raise Refused(
            "这项任务没有卡住，不用重试",
            "This job is not parked",
            next=Text("刷新页面看它现在的状态。", "Reload the page to see where it stands."),
        )
    transaction.on_commit(wake.ring)


def promise_periodic(*, at: datetime) -> int:
    """Promise every periodic job that is due and return how many. Of many machines, exactly one wins each."""
    periods = registry.periods()
    rows = {row.name: row for row in Schedule.objects.filter(name__in=periods)}  # an idle poll ends after this read
    for name, every in periods.items():
        if name not in rows:
            rows[name] = Schedule(name=name, every=every, next_at=at)
            Schedule.objects.bulk_create([rows[name]], ignore_conflicts=True)
        elif rows[name].every != every:
            Schedule.objects.filter(name=name).update(every=every)
    won = 0
    for name, every, next_at in [(name, periods[name], row.next_at) for name, row in rows.items()]:
        if at < next_at <= at + every + rules.CLOCK_SLACK:
            continue
        # After a night switched off it runs once, not a thousand times; a turn that lies further ahead than its period
        # was set by a clock that ran ahead and has been put right: waiting for it could take a year.
        missed = (at - next_at) // every
        with transaction.atomic():
            mine = Schedule.objects.filter(name=name, next_at=next_at).update(next_at=next_at + every * (missed + 1))
            if mine:
                enqueue(None, name, {}, at=at, key="periodic")
                won += 1
    return won


def clock_went_back(*, at: datetime) -> int:
    """Pull back what was promised in a future that has not come: the machine's clock ran ahead. Returns how many.

    Jobs wait as long as they were meant to, counted from now; leases of that future end as leases of now would.
    """
    ahead = at + rules.CLOCK_SLACK
    pulled = 0
    for job in Job.objects.filter(state=JobState.WAITING.value, created_at__gt=ahead, run_at__gt=at):
        wait = min(max(job.run_at - job.created_at, timedelta()), rules.LONGEST_WAIT)
        mine = Job.objects.filter(pk=job.pk, state=JobState.WAITING.value, run_at=job.run_at)
        pulled += mine.update(run_at=at + wait, created_at=at)
    leased = Job.objects.filter(state=JobState.RUNNING.value, lease_until__gt=ahead + rules.LONGEST_WAIT)
    leased.update(lease_until=at + rules.LEASE)
    return pulled


def forget_done(*, at: datetime) -> int:
    """Delete jobs done more than a week ago and return how many. What they did is in the record."""
    deleted, _ = Job.objects.filter(state=JobState.DONE.value, finished_at__lt=at - rules.KEEP_DONE).delete()
    return deleted


def describe(error: BaseException) -> str:
    """Return what may be kept of an error: its kind and place always, its words only when we chose them ourselves.

    Words of other libraries may quote what they were given; a card code must not end up in this table.
    """
    if isinstance(error, Problem):
        return f"{error.problem_code}: {error.message.zh}"[:500]
    place, trace = "", error.__traceback__
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} @ {place}"[:500]


_UNFINISHED = [state.value for state in rules.UNFINISHED]
_CLAIMED = ("id", "kind", "key", "shop_id", "fence", "attempts", "state")


def _claim_statement(
    at: datetime, until: datetime, kinds: tuple[str, ...], queues: tuple[str, ...]
) -> tuple[str, list[Any]]:
    """Build the one UPDATE … RETURNING. ``=`` and COALESCE, so that each sub-query is run at most once."""
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    chosen = f"kind IN ({', '.join(['%s'] * len(kinds))})"
    filters: list[Any] = [*kinds]
    if queues:
        chosen += f" AND queue IN ({', '.join(['%s'] * len(queues))})"
        filters += queues
    moment, end = (connection.ops.adapt_datetimefield_value(value) for value in (at, until))
    table = "jobs_job"
    statement = f"""
        UPDATE {table}
           SET state = CASE WHEN attempts >= {rules.MAX_TRIES} THEN 'stuck' ELSE 'running' END,
               last_error = CASE WHEN attempts >= {rules.MAX_TRIES} THEN 'worker_died' ELSE last_error END,
               attempts = attempts + CASE WHEN attempts >= {rules.MAX_TRIES} THEN 0 ELSE 1 END,
               lease_until = %s,
               fence = fence + 1
         WHERE id = COALESCE(
               (SELECT id FROM {table} WHERE state = 'running' AND lease_until <= %s AND {chosen}
                 ORDER BY lease_until LIMIT 1 {lock}),
               (SELECT id FROM {table} WHERE state = 'waiting' AND run_at <= %s AND {chosen}
                 ORDER BY priority, run_at, id LIMIT 1 {lock}))
        RETURNING {", ".join(_CLAIMED)}
    """  # noqa: S608 - table and column names are our own; every value is a parameter
    return statement, [end, moment, *filters, moment, *filters]


def _settle(held: Claim, **changes: Any) -> None:
    """Change a job only while the fence is the one we were given."""
    mine = Job.objects.filter(pk=held.job_id, fence=held.fence, state=JobState.RUNNING.value)
    if not mine.update(**changes):
        raise LostLease
