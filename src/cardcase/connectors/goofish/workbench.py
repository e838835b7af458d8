"""What other tools save of the seller workbench (data-shapes §6.4–6.5): refund lists, refund details, sold orders.

Cardcase never speaks that private protocol; it reads the files that a seller already has. Amounts there are in yuan.
"""

from collections.abc import Mapping
from typing import Any

from cardcase.connectors import documents, values, words
from cardcase.connectors.limits import NAME_CHARS
from cardcase.connectors.ports import (
    GOOFISH,
    ListingNotice,
    OrderNotice,
    Origin,
    RefundKind,
    RefundNotice,
    RefundState,
)

from .fields import Fields


def is_refund_item(data: Mapping[str, Any]) -> bool:
    """Tell whether an object is one item of the workbench's refund list."""
    return isinstance(data.get("refundInfoVO"), dict) and isinstance(data.get("commonData"), dict)


def is_sold_item(data: Mapping[str, Any]) -> bool:
    """Tell whether an object is one item of the workbench's list of sold orders."""
    common = data.get("commonData")
    return isinstance(common, dict) and "orderId" in common and "refundInfoVO" not in data


def is_refund_detail(data: Mapping[str, Any]) -> bool:
    """Tell whether an object is a refund detail made of components."""
    return isinstance(data.get("components"), list) and "orderId" in data


def read_sold_item(data: Mapping[str, Any], origin: Origin) -> tuple[OrderNotice, list[str]]:
    """Read a sold order. Raises Unreadable without a usable order number."""
    fields = Fields(data)
    common, price, buyer, item = (fields.inner(name) for name in ("commonData", "priceVO", "buyerInfoVO", "itemVO"))
    number = values.order_no(common.data.get("orderId"))
    state_raw = common.text("orderStatus", limit=40)
    title = item.text("title")
    return (
        OrderNotice(
            channel=GOOFISH,
            order_no=number,
            state=words.order_state(state_raw)[0],
            state_raw=state_raw,
            refund_state=RefundState.UNKNOWN if str(common.data.get("inRefund")).lower() == "true" else None,
            refund_state_raw="inRefund" if str(common.data.get("inRefund")).lower() == "true" else "",
            total_fen=price.yuan("totalPrice"),
            paid_fen=price.yuan("totalPrice"),
            quantity=price.whole("buyNum"),
            created_at=common.moment("createTime"),
            delivered_at=common.moment("consignTime"),
            buyer_external_id=buyer.text("buyerId", limit=80),
            buyer_nick=buyer.text("userNick", limit=NAME_CHARS),
            listing=ListingNotice(item_id=common.text("itemId", limit=40), title=title)
            if title or common.data.get("itemId")
            else None,
            raw=documents.kept(data),
            origin=origin,
        ),
        fields.unread,
    )


def read_refund_item(data: Mapping[str, Any], origin: Origin) -> tuple[RefundNotice, list[str]]:
    """Read one item of the refund list. Raises Unreadable without a usable order number."""
    fields = Fields(data)
    common, refund, price = (fields.inner(name) for name in ("commonData", "refundInfoVO", "priceVO"))
    number = values.order_no(common.data.get("orderId"))
    state_raw = refund.text("refundStatusDesc", "refundStatus", limit=40)
    return (
        RefundNotice(
            channel=GOOFISH,
            order_no=number,
            refund_no=refund.text("refundId", limit=50),
            state=words.refund_state(state_raw),
            state_raw=state_raw,
            amount_fen=price.yuan("refundFee"),
            reason_raw=refund.text("reason"),
            applied_at=refund.moment("gmtCreate"),
            raw=documents.kept(data),
            origin=origin,
        ),
        fields.unread,
    )


def read_refund_detail(data: Mapping[str, Any], origin: Origin) -> tuple[RefundNotice, list[str]]:
    """Read a refund detail: the component basicRefundInfo (or refundInfo of the phone page) holds the facts.

    Raises Unreadable without a usable order number.
    """
    number = values.order_no(data.get("orderId"))
    parts: dict[str, Mapping[str, Any]] = {}
    for component in data["components"]:
        if isinstance(component, dict):
            parts[str(component.get("render"))] = documents.embedded(component.get("data"))
    fields = Fields({**parts.get("refundInfo", {}), **parts.get("basicRefundInfo", {})})
    state_raw = fields.text("refundStatusDesc", "refundStatus", limit=40)
    state = words.refund_state(fields.text("refundStatus", limit=40))
    kind_raw = fields.text("refundTypeDesc", "refundType", limit=40)
    return (
        RefundNotice(
            channel=GOOFISH,
            order_no=number,
            refund_no=fields.text("refundId", limit=50) or Fields(data).text("refundId", limit=50),
            state=state if state is not RefundState.UNKNOWN else words.refund_state(state_raw),
            state_raw=state_raw,
            kind=words.refund_kind(kind_raw) if kind_raw else RefundKind.UNKNOWN,
            kind_raw=kind_raw,
            goods_status_raw=fields.text("goodsStatus", "goodsStatusDesc", limit=40),
            amount_fen=fields.yuan("applyMoney", "refundAmount"),
            reason_raw=fields.text("reasonText", "refundReason"),
            description=Fields(parts.get("refundDescribe", {})).text("desc", "describe", "content", limit=4000),
            applied_at=fields.moment("gmtCreatedTime", "refundApplyTime"),
            timeout_at=fields.moment("disputeEndTime"),
            modified_at=fields.moment("gmtModifiedTime"),
            raw=documents.kept(data),
            origin=origin,
        ),
        fields.unread,
    )
