"""Verbs of evidence: exhibits, what is asked of whom, and what the buyer answers to guided questions."""

from .answers import record_answer
from .calls import note_call
from .covering import confirm_looked, cover_codes, cover_span, cover_words, lift_cover, lift_redaction, redact
from .exhibits import add_exhibit, carry_over, set_aside
from .mails import check_again, check_signature, open_original, original
from .requests import answered, ask, expire, expire_overdue, follow, fulfil, refuse

__all__ = [
    "add_exhibit",
    "answered",
    "ask",
    "carry_over",
    "check_again",
    "check_signature",
    "confirm_looked",
    "cover_codes",
    "cover_span",
    "cover_words",
    "expire",
    "expire_overdue",
    "follow",
    "fulfil",
    "lift_cover",
    "lift_redaction",
    "note_call",
    "open_original",
    "original",
    "record_answer",
    "redact",
    "refuse",
    "set_aside",
]
