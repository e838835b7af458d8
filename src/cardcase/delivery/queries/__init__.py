"""Reads of the room. Nothing here opens a code."""

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
from .parcels import ChainView, FileView, SerialView, StepView, chain, chain_of, chains_of
from .terms import TermsState, terms_of, terms_text

__all__ = [
    "BlockView",
    "ChainView",
    "DeliveryRow",
    "DeliveryView",
    "FileView",
    "Meaning",
    "SerialView",
    "Slot",
    "StepView",
    "TermsState",
    "blocks_of",
    "chain",
    "chain_of",
    "chains_of",
    "count_unknown",
    "delivery",
    "delivery_of_order",
    "kind_of_order",
    "open_deliveries",
    "order_by_no",
    "order_facts",
    "recent_deliveries",
    "terms_of",
    "terms_text",
    "unallocated_orders",
]
