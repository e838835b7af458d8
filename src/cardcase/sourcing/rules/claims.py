"""The life of a claim on a supplier as one table. What is not in the table is refused."""

from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.errors import Refused
from cardcase.kit.text import Text


class ClaimState(StrEnum):
    """Where a claim stands."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REJECTED = "rejected"
    RECOVERED = "recovered"
    CLOSED = "closed"


class ClaimEvent(StrEnum):
    """What can happen to a claim."""

    SEND = "send"
    ACCEPT = "accept"
    ACCEPT_PARTLY = "accept_partly"
    REJECT = "reject"
    RECOVER = "recover"  # the money, or what stands for it, has come in
    CLOSE = "close"


_S, _E = ClaimState, ClaimEvent

FLOW: Final = MappingProxyType(
    {
        (_S.DRAFT, _E.SEND): _S.SENT,
        (_S.DRAFT, _E.CLOSE): _S.CLOSED,  # thought better of
        (_S.SENT, _E.ACCEPT): _S.ACCEPTED,
        (_S.SENT, _E.ACCEPT_PARTLY): _S.PARTLY,
        (_S.SENT, _E.REJECT): _S.REJECTED,
        (_S.ACCEPTED, _E.RECOVER): _S.RECOVERED,
        (_S.PARTLY, _E.RECOVER): _S.RECOVERED,
        (_S.RECOVERED, _E.RECOVER): _S.RECOVERED,  # it comes in parts
        (_S.RECOVERED, _E.CLOSE): _S.CLOSED,
        (_S.ACCEPTED, _E.CLOSE): _S.CLOSED,  # promised and never paid
        (_S.PARTLY, _E.CLOSE): _S.CLOSED,
        (_S.REJECTED, _E.CLOSE): _S.CLOSED,
    }
)
"""(state, event) → state."""

EDITABLE: Final = frozenset({_S.DRAFT})
"""Only a draft takes cards in or gives them up: what was sent is what was sent."""

TITLES: Final = MappingProxyType(
    {
        _S.DRAFT: Text("草稿", "draft"),
        _S.SENT: Text("已提交", "sent"),
        _S.ACCEPTED: Text("对方同意", "accepted"),
        _S.PARTLY: Text("对方部分同意", "partly accepted"),
        _S.REJECTED: Text("对方拒绝", "rejected"),
        _S.RECOVERED: Text("已收到赔款", "recovered"),
        _S.CLOSED: Text("已结束", "closed"),
    }
)

EVENT_TITLES: Final = MappingProxyType(
    {
        _E.SEND: Text("已发给货源方", "sent to the supplier"),
        _E.ACCEPT: Text("对方同意", "the supplier accepts"),
        _E.ACCEPT_PARTLY: Text("对方部分同意", "the supplier accepts a part"),
        _E.REJECT: Text("对方拒绝", "the supplier rejects"),
        _E.RECOVER: Text("收到赔款", "money came in"),
        _E.CLOSE: Text("结束索赔", "close the claim"),
    }
)


def advance(state: ClaimState, event: ClaimEvent) -> ClaimState:
    """Return the next state. Raises Refused when the table has no such step."""
    try:
        return FLOW[state, event]
    except KeyError:
        title = TITLES[state]
        raise Refused(
            f"这笔索赔{title.zh}，不能做这一步",
            f"This claim is {title.en}; this step is not possible",
            next=Text("刷新页面看索赔现在的状态。", "Reload the page to see where the claim stands."),
            code="illegal_claim_move",
            state=state.value,
            event=event.value,
        ) from None


def open_events(state: ClaimState) -> tuple[ClaimEvent, ...]:
    """Return what can happen now, in the order of the table."""
    return tuple(event for known, event in FLOW if known is state)


def window(claim_until: date | None, acquired_on: date | None, claim_days: int | None) -> date | None:
    """Return the last day on which a supplier takes a claim: what the batch says, else its general terms, else None."""
    if claim_until is not None:
        return claim_until
    if acquired_on is not None and claim_days is not None:
        return acquired_on + timedelta(days=claim_days)
    return None
