"""Everything that is known about a case when its evidence is judged, as plain values. Filled by ``evidence.queries``.

Times are aware; money is in 分; ``None`` means not known, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from cardcase.kit.errors import NOTHING
from cardcase.kit.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSeen:
    """The order as its channel shows it. ``state`` is a ``ports.OrderState`` value."""

    order_no: str = ""
    state: str = "unknown"
    paid_fen: int | None = None
    total_fen: int | None = None
    quantity: int | None = None
    paid_at: datetime | None = None
    delivered_at: datetime | None = None
    confirmed_at: datetime | None = None
    listing_title: str = ""
    listing_price_fen: int | None = None
    is_physical: bool | None = None  # a parcel was sent; None: the channel does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSeen:
    """The refund as its channel shows it. ``state`` is a ``ports.RefundState`` value, empty when there is none."""

    refund_no: str = ""
    state: str = ""
    amount_fen: int | None = None
    applied_at: datetime | None = None
    refunded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSeen:
    """One look at a card's balance, by us. ``has_proof``: a picture or recording of it is kept."""

    at: datetime
    method: str = ""
    balance_fen: int | None = None
    is_usable: bool | None = None
    has_proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen:
    """One card of the order: where it came from, what we checked, when the buyer could read it."""

    public_id: str
    brand: str = ""
    region: str = ""
    face_fen: int | None = None
    tail4: str = ""
    state: str = ""
    revealed_at: datetime | None = None
    reveal_how: str = ""
    has_reveal: bool = False  # handed to the buyer, even when the channel did not say at what time
    delivered_to_orders: int = 1
    redeemed_at: datetime | None = None
    redeemed_noted_at: datetime | None = None  # when we learned of it
    void_result: str = ""  # how the last request to void it ended: open, voided, failed, redeemed, unknown
    expires_on: date | None = None
    batch_name: str = ""
    is_batch_quarantined: bool = False
    supplier_name: str = ""
    supplier_channel: str = "unknown"
    acquired_on: date | None = None
    has_proof: bool = False
    papers: tuple[str, ...] = ()  # kinds of the papers of its purchase and its supplier, each once
    supplier_answer: str = ""  # to a claim about this card: sent, accepted, partly, rejected, recovered
    supplier_answered_at: datetime | None = None
    recalled_at: datetime | None = None  # its batch was called back
    claim_until: date | None = None
    cost_fen: int | None = None
    siblings_sold: int = 0
    siblings_failed: int = 0
    checks: tuple[CheckSeen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitSeen:
    """One exhibit of the case with its structured facts (keys of ``exhibits.FACTS``)."""

    public_id: str
    kind: str
    party: str = ""
    captured_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_against_seller: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSeen:
    """Something asked of somebody. ``state``: open, fulfilled, refused, expired."""

    public_id: str
    to: str
    kinds: tuple[str, ...]
    state: str
    due_at: datetime
    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsSeen:
    """Something said in the conversation, codes masked. ``speaker`` is a ``ports.Speaker`` value."""

    id: str
    speaker: str
    text: str
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelSeen:
    """The parcel of physical cards, there and back, by our own record (N15). ``None``: that step is not on record.

    ``outcome`` is a ``delivery.rules.parcels.Outcome`` value. ``clashes``: the kind of evidence and what does not fit.
    """

    packed_at: datetime | None = None
    has_packing_video: bool = False
    is_serial_same: bool = False  # every serial read while packing is that of the stock
    shipped_at: datetime | None = None
    carrier: str = ""
    waybill_no: str = ""
    weight_g: int | None = None
    signed_at: datetime | None = None
    signed_by: str = ""
    unboxed_at: datetime | None = None
    has_unboxing_video: bool = False
    is_uncut: bool | None = None
    is_waybill_visible: bool | None = None
    is_tape_intact: bool | None = None
    received_at: datetime | None = None
    inspected_at: datetime | None = None
    has_inspection_video: bool = False
    outcome: str = ""
    outcome_text: Text = NOTHING
    clashes: tuple[tuple[str, str, Text], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """All that evidence and remedies are judged on.

    ``card_public_id`` is the card that the complaint is about when somebody has said so; otherwise all cards of the
    order are meant. ``policy_version`` is the shop's policy bound to the case. ``signals`` are triage's.
    """

    at: datetime
    number: str
    sub_reason: str
    found_cause: str = ""
    claimed_fen: int | None = None
    claimed_at: datetime | None = None
    order: OrderSeen = field(default_factory=OrderSeen)
    refund: RefundSeen = field(default_factory=RefundSeen)
    other_refunds: tuple[RefundSeen, ...] = ()  # further refunds of the same order
    cards: tuple[CardSeen, ...] = ()
    card_public_id: str = ""
    exhibits: tuple[ExhibitSeen, ...] = ()
    parcel: ParcelSeen | None = None  # only of physical cards that went through our own books
    requests: tuple[RequestSeen, ...] = ()
    words: tuple[WordsSeen, ...] = ()
    signals: tuple[str, ...] = ()
    policy_version: int | None = None
    is_buyer_known: bool = False
    undisputed_orders: int = 0  # of this buyer, in the window of the matrix (120–365 days before)
    other_claims: int = 0  # refunds or cases of this buyer on other orders
    duplicate_orders: tuple[str, ...] = ()  # order numbers: same buyer, goods and price, paid within a day
    has_executed_remedy: bool = False  # set by remedies: a replacement or refund of ours has gone out

    def cards_meant(self) -> tuple[CardSeen, ...]:
        """Return the cards that the complaint is about."""
        named = tuple(card for card in self.cards if card.public_id == self.card_public_id)
        return named or self.cards

    def delivered_at(self) -> datetime | None:
        """Return the earliest moment at which the buyer had a card: its reveal, else the channel's delivery time."""
        reveals = [card.revealed_at for card in self.cards_meant() if card.revealed_at is not None]
        return min(reveals) if reveals else self.order.delivered_at
