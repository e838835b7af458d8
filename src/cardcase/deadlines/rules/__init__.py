"""Rules of time: pure, the moment is an argument. Start at ``clocks.choose``."""

from .alarms import Alarm, ring, schedule
from .clocks import ClockFacts, DeadlineSpec, TimeRule, choose, due_at, kind_for, margin_at, start_of
from .kinds import (
    BINDS_SELLER,
    DEFAULT_OUTCOME,
    IF_MISSED_TEXTS,
    KIND_TITLES,
    PLATFORM_BOUND,
    DeadlineKind,
    IfMissed,
    Source,
    Trigger,
    source_text,
)

__all__ = [
    "BINDS_SELLER",
    "DEFAULT_OUTCOME",
    "IF_MISSED_TEXTS",
    "KIND_TITLES",
    "PLATFORM_BOUND",
    "Alarm",
    "ClockFacts",
    "DeadlineKind",
    "DeadlineSpec",
    "IfMissed",
    "Source",
    "TimeRule",
    "Trigger",
    "choose",
    "due_at",
    "kind_for",
    "margin_at",
    "ring",
    "schedule",
    "source_text",
    "start_of",
]
