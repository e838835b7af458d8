"""Screenshots that were read: the pictures, what was read, what a person made of it. Both are kept."""

from typing import ClassVar

from django.db import models

from cardcase.cases.models import Case
from cardcase.inbox.models import Conversation
from cardcase.kit import clock
from cardcase.staff.models import ShopOwned


class Capture(ShopOwned):
    """截图: pictures of one chat, read together. ``state``: waiting for a person, confirmed, or dropped.

    ``read`` is what the reader saw, ``confirmed`` what a person said it is; ``rules.lines.documents``, codes masked.
    ``how``: what read it, with which models.
    """

    public_id = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, default="waiting")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="captures")
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.PROTECT, related_name="captures")
    taken_by = models.CharField(max_length=8)  # whose phone: seller or buyer
    taken_on = models.DateField(null=True)  # the day of the pictures, by which 昨天 and 星期三 are understood
    nick = models.CharField(max_length=120, blank=True, default="")
    read = models.JSONField(default=list)
    confirmed = models.JSONField(default=list)
    notes = models.JSONField(default=list)  # codes of what is worth a look: gap, unclear, doubtful, faint
    facts = models.JSONField(default=dict)
    how = models.CharField(max_length=80, blank=True, default="")
    captured_at = models.DateTimeField(default=clock.now)
    captured_by = models.CharField(max_length=80)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "state", "captured_at"], name="captures_waiting")]


class CapturedPicture(ShopOwned):
    """One picture of a capture, byte for byte under seal, with the places of its lines and of card codes on it."""

    capture = models.ForeignKey(Capture, on_delete=models.CASCADE, related_name="pictures")
    place = models.PositiveIntegerField()
    name = models.CharField(max_length=255, blank=True, default="")
    mime = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    original_sealed = models.BinaryField(null=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    lines = models.JSONField(default=list)  # [left, top, right, bottom, trust, words], words masked
    masks = models.JSONField(default=list)  # [left, top, right, bottom] of places with a card code

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "capture", "place"], name="captured_picture_once"),
        ]
