"""The clocks of a case: which one runs is chosen from the mirror, the dated rules, the shop and what a person typed."""

from datetime import datetime

from django.db import transaction

from cardcase.cases import queries
from cardcase.cases.models import Case
from cardcase.cases.rules import VERDICTS, Need, Status, WaitingOn
from cardcase.connectors.ports import RefundState
from cardcase.custody import service as custody
from cardcase.deadlines import queries as deadline_queries
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import ClockFacts, DeadlineKind, DeadlineSpec, Source, TimeRule, choose, kind_for
from cardcase.deadlines.service import Clocks
from cardcase.kit import clock
from cardcase.kit.catalogue import Certainty
from cardcase.kit.errors import Refused, WrongUse
from cardcase.staff.rules import Actor, Permission

from .rows import Ref, ask_person, keep, save, take, unask, write

OF_THE_STEP = frozenset(
    {
        DeadlineKind.PLATFORM_RESPONSE,
        DeadlineKind.RETURN_RECEIVE,
        DeadlineKind.RETURN_SHIP,
        DeadlineKind.BUYER_RESPONSE,
    }
)
"""Clocks of which one at most runs: the platform's refund stands in one state at a time."""


@transaction.atomic
def type_deadline(actor: Actor, number: str, due_at: datetime, *, revision: int, at: datetime) -> Case:
    """Type in the deadline that a person read in the App. It replaces only the shop's unverified default.

    Raises Refused while the platform's own time or a dated rule is known, WrongUse for a moment that is past.
    """
    actor.require(Permission.WORK)
    if not actor.is_person:
        raise Refused("截止时间要由人来填", "Only a person types in a deadline")
    if due_at <= at:
        raise WrongUse("截止时间已经过了", "This moment lies in the past")
    case = take(actor, number, revision=revision)
    if not case.is_open:
        return _type_appeal_window(actor, case, due_at, at=at)
    running = deadline_queries.armed(actor, [case.public_id])[case.public_id]
    better = [one for one in running if one.kind in OF_THE_STEP and one.source in (Source.API, Source.RULE)]
    if better:
        raise Refused(
            f"已有更可靠的时限（{better[0].source_text.zh}），不用填写",
            f"A better clock is known ({better[0].source_text.en})",
            code="clock_is_known",
        )
    write(actor, case, "deadline_typed", at=at)
    custody.append(actor, custody.Record("case.deadline_typed", case.public_id, at, {"due_at": clock.iso(due_at)}))
    choose_clock(actor, case, typed_due_at=due_at, at=at)
    save(actor, case)
    return case


def _type_appeal_window(actor: Actor, case: Case, due_at: datetime, *, at: datetime) -> Case:
    """Type in until when a ruling can be appealed. Raises Refused where there is no ruling."""
    if Status(case.status) not in VERDICTS:
        raise Refused("这一单已经结束，没有时限在走", "This case is over: no clock runs", code="case_is_over")
    write(actor, case, "deadline_typed", at=at)
    custody.append(actor, custody.Record("case.deadline_typed", case.public_id, at, {"due_at": clock.iso(due_at)}))
    arm_read(actor, case, DeadlineKind.APPEAL_WINDOW, due_at, at=at)
    refresh(actor, case, at=at)
    save(actor, case)
    return case


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
    spec = choose(facts, _rules(actor, case, at), kind=wanted) if wanted else None
    earlier = OF_THE_STEP - {spec.kind} if spec else OF_THE_STEP
    clocks.stop(earlier, "void", at=at, acted_at=_acted_at(case, at))
    shown = None
    if spec is not None:
        shown = clocks.arm(spec, at=at)
        if spec.is_verified:
            unask(case, Need.CLOCK_UNVERIFIED)
        else:
            ask_person(case, Need.CLOCK_UNVERIFIED)
    _keep_nearest(actor, case, clocks, at=at)
    return shown


def refresh(actor: Actor, case: Case, *, at: datetime) -> None:
    """Keep invariant I2 (who waits for the seller has a deadline) and the copy of the nearest deadline on the case."""
    _keep_nearest(actor, case, _in_hand(actor, case), at=at)


def _keep_nearest(actor: Actor, case: Case, clocks: Clocks, *, at: datetime) -> None:
    running = clocks.running
    if case.waiting_on == WaitingOn.SELLER.value and not running:
        own = choose(
            ClockFacts(seen_at=at, default_response_hours=case.shop.default_response_hours),
            _rules(actor, case, at),
            kind=DeadlineKind.FIRST_RESPONSE,
        )
        if own is not None:
            running = [clocks.arm(own, at=at)]
    _keep_next_due(case, running[0].due_at if running else None)


def _keep_next_due(case: Case, due_at: datetime | None) -> None:
    if case.next_due_at != due_at:
        keep(case, next_due_at=due_at)


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
    )


def arm_offer(actor: Actor, case: Case, expires_at: datetime, *, at: datetime) -> None:
    """Start the clock of an offer: our own, always before the platform's."""
    spec = DeadlineSpec.of(
        DeadlineKind.OFFER_EXPIRY,
        started_at=at,
        due_at=expires_at,
        source=Source.TYPED,
        certainty=Certainty.JUDGEMENT,
        rule="offer",
    )
    deadlines.arm(actor, case.public_id, spec, at=at)


def arm_settling(actor: Actor, case: Case, *, at: datetime) -> None:
    """Start the clock by which an executed remedy must be verified, when the catalogue has one."""
    spec = choose(ClockFacts(agreed_at=at), _rules(actor, case, at), kind=DeadlineKind.REFUND_SETTLE)
    if spec is not None:
        deadlines.arm(actor, case.public_id, spec, at=at)


def arm_own(actor: Actor, case: Case, kind: DeadlineKind, due_at: datetime, *, rule: str, at: datetime) -> None:
    """Start a clock of our own making: a wait for evidence, work put off, the next look at a payment."""
    spec = DeadlineSpec.of(
        kind, started_at=at, due_at=due_at, source=Source.TYPED, certainty=Certainty.JUDGEMENT, rule=rule
    )
    deadlines.arm(actor, case.public_id, spec, at=at)


def arm_read(actor: Actor, case: Case, kind: DeadlineKind, due_at: datetime | None, *, at: datetime) -> None:
    """Start a clock of the platform as a person read it there; unread, the shop's default where silence loses."""
    facts = ClockFacts(seen_at=at, default_response_hours=case.shop.default_response_hours, typed_due_at=due_at)
    spec = choose(facts, _rules(actor, case, at), kind=kind)
    if spec is not None:
        deadlines.arm(actor, case.public_id, spec, at=at)
        if not spec.is_verified:
            ask_person(case, Need.CLOCK_UNVERIFIED)


def stop(actor: Actor, case: Case, *kinds: DeadlineKind, at: datetime, acted_at: datetime) -> None:
    """Stop clocks of these kinds because nothing hangs on them any more."""
    others = [kind for kind in DeadlineKind if kind not in kinds]
    deadlines.void_all(actor, case.public_id, at=at, acted_at=acted_at, keep=others)


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
    """Return the rules of time as they stood when the refund was applied for."""
    applied = case.refund.applied_at if case.refund else None
    return queries.time_rules(actor, (applied or at).astimezone(clock.SHANGHAI).date())
