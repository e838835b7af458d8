"""Periodic work of remedies: offers end, rested cases close. Money is never touched here."""

from datetime import timedelta

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
