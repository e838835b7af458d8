"""The life of a flag: raised by a rule, decided by a person, raised again when its facts change."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from cardcase.kit.errors import Refused
from cardcase.kit.text import Text


class FlagState(StrEnum):
    """Where a flag stands."""

    OPEN = "open"
    CLEARED = "cleared"  # looked at: there is nothing in it
    ACCEPTED = "accepted"  # the owner takes the risk
    ACTED = "acted"  # the shop stopped selling, or did what the rule says
    ENDED = "ended"  # the facts no longer raise it


class Decision(StrEnum):
    """What a person may decide about an open flag."""

    CLEAR = "clear"
    ACCEPT = "accept"
    STOP = "stop"  # of a batch: its unsold cards are set aside
    ACT = "act"  # of an order: what the rule advises was done


AFTER: Final = MappingProxyType(
    {
        Decision.CLEAR: FlagState.CLEARED,
        Decision.ACCEPT: FlagState.ACCEPTED,
        Decision.STOP: FlagState.ACTED,
        Decision.ACT: FlagState.ACTED,
    }
)

STATE_TITLES: Final = MappingProxyType(
    {
        FlagState.OPEN: Text("待核对", "to be looked at"),
        FlagState.CLEARED: Text("已排除", "cleared"),
        FlagState.ACCEPTED: Text("接受风险", "risk accepted"),
        FlagState.ACTED: Text("已处理", "acted upon"),
        FlagState.ENDED: Text("不再出现", "no longer raised"),
    }
)

DECISION_TITLES: Final = MappingProxyType(
    {
        Decision.CLEAR: Text("核对过，没有问题", "looked at, nothing in it"),
        Decision.ACCEPT: Text("知道风险，接受", "risk known and accepted"),
        Decision.STOP: Text("停止出售", "stop selling"),
        Decision.ACT: Text("已按建议处理", "done as advised"),
    }
)


AT_ONCE: Final = 500
"""Flags that one decision covers at most: a page can post so many, and a transaction stays short. Our own choice."""


def mark(facts_sha256: str, version: str) -> str:
    """Return the mark of what a flag says: another one as soon as its facts or the rules behind it change."""
    return sha256(f"{facts_sha256}|{version}".encode()).hexdigest()[:16]


def mark_of_group(marks: Mapping[str, str]) -> str:
    """Return the mark of some flags together, from that of each by its public id."""
    told = "\n".join(f"{flag}:{one}" for flag, one in sorted(marks.items()))
    return sha256(told.encode()).hexdigest()[:16]


def choices(subject_kind: str) -> tuple[Decision, ...]:
    """Return what may be decided about a subject: only a batch can be taken out of sale."""
    last = Decision.STOP if subject_kind == "batch" else Decision.ACT
    return (Decision.CLEAR, Decision.ACCEPT, last)


def decide(state: FlagState, decision: Decision) -> FlagState:
    """Return the state after a decision. Raises Refused unless the flag is open: a decision is not overwritten."""
    if state is not FlagState.OPEN:
        title = STATE_TITLES[state]
        raise Refused(
            f"这条提示{title.zh}，不能再作决定",
            f"This flag is {title.en}; it cannot be decided again",
            next=Text("事实有变化时它会重新打开。", "It opens again when its facts change."),
            code="flag_decided",
        )
    return AFTER[decision]
