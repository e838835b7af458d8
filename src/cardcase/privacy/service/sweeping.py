"""What the clock does: propose what is due, finish what was broken off, retry what waits. It erases nothing itself."""

from datetime import datetime, timedelta
from itertools import chain

from django.conf import settings
from django.db import IntegrityError, transaction

from cardcase.custody import erasing as record
from cardcase.kit import ids
from cardcase.privacy import queries, sealing
from cardcase.privacy.models import Removal
from cardcase.privacy.queries import Matter
from cardcase.privacy.rules import Ground, RemovalState
from cardcase.staff.rules import Actor, Permission

from . import erasing

AT_MOST = 500
"""Proposals of one run: a person has enough with them, and the next run goes on where nothing was proposed."""

_ORPHAN = timedelta(days=1)
"""Age from which half a key without a row is of an attempt that was never committed."""


def propose_due(actor: Actor, *, at: datetime) -> int:
    """Propose every matter whose periods are over and that nothing holds; withdraw proposals that no longer stand.

    With ``privacy_auto_erase`` what is due, and what was restricted until now, is erased at once. Returns how many
    proposals are new.
    """
    actor.require(Permission.WORK)
    _withdraw(actor, at=at)
    new = 0
    for matter in chain(queries.came_back(actor), queries.candidates(actor, at=at)):
        new += _propose(actor, matter, at=at)
        if new >= AT_MOST:
            break
    if settings.CARDCASE.privacy_auto_erase:
        _erase_by_the_clock(actor, at=at)
    return new


def _propose(actor: Actor, matter: Matter, *, at: datetime) -> bool:
    found = queries.standing(actor, matter)
    if found.is_empty or found.holds or not found.is_due(at):
        return False
    try:
        with transaction.atomic():
            Removal.objects.create(
                shop_id=actor.shop_id,
                public_id=ids.public_id("removal"),
                subject=matter.subject,
                buyer=matter.buyer,
                order=matter.order,
                state=RemovalState.PROPOSED.value,
                ground=Ground.RETENTION_OVER.value,
                by=actor.label,
                asked_at=at,
                erase_at=found.due_at,
                counts={"rows": found.collected.rows, "contents": len(found.entries)},
            )
    except IntegrityError:  # somebody else was first
        return False
    return True


def _withdraw(actor: Actor, *, at: datetime) -> None:
    rows = Removal.objects.visible_to(actor).filter(state=RemovalState.PROPOSED.value).select_related("order", "buyer")
    for row in rows:
        found = queries.standing(actor, Matter(actor, row.order, row.buyer))
        if found.is_empty or found.holds or not found.is_due(at):
            Removal.objects.filter(pk=row.pk, state=RemovalState.PROPOSED.value).update(
                state=RemovalState.DROPPED.value, finished_at=at
            )


def _erase_by_the_clock(actor: Actor, *, at: datetime) -> None:
    waiting = (RemovalState.PROPOSED.value, RemovalState.RESTRICTED.value)
    rows = Removal.objects.visible_to(actor).filter(state__in=waiting, erase_at__lte=at)
    found = rows.select_related("order", "buyer").order_by("pk")
    for row in sorted(found, key=lambda row: row.order is None):  # who somebody is goes last
        erasing.erase_due(actor, queries.of_matters(actor, [Matter(actor, row.order, row.buyer)]), at=at)


def finish_begun(actor: Actor, *, at: datetime) -> None:
    """Finish removals that were broken off, and let originals go that no other buyer needs. Again is no error."""
    actor.require(Permission.WORK)
    record.destroy_keys()  # those of what was restricted, too, or whose sheet has come back
    rows = Removal.objects.visible_to(actor)
    for pk in list(rows.filter(state=RemovalState.ERASING.value).values_list("pk", flat=True)):
        erasing.finish(actor, pk, at=at)
    for row in rows.exclude(files=[]).exclude(state=RemovalState.ERASING.value):
        erasing.finish(actor, row.pk, at=at)
    gone = (RemovalState.ERASING.value, RemovalState.ERASED.value)
    for row in rows.filter(state__in=gone).exclude(originals=[]):
        erasing.retry_originals(actor, row.pk, at=at)


def destroy_orphans(actor: Actor, *, at: datetime) -> int:
    """Destroy halves of keys that no removal of any shop needs; returns how many."""
    actor.require(Permission.WORK)
    count = 0
    for removal, written in sealing.halves():
        is_needed = Removal.objects.filter(public_id=removal, key_half__isnull=False).exists()
        if not is_needed and written < (at - _ORPHAN).timestamp():
            sealing.destroy(removal)
            count += 1
    return count
