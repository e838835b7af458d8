"""What may be given out, and what counts as consent. Pure."""

from .flow import (
    CASE,
    DONE,
    LISTED,
    OPEN,
    SHOWABLE,
    TITLES,
    UNCONFIRMED_AFTER,
    CardDoubt,
    DeliveryState,
    OrderFacts,
    block_text,
    doubt,
    refused,
    resend_stopped_by_order,
    state_of,
    stopped_by_order,
)
from .guessing import guess_kind

__all__ = [
    "CASE",
    "DONE",
    "LISTED",
    "OPEN",
    "SHOWABLE",
    "TITLES",
    "UNCONFIRMED_AFTER",
    "CardDoubt",
    "DeliveryState",
    "OrderFacts",
    "block_text",
    "doubt",
    "guess_kind",
    "refused",
    "resend_stopped_by_order",
    "state_of",
    "stopped_by_order",
]
