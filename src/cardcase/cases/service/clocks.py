"""The clocks of a case: which one runs is chosen from the mirror, the dated rules, the shop and what a person typed."""

from datetime import datetime

from cardcase.cases import queries
from cardcase.cases.models import Case
from cardcase.cases.rules import Need, WaitingOn
from cardcase.connectors.ports import RefundState
from cardcase.deadlines import queries as deadline_queries
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import (
    BY_ITSELF,
    IN_BACKGROUND,
    ClockFacts,
    DeadlineKind,
    DeadlineSpec,
    PauseReason,
    Source,
    TimeRule,
    check_again,
    choose,
    kind_for,
)
from cardcase.deadlines.service import Clocks
from cardcase.kit import clock
from cardcase.kit.catalogue import Certainty
from cardcase.staff.rules import Actor, Permission

from . import orders
from .rows import Ref, ask_person, keep, save, unask

OF_THE_STEP = frozenset(
    {
        DeadlineKind.PLATFORM_RESPONSE,
        DeadlineKind.RETURN_RECEIVE,
        DeadlineKind.RETURN_SHIP,
        DeadlineKind.BUYER_RESPONSE,
    }
)
"""Clocks of which one at most runs: the platform's refund stands in one state at a time."""

_PAUSES = {
    WaitingOn.BUYER.value: PauseReason.WAITING_BUYER,
    WaitingOn.SUPPLIER.value: PauseReason.WAITING_SUPPLIER,
    WaitingOn.PLATFORM.value: PauseReason.WAITING_PLATFORM,
}
"""Why our own goal stands still while it is not our turn."""


def set_next_due(actor: Actor, ref: Ref, due_at: datetime | None) -> Case:
    """Copy a deadline onto a case for the queue's order. Decides nothing, so the revision stays."""
    actor.require(Permission.WORK)
    case = ref if isinstance(ref, Case) else queries.find(actor, ref)
    _keep_next_due(case, due_at)
    save(actor, case)
    return case


def choose_clock(
    actor: Actor, case: Case, *, typed_due_at: datetime | None = None, known: Clocks | None = None, at: datetime
) -> ClockView | None:
    """Arm the clock of the platform's present step, stop those of earlier steps, and keep I2 as ``refresh`` does.

    The case is in hand already; so are its clocks when they are ``known``. While a person's word that the buyer
    applied again is newer than the platform's data, the seller's clock runs.
    """
    clocks = known or _in_hand(actor, case)
    facts = _facts_of(case, typed_due_at=typed_due_at or _typed(clocks))
    wanted = kind_for(facts.refund_state) if case.is_open else None
    rules = _rules(actor, case, at)
    spec = choose(facts, rules, kind=wanted) if wanted else None
    earlier = OF_THE_STEP - {spec.kind} if spec else OF_THE_STEP
    clocks.stop(earlier, "void", at=at, acted_at=_acted_at(case, at))
    orders.follow_receipt(actor, case, facts, rules, at=at)
    orders.follow_batch(actor, case, at=at)
    shown = None
    if spec is not None:
        shown = clocks.arm(spec, at=at)
        _ask_unverified(case, clocks)
    _keep_nearest(actor, case, clocks, at=at)
    return shown


def _ask_unverified(case: Case, clocks: Clocks) -> None:
    """Ask for the moment that the App shows while a clock runs for which only the shop's default stands in."""
    if all(one.is_verified for one in clocks.running):
        unask(case, Need.CLOCK_UNVERIFIED)
    else:
        ask_person(case, Need.CLOCK_UNVERIFIED)


def refresh(actor: Actor, case: Case, *, at: datetime) -> None:
    """Keep invariant I2 (who waits for the seller has a deadline) and the copy of the nearest deadline on the case.

    Our own goal stands still while it is somebody else's turn, and runs on when it is ours again.
    """
    _keep_nearest(actor, case, _in_hand(actor, case), at=at)


def _keep_nearest(actor: Actor, case: Case, clocks: Clocks, *, at: datetime) -> None:
    _follow_turn(actor, case, clocks, at=at)
    ahead = [one for one in clocks.running if one.kind not in IN_BACKGROUND]
    if case.waiting_on == WaitingOn.SELLER.value and not ahead and not clocks.paused:
        own = choose(
            ClockFacts(seen_at=at, default_response_hours=case.shop.default_response_hours),
            _rules(actor, case, at),
            kind=DeadlineKind.FIRST_RESPONSE,
        )
        if own is not None:
            ahead = [clocks.arm(own, at=at)]
    _keep_next_due(case, ahead[0].due_at if ahead else None)


def _keep_next_due(case: Case, due_at: datetime | None) -> None:
    if case.next_due_at != due_at:
        keep(case, next_due_at=due_at)


def _follow_turn(actor: Actor, case: Case, clocks: Clocks, *, at: datetime) -> None:
    """Pause or resume our own goal as the turn asks; a pause that a person made is theirs to end."""
    goal = next((one for one in (*clocks.running, *clocks.paused) if one.kind is DeadlineKind.FIRST_RESPONSE), None)
    if goal is None:
        return
    reason = _PAUSES.get(case.waiting_on)
    if reason is not None and not goal.is_paused:
        deadlines.pause(actor, case.public_id, goal.kind, reason, at=at)
    elif case.waiting_on == WaitingOn.SELLER.value and goal.is_paused and _is_by_itself(actor, case):
        deadlines.resume(actor, case.public_id, goal.kind, at=at)
    else:
        return
    clocks.read_again()


def _is_by_itself(actor: Actor, case: Case) -> bool:
    pauses = [one for one in deadline_queries.pauses_of(actor, case.public_id) if one.resumed_at is None]
    return all(one.reason in BY_ITSELF for one in pauses)


def end_own_goal(actor: Actor, case: Case, *, at: datetime) -> None:
    """Stop our own goal for an enquiry's first answer once a clock of the platform runs.

    A refund that was known from the start never had that goal, and what came first must not decide what is due next.
    """
    clocks = _in_hand(actor, case)
    if any(one.kind in OF_THE_STEP for one in clocks.running):
        clocks.stop({DeadlineKind.FIRST_RESPONSE}, "void", at=at, acted_at=at)
        _keep_nearest(actor, case, clocks, at=at)


def time_out_of(actor: Actor, case: Case, *, paid_at: datetime, at: datetime) -> tuple[bool, bool]:
    """Tell whether the seller's deadline had passed when the money went back, and whether that clock is verified.

    Without a row (a refund that was over before Cardcase saw it) only the platform's time or a dated rule counts.
    """
    missed = deadline_queries.missed_by(actor, case.public_id, at=paid_at)
    if missed is not None:
        return True, missed.is_verified and case.refund is not None and case.refund.refunded_at is not None
    if any(known.is_platform_bound for known in deadline_queries.of_subject(actor, case.public_id)):
        return False, True
    facts = _facts_of(case)
    spec = _as_if_waiting(facts, _rules(actor, case, at))
    if spec is None or spec.source not in (Source.API, Source.RULE):
        return False, True
    return spec.due_at <= paid_at, spec.is_verified


def _facts_of(case: Case, *, typed_due_at: datetime | None = None) -> ClockFacts:
    """Gather what the mirror tells about the times of a case."""
    order, refund = case.order, case.refund
    again_at = _again_at(case)
    support = order.service_support or (order.listing.service_support if order.listing else "")
    return ClockFacts(
        refund_state=RefundState.AWAITING_SELLER.value if again_at else refund.state if refund else "",
        refund_timeout_at=refund.timeout_at if refund and not again_at else None,
        refund_applied_at=again_at or (refund.applied_at if refund else None),
        paid_at=order.paid_at,
        delivered_at=order.delivered_at,
        confirmed_at=order.confirmed_at,
        seen_at=again_at or case.opened_at,
        service_support=tuple(code.strip() for code in support.split(",") if code.strip()),
        default_response_hours=case.shop.default_response_hours,
        typed_due_at=typed_due_at,
        told_at=refund.modified_at if refund else None,
    )


def arm_settling(actor: Actor, case: Case, *, at: datetime) -> None:
    """Start the clock by which an executed remedy must be verified, when the catalogue has one."""
    spec = choose(ClockFacts(agreed_at=at), _rules(actor, case, at), kind=DeadlineKind.REFUND_SETTLE)
    if spec is not None:
        deadlines.arm(actor, case.public_id, spec, at=at)


def arm_own(actor: Actor, case: Case, kind: DeadlineKind, due_at: datetime, *, rule: str, at: datetime) -> None:
    """Start a clock of our own making: an offer, a wait for evidence, work put off."""
    spec = DeadlineSpec.of(
        kind, started_at=at, due_at=due_at, source=Source.TYPED, certainty=Certainty.JUDGEMENT, rule=rule
    )
    deadlines.arm(actor, case.public_id, spec, at=at)


def tell(
    actor: Actor,
    case: Case,
    kind: DeadlineKind,
    due_at: datetime | None,
    *,
    told_at: datetime | None = None,
    at: datetime,
) -> None:
    """Start a clock that the platform told of: by its own data, or by a person who read it in the App.

    Unread, the shop's default stands in where silence loses. Raises what ``deadlines.service.tell`` refuses.
    """
    source = Source.TYPED if actor.is_person else Source.API
    deadlines.tell(actor, case.public_id, kind, due_at, source=source, told_at=told_at, at=at)
    _ask_unverified(case, _in_hand(actor, case))


def stop(actor: Actor, case: Case, *kinds: DeadlineKind, at: datetime, acted_at: datetime) -> None:
    """Stop clocks of these kinds because nothing hangs on them any more."""
    others = [kind for kind in DeadlineKind if kind not in kinds]
    deadlines.void_all(actor, case.public_id, at=at, acted_at=acted_at, keep=others)


def settle_again(actor: Actor, case: Case, *, at: datetime) -> bool:
    """Start the next look at an execution that is not verified yet. False when it was looked for long enough."""
    history = deadline_queries.of_subject(actor, case.public_id)
    checks = [one for one in history if one.kind is DeadlineKind.REFUND_SETTLE]
    if not checks:
        return False
    last = checks[-1]
    due_at = check_again(_rules(actor, case, at), last.kind, started_at=last.started_at, at=at)
    if due_at is None:
        return False
    spec = DeadlineSpec.of(
        last.kind,
        started_at=last.started_at,
        due_at=due_at,
        source=last.source,
        certainty=last.certainty,
        rule=last.rule,
    )
    deadlines.arm(actor, case.public_id, spec, at=at)
    return True


def arm_retention(actor: Actor, case: Case, *, at: datetime) -> None:
    """Start the time for which the papers of a closed case are kept, when the catalogue has one."""
    spec = choose(ClockFacts(closed_at=at), _rules(actor, case, at), kind=DeadlineKind.RETENTION_UNTIL)
    if spec is not None:
        deadlines.arm(actor, case.public_id, spec, at=at)


_ANSWERED = (RefundState.REFUSED.value, RefundState.CLOSED.value, RefundState.SUCCEEDED.value)


def _again_at(case: Case) -> datetime | None:
    """Return when the buyer applied again by a person's word, while the platform's data are older than that."""
    refund = case.refund
    if case.reapplied_at is None or refund is None or refund.state not in _ANSWERED:
        return None
    told = max((at for at in (refund.modified_at, refund.rejected_at) if at is not None), default=None)
    return case.reapplied_at if told is None or told < case.reapplied_at else None


def _as_if_waiting(facts: ClockFacts, known: list[TimeRule]) -> DeadlineSpec | None:
    """Choose the clock that ran while the refund still waited for the seller."""
    waiting = ClockFacts(
        refund_state=RefundState.AWAITING_SELLER.value,
        refund_timeout_at=facts.refund_timeout_at,
        refund_applied_at=facts.refund_applied_at,
        paid_at=facts.paid_at,
        delivered_at=facts.delivered_at,
        confirmed_at=facts.confirmed_at,
        service_support=facts.service_support,
    )
    return choose(waiting, known, kind=DeadlineKind.PLATFORM_RESPONSE)


def _acted_at(case: Case, at: datetime) -> datetime:
    """Return when the platform's refund last changed, so that a step done in time is not called missed later."""
    refund = case.refund
    if refund is None:
        return at
    moments = [refund.refunded_at, refund.rejected_at, refund.modified_at]
    return max((moment for moment in moments if moment is not None and moment <= at), default=at)


def _in_hand(actor: Actor, case: Case) -> Clocks:
    return deadlines.in_hand(actor, [case.public_id])[case.public_id]


def _typed(clocks: Clocks) -> datetime | None:
    """Return the moment that a person typed in earlier and that still runs."""
    typed = [one for one in clocks.running if one.source is Source.TYPED and one.kind in OF_THE_STEP]
    return typed[0].due_at if typed else None


def _rules(actor: Actor, case: Case, at: datetime) -> list[TimeRule]:
    """Return the rules of time as they stood when the refund was applied for, or when the case was opened."""
    applied = case.refund.applied_at if case.refund else None
    return queries.time_rules(actor, (applied or case.opened_at or at).astimezone(clock.SHANGHAI).date())
