"""Screenshots that were read: the pictures, what was read, what a person made of it. Both are kept."""

from typing import ClassVar

from django.db import models

from cardcase.cases.models import Case
from cardcase.inbox.models import Conversation
from cardcase.kit import clock
from cardcase.staff.models import ShopOwned


class Capture(ShopOwned):
    """截图: pictures of one chat, read together. ``state``: one of ``queries.READING`` and so on.

    ``read`` is what the reader saw, ``confirmed`` what a person said it is; ``rules.lines.documents``, codes masked.
    ``how``: what read it, with which models. ``draft`` is what a person has changed before the yes (``rules.drafts``),
    ``places`` where the entries of ``read`` stand. ``trouble``: why a promised reading failed, in both languages.
    """

    public_id = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, default="waiting")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="captures")
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.PROTECT, related_name="captures")
    taken_by = models.CharField(max_length=8)  # whose phone: seller or buyer
    taken_on = models.DateField(null=True)  # the day of the pictures, by which 昨天 and 星期三 are understood
    nick = models.CharField(max_length=120, blank=True, default="")
    read = models.JSONField(default=list)
    places = models.JSONField(default=list)
    draft = models.JSONField(default=list)
    confirmed = models.JSONField(default=list)
    notes = models.JSONField(default=list)  # codes of what is worth a look: gap, unclear, doubtful, faint
    facts = models.JSONField(default=dict)
    how = models.CharField(max_length=80, blank=True, default="")
    done = models.PositiveIntegerField(default=0)  # pictures that were read so far
    trouble = models.JSONField(default=dict)
    captured_at = models.DateTimeField(default=clock.now)
    captured_by = models.CharField(max_length=80)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "state", "captured_at"], name="captures_waiting")]


class CapturedPicture(ShopOwned):
    """One picture of a capture, byte for byte under seal, with the places of its lines and of card codes on it.

    ``width`` 0: not read. ``seen_sealed``: what was read of it while other pictures of the capture still wait.
    ``trouble``: why it was refused, in both languages; its bytes are thrown away then, the others are read.
    """

    capture = models.ForeignKey(Capture, on_delete=models.CASCADE, related_name="pictures")
    place = models.PositiveIntegerField()
    name = models.CharField(max_length=255, blank=True, default="")
    mime = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    original_sealed = models.BinaryField(null=True)
    seen_sealed = models.BinaryField(null=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    lines = models.JSONField(default=list)  # [left, top, right, bottom, trust, words], words masked
    masks = models.JSONField(default=list)  # [left, top, right, bottom] of places with a card code
    trouble = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "capture", "place"], name="captured_picture_once"),
        ]
