"""Links of the claim page, and the wrong tokens that were tried on it."""

from typing import ClassVar

from django.db import models

from cardcase.staff.models import ShopOwned

from .deliveries import Delivery


class ClaimLink(ShopOwned):
    """A link behind which the buyer of one delivery reads the terms and sees its codes once.

    The token itself is nowhere but in the link; here is its SHA-256. A link that was revoked, or replaced by a later
    one, keeps its row.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="claim_links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=80)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "delivery"], condition=models.Q(revoked_at=None), name="one_live_claim_link"
            ),
        ]


class ClaimGuess(models.Model):
    """One wrong token, from one network. Of no shop: whose link was meant is what nobody knows.

    ``network`` is a keyed hash of the network that asked; the address itself is not kept.
    """

    network = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at", "network"], name="claim_guesses_lately")]
