"""Which kind of card an order's listing means: by the seller's word, else a guess that is only proposed."""

from dataclasses import dataclass
from datetime import datetime

from cardcase.cards import queries as cards
from cardcase.cards.rules import CardKind
from cardcase.delivery.models import ListingKind
from cardcase.delivery.rules import guess_kind
from cardcase.orders.models import Listing, Order
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an order's listing means. ``kind`` is the seller's word; ``guess`` is ours, for a person to confirm."""

    kind: CardKind | None = None
    guess: CardKind | None = None


@dataclass(frozen=True, slots=True)
class ListingRow:
    """One listing (or one specification of it) and the kind of card that it is, by whose word since when."""

    public_id: str
    channel: str
    item_id: str
    title: str
    sku_text: str
    kind: CardKind
    set_by: str
    set_at: datetime


def listing_kinds(actor: Actor, *, limit: int = 200) -> list[ListingRow]:
    """Return what listings mean, the last set first. ``title`` is empty when no order has told it."""
    rows = list(ListingKind.objects.visible_to(actor).order_by("-set_at", "-pk")[:limit])
    known = Listing.objects.visible_to(actor).filter(item_id__in=[row.item_id for row in rows])
    titles = {(one.channel, one.item_id): one.title for one in known}
    return [
        ListingRow(
            row.public_id,
            row.channel,
            row.item_id,
            titles.get((row.channel, row.item_id), ""),
            row.sku_text,
            row.kind,
            row.set_by,
            row.set_at,
        )
        for row in rows
    ]


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
