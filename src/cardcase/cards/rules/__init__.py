"""The life of a card as one table, and what in a text looks like a card code. Pure."""

from .identity import identity
from .life import LIFE, UNSETTLED, CardEvent, CardState, IllegalCardMove, VoidResult, advance, check_reveal
from .shapes import Span, candidates, code_shaped, mask_spans

__all__ = [
    "LIFE",
    "UNSETTLED",
    "CardEvent",
    "CardState",
    "IllegalCardMove",
    "Span",
    "VoidResult",
    "advance",
    "candidates",
    "check_reveal",
    "code_shaped",
    "identity",
    "mask_spans",
]
