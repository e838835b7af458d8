"""Who is told of which alarm, and when: alarm × importance of the deadline × quiet hours."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.deadlines.rules import BINDS_SELLER, PLATFORM_BOUND, DeadlineKind
from cardcase.kit.text import Text

from .quiet import QuietSpan, quiet_until


class Event(StrEnum):
    """What a notice is about. The first three are the alarms of a running deadline, ``stock`` a kind of card."""

    HALF = "half"
    QUARTER = "quarter"
    MARGIN = "margin"
    MISSED = "missed"
    STOCK = "stock"
    TEST = "test"


class Importance(StrEnum):
    """What hangs on a deadline."""

    PLATFORM = "platform"  # the platform acts by itself when the seller is silent
    LOSS = "loss"  # money or a right is lost, but nobody acts at that minute
    OWN = "own"  # our own service goal
    OTHERS = "others"  # a clock of the buyer, or a tidy-up


class Scope(StrEnum):
    """Which deadlines a target wants to hear of."""

    PLATFORM = "platform"
    OURS = "ours"
    ALL = "all"


ALARMS: Final = (Event.HALF, Event.QUARTER, Event.MARGIN, Event.MISSED)
CHOICES: Final = (*ALARMS, Event.STOCK)
"""What a target may choose to be told."""
DEFAULT_EVENTS: Final = (Event.QUARTER, Event.MARGIN, Event.MISSED, Event.STOCK)

NEWS_FOR: Final = timedelta(days=1)
"""How old a miss may be to be told. Our own choice."""

_LOSS: Final = BINDS_SELLER - PLATFORM_BOUND - {DeadlineKind.FIRST_RESPONSE} | {
    DeadlineKind.APPEAL_WINDOW,
    DeadlineKind.SUPPLIER_CLAIM_WINDOW,
}

_WANTED: Final = MappingProxyType(
    {
        Scope.PLATFORM: frozenset({Importance.PLATFORM}),
        Scope.OURS: frozenset({Importance.PLATFORM, Importance.LOSS, Importance.OWN}),
        Scope.ALL: frozenset(Importance),
    }
)

EVENT_TITLES: Final = MappingProxyType(
    {
        Event.HALF: Text("时间过半", "Half of the time is gone"),
        Event.QUARTER: Text("只剩四分之一", "A quarter of the time is left"),
        Event.MARGIN: Text("马上要到期", "Almost due"),
        Event.MISSED: Text("已经错过", "Missed"),
        Event.STOCK: Text("卡快卖完了", "Cards run out"),
        Event.TEST: Text("测试", "Test"),
    }
)

SCOPE_TITLES: Final = MappingProxyType(
    {
        Scope.PLATFORM: Text("只要平台会自动处理的", "Only what the platform acts on by itself"),
        Scope.OURS: Text("所有轮到我们的", "All that wait for us"),
        Scope.ALL: Text("全部，包括等买家的", "All, the buyers' too"),
    }
)


def importance_of(kind: DeadlineKind) -> Importance:
    """Say what hangs on a kind of deadline."""
    if kind in PLATFORM_BOUND:
        return Importance.PLATFORM
    if kind in _LOSS:
        return Importance.LOSS
    return Importance.OWN if kind is DeadlineKind.FIRST_RESPONSE else Importance.OTHERS


def is_told(event: Event, kind: DeadlineKind, *, events: Collection[Event], scope: Scope) -> bool:
    """Tell whether a target that chose these alarms and this scope is told."""
    return event in events and importance_of(kind) in _WANTED[scope]


def is_news(event: Event, *, due_at: datetime, at: datetime) -> bool:
    """Tell whether an alarm is worth a message: cases taken in late have misses of long ago, which Today shows."""
    return event is not Event.MISSED or at - due_at <= NEWS_FOR


def may_wait(event: Event, kind: DeadlineKind, *, until: datetime, margin_at: datetime, due_at: datetime) -> bool:
    """Tell whether an alarm may wait until the quiet ends.

    A platform's margin and a platform's miss never wait, and its earlier alarms only when the margin comes after the
    quiet. Another loss waits unless it would happen meanwhile. Our own goals and others' clocks wait.
    """
    importance = importance_of(kind)
    if importance is Importance.PLATFORM:
        return event in (Event.HALF, Event.QUARTER) and until <= min(margin_at, due_at)
    if importance is Importance.LOSS:
        return event is Event.MISSED or until <= due_at
    return True


def when(
    event: Event,
    kind: DeadlineKind,
    *,
    at: datetime,
    margin_at: datetime,
    due_at: datetime,
    quiet: Sequence[QuietSpan],
) -> datetime:
    """Return when an alarm that rings at a moment is sent: at once, or when the quiet hours end."""
    until = quiet_until(quiet, at)
    if until is None or not may_wait(event, kind, until=until, margin_at=margin_at, due_at=due_at):
        return at
    return until
