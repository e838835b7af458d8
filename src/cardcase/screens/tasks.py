"""Background entrance of screens: reading what was promised, picture by picture."""

from datetime import timedelta
from typing import Final

from cardcase.jobs import service as jobs
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.screens import service
from cardcase.staff.rules import Actor

LEASE: Final = timedelta(minutes=12)
"""Longer than two pictures may take (``limits.SECONDS``): one may wait for another process of this machine to end."""


@handles(service.JOB, is_atomic=False, lease=LEASE)
def read_on(claim: Claim) -> None:
    """Read pictures of a capture; what is left after a turn is promised anew."""
    assert claim.shop_id is not None
    service.read_on(
        Actor.system(claim.shop_id, "screens"),
        str(claim.args["capture"]),
        at=clock.now(),
        writing=lambda: jobs.writing(claim, at=clock.now(), lease=LEASE),
    )
