"""Background entrance of notices: planning what an alarm owes, sending, and forgetting."""

from datetime import timedelta

from cardcase.jobs import service as jobs
from cardcase.jobs.registry import Claim, handles
from cardcase.jobs.rules import MAX_TRIES
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import service
from .rules import Event

LEASE = timedelta(minutes=3)
"""Longer than the slowest sending, so that nobody takes a notice over that is under way."""


@handles("notice.due")
def plan_notices(claim: Claim) -> None:
    """Plan the notices of an alarm of a deadline."""
    assert claim.shop_id is not None
    actor = Actor.system(claim.shop_id, "notices")
    service.plan(actor, int(claim.args["deadline"]), Event(claim.args["event"]), at=clock.now())


@handles("notice.stock", every=timedelta(minutes=5), is_atomic=False)
def plan_stock(_claim: Claim) -> None:
    """Look for kinds of cards that run out, shop by shop. A second run finds nothing new."""
    for shop in staff.all_shops():
        service.plan_stock(Actor.system(shop.pk, "notices"), at=clock.now())


@handles("notice.send", is_atomic=False, lease=LEASE)
def send_notice(claim: Claim) -> None:
    """Send one notice. It reaches outside, so it is not atomic; each of its writes holds the lease."""
    assert claim.shop_id is not None
    service.send(
        Actor.system(claim.shop_id, "notices"),
        int(claim.args["notice"]),
        writing=lambda: jobs.writing(claim, at=clock.now(), lease=LEASE),
        is_last_try=claim.attempts >= MAX_TRIES,
    )


@handles("notice.forget", every=timedelta(days=1))
def forget(_claim: Claim) -> None:
    """Delete notices that are half a year old."""
    service.forget_old(None, at=clock.now())
