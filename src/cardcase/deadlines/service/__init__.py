"""Verbs of time: clocks of every kind, pauses and hours of the shop's own goals, the sweep."""

from .clocks import Clocks, arm, in_hand, meet, void_all
from .hours import set_hours
from .jumps import clock_jumped
from .pauses import pause, resume
from .sweeping import Missed, sweep
from .telling import check_typed, tell

__all__ = [
    "Clocks",
    "Missed",
    "arm",
    "check_typed",
    "clock_jumped",
    "in_hand",
    "meet",
    "pause",
    "resume",
    "set_hours",
    "sweep",
    "tell",
    "void_all",
]
