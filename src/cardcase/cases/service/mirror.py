"""Following the platform: what its own state of the refund does to a case. The mirror is read, never written (I4)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from cardcase.cases import rules
from cardcase.cases.models import Case
from cardcase.cases.rules import BY_EVENT, Event, GuardFacts, Need, Outcome, Stage, Status
from cardcase.connectors.ports import RefundState
from cardcase.custody import service as custody
from cardcase.deadlines.service import Clocks
from cardcase.orders.models import Refund
from cardcase.staff.rules import Actor, Permission

from . import clocks
from .moves import move
from .rows import Ref, ask_person, keep, save, take, unask, write

TOLERANCE = timedelta(minutes=1)
"""Clocks of two machines: money that went back within this before the deadline went back at the deadline."""


@transaction.atomic
def platform_moved(
    actor: Actor,
    ref: Ref,
    refund_state: RefundState,
    *,
    at: datetime,
    ruling_raw: str = "",
) -> Case:
    """Act upon the state in which the platform now shows the refund of a case; the same state again only its clock.

    Times and raw words are read from the case's refund row, which the room orders keeps. ``ruling_raw`` are the
    platform's own words when they are known. Never fails on an unknown state: a person is asked.
    """
    actor.require(Permission.WORK)
    case = take(actor, ref)
    follow(actor, case, RefundState(refund_state), ruling_raw=ruling_raw, at=at)
    save(actor, case)
    return case


def follow(
    actor: Actor,
    case: Case,
    state: RefundState,
    *,
    at: datetime,
    ruling_raw: str = "",
    known: Clocks | None = None,
) -> None:
    """Do the same to a case that is in hand, and perhaps its clocks; the caller saves it."""
    _take_over_amount(case)
    if case.mirror_state == state.value:
        if case.is_open:
            clocks.choose_clock(actor, case, known=known, at=at)
        return
    before = case.mirror_state
    happened_at = _happened_at(case.refund, state) or at
    timed_out, is_verified = False, True
    if state is RefundState.SUCCEEDED:
        timed_out, is_verified = clocks.time_out_of(actor, case, paid_at=happened_at + TOLERANCE, at=at)
    effect = rules.effect(Status(case.status), state, is_timed_out=timed_out, is_clock_verified=is_verified)
    offered = [event for event in effect.events if BY_EVENT[event].offered]
    keep(case, mirror_state=state.value)
    if state is not RefundState.UNKNOWN:
        unask(case, Need.REFUND_STATE_UNKNOWN)
    if not offered:
        _note_state(actor, case, before, at=at)
    for event in offered:
        facts = GuardFacts(
            told_by_platform=True,
            source_event_id=f"refund:{case.refund.external_id}" if case.refund else "",
            verdict=Status.LOST,
            ruling_raw=ruling_raw or _raw(case.refund, state),
            is_payment_verified=state is RefundState.SUCCEEDED,
        )
        move(
            actor,
            case,
            event,
            facts=facts,
            details={"refund_state": state.value, "refund_state_raw": _raw(case.refund, state), "was": before},
            outcome=_outcome(case) if event in (Event.PAID_ELSEWHERE, Event.VERIFIED) else None,
            at=at,
            acted_at=happened_at + TOLERANCE if event is Event.TIMED_OUT else happened_at,
            judged_as=Actor.system(actor.shop_id),
            has_deadline_passed=timed_out,
        )
    ask_person(case, *_needs(effect, has_ruling=bool(ruling_raw), has_moved=bool(offered)))
    if case.is_open:
        clocks.choose_clock(actor, case, known=None if offered else known, at=at)  # a move has clocks of its own


def _needs(effect: rules.Effect, *, has_ruling: bool, has_moved: bool) -> list[Need]:
    """Leave out what is not to be asked: a ruling that was read, a payment that the move itself has settled."""
    settled: set[Need] = set()
    if has_ruling:
        settled.add(Need.RULING_UNREAD)
    if has_moved:
        settled.add(Need.PAID_WHILE_EXECUTING)
    return [need for need in effect.needs if need not in settled]


def _note_state(actor: Actor, case: Case, before: str, *, at: datetime) -> None:
    """Record that the platform moved while the case stands where it stood (T25: same), lifting the stage if need be."""
    changes: dict[str, Any] = {}
    if case.stage == Stage.ENQUIRY.value and case.refund is not None:
        changes["stage"] = Stage.PLATFORM_REFUND.value
    if not before and not changes:
        return  # the state that the case was opened with is in its first entry
    write(actor, case, "mirrored", at=at, **changes)
    facts: dict[str, custody.JSON] = {
        "was": before,
        "refund_state": case.mirror_state,
        "refund_state_raw": _raw(case.refund, RefundState(case.mirror_state)),
        "status": case.status,
        "stage_to": case.stage,
        "revision": case.revision,
    }
    custody.append(actor, custody.Record("case.mirrored", case.public_id, at, facts))


def _take_over_amount(case: Case) -> None:
    if case.refund is not None and case.refund.amount_fen not in (None, case.claimed_fen):
        keep(case, claimed_fen=case.refund.amount_fen)


def _outcome(case: Case) -> Outcome:
    paid, refunded = case.order.paid_fen, case.refund.amount_fen if case.refund else None
    if paid is not None and refunded is not None and refunded < paid:
        return Outcome.PARTLY_REFUNDED
    return Outcome.REFUNDED


_MOMENTS: dict[RefundState, Callable[[Refund], datetime | None]] = {
    RefundState.SUCCEEDED: lambda refund: refund.refunded_at,
    RefundState.REFUSED: lambda refund: refund.rejected_at or refund.modified_at,
    RefundState.CLOSED: lambda refund: refund.modified_at,
}


def _happened_at(refund: Refund | None, state: RefundState) -> datetime | None:
    """Return when the platform made this step, when it tells."""
    read = _MOMENTS.get(state)
    return read(refund) if refund is not None and read is not None else None


def _raw(refund: Refund | None, state: RefundState) -> str:
    """Return the platform's own word for the state; our reading of it when it has none."""
    return (refund.state_raw if refund else "") or state.value
