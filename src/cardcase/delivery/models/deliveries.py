"""Which order gets which cards, which listing means which kind of card, and what stops a delivery."""

from typing import ClassVar

from django.db import models

from cardcase.cards.models import Card
from cardcase.cards.rules import CardKind
from cardcase.orders.models import Order
from cardcase.staff.models import ShopOwned


class OfKind(models.Model):
    """Base of rows that name a kind of card; see ``cards.rules.CardKind``."""

    brand = models.CharField(max_length=60)
    region = models.CharField(max_length=20, blank=True, default="")
    spec = models.CharField(max_length=60, blank=True, default="")
    form = models.CharField(max_length=8, default="code")
    face_fen = models.BigIntegerField()

    class Meta:
        abstract = True

    @property
    def kind(self) -> CardKind:
        """The kind as rules know it."""
        return CardKind(self.brand, self.face_fen, self.region, self.spec, self.form)


class ListingKind(ShopOwned, OfKind):
    """Which kind of card one specification of a listing is, by the seller's word. ``sku_text`` empty: it has none."""

    public_id = models.CharField(max_length=40, unique=True)
    channel = models.CharField(max_length=20)
    item_id = models.CharField(max_length=40)
    sku_text = models.CharField(max_length=200, blank=True, default="")
    set_by = models.CharField(max_length=80)
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "channel", "item_id", "sku_text"], name="listing_means_one_kind"),
        ]


class Delivery(ShopOwned, OfKind):
    """The giving of cards to one order. ``state`` is a ``rules.DeliveryState``; the truth of a card is on the card."""

    public_id = models.CharField(max_length=40, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="deliveries")
    quantity = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12)
    allocated_at = models.DateTimeField()
    allocated_by = models.CharField(max_length=80)
    authorised_at = models.DateTimeField(null=True)
    displayed_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=120, blank=True, default="")
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "order"], name="one_delivery_an_order")]
        indexes: ClassVar = [models.Index(fields=["shop", "state", "id"], name="delivery_by_state")]


class Allocation(ShopOwned):
    """One card kept for one place of an order, from 1. Released: the place was given up, or got another card."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="allocations")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="allocations")
    position = models.PositiveSmallIntegerField()
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="allocations")
    allocated_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "order", "position"],
                condition=models.Q(released_at=None),
                name="one_card_a_place",
            ),
            models.UniqueConstraint(
                fields=["shop", "card"], condition=models.Q(released_at=None), name="card_allocated_once"
            ),
        ]


class Block(ShopOwned):
    """What stops an order's codes from leaving: a complaint, or a person. ``ref`` names it, such as a case."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="delivery_blocks")
    ref = models.CharField(max_length=40)
    why = models.CharField(max_length=300)
    since = models.DateTimeField()
    by = models.CharField(max_length=80)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, blank=True, default="")
    lifted_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "order", "ref"], condition=models.Q(lifted_at=None), name="blocked_once_by_each"
            ),
        ]
