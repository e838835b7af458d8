"""Packs of a case: the one that is being prepared, and those that were sealed."""

from typing import ClassVar

from django.db import models

from cardcase.cards.file_rows import FileRow
from cardcase.cards.sealed_files import Use
from cardcase.cases.models import Case
from cardcase.staff.models import ShopOwned


class PackDraft(ShopOwned):
    """What a person has chosen for the next pack of a case: for whom it is, and the words of its cover letter."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="pack_draft")
    recipient = models.CharField(max_length=10, default="platform")
    letter = models.TextField(blank=True, default="")  # empty: as the product words it
    staged_at = models.DateTimeField()
    staged_by = models.CharField(max_length=80)


class Pack(FileRow):
    """证据包: one sealed version. Its bytes never change; rows are never deleted.

    The record decides that a pack exists (``pack.exported``, ``pack.submitted``); the row says where its bytes lie. It
    has no file while these are being written.
    """

    USE = Use.PACK

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="packs")
    number = models.PositiveIntegerField()  # 1, 2 … of the case
    state = models.CharField(max_length=10)  # sealed, submitted, superseded
    recipient = models.CharField(max_length=10)
    size = models.PositiveBigIntegerField(default=0)
    manifest_sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    sealed_by = models.CharField(max_length=80)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.CharField(max_length=80, blank=True, default="")
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "number"], name="one_pack_of_a_number")]
        indexes: ClassVar = [models.Index(fields=["shop", "case"], name="packs_by_case")]
