"""The life of a card as one table, and what in a text looks like a card code. Pure."""

from .identity import identity
from .kinds import CardKind, first_day_long_enough
from .life import LIFE, UNSETTLED, CardEvent, CardState, IllegalCardMove, VoidResult, advance, check_reveal
from .shapes import Span, candidates, code_shaped, mask_spans

__all__ = [
    "LIFE",
    "UNSETTLED",
    "CardEvent",
    "CardKind",
    "CardState",
    "IllegalCardMove",
    "Span",
    "VoidResult",
    "advance",
    "candidates",
    "check_reveal",
    "code_shaped",
    "first_day_long_enough",
    "identity",
    "mask_spans",
]
