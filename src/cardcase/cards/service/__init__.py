"""Verbs of the stock: take cards in, note deliveries, show a code to a person, and what becomes of a card."""

from .deliveries import record_deliveries
from .fate import quarantine_batch, readmit, record_balance_check, take_back, write_off
from .provenance import note_claimed, set_provenance
from .reservation import hand_over, release, reserve_equal
from .reveal import reveal
from .stock import stock
from .voiding import ask_to_void, mark_redeemed, settle_void, void_card

__all__ = [
    "ask_to_void",
    "hand_over",
    "mark_redeemed",
    "note_claimed",
    "quarantine_batch",
    "readmit",
    "record_balance_check",
    "record_deliveries",
    "release",
    "reserve_equal",
    "reveal",
    "set_provenance",
    "settle_void",
    "stock",
    "take_back",
    "void_card",
    "write_off",
]
