"""What a shop's corrections made of the learned reader: each attempt, what it was worth, and which one is in use."""

from typing import ClassVar

from django.db import models

from cardcase.staff.models import ShopOwned


class ReaderFit(ShopOwned):
    """One fit to the shop's labels, on top of one shipped model. ``data`` (rules.correcting) only where it was adopted.

    ``labels``: how many were fitted to. ``figures``: counts and shares in tenths of a thousandth.
    """

    number = models.PositiveIntegerField()
    base = models.CharField(max_length=16)
    verdict = models.CharField(max_length=12)
    labels = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)
    data = models.BinaryField(null=True)
    at = models.DateTimeField()
    is_used = models.BooleanField(default=False)
    set_aside_at = models.DateTimeField(null=True)  # the owner went back behind it
    set_aside_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "number"], name="reader_fit_number_once"),
            models.UniqueConstraint(fields=["shop"], condition=models.Q(is_used=True), name="reader_fit_used_once"),
        ]


class ReaderSwitch(ShopOwned):
    """Whether the shop's corrections may change the reader; without a row they may."""

    is_on = models.BooleanField(default=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop"], name="reader_switch_once")]
