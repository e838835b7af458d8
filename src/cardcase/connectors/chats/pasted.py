"""Copied chat text: lines become blocks of one speaker, blocks become messages, system texts between them their own.

Several conversations may stand in one text under headings. What stands before the first speaker tells about the chat.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cardcase.connectors.limits import MESSAGE_CHARS, NAME_CHARS
from cardcase.connectors.ports import GOOFISH, MessageKind, MessageNotice, Speaker, SystemEvent
from cardcase.connectors.reader import Draft, Source
from cardcase.connectors.values import odd_characters
from cardcase.kit.text import fold

from . import systemtexts
from .identity import Ids
from .layouts import Form, Head, head_of
from .speakers import Told, role_of, without_role
from .stamps import Calendar

_HEADING: Final = re.compile(r"^\s*(?:#{1,4}\s*|[=＝*]{3,}\s*|[-—─]{4,}\s*)(?P<title>[^\s=＝*#\-—─].*?)?\s*[=＝*\-—─#]*\s*$")
_HEADING_STARTS: Final = frozenset("#=＝*-—─ ")
_HEADING_WORDS: Final = re.compile(r"会话|聊天|对话|买家|订单|\d{15,}|^与.+")
_ORDER_NO: Final = re.compile(r"(?:订单编号|订单号码?|订单|order(?:_?no)?)\s*(?:是|为)?\s*[:：#＃]?\s*(?<!\d)([0-9０-９]{15,25})(?!\d)", re.IGNORECASE)
_BARE_ORDER_NO: Final = re.compile(r"(?<!\d)(?!100011)[1-9]\d{18,20}(?!\d)")
_TOLD_NICK: Final = re.compile(
    r"(?:买家昵称|买家名称|买家|对方昵称|对方|客户)\s*[:：]\s*(?P<a>[^\s,，;；|]{1,40})|[与和跟]\s*(?P<b>[^\s,，]{1,40}?)\s*的(?:聊天|对话|会话)"
)
_META: Final = re.compile(r"^\s*(?:订单|商品|买家|卖家|店铺|会话|对方|客户|导出|聊天|闲鱼|时间|日期|金额|来源|备注)[^:：]{0,8}[:：]")
_READ_MARKS: Final = frozenset({"已读", "未读"})
_MEDIA: Final = {
    "[图片]": MessageKind.IMAGE, "[照片]": MessageKind.IMAGE, "[截图]": MessageKind.IMAGE, "[image]": MessageKind.IMAGE,
    "[语音]": MessageKind.AUDIO, "[语音消息]": MessageKind.AUDIO, "[视频]": MessageKind.VIDEO, "[小视频]": MessageKind.VIDEO,
    "[表情]": MessageKind.EMOJI, "[动画表情]": MessageKind.EMOJI, "[商品]": MessageKind.CARD, "[卡片]": MessageKind.CARD,
}  # fmt: skip
_COMMON_NAMES: Final = frozenset({"", "-", "stdin", "paste", "pasted", "chat", "粘贴", "聊天", "聊天记录", "新建文本文档", "untitled", "text"})


@dataclass
class Block:
    """Lines of one speaker. ``row`` is the line number of the head; lines keep their own numbers."""

    row: int
    head: Head | None
    lines: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Section:
    """One conversation of the text: its heading, what is told before the first speaker, and its lines."""

    title: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)


def heads_in(lines: list[str]) -> tuple[int, int, int]:
    """Count, over the first lines, those that name a speaker with a time, those with a colon only, and system texts."""
    timed = colon = system = 0
    for line in lines:
        head = head_of(line) if line.strip() else None
        if head is None:
            system += bool(line.strip()) and systemtexts.classify(line.strip(), is_alone=True) is not None
        elif head.form in {Form.TIMED, Form.INLINE, Form.STAMP_AND_TEXT, Form.STAMP}:
            timed += 1
        elif head.form is Form.COLON:
            colon += 1
            system += systemtexts.classify(head.words or "") is not None
    return timed, colon, system


def read(source: Source, draft: Draft) -> tuple[list[MessageNotice], Told]:
    """Read a copied chat into messages whose speakers are still to be resolved over the whole text."""
    told = Told()
    ids = Ids()
    messages: list[MessageNotice] = []
    sections = _sections(source.lines)
    for section in sections:
        messages.extend(_Reader(source, draft, section, ids, told, is_only=len(sections) == 1).read())
    return messages, told


def _sections(lines: list[str]) -> list[Section]:
    sections = [Section()]
    for number, line in enumerate(lines, 1):
        match = _HEADING.match(line) if line[:1] in _HEADING_STARTS and len(line) < 200 else None  # noqa: PLR2004 - a title
        title = (match["title"] or "") if match else ""
        if match and title and _HEADING_WORDS.search(title) and head_of(line) is None:
            sections.append(Section(title))
        elif not match or title:
            sections[-1].lines.append((number, line.replace("\r", "")))
    return [section for section in sections if section.title or any(line.strip() for _, line in section.lines)]


class _Reader:
    """Reads one conversation."""

    def __init__(self, source: Source, draft: Draft, section: Section, ids: Ids, told: Told, *, is_only: bool) -> None:
        self.source, self.draft, self.section, self.ids, self.told = source, draft, section, ids, told
        self.is_only = is_only
        self.heads = [(number, line, head_of(line) if line.strip() else None) for number, line in section.lines]
        self.names = self._names()

    def _names(self) -> frozenset[str]:
        """Decide which of the names before colons and beside times are people, by all lines of the conversation."""
        timed = Counter(head.name for _, _, head in self.heads if head and head.form is Form.TIMED)
        weak = Counter(head.name for _, _, head in self.heads if head and head.form in {Form.STAMP_AND_TEXT, Form.INLINE})
        colon = Counter(head.name for _, _, head in self.heads if head and head.form is Form.COLON)
        seller_names = self.source.seller_names
        known = set(timed)
        known |= {name for name in (*weak, *colon) if role_of(name, seller_names) is not None}
        known |= {name for name, count in weak.items() if count > 1 or name in timed}
        if len(weak) <= 2 and not timed:  # noqa: PLR2004 - two people, each of whom spoke once
            known |= {name for name in weak if len(name) <= 16 and name not in known and self._is_followed(name)}  # noqa: PLR2004
        sides = {role_of(name, seller_names) for name in known} & {Speaker.BUYER, Speaker.SELLER}
        if len(sides) < 2 and not timed:  # noqa: PLR2004 - with both sides named, other colons belong to the words
            others = {name: count for name, count in colon.items() if name not in known}
            known |= {name for name, count in others.items() if count > 1} if len(others) > 1 else set(others)
        return frozenset(known | self._names_by_stamps())

    def _is_followed(self, name: str) -> bool:
        """Tell whether a line "time + text" is followed by plain words: then its text is a name."""
        for index, (_, _, head) in enumerate(self.heads[:-1]):
            if head and head.name == name and head.form is Form.STAMP_AND_TEXT:
                return self.heads[index + 1][2] is None and bool(self.heads[index + 1][1].strip())
        return False

    def _names_by_stamps(self) -> frozenset[str]:
        """Find names that stand alone on the line above (or below) a time, again and again."""
        found: set[str] = set()
        stamps = [index for index, (_, _, head) in enumerate(self.heads) if head and head.form is Form.STAMP]
        for step in (-1, 1):
            beside = Counter(
                self.heads[index + step][1].strip()
                for index in stamps
                if 0 <= index + step < len(self.heads) and self.heads[index + step][2] is None
            )
            beside.pop("", None)
            repeated = {text for text, count in beside.items() if count > 1 and len(text) <= 30}  # noqa: PLR2004
            roles = {text for text in beside if role_of(text, self.source.seller_names) is not None}
            if repeated | roles and len(beside) <= 3:  # noqa: PLR2004 - two people and the platform
                found |= {text for text in beside if len(text) <= 30}  # noqa: PLR2004
                break
        return frozenset(found)

    def read(self) -> list[MessageNotice]:
        """Return the messages of the conversation in their order."""
        blocks, before = self._blocks()
        self.calendar = Calendar(self.source.copied_on)
        self.order_no = self._order_no(before)
        self.conversation = self._conversation(before)
        messages: list[MessageNotice] = []
        for block in blocks:
            if block.head and block.head.form is Form.DATE:
                self.calendar.see_day(block.head.stamp)
                continue
            messages.extend(self._messages(block))
        if self.calendar.is_incomplete:
            self.draft.note("time_incomplete")
        return messages

    def _blocks(self) -> tuple[list[Block], list[str]]:
        """Cut the lines into blocks; return them and what stands before the first."""
        blocks: list[Block] = []
        before: list[str] = [self.section.title] if self.section.title else []
        has_heads = any(head is not None and self._is_head(head) for _, _, head in self.heads) or bool(self.names)
        is_timed = any(head and head.form is Form.TIMED for _, _, head in self.heads)
        stamp = Head(Form.STAMP)
        for number, line, found in self.heads:
            head = found if found is not None and self._is_head(found) else None
            text = line.strip()
            if head is None and text in self.names and found is None:
                head = Head(Form.TIMED, text, stamp.stamp if blocks and blocks[-1].head is stamp else "")
            if not blocks and text and (self._is_meta(line, head) if is_timed or head is None else False):
                before.append(line)
                continue
            if head is not None:
                named_above = blocks and blocks[-1].head and blocks[-1].head.name and not blocks[-1].lines
                if head.form is Form.STAMP and named_above and not blocks[-1].head.stamp:  # type: ignore[union-attr]
                    # The time stands on the line below the name.
                    blocks[-1].head = Head(Form.TIMED, blocks[-1].head.name, head.stamp)  # type: ignore[union-attr]
                    continue
                if head.form is Form.STAMP:
                    stamp = head
                blocks.append(Block(number, head))
            elif blocks:
                blocks[-1].lines.append((number, line))
            elif text and has_heads and systemtexts.classify(text, is_alone=True) is None:
                before.append(line)
                self.draft.note("preamble_ignored", number)
            elif text:
                blocks.append(Block(number, None, [(number, line)]))
        return blocks, before

    def _is_head(self, head: Head) -> bool:
        if head.form in {Form.STAMP, Form.DATE, Form.TIMED, Form.STAMP_AND_TEXT}:
            return True
        return head.name in self.names

    def _is_meta(self, line: str, head: Head | None) -> bool:
        if head is not None and head.form not in {Form.COLON, Form.DATE}:
            return False
        return bool(_META.match(line) or _ORDER_NO.search(line) or _TOLD_NICK.search(line))

    def _order_no(self, before: list[str]) -> str:
        """Return the order that the chat is about: told by the caller, the heading, the file name, or labelled once."""
        if self.source.order_no:
            return self.source.order_no
        for text in (*before, self.source.name if self.is_only else ""):
            match = _ORDER_NO.search(text)
            if match:
                return _digits(match[1])
            bare = _BARE_ORDER_NO.search(text)
            if bare:
                return bare.group()
        labelled = {match[1] for _, line, _ in self.heads for match in _ORDER_NO.finditer(line)}
        return _digits(labelled.pop()) if len(labelled) == 1 else ""

    def _conversation(self, before: list[str]) -> str:
        """Name the conversation so that another copy of it has the same name: by the buyer, the order, or the file."""
        self.nick = ""
        for text in before:
            match = _TOLD_NICK.search(text)
            if match:
                self.nick = (match["a"] or match["b"]).strip("【】[]「」\"'")[:NAME_CHARS]
        buyers = [name for name in self._people() if role_of(name, self.source.seller_names) is not Speaker.SELLER]
        nicks = list(dict.fromkeys(nick for nick in map(without_role, buyers) if nick))
        name = self.nick or (nicks[0] if len(nicks) == 1 else "&".join(sorted(map(fold, nicks))))
        if name:
            return f"paste:{fold(name)}"[:120]
        if self.order_no:
            return f"paste:order:{self.order_no}"
        stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", self.source.name).strip()
        if fold(stem) not in _COMMON_NAMES:
            return f"paste:file:{fold(stem)}"[:120]
        first = next((line for _, line, head in self.heads if head or line.strip()), "")
        return "paste:text:" + Ids().of("", "", "", first).removeprefix("derived:")[:32]

    def _people(self) -> list[str]:
        spoken = (head.name for _, _, head in self.heads if head and head.name in self.names)
        alone = (line.strip() for _, line, head in self.heads if head is None and line.strip() in self.names)
        names = dict.fromkeys((*spoken, *alone))
        return [name for name in names if role_of(name, ()) is not Speaker.SYSTEM]

    def _messages(self, block: Block) -> list[MessageNotice]:
        """Cut a block into messages: system texts stand alone, marks of reading are taken out."""
        head = block.head
        name = head.name if head else ""
        stamp = head.stamp if head else ""
        if head and head.form is Form.STAMP_AND_TEXT and name not in self.names:
            # "09:48 在吗": a time and words, nobody named.
            block.lines.insert(0, (block.row, name))
            name = ""
        elif head and head.words:
            block.lines.insert(0, (block.row, head.words))
        said_at = self.calendar.moment(stamp) if stamp else None
        is_inline = bool(head and head.words)
        found: list[MessageNotice] = []
        words: list[str] = []
        row = block.row
        speaks = name
        gap = False
        for number, line in block.lines:
            text = line.strip()
            if text in _READ_MARKS and (words or found):
                self.told.own_ids.add(fold(name))
                continue
            if not text:
                gap = bool(words) or gap
                if words:
                    words.append("")
                continue
            system = systemtexts.classify(text, is_alone=not name or (gap and not is_inline and bool(words)))
            if system is None:
                if not words:
                    row = number if found or is_inline or not name else block.row
                words.append(line.rstrip())
                gap = False
                continue
            found.extend(self._said(row, speaks, said_at, stamp, words))
            is_first = not found and not words
            words = []
            found.append(self._event(number, name if is_first else "", said_at, stamp, text, system))
            if is_inline or not is_first:
                speaks = ""  # after a system text in the middle nobody is known to speak on
            if is_first and name and system.is_buyers:
                self.told.buyer_cards.add((self.conversation, fold(name)))
        found.extend(self._said(row, speaks, said_at, stamp, words))
        return found

    def _said(self, row: int, name: str, said_at: datetime | None, stamp: str, lines: list[str]) -> list[MessageNotice]:
        text = "\n".join(lines).strip()
        if not text:
            return []
        problem = odd_characters(text) or ("message_too_long" if len(text) > MESSAGE_CHARS else "")
        self.draft.rows += 1
        if problem:
            self.draft.refuse(problem, row)
            return []
        kind = _MEDIA.get(text.casefold(), MessageKind.TEXT)
        role = role_of(name, self.source.seller_names) if name else None
        speaker = Speaker.SYSTEM if role is Speaker.SYSTEM else Speaker.UNKNOWN
        return [self._notice(row, name, said_at, stamp, text, kind, speaker)]

    def _event(self, row: int, name: str, said_at: datetime | None, stamp: str, text: str, told: systemtexts.Told) -> MessageNotice:
        self.draft.rows += 1
        return self._notice(row, name, said_at, stamp, text, MessageKind.TIP, Speaker.SYSTEM, told.event)

    def _notice(
        self,
        row: int,
        name: str,
        said_at: datetime | None,
        stamp: str,
        text: str,
        kind: MessageKind,
        speaker: Speaker,
        event: SystemEvent | None = None,
    ) -> MessageNotice:
        order = _ORDER_NO.search(text)
        return MessageNotice(
            channel=GOOFISH,
            conversation_id=self.conversation,
            message_id=self.ids.of(self.conversation, stamp, name, text),
            speaker=speaker,
            text=text,
            kind=kind,
            event=event,
            sender_name=name[:NAME_CHARS],
            said_at=said_at,
            buyer_nick=self.nick,
            order_no=self.order_no or (_digits(order[1]) if order else ""),
            origin=self.source.origin(row),
        )


def _digits(number: str) -> str:
    return "".join(str(int(digit)) for digit in number)
