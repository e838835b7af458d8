"""Advice on one claim, pure: floor, causes, losses, guards, what to ask. Read ``decide.py`` first.

``cardcase advise`` is this package on a line of JSON; the case page is the same on the facts of a case.
"""

from .answer import Advice, Line, advise, document
from .causes import Belief, believe
from .floors import Owed, owed
from .inputs import AdviceInput, Claim, read_claim, write_claim
from .numbers import NAME, Learned, Numbers, read_learned, read_numbers, version_of, with_learned
from .value import Question

__all__ = [
    "NAME",
    "Advice",
    "AdviceInput",
    "Belief",
    "Claim",
    "Learned",
    "Line",
    "Numbers",
    "Owed",
    "Question",
    "advise",
    "believe",
    "document",
    "owed",
    "read_claim",
    "read_learned",
    "read_numbers",
    "version_of",
    "with_learned",
    "write_claim",
]
