"""Conversations, what was said in them, and what we mean to say."""

from typing import ClassVar

from django.db import models

from cardcase.cases.models import Case
from cardcase.kit import clock
from cardcase.orders.models import Buyer, Order
from cardcase.staff.models import ShopOwned, Sourced


class Conversation(ShopOwned):
    """One thread with one buyer on one channel."""

    public_id = models.CharField(max_length=40, unique=True)
    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    buyer = models.ForeignKey(Buyer, null=True, on_delete=models.PROTECT, related_name="conversations")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="conversations")
    item_id = models.CharField(max_length=40, blank=True, default="")
    last_message_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    read_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "channel", "external_id"], name="conversation_known_once"),
        ]


class Message(ShopOwned, Sourced):
    """One thing said. ``text`` never holds a card code: found codes are masked and the original is sealed beside it."""

    public_id = models.CharField(max_length=40, unique=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="messages")
    external_id = models.CharField(max_length=120)
    speaker = models.CharField(max_length=8)
    kind = models.CharField(max_length=8)
    event = models.CharField(max_length=20, blank=True, default="")
    sender_name = models.CharField(max_length=120, blank=True, default="")
    text = models.TextField(blank=True, default="")
    original_sealed = models.BinaryField(null=True)
    said_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "conversation", "external_id"], name="message_said_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["shop", "conversation", "said_at"], name="message_order")]


class Reply(ShopOwned):
    """What we mean to say: draft until a person has sent it on the channel and said so."""

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="replies")
    text = models.TextField()
    state = models.CharField(max_length=10)  # draft, sent
    template_id = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=80)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=80, blank=True, default="")
