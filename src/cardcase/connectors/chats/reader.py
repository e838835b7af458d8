"""Recognises and reads chats: JSON of pushes and histories, XianyuAutoAgent's database, tables, copied text."""

from collections.abc import Iterator
from typing import Any, Final

from cardcase.connectors import values
from cardcase.connectors.limits import TEXT_ROWS
from cardcase.connectors.ports import GOOFISH, FileKind, MessageKind, MessageNotice, Speaker
from cardcase.connectors.reader import Draft, Source
from cardcase.connectors.values import Unreadable, odd_characters

from . import agentdb, history, pasted, push, speakers, systemtexts, tables
from .identity import Ids
from .layouts import head_of
from .speakers import Told, Voice

_HEAD_LINES: Final = 200
_DEPTH: Final = 6
_ROLES: Final = {"user": Speaker.BUYER, "assistant": Speaker.SELLER, "system": Speaker.SYSTEM}


def _resolved(draft: Draft, messages: list[MessageNotice], told: Told) -> list[Voice]:
    """Work out the speakers of messages and note how sure that is."""
    resolved = speakers.resolve(messages, told, seller_names=draft.source.seller_names)
    draft.kind = FileKind.CHAT
    if resolved.was_inferred:
        draft.note("speaker_inferred")
    if resolved.is_open:
        draft.note("speaker_unclear")
    return resolved.voices


def _finish(draft: Draft, messages: list[MessageNotice], told: Told) -> Draft:
    """Give the messages their speakers and hand them over."""
    for message, voice in zip(messages, _resolved(draft, messages, told), strict=True):
        message.speaker, message.buyer_external_id, message.buyer_nick = voice
    _name_conversation([message for message in messages if not message.conversation_id])
    draft.notices.extend(messages)
    return draft


def _name_conversation(loose: list[MessageNotice]) -> None:
    """Name the conversation of messages whose source names none: by the buyer, else by the people in it."""
    buyer = next((m.buyer_external_id or m.buyer_nick for m in loose if m.buyer_external_id or m.buyer_nick), "")
    people = sorted({speakers.key_of(m) for m in loose if speakers.key_of(m) and m.speaker is not Speaker.SYSTEM})
    name = f"peer:{buyer}" if buyer else "people:" + "-".join(people)
    for message in loose:
        message.conversation_id = name[:120]


class ChatJson:
    """Reads pushes and histories in JSON, bare, in lists, in envelopes, or one a line."""

    name = "chat-json"
    kinds = frozenset({FileKind.CHAT})

    def claim(self, source: Source) -> int:
        """The shapes are unmistakable: one is enough, and no file is read to its end for it."""
        values = [line.value for line in source.records] or [source.document]
        is_chat = any(_is_history(value) for value in values) or (
            source.mentions(push.MARKS) and any(_holds_push(value) for value in values)
        )
        return 95 if is_chat else 0

    def read(self, source: Source) -> Draft:
        """Read every record; each row is a message or a refusal."""
        draft = Draft(source)
        told, ids = Told(), Ids()
        messages: list[MessageNotice] = []
        seen_row = 0
        may_be_push = source.mentions(push.MARKS)  # the text tells that quicker than a walk through its records
        for row, problem, record, around in _records(source, may_be_push=may_be_push):
            draft.rows += row != seen_row
            seen_row = row
            if draft.rows > TEXT_ROWS:
                draft = Draft(source)
                draft.refuse("too_many_rows", limit=TEXT_ROWS)
                return draft
            if record is None:
                draft.refuse(problem or "shape_unknown", row)
                continue
            try:
                is_push = may_be_push and push.is_push(record)
                messages.append(_message(source, (row, record, around), ids, told, is_push=is_push))
            except Unreadable as error:
                draft.refuse(error.code, row)
        return _finish(draft, messages, told)


def _message(source: Source, found: tuple[int, Any, str], ids: Ids, told: Told, *, is_push: bool) -> MessageNotice:
    """Read one record (row, object, conversation around it) and what it tells about people. Raises Unreadable."""
    row, record, around = found
    if is_push:
        pushed = push.read(record, source.origin(row), ids)
        notice, buyers_card = pushed.notice, pushed.buyers_card
        if pushed.own_id:
            told.own_ids.add(pushed.own_id)
        if pushed.peer:
            told.peers[notice.conversation_id].add(pushed.peer)
    else:
        remembered = history.read(record, around, source.origin(row), ids)
        notice, buyers_card = remembered.notice, remembered.buyers_card
    if problem := odd_characters(notice.text + notice.conversation_id + notice.message_id):
        raise Unreadable(problem)
    if buyers_card and notice.sender_id:
        told.buyer_cards.add((notice.conversation_id, notice.sender_id))
    notice.order_no = notice.order_no or source.order_no
    return notice


def _records(source: Source, *, may_be_push: bool) -> Iterator[tuple[int, str, Any, str]]:
    """Yield (row, problem, record or None, conversation told around it)."""
    if source.records:
        for line in source.records:
            if line.problem:
                yield line.row, line.problem, None, ""
                continue
            found = list(_inside(line.value, may_be_push=may_be_push))
            if not found:
                yield line.row, "shape_unknown", None, ""
            for record, problem, around in found:
                yield line.row, problem, record, around
        return
    for row, (record, problem, around) in enumerate(_inside(source.document, may_be_push=may_be_push), 1):
        yield row, problem, record, around


def _is_history(value: Any) -> bool:
    """Tell whether a document holds a message of a history, without looking for the second."""
    return any(history.is_message(record) for record, _ in history.messages_of(value))


def _holds_push(value: Any) -> bool:
    return any(record is not None for record, _ in _pushes(value, 0))


def _inside(value: Any, *, may_be_push: bool) -> Iterator[tuple[Any, str, str]]:
    """Find pushes and messages in a document."""
    pushes = list(_pushes(value, 0)) if may_be_push else []
    if any(record is not None for record, _ in pushes):
        for record, problem in pushes:
            yield record, problem, ""
        return
    for record, around in history.messages_of(value):
        yield (record, "", around) if history.is_message(record) else (None, "shape_unknown", around)
    for _, problem in pushes:
        yield None, problem, ""


def _pushes(value: Any, depth: int) -> Iterator[tuple[Any, str]]:
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        found = [(inner or None, problem) for inner, problem in push.unwrapped(value)]
        if found:
            yield from found
        else:
            for item in value.values():
                if isinstance(item, list):
                    yield from _pushes(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                yield from _pushes(item, depth + 1)


class AgentDatabase:
    """Reads XianyuAutoAgent's data/chat_history.db."""

    name = "agent-database"
    kinds = frozenset({FileKind.CHAT})

    def claim(self, source: Source) -> int:
        """Any SQLite file is taken: whether it has the chat table is said when reading."""
        return 90 if source.data.startswith(agentdb.MAGIC) else 0

    def read(self, source: Source) -> Draft:
        """Read every row of the table."""
        draft = Draft(source)
        rows, problem = agentdb.rows(source.data)
        if problem:
            draft.refuse(problem, limit=TEXT_ROWS)
        ids = Ids()
        messages: list[MessageNotice] = []
        buyers: dict[str, str] = {}
        for saved in rows:
            draft.rows += 1
            try:
                message = _saved_message(source, saved, ids)
            except Unreadable as error:
                draft.refuse(error.code, saved.row)
                continue
            if message.speaker is Speaker.BUYER:
                buyers[message.conversation_id] = message.sender_id
            messages.append(message)
        for message in messages:
            message.buyer_external_id = buyers.get(message.conversation_id, "")
        return _finish(draft, messages, Told())


def _saved_message(source: Source, saved: agentdb.Saved, ids: Ids) -> MessageNotice:
    words = saved.content if isinstance(saved.content, str) else ""
    user, item, chat = (str(value or "").strip()[:80] for value in (saved.user_id, saved.item_id, saved.chat_id))
    problem = odd_characters(words) or odd_characters(user + item + chat)
    if problem:
        raise Unreadable(problem)
    if not words.strip():
        raise Unreadable("message_empty")
    chat = chat.removesuffix("@goofish")
    conversation = chat or f"{user}:{item}"
    told = systemtexts.classify(words)
    speaker = _ROLES.get(str(saved.role).strip().lower(), Speaker.UNKNOWN)
    written = str(saved.timestamp or "")
    return MessageNotice(
        channel=GOOFISH,
        conversation_id=conversation,
        message_id=ids.of(conversation, written, str(saved.role), words),
        speaker=Speaker.SYSTEM if told else speaker,
        text=words.strip(),
        kind=MessageKind.TIP if told else MessageKind.TEXT,
        event=told.event if told else None,
        sender_id=user,
        said_at=_moment(saved.timestamp),
        order_no=source.order_no,
        item_id=item[:40],
        origin=source.origin(saved.row),
    )


def _moment(value: Any) -> Any:
    try:
        return values.moment(value)
    except Unreadable:
        return None


class PastedChat:
    """Reads copied chat text in the layouts of layouts.py."""

    name = "pasted-chat"
    kinds = frozenset({FileKind.CHAT})

    def claim(self, source: Source) -> int:
        """Times beside names are convincing, colons after known roles nearly so; other text only when asked for."""
        if source.text is None or source.document is not None or source.records:
            return 0
        head = source.lines[:_HEAD_LINES]
        filled = sum(1 for line in head if line.strip())
        signs = pasted.signs_in(head)
        named = signs.colon * 3 >= filled and _named_roles(head, source.seller_names)
        timed = signs.timed > 1 or (signs.timed and (signs.colon or signs.system or filled <= 3))  # noqa: PLR2004
        sure = (
            (75, timed and signs.timed * 12 >= filled),
            (70, signs.colon and named),
            (65, signs.bare > 1 and signs.bare * 8 >= filled),
            (55, signs.system),
            (35, signs.colon > 2 and signs.colon * 2 >= filled),  # noqa: PLR2004 - names before colons, thrice
            (30, timed),
            (1, source.wanted is FileKind.CHAT),
        )
        return next((claim for claim, holds in sure if holds), 0) if filled else 0

    def read(self, source: Source) -> Draft:
        """Read every message; what has no speaker is kept as nobody's words."""
        draft = Draft(source)
        lines, told = pasted.read(source, draft)
        voices = _resolved(draft, [line.notice for line in lines], told)
        draft.notices.extend(pasted.named(lines, voices))
        return draft


def _named_roles(lines: list[str], seller_names: tuple[str, ...]) -> bool:
    for line in lines:
        head = head_of(line) if line.strip() else None
        if head is not None and speakers.role_of(head.name, seller_names) is not None:
            return True
    return False


class ChatTables:
    """Reads tables with a message a row."""

    name = "chat-tables"
    kinds = frozenset({FileKind.CHAT})

    def claim(self, source: Source) -> int:
        """Words and a speaker are needed; with a time it is surely a chat, and surer than an order table."""
        header = tables.header_of(source)
        return 0 if header is None else 87 if header.has("said_at") else 45

    def read(self, source: Source) -> Draft:
        """Read every row."""
        draft = Draft(source)
        messages, told = tables.read(source, draft)
        return _finish(draft, messages, told)


READERS = (ChatJson(), AgentDatabase(), ChatTables(), PastedChat())
