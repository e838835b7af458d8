"""Stamping old stamps anew before the certificates behind them end.

One renewal for each certificate that ends: it is over the last token made with it and the note of that token. Every
earlier token is covered too, because its hash stands as an entry in the tree that this note commits to.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max

from cardcase.anchors.models import Stamp
from cardcase.anchors.rules import plan
from cardcase.anchors.rules.plan import StampState
from cardcase.jobs import service as jobs
from cardcase.staff.rules import Actor

from .rows import anchors

AGAIN_AFTER: Final = timedelta(days=7)
"""How soon a renewal that brought no longer life is asked for again: the authority has not changed its key yet."""


@transaction.atomic
def renew(actor: Actor | None, *, at: datetime) -> int:
    """Promise what is to be renewed and return how many. ``actor`` is None: nobody asks for it. Raises BadAnchors."""
    assert actor is None
    told = anchors()
    if not told.authorities:
        return 0
    promised = 0
    verified = Stamp.objects.filter(state=StampState.VERIFIED.value)
    ending = verified.filter(ends_at__lte=at + plan.RENEW_BEFORE).values("authority", "ends_at")
    for last in ending.annotate(newest=Max("pk")).order_by("newest"):
        row = Stamp.objects.get(pk=last["newest"])
        assert row.ends_at is not None
        renewals = Stamp.objects.filter(over=row)
        lives_on = renewals.filter(state=StampState.VERIFIED.value, ends_at__gt=row.ends_at).exists()
        recent = Stamp.objects.filter(over__authority=row.authority, over__ends_at=row.ends_at)
        if lives_on or recent.filter(promised_at__gt=at - AGAIN_AFTER).exists():
            continue
        authority = _longest(row.authority, [one.name for one in told.authorities])
        renewals.filter(state=StampState.WAITING.value).update(state=StampState.SUPERSEDED.value, settled_at=at)
        made = Stamp.objects.create(
            authority=authority,
            size=row.size,
            note=row.note,
            over=row,
            state=StampState.WAITING.value,
            promised_at=at,
            next_at=at,
        )
        jobs.enqueue(None, "anchors.stamp", {"stamp": made.pk}, at=at, key=f"{made.pk}:0", queue="anchors")
        promised += 1
    return promised


def _longest(own: str, names: list[str]) -> str:
    """Choose the authority whose certificate lives longest by its last token; the same one when nothing is known."""
    verified = Stamp.objects.filter(state=StampState.VERIFIED.value, authority__in=names)
    ends = dict(verified.values_list("authority").annotate(until=Max("ends_at")))
    best = max(names, key=lambda name: (ends[name].timestamp() if name in ends else 0.0, name == own))
    return best if best in ends or own not in names else own
