"""Background entrance of screens: reading what was promised, picture by picture; throwing away what nobody wanted."""

from datetime import timedelta
from typing import Final

from cardcase.jobs import service as jobs
from cardcase.jobs.registry import Claim, handles
from cardcase.jobs.rules import MAX_TRIES
from cardcase.kit import clock
from cardcase.screens import service
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

LEASE: Final = timedelta(minutes=12)
"""Longer than two pictures may take (``limits.SECONDS``): one may wait for another process of this machine to end."""


@handles(service.JOB, is_atomic=False, lease=LEASE)
def read_on(claim: Claim) -> None:
    """Read pictures of a capture; what is left after a turn is promised anew. After the last try it is given up."""
    assert claim.shop_id is not None
    actor, capture = Actor.system(claim.shop_id, "screens"), str(claim.args["capture"])
    try:
        service.read_on(
            actor, capture, at=clock.now(), writing=lambda: jobs.writing(claim, at=clock.now(), lease=LEASE)
        )
    except jobs.LostLease:
        raise
    except Exception:
        if claim.attempts >= MAX_TRIES:
            service.give_up(
                actor, capture, at=clock.now(), writing=lambda: jobs.writing(claim, at=clock.now(), lease=LEASE)
            )
        raise


@handles("screens.forget", every=timedelta(hours=6))
def forget_old(_claim: Claim) -> None:
    """Throw away pictures that waited too long, shop by shop."""
    for shop in staff.all_shops():
        service.forget_old(Actor.system(shop.pk, "screens"), at=clock.now())
