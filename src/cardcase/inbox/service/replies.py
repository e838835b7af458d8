"""Reading and answering: a person reads, a person sends; Cardcase prepares, checks and writes down."""

from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.cards import masking
from cardcase.cases.models import Case
from cardcase.cases.rules import Status
from cardcase.cases.service import clocks
from cardcase.cases.service import rows as case_rows
from cardcase.custody import service as custody
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.rules import DeadlineKind
from cardcase.inbox import queries
from cardcase.inbox.models import Conversation, Reply
from cardcase.inbox.rules import tone
from cardcase.kit import ids
from cardcase.kit.errors import NotAllowed, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.search import service as search
from cardcase.search.rules import Kind
from cardcase.staff.queries import own_file
from cardcase.staff.rules import Actor, Permission

LONGEST: Final = 2_000
"""Characters of a saved draft; what is sent has to pass the length check (``tone.MOST``)."""


@transaction.atomic
def mark_read(actor: Actor, conversation: Conversation, *, at: datetime) -> Conversation:
    """Write down that a person has read a conversation up to now. Reading again what is read changes nothing.

    Raises NotAllowed for anybody who is not a person: the hold ends because somebody has read (M7).
    """
    actor.require(Permission.WORK)
    _require_person(actor)
    row = Conversation.objects.visible_to(actor).select_for_update().get(pk=conversation.pk)
    if row.read_at is None or queries.is_unread(actor, row):
        row.read_at, row.read_by = at, actor.label[:80]
        row.save(update_fields=["read_at", "read_by"])
        custody.append(actor, custody.Record("conversation.read", row.public_id, at, {"by": actor.label}))
    conversation.read_at, conversation.read_by = row.read_at, row.read_by
    return conversation


@transaction.atomic
def save_reply(actor: Actor, number: str, text: str, *, at: datetime, template_id: str = "") -> Reply:
    """Save what somebody means to say about a case: one draft a case, the last words win. Codes in it are masked.

    Allowed while messages are held: writing is not sending. Raises NotFound, WrongUse for an empty or endless text.
    """
    actor.require(Permission.WORK)
    case = case_rows.take(actor, number)
    words = _clean(actor, text)
    if not words:
        raise WrongUse("还没有写内容", "Nothing is written yet")
    reply = queries.draft_of(actor, case) or Reply(
        shop_id=actor.shop_id, public_id=ids.public_id("reply"), case=case, state=queries.DRAFT
    )
    if reply.pk is not None and reply.text == words:
        return reply
    reply.text, reply.template_id = words, template_id[:60] or reply.template_id
    reply.created_at, reply.created_by = at, actor.label[:80]
    _save(reply)
    _record(actor, "reply.drafted", case, reply, at=at)
    return reply


@transaction.atomic
def mark_sent(actor: Actor, number: str, text: str, *, revision: int, at: datetime) -> Reply:
    """Write down that a person has sent these words on the channel. Raises the case's revision: nobody answers twice.

    Raises NotFound; NotAllowed unless a person does it; Conflict when somebody was first; Refused with code ``held``
    while the case's messages are held (M7), ``case_closed``, or ``reply_unfit`` naming the checks that fail.
    """
    actor.require(Permission.WORK)
    _require_person(actor)
    case = case_rows.take(actor, number, revision=revision)
    if case.is_held:
        raise Refused(
            "消息已暂停：先看完买家的话并确认原因，再发送",
            "Messages are held: read the buyer's words and confirm the reason first",
            next=Text(
                "在售后单上确认原因；店主也可以写明理由解除暂停。",
                "Confirm the reason on the case, or let the owner lift the hold.",
            ),
            code="held",
            number=case.number,
        )
    if case.status == Status.CLOSED.value:
        raise Refused("售后单已关闭", "The case is closed", code="case_closed", number=case.number)
    words = text.strip()
    if masking.mask_text(actor, tone.without_case_numbers(words)).had_code:
        raise Refused("内容里有卡密，不能发送", "The text holds a card code", code="reply_unfit", checks=["no_code"])
    _require_fit(actor, words)
    reply = queries.draft_of(actor, case) or Reply(
        shop_id=actor.shop_id, public_id=ids.public_id("reply"), case=case, created_at=at, created_by=actor.label[:80]
    )
    reply.text, reply.state = words, queries.SENT
    reply.sent_at, reply.sent_by = at, actor.label[:80]
    _save(reply)
    case_rows.write(actor, case, "replied", at=at)
    if deadlines.meet(actor, case.public_id, DeadlineKind.FIRST_RESPONSE, at=at) is not None:
        clocks.refresh(actor, case, at=at)
    _record(actor, "reply.sent", case, reply, at=at)
    return reply


def _save(reply: Reply) -> None:
    is_new = reply._state.adding  # noqa: SLF001 - Django's documented name for it
    with search.changing(Kind.REPLY, [] if is_new else [reply.pk]):
        reply.save()
    if is_new:
        search.add(Kind.REPLY, [reply.pk])


def _require_fit(actor: Actor, text: str) -> None:
    own, _ = own_file(actor, "tone.toml")
    checks = tone.check_reply(text, override=own)
    failed = [check for check in checks if check.stops]
    if failed:
        raise Refused(
            "这段话现在还不能发：" + "；".join(check.text.zh for check in failed),
            "These words cannot go out yet: " + " ".join(check.text.en for check in failed),
            next=Text("按提示修改后再发；草稿已保留。", "Change them as suggested and send again; your draft is kept."),
            code="reply_unfit",
            checks=[check.code for check in failed],
        )


def _require_person(actor: Actor) -> None:
    if not actor.is_person:
        raise NotAllowed("这一步要由人来做", "Only a person does this")


def _clean(actor: Actor, text: str) -> str:
    words = text.strip()
    if len(words) > LONGEST:
        raise WrongUse(f"内容太长（最多 {LONGEST} 字）", f"The text is too long (at most {LONGEST} characters)")
    return masking.mask_text(actor, words).text


def _record(actor: Actor, kind: str, case: Case, reply: Reply, *, at: datetime) -> None:
    facts: dict[str, custody.JSON] = {
        "reply": reply.public_id,
        "template": reply.template_id,
        "revision": case.revision,
    }
    content = custody.Content(f"reply/{reply.public_id}", reply.text.encode())
    custody.append(actor, custody.Record(kind, case.public_id, at, facts, contents=(content,)))
