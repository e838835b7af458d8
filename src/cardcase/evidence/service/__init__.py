"""Verbs of evidence: exhibits, what is asked of whom, and what the buyer answers to guided questions."""

from .answers import record_answer
from .exhibits import add_exhibit, carry_over, set_aside
from .requests import answered, ask, expire, expire_overdue, follow, fulfil, refuse

__all__ = [
    "add_exhibit",
    "answered",
    "ask",
    "carry_over",
    "expire",
    "expire_overdue",
    "follow",
    "fulfil",
    "record_answer",
    "refuse",
    "set_aside",
]
