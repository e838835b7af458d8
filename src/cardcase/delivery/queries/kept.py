"""Which cards are replacements: kept for an order outside of its delivery, by a case."""

from typing import TYPE_CHECKING, Final

from django.db.models import Exists, OuterRef, Q

from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardState
from cardcase.delivery.models import Allocation, Parcel
from cardcase.staff.rules import Actor

if TYPE_CHECKING:
    from django.db.models import QuerySet

HOW: Final = "replacement"
"""How the code of a replacement is given, in its reveal. A physical one goes by parcel."""


def replacements(actor: Actor) -> "QuerySet[Card]":
    """Return the cards that are kept for an order outside of its delivery, and those that were given that way."""
    placed = Allocation.objects.filter(card_id=OuterRef("pk"), released_at=None)
    given = Reveal.objects.filter(card_id=OuterRef("pk"), order_id=OuterRef("order_id"), to="buyer", how=HOW)
    sent = Parcel.objects.filter(card_id=OuterRef("pk"), order_id=OuterRef("order_id"))
    bound = Card.objects.visible_to(actor).filter(~Exists(placed), order__isnull=False)
    found: QuerySet[Card] = bound.filter(Q(state=CardState.RESERVED.value) | Exists(given) | Exists(sent))
    return found
