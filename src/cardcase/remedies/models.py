"""Offers to the buyer and remedies decided, with the two phases of everything that moves money.

And what advice is judged by: decisions as they were taken, labels of closed cases, values learned from both.
"""

from typing import ClassVar

from django.db import models

from cardcase.cards.models import Card
from cardcase.cases.models import Case
from cardcase.kit import clock
from cardcase.staff.models import ShopOwned


class Offer(ShopOwned):
    """One proposal to the buyer. At most one is open per case."""

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="offers")
    kind = models.CharField(max_length=24)
    amount_fen = models.BigIntegerField(null=True)
    proposed_by = models.CharField(max_length=80)
    approved_by = models.CharField(max_length=80, blank=True, default="")  # who let a draft above the limit go out
    counter_fen = models.BigIntegerField(null=True)  # what the buyer wanted instead
    state = models.CharField(max_length=10)  # draft, proposed, accepted, denied, countered, expired, withdrawn
    expires_at = models.DateTimeField()
    proposed_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)
    settled_reason = models.CharField(max_length=300, blank=True, default="")
    source_event = models.CharField(max_length=120, blank=True, default="")  # message or notice that shows the answer

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "case"], condition=models.Q(state="proposed"), name="one_open_offer"
            ),
        ]


class Remedy(ShopOwned):
    """处理方案 decided. Money is written as executing before the hand moves, and is never retried by itself."""

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="remedies")
    kind = models.CharField(max_length=24)
    amount_fen = models.BigIntegerField(null=True)
    value_fen = models.BigIntegerField(default=0)  # what counts against the amount paid (invariant I1)
    state = models.CharField(max_length=12)  # rules.RemedyState
    key = models.CharField(max_length=80)
    offer = models.ForeignKey(Offer, null=True, on_delete=models.PROTECT, related_name="remedies")
    replacement = models.ForeignKey(Card, null=True, on_delete=models.PROTECT, related_name="replaces")
    decided_by = models.CharField(max_length=80)
    approved_by = models.CharField(max_length=80, blank=True, default="")
    precheck = models.JSONField(default=dict)  # what was checked just before the hand moved
    override_reason = models.CharField(max_length=300, blank=True, default="")
    decided_at = models.DateTimeField(default=clock.now)
    executed_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case"], name="remedy_by_case")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "key"], name="remedy_once_per_key"),
            models.UniqueConstraint(
                fields=["shop", "case"],
                condition=models.Q(state__in=["approved", "prechecked", "executing", "executed", "ambiguous"]),
                name="one_live_remedy",
            ),
        ]


class Decision(ShopOwned):
    """One decision with all that it was taken on. Written once; the record holds the same (``rules.snapshot``)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    verb = models.CharField(max_length=12)  # offer, concede, decline, escalate
    chosen = models.CharField(max_length=24)
    advised = models.CharField(max_length=24, blank=True, default="")
    because = models.CharField(max_length=16, blank=True, default="")  # rules.learning.Because
    fault_permille = models.PositiveSmallIntegerField()  # forecast: the middle of P(the buyer is owed)
    is_floor_bound = models.BooleanField(default=False)  # a rule decided, so nothing was forecast
    snapshot = models.JSONField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case", "at"], name="decisions_by_case")]


class Label(ShopOwned):
    """What decided a closed case, as far as anything did (``rules.learning.label_of``). Derived; may be made anew."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="label")
    revision = models.PositiveIntegerField()  # of the case when it was derived
    rules = models.PositiveSmallIntegerField()  # rules.learning.LABEL_VERSION
    statements = models.JSONField(default=list)  # [{"source", "is_owed"}]
    verdict = models.CharField(max_length=8, blank=True, default="")
    is_contested = models.BooleanField(default=False)
    at = models.DateTimeField()


class LearnedNumbers(ShopOwned):
    """Values learned from a shop's labels. The last one stands; earlier ones stay, for decisions that name them."""

    version = models.CharField(max_length=12, blank=True)  # of the content; empty: nothing is learned any more
    base = models.CharField(max_length=60)  # the priors that it belongs to
    records = models.JSONField(default=list)
    labels = models.PositiveIntegerField(default=0)  # closed cases with a label that was there to learn from
    at = models.DateTimeField()
