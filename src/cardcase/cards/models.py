"""Cards and where they come from. Codes are ciphertext here; nothing in these tables reads as a code."""

from typing import ClassVar

from django.db import models

from cardcase.kit import clock, ids
from cardcase.orders.models import Order
from cardcase.staff.models import ShopOwned, Sourced

from .rules.life import CardEvent, CardState, advance


def proof_id() -> str:
    """Make the public id of a kept proof."""
    return ids.public_id("proof")


def supplier_id() -> str:
    """Make the public id of a supplier."""
    return ids.public_id("sup")


class Supplier(ShopOwned):
    """Somebody from whom the shop buys cards. ``channel``: issuer_direct, authorised, second_hand or unknown.

    Everything from ``legal_name`` on is filled by the room ``sourcing``. The number of the identity and the contact
    are sealed (``sourcing.sealing``); of the number the last four characters stay readable.
    """

    public_id = models.CharField(max_length=40, unique=True, default=supplier_id)
    name = models.CharField(max_length=120)
    channel = models.CharField(max_length=20, default="unknown")
    note = models.TextField(blank=True, default="")
    legal_name = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=10, default="unknown")  # person, company, unknown
    id_kind = models.CharField(max_length=20, blank=True, default="")  # licence, id_card, passport
    id_sealed = models.BinaryField(null=True)
    id_tail4 = models.CharField(max_length=4, blank=True, default="")
    contact_sealed = models.BinaryField(null=True)
    claim_days = models.PositiveSmallIntegerField(null=True)  # days after the purchase in which it answers for a card
    claim_covers = models.CharField(max_length=300, blank=True, default="")
    claim_evidence = models.CharField(max_length=300, blank=True, default="")  # what it wants to see
    status = models.CharField(max_length=10, default="active")  # active, suspended
    status_reason = models.CharField(max_length=300, blank=True, default="")
    suspended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "name"], name="supplier_known_once")]


class CardBatch(ShopOwned):
    """One purchase of cards: 批次. ``proof_sha256`` names the kept invoice or receipt (ProofFile), empty without."""

    public_id = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    supplier = models.ForeignKey(Supplier, null=True, on_delete=models.PROTECT, related_name="batches")
    acquired_on = models.DateField(null=True)
    unit_cost_fen = models.BigIntegerField(null=True)
    proof_sha256 = models.CharField(max_length=64, blank=True, default="")
    proof_note = models.CharField(max_length=300, blank=True, default="")
    claim_until = models.DateField(null=True)
    is_quarantined = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "name"], name="batch_known_once")]


class Card(ShopOwned, Sourced):
    """One card. ``state`` is a ``rules.CardState``; the vault seals the code, its blind index finds it again."""

    public_id = models.CharField(max_length=40, unique=True)
    batch = models.ForeignKey(CardBatch, null=True, on_delete=models.PROTECT, related_name="cards")
    brand = models.CharField(max_length=60, blank=True, default="")
    region = models.CharField(max_length=20, blank=True, default="")
    spec = models.CharField(max_length=60, blank=True, default="")  # what else tells kinds apart, such as 季卡
    form = models.CharField(max_length=8, default="code")  # code, or physical: a thing that is sent in a parcel
    face_fen = models.BigIntegerField(null=True)
    cost_fen = models.BigIntegerField(null=True)
    expires_on = models.DateField(null=True)
    code_sealed = models.BinaryField()
    number_sealed = models.BinaryField(null=True)
    key_version = models.PositiveSmallIntegerField(default=1)
    code_index = models.CharField(max_length=64)  # HMAC-SHA-256 of the normal form under its own key
    number_index = models.CharField(max_length=64, blank=True, default="")
    tail4 = models.CharField(max_length=4, blank=True, default="")
    number_tail4 = models.CharField(max_length=4, blank=True, default="")
    state = models.CharField(max_length=12)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="cards")
    redeemed_at = models.DateTimeField(null=True)  # by the issuer's clock
    redeemed_noted_at = models.DateTimeField(null=True)  # when we learned of it: what was agreed before did not know
    voided_at = models.DateTimeField(null=True)
    warnings = models.JSONField(default=list)  # codes of rules.CardWarning, never a character of the card
    claimed_at = models.DateTimeField(null=True)  # a claim on the supplier names it and has a clock of its own
    note = models.CharField(max_length=300, blank=True, default="")
    acquired_at = models.DateTimeField(default=clock.now)

    def become(self, event: CardEvent) -> None:
        """Let an event happen to the card. Raises IllegalCardMove; the caller holds the lock and saves."""
        self.state = advance(CardState(self.state), event).value

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "code_index"], name="code_known_once")]
        indexes: ClassVar = [
            models.Index(fields=["shop", "state", "brand", "spec", "face_fen"], name="card_stock"),
            models.Index(fields=["shop", "number_index"], name="card_by_number"),
        ]


class BalanceCheck(ShopOwned):
    """One look at what a card was worth: when, how, by whom, with which proof. ``kind`` is a ``rules.CheckKind``."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="balance_checks")
    checked_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80)
    kind = models.CharField(max_length=14, default="pre_sale")
    method = models.CharField(max_length=40)
    balance_fen = models.BigIntegerField(null=True)
    is_usable = models.BooleanField(null=True)
    proof_sha256 = models.CharField(max_length=64, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")


class Reveal(ShopOwned, Sourced):
    """One moment at which a code became readable to somebody: delivery on the channel, or a look by staff.

    ``attempt`` counts the deliveries of one card to one order: a re-send is a second row, never a second card.
    ``display``: shown; authorised (the record is written, whether anybody saw it is not known yet); unknown (it was
    never confirmed, a person has to settle it); not_shown (a person has settled that nobody saw it).
    """

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="reveals")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="reveals")
    revealed_at = models.DateTimeField(null=True)  # unknown when the channel does not tell
    to = models.CharField(max_length=10)  # buyer or staff
    how = models.CharField(max_length=40)  # channel_auto, channel_manual, marked_sold, staff_view, parcel
    sold_type_raw = models.CharField(max_length=10, blank=True, default="")
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True, default="")
    attempt = models.PositiveSmallIntegerField(default=1)
    display = models.CharField(max_length=10, default="shown")
    displayed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "card", "order", "attempt"],
                condition=models.Q(to="buyer"),
                name="delivered_once_per_attempt",
            ),
        ]


class VoidAttempt(ShopOwned):
    """One request to the issuer to make a delivered card worthless, and how it ended (N4).

    ``result`` is a ``rules.VoidResult``: open, voided, failed, redeemed (somebody was quicker), unknown.
    """

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="void_attempts")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    result = models.CharField(max_length=8, default="open")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, blank=True, default="")
    proof_sha256 = models.CharField(max_length=64, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "card"],
                condition=models.Q(result__in=["open", "unknown"]),
                name="voiding_once_at_a_time",
            ),
        ]


class ProofFile(ShopOwned):
    """A file that proves something of one card or batch: a look at the balance, the issuer's answer, a receipt.

    A screenshot may show a code, so it lies encrypted (``sealed_files``). ``sha256`` is that of what came, which the
    rows that it proves and the record name; the same bytes for the same card or batch are kept once.
    """

    public_id = models.CharField(max_length=40, unique=True, default=proof_id)
    subject = models.CharField(max_length=40)  # public id of the card or batch
    sha256 = models.CharField(max_length=64)
    sealed_sha256 = models.CharField(max_length=64)
    key_sealed = models.BinaryField()
    mime = models.CharField(max_length=40)
    size = models.BigIntegerField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "subject", "sha256"], name="proof_kept_once"),
        ]


class KeptWrapping(models.Model):
    """The present head and wrapped key of one sealed original among the kept files.

    A kept file never changes, because its name is the hash of its bytes. When the key that wraps its data key leaves,
    the fresh wrapping stands here and counts instead of the one in the file. Files without a row: the one in the file.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    wrapping = models.BinaryField()
