"""Reads of cards and batches. Nothing here opens a code; screens get the last four characters."""

from .arrivals import arrival, preview
from .audit import Discrepancy, audit
from .books import (
    Reconciliation,
    batch_id,
    card,
    card_of_code,
    cards_by_index,
    equal_stock,
    reconcile,
    stock_of_equal_value,
)
from .cases import CardFacts, cards_of_order, cards_of_orders, was_shown_to_buyer
from .checks import CheckGuide, check_guide, freshness_of, last_look, look_rule
from .formats import check_data, format_book
from .giving import Display, GivenCard, displays, given_cards, giving_stock, kinds_in_stock, unconfirmed_orders
from .looks import Looks, busy_lookers, looks_since
from .pages import (
    BatchRow,
    CardLife,
    CheckFact,
    EventFact,
    RevealFact,
    StockPage,
    StockRow,
    VoidFact,
    as_plain,
    batches_page,
    brands,
    card_life,
    stock_page,
)
from .sealed import WRAPPINGS, SealedCount, SealedPlace, open_original, sealed_counts
from .serials import SerialRead, number_on_file, read_serials
from .sums import StockSum, low_stock, stock_summary
from .watch import FailingBatch, failing_batches

__all__ = [
    "WRAPPINGS",
    "BatchRow",
    "CardFacts",
    "CardLife",
    "CheckFact",
    "CheckGuide",
    "Discrepancy",
    "Display",
    "EventFact",
    "FailingBatch",
    "GivenCard",
    "Looks",
    "Reconciliation",
    "RevealFact",
    "SealedCount",
    "SealedPlace",
    "SerialRead",
    "StockPage",
    "StockRow",
    "StockSum",
    "VoidFact",
    "arrival",
    "as_plain",
    "audit",
    "batch_id",
    "batches_page",
    "brands",
    "busy_lookers",
    "card",
    "card_life",
    "card_of_code",
    "cards_by_index",
    "cards_of_order",
    "cards_of_orders",
    "check_data",
    "check_guide",
    "displays",
    "equal_stock",
    "failing_batches",
    "format_book",
    "freshness_of",
    "given_cards",
    "giving_stock",
    "kinds_in_stock",
    "last_look",
    "look_rule",
    "looks_since",
    "low_stock",
    "number_on_file",
    "open_original",
    "preview",
    "read_serials",
    "reconcile",
    "sealed_counts",
    "stock_of_equal_value",
    "stock_page",
    "stock_summary",
    "unconfirmed_orders",
    "was_shown_to_buyer",
]
