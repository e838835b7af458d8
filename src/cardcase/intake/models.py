"""Files that came in and what became of every row of them."""

from typing import ClassVar

from django.db import models

from cardcase.kit import clock
from cardcase.staff.models import ShopOwned


class ImportRun(ShopOwned):
    """One import: who, when, how far it is, and what came in its card files.

    ``state`` is a ``rules.RunState``. A run that looks only (``is_dry_run``) changed nothing and is forgotten after a
    day. ``held_key`` names the uploads that wait for a background run, or for the yes after a preview.
    """

    public_id = models.CharField(max_length=40, unique=True)
    by = models.CharField(max_length=80)
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default="running")
    is_dry_run = models.BooleanField(default=False)
    held_key = models.CharField(max_length=40, blank=True, default="")
    stage = models.CharField(max_length=20, blank=True, default="")
    done = models.PositiveIntegerField(default=0)  # of the stage, in rows
    total = models.PositiveIntegerField(default=0)
    trouble = models.JSONField(default=dict)  # of a failed run: the sentence and the way out, in both languages
    cards = models.JSONField(default=dict)  # the account of its cards, ``cards.rules.Arrival.document``


class ImportedFile(ShopOwned):
    """One file of an import. Its bytes are kept sealed; ``digest`` is keyed for card files, SHA-256 for all others.

    ``kept_sha256`` is the name under which the sealed bytes lie among the kept files, so that they can be destroyed.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    kept_sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    encoding = models.CharField(max_length=20, blank=True, default="")
    new = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)
    notes = models.JSONField(default=list)  # taken, but worth a look: who is the seller was worked out, and such

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "digest"], name="file_by_digest")]


class PushReceipt(ShopOwned):
    """One push from a marketplace, accepted once: its key is what makes two deliveries the same event."""

    channel = models.CharField(max_length=20)
    key = models.CharField(max_length=160)
    received_at = models.DateTimeField(default=clock.now)
    body = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "channel", "key"], name="push_taken_once")]


class Channel(ShopOwned):
    """渠道: one account of the shop on one outside, with what proves that a push really comes from there."""

    kind = models.CharField(max_length=20)  # goofish
    label = models.CharField(max_length=80)
    hook_key = models.CharField(max_length=64, unique=True)  # the last part of the address that is told to the platform
    app_key = models.CharField(max_length=40)
    secret_sealed = models.BinaryField()
    seller_id = models.CharField(max_length=40, blank=True, default="")
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "kind", "app_key"], name="channel_known_once"),
        ]


class PendingImport(ShopOwned):
    """Files that were previewed and wait for the reader's yes; sealed, and thrown away after a day."""

    key = models.CharField(max_length=40, unique=True)
    by = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=12, blank=True, default="")
    batch = models.CharField(max_length=120, blank=True, default="")
    encoding = models.CharField(max_length=20, blank=True, default="")
    is_all_or_nothing = models.BooleanField(default=False)


class PendingFile(ShopOwned):
    """One sealed file of a pending import."""

    pending = models.ForeignKey(PendingImport, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    sealed = models.BinaryField()
