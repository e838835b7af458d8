"""What a person confirms of a log: one line a message, as shown, typed over and kept; and how it goes to the inbox."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from cardcase.connectors.chats import systemtexts
from cardcase.connectors.chats.identity import Ids
from cardcase.connectors.chats.stamps import Calendar
from cardcase.connectors.ports import GOOFISH, MessageKind, MessageNotice, Origin, Speaker
from cardcase.inbox.rules import overlap
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text, fold

from .log import Entry, Kind, Who

FLOOR: Final = overlap.FLOOR
"""How the id of a message begins whose time is that of the last line of time above it: it was said then or later."""
MOST_LINES: Final = 2000
LONGEST: Final = 20_000
SELLER: Final = "seller"
BUYER: Final = "buyer"
PLATFORM: Final = "platform"
UNCLEAR: Final = "unclear"
SPEAKERS: Final = {SELLER: "我", BUYER: "买家", PLATFORM: "平台", UNCLEAR: "？"}
_CALLED: Final = {"我": SELLER, "卖家": SELLER, "seller": SELLER, "买家": BUYER, "buyer": BUYER, "平台": PLATFORM,
                  "platform": PLATFORM, "？": UNCLEAR, "?": UNCLEAR}  # fmt: skip
_VOICES: Final = {
    SELLER: Speaker.SELLER, BUYER: Speaker.BUYER, PLATFORM: Speaker.SYSTEM, UNCLEAR: Speaker.UNKNOWN,
}  # fmt: skip
_KINDS: Final = {
    Kind.TEXT: MessageKind.TEXT, Kind.PICTURE: MessageKind.IMAGE,
    Kind.CARD: MessageKind.CARD, Kind.TIP: MessageKind.TIP,
}  # fmt: skip
_MARKS: Final = {Kind.PICTURE: "[图片]", Kind.CARD: "[卡片]", Kind.TIP: "[提示]", Kind.TIME: "[时间]"}
_LINE: Final = re.compile(r"^(?P<who>[^：:\s]{1,8})[：:]\s?(?P<rest>.*)$")
_TIME: Final = re.compile(r"^\[时间\]\s*(?P<stamp>.+)$")
_BARE: Final = re.compile(r"(?:上午|下午|凌晨|早上|中午|晚上|傍晚)?\s?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?$")
_QUOTE: Final = "  > "
_MORE: Final = "  "


class BadSheet(WrongUse):
    """The sheet that was typed over cannot be read; the message names the line."""

    code = "bad_sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line of the sheet. ``who``: seller, buyer, platform or unclear; ``print``: of a picture."""

    who: str
    kind: Kind
    text: str
    quote: str = ""
    print: str = ""


def from_entries(entries: Iterable[Entry], *, taken_by: str) -> list[Said]:
    """Turn a log into lines. ``taken_by``: whose phone it was, seller or buyer: that side's bubbles are its own."""
    other = BUYER if taken_by == SELLER else SELLER
    names = {Who.OWN: taken_by, Who.PEER: other, Who.PLATFORM: PLATFORM, Who.UNCLEAR: UNCLEAR}
    return [Said(who=names[one.who], kind=one.kind, text=one.text, quote=one.quote, print=one.print) for one in entries]


def documents(lines: Iterable[Said]) -> list[dict[str, str]]:
    """Write lines as they are kept."""
    return [
        {"who": one.who, "kind": one.kind.value, "text": one.text, "quote": one.quote, "print": one.print}
        for one in lines
    ]


def from_documents(told: Iterable[Mapping[str, Any]]) -> list[Said]:
    """Read lines that a program sends or that were kept. Raises BadSheet."""
    found = []
    for number, one in enumerate(told, 1):
        who, kind = str(one.get("who", "")), str(one.get("kind", "text"))
        if who not in SPEAKERS or kind not in {item.value for item in Kind}:
            raise _bad(number, "不认识的说话人或种类", "unknown speaker or kind")
        text = str(one.get("text", "")).strip()
        if len(text) > LONGEST:
            raise _bad(number, "太长", "too long")
        found.append(
            Said(
                who=who,
                kind=Kind(kind),
                text=text,
                quote=str(one.get("quote", "")),
                print=str(one.get("print", ""))[:16],
            )
        )
    return _checked(found)


def to_sheet(lines: Iterable[Said]) -> str:
    """Write lines as a sheet that people read and type over: 「买家：…」, further rows of one message indented."""
    rows: list[str] = []
    for one in lines:
        if one.kind is Kind.TIME:
            rows.append(f"{_MARKS[Kind.TIME]} {one.text}")
            continue
        mark = _MARKS.get(one.kind, "")
        first, *rest = (f"{mark}{one.text}" if mark else one.text).split("\n")
        rows.append(f"{SPEAKERS[one.who]}：{first}")
        rows += [f"{_MORE}{row}" for row in rest]
        rows += [f"{_QUOTE}{row}" for row in one.quote.split("\n") if row]
    return "\n".join(rows) + "\n"


def from_sheet(text: str, before: Sequence[Said] = ()) -> list[Said]:
    """Read a sheet. Pictures keep the print that they had ``before``, in their order. Raises BadSheet."""
    found: list[Said] = []
    for number, row in enumerate(text.replace("\r", "").split("\n"), 1):
        if not row.strip():
            continue
        if row.startswith(_QUOTE) and found:
            last = found[-1]
            found[-1] = replace(last, quote=f"{last.quote}\n{row[len(_QUOTE) :]}".strip())
        elif row.startswith(_MORE) and found:
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{row[len(_MORE) :]}")
        else:
            found.append(_read_row(number, row))
    prints = iter([one.print for one in before if one.kind is Kind.PICTURE])
    return _checked([replace(one, print=next(prints, "")) if one.kind is Kind.PICTURE else one for one in found])


def _read_row(number: int, row: str) -> Said:
    if time := _TIME.match(row):
        return Said(who=PLATFORM, kind=Kind.TIME, text=time["stamp"].strip())
    line = _LINE.match(row)
    who = _CALLED.get(fold(line["who"]) if line else "")
    if line is None or who is None:
        raise _bad(
            number, "开头要写“我：”“买家：”“平台：”", "begins with 我： (seller), 买家： (buyer) or 平台： (platform)"
        )
    rest = line["rest"]
    for kind, mark in _MARKS.items():
        if rest.startswith(mark) and kind is not Kind.TIME:
            return Said(who=who, kind=kind, text=rest[len(mark) :].strip())
    return Said(who=who, kind=Kind.TEXT, text=rest)


def _checked(lines: list[Said]) -> list[Said]:
    kept = [one for one in lines if one.text or one.kind is Kind.PICTURE]
    if not kept:
        raise BadSheet("没有一条消息", "There is no message in it", code="sheet_empty")
    if len(kept) > MOST_LINES:
        raise BadSheet(f"超过 {MOST_LINES} 条", f"More than {MOST_LINES} lines")
    return kept


def _bad(number: int, zh: str, en: str) -> BadSheet:
    return BadSheet(
        f"第 {number} 行读不懂：{zh}",
        f"Line {number} cannot be read: {en}",
        next=Text("改好这一行再确认；图片没有丢。", "Put that line right and confirm again; the pictures are kept."),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of the chat beside its words: for whom, which order, where its messages belong."""

    conversation: str
    nick: str = ""
    buyer_external_id: str = ""
    order_no: str = ""
    taken_on: date | None = None
    file: str = ""
    sha256: str = ""
    channel: str = GOOFISH


def to_notices(lines: Sequence[Said], about: About) -> list[MessageNotice]:
    """Turn confirmed lines into messages for the inbox, with the time that the lines of time give them.

    The first message below a line of time was said in that minute. Those after it were said then or later: they get
    that minute, too, and an id that says so, by which the inbox knows better when another form of the chat is exact.
    """
    calendar, ids = Calendar(about.taken_on), Ids()
    moment: datetime | None = None
    stamp, is_first = "", False
    found: list[MessageNotice] = []
    for row, one in enumerate(lines, 1):
        if one.kind is Kind.TIME:
            stamp, moment, is_first = one.text, moment_of(calendar, one.text), True
            continue
        words = f"<{one.print}>" if one.kind is Kind.PICTURE else one.text
        made = ids.of(about.conversation, stamp, one.who, words)
        told = systemtexts.classify(one.text.split("\n")[0], is_alone=True) if one.who == PLATFORM else None
        found.append(
            MessageNotice(
                channel=about.channel,
                conversation_id=about.conversation,
                message_id=made if is_first else FLOOR + made.removeprefix("derived:"),
                speaker=_VOICES[one.who],
                text=one.text,
                kind=_KINDS[one.kind],
                event=told.event if told else None,
                said_at=moment,
                buyer_external_id=about.buyer_external_id,
                buyer_nick=about.nick,
                order_no=about.order_no,
                raw={"quote": one.quote} if one.quote else {},
                origin=Origin(file=about.file, sha256=about.sha256, row=row),
            )
        )
        is_first = False
    return found


def is_bare(stamp: str) -> bool:
    """Tell whether a time has no day."""
    return _BARE.match(stamp.strip()) is not None


def moment_of(calendar: Calendar, stamp: str) -> datetime | None:
    """Return the moment of a line of time: chats leave the day out only when it is that of the screenshot."""
    if calendar.copied_on is not None and is_bare(stamp):
        stamp = f"{calendar.copied_on:%Y-%m-%d} {stamp.strip()}"
    return calendar.moment(stamp)


def conversation_of(nick: str, order_no: str, lines: Sequence[Said]) -> str:
    """Name the conversation as a pasted copy of it is named: by the buyer, else by the order, else by its words."""
    if nick:
        return f"paste:{fold(nick)}"[:120]
    if order_no:
        return f"paste:order:{order_no}"
    first = next((one.text for one in lines if one.text and one.kind is not Kind.TIME), "picture")
    return "paste:text:" + Ids().of("", "", "", first).removeprefix("derived:")[:32]


_DOUBTFUL: Final = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9A-Za-z-]*[0-9])(?=[0-9A-Za-z-]*[A-Za-z])[0-9A-Za-z-]{4,40}(?![0-9A-Za-z])"
)
_CONFUSED: Final = frozenset("0O1IlL5S8B2Z")


def doubtful(text: str) -> list[str]:
    """Return the pieces of letters and digits in which the reader may have taken one for the other: O/0, I/1."""
    return [piece for piece in _DOUBTFUL.findall(text) if _CONFUSED & set(piece)]
