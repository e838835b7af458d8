"""What triage answers: a reason with its confidence, the words it rests on, signals, and what a person must look at."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cardcase.connectors.ports import Speaker
from cardcase.kit.text import Text

from .language import UNTOLD, Told

__all__ = ["FORM", "Family", "Need", "Quote", "Speaker", "TriageResult", "Utterance"]

FORM = "form"
"""Message id of quotes that come from the marketplace's refund form instead of the conversation."""


class Family(StrEnum):
    """The four families, and the two honest answers beside them."""

    AUTHENTICITY = "authenticity"
    PERSONAL = "personal"
    VALUE = "value"
    OTHER = "other"
    UNSTATED = "unstated"  # a refund is wanted, no reason said
    NONE = "none"  # not a refund matter


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing said in a conversation. Only the buyer's are read as claims; system texts tell when it was paid."""

    id: str
    text: str
    speaker: Speaker
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """The buyer's own words behind the answer: ``text`` is the slice ``[start:end]`` of the message as it was given."""

    message_id: str
    start: int
    end: int
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a person must look at, with a stable code."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class TriageResult:
    """The claimed reason. ``sub_reason`` is empty for unstated and none; ``confidence`` lies between 0 and 1.

    ``is_certain`` means: one sub-reason dominates with strong words of the buyer that nothing weakens. Only then may
    the system itself confirm the reason (domain T2). ``question`` is the one thing to ask the buyer when it is not.
    ``language`` is what he writes; ``reader`` names the learned reader that looked.
    """

    reason: Family
    sub_reason: str = ""
    second_reason: str = ""
    confidence: float = 0.0
    quotes: tuple[Quote, ...] = ()
    signals: tuple[str, ...] = ()
    is_certain: bool = False
    needs_human: tuple[Need, ...] = field(default=())
    question: Text | None = None
    language: Told = UNTOLD
    reader: str = ""
