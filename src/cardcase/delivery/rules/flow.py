"""Where a delivery stands, and what may stop the codes of an order from leaving. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.cards.rules import DAMNING, WHY_NOT_FRESH, Freshness
from cardcase.connectors.ports import OrderState, RefundState
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text

UNCONFIRMED_AFTER: Final = timedelta(minutes=15)
"""How long a display may wait for its confirmation before a person is asked. Our own choice."""


class DeliveryState(StrEnum):
    """Where the giving of cards to an order stands."""

    ALLOCATED = "allocated"  # cards are kept, nobody could read a code
    AUTHORISED = "authorised"  # the record says that the codes may leave; whether anybody saw them is not known yet
    SHOWN = "shown"
    UNKNOWN = "unknown"  # never confirmed: a person settles it
    NOT_SHOWN = "not_shown"  # a person has settled that nobody saw them: the same cards may be shown again
    SHIPPED = "shipped"  # a physical card on its way; no signature is known yet
    SIGNED = "signed"  # a physical card that the carrier handed over
    CANCELLED = "cancelled"  # before anybody could read a code; the cards are back in the stock


TITLES: Final = MappingProxyType(
    {
        DeliveryState.ALLOCATED: Text("待发卡密", "To be given"),
        DeliveryState.AUTHORISED: Text("已准许，等确认", "Cleared, to be confirmed"),
        DeliveryState.SHOWN: Text("买家已看到", "Shown"),
        DeliveryState.UNKNOWN: Text("是否看到不明", "Not known whether shown"),
        DeliveryState.NOT_SHOWN: Text("核实没看到，可再发", "Not shown, may be sent again"),
        DeliveryState.SHIPPED: Text("已寄出，等签收", "Shipped, not signed for yet"),
        DeliveryState.SIGNED: Text("已签收", "Signed for"),
        DeliveryState.CANCELLED: Text("已取消", "Cancelled"),
    }
)

OPEN: Final = (
    DeliveryState.UNKNOWN,
    DeliveryState.NOT_SHOWN,
    DeliveryState.AUTHORISED,
    DeliveryState.ALLOCATED,
)
"""States in which somebody still has to do something, the most urgent first."""

LISTED: Final = (*OPEN, DeliveryState.SHIPPED)
"""What the list of things to deal with shows: beside the open ones parcels that nobody signed for yet."""

DONE: Final = frozenset({DeliveryState.SHOWN, DeliveryState.SIGNED})
"""States in which the buyer has what he bought."""

SHOWABLE: Final = frozenset({DeliveryState.ALLOCATED, DeliveryState.NOT_SHOWN})


def state_of(displays: Collection[str]) -> DeliveryState:
    """Return the state of a delivery from the last display of each of its cards; none yet: allocated."""
    for word in (DeliveryState.UNKNOWN, DeliveryState.AUTHORISED, DeliveryState.NOT_SHOWN):
        if word.value in displays:
            return word
    return DeliveryState.SHOWN if displays else DeliveryState.ALLOCATED


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the channel says of an order now. ``refunds`` are the states of all its refunds, shadows left out."""

    state: OrderState
    refunds: frozenset[RefundState] = frozenset()


_OVER: Final = MappingProxyType(
    {
        OrderState.REFUNDED: Text("订单已退款", "the order was refunded"),
        OrderState.CLOSED: Text("订单已关闭", "the order is closed"),
        OrderState.AWAITING_PAYMENT: Text("订单还没有付款", "the order is not paid yet"),
    }
)
_PAID: Final = frozenset({OrderState.AWAITING_DELIVERY, OrderState.DELIVERED, OrderState.COMPLETED})
_ENDED: Final = frozenset({RefundState.NONE, RefundState.CLOSED, RefundState.REFUSED})
"""States of a refund in which the money stays with the seller. Any other, the unknown too, stops a delivery (T1)."""


def stopped_by_order(facts: OrderFacts, *, is_person: bool) -> Text | None:
    """Say why the channel's word on an order stops its codes, or None.

    An order of which the channel has not told any state may be served by a person, never by the claim page.
    """
    if facts.state in _OVER:
        return _OVER[facts.state]
    if RefundState.SUCCEEDED in facts.refunds:
        return Text("这笔订单已经退款", "the order was refunded")
    if facts.refunds - _ENDED:
        return Text("买家正在申请退款", "a refund is being asked for")
    if not is_person and facts.state not in _PAID:
        return Text("还不知道这笔订单是否付款", "whether the order is paid is not known")
    return None


def resend_stopped_by_order(facts: OrderFacts) -> Text | None:
    """Say why a code that left already may not be sent again: only when the money went back.

    A buyer who says that nothing came opens a refund, and to send the same code again is then the remedy (§7.5).
    """
    if facts.state in (OrderState.REFUNDED, OrderState.CLOSED) or RefundState.SUCCEEDED in facts.refunds:
        return Text("这笔订单已经退款或关闭", "the order was refunded or closed")
    return None


@dataclass(frozen=True, slots=True)
class CardDoubt:
    """What speaks against giving out one card that is kept for an order."""

    expires_on: date | None
    is_batch_quarantined: bool
    look: Freshness


def doubt(card: CardDoubt, *, on: date) -> Text | None:
    """Say why a kept card must not be given out on a day, or None."""
    if card.is_batch_quarantined:
        return Text("批次已冻结", "its batch is in quarantine")
    if card.expires_on is not None and card.expires_on < on:
        return Text("卡已过期", "it has expired")
    return WHY_NOT_FRESH[card.look.reason] if card.look.reason in DAMNING else None


CASE: Final = "case_"
"""How the ``ref`` of a block begins whose other words are a case's number."""


def block_text(ref: str, why: str) -> Text:
    """Say what a block is: of a case ``why`` is its number, of anything else a sentence that somebody wrote."""
    if ref.startswith(CASE):
        return Text(f"售后单 {why} 还没有结束", f"case {why} is open")
    return Text(why, why)


CODES: Final = Text("现在不能发卡密", "The codes cannot be shown now")
PARCEL: Final = Text("现在不能寄出", "The parcel cannot be sent now")


def refused(reasons: Iterable[Text], code: str, way_out: Text, *, what: Text = CODES) -> Refused:
    """Make the refusal to let cards go, for these reasons; ``what`` says in which way they would have gone."""
    told = list(reasons)
    return Refused(
        f"{what.zh}：{'；'.join(text.zh for text in told)}",
        f"{what.en}: {'; '.join(text.en for text in told)}",
        next=way_out,
        code=code,
    )
