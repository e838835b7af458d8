"""Where cards come from: the purchase behind a batch, its papers, flags, recalls and claims on suppliers.

``Supplier`` and ``CardBatch`` have their tables in ``cards``; what is known of them beyond the stock stands here.
"""

from typing import ClassVar

from django.db import models

from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.kit import clock
from cardcase.orders.models import Order
from cardcase.staff.models import ShopOwned


class Purchase(ShopOwned):
    """How a batch was bought, as far as the rules about buying ask for it. Empty and null mean: not told."""

    batch = models.OneToOneField(CardBatch, on_delete=models.PROTECT, related_name="purchase")
    card_kind = models.CharField(max_length=8, blank=True, default="")  # single, multi: where the cards can be used
    is_named = models.BooleanField(null=True)
    paid_by = models.CharField(max_length=12, blank=True, default="")  # transfer, cash, credit_card, other
    payer_kind = models.CharField(max_length=8, blank=True, default="")  # company, person
    is_third_party_paid = models.BooleanField(null=True)
    issuer_place = models.CharField(max_length=40, blank=True, default="")  # province or city of the issuer
    total_fen = models.BigIntegerField(null=True)  # what was paid in all, when the papers say so


class SupplierClaim(ShopOwned):
    """One claim on a supplier about cards of one batch. Moves by ``rules.claims`` only."""

    public_id = models.CharField(max_length=40, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="claims")
    batch = models.ForeignKey(CardBatch, on_delete=models.PROTECT, related_name="claims")
    state = models.CharField(max_length=10, default="draft")
    reason = models.CharField(max_length=300)
    window_until = models.DateField(null=True)  # the last day on which the supplier takes it
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.CharField(max_length=80)
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    accepted_fen = models.BigIntegerField(null=True)
    recovered_fen = models.BigIntegerField(default=0)  # the sum of its receipts
    answer = models.TextField(blank=True, default="")  # the supplier's words

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "state"], name="claim_by_state")]


class ClaimCard(ShopOwned):
    """One card in a claim and what is asked for it. ``is_live`` while the claim stands: one live claim a card."""

    claim = models.ForeignKey(SupplierClaim, on_delete=models.PROTECT, related_name="cards")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="supplier_claims")
    amount_fen = models.BigIntegerField()
    is_live = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["claim", "card"], name="card_once_in_a_claim"),
            models.UniqueConstraint(fields=["card"], condition=models.Q(is_live=True), name="one_live_claim_a_card"),
        ]


class ClaimReceipt(ShopOwned):
    """Money, or cards worth money, that came back from a supplier on a claim."""

    claim = models.ForeignKey(SupplierClaim, on_delete=models.PROTECT, related_name="receipts")
    amount_fen = models.BigIntegerField()
    received_on = models.DateField()
    note = models.CharField(max_length=300, blank=True, default="")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()


class SourceDocument(ShopOwned):
    """A paper about a supplier, a batch or a claim. Never deleted: superseded, with a reason.

    Any of them may hold a card number, a code or somebody's identity, so their bytes are sealed in ``body_sealed`` and
    ``sha256`` is the vault's keyed digest, from which nothing can be guessed. Pictures and PDFs from before 0002 lie in
    ``custody.files`` under their plain ``sha256`` and have no ``body_sealed`` until ``service.resealing`` came to them.
    """

    PLAIN_FILE: ClassVar[str] = "sha256"

    public_id = models.CharField(max_length=40, unique=True)
    supplier = models.ForeignKey(Supplier, null=True, on_delete=models.PROTECT, related_name="documents")
    batch = models.ForeignKey(CardBatch, null=True, on_delete=models.PROTECT, related_name="documents")
    claim = models.ForeignKey(SupplierClaim, null=True, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    body_sealed = models.BinaryField(null=True)
    has_code = models.BooleanField(default=False)  # a card code stands in it: it is not handed out
    name = models.CharField(max_length=200)
    mime = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    issued_on = models.DateField(null=True)
    valid_from = models.DateField(null=True)  # of an authorisation
    valid_until = models.DateField(null=True)
    amount_fen = models.BigIntegerField(null=True)
    counterparty = models.CharField(max_length=120, blank=True, default="")
    number_tail = models.CharField(max_length=8, blank=True, default="")  # 「‥4471」 of its own number
    note = models.CharField(max_length=300, blank=True, default="")
    added_by = models.CharField(max_length=80)
    added_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.CharField(max_length=80, blank=True, default="")
    superseded_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["shop", "batch"], name="paper_by_batch")]


class SerialReport(ShopOwned):
    """How a supplier's list of numbers agrees with the cards of a batch. ``rows`` are masked, as ``rules.serials``."""

    document = models.OneToOneField(SourceDocument, on_delete=models.PROTECT, related_name="serials")
    batch = models.ForeignKey(CardBatch, on_delete=models.PROTECT, related_name="serial_reports")
    matched = models.PositiveIntegerField()
    missing = models.PositiveIntegerField()  # on the list, not in the stock
    elsewhere = models.PositiveIntegerField()  # in the stock, under another batch
    unlisted = models.PositiveIntegerField()  # in the batch, not on the list
    codes = models.PositiveIntegerField()  # rows in which a code stood
    rows = models.JSONField(default=list)
    matched_cards = models.ManyToManyField(Card, related_name="+")
    at = models.DateTimeField()


class SaleSignal(ShopOwned):
    """Something that a person saw about a sale and that no channel tells: who paid, what the buyer asked for."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="sale_signals")
    kind = models.CharField(max_length=16)
    payer_digest = models.CharField(max_length=64, blank=True, default="")  # keyed digest of a payer's name
    note = models.CharField(max_length=300, blank=True, default="")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()


class RiskFlag(ShopOwned):
    """Something to look at, raised by a dated rule. A hint, never a verdict. ``subject`` is a public id.

    ``facts`` hold numbers, dates and public ids, neither people nor codes. One row a subject and rule; what became of
    it before stands in ``FlagEvent``.
    """

    public_id = models.CharField(max_length=40, unique=True)
    subject_kind = models.CharField(max_length=8)  # batch, order, shop
    subject = models.CharField(max_length=40)
    rule = models.CharField(max_length=60)
    version = models.CharField(max_length=40)  # of the rules, with a digest where the shop has its own
    facts = models.JSONField(default=dict)
    facts_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, default="open")
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "subject", "rule"], name="flag_once_a_subject_and_rule"),
        ]
        indexes: ClassVar = [models.Index(fields=["shop", "state", "changed_at"], name="flag_by_state")]


class FlagEvent(ShopOwned):
    """One step in the life of a flag, with the facts of that moment."""

    flag = models.ForeignKey(RiskFlag, on_delete=models.PROTECT, related_name="events")
    event = models.CharField(max_length=12)
    facts = models.JSONField(default=dict)
    version = models.CharField(max_length=40)
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()


class Judged(ShopOwned):
    """What a subject looked like when the rules were last asked about it, so that only what changed is asked again."""

    subject = models.CharField(max_length=40)
    stamp = models.CharField(max_length=64)
    kin = models.BigIntegerField(null=True)  # row id of the buyer of an order, of the supplier of a batch, at that time
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "subject"], name="judged_once")]
        indexes: ClassVar = [
            models.Index(fields=["shop"], condition=models.Q(stamp="failed"), name="judged_in_vain"),
        ]


class Recall(ShopOwned):
    """A batch called back. ``proof`` says what proved it, empty for a recall on suspicion."""

    public_id = models.CharField(max_length=40, unique=True)
    batch = models.OneToOneField(CardBatch, on_delete=models.PROTECT, related_name="recall")
    reason = models.CharField(max_length=300)
    proof = models.CharField(max_length=20, blank=True, default="")
    card = models.ForeignKey(Card, null=True, on_delete=models.PROTECT, related_name="+")
    proven_at = models.DateTimeField(null=True)
    called_at = models.DateTimeField()
    called_by = models.CharField(max_length=80)
    set_aside = models.PositiveIntegerField(default=0)  # unsold cards taken out of sale
    released = models.JSONField(default=list)  # [order, card] by public ids: kept cards that it took from orders


class RecallNotice(ShopOwned):
    """That the buyer of one order was told of a recall: when, by whom, how. Cardcase itself sends nothing."""

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="notices")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=120)
    by = models.CharField(max_length=80)
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["recall", "order"], name="told_once_of_a_recall")]
