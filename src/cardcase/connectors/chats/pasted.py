"""Copied chat text: lines become blocks of one speaker, blocks become messages, system texts between them their own.

Several conversations may stand in one text under headings. What stands before the first speaker tells about the chat.
"""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
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
from .speakers import Told, Voice, role_of
from .stamps import Calendar

_HEADING: Final = re.compile(
    r"^\s*(?:#{1,4}\s*|[=＝*]{3,}\s*|[-—─]{4,}\s*)(?P<title>[^\s=＝*#\-—─].*?)?\s*[=＝*\-—─#]*\s*$"
)
_HEADING_STARTS: Final = frozenset("#=＝*-—─ ")
_HEADING_WORDS: Final = re.compile(r"会话|聊天|对话|买家|订单|\d{15,}|^与.+")
_ORDER_NO: Final = re.compile(
    r"(?:订单编号|订单号码?|订单|order(?:_?no)?)\s*(?:是|为)?\s*[:：#＃]?\s*(?<!\d)([0-9０-９]{15,25})(?!\d)",
    re.IGNORECASE,
)
_BARE_ORDER_NO: Final = re.compile(r"(?<!\d)(?!100011)[1-9]\d{18,20}(?!\d)")
_TOLD_NICK: Final = re.compile(
    r"(?:买家昵称|买家名称|买家|对方昵称|对方|客户)\s*[:：]\s*(?P<a>[^\s,，;；|]{1,40})|[与和跟]\s*(?P<b>[^\s,，]{1,40}?)\s*的(?:聊天|对话|会话)"
)
_META: Final = re.compile(
    r"^\s*(?:订单|商品|买家|卖家|店铺|会话|对方|客户|导出|聊天|闲鱼|时间|日期|金额|来源|备注)[^:：]{0,8}[:：]"
)
_READ_MARKS: Final = frozenset({"已读", "未读"})
_MEDIA: Final = {
    "[图片]": MessageKind.IMAGE, "[照片]": MessageKind.IMAGE, "[截图]": MessageKind.IMAGE, "[image]": MessageKind.IMAGE,
    "[语音]": MessageKind.AUDIO, "[语音消息]": MessageKind.AUDIO, "[视频]": MessageKind.VIDEO,
    "[小视频]": MessageKind.VIDEO, "[动画表情]": MessageKind.EMOJI,
    "[表情]": MessageKind.EMOJI, "[商品]": MessageKind.CARD, "[卡片]": MessageKind.CARD,
}  # fmt: skip
_COMMON_NAMES: Final = frozenset(
    {"", "-", "stdin", "paste", "pasted", "chat", "粘贴", "聊天", "聊天记录", "新建文本文档", "untitled", "text"}
)


_WITH_TIME: Final = frozenset({Form.TIMED, Form.INLINE, Form.INLINE_CLOCK, Form.STAMP_AND_TEXT, Form.STAMP})
_INLINE: Final = frozenset({Form.INLINE, Form.INLINE_CLOCK})


@dataclass
class Block:
    """Lines of one speaker. ``row`` is the line number of the head; lines keep their own numbers."""

    row: int
    head: Head | None
    lines: list[tuple[int, str]] = field(default_factory=list)
    line: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether somebody is named who then says nothing."""
        return bool(self.head and self.head.name) and not (
            (self.head and self.head.words) or any(line.strip() for _, line in self.lines)
        )


@dataclass(frozen=True, slots=True)
class Said:
    """Who speaks and when: the name and the time as written, and the moment that they mean if it can be known."""

    name: str
    stamp: str
    at: datetime | None


@dataclass
class Section:
    """One conversation of the text: its heading, what is told before the first speaker, and its lines."""

    title: str = ""
    lines: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Signs:
    """How much of a text looks like a chat: lines that name somebody with a time, with a colon, with nothing behind."""

    timed: int = 0
    colon: int = 0
    bare: int = 0
    system: int = 0


def signs_in(lines: list[str]) -> Signs:
    """Count the signs of a chat in some lines."""
    timed = colon = bare = system = 0
    for line in lines:
        head = head_of(line) if line.strip() else None
        if head is None:
            system += bool(line.strip()) and systemtexts.classify(line.strip(), is_alone=True) is not None
        elif head.form in _WITH_TIME:
            timed += 1
        elif head.form is Form.COLON:
            colon += 1
            bare += not head.words
            system += systemtexts.classify(head.words or "") is not None
    return Signs(timed, colon, bare, system)


@dataclass(frozen=True, slots=True)
class Line:
    """One message as copied. Its conversation is only named, and its id only made, when all speakers are known."""

    notice: MessageNotice
    stamp: str
    fallback: str
    """Name of the conversation when no buyer's nickname is found: by order, file or first words."""


def read(source: Source, draft: Draft) -> tuple[list[Line], Told]:
    """Read a copied chat into messages whose speakers are still to be resolved over the whole text."""
    told = Told()
    lines: list[Line] = []
    sections = _sections(source.lines)
    for number, section in enumerate(sections):
        lines.extend(_Reader(source, draft, section, told, number, is_only=len(sections) == 1).read())
    return lines, told


def named(lines: list[Line], voices: list[Voice]) -> list[MessageNotice]:
    """Name the conversations by their buyers and give every message its id, the same in every copy of the chat."""
    nicks: dict[str, str] = {}
    for line, voice in zip(lines, voices, strict=True):
        if voice.buyer_nick:
            nicks.setdefault(line.notice.conversation_id, voice.buyer_nick)
    ids = Ids()
    found: list[MessageNotice] = []
    for line, voice in zip(lines, voices, strict=True):
        nick = nicks.get(line.notice.conversation_id, "")
        conversation = f"paste:{fold(nick)}"[:120] if nick else line.fallback
        found.append(
            replace(
                line.notice,
                conversation_id=conversation,
                message_id=ids.of(conversation, line.stamp, line.notice.sender_name, line.notice.text),
                speaker=voice.speaker,
                buyer_nick=nick,
            )
        )
    return found


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

    def __init__(
        self, source: Source, draft: Draft, section: Section, told: Told, number: int, *, is_only: bool
    ) -> None:
        self.source, self.draft, self.section, self.told = source, draft, section, told
        self.is_only = is_only
        self.conversation = f"section:{number}"
        self.heads = [(number, line, head_of(line) if line.strip() else None) for number, line in section.lines]
        self.names = self._names()

    def _names(self) -> frozenset[str]:
        """Decide which of the names before colons and beside times are people, by all lines of the conversation."""
        timed = Counter(head.name for _, _, head in self.heads if head and head.form is Form.TIMED)
        weak = Counter(
            head.name for _, _, head in self.heads if head and head.form in {Form.STAMP_AND_TEXT, Form.INLINE}
        )
        colon = Counter(head.name for _, _, head in self.heads if head and head.form is Form.COLON)
        seller_names = self.source.seller_names
        repeated = {name for name, count in timed.items() if count > 1}
        # With two people who speak again and again, a "name" that stands beside a time once is somebody's words.
        known = repeated if len(repeated) > 1 else set(timed)
        known |= {name for name in timed if role_of(name, seller_names) is not None}
        known |= {name for name in (*weak, *colon) if role_of(name, seller_names) is not None}
        known |= {name for name, count in weak.items() if count > 1 or name in timed}
        if len(weak) <= 2 and not timed:  # noqa: PLR2004 - two people, each of whom spoke once
            known |= {name for name in weak if len(name) <= 16 and name not in known and self._is_followed(name)}  # noqa: PLR2004
        inline = {head.name for _, _, head in self.heads if head and head.form in _INLINE}
        if len(inline) <= 3 and self._cover(inline, _INLINE):  # noqa: PLR2004 - two people and the platform
            known |= inline
        sides = {role_of(name, seller_names) for name in known} & {Speaker.BUYER, Speaker.SELLER}
        if len(sides) < 2 and not timed:  # noqa: PLR2004 - with both sides named, other colons belong to the words
            others = {name: count for name, count in colon.items() if name not in known}
            known |= {head.name for _, _, head in self.heads if head and head.form is Form.COLON and not head.words}
            if len(others) <= 3 and self._cover({*others, *known}, frozenset({Form.COLON})):  # noqa: PLR2004
                known |= set(others)
            else:
                known |= {name for name, count in others.items() if count > 1 or (known and len(others) == 1)}
        return frozenset(known | self._names_by_stamps())

    def _cover(self, names: set[str], forms: frozenset[Form]) -> bool:
        """Tell whether lines of some forms with these names are most of the text: then it is written so."""
        filled = sum(1 for _, line, _ in self.heads if line.strip())
        covered = sum(1 for _, _, head in self.heads if head and head.form in forms and head.name in names)
        return covered * 10 >= filled * 6

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

    def read(self) -> list[Line]:
        """Return the messages of the conversation in their order."""
        blocks, before = self._blocks()
        self.calendar = Calendar(self.source.copied_on)
        self.order_no = self._order_no(before)
        self.nick = self._told_nick(before)
        self.fallback = self._fallback()
        messages: list[Line] = []
        for block in blocks:
            if block.head and block.head.form is Form.DATE:
                self.calendar.see_day(block.head.stamp)
                block = Block(block.row, None, block.lines)  # noqa: PLW2901 - what follows a date is nobody's in particular
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
            if not blocks and text and (is_timed or head is None) and self._is_meta(number, line, head):
                before.append(line)
                continue
            if head is not None:
                above = blocks[-1].head if blocks and not blocks[-1].lines else None
                if above and above.name and head.form is Form.STAMP and not (above.stamp or above.words):
                    # The time stands on the line below the name.
                    blocks[-1].head = Head(Form.TIMED, above.name, head.stamp)
                    continue
                if above and above.form is Form.STAMP and head.form is Form.COLON:
                    # The time stands on the line above the name.
                    blocks[-1] = Block(number, Head(Form.TIMED, head.name, above.stamp, head.words))
                    continue
                if head.form is Form.STAMP:
                    stamp = head
                blocks.append(Block(number, head, line=line))
            elif blocks:
                blocks[-1].lines.append((number, line))
            elif text and has_heads and systemtexts.classify(text, is_alone=True) is None:
                before.append(line)
                self.draft.note("preamble_ignored", number)
            elif text:
                blocks.append(Block(number, None, [(number, line)]))
        return _without_false_heads(blocks), before

    def _is_head(self, head: Head) -> bool:
        if head.form in {Form.STAMP, Form.DATE, Form.STAMP_AND_TEXT}:
            return True
        return head.name in self.names

    def _is_meta(self, number: int, line: str, head: Head | None) -> bool:
        """Tell whether a line above the first speaker tells about the chat; what is not used of it is noted."""
        if head is not None and head.form is not Form.COLON:
            return False
        if head is not None and role_of(head.name, ()) is not None and (head.words or "").strip() not in self.names:
            return False  # "买家：在吗" is somebody speaking, "买家：小鹿" is not when 小鹿 speaks below
        if _ORDER_NO.search(line) or _TOLD_NICK.search(line):
            return True
        if _META.match(line):
            self.draft.note("preamble_ignored", number)
            return True
        return False

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

    def _told_nick(self, before: list[str]) -> str:
        for text in before:
            match = _TOLD_NICK.search(text)
            if match:
                return str(match["a"] or match["b"]).strip("【】[]「」\"'")[:NAME_CHARS]
        return ""

    def _fallback(self) -> str:
        """Name a conversation that tells no buyer, so that every copy has the same name: order, file, first words."""
        if self.order_no:
            return f"paste:order:{self.order_no}"
        stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", self.source.name).strip()
        if fold(stem) not in _COMMON_NAMES:
            return f"paste:file:{fold(stem)}"[:120]
        first = next((line for _, line, head in self.heads if head or line.strip()), "")
        return "paste:text:" + Ids().of("", "", "", first).removeprefix("derived:")[:32]

    def _messages(self, block: Block) -> list[Line]:
        """Cut a block into messages: system texts stand alone, marks of reading are taken out."""
        said = self._opening(block)
        is_inline = bool(block.head and block.head.words)
        found: list[Line] = []
        words: list[str] = []
        row, gap = block.row, False
        name = said.name
        for number, line in block.lines:
            text = line.strip()
            if not text:
                gap = gap or bool(words)
                words.append("")
                continue
            if text in _READ_MARKS and (words or found):
                self.told.own_ids.add(fold(name))
                continue
            system = systemtexts.classify(text, is_alone=not name or (gap and not is_inline))
            if system is None:
                if not any(words):
                    row = number if found or is_inline or not name else block.row
                words.append(line.rstrip())
                gap = False
                continue
            is_first = not found and not any(words)
            found.extend(self._spoken(row, said, words))
            words = []
            found.append(self._event(number, said if is_first else replace(said, name=""), text, system))
            if is_inline or not is_first:
                said = replace(said, name="")  # after a system text in the middle nobody is known to speak on
            elif name and system.is_buyers:
                self.told.buyer_cards.add((self.conversation, fold(name)))
        found.extend(self._spoken(row, said, words))
        if not found and said.name:
            self.draft.note("message_empty", block.row)
        return found

    def _opening(self, block: Block) -> Said:
        """Tell who speaks in a block and when, and put words that stand beside the name in front of its lines."""
        head = block.head or Head(Form.STAMP)
        name, words = head.name, head.words
        if head.form is Form.STAMP_AND_TEXT and name not in self.names:
            name, words = "", head.name  # "09:48 在吗": a time and words, nobody named
        if words:
            block.lines.insert(0, (block.row, words))
        return Said(name, head.stamp, self.calendar.moment(head.stamp) if head.stamp else None)

    def _spoken(self, row: int, said: Said, lines: list[str]) -> list[Line]:
        text = "\n".join(lines).strip()
        if not text:
            return []
        problem = odd_characters(text) or ("message_too_long" if len(text) > MESSAGE_CHARS else "")
        self.draft.rows += 1
        if problem:
            self.draft.refuse(problem, row)
            return []
        role = role_of(said.name, self.source.seller_names) if said.name else None
        speaker = Speaker.SYSTEM if role is Speaker.SYSTEM else Speaker.UNKNOWN
        return [self._line(row, said, text, kind=_MEDIA.get(text.casefold(), MessageKind.TEXT), speaker=speaker)]

    def _event(self, row: int, said: Said, text: str, told: systemtexts.Told) -> Line:
        self.draft.rows += 1
        return self._line(row, said, text, kind=MessageKind.TIP, speaker=Speaker.SYSTEM, event=told.event)

    def _line(
        self, row: int, said: Said, text: str, *, kind: MessageKind, speaker: Speaker, event: SystemEvent | None = None
    ) -> Line:
        order = _ORDER_NO.search(text)
        notice = MessageNotice(
            channel=GOOFISH,
            conversation_id=self.conversation,
            message_id="",
            speaker=speaker,
            text=text,
            kind=kind,
            event=event,
            sender_name=said.name[:NAME_CHARS],
            said_at=said.at,
            buyer_nick=self.nick,
            order_no=self.order_no or (_digits(order[1]) if order else ""),
            origin=self.source.origin(row),
        )
        return Line(notice, said.stamp, self.fallback)


def _without_false_heads(blocks: list[Block]) -> list[Block]:
    """Give lines that looked like a name and a time back to whoever spoke before, when nobody of that name speaks.

    What stands behind a time and was taken for a name is what was said at that time.
    """
    heads = [block.head for block in blocks if block.head]
    speaking = {block.head.name for block in blocks if block.head and not block.is_empty}
    speaking |= {head.name for head in heads if role_of(head.name, ()) is not None}
    kept: list[Block] = []
    for block in blocks:
        head = block.head
        if head and head.form is Form.STAMP_AND_TEXT and block.is_empty and head.name not in speaking:
            kept.append(Block(block.row, Head(Form.STAMP, "", head.stamp), [(block.row, head.name)]))
        elif not (head and head.form is Form.TIMED and block.line and block.is_empty and head.name not in speaking):
            kept.append(block)
        elif kept:
            kept[-1].lines.append((block.row, block.line))
        else:
            kept.append(Block(block.row, None, [(block.row, block.line)]))
    return kept


def _digits(number: str) -> str:
    return "".join(str(int(digit)) for digit in number)
