"""Physical cards on their way: the parcel, its steps in a chain, the serials that were read, the files of each step."""

from typing import ClassVar

from django.db import models

from cardcase.cards.models import Card
from cardcase.orders.models import Order
from cardcase.staff.models import ShopOwned

from .deliveries import Delivery


class Parcel(ShopOwned):
    """One parcel of a chain: ``way`` is a ``rules.parcels.Way``. A chain has one that goes out, one that comes back.

    It is about a delivery, or about ``card``, a replacement that a case keeps for the order. ``round``: which chain of
    these goods it belongs to, from 1; ``why`` the second and later ones were begun.
    """

    public_id = models.CharField(max_length=40, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="parcels")
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.PROTECT, related_name="parcels")
    card = models.ForeignKey(Card, null=True, on_delete=models.PROTECT, related_name="parcels")
    round = models.PositiveSmallIntegerField(default=1)
    way = models.CharField(max_length=4)
    why = models.CharField(max_length=300, blank=True, default="")
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "delivery", "round", "way"], name="one_parcel_a_round_and_way"),
            models.UniqueConstraint(fields=["shop", "card", "order", "round", "way"], name="one_parcel_of_replacement"),
            models.CheckConstraint(
                condition=models.Q(delivery__isnull=True, card__isnull=False)
                | models.Q(delivery__isnull=False, card__isnull=True),
                name="parcel_is_of_one_thing",
            ),
        ]


class ParcelStep(ShopOwned):
    """One step of a parcel. Never changed; one that is told anew is a row of its own and names what it replaces.

    ``previous``: the step before in its chain, over both parcels; none for the first. ``chain_sha256``: hash of that of
    the step before with ``told`` and the hashes of the files (``rules.parcels.link``), repeated in the record.
    """

    public_id = models.CharField(max_length=40, unique=True)
    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="steps")
    name = models.CharField(max_length=10)  # rules.parcels.StepName
    previous = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="following")
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    happened_at = models.DateTimeField()
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=80)
    carrier = models.CharField(max_length=40, blank=True, default="")
    waybill_no = models.CharField(max_length=40, blank=True, default="")
    weight_g = models.PositiveIntegerField(null=True)
    who = models.CharField(max_length=80, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    flags = models.JSONField(default=dict)  # is_uncut, is_waybill_visible, is_tape_intact, is_scratch_intact
    outcome = models.CharField(max_length=10, blank=True, default="")  # rules.parcels.Outcome, of an inspection
    told = models.JSONField(default=dict)  # what went into the hash
    chain_sha256 = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "parcel", "id"], name="steps_of_parcel")]


class ParcelSerial(ShopOwned):
    """One serial read from a card at a step: its keyed hash and tail. ``match`` is a ``rules.parcels.Match``."""

    step = models.ForeignKey(ParcelStep, on_delete=models.PROTECT, related_name="serials")
    card = models.ForeignKey(Card, null=True, on_delete=models.PROTECT, related_name="parcel_serials")
    read_index = models.CharField(max_length=64)
    tail4 = models.CharField(max_length=4, blank=True, default="")
    match = models.CharField(max_length=12)


class ParcelUpload(ShopOwned):
    """A file that was kept for a step which is not on record yet.

    Written before the file gets its name, and gone in the transaction that puts the step on record. What is left over
    is of a step that was refused, or of a process that died: its file is removed (``service.parcel_uploads``).
    """

    sealed_sha256 = models.CharField(max_length=64, unique=True)
    kept_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "kept_at"], name="uploads_left_over")]


class ParcelFile(ShopOwned):
    """One photo or video of a step. The bytes lie encrypted among the kept files, under a key that the vault seals.

    ``sha256`` is that of the file as it came, ``sealed_sha256`` that of what lies on the disk.
    """

    public_id = models.CharField(max_length=40, unique=True)
    step = models.ForeignKey(ParcelStep, on_delete=models.PROTECT, related_name="files")
    role = models.CharField(max_length=8)  # rules.parcels.Role
    sha256 = models.CharField(max_length=64)
    sealed_sha256 = models.CharField(max_length=64)
    key_sealed = models.BinaryField()
    mime = models.CharField(max_length=20)
    size = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "step", "role"], name="one_file_a_role")]
