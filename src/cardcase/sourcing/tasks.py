"""Background work of sourcing: ask the rules about what has changed. It raises flags and decides nothing."""

from datetime import timedelta

import structlog

from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import service
from .service.following import EVALUATE_BATCH

log = structlog.get_logger("cardcase.sourcing")


@handles(EVALUATE_BATCH)
def evaluate_batch(claim: Claim) -> None:
    """Ask the rules about a batch whose papers or terms have changed."""
    service.evaluate_batch(Actor.system(int(claim.args["shop"])), str(claim.args["batch"]), at=clock.now())


@handles("sourcing.seal_older", every=timedelta(hours=1), lease=timedelta(minutes=10), is_atomic=False)
def seal_older(_claim: Claim) -> None:
    """Seal papers from before 0002, shop by shop, some at a time; when all are sealed it finds nothing."""
    for shop in staff.all_shops():
        service.seal_older(Actor.system(shop.pk), at=clock.now())


@handles("sourcing.evaluate_changed", every=timedelta(minutes=10), lease=timedelta(minutes=10), is_atomic=False)
def evaluate_changed(_claim: Claim) -> None:
    """Ask the rules about batches and orders that changed by other doors, shop by shop. Again finds nothing."""
    for shop in staff.all_shops():
        actor, now = Actor.system(shop.pk), clock.now()
        try:
            service.evaluate_changed(actor, at=now)
        except Exception as error:  # noqa: BLE001 - one shop's broken rules must not keep the others waiting
            log.warning("rules_not_asked", shop=shop.pk, subject="", error=type(error).__name__)
            service.note_unreadable(actor, at=now)
