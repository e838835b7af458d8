"""Work of the room by the clock: displays that nobody confirmed are put before a person."""

from datetime import timedelta

from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import service


@handles("delivery.unconfirmed", every=timedelta(minutes=5), is_atomic=False)
def unconfirmed(_claim: Claim) -> None:
    """Call late displays unknown, shop by shop. A second run finds nothing."""
    for shop in staff.all_shops():
        service.note_unconfirmed(Actor.system(shop.pk), at=clock.now())
