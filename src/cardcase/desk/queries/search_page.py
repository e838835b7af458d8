"""The page of search: what was asked, what can be chosen, and what was found, in finished sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from cardcase.cases.rules import STATUS_TITLES
from cardcase.desk.acting import no_moment, read_moment
from cardcase.inbox.rules.segments import Segment
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.search.rules import LONGEST, Kind
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import Choice, Link, Notice, Pager, Tone
from cardcase.staff.rules import Actor
from cardcase.triage.rules import Family, reasons

from .finding import Answer, Asked, Hit, find
from .found_rows import owners

FIELDS: Final = ("q", "kind", "reason", "status", "staff", "buyer", "product", "since", "until", "sort", "after")
"""Names in an address of the page."""

KIND_TITLES: Final = {
    Kind.MESSAGE: Text("消息", "Messages"),
    Kind.REPLY: Text("我们的回复", "Our replies"),
    Kind.NOTE: Text("备注", "Notes"),
    Kind.REVIEW: Text("复盘", "Reviews"),
    Kind.CASE: Text("售后单", "Cases"),
    Kind.ORDER: Text("订单", "Orders"),
    Kind.REFUND: Text("退款", "Refunds"),
    Kind.BUYER: Text("买家", "Buyers"),
    Kind.LISTING: Text("商品", "Goods"),
}
_SPEAKERS: Final = {
    "buyer": Text("买家", "Buyer"),
    "seller": Text("我们", "Us"),
    "system": Text("平台", "Platform"),
    "unknown": Text("身份不明", "Unknown speaker"),
}
_DAY: Final = len("2026-11-25")


@dataclass(frozen=True, slots=True)
class HitRow:
    """One answer: 「消息 · 买家 云朵」, 「11月24日 12:00」, its text cut at the words; ``link`` leads to the case."""

    kind: str
    who: str
    when: str
    pieces: tuple[Segment, ...]
    link: Link | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was asked and what was found."""

    url: str
    words: str
    things: tuple[HitRow, ...] = ()
    said: tuple[HitRow, ...] = ()
    kinds: tuple[Choice, ...] = ()
    reasons: tuple[Choice, ...] = ()
    statuses: tuple[Choice, ...] = ()
    people: tuple[Choice, ...] = ()
    sorts: tuple[Choice, ...] = ()
    buyer: str = ""
    product: str = ""
    since: str = ""
    until: str = ""
    is_narrowed: bool = False
    is_asked: bool = False
    notices: tuple[Notice, ...] = ()
    pager: Pager | None = None


def asked_of(values: Mapping[str, str]) -> Asked:
    """Read what is asked for; a bare day as ``until`` is meant with the whole of it. Raises WrongUse."""
    words = {name: values.get(name, "").strip()[:LONGEST] for name in FIELDS}
    return Asked(
        words=words["q"],
        kind=words["kind"],
        reason=words["reason"],
        status=words["status"],
        staff=words["staff"],
        buyer=words["buyer"],
        product=words["product"],
        since=read_moment(words["since"], "since"),
        until=_until(words["until"]),
        is_newest=words["sort"] == "newest",
    )


def _until(typed: str) -> datetime | None:
    read = read_moment(typed, "until")
    if read is None or len(typed) != _DAY:
        return read
    try:
        return (read.astimezone(SHANGHAI) + timedelta(days=1)).astimezone(UTC)
    except OverflowError as error:
        raise no_moment("until") from error


def answer_of(actor: Actor, values: Mapping[str, str], *, now: datetime, limit: int = 20) -> Answer:
    """Look for what is asked. Raises as ``finding.find`` and ``asked_of``."""
    return find(actor, asked_of(values), now=now, limit=limit, after=values.get("after", "").strip())


def search_page(actor: Actor, values: Mapping[str, str], *, now: datetime) -> SearchPage:
    """Return the page. What cannot be read is said, and nothing searched. A typed code never comes back."""
    told = {name: values.get(name, "").strip()[:LONGEST] for name in FIELDS}
    notices: list[Notice] = []
    answer = Answer()
    try:
        answer = answer_of(actor, told, now=now)
    except WrongUse as problem:
        notices.append(Notice(Tone.WARN, say(problem.message), say(problem.next)))
    if answer.has_code:
        told["q"] = ""
        notices.append(_code_notice(answer))
    elif not answer.is_complete:
        text = Text("索引还在建，有些内容暂时找不到。", "The index is being made: some things cannot be found yet.")
        notices.append(Notice(Tone.WARN, say(text)))
    narrowed = any(told[name] for name in FIELDS if name not in ("q", "after", "sort"))
    return SearchPage(
        url=reverse("search"),
        words=told["q"],
        things=tuple(_row(hit, now) for hit in answer.things),
        said=tuple(_row(hit, now) for hit in answer.said),
        kinds=_choices(told["kind"], {kind.name.lower(): title for kind, title in KIND_TITLES.items()}),
        reasons=_reasons(told["reason"]),
        statuses=_choices(told["status"], {status.value: title for status, title in STATUS_TITLES.items()}),
        people=_people(actor, told["staff"]),
        sorts=(
            Choice("", say(Text("最相关", "Best first")), is_chosen=told["sort"] != "newest"),
            Choice("newest", say(Text("最新", "Newest first")), is_chosen=told["sort"] == "newest"),
        ),
        buyer=told["buyer"],
        product=told["product"],
        since=told["since"],
        until=told["until"],
        is_narrowed=narrowed,
        is_asked=bool(told["q"]),
        notices=tuple(notices),
        pager=_pager(told, answer),
    )


def address_of(values: Mapping[str, str]) -> str:
    """Return the address of the page for what is asked, empty fields left out."""
    told = {name: text for name in FIELDS if (text := values.get(name, "").strip()[:LONGEST])}
    return reverse("search") + (f"?{urlencode(told)}" if told else "")


def _code_notice(answer: Answer) -> Notice:
    if answer.card is not None:
        link = Link(say(Text("看这张卡", "See the card")), reverse("card", args=[answer.card]))
        return Notice(Tone.PLAIN, say(Text("这是卡库里的一张卡。", "This is a card of your stock.")), link=link)
    return Notice(
        Tone.WARN,
        say(Text("这看起来是整个卡密，没有拿去搜索。", "This looks like a whole card code: it was not searched for.")),
        say(Text("卡密只按后四位查。", "Codes are found by their last four characters only.")),
    )


def _row(hit: Hit, now: datetime) -> HitRow:
    one = hit.found
    kind = say(KIND_TITLES[one.kind])
    said_by = say(_SPEAKERS.get(one.speaker, Text("", ""))) if one.speaker else one.who
    who = " ".join(dict.fromkeys(text for text in (said_by, one.buyer if one.speaker != "seller" else "") if text))
    link = Link(one.case, one.url) if one.url else None
    when = timing.moment_text(one.at, now=now) if one.at is not None else ""
    return HitRow(kind, who, when, hit.pieces, link)


def _choices(chosen: str, titles: Mapping[str, Text]) -> tuple[Choice, ...]:
    every = Choice("", say(Text("全部", "All")), is_chosen=not chosen)
    return (every, *(Choice(value, say(title), is_chosen=value == chosen) for value, title in titles.items()))


def _reasons(chosen: str) -> tuple[Choice, ...]:
    families = {family.value: reasons.family_title(family.value) for family in Family}
    own = {code: reasons.title(code) for code in reasons.TITLES if code not in families}
    return _choices(chosen, {**families, **own})


def _people(actor: Actor, chosen: str) -> tuple[Choice, ...]:
    names = {name: Text(name, name) for name in owners(actor)}
    return _choices(chosen, names)


def _pager(told: Mapping[str, str], answer: Answer) -> Pager | None:
    if answer.next is None and not told["after"]:
        return None
    back = address_of({**told, "after": ""}) if told["after"] else ""
    following = address_of({**told, "after": answer.next}) if answer.next else ""
    return Pager("", previous_url=back, next_url=following)
