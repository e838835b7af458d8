"""What the shop promised, version by version. A case is bound to the version valid when the order was paid."""

from typing import ClassVar

from django.db import models

from cardcase.staff.models import ShopOwned


class PolicyVersion(ShopOwned):
    """One version of the shop's after-sales policy 售后政策."""

    version = models.PositiveIntegerField()
    effective_from = models.DateTimeField()
    title = models.CharField(max_length=120)
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "version"], name="policy_version_once")]
