"""Verbs of evidence: exhibits, what is asked of whom, and what the buyer answers to guided questions."""

from .answers import record_answer
from .covering import confirm_looked, cover_span, cover_words, lift_cover, lift_redaction, redact
from .exhibits import add_exhibit, carry_over, set_aside
from .requests import answered, ask, expire, expire_overdue, follow, fulfil, refuse

__all__ = [
    "add_exhibit",
    "answered",
    "ask",
    "carry_over",
    "confirm_looked",
    "cover_span",
    "cover_words",
    "expire",
    "expire_overdue",
    "follow",
    "fulfil",
    "lift_cover",
    "lift_redaction",
    "record_answer",
    "redact",
    "refuse",
    "set_aside",
]
