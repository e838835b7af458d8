"""What the buyer was told before the code was shown, and that he agreed to it: exact words and times."""

from typing import ClassVar

from django.db import models

from cardcase.orders.models import Order
from cardcase.staff.models import ShopOwned


class Terms(ShopOwned):
    """The terms of one order as they were shown to its buyer, and his answer.

    ``how``: chat (a reply of the whitelist), claim (the button of the claim page), staff (seen elsewhere by a person,
    who says where), waived (the owner lets the code go without an answer, and says why); empty while there is none.
    ``reopened_at``: the buyer took an earlier consent back at that moment, in these words; only what comes later is an
    answer to this row. The earlier row keeps the consent that was taken back.
    ``unclear_at``: the buyer then said something that may be an answer or not, and a person is to look at it; why is a
    ``rules.consent.Doubt``.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="terms")
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    policy_version = models.PositiveIntegerField(null=True)  # empty: the shop had none in force at the payment
    wording = models.CharField(max_length=40, blank=True, default="")  # form and version of the first sentence
    shown_at = models.DateTimeField()
    shown_how = models.CharField(max_length=10)  # chat or claim
    how = models.CharField(max_length=8, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=300, blank=True, default="")  # the buyer's answer, or the staff's reason
    message_id = models.CharField(max_length=120, blank=True, default="")
    by = models.CharField(max_length=80, blank=True, default="")
    reopened_at = models.DateTimeField(null=True)
    reopened_words = models.CharField(max_length=300, blank=True, default="")
    reopened_message_id = models.CharField(max_length=120, blank=True, default="")

    unclear_at = models.DateTimeField(null=True)
    unclear_words = models.CharField(max_length=300, blank=True, default="")
    unclear_message_id = models.CharField(max_length=120, blank=True, default="")
    unclear_why = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "order", "shown_at"], name="terms_by_order")]
