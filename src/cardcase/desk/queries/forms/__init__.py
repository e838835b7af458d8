"""The forms of the case page: each one thing that can be done now, with what it asks of the reader."""

from .base import CHOOSE, hidden, money, select, url, words
from .evidence import ask, call, pack, submit, upload
from .moves import further
from .questions import answer, ask_for, other_reason
from .reason import cause, change_reason, confirm_reason, lift_hold
from .remedy import approval, concede, execute, has_time_to_answer, remedy, result
from .upkeep import dispute, note, pause_goal, resume, resume_goal, snooze, transfer, typed_deadline

__all__ = [
    "CHOOSE",
    "answer",
    "approval",
    "ask",
    "ask_for",
    "call",
    "cause",
    "change_reason",
    "concede",
    "confirm_reason",
    "dispute",
    "execute",
    "further",
    "has_time_to_answer",
    "hidden",
    "lift_hold",
    "money",
    "note",
    "other_reason",
    "pack",
    "pause_goal",
    "remedy",
    "result",
    "resume",
    "resume_goal",
    "select",
    "snooze",
    "submit",
    "transfer",
    "typed_deadline",
    "upload",
    "url",
    "words",
]
