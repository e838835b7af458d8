"""A promised capture is read, a turn at a time: what was read of each picture stays, whatever happens to the worker."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from cardcase.cards import vault
from cardcase.custody import service as custody
from cardcase.jobs import service as jobs
from cardcase.screens import limits, queries, reader
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.screens.rules.seen import Seen, from_document, to_document
from cardcase.staff.rules import Actor

from . import telling
from .capturing import JOB

TURN: Final = 20.0
"""Seconds after which the rest is promised anew, so that other work of the shop gets its turn between pictures."""


def read_on(
    actor: Actor, capture_id: str, *, at: datetime, writing: Callable[[], AbstractContextManager[None]]
) -> None:
    """Read pictures of a promised capture until a turn is over; with the last one the capture waits for a person.

    ``writing`` opens a transaction that commits only while the job is ours. A capture that was dropped meanwhile stays
    so. A picture that is refused keeps its ``trouble`` and the others are read; when none is left the capture ends.
    What was read before a kill is not read again.
    """
    row = Capture.objects.visible_to(actor).filter(public_id=capture_id, state=queries.READING).first()
    if row is None:
        return
    started = time.monotonic()
    left = list(_unread(actor, row).order_by("place"))
    try:
        if left:
            _see(actor, row, left, until=started + TURN, writing=writing)
    except limits.ReaderAway as problem:
        with writing():
            _fail(actor, row, limits.document(problem), at=at)
        return
    mine = CapturedPicture.objects.visible_to(actor).filter(capture=row)
    with writing():
        if not Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.READING).exists():
            return
        if left_over := _unread(actor, row).count():
            done = mine.count() - left_over
            jobs.enqueue(actor, JOB, {"capture": capture_id}, key=f"{capture_id}.{done}", at=at)
            return
        read = {one.place: _kept(one) for one in mine.exclude(seen_sealed=None).order_by("place")}
        if not read:
            first = mine.order_by("place").values_list("trouble", flat=True)[0]
            _fail(actor, row, dict(first), at=at)
            return
        row.refresh_from_db()
        telling.tell(actor, row, read, how=row.how, at=at)


def give_up(
    actor: Actor, capture_id: str, *, at: datetime, writing: Callable[[], AbstractContextManager[None]]
) -> None:
    """End a promised capture that was tried as often as a job is: whoever waits for it is told, not left waiting."""
    row = Capture.objects.visible_to(actor).filter(public_id=capture_id, state=queries.READING).first()
    if row is not None:
        with writing():
            _fail(actor, row, limits.document(limits.refusal("picture_crashed")), at=at)


def _unread(actor: Actor, row: Capture) -> QuerySet[CapturedPicture]:
    return CapturedPicture.objects.visible_to(actor).filter(capture=row, seen_sealed=None, trouble={})


def _see(
    actor: Actor,
    row: Capture,
    left: list[CapturedPicture],
    *,
    until: float,
    writing: Callable[[], AbstractContextManager[None]],
) -> None:
    with reader.reading() as reads:
        for picture in left:
            mine = CapturedPicture.objects.visible_to(actor).filter(pk=picture.pk)
            changes: dict[str, Any]
            try:
                seen = reads.see(queries.original(actor, picture), name=picture.name)
            except limits.BadPicture as refused:
                changes = {"trouble": limits.document(refused), "original_sealed": None}
            else:
                told = json.dumps(to_document(seen), ensure_ascii=False).encode()
                changes = {"seen_sealed": vault.seal(told, context=_context(picture))}
            with writing():
                mine.update(**changes)
                Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.READING).update(
                    done=picture.place + 1, how=reads.engine[:80]
                )
            if time.monotonic() > until:
                return


def _kept(picture: CapturedPicture) -> Seen:
    assert picture.seen_sealed is not None
    return from_document(json.loads(vault.open_sealed(bytes(picture.seen_sealed), context=_context(picture))))


def _context(picture: CapturedPicture) -> str:
    return f"{queries.context_of(picture)}|seen"


def _fail(actor: Actor, row: Capture, trouble: Mapping[str, str], *, at: datetime) -> None:
    """Note why the pictures cannot be read (``limits.document``), and throw them away."""
    mine = Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.READING)
    if not mine.update(state=queries.FAILED, trouble=dict(trouble)):
        return
    CapturedPicture.objects.visible_to(actor).filter(capture=row).delete()
    custody.append(actor, custody.Record("screens.failed", row.public_id, at, {"code": trouble["code"]}))
