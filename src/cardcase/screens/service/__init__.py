"""Verbs of screenshots: read them and keep both, correct what was read, confirm what they say, or let them go."""

from .capturing import JOB, KEPT_FOR, Picture, capture, drop, promise
from .confirming import Confirmed, confirm, edit, settle, warnings
from .reading import read_on

__all__ = [
    "JOB",
    "KEPT_FOR",
    "Confirmed",
    "Picture",
    "capture",
    "confirm",
    "drop",
    "edit",
    "promise",
    "read_on",
    "settle",
    "warnings",
]
