"""Which kind of card an order's listing means: by the seller's word, else a guess that is only proposed."""

from dataclasses import dataclass

from cardcase.cards import queries as cards
from cardcase.cards.rules import CardKind
from cardcase.delivery.models import ListingKind
from cardcase.delivery.rules import guess_kind
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an order's listing means. ``kind`` is the seller's word; ``guess`` is ours, for a person to confirm."""

    kind: CardKind | None = None
    guess: CardKind | None = None


def kind_of_order(actor: Actor, order: Order) -> Meaning:
    """Return the kind of card that an order asks for.

    The specification that was bought decides; a mapping without one serves a listing that has none at all, never
    another specification of a listing that has several.
    """
    listing = order.listing
    if listing is None:
        return Meaning()
    mine = ListingKind.objects.visible_to(actor)
    row = mine.filter(channel=listing.channel, item_id=listing.item_id, sku_text=listing.sku_text).first()
    if row is not None:
        return Meaning(kind=row.kind)
    return Meaning(guess=guess_kind(listing.title, listing.sku_text, cards.kinds_in_stock(actor)))
