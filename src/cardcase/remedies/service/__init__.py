"""Verbs of remedies, each one transaction: facts judged, rows written, the case moved, the record kept."""

from cardcase.remedies.rules import Blocked, NotConfirmed

from .books import close_rested, expire_offers, follow
from .deciding import concede, propose_offer, settle_offer
from .executing import execute, precheck, record_result
from .refusing import decline, escalate

__all__ = [
    "Blocked",
    "NotConfirmed",
    "close_rested",
    "concede",
    "decline",
    "escalate",
    "execute",
    "expire_offers",
    "follow",
    "precheck",
    "propose_offer",
    "record_result",
    "settle_offer",
]
