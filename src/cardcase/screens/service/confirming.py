"""A person corrects what was read and says yes: words for the inbox, pictures for the evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.cards import masking
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
from cardcase.kit.errors import Conflict
from cardcase.kit.text import Text
from cardcase.screens import queries
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.screens.rules import drafts, lines, masks
from cardcase.staff.rules import Actor, Permission

from . import telling
from .capturing import unknown_phone

EXHIBIT: Final = "E26"
MOST_DRAWN: Final = 2600
"""Longer side of what covered copies are drawn at (``evidence.pixels.LONGEST``): places of masks are told in it."""


@transaction.atomic
def edit(
    actor: Actor,
    capture_id: str,
    changes: Mapping[int, Mapping[str, Any]],
    *,
    nick: str | None = None,
    case: str | None = None,
    taken_by: str | None = None,
) -> Capture:
    """Keep what a person changed so far; the reading itself stays as it was. Nothing counts before the yes.

    ``changes``: by number of the entry, see ``rules.drafts.changed``. ``case``: the number of the case that the chat
    belongs to, empty for none yet; ``taken_by``: whose phone it was after all. Raises NotAllowed, NotFound, BadSheet
    that names the entry, Conflict when the capture does not wait.
    """
    actor.require(Permission.IMPORT)
    queries.capture(actor, capture_id)
    row = Capture.objects.visible_to(actor).select_for_update(of=("self",)).get(public_id=capture_id)
    assert isinstance(row, Capture)
    require_waiting(row)
    rows = drafts.changed(drafts.rows_of(row.read, row.draft, row.places), changes)
    if taken_by is not None and taken_by != row.taken_by:
        if taken_by not in (lines.SELLER, lines.BUYER):
            raise unknown_phone()
        rows, row.taken_by = drafts.swapped(rows), taken_by
    if nick is not None:
        row.nick = nick.strip()[:120]
    if case is not None:
        row.case = case_queries.by_number(actor, case.strip()) if case.strip() else None
    row.draft = drafts.documents(_masked(actor, rows))
    row.save(update_fields=["draft", "nick", "case", "taken_by"])
    return row


def _masked(actor: Actor, rows: Sequence[drafts.Row]) -> list[drafts.Row]:
    """Mask the codes in what was typed, as in what was read."""
    found = [
        one.text
        for one in masking.mask_texts(actor, [t for one in rows for t in (one.said.text, one.said.quote, one.more)])
    ]
    return [
        replace(one, said=replace(one.said, text=found[3 * n], quote=found[3 * n + 1]), more=found[3 * n + 2])
        for n, one in enumerate(rows)
    ]


def require_waiting(row: Capture) -> None:
    """Raise Conflict unless a capture waits for a person."""
    if row.state == queries.READING:
        raise Conflict(
            "还在识别，请稍等",
            "It is still being read; wait a little",
            next=Text("识别完再核对。", "Look it over when it has been read."),
            code="capture_reading",
        )
    if row.state != queries.WAITING:
        raise Conflict("这次截图已经处理过了", "This capture was settled already", code="capture_settled")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A capture that a person said yes to, and its messages for the inbox."""

    row: Capture
    notices: list[MessageNotice] = field(repr=False)


def confirm(
    actor: Actor, capture_id: str, said: Sequence[lines.Said] | None, *, nick: str = "", at: datetime
) -> Confirmed:
    """Note what a person says the pictures show, in the caller's transaction. Both readings are kept.

    ``said`` None: it is as it was read, with what ``edit`` changed. Raises NotAllowed, NotFound, BadSheet, Conflict
    when it was settled already.
    """
    actor.require(Permission.IMPORT)
    row = queries.capture(actor, capture_id)
    require_waiting(row)
    read = lines.from_documents(row.read)
    rows = drafts.rows_of(row.read, row.draft, row.places)
    told = list(said) if said is not None else drafts.final(rows, row.taken_on)
    told = telling.mask(actor, told)
    changes = {
        "state": queries.CONFIRMED,
        "confirmed": lines.documents(told),
        "draft": [],
        "facts": telling.facts(told),
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
    picture = queries.read_pictures(actor, row)[0]
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
    rows = queries.read_pictures(actor, row)
    return [
        _exhibit(actor, row, picture, number, len(rows), case, at=at)
        for case in cases
        for number, picture in enumerate(rows, 1)
    ]


def _exhibit(  # noqa: PLR0917 - what is shown, of whom, where
    actor: Actor, row: Capture, picture: CapturedPicture, number: int, total: int, case: Case, *, at: datetime
) -> Exhibit:
    facts = dict(row.facts) if total == 1 else shown.facts_in("\n".join(str(line[5]) for line in picture.lines))
    exhibit = evidence.add_exhibit(
        actor,
        case.number,
        EXHIBIT,
        f"聊天截图 {number}/{total}",
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
        evidence.cover_codes(actor, exhibit.public_id, areas, "遮盖卡密", at=at)
    return exhibit


def warnings(notes: Sequence[str]) -> list[Text]:
    """Say what is worth a look before anybody says yes."""
    return [_WARNINGS[note] for note in notes if note in _WARNINGS]


_WARNINGS: Final = {
    "refused": Text(
        "有的图没有读成，其余的已读；下面写明是哪一张、为什么",
        "Some pictures could not be read, the others were; below is said which and why",
    ),
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
