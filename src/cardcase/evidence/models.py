"""Exhibits of a case and what was asked of whom."""

from typing import ClassVar

from django.db import models

from cardcase.cards.file_rows import FileRow
from cardcase.cards.sealed_files import Use
from cardcase.cases.models import Case
from cardcase.kit import clock
from cardcase.staff.models import ShopOwned, Sourced


class Exhibit(FileRow, Sourced):
    """证据项: one thing that proves something, with a file or without.

    Never deleted. One that does not belong here is set aside with a reason: it stays on file and no longer counts.
    """

    USE = Use.EXHIBIT

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="exhibits")
    kind = models.CharField(max_length=4)  # E1 … E24 of the matrix
    title = models.CharField(max_length=200)
    party = models.CharField(max_length=10)  # buyer, seller, supplier, platform, issuer
    file_mime = models.CharField(max_length=80, blank=True, default="")
    captured_at = models.DateTimeField(default=clock.now)
    captured_by = models.CharField(max_length=80)
    event_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)  # order_no, tail4, amount_fen, at, region, redeemed_at, account …
    is_against_seller = models.BooleanField(default=False)
    body_sealed = models.BinaryField(null=True)  # the bytes, instead of a kept file: a card code stands in them
    dkim = models.CharField(max_length=10, blank=True, default="")  # dkim.Signed, of a mail
    dkim_domain = models.CharField(max_length=255, blank=True, default="")
    dkim_key = models.BinaryField(null=True)  # the key record that it was checked with, so that others can do it again
    dkim_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(null=True)
    set_aside_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case"], name="exhibit_by_case")]


class Redaction(FileRow):
    """A copy of an exhibit's file with places painted over, made for others; the original stays and is withheld.

    The latest one that was not lifted is what packs show. Rows are never deleted.
    """

    USE = Use.COPY

    public_id = models.CharField(max_length=40, unique=True)
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="redactions")
    file_mime = models.CharField(max_length=80)
    areas = models.JSONField(default=list)  # [page, x, y, width, height] in pixels of the page as drawn
    reason = models.CharField(max_length=300)
    derived_from = models.CharField(max_length=64, blank=True, default="")  # commitment to the original, in hex
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "exhibit"], name="redaction_by_exhibit")]


class Cover(ShopOwned):
    """Words about third parties that are covered wherever they stand in what leaves the shop about a case."""

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="covers")
    words = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case"], name="covers_by_case")]


class Look(ShopOwned):
    """A person looked at a file and saw nothing in it that must not go out: no machine reads pictures."""

    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="looks")
    file_sha256 = models.CharField(max_length=64)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "exhibit"], name="looks_by_exhibit")]


class EvidenceRequest(ShopOwned):
    """Something asked of somebody, with a nonce where a recording is wanted, due before the platform's clock."""

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence_requests")
    to = models.CharField(max_length=10)
    kinds = models.JSONField(default=list)
    nonce = models.CharField(max_length=8, blank=True, default="")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="open")  # open, fulfilled, refused, expired
    asked_at = models.DateTimeField(default=clock.now)
    asked_by = models.CharField(max_length=80)
    settled_at = models.DateTimeField(null=True)
    settled_note = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case", "state"], name="request_by_case")]


class BuyerAnswer(ShopOwned):
    """How the buyer answered one guided question: the buyer's word, not a finding. The latest row of a question counts.

    Rows are never changed. ``asked_text`` and ``said_text`` keep question and answer as the playbook had them then, in
    both languages.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="buyer_answers")
    playbook = models.CharField(max_length=10)  # the sub-reason that it was asked under, "unstated" or "none"
    question = models.CharField(max_length=40)
    answer = models.CharField(max_length=40)  # of the question, or policies.rules.SILENT, IN_WORDS
    asked_text = models.JSONField(default=dict)
    said_text = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True, default="")
    message = models.CharField(max_length=40, blank=True, default="")  # public id of what the buyer wrote
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case", "at"], name="answers_by_case")]
