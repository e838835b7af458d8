"""Reads of sourcing: suppliers, papers, completeness, flags, recalls, claims. Codes and sealed details are not read."""

from cardcase.sourcing.datafiles import check_data

from .changes import FAILED, Unasked, changed_batches, changed_orders, rules_subject, stamp, unasked
from .claims import ClaimView, asked_fen, claim, claimed_cards, claims, recovered_by_card, window_is_needed
from .exhibits import SourcePaper, SourceProof, SupplierAnswer, answers_about_cards, proofs_of_batches
from .facts import purchase_facts
from .flags import FlagView, RuleSaid, flags, open_flags
from .groups import NO_SUPPLIER, FlagGroup, GroupMember, flag_groups
from .lots import LotRow, LotView, lot, lot_id, lots
from .papers import PaperView, SerialView, paper_file, unsealed
from .provenance import CardProvenance, card_completeness, card_provenance, completeness
from .recalls import RecallRow, RecallView, bad_card, bad_cards_unclaimed, order_with_card_of, recall_of
from .sales import order_by_no, sale_facts
from .suppliers import SupplierRow, SupplierView, supplier_by_ref, supplier_rows, supplier_view, suppliers_named_like
from .touched import kin_of, next_round, round_subject

__all__ = [
    "FAILED",
    "NO_SUPPLIER",
    "CardProvenance",
    "ClaimView",
    "FlagGroup",
    "FlagView",
    "GroupMember",
    "LotRow",
    "LotView",
    "PaperView",
    "RecallRow",
    "RecallView",
    "RuleSaid",
    "SerialView",
    "SourcePaper",
    "SourceProof",
    "SupplierAnswer",
    "SupplierRow",
    "SupplierView",
    "Unasked",
    "answers_about_cards",
    "asked_fen",
    "bad_card",
    "bad_cards_unclaimed",
    "card_completeness",
    "card_provenance",
    "changed_batches",
    "changed_orders",
    "check_data",
    "claim",
    "claimed_cards",
    "claims",
    "completeness",
    "flag_groups",
    "flags",
    "kin_of",
    "lot",
    "lot_id",
    "lots",
    "next_round",
    "open_flags",
    "order_by_no",
    "order_with_card_of",
    "paper_file",
    "proofs_of_batches",
    "purchase_facts",
    "recall_of",
    "recovered_by_card",
    "round_subject",
    "rules_subject",
    "sale_facts",
    "stamp",
    "supplier_by_ref",
    "supplier_rows",
    "supplier_view",
    "suppliers_named_like",
    "unasked",
    "unsealed",
    "window_is_needed",
]
