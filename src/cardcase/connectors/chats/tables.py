"""Chats kept as tables: one message a row, with columns for when, who and what."""

from typing import Any, Final

from cardcase.connectors import columns, documents, values
from cardcase.connectors.columns import Header
from cardcase.connectors.limits import NAME_CHARS
from cardcase.connectors.ports import GOOFISH, MessageKind, MessageNotice, Speaker
from cardcase.connectors.reader import Draft, Source
from cardcase.connectors.rows import Row
from cardcase.connectors.values import Unreadable
from cardcase.kit.text import fold

from . import systemtexts
from .identity import Ids
from .speakers import Told

TABLES: Final = frozenset({"chat"})
NEEDS: Final = frozenset({"words"})


def header_of(source: Source) -> Header | None:
    """Return the header of the first sheet that has words and somebody who says them."""
    for sheet in source.preview.sheets:
        header = columns.find_header(sheet.head(), TABLES, needs=NEEDS)
        if header is not None and header.has("sender", "sender_id"):
            return header
    return None


def read(source: Source, draft: Draft) -> tuple[list[MessageNotice], Told]:
    """Read every sheet of messages; each filled row below the header is accounted for."""
    told, ids = Told(), Ids()
    messages: list[MessageNotice] = []
    book = source.sheets
    if book.problem:
        draft.refuse(book.problem, limit=book.limit)
    for sheet in book.sheets:
        header = columns.find_header(sheet.head(), TABLES, needs=NEEDS)
        if header is None or not header.has("sender", "sender_id"):
            draft.note("sheet_ignored")
            continue
        for row in sheet.rows[sheet.rows.index(header.row) + 1 :]:
            if not row.is_filled:
                continue
            draft.rows += 1
            try:
                if row.problem:
                    raise Unreadable(row.problem)  # noqa: TRY301 - all that is wrong with a row leaves by one door
                if not sheet.is_padded and header.is_ragged(row):
                    cells, width = len(row.cells), header.width
                    draft.refuse("row_ragged", row.number, sheet=sheet.name, cells=cells, headers=width)
                    continue
                messages.append(_message(source, sheet.name, header, row, ids=ids, told=told))
            except Unreadable as error:
                draft.refuse(error.code, row.number, sheet=sheet.name)
    return messages, told


def _message(source: Source, sheet: str, header: Header, row: Row, *, ids: Ids, told: Told) -> MessageNotice:
    """Read one row. Raises Unreadable when it has no words or its time is none."""

    def cell(meaning: str) -> Any:
        index = header.columns.get(meaning)
        return row.cells[index] if index is not None and index < len(row.cells) else None

    def text(meaning: str, limit: int) -> str:
        return documents.storable("" if cell(meaning) is None else str(cell(meaning))).strip()[:limit]

    words = text("words", 1_000_000)
    if not words:
        raise Unreadable("message_empty")
    name, sender = text("sender", NAME_CHARS), text("sender_id", 80)
    conversation = text("chat_id", 100).removesuffix("@goofish")
    event = systemtexts.classify(words, is_alone=not name and not sender)
    if event is not None and event.is_buyers and (sender or name):
        told.buyer_cards.add((conversation, sender or fold(name)))
    order_no = values.order_no(cell("chat_order_no")) if not values.is_blank(cell("chat_order_no")) else ""
    return MessageNotice(
        channel=GOOFISH,
        conversation_id=conversation,
        message_id=text("message_id", 120) or ids.of(conversation, text("said_at", 40), sender or name, words),
        speaker=Speaker.SYSTEM if event else Speaker.UNKNOWN,
        text=words,
        kind=MessageKind.TIP if event else MessageKind.TEXT,
        event=event.event if event else None,
        sender_id=sender,
        sender_name=name,
        said_at=values.moment(cell("said_at")),
        order_no=source.order_no or order_no,
        origin=source.origin(row.number, sheet=sheet),
    )
