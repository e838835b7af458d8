"""Reading targets, notices, and what the calendar shows."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Count

from cardcase.cards import queries as cards
from cardcase.cards.models import CardBatch
from cardcase.cases.models import Case
from cardcase.custody.models import Entry
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import SILENT
from cardcase.kit.errors import NotFound
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from .models import CalendarLink, Notice, NoticeTarget, Shortage
from .rules import (
    EVENT_TITLES,
    KIND_TITLES,
    DueFacts,
    Event,
    NoticeState,
    Outcome,
    Result,
    Scope,
    StockFacts,
    TargetKind,
    masked_nick,
)
from .rules.words import BATCH, CASE, ORDER

MOST_EVENTS: Final = 1000
"""Deadlines in one calendar, nearest first; a phone shows no more with profit."""

_MOVES: Final = ("deadline.armed", "deadline.moved", "deadline.paused", "deadline.resumed")


@dataclass(frozen=True, slots=True)
class TargetView:
    """A target as people and programs see it: never with its address."""

    id: str
    name: str
    kind: TargetKind
    kind_title: Text
    hint: str
    events: tuple[Event, ...]
    scope: Scope
    quiet: str
    language: str
    shows_nick: bool
    is_enabled: bool
    was_disabled_by_us: bool
    last_state: str
    last_text: Text
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice and what became of it."""

    target: str
    event: Event
    title: Text
    case: str
    state: NoticeState
    text: Text
    send_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """The live link to the calendar, without its key."""

    made_by: str
    created_at: datetime
    last_used_at: datetime | None
    shows_nick: bool


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A running deadline with what the calendar says of it. ``sequence`` grows whenever it was moved."""

    clock: ClockView
    number: str
    nick: str
    sequence: int
    armed_at: datetime
    link: str


def targets(actor: Actor) -> list[TargetView]:
    """List the shop's targets, by name."""
    actor.require(Permission.NOTIFY)
    return [view_of(row) for row in NoticeTarget.objects.visible_to(actor).order_by("name", "pk")]


def target(actor: Actor, public_id: str) -> TargetView:
    """Return one target. Raises NotFound."""
    return view_of(row_of(actor, public_id))


def row_of(actor: Actor, public_id: str) -> NoticeTarget:
    """Return the row of a target, for the verbs. Raises NotFound."""
    actor.require(Permission.NOTIFY)
    row = NoticeTarget.objects.visible_to(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound("没有这个通知目标", "There is no such target")
    assert isinstance(row, NoticeTarget)
    return row


def view_of(row: NoticeTarget) -> TargetView:
    """Return a row as people and programs see it."""
    kind = TargetKind(row.kind)
    return TargetView(
        id=row.public_id,
        name=row.name,
        kind=kind,
        kind_title=KIND_TITLES[kind],
        hint=row.hint,
        events=tuple(Event(event) for event in row.events),
        scope=Scope(row.scope),
        quiet=row.quiet,
        language=row.language,
        shows_nick=row.shows_nick,
        is_enabled=row.is_enabled,
        was_disabled_by_us=row.was_disabled_by_us,
        last_state=row.last_state,
        last_text=_said(row.last_why, row.last_number),
        last_at=row.last_at,
    )


def latest(actor: Actor, *, limit: int = 20) -> list[NoticeView]:
    """List the latest notices of the shop, newest first."""
    actor.require(Permission.NOTIFY)
    rows = list(Notice.objects.visible_to(actor).select_related("target").order_by("-pk")[:limit])
    numbers = _numbers(actor, [row.subject for row in rows])
    return [
        NoticeView(
            target=row.target.name,
            event=Event(row.event),
            title=EVENT_TITLES[Event(row.event)],
            case=numbers.get(row.subject, ""),
            state=NoticeState(row.state),
            text=_said(row.why, row.number),
            send_at=row.send_at,
            settled_at=row.settled_at,
        )
        for row in rows
    ]


def is_over(actor: Actor, notice: Notice) -> bool:
    """Tell whether an alarm is no longer of use: its deadline was met, voided or moved, or there are cards again.

    A missed one stays news.
    """
    if notice.event in (Event.MISSED.value, Event.TEST.value):
        return False
    if notice.event == Event.STOCK.value:
        return not Shortage.objects.visible_to(actor).filter(public_id=notice.subject).exists()
    rows = Deadline.objects.visible_to(actor).filter(pk=notice.deadline_id, due_at=notice.due_at)
    return not rows.filter(state__in=["armed", "missed"]).exists()


def due_facts(actor: Actor, notice: Notice, *, shows_nick: bool) -> DueFacts | None:
    """Return what a notice says; None when its deadline, or what it hangs on, is not there."""
    row = Deadline.objects.visible_to(actor).filter(pk=notice.deadline_id).first()
    thing = _things(actor, [notice.subject]).get(notice.subject)
    if row is None or thing is None:
        return None
    clock = ClockView.of(row)
    return DueFacts(
        event=Event(notice.event),
        kind=clock.kind,
        number=thing.number,
        shop=staff.shop_of(actor).name,
        due_at=clock.due_at,
        if_missed=clock.if_missed,
        certainty=clock.certainty,
        nick=masked_nick(thing.nick) if shows_nick else "",
        link=thing.link,
        about=thing.about,
    )


def stock_facts(actor: Actor, notice: Notice) -> StockFacts | None:
    """Return what a notice about a kind of card says as the stock stands now; None when it is no longer low."""
    row = Shortage.objects.visible_to(actor).filter(public_id=notice.subject).first()
    kind = (row.brand, row.spec, row.face_fen) if row else None
    found = next((one for one in cards.low_stock(actor) if (one.brand, one.spec, one.face_fen) == kind), None)
    if found is None:
        return None
    shop = staff.shop_of(actor)
    face = yuan(found.face_fen) if found.face_fen is not None else ""
    base = own_address()
    return StockFacts(
        kind=" ".join(part for part in (found.kind, face) if part),
        shop=shop.name,
        left=found.unused,
        least=shop.low_stock,
        link=f"{base}/cards/" if base else "",
    )


def link_to(number: str) -> str:
    """Return the address of a case, empty when the installation's own address was not told."""
    base = own_address()
    return f"{base}/cases/{number}/" if base else ""


def own_address(otherwise: str = "") -> str:
    """Return the address under which others open this installation, as it was told in the settings."""
    return (settings.CARDCASE.base_url or otherwise).rstrip("/")


def may_go_private() -> bool:
    """Tell whether notices may go to private addresses."""
    return bool(settings.CARDCASE.notice_allow_private)


def default_language() -> str:
    """Return the language of this installation, in which a shop's notices are worded unless it is told otherwise."""
    return str(settings.CARDCASE.language)


def link(actor: Actor) -> LinkView | None:
    """Return the live calendar link of the shop, None when there is none."""
    actor.require(Permission.NOTIFY)
    row = CalendarLink.objects.visible_to(actor).filter(revoked_at=None).first()
    return LinkView(row.made_by, row.created_at, row.last_used_at, row.shows_nick) if row else None


def key_digest(key: str) -> str:
    """Return what is kept of a key. It carries 192 random bits, so no slow hash is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def reader_by_key(key: str) -> tuple[Actor, CalendarLink] | None:
    """Return who reads with a calendar key, and the link; None when the key is no live one.

    The index is asked for the digest, never for the key: how long it takes says nothing about any key.
    """
    digest = key_digest(key)
    row = CalendarLink.objects.filter(key_sha256=digest, revoked_at=None).first()
    if row is None or not hmac.compare_digest(row.key_sha256, digest):
        return None
    return Actor.reader(row.shop_id, "calendar"), row


def calendar_entries(actor: Actor, *, shows_nick: bool) -> list[CalendarEntry]:
    """Return the running deadlines of the shop that ask for something, nearest first, in a handful of queries."""
    running = Deadline.objects.visible_to(actor).filter(state="armed").exclude(kind__in=[kind.value for kind in SILENT])
    rows = list(running.order_by("due_at", "pk")[:MOST_EVENTS])
    things = _things(actor, [row.subject for row in rows])
    moved = _times_moved(actor, [row.subject for row in rows])
    return [
        CalendarEntry(
            clock=ClockView.of(row),
            number=things[row.subject].number,
            nick=masked_nick(things[row.subject].nick) if shows_nick else "",
            sequence=moved.get(row.subject, 0),
            armed_at=row.armed_at,
            link=things[row.subject].link,
        )
        for row in rows
        if row.subject in things
    ]


def _times_moved(actor: Actor, subjects: Sequence[str]) -> dict[str, int]:
    """Count the entries of the record that set or moved a clock of a subject: however it moves, it leaves one."""
    rows = Entry.objects.visible_to(actor).filter(subject__in=subjects, kind__in=_MOVES).order_by()
    return dict(rows.values_list("subject").annotate(times=Count("pk")))


@dataclass(frozen=True, slots=True)
class _Thing:
    """What a deadline hangs on, as people call it. Never an order number in full."""

    about: Text
    number: str
    nick: str = ""
    link: str = ""


def _things(actor: Actor, subjects: Sequence[str]) -> dict[str, _Thing]:
    """Find what these subjects are: cases, orders, batches of cards. One query a kind that occurs."""
    found: dict[str, _Thing] = {}
    named = {kind: [one for one in subjects if one.startswith(kind)] for kind in ("case_", "order_", "batch_")}
    if named["case_"]:
        cases = Case.objects.visible_to(actor).filter(public_id__in=named["case_"]).select_related("buyer")
        for case in cases.only("public_id", "number", "buyer__nick"):
            nick = case.buyer.nick if case.buyer else ""
            found[case.public_id] = _Thing(CASE, case.number, nick, link_to(case.number))
    if named["order_"]:
        orders = Order.objects.visible_to(actor).filter(public_id__in=named["order_"])
        for public_id, number in orders.values_list("public_id", "order_no"):
            found[public_id] = _Thing(ORDER, f"‥{number[-4:]}")
    if named["batch_"]:
        batches = CardBatch.objects.visible_to(actor).filter(public_id__in=named["batch_"])
        for public_id, name in batches.values_list("public_id", "name"):
            found[public_id] = _Thing(BATCH, name)
    return found


def _numbers(actor: Actor, subjects: Sequence[str]) -> dict[str, str]:
    rows = Case.objects.visible_to(actor).filter(public_id__in=[subject for subject in subjects if subject])
    return dict(rows.values_list("public_id", "number"))


def _said(why: str, number: int | None) -> Text:
    return Result(Outcome.SENT, why, number).text() if why else Text("", "")
