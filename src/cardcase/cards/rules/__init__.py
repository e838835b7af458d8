"""The life of a card as one table, and what in a text looks like a card code. Pure."""

from .arrival import Arrival, gaps, warning_codes, words
from .checks import DAMNING, FRESH_FOR, WHY_NOT_FRESH, CheckKind, Freshness, LookRule, Seen, freshness
from .formats import WARNINGS, CardFormat, CardWarning, FormatBook, Outcome, Verdict
from .identity import identity, is_enough
from .kinds import CardKind, first_day_long_enough
from .life import LIFE, UNSETTLED, CardEvent, CardState, IllegalCardMove, VoidResult, advance, check_reveal
from .shapes import Span, candidates, code_shaped, mask_spans

__all__ = [
    "DAMNING",
    "FRESH_FOR",
    "LIFE",
    "UNSETTLED",
    "WARNINGS",
    "WHY_NOT_FRESH",
    "Arrival",
    "CardEvent",
    "CardFormat",
    "CardKind",
    "CardState",
    "CardWarning",
    "CheckKind",
    "FormatBook",
    "Freshness",
    "IllegalCardMove",
    "LookRule",
    "Outcome",
    "Seen",
    "Span",
    "Verdict",
    "VoidResult",
    "advance",
    "candidates",
    "check_reveal",
    "code_shaped",
    "first_day_long_enough",
    "freshness",
    "gaps",
    "identity",
    "is_enough",
    "mask_spans",
    "warning_codes",
    "words",
]
