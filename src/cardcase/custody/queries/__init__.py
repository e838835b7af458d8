"""Reading the record: histories for people, entries and proofs for packs, the check of everything."""

from cardcase.custody.rules.report import LedgerReport

from .reading import (
    HistoryItem,
    KeptContent,
    KeptEntry,
    consistency_proof,
    entries,
    history,
    inclusion_proofs,
    latest_checkpoint,
    vkey,
)
from .verification import verify_all

__all__ = [
    "HistoryItem",
    "KeptContent",
    "KeptEntry",
    "LedgerReport",
    "consistency_proof",
    "entries",
    "history",
    "inclusion_proofs",
    "latest_checkpoint",
    "verify_all",
    "vkey",
]
