"""Deciding that the head is to be anchored now, signing it, and promising one attempt a service."""

from datetime import datetime, timedelta

from django.db import transaction

from cardcase.anchors import queries
from cardcase.anchors.models import Anchoring, Stamp
from cardcase.anchors.rules import plan
from cardcase.anchors.rules.plan import StampState
from cardcase.custody import service as custody
from cardcase.custody.rules import note
from cardcase.jobs import service as jobs
from cardcase.staff.rules import Actor, Permission

from .rows import anchors, system


def promise(actor: Actor | None, *, at: datetime, is_forced: bool = False) -> int | None:
    """Sign the present head and promise its stamps and cosignatures, when that is due; return its size, else None.

    Due is it hourly while there are entries of others' making, and soon after a reveal, a decision or an export
    (custody.md §7.4); ``is_forced`` asks for it now. ``actor`` is None when nobody asks. Not inside a transaction: the
    head is signed in one of its own. Raises the refusals of ``custody.checkpoint``, BadAnchors.
    """
    if actor is not None:
        actor.require(Permission.MANAGE_SHOP)
    told = anchors()
    if not told.authorities and not queries.witnesses(told):
        return None
    last = queries.last_anchoring(system())
    news = queries.news_since(system(), last.size if last else 0)
    is_due = plan.is_due(
        at - last.at if last else None,
        has_new=news.has_new,
        has_urgent=news.has_urgent,
        every=timedelta(minutes=told.every_minutes),
        spacing=timedelta(minutes=told.spacing_minutes),
    )
    if not is_due and not is_forced:
        return None
    signed = custody.checkpoint(system(), at=at)
    size = note.Checkpoint.parse(note.split(signed)[0]).size
    with transaction.atomic():
        Anchoring.objects.update_or_create(size=size, defaults={"at": at})
        for authority in told.authorities:
            _owe(authority.name, size, signed, at=at)
        for listed in queries.witnesses(told):
            key_id = listed.witness.ident.hex()
            args = {"witness": key_id}
            jobs.enqueue(None, "anchors.cosign", args, at=at, key=f"{key_id}:{size}", queue="anchors")
    return size


def force(actor: Actor, *, at: datetime) -> None:
    """Ask for the head to be anchored now, in the background. For the owner."""
    actor.require(Permission.MANAGE_SHOP)
    jobs.enqueue(None, "anchors.force", {}, at=at, key="force", queue="anchors")


def _owe(authority: str, size: int, signed: str, *, at: datetime) -> None:
    waiting = Stamp.objects.filter(authority=authority, state=StampState.WAITING.value, over=None)
    waiting.filter(size__lt=size).update(state=StampState.SUPERSEDED.value, settled_at=at, next_at=None)
    row, is_new = Stamp.objects.get_or_create(
        authority=authority,
        size=size,
        over=None,
        defaults={"note": signed, "state": StampState.WAITING.value, "promised_at": at, "next_at": at},
    )
    if is_new:
        jobs.enqueue(None, "anchors.stamp", {"stamp": row.pk}, at=at, key=f"{row.pk}:0", queue="anchors")
