"""Work of evidence: requests whose time is up are noted as expired, and their cases come back."""

from datetime import timedelta

from cardcase.cases.service import REQUEST_OVER
from cardcase.jobs import service as jobs
from cardcase.jobs.registry import Claim, handles
from cardcase.jobs.rules import MAX_TRIES
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from . import dkim, service
from .service.mails import CHECK_JOB


@handles("evidence.expire_requests", every=timedelta(minutes=5), is_atomic=False)
def expire_requests(_claim: Claim) -> None:
    """Note requests whose time is up, shop by shop. Each is a transaction of its own; a second run finds nothing."""
    for shop in staff.all_shops():
        service.expire_overdue(Actor.system(shop.pk), at=clock.now())


@handles(REQUEST_OVER)
def request_over(claim: Claim) -> None:
    """End the wait for a buyer's evidence at its very moment."""
    service.follow(Actor.system(int(claim.args["shop"])), str(claim.args["case"]), at=clock.now())


@handles(CHECK_JOB, is_atomic=False)
def check_mail(claim: Claim) -> None:
    """Check the signature of a mail that came as evidence. When nobody ever answers it stays unchecked, and says so."""
    assert claim.shop_id is not None
    actor, now = Actor.system(claim.shop_id, "evidence"), clock.now()
    try:
        service.check_signature(actor, str(claim.args["exhibit"]), at=now, writing=jobs.writing(claim, at=now))
    except dkim.KeyAway:
        if claim.attempts < MAX_TRIES:
            raise
