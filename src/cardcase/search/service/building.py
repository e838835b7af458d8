"""Making the index from the facts: after an upgrade, a new way of folding, or damage. Killed anywhere, it goes on.

It compares before it writes, so what is right stays untouched and can be found meanwhile. Every batch is a transaction
of its own that also writes down how far it came; imports go on in between, and keep their own rows in step.
"""

from collections.abc import Callable
from typing import Final

from django.db import transaction

from cardcase.kit import clock
from cardcase.search import engine
from cardcase.search.models import Building
from cardcase.search.rules import Kind, read, version
from cardcase.search.sources import SOURCES, Source
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

BATCH: Final = 1000
"""Rows in one transaction."""

_ORPHANS: Final = 99
"""Stands for the last round: what is in the index and has no row any more."""

Step = Callable[[int, int, str], None]
"""Called with done, total and the label of the table."""


def rebuild(actor: Actor, *, step: Step = lambda _done, _total, _what: None, from_nothing: bool = False) -> int:
    """Make the index right, for all shops. Returns how many rows had to be written or removed. Raises NotAllowed.

    What was begun and broken off goes on where it stood. ``from_nothing`` empties the index first.
    """
    actor.require(Permission.MANAGE_SHOP)
    with transaction.atomic():
        begun = _begin(anew=from_nothing)
        if from_nothing:
            engine.empty()
    return _go_on(begun, step)


def catch_up(actor: Actor) -> int:
    """Finish what is unfinished, and begin anew when texts are folded otherwise than when the index was made.

    Returns how many rows had to be written or removed. Raises NotAllowed.
    """
    actor.require(Permission.WORK)
    begun = Building.objects.first()
    if begun is not None and begun.finished_at is not None and begun.folding == version():
        return 0
    with transaction.atomic():
        begun = _begin(anew=False)
    return _go_on(begun, lambda _done, _total, _what: None)


def _begin(*, anew: bool) -> Building:
    row = Building.objects.select_for_update().first()
    is_same = row is not None and row.folding == version() and row.finished_at is None and not anew
    if row is None or not is_same:
        Building.objects.all().delete()
        row = Building.objects.create(folding=version(), started_at=clock.now())
    return row


def _go_on(begun: Building, step: Step) -> int:
    changed = 0
    for source in SOURCES.values():
        if source.kind >= begun.kind:
            changed += _table(begun, source, step)
    if begun.kind <= _ORPHANS:
        changed += _orphans(begun, step)
    Building.objects.filter(pk=begun.pk).update(finished_at=clock.now())
    return changed


def _table(begun: Building, source: Source, step: Step) -> int:
    rows = source.model._base_manager.order_by("pk")  # noqa: SLF001 - Django's documented model API
    after = begun.after if source.kind == begun.kind else 0
    total, done, changed = rows.count(), rows.filter(pk__lte=after).count(), 0
    step(done, total, source.label)
    while True:
        with transaction.atomic():
            pks = list(rows.filter(pk__gt=after).values_list("pk", flat=True)[:BATCH])
            if not pks:
                return changed
            _hold_still()
            entries = source.entries(pks)
            right = engine.standing(entries)
            wrong = [entry for entry in entries if entry.number not in right]
            engine.remove(entry.number for entry in wrong)
            engine.write(wrong)
            changed += len(wrong)
            after, done = pks[-1], done + len(pks)
            _note(begun, source.kind, after)
        step(min(done, total), total, source.label)


def _orphans(begun: Building, step: Step) -> int:
    """Remove what has no row any more, or stands where its row no longer belongs."""
    after, done, changed = begun.after if begun.kind == _ORPHANS else -1, 0, 0
    while True:
        with transaction.atomic():
            found = engine.numbers(after=after, limit=BATCH)
            if not found:
                step(done, done, "search.Doc")
                return changed
            _hold_still()
            belonging = _belonging(found)
            gone = [number for number in found if number not in belonging]
            engine.remove(gone)
            changed += len(gone)
            after, done = found[-1], done + len(found)
            _note(begun, _ORPHANS, after)


def _belonging(numbers: list[int]) -> set[int]:
    rows: dict[Kind, list[int]] = {}
    for number in numbers:
        try:
            one = read(number)
        except ValueError:  # no kind of ours
            continue
        rows.setdefault(one.kind, []).append(one.pk)
    return {entry.number for kind, pks in rows.items() if kind in SOURCES for entry in SOURCES[kind].entries(pks)}


def _hold_still() -> None:
    """Let no import write between reading a row and writing what the index says of it."""
    list(Shop.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _note(begun: Building, kind: int, after: int) -> None:
    begun.kind, begun.after = kind, after
    Building.objects.filter(pk=begun.pk).update(kind=kind, after=after)
