"""Reading cases: the queue, the sums of Today, one case, and what could be done with it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery

from cardcase.cards.models import Card
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import TimeRule
from cardcase.kit.clock import SHANGHAI, iso
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.policies import queries as policies
from cardcase.staff.models import Shop
from cardcase.staff.questions import ANY_SHOP, Question, moment
from cardcase.staff.rules import Actor, Permission

from . import rules
from .models import Case, ClaimHistory, Note, PlatformDispute, ReasonLabel, Review
from .rules import GuardFacts, Move, Need, Stage, Status, WaitingOn
from .rules.disputes import STOPS_MONEY
from .rules.reviews import ASKS_REVIEW, INCIDENTS

QUEUE_MOST = 500
"""Cases that one question may return; a page shows 50."""

_LABELLED: Final = ("case", "case__order", "case__order__listing", "case__refund")

RELATED = (
    "shop",
    "order",
    "order__listing",
    "buyer",
    "refund",
    "card",
    "card__batch",
    "policy",
    "reason_confirmed_by",
    "linked_to",
)
"""What a case page needs beside the case: fetched in the same query."""


class QueueRow(NamedTuple):
    """A case as far as a list shows it, read as these columns alone.

    Fifty cases as models, with their neighbours, take as long to build as the rest of a page; so read one case with
    ``find``. ``title`` is that of the listing; it and ``nick`` are empty or None where nobody knows them.
    """

    pk: int
    number: str
    stage: str
    status: str
    waiting_on: str
    claimed_reason: str
    sub_reason: str
    is_held: bool
    claimed_fen: int | None
    revision: int
    order_no: str
    title: str | None
    nick: str | None
    reason_confirmed_at: datetime | None
    snoozed_until: datetime | None
    next_due_at: datetime | None

    @property
    def cursor(self) -> str:
        """Return where the queue goes on after this case."""
        return f"{self.next_due_at.astimezone(UTC).isoformat() if self.next_due_at else ''}~{self.pk}"


_ELSEWHERE = {"order_no": "order__order_no", "title": "order__listing__title", "nick": "buyer__nick"}
_COLUMNS = tuple(_ELSEWHERE.get(name, name) for name in QueueRow._fields)
_BY_DUE = (F("next_due_at").asc(nulls_last=True), "pk")


@dataclass(frozen=True, slots=True)
class Counts:
    """The sums at the head of Today, over open cases; ``missed`` counts incidents that nobody has reviewed."""

    due_today: int
    waiting_seller: int
    waiting_buyer: int
    missed: int


def find(actor: Actor, ref: int | str) -> Case:
    """Return a case by its key, public id or number, with order, listing, buyer and refund. Raises NotFound."""
    try:  # ``get``, not ``first``: to order one row by its key costs as much as to write the rest of the question
        case = Case.objects.visible_to(actor).select_related(*RELATED).get(_called(ref))
    except Case.DoesNotExist:
        raise unknown(ref) from None
    assert isinstance(case, Case)
    return case


def key_of(actor: Actor, ref: int | str) -> int:
    """Return the key of a case by its key, public id or number. Raises NotFound."""
    key: int | None = Case.objects.visible_to(actor).filter(_called(ref)).values_list("pk", flat=True).first()
    if key is None:
        raise unknown(ref)
    return key


def _called(ref: int | str) -> Q:
    name = "pk" if isinstance(ref, int) else "public_id" if ref.startswith("case_") else "number"
    return Q(**{name: ref})


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


def by_numbers(actor: Actor, numbers: Sequence[str]) -> list[Case]:
    """Return several cases as ``find`` does, in the order of their numbers as given. Raises NotFound for the first."""
    rows = Case.objects.visible_to(actor).select_related(*RELATED).filter(number__in=numbers)
    found = {case.number: case for case in rows}
    for number in numbers:
        if number not in found:
            raise unknown(number)
    return [found[number] for number in numbers]


def cases_of_order(actor: Actor, order_id: int) -> list[Case]:
    """Return the cases of an order, newest first."""
    return list(Case.objects.visible_to(actor).filter(order_id=order_id).order_by("-pk"))


def numbers_of_orders(actor: Actor, order_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return the numbers of the cases of these orders, newest first, in one query.

    A case that goes on in another is not told of again.
    """
    found: dict[int, list[str]] = {order_id: [] for order_id in order_ids}
    rows = Case.objects.visible_to(actor).filter(order_id__in=list(found)).exclude(outcome=rules.Outcome.MERGED.value)
    rows = rows.order_by("-pk")
    for order_id, number in rows.values_list("order_id", "number"):
        found[order_id].append(number)
    return found


def siblings_of(actor: Actor, case: Case, *, limit: int = 10) -> list[Case]:
    """Return other cases of the same order, the same complaint or the same buyer, newest first."""
    same = Q(order_id=case.order_id) | Q(linked_to_id=case.pk) | Q(same_as_id=case.pk) | Q(pk=case.same_as_id)
    if case.buyer_id is not None:
        same |= Q(buyer_id=case.buyer_id)
    return list(Case.objects.visible_to(actor).filter(same).exclude(pk=case.pk).order_by("-pk")[:limit])


def notes_of(actor: Actor, case: Case) -> list[Note]:
    """Return the notes of a case, oldest first."""
    return list(Note.objects.visible_to(actor).filter(case_id=case.pk).order_by("at", "pk"))


def claims_of(actor: Actor, case: Case) -> list[ClaimHistory]:
    """Return what was claimed before the present claim, oldest first."""
    return list(ClaimHistory.objects.visible_to(actor).filter(case_id=case.pk).order_by("until", "pk"))


def asks_review(case: Case) -> bool:
    """Tell whether something was lost or missed that nobody has reviewed yet."""
    return case.is_incident or case.asks_for(*ASKS_REVIEW)


def reviews_of_cases(actor: Actor, cases: Sequence[Case]) -> Mapping[int, list[Review]]:
    """Return the reviews of several cases by row id, oldest first, in one query."""
    found: dict[int, list[Review]] = {case.pk: [] for case in cases}
    for row in Review.objects.visible_to(actor).filter(case_id__in=list(found)).order_by("at", "pk"):
        found[row.case_id].append(row)
    return found


def unreviewed_misses(actor: Actor, case: Case) -> list[dict[str, str]]:
    """Return the missed clocks of the seller that no review explains yet: kind and moment. A miss is never deleted."""
    known = [miss for row in reviews_of_cases(actor, [case])[case.pk] for miss in row.missed]
    misses = (
        {"kind": one.kind.value, "due_at": iso(one.due_at)}
        for one in deadlines.of_subject(actor, case.public_id)
        if one.state == "missed" and one.kind in INCIDENTS
    )
    return [miss for miss in misses if miss not in known]


def disputes_of(actor: Actor, case: Case) -> list[PlatformDispute]:
    """Return the platform's disputes of a case as it tells them, the latest word first."""
    return disputes_of_cases(actor, [case])[case.pk]


def disputes_of_cases(actor: Actor, cases: Sequence[Case]) -> Mapping[int, list[PlatformDispute]]:
    """Return the same for several cases, by row id, in one query."""
    found: dict[int, list[PlatformDispute]] = {case.pk: [] for case in cases}
    rows = PlatformDispute.objects.visible_to(actor).filter(case_id__in=list(found))
    for row in rows.order_by("-fetched_at", "-pk"):
        found[row.case_id].append(row)
    return found


def orders_in_dispute(actor: Actor, order_ids: Sequence[int]) -> set[int]:
    """Return those orders about which the platform runs a dispute, in whichever case: then no money of ours moves."""
    standing = [status.value for status in STOPS_MONEY]
    rows = PlatformDispute.objects.visible_to(actor).filter(case__order_id__in=order_ids, status__in=standing)
    return set(rows.values_list("case__order_id", flat=True))


def ever_disputed(actor: Actor, cases: Sequence[Case]) -> set[int]:
    """Return those of these cases, by row id, about which a dispute was ever seen at the platform."""
    rows = PlatformDispute.objects.visible_to(actor).filter(case_id__in=[case.pk for case in cases])
    return set(rows.values_list("case_id", flat=True))


def waiting_for_buyers(actor: Actor, order_ids: Sequence[int]) -> list[Case]:
    """Return the cases of these orders that wait for their buyer's answer."""
    rows = Case.objects.visible_to(actor).filter(order_id__in=order_ids, status=Status.WAITING_BUYER.value)
    return list(rows.order_by("pk"))


def queue(
    actor: Actor,
    *,
    limit: int = 50,
    after: str | None = None,
    offset: int = 0,
    chosen: str = "",
    now: datetime | None = None,
    zone: ZoneInfo = SHANGHAI,
) -> list[QueueRow]:
    """Return open cases by what is due next, those without a deadline last, in one query.

    ``after`` is ``QueueRow.cursor`` of the last case of the page before; ``offset`` skips rows instead. ``chosen``
    narrows to one of the sums: "due" (by the end of today in ``zone``, needs ``now``), "seller", "buyer" or "missed".
    Raises WrongUse for a cursor or a choice that is none.
    """
    question = _listed(chosen) if chosen in _NARROWED and not after else _narrowed(chosen, after, now, zone)
    return [_row(told) for told in question.ask(actor, limit=min(limit, QUEUE_MOST), offset=offset)]


def counts(actor: Actor, now: datetime, *, zone: ZoneInfo = SHANGHAI) -> Counts:
    """Return the sums of Today in one query. ``zone`` says when today ends."""
    (numbers,) = _sums(_tomorrow(now, zone)).ask(actor) or [(0, 0, 0, 0)]
    return Counts(*numbers)


def incidents(actor: Actor, *, limit: int = 20) -> list[QueueRow]:
    """Return cases in which a deadline was missed and nobody has reviewed it, newest first."""
    return [_row(told) for told in _incidents().ask(actor, limit=limit)]


def resolved_before(actor: Actor, moment: datetime, *, limit: int = 200) -> list[Case]:
    """Return resolved cases that have rested since before a moment: candidates for closing (T23)."""
    resolved = [status.value for status in rules.RESOLVED]
    rows = Case.objects.visible_to(actor).filter(status__in=resolved, resolved_at__lt=moment)
    return list(rows.order_by("resolved_at")[:limit])


def allowed_moves(
    actor: Actor, case: Case, facts: GuardFacts, *, history: Sequence[ClockView] | None = None
) -> list[Move]:
    """List what could be done with a case now, and why the rest cannot. One query, unless the clocks are told."""
    known = standing(actor, case, facts, history=history)
    return rules.moves(Stage(case.stage), Status(case.status), actor, known)


def standing(
    actor: Actor,
    case: Case,
    facts: GuardFacts,
    *,
    at: datetime | None = None,
    history: Sequence[ClockView] | None = None,
) -> GuardFacts:
    """Fill in what this room knows itself: the person, the hold, the card, the clocks. Callers cannot overrule it.

    ``at`` is the moment by which a deadline counts as passed; without it only what the sweep has missed counts.
    ``history`` are all clocks of the case (``deadlines.of_subjects``) when they were read before.
    """
    history = deadlines.of_subject(actor, case.public_id) if history is None else history
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
        next_margin_at=min((clock.margin_at for clock in history if clock.state == "armed"), default=None),
        has_deadline_passed=any(_has_passed(clock, at) for clock in history),
        is_reviewed=not asks_review(case),
        is_own_complaint=not case.is_merged,
        is_other_case_known=case.same_as_id is not None,
    )


def cards_of(actor: Actor, order_id: int) -> Sequence[int]:
    """Return the keys of the cards that an order got: one is the card of a case, more need a person."""
    return cards_of_orders(actor, [order_id])[order_id]


def cards_of_orders(actor: Actor, order_ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
    """Return the same for several orders in one query."""
    found: dict[int, list[int]] = {order_id: [] for order_id in order_ids}
    rows = Card.objects.visible_to(actor).filter(order_id__in=list(found)).order_by("pk")
    for order_id, pk in rows.values_list("order_id", "pk"):
        found[order_id].append(pk)
    return found


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


_OPEN = Q(is_open__in=[True])
"""Open cases. SQLite reads "WHERE is_open" without the index, but "is_open IN (1)" with it."""

_NARROWED = {
    "": _OPEN,
    "seller": _OPEN & Q(waiting_on=WaitingOn.SELLER.value),
    "buyer": _OPEN & Q(waiting_on=WaitingOn.BUYER.value),
    # Said twice: SQLite finds the index of the few incidents by the first, and prefers it to one of all by the second.
    "missed": Q(is_incident=True) & Q(is_incident__in=[True]) & ~Q(status=Status.CLOSED.value),
}


def _rows() -> "QuerySet[Case, tuple[Any, ...]]":
    return Case.objects.filter(shop_id=ANY_SHOP).values_list(*_COLUMNS).order_by(*_BY_DUE)


@cache
def _listed(chosen: str) -> Question:
    return Question.of(_rows().filter(_NARROWED[chosen]))


@cache
def _incidents() -> Question:
    return Question.of(_rows().filter(_NARROWED["missed"]).order_by("-opened_at"))


def _narrowed(chosen: str, after: str | None, now: datetime | None, zone: ZoneInfo) -> Question:
    """Write a question that is another each time: what is due today, or what comes after a case."""
    rows = _rows().filter(_NARROWED.get(chosen) or _choice(chosen, now, zone))
    if after:
        due_at, pk = _read_cursor(after)
        if due_at is None:
            rows = rows.filter(next_due_at__isnull=True, pk__gt=pk)
        else:
            rows = rows.filter(
                Q(next_due_at__gt=due_at) | Q(next_due_at=due_at, pk__gt=pk) | Q(next_due_at__isnull=True)
            )
    return Question.of(rows)


def _row(told: tuple[Any, ...]) -> QueueRow:
    return QueueRow._make((*told[:-3], *map(moment, told[-3:])))  # the three moments are its last columns


@lru_cache(maxsize=8)
def _sums(tomorrow: datetime) -> Question:
    cases = Case.objects.filter(shop_id=OuterRef("pk"))
    sums = Shop.objects.filter(pk=ANY_SHOP).values_list(
        _count(cases.filter(_OPEN, next_due_at__lt=tomorrow)),
        *(_count(cases.filter(_NARROWED[name])) for name in ("seller", "buyer", "missed")),
    )
    return Question.of(sums)


def _count(rows: "QuerySet[Case]") -> Subquery:
    """Return the number of rows as one column of another query. Without GROUP BY, so that each finds its own index."""
    number = Func(template="COUNT(*)", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(n=number).values("n"))


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


def reason_labels(actor: Actor, *, after: int, limit: int) -> list[ReasonLabel]:
    """Return what people said of reasons, in that order, from after a row id; each with its case."""
    rows = ReasonLabel.objects.visible_to(actor).filter(pk__gt=after).select_related(*_LABELLED).order_by("pk")
    return list(rows[:limit])


def latest_reason_labels(actor: Actor, *, limit: int) -> list[ReasonLabel]:
    """Return the latest label of each case, and of those the latest, oldest first; each with its case."""
    rows = ReasonLabel.objects.visible_to(actor).order_by("at", "pk")
    latest = dict(rows.values_list("case_id", "pk"))
    return list(rows.filter(pk__in=sorted(latest.values())[-limit:]).select_related(*_LABELLED))


def last_reason_label(actor: Actor, case: Case) -> ReasonLabel | None:
    """Return what a person said last of a case's reason."""
    return ReasonLabel.objects.visible_to(actor).filter(case_id=case.pk).order_by("at", "pk").last()


def refused_readings(actor: Actor, case: Case) -> list[ReasonLabel]:
    """Return the labels by which people said of a case that its buyer gave no reason."""
    return list(ReasonLabel.objects.visible_to(actor).filter(case_id=case.pk, said=""))


def reason_label_counts(actor: Actor) -> tuple[int, int]:
    """Return how many labels there are, and how many of them agree with what was proposed."""
    rows = ReasonLabel.objects.visible_to(actor)
    agreed = rows.filter(proposed=F("said"), proposed_reason=F("said_reason"))
    return rows.count(), agreed.count()
