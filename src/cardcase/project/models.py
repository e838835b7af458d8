"""What the API must remember about itself."""

from typing import ClassVar

from django.db import models

from cardcase.kit import clock
from cardcase.staff.models import ShopOwned


class IdempotentReply(ShopOwned):
    """The answer to one POST: the same key with the same body gets it again, and the effect stays one."""

    key = models.CharField(max_length=100)
    request_sha256 = models.CharField(max_length=64)  # method, path and body
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    content_type = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "key"], name="answered_once")]
