"""Verbs of the case. Each is one transaction that writes the fact, its entry in the record and the promised work."""

from .alarms import deadline_missed, deadline_near
from .claims import Followed, Told, follow_claims
from .clocks import set_clock, set_next_due, type_deadline
from .goals import clock_moved, pause_goal, resume_goal, type_clock
from .merging import SAME_AS, fold_or_ask, merge
from .mirror import platform_moved
from .moves import advance
from .notes import add_need, add_note, review_incident, settle_need
from .opening import move_to_order, open_case
from .orders import follow_order
from .reasons import confirm_reason, lift_hold, link_card, record_found_cause, record_triage

__all__ = [
    "SAME_AS",
    "Followed",
    "Told",
    "add_need",
    "add_note",
    "advance",
    "clock_moved",
    "confirm_reason",
    "deadline_missed",
    "deadline_near",
    "fold_or_ask",
    "follow_claims",
    "follow_order",
    "lift_hold",
    "link_card",
    "merge",
    "move_to_order",
    "open_case",
    "pause_goal",
    "platform_moved",
    "record_found_cause",
    "record_triage",
    "resume_goal",
    "review_incident",
    "set_clock",
    "set_next_due",
    "settle_need",
    "type_clock",
    "type_deadline",
]
