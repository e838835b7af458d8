"""The timeline of a case: chat, mail, calls, the platform's events, decisions and clocks in one line of time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.urls import reverse

from cardcase.cards.queries import cards_of_order
from cardcase.cases import queries as cases
from cardcase.cases.models import Case
from cardcase.connectors.ports import Speaker
from cardcase.custody import queries as custody
from cardcase.custody.queries import HistoryItem
from cardcase.desk.acting import no_moment, read_moment
from cardcase.evidence import dkim
from cardcase.evidence import queries as evidence
from cardcase.evidence.models import Exhibit
from cardcase.evidence.rules import PARTY_TITLES, mail
from cardcase.evidence.rules.spoken import SPOKEN
from cardcase.inbox import queries as inbox
from cardcase.inbox.queries import MessageView
from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.orders.queries import refunds_of
from cardcase.packs.rules import catalogues
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import Tone
from cardcase.staff.rules import Actor

from . import record_words


class Lane(StrEnum):
    """What kind of thing happened. A reader chooses lanes, so each thing is in one only."""

    TALK = "talk"
    MAIL = "mail"
    CALL = "call"
    PLATFORM = "platform"
    DECISION = "decision"
    EVIDENCE = "evidence"
    CARD = "card"
    CLOCK = "clock"


LANE_TITLES: Final = {
    Lane.TALK: Text("会话", "Chat"),
    Lane.MAIL: Text("邮件", "Mail"),
    Lane.CALL: Text("通话", "Calls"),
    Lane.PLATFORM: Text("平台", "Platform"),
    Lane.DECISION: Text("处理", "Decisions"),
    Lane.EVIDENCE: Text("证据", "Evidence"),
    Lane.CARD: Text("卡", "Cards"),
    Lane.CLOCK: Text("时限", "Clocks"),
}
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

_OF_ROOM: Final = {
    "deadline": Lane.CLOCK,
    "notice": Lane.CLOCK,
    "evidence": Lane.EVIDENCE,
    "pack": Lane.EVIDENCE,
    "remedy": Lane.DECISION,
    "reply": Lane.DECISION,
    "case": Lane.DECISION,
    "order": Lane.PLATFORM,
    "refund": Lane.PLATFORM,
}
_OF_THE_PLATFORM: Final = frozenset(
    {"case.mirrored", "case.dispute_noted", "case.order_linked", "case.refund_linked", "case.opened"}
)
_SHOWN_BY_OTHERS: Final = frozenset({"evidence.added"})
"""Entries whose thing stands in the line itself, at the moment when it happened."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, in the reader's language. ``at`` is None when nobody knows when.

    ``anchor`` names its place on the timeline's page and in a deep link; ``url`` leads to where it stands in full.
    ``by`` is "buyer", "seller", "platform", "supplier", "issuer" or "" for the machine. ``seq`` is the entry in the
    record, None when the thing is one of many in an entry.
    """

    lane: Lane
    at: datetime | None
    anchor: str
    what: str
    who: str = ""
    detail: str = ""
    by: str = ""
    url: str = ""
    seq: int | None = None
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of a timeline is wanted. Empty fields want everything; ``until`` is the first moment no longer wanted."""

    lanes: frozenset[Lane] = frozenset()
    by: str = ""
    since: datetime | None = None
    until: datetime | None = None
    find: str = ""

    def wants(self, one: Happening, at: datetime | None) -> bool:
        """Tell whether a thing is wanted; ``at`` is where it stands in the line when its own time is unknown."""
        return (
            (not self.lanes or one.lane in self.lanes)
            and (not self.by or one.by == self.by)
            and (self.since is None or (at is not None and at >= self.since))
            and (self.until is None or (at is not None and at < self.until))
            and (not self.find or self.find.casefold() in f"{one.what} {one.who} {one.detail}".casefold())
        )


def narrowing(values: dict[str, str], lanes: Sequence[str]) -> Narrowing:
    """Read what a person or a program asks for: days or moments, Shanghai time where no zone is given.

    Raises WrongUse that names the field.
    """
    try:
        chosen = frozenset(Lane(lane) for lane in lanes if lane)
    except ValueError as error:
        raise WrongUse(
            f"没有这一类：{'、'.join(lanes)}；可选 {'、'.join(Lane)}",
            f"There is no such lane among {', '.join(lanes)}; choose from {', '.join(Lane)}",
            code="unknown_choice",
            field="show",
        ) from error
    by = values.get("by", "")
    if by and by not in PARTY_TITLES:
        raise WrongUse(
            f"没有这一方：{by}；可选 {'、'.join(PARTY_TITLES)}",
            f"There is no such party: {by}; choose from {', '.join(PARTY_TITLES)}",
            code="unknown_choice",
            field="by",
        )
    since, until = (_bound(values.get(name, ""), name) for name in ("since", "until"))
    return Narrowing(chosen, by, since, until, values.get("find", "").strip()[:80])


def _bound(typed: str, name: str) -> datetime | None:
    """Read one end of a span; a bare day as ``until`` is meant with the whole of it."""
    read = read_moment(typed, name)
    if read is None or name != "until" or len(typed) != len("2026-11-25"):
        return read
    try:
        return (read.astimezone(clock.SHANGHAI) + timedelta(days=1)).astimezone(UTC)
    except OverflowError as error:
        raise no_moment(name) from error


def timeline(actor: Actor, number: str, wanted: Narrowing, *, now: datetime) -> list[Happening]:
    """Return what happened about a case, oldest first, narrowed. Raises NotFound when the shop has no such case.

    What has no time of its own stands where its source told it, after what it followed there.
    """
    case = cases.by_number(actor, number)
    exhibits = evidence.exhibits(actor, case)
    subjects = [
        case.public_id,
        case.order.public_id,
        *(refund.public_id for refund in refunds_of(actor, [case.order_id]).get(case.order_id, ())),
        *(card.public_id for card in cards_of_order(actor, case.order_id)),
    ]
    history = custody.history(actor, subjects)
    seqs = {item.facts.get("exhibit"): item.seq for item in history if item.kind == "evidence.added"}
    lines = (
        _said(case, inbox.conversation_view(actor, case, now=now)),
        _exhibits(case, exhibits, seqs, now),
        _recorded(case, history, now),
    )
    return [one for at, one in _merged(lines) if wanted.wants(one, at)]


def _merged(lines: Iterable[Iterable[Happening]]) -> list[tuple[datetime | None, Happening]]:
    """Lay lines of happenings over each other by time, keeping the order within each."""
    placed: list[tuple[datetime | None, Happening]] = []
    for line in lines:
        before: datetime | None = None
        for one in line:
            before = one.at or before
            placed.append((before, one))
    return sorted(placed, key=lambda pair: pair[0] or _BEGINNING)


_BY_SPEAKER: Final = {Speaker.BUYER: "buyer", Speaker.SELLER: "seller", Speaker.SYSTEM: "platform"}


def _said(case: Case, talk: Sequence[MessageView]) -> Iterator[Happening]:
    page = reverse("case", args=[case.number])
    for one in talk:
        speaker = Speaker(one.speaker)
        yield Happening(
            Lane.PLATFORM if speaker is Speaker.SYSTEM else Lane.TALK,
            one.said_at,
            f"m-{one.public_id}",
            one.text,
            one.who,
            say(Text("卡密已遮盖", "code masked")) if one.is_masked else "",
            _BY_SPEAKER.get(speaker, ""),
            f"{page}?talk=all#m-{one.public_id}",
        )


def _exhibits(case: Case, exhibits: Sequence[Exhibit], seqs: dict[Any, int], now: datetime) -> Iterator[Happening]:
    for one in sorted(exhibits, key=_happened):
        lane = Lane.MAIL if one.file_mime == mail.MIME else Lane.CALL if one.kind == SPOKEN else Lane.EVIDENCE
        told = [one.facts.get(name, "") for name in ("answer", "mail_from", "mail_subject", "said")]
        if one.facts.get("agreed"):
            told.append(say(Text(f"约定：{one.facts['agreed']}", f"agreed: {one.facts['agreed']}")))
        if one.facts.get("witness"):
            told.append(say(Text(f"在场：{one.facts['witness']}", f"heard by {one.facts['witness']}")))
        if one.dkim:
            told.append(say(dkim.TITLES[dkim.Signed(one.dkim)]))
        told.append(_kept(one, now))
        if one.set_aside_at is not None:
            told.append(say(Text(f"不再采用：{one.set_aside_reason}", f"set aside: {one.set_aside_reason}")))
        yield Happening(
            lane,
            _happened(one),
            f"x-{one.public_id}",
            one.title,
            say(PARTY_TITLES[one.party]) if one.party in PARTY_TITLES else one.party,
            " · ".join(text for text in told if text),
            one.party,
            reverse("exhibit", args=[case.number, one.public_id]) if one.file_sha256 else "",
            seqs.get(one.public_id),
            Tone.WARN if one.is_against_seller else Tone.PLAIN,
        )


def _happened(one: Exhibit) -> datetime:
    return one.event_at or one.captured_at


def _kept(one: Exhibit, now: datetime) -> str:
    when = timing.moment_text(one.captured_at, now=now)
    return say(Text(f"{one.captured_by} 存于 {when}", f"kept by {one.captured_by}, {when}"))


def _recorded(case: Case, history: Sequence[HistoryItem], now: datetime) -> Iterator[Happening]:
    for item in history:
        if item.kind in _SHOWN_BY_OTHERS or record_words.is_said_twice(item):
            continue
        what, detail, tone = record_words.tell(item, now=now)
        if item.kind not in record_words.KINDS:
            kind = catalogues.kind(item.kind)
            if not kind.shown:
                continue
            what = say(kind.title)
        yield Happening(
            _lane(item.kind),
            item.at,
            f"e-{item.seq}",
            what,
            record_words.who(item),
            detail,
            "seller" if item.actor_kind == "staff" else item.actor_kind if item.actor_kind in PARTY_TITLES else "",
            f"{reverse('case', args=[case.number])}#record" if item.subject == case.public_id else "",
            item.seq,
            tone,
        )


def _lane(kind: str) -> Lane:
    if kind in _OF_THE_PLATFORM:
        return Lane.PLATFORM
    return _OF_ROOM.get(kind.split(".", 1)[0], Lane.CARD)


def as_text(number: str, happenings: Sequence[Happening], *, now: datetime) -> str:
    """Write a timeline as plain lines: day and minute in Shanghai time, lane, who, what. For a mail or a print-out."""
    head = Text(
        f"售后单 {number} 的时间线，{len(happenings)} 条，北京时间，导出于 {_stamp(now)}",
        f"Timeline of case {number}, {len(happenings)} lines, Beijing time, exported {_stamp(now)}",
    )
    return "\n".join([say(head), "", *(_line(one) for one in happenings)]) + "\n"


def _line(one: Happening) -> str:
    at = _stamp(one.at) if one.at is not None else say(inbox.UNDATED)
    seq = f"#{one.seq}" if one.seq is not None else ""
    what = one.what.replace("\n", "\n" + " " * 18)
    return "  ".join(part for part in (at, f"[{say(LANE_TITLES[one.lane])}]", one.who, what, one.detail, seq) if part)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")


def document(happenings: Sequence[Happening]) -> list[dict[str, Any]]:
    """Write a timeline as plain JSON. Times ISO 8601 with zone."""
    return [
        {
            "lane": one.lane.value,
            "at": one.at.astimezone(clock.SHANGHAI).isoformat() if one.at is not None else None,
            "id": one.anchor,
            "what": one.what,
            "who": one.who,
            "by": one.by or None,
            "detail": one.detail,
            "url": one.url or None,
            "seq": one.seq,
        }
        for one in happenings
    ]
