"""Reads of the room. Nothing here opens a code."""

from .deliveries import (
    BlockView,
    DeliveryRow,
    DeliveryView,
    Slot,
    Waiting,
    blocks_of,
    count_unknown,
    delivery,
    delivery_of_order,
    open_deliveries,
    order_by_no,
    order_facts,
    recent_deliveries,
    unallocated_orders,
    waiting,
)
from .kinds import ListingRow, Meaning, kind_of_order, listing_kinds
from .terms import TermsState, terms_of, terms_text

__all__ = [
    "BlockView",
    "DeliveryRow",
    "DeliveryView",
    "ListingRow",
    "Meaning",
    "Slot",
    "TermsState",
    "Waiting",
    "blocks_of",
    "count_unknown",
    "delivery",
    "delivery_of_order",
    "kind_of_order",
    "listing_kinds",
    "open_deliveries",
    "order_by_no",
    "order_facts",
    "recent_deliveries",
    "terms_of",
    "terms_text",
    "unallocated_orders",
    "waiting",
]
