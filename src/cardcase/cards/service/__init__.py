"""Verbs of the stock: take cards in, note deliveries, show a code to a person, and what becomes of a card."""

from .acts import ACTS, CardAct, perform
from .caps import require_room
from .checks import ask_checker, check_before_reveal, record_balance_check
from .deliveries import record_deliveries
from .fate import SetAside, quarantine_batch, readmit, reinstate_batch, set_aside, take_back, write_off
from .giving import authorise_cards, give_back, hold, opened, settle_reveal, take_for_order
from .keys import Rotation, bring_back, export_made, rotate
from .parcels import note_arrived, ship_cards
from .proofs import SealedProofs, open_proof, seal_old_proofs
from .provenance import note_claimed, set_provenance
from .resealing import DROP_PLAIN, drop_plain, promise_drop, seal_file, seal_files
from .reservation import release, reserve_equal
from .reveal import reveal
from .stock import Staged, stage, stock
from .voiding import ask_to_void, mark_redeemed, settle_void, void_card

__all__ = [
    "ACTS",
    "DROP_PLAIN",
    "CardAct",
    "Rotation",
    "SealedProofs",
    "SetAside",
    "Staged",
    "ask_checker",
    "ask_to_void",
    "authorise_cards",
    "bring_back",
    "check_before_reveal",
    "drop_plain",
    "export_made",
    "give_back",
    "hold",
    "mark_redeemed",
    "note_arrived",
    "note_claimed",
    "open_proof",
    "opened",
    "perform",
    "promise_drop",
    "quarantine_batch",
    "readmit",
    "record_balance_check",
    "record_deliveries",
    "reinstate_batch",
    "release",
    "require_room",
    "reserve_equal",
    "reveal",
    "rotate",
    "seal_file",
    "seal_files",
    "seal_old_proofs",
    "set_aside",
    "set_provenance",
    "settle_reveal",
    "settle_void",
    "ship_cards",
    "stage",
    "stock",
    "take_back",
    "take_for_order",
    "void_card",
    "write_off",
]
