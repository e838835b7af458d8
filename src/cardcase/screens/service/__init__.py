"""Verbs of screenshots: read them and keep both, correct what was read, confirm what they say, or let them go."""

from .capturing import JOB, KEPT_FOR, Picture, capture, drop, forget_old, promise
from .confirming import Confirmed, confirm, edit, settle, warnings
from .reading import give_up, read_on

__all__ = [
    "JOB",
    "KEPT_FOR",
    "Confirmed",
    "Picture",
    "capture",
    "confirm",
    "drop",
    "edit",
    "forget_old",
    "give_up",
    "promise",
    "read_on",
    "settle",
    "warnings",
]
