"""The example shop as the 闲管家 open platform answers: order and refund details, card lists (platform-rules §1)."""

import json
from typing import Any

from . import codes
from .moments import epoch
from .source import SELLER_ID, SHOP_NAME, Order, Refund, Source, buyer_id

_OPEN = (1, 2, 3, 8)
_PAGE = 100
_RETURN = 2  # our own source data: 1 仅退款, 2 退货退款


def envelope(data: Any) -> dict[str, Any]:
    """Wrap an answer as the platform does."""
    return {"code": 0, "msg": "OK", "data": data}


def write(value: Any) -> bytes:
    """Write JSON as somebody saves it: readable, Chinese as Chinese."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def order_status(order: Order, refund: Refund | None) -> int:
    """Return order_status (platform-rules §1.5): 11 待付款 12 待发货 21 已发货 22 已完成 23 已退款 24 已关闭."""
    if order.closed_at is not None:
        return 24
    if order.paid_at is None:
        return 11
    if refund is not None and refund.status == 5 and refund.amount_fen >= order.listing.price_fen:  # noqa: PLR2004
        return 23
    if order.delivered_at is None:
        return 12
    return 21 if order.confirmed_at is None else 22


def order_detail(order: Order, refund: Refund | None) -> dict[str, Any]:
    """Write ``data`` of /order/detail."""
    listing = order.listing
    refunded = refund is not None and refund.status == 5  # noqa: PLR2004 - 退款成功
    happened = [order.ordered_at, order.paid_at, order.delivered_at, order.confirmed_at, order.closed_at]
    if refund is not None:
        happened += [refund.applied_at, refund.refunded_at, refund.rejected_at, refund.modified_at]
    return {
        "order_no": order.order_no,
        "order_type": 1 if listing.is_physical else 7,
        "order_status": order_status(order, refund),
        "order_time": epoch(order.ordered_at),
        "total_amount": listing.price_fen,
        "pay_amount": listing.price_fen if order.paid_at else 0,
        "pay_no": "2026" + codes.digits(f"pay {order.key}", 24) if order.paid_at else "",
        "pay_time": epoch(order.paid_at),
        "refund_status": refund.status if refund else 0,
        "refund_amount": refund.amount_fen if refund else 0,
        "refund_time": epoch(refund.refunded_at) if refund and refunded else 0,
        "receiver_name": "",
        "receiver_mobile": "",
        "prov_name": "",
        "city_name": "",
        "area_name": "",
        "town_name": "",
        "address": "",
        "waybill_no": order.waybill,
        "express_code": "zhongtong" if order.waybill else "",
        "express_name": "中通快递" if order.waybill else "",
        "express_fee": 0,
        "consign_type": 1 if listing.is_physical else 2,
        "consign_time": epoch(order.delivered_at),
        "confirm_time": epoch(order.confirmed_at),
        "cancel_reason": order.close_reason,
        "cancel_time": epoch(order.closed_at),
        "create_time": epoch(order.ordered_at),
        "update_time": max(epoch(at) for at in happened),
        "buyer_eid": buyer_id(order.buyer),
        "buyer_nick": order.buyer,
        "seller_eid": SELLER_ID,
        "seller_name": SHOP_NAME,
        "seller_remark": "",
        "idle_biz_type": 0,
        "pin_group_status": 0,
        "goods": {
            "quantity": 1,
            "price": listing.price_fen,
            "product_id": "5" + codes.digits(f"product {listing.id}", 14),
            "item_id": listing.item_id,
            "outer_id": listing.id,
            "sku_id": 0,
            "sku_outer_id": "",
            "sku_text": listing.sku_text,
            "title": listing.title,
            "images": [f"https://img.example.invalid/{listing.id}.jpg"],
            "service_support": listing.service_support,
        },
    }


def refund_detail(refund: Refund) -> dict[str, Any]:
    """Write ``data`` of /trade/refund/detail. timeout_time is 0 where the platform told no deadline."""
    order = refund.order
    told_due = refund.due_at if refund.status in _OPEN or refund.timed_out else None
    happened = [refund.applied_at, refund.refunded_at, refund.rejected_at, refund.modified_at]
    return {
        "refund_no": refund.refund_no,
        "order_no": order.order_no,
        "seller_eid": SELLER_ID,
        "seller_name": SHOP_NAME,
        "buyer_eid": buyer_id(order.buyer),
        "buyer_nick": order.buyer,
        "goods_status": 1 if order.delivered_at is None else 2,
        "refund_type": refund.type,
        "refund_status": refund.status,
        "refund_amount": refund.amount_fen,
        "refund_reason": refund.reason,
        "refund_desc": refund.description,
        "apply_time": epoch(refund.applied_at),
        "timeout_time": epoch(told_due),
        "refund_time": epoch(refund.refunded_at),
        "reject_time": epoch(refund.rejected_at),
        "update_time": max(epoch(at) for at in happened),
    }


_STATUS_WORDS = {1: ("APPLYING", "等待卖家处理"), 5: ("REFUND_SUCCESS", "退款成功")}


def workbench_detail(refund: Refund) -> dict[str, Any]:
    """Write a refund as the seller workbench answers it (data-shapes §6.5): amounts in yuan, times written out."""
    order = refund.order
    status, words = _STATUS_WORDS[refund.status]
    changed = refund.refunded_at or refund.applied_at
    basic: dict[str, Any] = {
        "applyMoney": f"{refund.amount_fen / 100:.2f}",
        "refundType": "2" if refund.type == _RETURN else "1",
        "refundTypeDesc": "退货退款" if refund.type == _RETURN else "仅退款",
        "reasonText": refund.reason,
        "goodsStatus": "SHIPPED",
        "goodsStatusDesc": "已发货",
        "refundStatus": status,
        "refundStatusDesc": words,
        "csStatus": "1",
        "csStatusDesc": "客服未介入",
        "gmtCreatedTime": f"{refund.applied_at:%Y-%m-%d %H:%M:%S}",
        "gmtModifiedTime": f"{changed:%Y-%m-%d %H:%M:%S}",
        "disputeEndTime": f"{refund.due_at:%Y-%m-%d %H:%M:%S}" if refund.due_at else "",
        "refundProof": {"proofMultiMediaList": []},
    }
    components = [
        {"render": "refundStatusInfo", "data": {"title": words, "desc": "", "status": status}},
        {"render": "basicRefundInfo", "data": basic},
        {"render": "refundDescribe", "data": {"desc": refund.description}},
    ]
    detail = {"orderId": order.order_no, "refundId": refund.refund_no, "components": components}
    return {"ret": ["SUCCESS::调用成功"], "data": {"data": detail}}


def kam_list(order: Order) -> dict[str, Any]:
    """Write the answer of /order/kam/list beside the order number that was asked for."""
    assert order.card is not None
    batch, _ = order.card
    row = {
        "card_no": order.secret.number,
        "card_pwd": order.secret.code,
        "cost": batch.unit_cost_fen,
        "sold_type": order.sold_type,
    }
    return {"order_no": order.order_no, **envelope({"list": [row]})}


def files(source: Source) -> dict[str, bytes]:
    """Write the platform's answers as a seller's tool saves them: pages, lines and single answers."""
    refunds = {refund.order.key: refund for refund in source.refunds}
    mine = [order for order in source.orders.values() if order.file == "json"]
    details = [order_detail(order, refunds.get(order.key)) for order in mine]
    troubled = [detail for detail in details if detail["refund_status"] in _OPEN]
    calm = [detail for detail in details if detail["refund_status"] not in _OPEN]
    answers = [refund for refund in source.refunds if refund.order.file == "json"]
    told = [refund_detail(refund) for refund in answers if refund.form == "platform"]
    shown = [workbench_detail(refund) for refund in answers if refund.form == "workbench"]
    handed = [kam_list(order) for order in source.orders.values() if order.card is not None]
    lines = [json.dumps(envelope(detail), ensure_ascii=False, separators=(",", ":")) for detail in troubled]
    page = {"list": calm, "count": len(calm), "page_no": 1, "page_size": _PAGE}
    return {
        "orders-page-1.json": write(envelope(page)),
        "orders-details.jsonl": ("\n".join(lines) + "\n").encode(),
        "refunds.json": write([envelope(detail) for detail in told]),
        "refunds-workbench.json": write(shown),
        "kam-lists.json": write(handed),
    }
