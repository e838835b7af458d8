"""Verbs of the case. Each is one transaction that writes the fact, its entry in the record and the promised work."""

from .alarms import OFFER_OVER, REQUEST_OVER, SETTLING_OVER, deadline_missed, deadline_near
from .claims import Followed, Told, follow_claims
from .clocks import set_next_due
from .disputes import DisputeTold, note_dispute
from .goals import clock_moved, pause_goal, resume_goal, type_deadline
from .merging import SAME_AS, fold_or_ask, merge
from .mirror import platform_moved
from .moves import advance
from .notes import add_need, add_note, settle_need
from .opening import move_to_order, open_case
from .orders import follow_order
from .reasons import confirm_reason, lift_hold, link_card, record_found_cause, record_triage, refuse_reading
from .reclaims import open_linked, reapply, reopen
from .reviewing import review
from .snoozing import resume, snooze

__all__ = [
    "OFFER_OVER",
    "REQUEST_OVER",
    "SAME_AS",
    "SETTLING_OVER",
    "DisputeTold",
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
    "note_dispute",
    "open_case",
    "open_linked",
    "pause_goal",
    "platform_moved",
    "reapply",
    "record_found_cause",
    "record_triage",
    "refuse_reading",
    "reopen",
    "resume",
    "resume_goal",
    "review",
    "set_next_due",
    "settle_need",
    "snooze",
    "type_deadline",
]
