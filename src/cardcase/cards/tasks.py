"""Background work of the stock's room: sealing what lies readable from before, and taking the readable bytes away."""

from datetime import timedelta

from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import service


@handles(service.DROP_PLAIN)
def drop_plain(claim: Claim) -> None:
    """Take away the readable bytes of what has been sealed."""
    service.drop_plain(Actor.system(int(claim.args["shop"])), str(claim.args["sha256"]))


@handles("cards.seal_files", every=timedelta(hours=1), lease=timedelta(minutes=10), is_atomic=False)
def seal_files(_claim: Claim) -> None:
    """Seal files from before they were sealed, shop by shop, some at a time; when all are sealed it finds nothing."""
    for shop in staff.all_shops():
        service.seal_files(Actor.system(shop.pk), at=clock.now())
