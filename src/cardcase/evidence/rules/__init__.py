"""Judging evidence, pure: facts of a case and the matrix come in; checklist, comparison and contradictions come out."""

from .answers import Offered, offered, standing, to_ask
from .checklist import STATE_TITLES, STRENGTH, Gap, Item, ItemState, checklist, decline_gaps
from .contradictions import Contradiction, contradictions
from .exhibits import (
    BadFact,
    BadFile,
    NoTimeToAsk,
    check_facts,
    file_kind,
    make_nonce,
    moment_of,
    request_due,
)
from .facts import (
    CardSeen,
    CaseFacts,
    CheckSeen,
    ExhibitSeen,
    OrderSeen,
    ParcelSeen,
    RefundSeen,
    RequestSeen,
    WordsSeen,
)
from .findings import Delivery, Findings, find
from .matrix import PARTY_TITLES, Kind, Matrix, Weight, read_matrix
from .timing import Comparison, Timing, compare, overall

__all__ = [
    "PARTY_TITLES",
    "STATE_TITLES",
    "STRENGTH",
    "BadFact",
    "BadFile",
    "CardSeen",
    "CaseFacts",
    "CheckSeen",
    "Comparison",
    "Contradiction",
    "Delivery",
    "ExhibitSeen",
    "Findings",
    "Gap",
    "Item",
    "ItemState",
    "Kind",
    "Matrix",
    "NoTimeToAsk",
    "Offered",
    "OrderSeen",
    "ParcelSeen",
    "RefundSeen",
    "RequestSeen",
    "Timing",
    "Weight",
    "WordsSeen",
    "check_facts",
    "checklist",
    "compare",
    "contradictions",
    "decline_gaps",
    "file_kind",
    "find",
    "make_nonce",
    "moment_of",
    "offered",
    "overall",
    "read_matrix",
    "request_due",
    "standing",
    "to_ask",
]
