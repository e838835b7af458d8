"""The case: one complaint about one order, with its stage, status, reason, hold and revision."""

from typing import Any, ClassVar

from django.db import models
from django.utils.functional import cached_property

from cardcase.cards.models import Card
from cardcase.cases.rules.states import Outcome
from cardcase.kit import clock
from cardcase.orders.models import Buyer, Order, Refund
from cardcase.policies.models import PolicyVersion
from cardcase.staff.models import ShopOwned, Staff


class Case(ShopOwned):
    """售后单. Moves only through ``service.advance``; every move raises ``revision`` and leaves a record entry."""

    public_id = models.CharField(max_length=40, unique=True)
    number = models.CharField(max_length=20)  # AS-2026-000123, counted per shop
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cases")
    refund = models.ForeignKey(Refund, null=True, on_delete=models.PROTECT, related_name="cases")
    buyer = models.ForeignKey(Buyer, null=True, on_delete=models.PROTECT, related_name="cases")
    card = models.ForeignKey(Card, null=True, on_delete=models.PROTECT, related_name="cases")
    policy = models.ForeignKey(PolicyVersion, null=True, on_delete=models.PROTECT, related_name="cases")
    stage = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    waiting_on = models.CharField(max_length=10)
    claim_key = models.CharField(max_length=140)  # same line and same claim is the same case
    mirror_state = models.CharField(max_length=20, blank=True, default="")  # the refund's state when last acted upon
    claimed_reason = models.CharField(max_length=16, blank=True, default="")  # family, unstated or none
    sub_reason = models.CharField(max_length=4, blank=True, default="")
    confidence = models.FloatField(null=True)
    quotes = models.JSONField(default=list)  # [{"text", "message", "start", "end", "rule"}]
    second_reason = models.CharField(max_length=4, blank=True, default="")
    reader = models.CharField(max_length=40, blank=True, default="")  # the learned reader that read it last
    language = models.CharField(max_length=8, blank=True, default="")  # what the buyer writes (triage.rules.Language)
    is_language_sure = models.BooleanField(default=False)
    signals = models.JSONField(default=list)
    found_cause = models.CharField(max_length=4, blank=True, default="")
    reason_confirmed_at = models.DateTimeField(null=True)
    reason_confirmed_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    is_held = models.BooleanField(default=True)  # M7: nothing goes out until a person has read and confirmed
    held_at = models.DateTimeField(null=True)
    hold_lifted_reason = models.CharField(max_length=300, blank=True, default="")
    claimed_fen = models.BigIntegerField(null=True)
    reapplied_at = models.DateTimeField(null=True)  # a person saw the buyer apply again, or come back, at this moment
    linked_to = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followed_by")  # T24
    snoozed_until = models.DateTimeField(null=True)  # T26: work is put off until then
    snooze_reason = models.CharField(max_length=300, blank=True, default="")
    owner = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+")
    needs_human = models.JSONField(default=list)  # [{"code", "zh", "en"}]
    next_due_at = models.DateTimeField(null=True)  # copy of the nearest armed deadline, for the queue
    revision = models.PositiveIntegerField(default=1)
    last_event = models.CharField(max_length=24, blank=True, default="")  # with the next two: who was first
    last_moved_by = models.CharField(max_length=80, blank=True, default="")
    last_moved_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=True)
    is_incident = models.BooleanField(default=False)  # a deadline was missed; needs a review
    outcome = models.CharField(max_length=20, blank=True, default="")
    ruling_raw = models.TextField(blank=True, default="")
    reviewed_at = models.DateTimeField(null=True)  # of the latest review since the case was opened or reopened
    recovered_fen = models.BigIntegerField(default=0)  # what came back from the supplier
    mirror_at = models.DateTimeField(null=True)  # the platform's own time of the state last acted upon
    same_as = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="twins")  # asked, or merged
    opened_at = models.DateTimeField(default=clock.now)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "number"], name="case_number_once"),
            models.UniqueConstraint(fields=["shop", "claim_key"], name="case_claim_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["shop", "is_open", "next_due_at", "id"], name="case_queue"),
            models.Index(fields=["shop", "is_open", "waiting_on", "next_due_at"], name="case_by_turn"),
            models.Index(
                fields=["shop", "is_incident", "opened_at", "status"],  # all that counting them asks for
                condition=models.Q(is_incident=True),
                name="case_incidents",
            ),
            models.Index(fields=["shop", "order"], name="case_by_order"),
        ]

    @cached_property
    def unsaved(self) -> set[str]:
        """Names of fields that were changed in hand and wait for the next write (``service.rows``)."""
        return set()

    order_clocks: Any = None
    """The clocks of its order (``deadlines.service.Clocks``) while they are in hand with others'; no field."""

    @property
    def is_merged(self) -> bool:
        """Tell whether this case has ended because ``same_as`` goes on with the complaint."""
        return self.outcome == Outcome.MERGED.value

    def asks_for(self, *codes: str) -> bool:
        """Tell whether the case asks for a person for one of these reasons."""
        return any(need["code"] in codes for need in self.needs_human)


class CaseNumber(ShopOwned):
    """The counter behind human case numbers: one row per shop and year."""

    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "year"], name="case_counter_once")]


class Note(ShopOwned):
    """Something staff wrote down about a case: a call, an agreement, a thought."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()


class Review(ShopOwned):
    """Why a case was lost or a deadline missed, and what is done about it. ``missed``: the misses that it explains."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reviews")
    text = models.TextField()
    cause = models.CharField(max_length=24)  # rules.reviews.Cause
    measure = models.TextField()
    missed = models.JSONField(default=list)  # [{"kind", "due_at"}]; empty: lost without a miss that is on record
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case", "at"], name="reviews_by_case")]


class ReasonLabel(ShopOwned):
    """What triage proposed as a case's reason, and what a person said it is: kept each time a person says so.

    The words are not copied: they are the buyer's in the talk about the case's order, as far as they had come in at
    ``at`` (``received_at``), and so go when the buyer is erased. ``reader`` names who had read them. Where nothing was
    proposed, the proposal is empty; ``said`` is empty where the person found that no reason was given.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reason_labels")
    proposed_reason = models.CharField(max_length=16, blank=True, default="")  # family, unstated or none
    proposed = models.CharField(max_length=4, blank=True, default="")  # sub-reason
    confidence = models.FloatField(null=True)
    reader = models.CharField(max_length=40, blank=True, default="")
    quoted = models.JSONField(default=list)  # ids of the messages that the proposal rested on
    said_reason = models.CharField(max_length=16)  # family or unstated
    said = models.CharField(max_length=4)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["shop", "at"], name="reason_labels_by_time"),
            models.Index(fields=["shop", "case", "at"], name="reason_labels_by_case"),
        ]

    @property
    def is_refusal(self) -> bool:
        """Tell whether the person said that no reason was given."""
        return not self.said


class ClaimHistory(ShopOwned):
    """What the buyer claimed before, each time the claim changed (T20, T24): reason, amount, and who says so."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="claims")
    event = models.CharField(max_length=24)
    claimed_reason = models.CharField(max_length=16, blank=True, default="")
    sub_reason = models.CharField(max_length=4, blank=True, default="")
    claimed_fen = models.BigIntegerField(null=True)
    source = models.CharField(max_length=120, blank=True, default="")
    by = models.CharField(max_length=80)
    until = models.DateTimeField()  # when this claim was replaced by the next

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "case", "until"], name="claims_by_case")]


class PlatformDispute(ShopOwned):
    """One dispute as the platform tells it. A mirror: written from a notice or by who read it there, never from us."""

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="disputes")
    kind = models.CharField(max_length=16)  # rules.DisputeKind
    external_id = models.CharField(max_length=60, blank=True, default="")
    status = models.CharField(max_length=16)  # rules.DisputeStatus: our reading of the raw word
    status_raw = models.CharField(max_length=80, blank=True, default="")
    respond_by = models.DateTimeField(null=True)
    allowed_actions = models.JSONField(default=list)
    raw = models.JSONField(default=dict)
    source = models.CharField(max_length=120)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "case", "kind", "external_id"], name="dispute_known_once"),
        ]
