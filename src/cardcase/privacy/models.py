"""What was restricted or erased, on which ground and by whom; and, while restricted, what was locked away."""

from typing import ClassVar

from django.db import models

from cardcase.kit import clock
from cardcase.orders.models import Buyer, Order
from cardcase.staff.models import ShopOwned

from .rules.states import LIVE


class Removal(ShopOwned):
    """The removal of one matter: an order with all that hangs on it, or what a buyer said apart from any order.

    ``subject``: public id of the order, or ``buyer_<row id>``. ``state`` is a ``rules.RemovalState``. While it is
    restricted, ``bundle`` holds what was taken out of the tables, under a key of two halves: ``key_half`` is one,
    sealed by the vault, the other is a file in the folder of the keys (``sealing``). ``entries``: numbers of those
    whose contents lie there too. ``files``: SHA-256 of kept files that still have to go now; ``locked``: of those that
    go when it is erased. ``originals``: digests of imported originals that wait for other buyers' rows in them.
    ``marks``: keyed digests by which a buyer that comes in again is recognised.
    """

    public_id = models.CharField(max_length=40, unique=True)
    subject = models.CharField(max_length=40)
    buyer = models.ForeignKey(Buyer, null=True, on_delete=models.PROTECT, related_name="removals")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="removals")
    state = models.CharField(max_length=10)
    ground = models.CharField(max_length=16, blank=True, default="")
    by = models.CharField(max_length=80, blank=True, default="")
    asked_at = models.DateTimeField(default=clock.now)
    erase_at = models.DateTimeField(null=True)  # when its period is over
    restricted_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)  # gone from the tables
    finished_at = models.DateTimeField(null=True)  # and from the folder of files
    copies_until = models.DateField(null=True)  # by when old backups must be gone
    key_half = models.BinaryField(null=True)
    bundle = models.BinaryField(null=True)
    entries = models.JSONField(default=list)
    files = models.JSONField(default=list)
    locked = models.JSONField(default=list)
    originals = models.JSONField(default=list)
    counts = models.JSONField(default=dict)  # {"rows", "contents", "files"}
    marks = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "subject"],
                condition=models.Q(state__in=[state.value for state in LIVE]),
                name="one_live_removal",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["shop", "state", "asked_at"], name="removal_by_state")]
