"""Taking the head of the record to those who vouch for it, and keeping what they say."""

from .copies import set_copies
from .depositing import deposit, settle_deposit
from .promising import force, promise
from .renewing import renew
from .stamping import stamp_now, try_stamp
from .witnessing import cosign_now, try_witness

__all__ = [
    "cosign_now",
    "deposit",
    "force",
    "promise",
    "renew",
    "set_copies",
    "settle_deposit",
    "stamp_now",
    "try_stamp",
    "try_witness",
]
