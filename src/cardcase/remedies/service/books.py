"""Keeping offers and remedies in line with what the platform did, and closing what has rested (T23)."""

from datetime import datetime, timedelta

from django.db import transaction

from cardcase.cards import service as cards
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardRefused, Status
from cardcase.cases.service.rows import Ref, take
from cardcase.remedies import queries
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import OfferState, RemedyState
from cardcase.staff.rules import Actor, Permission

from .deciding import settle_offer
from .rows import record

_AGREED = (RemedyState.APPROVED.value, RemedyState.PRECHECKED.value)


@transaction.atomic
def follow(actor: Actor, ref: Ref, *, at: datetime) -> Case:
    """Bring offers and agreed remedies in line with a case that the platform has moved. Again changes nothing.

    Offers end when the platform decides or the case is over; what was agreed but not carried out is cancelled when
    the case is over. What has gone out is left alone: only its recorded result settles that.
    """
    actor.require(Permission.WORK)
    case = take(actor, ref)
    is_suspended = not case.is_open or case.status == Status.UNDER_REVIEW.value
    offer = queries.open_offer(actor, case) if is_suspended else None
    if offer is not None:
        mine = Offer.objects.visible_to(actor).filter(pk=offer.pk, state=OfferState.PROPOSED.value)
        if mine.update(state=OfferState.WITHDRAWN.value, settled_at=at, settled_reason=f"case is {case.status}"):
            record(actor, case, "remedy.offer_suspended", at, offer=offer.public_id, status=case.status)
    remedy = queries.live_remedy(actor, case) if not case.is_open else None
    if remedy is not None and remedy.state in _AGREED:
        mine = Remedy.objects.visible_to(actor).filter(pk=remedy.pk, state=remedy.state)
        if mine.update(state=RemedyState.CANCELLED.value, note=f"case is {case.status}"):
            if remedy.replacement is not None and remedy.replacement.state == "reserved":
                cards.release(actor, remedy.replacement.public_id, reason="remedy cancelled", at=at)
            record(actor, case, "remedy.cancelled", at, remedy=remedy.public_id, status=case.status)
    return case


def expire_offers(actor: Actor, *, at: datetime) -> int:
    """End the offers whose time is up (T7) and return how many. Safe to run again and by two machines at once."""
    actor.require(Permission.WORK)
    due = Offer.objects.visible_to(actor).filter(
        state=OfferState.PROPOSED.value, expires_at__lte=at, case__status=Status.OFFER_MADE.value
    )
    ended = 0
    for offer in due.select_related("case").order_by("expires_at", "pk"):
        settle_offer(actor, offer.case.number, OfferState.EXPIRED, revision=offer.case.revision, at=at)
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
