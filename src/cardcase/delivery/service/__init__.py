"""Verbs of the room."""

from .allocating import allocate, cancel, set_kind
from .blocking import Stop, block, block_all, lift_block, unblock
from .parcels import OpenedFile, Upload, note_step, open_file, take_back_cards
from .revealing import Shown, authorise, confirm_shown, note_unconfirmed, resend, settle_display
from .terms import acknowledge, show_terms, show_terms_of, waive_terms

__all__ = [
    "OpenedFile",
    "Shown",
    "Stop",
    "Upload",
    "acknowledge",
    "allocate",
    "authorise",
    "block",
    "block_all",
    "cancel",
    "confirm_shown",
    "lift_block",
    "note_step",
    "note_unconfirmed",
    "open_file",
    "resend",
    "set_kind",
    "settle_display",
    "show_terms",
    "show_terms_of",
    "take_back_cards",
    "unblock",
    "waive_terms",
]
