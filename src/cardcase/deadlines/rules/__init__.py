"""Rules of time: pure, the moment is an argument. Start at ``clocks.choose``; own goals are counted in ``working``."""

from .alarms import Alarm, ring, schedule
from .clocks import ClockFacts, DeadlineSpec, TimeRule, choose, due_at, kind_for, margin_at, start_of
from .drift import HOLD, TOLERANCE, Drift
from .kinds import (
    BINDS_SELLER,
    DEFAULT_OUTCOME,
    FOLLOWS_HOURS,
    IF_MISSED_TEXTS,
    IN_BACKGROUND,
    KIND_TITLES,
    OUTLIVES_CASE,
    PLATFORM_BOUND,
    SILENT,
    DeadlineKind,
    IfMissed,
    Source,
    Trigger,
    source_text,
)
from .pauses import BY_ITSELF, PAUSE_TITLES, PauseReason
from .told import TELLABLE, check_again, order_clocks, supplier_claim, told

__all__ = [
    "BINDS_SELLER",
    "BY_ITSELF",
    "DEFAULT_OUTCOME",
    "FOLLOWS_HOURS",
    "HOLD",
    "IF_MISSED_TEXTS",
    "IN_BACKGROUND",
    "KIND_TITLES",
    "OUTLIVES_CASE",
    "PAUSE_TITLES",
    "PLATFORM_BOUND",
    "SILENT",
    "TELLABLE",
    "TOLERANCE",
    "Alarm",
    "ClockFacts",
    "DeadlineKind",
    "DeadlineSpec",
    "Drift",
    "IfMissed",
    "PauseReason",
    "Source",
    "TimeRule",
    "Trigger",
    "check_again",
    "choose",
    "due_at",
    "kind_for",
    "margin_at",
    "order_clocks",
    "ring",
    "schedule",
    "source_text",
    "start_of",
    "supplier_claim",
    "told",
]
