"""Keeping offers and remedies in line with what the platform did, and closing what has rested (T23)."""

from datetime import datetime, timedelta

from django.db import transaction

from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardRefused, Need, Status
from cardcase.cases.service.rows import Ref, save, take, unask
from cardcase.remedies import queries
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import OfferState, RemedyState
from cardcase.staff.rules import Actor, Permission

from .approving import drop
from .deciding import settle_offer
from .results import settle_by_mirror
from .rows import record

_AGREED = (RemedyState.APPROVED.value, RemedyState.PRECHECKED.value)


@transaction.atomic
def follow(actor: Actor, ref: Ref, *, at: datetime) -> Case:
    """Bring offers and remedies in line with a case that the platform has moved. Again changes nothing.

    Offers and drafts end, and what was agreed but not carried out is cancelled, when the platform decides or the case
    is over. What has gone out is settled only by a refund that the platform shows as paid, or by its recorded result.
    """
    actor.require(Permission.WORK)
    case = take(actor, ref)
    if not case.is_open or case.status == Status.UNDER_REVIEW.value:
        _suspend(actor, case, at=at)
    settle_by_mirror(actor, case, at=at)
    return case


def _suspend(actor: Actor, case: Case, *, at: datetime) -> None:
    offer = queries.open_offer(actor, case)
    if offer is not None:
        mine = Offer.objects.visible_to(actor).filter(pk=offer.pk, state=OfferState.PROPOSED.value)
        if mine.update(state=OfferState.WITHDRAWN.value, settled_at=at, settled_reason=f"case is {case.status}"):
            record(actor, case, "remedy.offer_suspended", at, offer=offer.public_id, status=case.status)
    draft = queries.draft_of(actor, case)
    if draft is not None:
        drop(actor, case, draft, f"case is {case.status}", at=at)
    remedy = queries.live_remedy(actor, case)
    if remedy is not None and remedy.state in _AGREED:
        mine = Remedy.objects.visible_to(actor).filter(pk=remedy.pk, state=remedy.state)
        if mine.update(state=RemedyState.CANCELLED.value, note=f"case is {case.status}"):
            record(actor, case, "remedy.cancelled", at, remedy=remedy.public_id, status=case.status)


def expire_offers(actor: Actor, *, at: datetime, case: str = "") -> int:
    """End the offers whose time is up (T7), of one case or of all, and return how many. Safe to run twice at once."""
    actor.require(Permission.WORK)
    due = Offer.objects.visible_to(actor).filter(
        state=OfferState.PROPOSED.value, expires_at__lte=at, case__status=Status.OFFER_MADE.value
    )
    if case:
        due = due.filter(case__public_id=case)
    ended = 0
    for offer in due.select_related("case").order_by("expires_at", "pk"):
        ended_one = settle_offer(actor, offer.case.number, OfferState.EXPIRED, revision=offer.case.revision, at=at)
        unask(ended_one.case, Need.OFFER_EXPIRED)
        save(actor, ended_one.case)
        ended += 1
    return ended


def close_rested(actor: Actor, *, at: datetime, limit: int = 200) -> int:
    """Close resolved cases whose windows are over and whose books agree (T23); return how many.

    What is still in flight, unclear or not reconciled stays (invariant I7).
    """
    actor.require(Permission.WORK)
    rest = timedelta(days=queries.catalogue(actor).limits["windows_over"].days)
    closed = 0
    for case in case_queries.resolved_before(actor, at - rest, limit=limit):
        with transaction.atomic():
            follow(actor, case, at=at)
            guard = queries.standing(actor, case, at=at)
            try:
                with transaction.atomic():
                    cases.advance(actor, case, Event.CLOSED, facts=guard, revision=case.revision, at=at)
            except GuardRefused:
                continue
            closed += 1
    return closed
