"""Work of evidence: requests whose time is up are noted as expired, and their cases come back."""

from datetime import timedelta

from cardcase.cases.service import REQUEST_OVER
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import service


@handles("evidence.expire_requests", every=timedelta(minutes=5), is_atomic=False)
def expire_requests(_claim: Claim) -> None:
    """Note requests whose time is up, shop by shop. Each is a transaction of its own; a second run finds nothing."""
    for shop in staff.all_shops():
        service.expire_overdue(Actor.system(shop.pk), at=clock.now())


@handles(REQUEST_OVER)
def request_over(claim: Claim) -> None:
    """End the wait for a buyer's evidence at its very moment."""
    service.follow(Actor.system(int(claim.args["shop"])), str(claim.args["case"]), at=clock.now())
