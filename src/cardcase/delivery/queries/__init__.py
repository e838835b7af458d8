"""Reads of the room. Nothing here opens a code."""

from .consents import check_data, consent_phrases, has_left, orders_to_hear
from .deliveries import (
    BlockView,
    DeliveryRow,
    DeliveryView,
    Slot,
    blocks_of,
    count_unknown,
    delivery,
    delivery_of_order,
    open_deliveries,
    order_by_no,
    order_facts,
    recent_deliveries,
    unallocated_orders,
)
from .kinds import Meaning, kind_of_order
from .terms import TermsState, terms_of, terms_text

__all__ = [
    "BlockView",
    "DeliveryRow",
    "DeliveryView",
    "Meaning",
    "Slot",
    "TermsState",
    "blocks_of",
    "check_data",
    "consent_phrases",
    "count_unknown",
    "delivery",
    "delivery_of_order",
    "has_left",
    "kind_of_order",
    "open_deliveries",
    "order_by_no",
    "order_facts",
    "orders_to_hear",
    "recent_deliveries",
    "terms_of",
    "terms_text",
    "unallocated_orders",
]
