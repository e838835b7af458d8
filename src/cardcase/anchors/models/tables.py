"""What was asked of authorities, witnesses and deposit services, and what they answered, byte for byte."""

from typing import ClassVar

from django.db import models

from cardcase.staff.models import Shop, ShopRows


class Anchoring(models.Model):
    """A head that was taken to authorities and witnesses."""

    size = models.BigIntegerField(unique=True)
    at = models.DateTimeField()

    objects: ClassVar = models.Manager()


class Stamp(models.Model):
    """A time-stamp that is owed: one head of the record at one authority, or a renewal of an earlier one (``over``).

    Of the whole installation: there is one record. ``note`` holds the very bytes that are stamped, so that the proof
    stands by itself. ``reply`` is the one that counts; all others stay in Reply.
    """

    authority = models.CharField(max_length=40)
    size = models.BigIntegerField()
    note = models.TextField()
    over = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="renewals")
    state = models.CharField(max_length=16)
    promised_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    last_code = models.CharField(max_length=40, blank=True)
    last_at = models.DateTimeField(null=True)
    reply = models.ForeignKey("Reply", null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)
    gen_time = models.DateTimeField(null=True)
    accuracy_ms = models.IntegerField(default=0)
    token_sha256 = models.CharField(max_length=64, blank=True)
    signer = models.CharField(max_length=300, blank=True)
    ends_at = models.DateTimeField(null=True)
    is_revocation_known = models.BooleanField(default=False)
    entry_seq = models.BigIntegerField(null=True)

    objects: ClassVar = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["authority", "size"], condition=models.Q(over=None), name="stamp_promised_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "size"], name="stamp_by_state"),
            models.Index(fields=["state", "entry_seq"], name="stamp_by_entry"),
        ]


class Reply(models.Model):
    """One answer of an authority as it came, with the question it was an answer to. Kept always."""

    stamp = models.ForeignKey(Stamp, on_delete=models.PROTECT, related_name="replies")
    request = models.BinaryField()
    body = models.BinaryField()
    status = models.IntegerField()
    code = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    objects: ClassVar = models.Manager()


class Revocations(models.Model):
    """The newest list of revoked certificates that was fetched from an address."""

    url = models.CharField(max_length=500, unique=True)
    body = models.BinaryField()
    fetched_at = models.DateTimeField()

    objects: ClassVar = models.Manager()


class WitnessState(models.Model):
    """How a witness stands: the size it last cosigned or told, and what came of the last attempt."""

    key_id = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=200)
    known_size = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    last_code = models.CharField(max_length=40, blank=True)
    last_at = models.DateTimeField(null=True)

    objects: ClassVar = models.Manager()


class Cosignature(models.Model):
    """A witness's line under a head. It is kept beside the note and never changes its bytes."""

    size = models.BigIntegerField()
    key_id = models.CharField(max_length=8)
    name = models.CharField(max_length=200)
    vkey = models.CharField(max_length=300)
    is_own = models.BooleanField()
    line = models.TextField()
    seen_at = models.DateTimeField()
    entry_seq = models.BigIntegerField(null=True)

    objects: ClassVar = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["size", "key_id"], name="cosigned_once")]


class Deposit(models.Model):
    """A hash handed to a deposit service. ``raw`` is its answer as it came."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)
    state = models.CharField(max_length=16)
    promised_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    last_code = models.CharField(max_length=40, blank=True)
    last_at = models.DateTimeField(null=True)
    external_id = models.CharField(max_length=200, blank=True)
    told_time = models.CharField(max_length=80, blank=True)
    certificate = models.BinaryField(null=True)
    raw = models.BinaryField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar = ShopRows.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "provider", "sha256"], name="deposited_once"),
        ]


class Copies(models.Model):
    """Where a shop gives its buyers the current head of the record: their copies make rewriting history fail."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, related_name="+")
    on_claim_page = models.BooleanField(default=True)
    in_chat = models.BooleanField(default=False)

    objects: ClassVar = ShopRows.as_manager()
