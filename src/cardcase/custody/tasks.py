"""Background entrance of the record: its head is signed once a minute while entries arrive (custody.md §7.3)."""

from datetime import timedelta

from cardcase.custody import service
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff.rules import Actor

EVERY = timedelta(minutes=1)
INSTALLATION = 0
"""No shop: there is one record for all of them."""


@handles("custody.checkpoint", is_atomic=False, every=EVERY)
def sign_head(claim: Claim) -> None:
    """Sign the present head; an unchanged one keeps its note. A record that may not be signed leaves the job stuck."""
    del claim
    service.checkpoint(Actor.system(INSTALLATION, "custody"), at=clock.now())
