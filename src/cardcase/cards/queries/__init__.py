"""Reads of cards and batches. Nothing here opens a code; screens get the last four characters."""

from .arrivals import arrival, preview
from .books import Reconciliation, batch_id, card, cards_by_index, equal_stock, reconcile, stock_of_equal_value
from .cases import CardFacts, cards_of_order, cards_of_orders, was_shown_to_buyer
from .checks import CheckGuide, check_guide, freshness_of
from .formats import check_data, format_book
from .pages import (
    BatchRow,
    CardLife,
    CheckFact,
    RevealFact,
    StockPage,
    StockRow,
    StockSum,
    batches_page,
    brands,
    card_life,
    stock_page,
    stock_summary,
)
from .watch import FailingBatch, failing_batches

__all__ = [
    "BatchRow",
    "CardFacts",
    "CardLife",
    "CheckFact",
    "CheckGuide",
    "FailingBatch",
    "Reconciliation",
    "RevealFact",
    "StockPage",
    "StockRow",
    "StockSum",
    "arrival",
    "batch_id",
    "batches_page",
    "brands",
    "card",
    "card_life",
    "cards_by_index",
    "cards_of_order",
    "cards_of_orders",
    "check_data",
    "check_guide",
    "equal_stock",
    "failing_batches",
    "format_book",
    "freshness_of",
    "preview",
    "reconcile",
    "stock_of_equal_value",
    "stock_page",
    "stock_summary",
    "was_shown_to_buyer",
]
