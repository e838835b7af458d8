"""Looking into the index, always for an actor: numbers only. Who shows them reads the rows through the actor again."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from cardcase.staff.rules import Actor, Permission

from . import engine
from .models import Building
from .rules import Place, Question, read, span, version

_FIRST = 64
_MOST = 4096


def find(
    actor: Actor,
    question: Question,
    *,
    things: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
) -> Iterator[list[tuple[int, Place]]]:
    """Return what answers a question, newest first, in growing batches of (number, place), until all of it is told.

    ``things``: cases, orders, buyers and goods; else what was said. ``before`` is the number behind which to go on.
    Raises NotAllowed.
    """
    actor.require(Permission.READ)
    first, behind = span(things=things, since=since, until=until)
    behind = behind if before is None else min(behind, before)
    limit = _FIRST
    while question and first < behind:
        found = engine.look(actor.shop_id, question, (first, behind), limit=limit)
        if found:
            yield [(number, read(number)) for number in found]
        if len(found) < limit:
            return
        behind, limit = found[-1], min(limit * 4, _MOST)


def is_complete(actor: Actor) -> bool:
    """Tell whether the index holds all; False while it is being made."""
    actor.require(Permission.READ)
    rows = Building.objects.filter(Q(finished_at__isnull=True) | ~Q(folding=version()))
    return not rows.exists()
