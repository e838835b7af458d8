"""Remedies, pure: the floor first, then preconditions, then advice (``advice/``). Read ``floor.py`` first."""

from .advice import Advice
from .advising import advice_of, claim_of
from .catalogue import Catalogue, Kind, read_catalogue
from .confirm import is_typed, phrase
from .demands import Blocked, NotConfirmed, kind_of, require_clear, require_typed
from .execution import (
    VOID_RESULTS,
    VOIDED_FIRST,
    is_check_needed,
    is_only_one,
    minutes_since_check,
    sum_blocker,
    value_of,
    void_blocker,
)
from .facts import LIVE, SPENT, OfferState, RemedyFacts, RemedySeen, RemedyState
from .floor import Floor, FloorKind, floor
from .options import Option, amount_of, check, judge, options, part, snapshot, tip
from .partial import Part, part_of_price
from .preconditions import CHECKS, DEAD_STATES, OVERRIDABLE, Blocker

__all__ = [
    "CHECKS",
    "DEAD_STATES",
    "LIVE",
    "OVERRIDABLE",
    "SPENT",
    "VOIDED_FIRST",
    "VOID_RESULTS",
    "Advice",
    "Blocked",
    "Blocker",
    "Catalogue",
    "Floor",
    "FloorKind",
    "Kind",
    "NotConfirmed",
    "OfferState",
    "Option",
    "Part",
    "RemedyFacts",
    "RemedySeen",
    "RemedyState",
    "advice_of",
    "amount_of",
    "check",
    "claim_of",
    "floor",
    "is_check_needed",
    "is_only_one",
    "is_typed",
    "judge",
    "kind_of",
    "minutes_since_check",
    "options",
    "part",
    "part_of_price",
    "phrase",
    "read_catalogue",
    "require_clear",
    "require_typed",
    "snapshot",
    "sum_blocker",
    "tip",
    "value_of",
    "void_blocker",
]
