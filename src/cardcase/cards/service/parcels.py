"""Physical cards on their way: out of the house in a parcel, and in the buyer's hands. Their codes are never opened."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardEvent, CardState, IllegalCardMove
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

from . import rows


@transaction.atomic
def ship_cards(actor: Actor, cards: Sequence[Card], order: Order, *, parcel: str, at: datetime) -> None:
    """Note that held cards left in a parcel (its public id) to the buyer of their order.

    Raises IllegalCardMove for a card that is not kept for this order (I5, I6), NotAllowed.
    """
    actor.require(Permission.WORK)
    for card in cards:
        if card.order_id != order.pk:
            raise IllegalCardMove(CardState(card.state), CardEvent.SHIP)
        card.become(CardEvent.SHIP)
        card.save(update_fields=["state"])
        rows.note(actor, "card.shipped", card, at, {"parcel": parcel, "by": actor.label})


@transaction.atomic
def note_arrived(actor: Actor, cards: Sequence[Card], order: Order, *, signed_at: datetime, at: datetime) -> None:
    """Note that a parcel with these cards was signed for: from then on their buyer can read them.

    A corrected moment takes the place of the one before; the record keeps both.
    """
    actor.require(Permission.WORK)
    for card in cards:
        told = {"revealed_at": signed_at, "displayed_at": signed_at}
        mine = Reveal.objects.visible_to(actor).filter(card=card, order=order, to="buyer", how="parcel")
        if not mine.update(**told):
            Reveal.objects.create(
                shop_id=actor.shop_id, card=card, order=order, to="buyer", how="parcel", by=actor.label[:80], **told
            )
        rows.note(actor, "card.arrived", card, at, {"signed_at": signed_at.isoformat(), "by": actor.label})
