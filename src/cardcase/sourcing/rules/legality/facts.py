"""What the rules about buying and selling are asked of: a purchase and a sale, as they were on their day."""

from dataclasses import dataclass
from datetime import date, datetime

HOME = ("", "CN")
"""Regions of cards to which the rules of the mainland apply; an unnamed region counts as the shop's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtCard:
    """One card of a purchase, as far as the rules ask. Which one it is does not matter to them."""

    face_fen: int | None = None
    cost_fen: int | None = None
    region: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseFacts:
    """One batch on the day it was bought. Empty words and None mean that nobody told."""

    on: date
    cards: tuple[BoughtCard, ...] = ()
    total_fen: int | None = None
    card_kind: str = ""  # single, multi
    is_named: bool | None = None
    paid_by: str = ""
    payer_kind: str = ""
    is_third_party_paid: bool | None = None
    has_supplier: bool = False
    supplier_channel: str = "unknown"
    has_supplier_identity: bool = False
    supplier_suspended_on: date | None = None
    authorisations: tuple[tuple[date | None, date | None], ...] = ()  # from (its day of issue, if unsaid), until
    has_receipt: bool = False
    has_id_check: bool = False
    others: tuple[tuple[date, int], ...] = ()  # this supplier's, as far before as any rule looks: day, sum

    @property
    def home_cards(self) -> tuple[BoughtCard, ...]:
        """The cards to which the rules of the mainland apply."""
        return tuple(card for card in self.cards if card.region in HOME)

    @property
    def may_be_single(self) -> bool:
        """Tell whether the cards may be usable at one firm only; not told counts as that, the usual case here."""
        return self.card_kind in ("", "single")

    @property
    def may_be_unnamed(self) -> bool:
        """Tell whether the cards may be unnamed; not told counts as that, the usual case here."""
        return not self.is_named


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldCard:
    """One card that the order got. ``disputes``: how many cases name it, whichever order they are about."""

    card: str
    face_fen: int | None = None
    region: str = ""
    form: str = "code"
    card_kind: str = ""
    issuer_place: str = ""
    stocked_at: datetime | None = None
    revealed_at: datetime | None = None
    redeemed_at: datetime | None = None
    disputes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleFacts:
    """One order as it stands. ``is_pro`` None: nobody told whether the shop is a 鱼小铺. Money in 分.

    ``others`` are the buyer's paid orders as far before as any rule looks; ``orders_before`` and ``refunds_before``
    count all that lies before it.
    """

    on: date
    paid_at: datetime | None = None
    delivered_at: datetime | None = None
    is_pro: bool | None = None
    total_fen: int | None = None
    cards: tuple[SoldCard, ...] = ()
    others: tuple[tuple[datetime, int], ...] = ()  # moment of payment and sum
    orders_before: int = 0
    refunds_before: int = 0
    refund_asked_at: datetime | None = None
    payers: int = 0  # different payers noted for this buyer
    signals: frozenset[str] = frozenset()
