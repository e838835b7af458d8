"""Work of the room by the clock: propose what is due, finish what was broken off."""

from datetime import timedelta

from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import service


@handles("privacy.propose_due", every=timedelta(days=1), lease=timedelta(minutes=30), is_atomic=False)
def propose_due(_claim: Claim) -> None:
    """Propose what is due, shop by shop. Again proposes nothing twice."""
    for shop in staff.all_shops():
        service.propose_due(Actor.system(shop.pk, "privacy"), at=clock.now())


@handles("privacy.finish", every=timedelta(minutes=10), lease=timedelta(minutes=10), is_atomic=False)
def finish(_claim: Claim) -> None:
    """Destroy files and keys that an erasure left behind. Again finds nothing."""
    for shop in staff.all_shops():
        service.finish_begun(Actor.system(shop.pk, "privacy"), at=clock.now())
    service.destroy_orphans(Actor.system(0, "privacy"), at=clock.now())
