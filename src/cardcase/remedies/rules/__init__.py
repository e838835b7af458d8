"""Remedies, pure: the floor first, then preconditions, then costs and advice. Read ``floor.py`` first."""

from .catalogue import Catalogue, Kind, read_catalogue
from .confirm import is_typed, phrase
from .costs import Cost, cost_of
from .execution import VOID_RESULTS, sum_blocker, void_blocker
from .facts import LIVE, SPENT, OfferState, RemedyFacts, RemedySeen, RemedyState
from .floor import Floor, FloorKind, floor
from .options import Option, amount_of, check, options, part, tip
from .partial import Part, part_of_price
from .preconditions import CHECKS, DEAD_STATES, OVERRIDABLE, Blocker

__all__ = [
    "CHECKS",
    "DEAD_STATES",
    "LIVE",
    "OVERRIDABLE",
    "SPENT",
    "VOID_RESULTS",
    "Blocker",
    "Catalogue",
    "Cost",
    "Floor",
    "FloorKind",
    "Kind",
    "OfferState",
    "Option",
    "Part",
    "RemedyFacts",
    "RemedySeen",
    "RemedyState",
    "amount_of",
    "check",
    "cost_of",
    "floor",
    "is_typed",
    "options",
    "part",
    "part_of_price",
    "phrase",
    "read_catalogue",
    "sum_blocker",
    "tip",
    "void_blocker",
]
