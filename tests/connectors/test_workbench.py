"""What other tools save of the seller workbench: sold orders, refund lists, refund details. Amounts are in yuan."""

from datetime import UTC, datetime

from cardcase.connectors.ports import FileKind, OrderNotice, RefundKind, RefundNotice, RefundState
from cardcase.connectors.registry import read_file
from connectors import samples

NO = samples.ORDER_NO
BUYER_VO = {
    "buyerId": "2222315258815",
    "userNick": "小鹿乱撞",
    "name": "张三丰",
    "phone": "13800001111",
    "address": "文一西路",
}


def read(value):
    return read_file("workbench.json", samples.as_json(value))


def test_a_list_of_sold_orders_is_read_without_personal_data():
    item = {
        "commonData": {"orderId": NO, "itemId": "1063177864132", "orderStatus": "已发货", "inRefund": "true", "createTime": "2026-11-20 10:40:00"},
        "buyerInfoVO": BUYER_VO,
        "priceVO": {"totalPrice": "96.50", "buyNum": "1"},
        "itemVO": {"title": "京东E卡100元"},
        "rightVO": {"btnList": []},
    }  # fmt: skip
    reading = read({"data": {"module": {"items": [item], "nextPage": "true", "totalCount": "1"}}})
    [order] = [notice for notice in reading.notices if isinstance(notice, OrderNotice)]
    assert (order.order_no, order.state.value, order.paid_fen, order.quantity) == (NO, "delivered", 9650, 1)
    assert order.created_at == datetime(2026, 11, 20, 2, 40, tzinfo=UTC)
    assert (order.buyer_external_id, order.buyer_nick) == ("2222315258815", "小鹿乱撞")
    [refund] = [notice for notice in reading.notices if isinstance(notice, RefundNotice)]
    assert refund.state is RefundState.UNKNOWN
    assert "13800001111" not in str(dict(order.raw))
    assert "张三丰" not in str(dict(order.raw))


def test_a_refund_list_is_read():
    item = {
        "itemVO": {"title": "京东E卡100元"},
        "priceVO": {"buyNum": 1, "refundFee": "96.50"},
        "commonData": {"orderId": NO, "itemId": "1063177864132", "refundStatus": "1"},
        "refundInfoVO": {"refundId": "300012345678901", "refundStatus": "1", "refundStatusDesc": "等待卖家处理", "reason": "卡券无法使用", "gmtCreate": "2026-11-22 10:30:00"},
        "buyerInfoVO": BUYER_VO,
    }  # fmt: skip
    reading = read({"data": {"data": {"items": [item], "totalCount": 1}}})
    [refund] = reading.notices
    assert (reading.kind, refund.refund_no, refund.state, refund.amount_fen) == (
        FileKind.REFUNDS,
        "300012345678901",
        RefundState.AWAITING_SELLER,
        9650,
    )
    assert refund.applied_at == datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def test_a_refund_detail_of_components_is_read():
    basic = {
        "applyMoney": "96.50", "refundType": "1", "refundTypeDesc": "仅退款", "reasonText": "卡券无法使用", "goodsStatus": "SHIPPED",
        "refundStatus": "APPLYING", "refundStatusDesc": "等待卖家处理", "gmtCreatedTime": 1795398600000, "disputeEndTime": 1795657800000,
    }  # fmt: skip
    document = {
        "orderId": NO,
        "refundId": "300012345678901",
        "components": [
            {"render": "basicRefundInfo", "data": basic},
            {"render": "refundDescribe", "data": {"desc": "绑不上"}},
            "x",
        ],
    }
    [refund] = read({"data": {"data": document}}).notices
    assert (refund.refund_no, refund.state, refund.kind, refund.goods_status_raw) == (
        "300012345678901",
        RefundState.AWAITING_SELLER,
        RefundKind.MONEY_ONLY,
        "SHIPPED",
    )
    assert (refund.amount_fen, refund.description) == (9650, "绑不上")
    assert refund.timeout_at == datetime.fromtimestamp(1795657800, UTC)
