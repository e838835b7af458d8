"""Who is told what when, where a notice goes, and in which words. Pure: the moment is an argument."""

from .addresses import KIND_TITLES, Address, TargetKind, read_address
from .alarms import (
    EVENT_TITLES,
    SCOPE_TITLES,
    Event,
    Importance,
    Scope,
    importance_of,
    is_news,
    is_told,
    may_wait,
    when,
)
from .outcomes import DISABLE_AFTER, MAX_TIMES, OUTCOME_TEXTS, NoticeState, Outcome, Result
from .quiet import QuietSpan, quiet_until, read_spans
from .words import DueFacts, Message, StockFacts, deadline_message, masked_nick, stock_message, trial_message

__all__ = [
    "DISABLE_AFTER",
    "EVENT_TITLES",
    "KIND_TITLES",
    "MAX_TIMES",
    "OUTCOME_TEXTS",
    "SCOPE_TITLES",
    "Address",
    "DueFacts",
    "Event",
    "Importance",
    "Message",
    "NoticeState",
    "Outcome",
    "QuietSpan",
    "Result",
    "Scope",
    "StockFacts",
    "TargetKind",
    "deadline_message",
    "importance_of",
    "is_news",
    "is_told",
    "masked_nick",
    "may_wait",
    "quiet_until",
    "read_address",
    "read_spans",
    "stock_message",
    "trial_message",
    "when",
]
