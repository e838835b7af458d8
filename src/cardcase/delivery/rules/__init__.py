"""What may be given out, and what counts as consent. Pure."""

from .flow import (
    OPEN,
    SHOWABLE,
    TITLES,
    UNCONFIRMED_AFTER,
    CardDoubt,
    DeliveryState,
    OrderFacts,
    doubt,
    refused,
    resend_stopped_by_order,
    state_of,
    stopped_by_order,
)
from .guessing import guess_kind

__all__ = [
    "OPEN",
    "SHOWABLE",
    "TITLES",
    "UNCONFIRMED_AFTER",
    "CardDoubt",
    "DeliveryState",
    "OrderFacts",
    "doubt",
    "guess_kind",
    "refused",
    "resend_stopped_by_order",
    "state_of",
    "stopped_by_order",
]
