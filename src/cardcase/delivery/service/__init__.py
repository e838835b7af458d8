"""Verbs of the room."""

from .allocating import allocate, cancel, set_kind
from .blocking import Stop, block, block_all, lift_block, unblock
from .hearing import hear
from .revealing import Shown, authorise, confirm_shown, note_unconfirmed, resend, settle_display
from .terms import acknowledge, show_terms, show_terms_of, waive_terms

__all__ = [
    "Shown",
    "Stop",
    "acknowledge",
    "allocate",
    "authorise",
    "block",
    "block_all",
    "cancel",
    "confirm_shown",
    "hear",
    "lift_block",
    "note_unconfirmed",
    "resend",
    "set_kind",
    "settle_display",
    "show_terms",
    "show_terms_of",
    "unblock",
    "waive_terms",
]
