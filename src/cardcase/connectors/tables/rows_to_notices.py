"""One row of an order or refund table becomes notices: an order, a refund, a delivery, whatever the row tells."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cardcase.connectors import documents, values, words
from cardcase.connectors.limits import NAME_CHARS
from cardcase.connectors.ports import (
    GOOFISH,
    DeliveryNotice,
    ListingNotice,
    Notice,
    OrderNotice,
    OrderState,
    Origin,
    RefundKind,
    RefundNotice,
    RefundState,
)
from cardcase.connectors.rows import Row
from cardcase.connectors.values import Unreadable
from cardcase.kit.secret import CardCode

from .headers import Plan

_CHANNELS: Final = {
    "": GOOFISH,
    "闲鱼": GOOFISH,
    "咸鱼": GOOFISH,
    "闲管家": GOOFISH,
    "xianyu": GOOFISH,
    "goofish": GOOFISH,
}
_NEVER_RAW: Final = frozenset({"card_code", "card_number"})
_ORDER_FACTS: Final = frozenset({
    "order_state", "order_type", "total", "paid", "created_at", "paid_at", "delivered_at", "confirmed_at", "title",
    "item_id", "sku", "price", "quantity", "buyer_nick", "buyer_external_id", "seller_name", "seller_remark",
    "cancel_reason", "service_support",
})  # fmt: skip
"""Columns of which one suffices for a row to tell of its order, not only of a refund."""
_REFUND_FACTS: Final = ("refund_no", "refund_reason", "applied_at", "refunded_at", "rejected_at", "refund_kind")
"""Columns of which one suffices for a row to tell of a refund, even when its state is not given."""


@dataclass
class Cells:
    """The cells of one row by meaning. What cannot be read is collected: a row reports all its faults at once."""

    plan: Plan
    row: Row
    faults: list[tuple[str, str]] = field(default_factory=list)

    def raw(self, meaning: str) -> Any:
        """Return a cell as it came, or None when the table has no such column."""
        index = self.plan.columns.get(meaning)
        return self.row.cells[index] if index is not None and index < len(self.row.cells) else None

    def text(self, meaning: str, limit: int = 300) -> str:
        """Return a cell as words. A dash or 无 says nothing."""
        value = self.raw(meaning)
        if values.is_blank(value):
            return ""
        plain = values.clean(value) if isinstance(value, float) else str(value)
        return documents.storable(plain).strip()[:limit]

    def moment(self, meaning: str) -> datetime | None:
        """Return a cell as a moment."""
        try:
            return values.moment(self.raw(meaning))
        except Unreadable as error:
            self.faults.append((error.code, meaning))
            return None

    def fen(self, meaning: str, *, absolute: bool = False) -> int | None:
        """Return a cell as an amount in 分."""
        try:
            return values.fen(self.raw(meaning), in_fen=meaning in self.plan.in_fen, absolute=absolute)
        except Unreadable as error:
            self.faults.append((error.code, meaning))
            return None

    def quantity(self) -> int | None:
        """Return how many pieces were bought."""
        try:
            return values.quantity(self.raw("quantity"))
        except Unreadable as error:
            self.faults.append((error.code, "quantity"))
            return None

    def kept(self) -> dict[str, Any]:
        """Return the row as it came, by meaning: without cards, personal columns and columns that nobody knows."""
        return {
            meaning: documents.storable(str(value))[:1000]
            for meaning in self.plan.columns
            if meaning not in _NEVER_RAW and not values.is_blank(value := self.raw(meaning))
        }


@dataclass(frozen=True, slots=True)
class Place:
    """What all notices of one row share."""

    channel: str
    order_no: str
    raw: dict[str, Any]
    origin: Origin


def notices_of(
    plan: Plan, row: Row, origin: Origin, secret_origin: Origin
) -> tuple[list[Notice], list[tuple[str, str]]]:
    """Return what a row tells, or its faults as (code, meaning): a row with a fault tells nothing until corrected."""
    cells = Cells(plan, row)
    try:
        number = values.order_no(cells.raw("order_no"))
    except Unreadable as error:
        return [], [(error.code, "order_no")]
    place = Place(_channel(cells.text("channel", 20)), number, cells.kept(), origin)
    order, hint = _order(cells, place)
    refund = _refund(cells, place, order, hint)
    found: list[Notice] = []
    if refund is None or any(cells.text(meaning) for meaning in _ORDER_FACTS):
        found.append(order)
    if refund is not None:
        found.append(refund)
    found.extend(_deliveries(cells, place, order.delivered_at, secret_origin))
    return ([], cells.faults) if cells.faults else (found, [])


def _channel(word: str) -> str:
    return _CHANNELS.get(words.squeeze(word), words.squeeze(word)[:20] or GOOFISH)


def _order(cells: Cells, place: Place) -> tuple[OrderNotice, words.Hint | None]:
    state_raw = cells.text("order_state", 40)
    state, hint = words.order_state(state_raw) if state_raw else (OrderState.UNKNOWN, None)
    refund_raw = cells.text("refund_state", 40)
    item_id, title = cells.text("item_id", 40), cells.text("title")
    support = cells.text("service_support", 200)
    listing = None
    if item_id or title:
        listing = ListingNotice(
            item_id=item_id,
            title=title,
            sku_text=cells.text("sku", 200),
            price_fen=cells.fen("price"),
            service_support=tuple(part.strip() for part in support.replace("，", ",").split(",") if part.strip()),
        )
    order = OrderNotice(
        channel=place.channel,
        order_no=place.order_no,
        state=state,
        state_raw=state_raw,
        refund_state=words.refund_state(refund_raw) if refund_raw else None,
        refund_state_raw=refund_raw,
        order_type_raw=cells.text("order_type", 20),
        total_fen=cells.fen("total"),
        paid_fen=cells.fen("paid"),
        refund_fen=cells.fen("refund_amount", absolute=True),
        quantity=cells.quantity(),
        created_at=cells.moment("created_at"),
        paid_at=cells.moment("paid_at"),
        delivered_at=cells.moment("delivered_at"),
        confirmed_at=cells.moment("confirmed_at"),
        refunded_at=cells.moment("refunded_at"),
        updated_at=cells.moment("updated_at"),
        buyer_external_id=cells.text("buyer_external_id", 80),
        buyer_nick=cells.text("buyer_nick", NAME_CHARS),
        seller_name=cells.text("seller_name", NAME_CHARS),
        seller_remark=cells.text("seller_remark", 2000),
        cancel_reason=cells.text("cancel_reason", 2000),
        listing=listing,
        raw=place.raw,
        origin=place.origin,
    )
    return order, hint


def _refund(cells: Cells, place: Place, order: OrderNotice, hint: words.Hint | None) -> RefundNotice | None:
    told = any(cells.text(meaning) for meaning in _REFUND_FACTS)
    state_raw, state = order.refund_state_raw, order.refund_state
    if state is None and hint is not None:
        state_raw = order.state_raw
        state = RefundState.CLOSED if hint is words.Hint.REFUND_CLOSED else RefundState.UNKNOWN
    if state is None and order.state is OrderState.REFUNDED:
        state_raw, state = order.state_raw, RefundState.SUCCEEDED
    if state is RefundState.NONE and not (cells.text("refund_no") or cells.text("applied_at")):
        return None
    if state is None and not told:
        return None
    kind_raw = cells.text("refund_kind", 40)
    refund_no = ""
    if cells.text("refund_no"):
        try:
            refund_no = values.order_no(cells.raw("refund_no"))
        except Unreadable as error:
            cells.faults.append((error.code, "refund_no"))
    return RefundNotice(
        channel=place.channel,
        order_no=place.order_no,
        refund_no=refund_no,
        state=state or RefundState.UNKNOWN,
        state_raw=state_raw,
        kind=words.refund_kind(kind_raw) if kind_raw else RefundKind.UNKNOWN,
        kind_raw=kind_raw,
        goods_status_raw=cells.text("goods_status", 40),
        amount_fen=order.refund_fen,
        reason_raw=cells.text("refund_reason"),
        description=cells.text("description", 4000),
        applied_at=cells.moment("applied_at"),
        timeout_at=cells.moment("timeout_at"),
        refunded_at=order.refunded_at,
        rejected_at=cells.moment("rejected_at"),
        modified_at=order.updated_at,
        raw=place.raw,
        origin=place.origin,
    )


def _deliveries(cells: Cells, place: Place, delivered_at: datetime | None, origin: Origin) -> list[DeliveryNotice]:
    """Take the card that an order row names; a spreadsheet's number of more than 15 digits is no longer the card's."""
    if not cells.plan.has_cards:
        return []
    code, card_number = (_card_text(cells, meaning) for meaning in ("card_code", "card_number"))
    if not code and not card_number:
        return []
    return [
        DeliveryNotice(
            channel=place.channel,
            order_no=place.order_no,
            code=CardCode(code or card_number),
            number=card_number if code else "",
            delivered_at=delivered_at,
            origin=origin,
        )
    ]


def _card_text(cells: Cells, meaning: str) -> str:
    value = cells.raw(meaning)
    if values.is_blank(value):
        return ""
    if isinstance(value, int | float) and (abs(value) >= 10**15 or value != int(value)):
        cells.faults.append(("card_code_mangled", meaning))
        return ""
    return values.clean(value) if isinstance(value, int | float) else str(value).strip(" \t'=\"")
