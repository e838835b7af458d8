"""Background entrance of anchoring: what is due, one attempt a service, renewal. Nothing here holds the business up."""

from datetime import timedelta

from cardcase.jobs import service as jobs
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff.rules import Actor

from . import service

LEASE = timedelta(minutes=3)
"""Longer than the slowest attempt: a list of revocations and an authority, twenty seconds each."""


@handles("anchors.promise", is_atomic=False, every=timedelta(minutes=1))
def promise(_claim: Claim) -> None:
    """Anchor the head when it is due: hourly, and soon after a reveal, a decision or an export."""
    service.promise(None, at=clock.now())


@handles("anchors.force", is_atomic=False)
def force(_claim: Claim) -> None:
    """Anchor the head now: somebody asked for it on the page."""
    service.promise(None, at=clock.now(), is_forced=True)


@handles("anchors.stamp", is_atomic=False, lease=LEASE)
def stamp(claim: Claim) -> None:
    """Make one attempt at a time-stamp."""
    now = clock.now()
    service.try_stamp(None, int(claim.args["stamp"]), at=now, writing=lambda: jobs.writing(claim, at=now, lease=LEASE))


@handles("anchors.cosign", is_atomic=False, lease=LEASE)
def cosign(claim: Claim) -> None:
    """Make one attempt at a cosignature."""
    now = clock.now()
    service.try_witness(
        None, str(claim.args["witness"]), at=now, writing=lambda: jobs.writing(claim, at=now, lease=LEASE)
    )


@handles("anchors.deposit", is_atomic=False, lease=LEASE)
def deposit(claim: Claim) -> None:
    """Make one attempt at a deposit."""
    assert claim.shop_id is not None
    now = clock.now()
    service.settle_deposit(
        Actor.system(claim.shop_id, "anchors"),
        int(claim.args["deposit"]),
        at=now,
        writing=lambda: jobs.writing(claim, at=now, lease=LEASE),
    )


@handles("anchors.renew", every=timedelta(days=1))
def renew(_claim: Claim) -> None:
    """Promise new stamps over those whose certificates end soon."""
    service.renew(None, at=clock.now())
