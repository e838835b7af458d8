"""Reading cases: the queue, the sums of Today, one case, and what could be done with it now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Func, IntegerField, Q, QuerySet, Subquery

from cardcase.cards.models import Card
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import TimeRule
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.policies import queries as policies
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import rules
from .models import Case, Note
from .rules import GuardFacts, Move, Need, Stage, Status, WaitingOn

QUEUE_MOST = 500
"""Cases that one question may return; a page shows 50."""

RELATED = ("shop", "order", "order__listing", "buyer", "refund", "card", "reason_confirmed_by")
"""What a case page needs beside the case: fetched in the same query."""


_IN_LIST = (
    "shop_id",
    "public_id",
    "number",
    "order",
    "buyer",
    "stage",
    "status",
    "waiting_on",
    "claimed_reason",
    "sub_reason",
    "second_reason",
    "confidence",
    "found_cause",
    "reason_confirmed_at",
    "is_held",
    "claimed_fen",
    "needs_human",
    "next_due_at",
    "revision",
    "is_open",
    "is_incident",
    "outcome",
    "opened_at",
    "order__public_id",
    "order__channel",
    "order__order_no",
    "order__paid_fen",
    "order__listing__title",
    "order__listing__sku_text",
    "buyer__nick",
    "buyer__external_id",
)
"""What a row of a list is made of. Fifty whole rows with all their neighbours cost more than the page may."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The sums at the head of Today, over open cases; ``missed`` counts incidents that nobody has reviewed."""

    due_today: int
    waiting_seller: int
    waiting_buyer: int
    missed: int


def find(actor: Actor, ref: int | str) -> Case:
    """Return a case by its key, public id or number, with order, listing, buyer and refund. Raises NotFound."""
    name = "pk" if isinstance(ref, int) else "public_id" if ref.startswith("case_") else "number"
    chosen = Q(**{name: ref})
    case = Case.objects.visible_to(actor).select_related(*RELATED).filter(chosen).first()
    if case is None:
        raise unknown(ref)
    assert isinstance(case, Case)
    return case


def unknown(ref: int | str) -> NotFound:
    """Return the refusal for a case that is not there, or not this shop's."""
    return NotFound(
        f"没有售后单 {ref}",
        f"There is no case {ref}",
        next=Text("检查编号；别的店铺的售后单在这里看不到。", "Check the number; other shops' cases are not shown."),
    )


def by_number(actor: Actor, number: str) -> Case:
    """Return a case by the number that people use. Raises NotFound."""
    return find(actor, number)


def cases_of_order(actor: Actor, order_id: int) -> list[Case]:
    """Return the cases of an order, newest first."""
    return list(Case.objects.visible_to(actor).filter(order_id=order_id).order_by("-pk"))


def siblings_of(actor: Actor, case: Case, *, limit: int = 10) -> list[Case]:
    """Return other cases of the same order or the same buyer, newest first."""
    same = Q(order_id=case.order_id)
    if case.buyer_id is not None:
        same |= Q(buyer_id=case.buyer_id)
    return list(Case.objects.visible_to(actor).filter(same).exclude(pk=case.pk).order_by("-pk")[:limit])


def notes_of(actor: Actor, case: Case) -> list[Note]:
    """Return the notes of a case, oldest first."""
    return list(Note.objects.visible_to(actor).filter(case_id=case.pk).order_by("at", "pk"))


def queue(
    actor: Actor,
    *,
    limit: int = 50,
    after: str | None = None,
    offset: int = 0,
    chosen: str = "",
    now: datetime | None = None,
    zone: ZoneInfo = SHANGHAI,
) -> list[Case]:
    """Return open cases by what is due next, those without a deadline last, in one query.

    Each comes with its order, listing and buyer, as far as a list shows them: read one case with ``find``.

    ``after`` is ``Case.cursor`` of the last case of the page before; ``offset`` skips rows instead. ``chosen`` narrows
    to one of the sums: "due" (by the end of today in ``zone``, needs ``now``), "seller", "buyer" or "missed".
    Raises WrongUse for a cursor or a choice that is none.
    """
    rows = Case.objects.visible_to(actor).select_related("order__listing", "buyer").only(*_IN_LIST)
    rows = rows.filter(_NARROWED.get(chosen) or _choice(chosen, now, zone))
    if after:
        due_at, pk = _read_cursor(after)
        if due_at is None:
            rows = rows.filter(next_due_at__isnull=True, pk__gt=pk)
        else:
            rows = rows.filter(
                Q(next_due_at__gt=due_at) | Q(next_due_at=due_at, pk__gt=pk) | Q(next_due_at__isnull=True)
            )
    rows = rows.order_by(F("next_due_at").asc(nulls_last=True), "pk")
    return list(rows[offset : offset + min(limit, QUEUE_MOST)])


def counts(actor: Actor, now: datetime, *, zone: ZoneInfo = SHANGHAI) -> Counts:
    """Return the sums of Today in one query. ``zone`` says when today ends."""
    actor.require(Permission.READ)
    cases = Case.objects.visible_to(actor)
    numbers = (
        Shop.objects.filter(pk=actor.shop_id)
        .values_list(
            _count(cases.filter(_OPEN, next_due_at__lt=_tomorrow(now, zone))),
            _count(cases.filter(_NARROWED["seller"])),
            _count(cases.filter(_NARROWED["buyer"])),
            _count(cases.filter(_NARROWED["missed"])),
        )
        .first()
    )
    return Counts(*(numbers or (0, 0, 0, 0)))


def incidents(actor: Actor, *, limit: int = 20) -> list[Case]:
    """Return cases in which a deadline was missed and nobody has reviewed it, newest first."""
    rows = Case.objects.visible_to(actor).select_related(*RELATED).filter(_NARROWED["missed"])
    return list(rows.order_by("-opened_at")[:limit])


def resolved_before(actor: Actor, moment: datetime, *, limit: int = 200) -> list[Case]:
    """Return resolved cases that have rested since before a moment: candidates for closing (T23)."""
    resolved = [status.value for status in rules.RESOLVED]
    rows = Case.objects.visible_to(actor).filter(status__in=resolved, resolved_at__lt=moment)
    return list(rows.order_by("resolved_at")[:limit])


def allowed_moves(actor: Actor, case: Case, facts: GuardFacts) -> list[Move]:
    """List what could be done with a case now, and why the rest cannot. One query for the clocks."""
    known = standing(actor, case, facts)
    return rules.moves(Stage(case.stage), Status(case.status), actor, known)


def standing(actor: Actor, case: Case, facts: GuardFacts, *, at: datetime | None = None) -> GuardFacts:
    """Fill in what this room knows itself: the person, the hold, the card, the clocks. Callers cannot overrule it.

    ``at`` is the moment by which a deadline counts as passed; without it only what the sweep has missed counts.
    """
    history = deadlines.of_subject(actor, case.public_id)
    platform = min(
        (clock for clock in history if clock.state == "armed" and clock.is_platform_bound),
        key=lambda clock: clock.due_at,
        default=None,
    )
    return replace(
        facts,
        is_person=actor.is_person,
        may_decide=actor.may(Permission.DECIDE),
        is_hold_lifted=not case.is_held,
        is_card_linked_or_flagged=case.card_id is not None or case.asks_for(Need.CARD_UNLINKED, Need.CARDS_SEVERAL),
        is_clock_read=True,
        platform_due_at=platform.due_at if platform else None,
        platform_margin_at=platform.margin_at if platform else None,
        is_incident_reviewed=not case.is_incident,
        has_deadline_passed=any(_has_passed(clock, at) for clock in history),
    )


def cards_of(actor: Actor, order_id: int) -> Sequence[int]:
    """Return the keys of the cards that an order got, two at most: one is the card, more need a person."""
    rows = Card.objects.visible_to(actor).filter(order_id=order_id).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:2])


def time_rules(actor: Actor, day: date) -> list[TimeRule]:
    """Return the shop's rules of time in force on a day. Raises BrokenCatalogue for an unknown word."""
    return rules.time_rules(policies.deadline_rules_on(actor, day))


def check_data() -> None:
    """Make sure that the clocks know every word of every shop's rules of time. Raises BrokenCatalogue."""
    for book in policies.rule_books():
        rules.time_rules(book.deadlines)


def _has_passed(clock: ClockView, at: datetime | None) -> bool:
    if not clock.is_platform_bound:
        return False
    return clock.state == "missed" or (clock.state == "armed" and at is not None and clock.due_at <= at)


def _count(rows: "QuerySet[Case]") -> Subquery:
    """Return the number of rows as one column of another query. Without GROUP BY, so that each finds its own index."""
    number = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(n=number).values("n"))


_OPEN = Q(is_open__in=[True])
"""Open cases. SQLite reads "WHERE is_open" without the index, but "is_open IN (1)" with it."""

_NARROWED = {
    "": _OPEN,
    "seller": _OPEN & Q(waiting_on=WaitingOn.SELLER.value),
    "buyer": _OPEN & Q(waiting_on=WaitingOn.BUYER.value),
    "missed": Q(is_incident=True) & ~Q(status=Status.CLOSED.value),
}


def _choice(chosen: str, now: datetime | None, zone: ZoneInfo) -> Q:
    if chosen == "due" and now is not None:
        return _OPEN & Q(next_due_at__lt=_tomorrow(now, zone))
    raise WrongUse(f"没有这种筛选：{chosen}", f"There is no such choice: {chosen}")


def _tomorrow(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next midnight of a zone, in UTC."""
    day = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _read_cursor(after: str) -> tuple[datetime | None, int]:
    moment, _, pk = after.partition("~")
    try:
        due_at = datetime.fromisoformat(moment).astimezone(UTC) if moment else None
        return due_at, int(pk)
    except ValueError as error:
        raise WrongUse("翻页标记有误", "The cursor is not one of ours") from error
