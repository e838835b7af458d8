"""Where notices go, each notice once, and the private links to the calendar."""

from typing import ClassVar

from django.db import models

from cardcase.kit import clock, ids
from cardcase.staff.models import ShopOwned

from .rules import NoticeState


class NoticeTarget(ShopOwned):
    """A place that takes notices. Its address is sealed with the vault's key and never shown whole again."""

    public_id = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12)
    address_sealed = models.BinaryField()
    hint = models.CharField(max_length=120)  # what may be shown of the address
    events = models.JSONField(default=list)  # half, quarter, margin, missed, stock
    scope = models.CharField(max_length=10)
    quiet = models.CharField(max_length=80, blank=True, default="")  # 22:30-08:00,12:00-13:30 in Shanghai
    language = models.CharField(max_length=10)
    shows_nick = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    failures = models.PositiveSmallIntegerField(default=0)  # notices in a row that it did not take
    was_disabled_by_us = models.BooleanField(default=False)
    last_state = models.CharField(max_length=8, blank=True, default="")
    last_why = models.CharField(max_length=24, blank=True, default="")
    last_number = models.IntegerField(null=True)
    last_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "name"], name="notice_target_named_once"),
        ]


class Notice(ShopOwned):
    """One alarm for one target. The row is what makes it one, whoever plans or sends it twice."""

    target = models.ForeignKey(NoticeTarget, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=120)  # of the alarm: the deadline's row, what rings, when it is due
    event = models.CharField(max_length=8)
    deadline_id = models.BigIntegerField(null=True)  # not a foreign key: the deadline owes nothing to its notices
    subject = models.CharField(max_length=40, blank=True, default="")
    kind = models.CharField(max_length=24, blank=True, default="")
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, default=NoticeState.WAITING.value)
    why = models.CharField(max_length=24, blank=True, default="")
    number = models.IntegerField(null=True)  # the other side's code or status
    times = models.PositiveSmallIntegerField(default=0)  # how often it was handed over without a clear no
    send_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["target", "key"], name="notice_once")]
        indexes: ClassVar = [
            models.Index(fields=["shop", "-id"], name="notice_latest"),
            models.Index(fields=["created_at"], name="notice_by_age"),
        ]


def shortage_id() -> str:
    """Make the public id of a shortage."""
    return ids.public_id("short")


class Shortage(ShopOwned):
    """A kind of card that runs out: there from when the stock fell to the shop's ``low_stock`` until it is above.

    It is what makes a notice one: told once for each row, and the next time there is another row.
    """

    public_id = models.CharField(max_length=40, unique=True, default=shortage_id)
    brand = models.CharField(max_length=60, blank=True, default="")
    spec = models.CharField(max_length=60, blank=True, default="")
    face_fen = models.BigIntegerField(null=True)
    began_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "brand", "spec", "face_fen"], name="one_shortage_of_a_kind"),
            models.UniqueConstraint(
                fields=["shop", "brand", "spec"],
                condition=models.Q(face_fen__isnull=True),  # an unknown face value is equal to none in an index
                name="one_shortage_without_face",
            ),
        ]


class CalendarLink(ShopOwned):
    """A private address under which the shop's deadlines can be subscribed to. Only the SHA-256 of its key is kept."""

    key_sha256 = models.CharField(max_length=64, unique=True)
    shows_nick = models.BooleanField(default=False)
    language = models.CharField(max_length=10)
    made_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop"], condition=models.Q(revoked_at__isnull=True), name="one_live_calendar_link"
            ),
        ]
