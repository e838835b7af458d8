"""What stands against erasing a matter, and when its periods are over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Max

from cardcase.cases import queries as cases
from cardcase.connectors.ports import OrderState
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines.rules import DeadlineKind
from cardcase.inbox.models import Message
from cardcase.orders.models import Refund
from cardcase.privacy.datafiles import retention
from cardcase.privacy.models import Removal
from cardcase.privacy.rules import About, Held, Hold, RemovalState, due_at
from cardcase.privacy.rules.record import KEPT_KINDS
from cardcase.privacy.rules.retention import Moments
from cardcase.remedies.models import Remedy
from cardcase.remedies.rules.facts import LIVE as REMEDY_RUNS
from cardcase.sourcing.models import ClaimCard, Recall, RecallNotice
from cardcase.sourcing.rules.claims import ClaimState
from cardcase.staff.rules import Actor

from .matters import Collected, Matter, collect, matters_of

_NOT_DELIVERED = (OrderState.AWAITING_PAYMENT.value, OrderState.AWAITING_DELIVERY.value)
_CLAIM_OVER = (ClaimState.CLOSED.value, ClaimState.RECOVERED.value, ClaimState.REJECTED.value)


@dataclass(frozen=True)
class Standing:
    """How one matter stands: what it still holds, what holds it, when it is due and by which rule."""

    matter: Matter
    holds: Sequence[Held]
    due_at: datetime | None
    rule: str
    removal: Removal | None  # the latest, dropped and lifted ones aside

    @cached_property
    def collected(self) -> Collected:
        """What the tables still hold."""
        return collect(self.matter)

    @cached_property
    def entries(self) -> Mapping[int, custody.KeptEntry]:
        """Entries of the record whose contents are here and would go."""
        return readable_entries(self.matter)

    @property
    def contents(self) -> int:
        """Contents of the record that would go."""
        return sum(len(entry.contents) for entry in self.entries.values())

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to be erased."""
        return not self.collected.rows and not self.entries

    def is_due(self, now: datetime) -> bool:
        """Tell whether its last period is over."""
        return self.due_at is not None and self.due_at <= now


def standing(actor: Actor, matter: Matter) -> Standing:
    """Look at one matter."""
    rules = retention(actor)
    moments = _moments(matter)
    kinds = {
        About.TRADE: matter.order is not None,
        About.CASE: bool(matter.cases),
        About.TALK: matter.order is None,
    }
    due, rule = due_at(rules, moments, kinds)
    return Standing(matter, tuple(_holds(actor, matter)), due, rule, latest(actor, matter.subject))


def latest(actor: Actor, subject: str) -> Removal | None:
    """Return the latest removal of a matter that was carried out or waits."""
    gone = (RemovalState.DROPPED.value, RemovalState.LIFTED.value)
    found: Removal | None = (
        Removal.objects.visible_to(actor).filter(subject=subject).exclude(state__in=gone).order_by("-pk").first()
    )
    return found


def readable_entries(matter: Matter) -> dict[int, custody.KeptEntry]:
    """Return the entries about a matter whose contents can still be opened, without those that keep theirs."""
    found = {
        entry.seq: entry
        for entry in custody.entries(matter.actor, matter.subjects)
        if entry.kind not in KEPT_KINDS and any(one.salt is not None for one in entry.contents)
    }
    if matter.order is None:
        return found
    cards = list(matter.order.cards.values_list("public_id", flat=True))  # what was told of a card about this order
    for entry in custody.entries(matter.actor, cards):
        if f'"order":"{matter.order.public_id}"'.encode() in entry.data and any(
            one.salt is not None for one in entry.contents
        ):
            found[entry.seq] = entry
    return found


def _moments(matter: Matter) -> Moments:
    said = Message.objects.visible_to(matter.actor).filter(conversation__in=matter.talks)
    last = said.aggregate(said=Max("said_at"), received=Max("received_at"))
    last_message = last["said"] or last["received"]
    order = matter.order
    if order is None:
        # Who never wrote and bought nothing was seen once: that is the only moment there is.
        first = matter.buyer.first_seen_at if matter.buyer is not None else None
        return Moments(last_message_at=last_message or first)
    refunds = Refund.objects.visible_to(matter.actor).filter(order=order)
    known = [order.created_at, order.paid_at, order.delivered_at, order.confirmed_at, order.refunded_at]
    for row in refunds:
        known += [row.applied_at, row.refunded_at, row.rejected_at]
    known += [case.resolved_at or case.opened_at for case in matter.cases]
    ended = max((moment for moment in known if moment is not None), default=None) or order.seen_at
    clocks = deadlines.of_subjects(matter.actor, [case.public_id for case in matter.cases])
    kept = [one.due_at for found in clocks.values() for one in found if _is_retention(one)]
    return Moments(ended, last_message, max(kept, default=None))


def _is_retention(clock: deadlines.ClockView) -> bool:
    return clock.kind is DeadlineKind.RETENTION_UNTIL and clock.state in ("armed", "missed")


def _holds(actor: Actor, matter: Matter) -> Iterator[Held]:
    if matter.order is None:
        yield from _others(actor, matter)
        return
    order = matter.order
    yield from (Held(Hold.CASE_OPEN, case.number) for case in matter.cases if case.is_open)
    if cases.orders_in_dispute(actor, [order.pk]):
        yield Held(Hold.DISPUTE_OPEN, order.order_no)
    if order.state in _NOT_DELIVERED:
        yield Held(Hold.TRADE_OPEN, order.order_no)
    subjects = [order.public_id, *(case.public_id for case in matter.cases)]
    for found in deadlines.of_subjects(actor, subjects).values():
        for clock in found:
            if clock.state in ("armed", "paused") and clock.kind is not DeadlineKind.RETENTION_UNTIL:
                yield Held(Hold.CLOCK_RUNS, clock.title.zh)
    running = [state.value for state in REMEDY_RUNS]
    for row in Remedy.objects.visible_to(actor).filter(case__in=matter.cases, state__in=running).select_related("case"):
        yield Held(Hold.REMEDY_RUNS, row.case.number)
    claimed = ClaimCard.objects.visible_to(actor).filter(card__order=order, is_live=True)
    if claimed.exclude(claim__state__in=_CLAIM_OVER).exists():
        yield Held(Hold.SUPPLIER_CLAIM, order.order_no)
    recalled = Recall.objects.visible_to(actor).filter(batch__cards__order=order).distinct()
    told = RecallNotice.objects.visible_to(actor).filter(order=order).values("recall")
    if recalled.exclude(pk__in=told).exists():
        yield Held(Hold.RECALL_UNTOLD, order.order_no)


def _others(actor: Actor, matter: Matter) -> Iterator[Held]:
    """Who somebody is stays known as long as one of his orders needs it."""
    assert matter.buyer is not None
    for other in matters_of(actor, matter.buyer):
        if other.order is not None and (collect(other).rows or any(_holds(actor, other))):
            yield Held(Hold.OTHERS_FIRST, other.about)
