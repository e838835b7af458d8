"""Work of the room by the clock: displays that nobody confirmed are put before a person, old guesses forgotten."""

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


@handles("delivery.forget_guesses", every=timedelta(hours=1))
def forget_guesses(_claim: Claim) -> None:
    """Forget wrong tokens that no limit counts any more."""
    service.forget_guesses(at=clock.now())


@handles("delivery.sweep_uploads", every=timedelta(hours=6), is_atomic=False)
def sweep_uploads(_claim: Claim) -> None:
    """Remove photos and videos of parcels whose step never came to be. A second run finds nothing."""
    at = clock.now()
    for shop in staff.all_shops():
        service.sweep_uploads(Actor.system(shop.pk), at=at)
    service.sweep_broken_off(at=at)
