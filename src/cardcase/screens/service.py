"""Verbs of screenshots: read them and keep both, confirm what they say, or let them go."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import Any, Final

from django.db import transaction

from cardcase.cards import masking, vault
from cardcase.cases import queries as case_queries
from cardcase.cases.models import Case
from cardcase.connectors.ports import GOOFISH, MessageNotice
from cardcase.custody import service as custody
from cardcase.evidence import service as evidence
from cardcase.evidence.models import Exhibit
from cardcase.evidence.rules import shown
from cardcase.evidence.rules.covering import Area
from cardcase.inbox import queries as inbox
from cardcase.inbox.models import Conversation
from cardcase.kit import ids
from cardcase.kit.errors import Conflict, WrongUse
from cardcase.kit.text import Text
from cardcase.screens import limits, queries, reader
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.screens.rules import lines, masks
from cardcase.screens.rules.layout import log_of
from cardcase.screens.rules.log import Kind
from cardcase.screens.rules.seen import Seen
from cardcase.screens.rules.stitching import Stitched, stitch
from cardcase.staff.rules import Actor, Permission

KEPT_FOR: Final = timedelta(days=7)
"""How long pictures wait for a person's yes before they are thrown away. Our own choice: a dispute's usual length."""
EXHIBIT: Final = "E26"
MOST_DRAWN: Final = 2600
"""Longer side of what covered copies are drawn at (``evidence.pixels.LONGEST``): places of masks are told in it."""
_FAINT: Final = 0.8

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
    Nothing is written while the reader works. Raises NotAllowed, BadPicture that names the file, ReaderAway, NotFound,
    WrongUse.
    """
    actor.require(Permission.IMPORT)
    if taken_by not in (lines.SELLER, lines.BUYER):
        raise WrongUse("截图是谁的手机：seller 或 buyer", "Whose phone is it: seller or buyer", code="taken_by_unknown")
    if not 0 < len(pictures) <= limits.MOST_PICTURES:
        raise WrongUse(
            f"一次 1–{limits.MOST_PICTURES} 张",
            f"1–{limits.MOST_PICTURES} pictures at a time",
            code="too_many_pictures",
        )
    about = case_queries.by_number(actor, case) if case else None
    for one in pictures:
        reader.check_head(one.data, name=one.name)
    seen, how = _seen(pictures, progress)
    logs = [log_of(one, picture=place) for place, one in enumerate(seen)]
    together = stitch(logs)
    said = lines.from_entries(together.entries, taken_by=taken_by)
    masked = [
        found.text for found in masking.mask_texts(actor, [text for one in said for text in (one.text, one.quote)])
    ]
    shown_lines = [replace(one, text=masked[2 * place], quote=masked[2 * place + 1]) for place, one in enumerate(said)]
    with transaction.atomic():
        _forget_old(actor, at=at)
        row = Capture.objects.create(
            shop_id=actor.shop_id,
            public_id=ids.public_id("cap"),
            case=about,
            taken_by=taken_by,
            taken_on=taken_on,
            nick=(nick or (together.nick if taken_by == lines.SELLER else ""))[:120],
            read=lines.documents(shown_lines),
            notes=_notes(together, said),
            facts=_facts(shown_lines),
            how=how[:80],
            captured_at=at,
            captured_by=actor.label or actor.kind.value,
        )
        _keep(actor, row, pictures, seen, at=at)
    return row


def _seen(pictures: Sequence[Picture], progress: Progress) -> tuple[list[Seen], str]:
    found: list[Seen] = []
    with reader.reading() as reads:
        for number, one in enumerate(pictures):
            progress(number, len(pictures), "picture")
            found.append(reads.see(one.data, name=one.name))
        progress(len(pictures), len(pictures), "picture")
        return found, reads.engine


def _notes(together: Stitched, said: Sequence[lines.Said]) -> list[str]:
    """Name what is worth a look before anybody says yes."""
    found = []
    if together.gaps:
        found.append("gap")
    if any(one.who == lines.UNCLEAR for one in said):
        found.append("unclear")
    if any(entry.trust < _FAINT for entry in together.entries):
        found.append("faint")
    if any(entry.is_cut for entry in together.entries):
        found.append("cut")
    if any(lines.doubtful(one.text) for one in said):
        found.append("doubtful")
    return found


def _facts(said: Sequence[lines.Said]) -> dict[str, Any]:
    """Return the facts that the chat shows, for the check against the records."""
    return shown.facts_in("\n".join(one.text for one in said if one.kind is not Kind.TIME))


def _keep(actor: Actor, row: Capture, pictures: Sequence[Picture], seen: Sequence[Seen], *, at: datetime) -> None:
    """Seal the pictures and say in the record that they came: how, when, by whom."""
    contents = []
    for place, (picture, one) in enumerate(zip(pictures, seen, strict=True)):
        found = masking.mask_texts(actor, masks.texts_of(one))
        kept = CapturedPicture(
            shop_id=actor.shop_id,
            capture=row,
            place=place,
            name=PurePath(picture.name.replace("\\", "/")).name[:255],
            mime=reader.check_head(picture.data),
            sha256=hashlib.sha256(picture.data).hexdigest(),
            width=round(one.width * one.scale),
            height=round(one.height * one.scale),
            lines=masks.places(one, [text.text for text in found]),
            masks=masks.boxes(one, [text.had_code for text in found]),
        )
        kept.original_sealed = vault.seal(picture.data, context=queries.context_of(kept))
        kept.save(force_insert=True)
        contents.append(custody.Content(f"exhibit/{row.public_id}.{place}", picture.data, kept.mime, keep=False))
    told: dict[str, custody.JSON] = {
        "pictures": len(pictures),
        "taken_by": row.taken_by,
        "taken_on": row.taken_on.isoformat() if row.taken_on else None,
        "how": row.how,
        "lines": len(row.read),
        "notes": row.notes,
    }
    custody.append(actor, custody.Record("screens.captured", row.public_id, at, told, contents))


def _forget_old(actor: Actor, *, at: datetime) -> None:
    old = Capture.objects.visible_to(actor).filter(state=queries.WAITING, captured_at__lt=at - KEPT_FOR)
    CapturedPicture.objects.visible_to(actor).filter(capture__in=old).delete()
    old.update(state=queries.DROPPED, read=[], facts={}, settled_at=at, settled_by="system")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A capture that a person said yes to, and its messages for the inbox."""

    row: Capture
    notices: list[MessageNotice] = field(repr=False)


def confirm(
    actor: Actor, capture_id: str, said: Sequence[lines.Said] | None, *, nick: str = "", at: datetime
) -> Confirmed:
    """Note what a person says the pictures show, in the caller's transaction. Both readings are kept.

    ``said`` None: it is as it was read. Raises NotAllowed, NotFound, BadSheet, Conflict when it was settled already.
    """
    actor.require(Permission.IMPORT)
    row = queries.capture(actor, capture_id)
    read = lines.from_documents(row.read)
    told = list(said) if said is not None else read
    texts = masking.mask_texts(actor, [text for one in told for text in (one.text, one.quote)])
    told = [replace(one, text=texts[2 * place].text, quote=texts[2 * place + 1].text) for place, one in enumerate(told)]
    changes = {
        "state": queries.CONFIRMED,
        "confirmed": lines.documents(told),
        "facts": _facts(told),
        "nick": (nick or row.nick)[:120],
        "settled_at": at,
        "settled_by": actor.label or actor.kind.value,
    }
    if not Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.WAITING).update(**changes):
        raise Conflict("这次截图已经处理过了", "This capture was settled already", code="capture_settled")
    row.refresh_from_db()
    edited = sum(one != other for one, other in zip(read, told, strict=False)) + abs(len(read) - len(told))
    facts: dict[str, custody.JSON] = {"lines": len(told), "edited": edited, "facts": row.facts}
    custody.append(actor, custody.Record("screens.confirmed", row.public_id, at, facts))
    return Confirmed(row, lines.to_notices(told, _about(actor, row, told)))


def _about(actor: Actor, row: Capture, told: Sequence[lines.Said]) -> lines.About:
    """Say where the messages belong: the conversation that its case has already, else one named as a pasted copy is."""
    order = row.case.order if row.case else None
    talks = inbox.conversations_of_order(actor, order) if order is not None else []
    buyer = order.buyer if order is not None else None
    nick = buyer.nick if buyer and buyer.nick else row.nick
    order_no = order.order_no if order is not None else str(row.facts.get("order_no", ""))
    talk = talks[-1] if talks else None
    picture = queries.pictures(actor, row)[0]
    return lines.About(
        channel=talk.channel if talk else (order.channel if order is not None else GOOFISH),
        conversation=talk.external_id if talk else lines.conversation_of(nick, order_no, told),
        nick=nick,
        buyer_external_id=buyer.external_id if buyer and not buyer.external_id.startswith("nick:") else "",
        order_no=order_no,
        taken_on=row.taken_on,
        file=picture.name,
        sha256=picture.sha256,
    )


@transaction.atomic
def settle(
    actor: Actor, row: Capture, conversation: Conversation | None, cases: Sequence[Case], *, at: datetime
) -> list[Exhibit]:
    """Hang a confirmed capture on its conversation, and put its pictures among the exhibits of each case.

    An exhibit with a card code on it lies under seal and gets a covered copy at once. Raises what ``add_exhibit`` does.
    """
    Capture.objects.visible_to(actor).filter(pk=row.pk).update(conversation=conversation)
    rows = queries.pictures(actor, row)
    return [_exhibit(actor, row, picture, len(rows), case, at=at) for case in cases for picture in rows]


def _exhibit(actor: Actor, row: Capture, picture: CapturedPicture, total: int, case: Case, *, at: datetime) -> Exhibit:
    facts = dict(row.facts) if total == 1 else shown.facts_in("\n".join(str(line[5]) for line in picture.lines))
    exhibit = evidence.add_exhibit(
        actor,
        case.number,
        EXHIBIT,
        f"聊天截图 {picture.place + 1}/{total}",
        queries.original(actor, picture),
        picture.mime,
        facts,
        at=at,
        party=row.taken_by,
        source_file=picture.name,
        has_code=bool(picture.masks),
    )
    if picture.masks:
        factor = min(1.0, MOST_DRAWN / max(picture.width, picture.height))
        areas = [Area(*masks.area(box, factor, picture.width, picture.height)) for box in picture.masks]
        evidence.redact(actor, exhibit.public_id, areas, "遮盖卡密", at=at)
    return exhibit


@transaction.atomic
def drop(actor: Actor, capture_id: str, *, at: datetime) -> None:
    """Let a waiting capture go; its pictures are thrown away. Raises NotAllowed, NotFound, Conflict."""
    actor.require(Permission.IMPORT)
    row = queries.capture(actor, capture_id)
    mine = Capture.objects.visible_to(actor).filter(pk=row.pk, state=queries.WAITING)
    by = actor.label or actor.kind.value
    if not mine.update(state=queries.DROPPED, read=[], facts={}, settled_at=at, settled_by=by):
        raise Conflict("这次截图已经处理过了", "This capture was settled already", code="capture_settled")
    CapturedPicture.objects.visible_to(actor).filter(capture=row).delete()
    custody.append(actor, custody.Record("screens.dropped", row.public_id, at, {}))


def warnings(notes: Sequence[str]) -> list[Text]:
    """Say what is worth a look before anybody says yes."""
    return [_WARNINGS[note] for note in notes if note in _WARNINGS]


_WARNINGS: Final = {
    "gap": Text(
        "图与图之间可能缺了内容，请核对衔接处", "Something may be missing between two pictures: check where they meet"
    ),
    "unclear": Text(
        "有的气泡看不出是谁说的，标成了“？”", "Of some bubbles it is not clear who speaks: they are marked ？"
    ),
    "faint": Text(
        "有的字识别得没把握，请对照图片", "Some words were read with little trust: compare them with the picture"
    ),
    "cut": Text("有的气泡在图边上被截断", "Some bubbles are cut by an edge of the picture"),
    "doubtful": Text(
        "字母数字混写处容易认错 O/0、I/1，请核对", "Where letters and digits mix, O/0 and I/1 are easily misread: check"
    ),
}
