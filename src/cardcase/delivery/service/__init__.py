"""Verbs of the room."""

from .allocating import allocate, cancel, set_kind
from .blocking import Stop, block, block_all, lift_block, unblock
from .claims import (
    Issued,
    agree,
    claim_codes,
    forget_guesses,
    issue_link,
    network_key,
    note_guess,
    revoke_link,
    set_claim_hours,
    show_claim_terms,
)
from .hearing import hear
from .parcel_again import begin_again
from .parcel_told import Upload
from .parcel_uploads import sweep_broken_off, sweep_uploads
from .parcels import note_step, open_file, take_back_cards
from .replacing import confirm_replacement, give_replacement, settle_replacement
from .revealing import Shown, authorise, confirm_shown, note_unconfirmed, resend, settle_display
from .terms import acknowledge, show_terms, show_terms_of, waive_terms

__all__ = [
    "Issued",
    "Shown",
    "Stop",
    "Upload",
    "acknowledge",
    "agree",
    "allocate",
    "authorise",
    "begin_again",
    "block",
    "block_all",
    "cancel",
    "claim_codes",
    "confirm_replacement",
    "confirm_shown",
    "forget_guesses",
    "give_replacement",
    "hear",
    "issue_link",
    "lift_block",
    "network_key",
    "note_guess",
    "note_step",
    "note_unconfirmed",
    "open_file",
    "resend",
    "revoke_link",
    "set_claim_hours",
    "set_kind",
    "settle_display",
    "settle_replacement",
    "show_claim_terms",
    "show_terms",
    "show_terms_of",
    "sweep_broken_off",
    "sweep_uploads",
    "take_back_cards",
    "unblock",
    "waive_terms",
]
