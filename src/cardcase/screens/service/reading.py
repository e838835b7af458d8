"""A promised capture is read, a turn at a time: what was read of each picture stays, whatever happens to the worker."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

from cardcase.cards import vault
from cardcase.custody import service as custody
from cardcase.jobs import service as jobs
from cardcase.kit.errors import Problem
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
    so. A picture that is refused ends the capture with its ``trouble``; what was read before a kill is not read again.
    """
    row = Capture.objects.visible_to(actor).filter(public_id=capture_id, state=queries.READING).first()
    if row is None:
        return
    started = time.monotonic()
    left = list(CapturedPicture.objects.visible_to(actor).filter(capture=row, seen_sealed=None).order_by("place"))
    try:
        if left:
            _see(actor, row, left, until=started + TURN, writing=writing)
    except (limits.BadPicture, limits.ReaderAway) as problem:
        with writing():
            _fail(actor, row, problem, at=at)
        return
    mine = CapturedPicture.objects.visible_to(actor).filter(capture=row)
    with writing():
        if not Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.READING).exists():
            return
        if mine.filter(seen_sealed=None).exists():
            done = mine.exclude(seen_sealed=None).count()
            jobs.enqueue(actor, JOB, {"capture": capture_id}, key=f"{capture_id}.{done}", at=at)
            return
        row.refresh_from_db()
        telling.tell(actor, row, [_kept(one) for one in mine.order_by("place")], how=row.how, at=at)


def give_up(
    actor: Actor, capture_id: str, *, at: datetime, writing: Callable[[], AbstractContextManager[None]]
) -> None:
    """End a promised capture that was tried as often as a job is: whoever waits for it is told, not left waiting."""
    row = Capture.objects.visible_to(actor).filter(public_id=capture_id, state=queries.READING).first()
    if row is not None:
        with writing():
            _fail(actor, row, limits.refusal("picture_crashed"), at=at)


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
            seen = reads.see(queries.original(actor, picture), name=picture.name)
            with writing():
                sealed = vault.seal(
                    json.dumps(to_document(seen), ensure_ascii=False).encode(), context=_context(picture)
                )
                mine = CapturedPicture.objects.visible_to(actor).filter(pk=picture.pk)
                mine.update(seen_sealed=sealed)
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


def _fail(actor: Actor, row: Capture, problem: Problem, *, at: datetime) -> None:
    """Note why the pictures cannot be read, and throw them away."""
    trouble = {
        "code": problem.problem_code,
        "zh": problem.message.zh,
        "en": problem.message.en,
        "next_zh": problem.next.zh,
        "next_en": problem.next.en,
    }
    mine = Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.READING)
    if not mine.update(state=queries.FAILED, trouble=trouble):
        return
    CapturedPicture.objects.visible_to(actor).filter(capture=row).delete()
    custody.append(actor, custody.Record("screens.failed", row.public_id, at, {"code": problem.problem_code}))
