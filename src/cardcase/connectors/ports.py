"""What the outside may tell us, in our own words. Connectors produce these; rooms consume them; nobody else speaks.

Raw words and numbers are always kept beside our reading of them; what we cannot read is ``UNKNOWN``, never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from cardcase.kit.errors import Finding
from cardcase.kit.secret import CardCode

GOOFISH = "goofish"
"""Channel of everything that comes from 闲鱼, by whichever tool or file: one order told twice stays one order."""


class OrderState(StrEnum):
    """Where an order stands on its channel (闲管家 order_status in brackets)."""

    AWAITING_PAYMENT = "awaiting_payment"  # 11
    AWAITING_DELIVERY = "awaiting_delivery"  # 12
    DELIVERED = "delivered"  # 21
    COMPLETED = "completed"  # 22
    REFUNDED = "refunded"  # 23
    CLOSED = "closed"  # 24
    UNKNOWN = "unknown"


class RefundState(StrEnum):
    """Where a refund stands on its channel (闲管家 refund_status in brackets)."""

    NONE = "none"  # 0
    AWAITING_SELLER = "awaiting_seller"  # 1
    AWAITING_RETURN = "awaiting_return"  # 2
    AWAITING_RECEIPT = "awaiting_receipt"  # 3
    CLOSED = "closed"  # 4: withdrawn by the buyer or timed out
    SUCCEEDED = "succeeded"  # 5: agreed by the seller, or paid out by the platform on time-out
    REFUSED = "refused"  # 6
    AWAITING_ADDRESS = "awaiting_address"  # 8
    UNKNOWN = "unknown"


class RefundKind(StrEnum):
    """What the buyer asks for."""

    MONEY_ONLY = "money_only"  # 仅退款
    RETURN = "return"  # 退货退款
    UNKNOWN = "unknown"


class Speaker(StrEnum):
    """Whose words a message holds. System texts and titles are nobody's words."""

    BUYER = "buyer"
    SELLER = "seller"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class MessageKind(StrEnum):
    """What a message is made of."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    EMOJI = "emoji"
    CARD = "card"  # item, trade or refund card
    TIP = "tip"
    OTHER = "other"


class SystemEvent(StrEnum):
    """What a system text tells (reference data-shapes §6.3)."""

    ORDERED = "ordered"
    PAID = "paid"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    REFUND_OPENED = "refund_opened"
    REFUND_AGREED = "refund_agreed"
    REFUND_REFUSED = "refund_refused"
    REFUND_WITHDRAWN = "refund_withdrawn"
    REFUND_PAID = "refund_paid"
    CLOSED = "closed"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a notice came from: kept with the row that it makes.

    ``file`` is the bare name, with ``#sheet`` when several sheets of a workbook were read. ``sha256`` stays empty for
    cards and deliveries: a plain hash of a short card file would let anybody test guesses at its codes.
    """

    file: str = ""
    sha256: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingNotice:
    """The goods as the order shows them. ``title`` is never the buyer's words."""

    item_id: str = ""
    title: str = ""
    sku_text: str = ""
    price_fen: int | None = None
    service_support: tuple[str, ...] = ()  # SDR, VNR, FD_10MS … as the channel wrote them


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNotice:
    """An order as its channel tells it. ``None`` means not told; times are aware; money in 分."""

    channel: str
    order_no: str
    state: OrderState = OrderState.UNKNOWN
    state_raw: str = ""
    refund_state: RefundState | None = None
    refund_state_raw: str = ""
    order_type_raw: str = ""
    total_fen: int | None = None
    paid_fen: int | None = None
    refund_fen: int | None = None
    quantity: int | None = None
    created_at: datetime | None = None
    paid_at: datetime | None = None
    delivered_at: datetime | None = None
    confirmed_at: datetime | None = None
    refunded_at: datetime | None = None
    updated_at: datetime | None = None
    buyer_external_id: str = ""
    buyer_nick: str = ""
    seller_external_id: str = ""
    seller_name: str = ""
    seller_remark: str = field(default="", repr=False)
    cancel_reason: str = ""
    listing: ListingNotice | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNotice:
    """A refund as its channel tells it: a mirror, never written from our own state (invariant I4)."""

    channel: str
    order_no: str
    refund_no: str = ""
    state: RefundState = RefundState.UNKNOWN
    state_raw: str = ""
    kind: RefundKind = RefundKind.UNKNOWN
    kind_raw: str = ""
    goods_status_raw: str = ""
    amount_fen: int | None = None
    reason_raw: str = ""
    description: str = field(default="", repr=False)  # the buyer's own words on the form
    applied_at: datetime | None = None
    timeout_at: datetime | None = None  # when the present step resolves itself
    refunded_at: datetime | None = None
    rejected_at: datetime | None = None
    modified_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    origin: Origin = Origin()


@dataclass(slots=True, kw_only=True)
class MessageNotice:
    """One thing said in one conversation.

    Not frozen like its sisters: who speaks is known only when the whole file was read, and making each message anew
    for it would cost a history of thousands more than reading it. Only the reader that made a notice changes it.
    """

    channel: str
    conversation_id: str
    message_id: str  # the channel's, or derived from conversation, time, speaker and words when it has none
    speaker: Speaker
    text: str = field(repr=False)  # people paste codes into chats: words never reach a log by way of repr
    kind: MessageKind = MessageKind.TEXT
    event: SystemEvent | None = None
    sender_id: str = ""
    sender_name: str = ""
    said_at: datetime | None = None
    buyer_external_id: str = ""
    buyer_nick: str = ""
    order_no: str = ""
    item_id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardNotice:
    """One card of a stock file."""

    code: CardCode
    number: str = field(default="", repr=False)
    brand: str = ""
    region: str = ""
    spec: str = ""  # what else tells kinds of one brand and face value apart, such as 季卡
    form: str = "code"  # or physical: a thing that is sent in a parcel
    face_fen: int | None = None
    cost_fen: int | None = None
    expires_on: date | None = None
    note: str = field(default="", repr=False)
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNotice:
    """Proof from the channel of which card an order got (闲管家 kam/list)."""

    channel: str
    order_no: str
    code: CardCode
    number: str = field(default="", repr=False)
    cost_fen: int | None = None
    sold_type_raw: str = ""  # 11 auto, 12 manual, 21 taken by hand, 22 marked as sold
    delivered_at: datetime | None = None
    origin: Origin = Origin()


Notice = OrderNotice | RefundNotice | MessageNotice | CardNotice | DeliveryNotice


class FileKind(StrEnum):
    """What a file holds, found out by looking into it."""

    ORDERS = "orders"
    REFUNDS = "refunds"
    CHAT = "chat"
    CARDS = "cards"
    DELIVERIES = "deliveries"
    PUSH = "push"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one file said: its good rows and its findings. Nothing is dropped in silence.

    ``refused`` are rows (or, without a row, the whole file) that were not taken; ``notes`` are things taken but worth
    a look, such as a speaker worked out rather than told. ``rows == len(accounted)`` always.
    """

    file: str
    sha256: str
    kind: FileKind
    encoding: str
    notices: tuple[Notice, ...]
    refused: tuple[Finding, ...] = ()
    rows: int = 0
    notes: tuple[Finding, ...] = ()

    @property
    def accounted(self) -> frozenset[tuple[str, int]]:
        """Return the places (file or sheet, row) that became a notice or a refusal."""
        taken = {(n.origin.file, n.origin.row) for n in self.notices if n.origin.row is not None}
        return frozenset(taken | {(f.file, f.row) for f in self.refused if f.row is not None})
