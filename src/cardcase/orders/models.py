"""What the channels say about buyers, listings, orders and refunds. Mirrors: read from outside, never owned by us."""

from typing import ClassVar

from django.db import models

from cardcase.kit import clock
from cardcase.staff.models import ShopOwned, Sourced


class Buyer(ShopOwned):
    """A buyer on one channel, known by the channel's stable id or, failing that, by nickname."""

    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=80)
    nick = models.CharField(max_length=120, blank=True, default="")
    told = models.JSONField(default=dict)  # {stamp: [what was told at it]}: which notice a later one has to beat
    first_seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "channel", "external_id"], name="buyer_known_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["shop", "nick"], name="buyer_by_nick")]


class Listing(ShopOwned):
    """The goods as told last. ``service_support`` holds the channel's promise codes, comma separated.

    What was promised with one order is on that order: a seller may change the promises of a listing afterwards.
    """

    channel = models.CharField(max_length=20)
    item_id = models.CharField(max_length=40)
    sku_text = models.CharField(max_length=200, blank=True, default="")
    title = models.CharField(max_length=300, blank=True, default="")
    price_fen = models.BigIntegerField(null=True)
    service_support = models.CharField(max_length=200, blank=True, default="")
    told = models.JSONField(default=dict)  # {stamp: [what was told at it]}: which notice a later one has to beat

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "channel", "item_id", "sku_text"], name="listing_known_once"),
        ]


class Order(ShopOwned, Sourced):
    """One order. ``state`` is a ``ports.OrderState``; the channel's own word and whole answer are kept beside it."""

    public_id = models.CharField(max_length=40, unique=True)
    channel = models.CharField(max_length=20)
    order_no = models.CharField(max_length=40)
    state = models.CharField(max_length=20)
    state_raw = models.CharField(max_length=40, blank=True, default="")
    refund_state = models.CharField(max_length=20, blank=True, default="")
    refund_state_raw = models.CharField(max_length=40, blank=True, default="")
    order_type_raw = models.CharField(max_length=20, blank=True, default="")
    buyer = models.ForeignKey(Buyer, null=True, on_delete=models.PROTECT, related_name="orders")
    listing = models.ForeignKey(Listing, null=True, on_delete=models.PROTECT, related_name="orders")
    quantity = models.PositiveIntegerField(null=True)
    total_fen = models.BigIntegerField(null=True)
    paid_fen = models.BigIntegerField(null=True)
    refund_fen = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)  # the channel's clock: an older notice never overwrites a newer one
    seller_external_id = models.CharField(max_length=80, blank=True, default="")
    seller_remark = models.TextField(blank=True, default="")
    cancel_reason = models.TextField(blank=True, default="")
    service_support = models.CharField(max_length=200, blank=True, default="")  # promised with this very order
    raw = models.JSONField(default=dict)
    told = models.JSONField(default=dict)  # {stamp: [what was told at it]}: which notice a later one has to beat
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "channel", "order_no"], name="order_known_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["shop", "order_no"], name="order_by_number"),
            models.Index(fields=["shop", "state"], name="order_by_state"),  # Today asks each time what waits for a card
        ]


class Refund(ShopOwned, Sourced):
    """One refund as the channel tells it. ``external_id`` is its refund number, or ``order:<order_no>`` without one.

    When the number becomes known the row takes it, so that a case that hangs on it stays where it is.
    """

    public_id = models.CharField(max_length=40, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    external_id = models.CharField(max_length=60)
    state = models.CharField(max_length=20)
    state_raw = models.CharField(max_length=40, blank=True, default="")
    kind = models.CharField(max_length=20)
    kind_raw = models.CharField(max_length=40, blank=True, default="")
    goods_status_raw = models.CharField(max_length=40, blank=True, default="")
    amount_fen = models.BigIntegerField(null=True)
    reason_raw = models.CharField(max_length=300, blank=True, default="")
    description = models.TextField(blank=True, default="")
    applied_at = models.DateTimeField(null=True)
    timeout_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True)
    is_shadow = models.BooleanField(default=False)  # told without a number, and numbered ones of its order are known
    raw = models.JSONField(default=dict)
    told = models.JSONField(default=dict)  # {stamp: [what was told at it]}: which notice a later one has to beat
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "order", "external_id"], name="refund_known_once"),
        ]
