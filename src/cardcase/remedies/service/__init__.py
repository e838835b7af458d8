"""Verbs of remedies, each one transaction: facts judged, rows written, the case moved, the record kept."""

from cardcase.remedies.rules import Blocked, NotConfirmed

from .approving import APPROVAL_WANTED, ask_approval, settle_approval
from .books import close_rested, expire_offers, follow
from .deciding import concede, propose_offer, settle_offer
from .executing import execute, precheck
from .learning import learn
from .refusing import decline, escalate
from .results import note_transfer, record_result, verify, verify_running

__all__ = [
    "APPROVAL_WANTED",
    "Blocked",
    "NotConfirmed",
    "ask_approval",
    "close_rested",
    "concede",
    "decline",
    "escalate",
    "execute",
    "expire_offers",
    "follow",
    "learn",
    "note_transfer",
    "precheck",
    "propose_offer",
    "record_result",
    "settle_approval",
    "settle_offer",
    "verify",
    "verify_running",
]
