"""Reads of the claim page: whose link a token opens, what its holder is shown, and how much was guessed lately."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Min, Q
from django.urls import reverse

from cardcase.cards.rules import CardKind
from cardcase.delivery.models import ClaimGuess, ClaimLink, Delivery
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.claims import WINDOW, Guesses, Step, step_of
from cardcase.kit.errors import NotFound
from cardcase.staff import queries as staff
from cardcase.staff.models import Shop
from cardcase.staff.queries import token_digest
from cardcase.staff.rules import Actor

from .deliveries import slots_of, why_not
from .terms import TermsState, terms_of

CLAIM = "claim"
"""How, and by which actor, the claim page shows codes: there the buyer is present, and no member of staff acts."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a live link: acts as the claim page of its shop, for one delivery."""

    actor: Actor
    delivery_id: str
    link_id: int


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What the holder of a link may know. ``shown_at``: when the codes were shown, or cleared to be, before."""

    step: Step
    shop: str
    kind: CardKind
    quantity: int
    order_no: str
    buyer_nick: str
    shown_at: datetime | None
    terms: TermsState


def holder_by_token(token: str, *, at: datetime) -> Holder | None:
    """Return the holder of a live link by its token; None when it is unknown, expired or revoked.

    Each of the three costs the same one look-up by hash. Before it nobody is known, so it starts from no actor.
    """
    columns = ("pk", "shop_id", "delivery__public_id", "expires_at", "revoked_at")
    row = ClaimLink.objects.filter(token_sha256=token_digest(token)).values_list(*columns).first()
    pk, shop_id, delivery_id, expires_at, revoked_at = row or (0, 0, "", at, at)
    if revoked_at is not None or expires_at <= at:
        return None
    return Holder(Actor.system(shop_id, CLAIM), delivery_id, pk)


def guesses(network: str, *, at: datetime) -> Guesses:
    """Return what was guessed lately, by one network (its keyed hash) and by all. Of the installation, not a shop."""
    mine = Q(network=network)
    told = ClaimGuess.objects.filter(at__gt=at - WINDOW).aggregate(
        everybody=Count("pk"),
        mine=Count("pk", filter=mine),
        first_at=Min("at", filter=mine),
        last_at=Max("at", filter=mine),
    )
    return Guesses(**told)


def link_is_live(actor: Actor, link_id: int, *, at: datetime) -> bool:
    """Tell whether a link (row id) is good at a moment."""
    mine = ClaimLink.objects.visible_to(actor).filter(pk=link_id, revoked_at=None, expires_at__gt=at)
    return bool(mine.exists())


def link_address(token: str, otherwise: str) -> str:
    """Return the link of a token: it stands behind the #, which no browser sends and no server logs.

    ``otherwise`` is the installation's address where the settings tell none.
    """
    base = (settings.CARDCASE.base_url or otherwise).rstrip("/")
    return f"{base}{reverse('claim')}#{token}"


def claim(actor: Actor, delivery_id: str, *, at: datetime) -> ClaimView:
    """Return what the holder of a link to a delivery is shown. Raises NotFound."""
    rows = Delivery.objects.visible_to(actor).select_related("order__buyer")
    found: Delivery | None = rows.filter(public_id=delivery_id).first()
    if found is None:
        raise NotFound("没有这次发货", "There is no such delivery")
    order, terms = found.order, terms_of(actor, found.order_id)
    stops = why_not(actor, found, slots_of(actor, found), is_person=False, at=at)
    state = DeliveryState(found.state)
    return ClaimView(
        step=step_of(state, has_agreed=terms.is_open, stops=stops),
        shop=Shop.objects.values_list("name", flat=True).get(pk=actor.shop_id),
        kind=found.kind,
        quantity=found.quantity,
        order_no=order.order_no,
        buyer_nick=order.buyer.nick if order.buyer else "",
        shown_at=found.displayed_at or found.authorised_at,
        terms=terms,
    )


def claim_hours(actor: Actor) -> int:
    """Return for how many hours a claim link of the shop is good unless something else is said."""
    return staff.shop_of(actor).claim_hours
