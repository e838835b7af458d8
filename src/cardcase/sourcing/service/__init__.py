"""Verbs of sourcing: suppliers, papers, flags, recalls, claims. Each is one transaction with its record entry."""

from .claims import add_cards, move_claim, open_claim, record_receipt
from .flags import (
    decide_flag,
    decide_flags,
    evaluate_batch,
    evaluate_changed,
    evaluate_order,
    note_signal,
    note_unreadable,
)
from .lots import LotTold, set_lot
from .papers import PaperTold, attach, open_paper, supersede
from .recalls import note_told, recall, reinstate_batch
from .resealing import seal_older
from .suppliers import Sealed, add_supplier, change_supplier, reinstate_supplier, show_sealed, suspend_supplier

__all__ = [
    "LotTold",
    "PaperTold",
    "Sealed",
    "add_cards",
    "add_supplier",
    "attach",
    "change_supplier",
    "decide_flag",
    "decide_flags",
    "evaluate_batch",
    "evaluate_changed",
    "evaluate_order",
    "move_claim",
    "note_signal",
    "note_told",
    "note_unreadable",
    "open_claim",
    "open_paper",
    "recall",
    "record_receipt",
    "reinstate_batch",
    "reinstate_supplier",
    "seal_older",
    "set_lot",
    "show_sealed",
    "supersede",
    "suspend_supplier",
]
