"""What the platform's own state of a refund means for a case: a total table, so that nothing from outside fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.connectors.ports import RefundState

from .needs import Need
from .states import OPEN, Event, Status

_UNDECIDED: Final = frozenset({Status.NEW, Status.NEEDS_RESPONSE, Status.WAITING_BUYER, Status.OFFER_MADE})
_AGREED: Final = frozenset({Status.AGREED, Status.EXECUTING})
_SELLERS_TURN: Final = frozenset(
    {RefundState.AWAITING_SELLER, RefundState.AWAITING_ADDRESS, RefundState.AWAITING_RECEIPT}
)


@dataclass(frozen=True, slots=True)
class Effect:
    """Moves to make in order, and what to ask a person. Neither: the case already stands where the platform does."""

    events: tuple[Event, ...] = ()
    needs: tuple[Need, ...] = ()


def effect(status: Status, state: RefundState, *, is_timed_out: bool, is_clock_verified: bool = True) -> Effect:
    """Read the platform's state of a refund as an effect on a case.

    ``is_timed_out``: the money went back after the seller's deadline had passed. An unverified clock still counts,
    but a person is asked to check. Total: every status and every state has an answer.
    """
    if state is RefundState.SUCCEEDED:
        return _paid(status, is_timed_out=is_timed_out, is_clock_verified=is_clock_verified)
    if state in _SELLERS_TURN and status in _REOPENABLE:
        return _REOPENED
    return _ELSE.get((state, _group(status)), _UNKNOWN if state is RefundState.UNKNOWN else Effect())


class _Group(StrEnum):
    UNDECIDED = "undecided"
    AGREED = "agreed"
    DECLINED = "declined"
    UNDER_REVIEW = "under_review"
    OVER = "over"


def _group(status: Status) -> _Group:
    if status in _UNDECIDED:
        return _Group.UNDECIDED
    if status in _AGREED:
        return _Group.AGREED
    return _Group(status.value) if status in OPEN else _Group.OVER


_UNKNOWN: Final = Effect(needs=(Need.REFUND_STATE_UNKNOWN,))
_WITHDRAWN: Final = Effect(events=(Event.WITHDRAWN,))
_AGAIN: Final = Effect(needs=(Need.REAPPLIED,))
_REAPPLIED: Final = Effect((Event.REAPPLIED,), (Need.REAPPLIED,))
_REOPENED: Final = Effect((Event.REOPENED,), (Need.REAPPLIED,))
_REOPENABLE: Final = frozenset({Status.SETTLED, Status.WON, Status.WITHDRAWN, Status.CLOSED})

_ELSE: Final[Mapping[tuple[RefundState, _Group], Effect]] = MappingProxyType(
    {
        (RefundState.CLOSED, _Group.UNDECIDED): _WITHDRAWN,
        (RefundState.CLOSED, _Group.DECLINED): _WITHDRAWN,
        (RefundState.CLOSED, _Group.UNDER_REVIEW): _WITHDRAWN,
        (RefundState.CLOSED, _Group.AGREED): Effect(needs=(Need.CLOSED_AFTER_AGREEMENT,)),
        (RefundState.REFUSED, _Group.UNDECIDED): Effect((Event.REFUSED_ELSEWHERE,), (Need.REFUSED_ELSEWHERE,)),
        (RefundState.REFUSED, _Group.AGREED): Effect(needs=(Need.REFUSED_AFTER_AGREEMENT,)),
        (RefundState.AWAITING_RETURN, _Group.UNDECIDED): Effect(needs=(Need.AGREED_ELSEWHERE,)),
        **{(state, _Group.DECLINED): _REAPPLIED for state in _SELLERS_TURN},
        **{(state, _Group.OVER): _AGAIN for state in _SELLERS_TURN},
    }
)


_PAID: Final[Mapping[Status, Effect]] = MappingProxyType(
    {
        Status.AGREED: Effect((Event.PAID_ELSEWHERE,), (Need.PAID_ELSEWHERE,)),
        Status.EXECUTING: Effect((Event.VERIFIED,)),
        # After a refusal only the platform pays, or the seller who thought again in the App: a person says which.
        Status.DECLINED: Effect((Event.STEPPED_IN, Event.RULED), (Need.RULING_UNREAD,)),
        Status.UNDER_REVIEW: Effect((Event.RULED,), (Need.RULING_UNREAD,)),
        Status.WON: Effect(needs=(Need.PAID_ELSEWHERE,)),
        Status.WITHDRAWN: Effect(needs=(Need.PAID_ELSEWHERE,)),
    }
)


def _paid(status: Status, *, is_timed_out: bool, is_clock_verified: bool) -> Effect:
    if status not in _UNDECIDED:
        return _PAID.get(status, Effect())
    if not is_timed_out:
        return Effect((Event.PAID_ELSEWHERE,), (Need.PAID_ELSEWHERE,))
    needs = (Need.POST_MORTEM,) if is_clock_verified else (Need.POST_MORTEM, Need.TIMEOUT_UNVERIFIED)
    return Effect((Event.TIMED_OUT,), needs)
