"""Pictures arrive: read at once, or kept and promised to the reader; let go again when nobody wants them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import Final

from django.db import transaction

from cardcase.cards import vault
from cardcase.cases import queries as case_queries
from cardcase.cases.models import Case
from cardcase.custody import service as custody
from cardcase.jobs import service as jobs
from cardcase.kit import ids
from cardcase.kit.errors import Conflict, WrongUse
from cardcase.screens import limits, queries, reader
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.screens.rules import lines
from cardcase.screens.rules.seen import Seen
from cardcase.staff.rules import Actor, Permission

from . import telling

JOB: Final = "screens.read"
KEPT_FOR: Final = timedelta(days=7)
"""How long pictures wait for a person's yes before they are thrown away. Our own choice: a dispute's usual length."""

Progress = Callable[[int, int, str], None]


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came: its name and its bytes."""

    name: str
    data: bytes = field(repr=False)


def capture(
    actor: Actor,
    pictures: Sequence[Picture],
    *,
    taken_by: str,
    at: datetime,
    taken_on: date | None = None,
    case: str = "",
    nick: str = "",
    progress: Progress = _silent,
) -> Capture:
    """Read pictures of one chat in their own process and keep them, sealed, beside what was read; it waits for a yes.

    ``taken_by``: whose phone they are from, seller or buyer. ``nick`` beats the name at the head of the pictures.
    Nothing is written while the reader works. A picture that is refused is kept without its bytes, with its reason;
    the others are read. Raises NotAllowed, BadPicture that names the file when all are refused, ReaderAway, NotFound,
    WrongUse.
    """
    about = _checked(actor, pictures, taken_by=taken_by, case=case)
    seen, refused, how = _seen(pictures, progress)
    with transaction.atomic():
        row = _open(actor, about, taken_by=taken_by, taken_on=taken_on, nick=nick, state=queries.READING, at=at)
        _keep(actor, row, pictures, refused)
        telling.tell(actor, row, seen, how=how, at=at)
    row.refresh_from_db()
    return row


@transaction.atomic
def promise(
    actor: Actor,
    pictures: Sequence[Picture],
    *,
    taken_by: str,
    at: datetime,
    taken_on: date | None = None,
    case: str = "",
    nick: str = "",
) -> Capture:
    """Keep pictures of one chat, sealed, and promise a job that reads them, for whoever should not wait for minutes.

    Who asked is said in the record here: the job works as the system. Raises as ``capture`` does, but for what only the
    reader can tell: that stands in the ``trouble`` of the picture then, or of the capture when none could be read.
    """
    about = _checked(actor, pictures, taken_by=taken_by, case=case)
    if not reader.is_installed():
        raise limits.missing()
    refused = _refused(pictures)
    row = _open(actor, about, taken_by=taken_by, taken_on=taken_on, nick=nick, state=queries.READING, at=at)
    _keep(actor, row, pictures, refused)
    asked: dict[str, custody.JSON] = {"pictures": len(pictures), "taken_by": taken_by}
    custody.append(actor, custody.Record("screens.asked", row.public_id, at, asked))
    jobs.enqueue(actor, JOB, {"capture": row.public_id}, key=f"{row.public_id}.0", at=at)
    return row


def _checked(actor: Actor, pictures: Sequence[Picture], *, taken_by: str, case: str) -> Case | None:
    """Refuse what need not reach the reader; return the case that the pictures are about."""
    actor.require(Permission.IMPORT)
    if taken_by not in (lines.SELLER, lines.BUYER):
        raise unknown_phone()
    if not 0 < len(pictures) <= limits.MOST_PICTURES:
        raise WrongUse(
            f"一次 1–{limits.MOST_PICTURES} 张",
            f"1–{limits.MOST_PICTURES} pictures at a time",
            code="too_many_pictures",
        )
    return case_queries.by_number(actor, case) if case else None


def _refused(pictures: Sequence[Picture]) -> dict[int, limits.BadPicture]:
    """Return what need not reach the reader, with the reason, by place. Raises the first reason when it is all."""
    found: dict[int, limits.BadPicture] = {}
    for place, one in enumerate(pictures):
        try:
            reader.check_head(one.data, name=one.name)
        except limits.BadPicture as refused:
            found[place] = refused
    if len(found) == len(pictures):
        raise found[0]
    return found


def unknown_phone() -> WrongUse:
    """Return the refusal when it is not said whose phone the pictures are from."""
    return WrongUse("截图是谁的手机：seller 或 buyer", "Whose phone is it: seller or buyer", code="taken_by_unknown")


def _seen(pictures: Sequence[Picture], progress: Progress) -> tuple[dict[int, Seen], dict[int, limits.BadPicture], str]:
    """Read all; return by place what was seen and what was refused. Raises the first reason when all were refused."""
    refused = _refused(pictures)
    found: dict[int, Seen] = {}
    with reader.reading() as reads:
        for number, one in enumerate(pictures):
            progress(number, len(pictures), "picture")
            if number in refused:
                continue
            try:
                found[number] = reads.see(one.data, name=one.name)
            except limits.BadPicture as reason:
                refused[number] = reason
        progress(len(pictures), len(pictures), "picture")
    if not found:
        raise refused[0]
    return found, refused, reads.engine


def _open(
    actor: Actor, about: Case | None, *, taken_by: str, taken_on: date | None, nick: str, state: str, at: datetime
) -> Capture:
    forget_old(actor, at=at)
    row = Capture.objects.create(
        shop_id=actor.shop_id,
        public_id=ids.public_id("cap"),
        state=state,
        case=about,
        taken_by=taken_by,
        taken_on=taken_on,
        nick=nick[:120],
        captured_at=at,
        captured_by=actor.label or actor.kind.value,
    )
    assert isinstance(row, Capture)
    return row


def _keep(actor: Actor, row: Capture, pictures: Sequence[Picture], refused: Mapping[int, limits.BadPicture]) -> None:
    """Seal the pictures; where codes stand on them is known once they were read, and until then nobody sees them.

    Of a refused one its name and the reason stay, so that whoever gave it knows which and why.
    """
    for place, picture in enumerate(pictures):
        kept = CapturedPicture(
            shop_id=actor.shop_id,
            capture=row,
            place=place,
            name=PurePath(picture.name.replace("\\", "/")).name[:255],
            mime="" if place in refused else reader.check_head(picture.data),
            sha256=hashlib.sha256(picture.data).hexdigest(),
            trouble=limits.document(refused[place]) if place in refused else {},
        )
        if place not in refused:
            kept.original_sealed = vault.seal(picture.data, context=queries.context_of(kept))
        kept.save(force_insert=True)


@transaction.atomic
def forget_old(actor: Actor, *, at: datetime) -> None:
    """Throw away what nobody has said yes to for ``KEPT_FOR``. Raises NotAllowed."""
    actor.require(Permission.IMPORT)
    old = Capture.objects.visible_to(actor).filter(state__in=queries.OPEN, captured_at__lt=at - KEPT_FOR)
    CapturedPicture.objects.visible_to(actor).filter(capture__in=old).delete()
    old.update(**telling.EMPTIED, state=queries.DROPPED, settled_at=at, settled_by="system")


@transaction.atomic
def drop(actor: Actor, capture_id: str, *, at: datetime) -> None:
    """Let a capture go that was not confirmed; its pictures are thrown away. Raises NotAllowed, NotFound, Conflict."""
    actor.require(Permission.IMPORT)
    row = queries.capture(actor, capture_id)
    mine = Capture.objects.visible_to(actor).filter(pk=row.pk, state__in=queries.OPEN)
    by = actor.label or actor.kind.value
    if not mine.update(**telling.EMPTIED, state=queries.DROPPED, settled_at=at, settled_by=by):
        raise Conflict("这次截图已经处理过了", "This capture was settled already", code="capture_settled")
    CapturedPicture.objects.visible_to(actor).filter(capture=row).delete()
    custody.append(actor, custody.Record("screens.dropped", row.public_id, at, {}))
