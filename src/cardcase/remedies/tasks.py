"""Work of remedies by the clock: offers end, results are read back, rested cases close. Money is never touched here."""

from datetime import timedelta

from cardcase.cases.service import OFFER_OVER, SETTLING_OVER
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import service


@handles("remedies.expire_offers", every=timedelta(minutes=1), is_atomic=False)
def expire_offers(_claim: Claim) -> None:
    """End offers whose time is up, shop by shop. Each is a transaction of its own; a second run finds nothing."""
    for shop in staff.all_shops():
        service.expire_offers(Actor.system(shop.pk), at=clock.now())


@handles("remedies.close_rested", every=timedelta(hours=6), is_atomic=False)
def close_rested(_claim: Claim) -> None:
    """Close resolved cases that have rested, shop by shop."""
    for shop in staff.all_shops():
        service.close_rested(Actor.system(shop.pk), at=clock.now())


@handles("remedies.learn", every=timedelta(days=1), lease=timedelta(minutes=30), is_atomic=False)
def learn(_claim: Claim) -> None:
    """Learn from what has closed, shop by shop. Nothing new leaves nothing behind."""
    for shop in staff.all_shops():
        service.learn(Actor.system(shop.pk), at=clock.now())


@handles("remedies.verify", every=timedelta(minutes=1), is_atomic=False)
def verify(_claim: Claim) -> None:
    """Read back what can be: new reveals, refunds that the platform shows as paid. Shop by shop."""
    for shop in staff.all_shops():
        service.verify_running(Actor.system(shop.pk), at=clock.now())


@handles(OFFER_OVER)
def offer_over(claim: Claim) -> None:
    """End an offer at its very moment."""
    actor = Actor.system(int(claim.args["shop"]))
    service.expire_offers(actor, at=clock.now(), case=str(claim.args["case"]))


@handles(SETTLING_OVER)
def settling_over(claim: Claim) -> None:
    """Look for the result of an execution that is not verified yet; the clock is set to look again (rule G2)."""
    service.verify(Actor.system(int(claim.args["shop"])), str(claim.args["case"]), at=clock.now())
