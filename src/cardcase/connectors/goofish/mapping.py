"""闲管家's answers in our words (platform-rules §1.3–1.6): order detail, refund detail, order push, delivered cards.

Total: an unknown number becomes UNKNOWN with its raw kept, an unreadable field counts as not told, and only a record
without a usable order number is refused. Money is 分 as it comes; epoch 0 means not set; order numbers stay text.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cardcase.connectors import documents, values, words
from cardcase.connectors.limits import NAME_CHARS
from cardcase.connectors.ports import (
    GOOFISH,
    DeliveryNotice,
    ListingNotice,
    OrderNotice,
    OrderState,
    Origin,
    RefundKind,
    RefundNotice,
    RefundState,
)
from cardcase.connectors.values import Unreadable
from cardcase.kit.errors import WrongUse
from cardcase.kit.secret import CardCode

from .fields import Fields

ORDER_STATES: Final[Mapping[str, OrderState]] = {
    "11": OrderState.AWAITING_PAYMENT,
    "12": OrderState.AWAITING_DELIVERY,
    "21": OrderState.DELIVERED,
    "22": OrderState.COMPLETED,
    "23": OrderState.REFUNDED,
    "24": OrderState.CLOSED,
}
"""order_status of 闲管家 (platform-rules §1.5, certainty H)."""

REFUND_STATES: Final[Mapping[str, RefundState]] = {
    "0": RefundState.NONE,
    "1": RefundState.AWAITING_SELLER,
    "2": RefundState.AWAITING_RETURN,
    "3": RefundState.AWAITING_RECEIPT,
    "4": RefundState.CLOSED,
    "5": RefundState.SUCCEEDED,
    "6": RefundState.REFUSED,
    "8": RefundState.AWAITING_ADDRESS,
}
"""refund_status of 闲管家 (platform-rules §1.5, certainty H). 7 is absent, 9 and 11 stand only in Taobao's."""

_REASON: Final = ("refund_reason", "reason", "apply_reason", "reason_text", "buyer_reason", "refund_reason_text")
_DESCRIPTION: Final = (
    "refund_desc", "refund_explain", "apply_explain", "buyer_description", "description", "refund_remark",
    "buyer_remark", "refund_content",
)  # fmt: skip


def order_state(raw: str) -> OrderState:
    """Read order_status; a word instead of a number is looked up among the trade's words."""
    return ORDER_STATES.get(raw) or (OrderState.UNKNOWN if raw.isdigit() else words.order_state(raw)[0])


def refund_state(raw: str) -> RefundState:
    """Read refund_status; a word instead of a number is looked up among the trade's words."""
    return REFUND_STATES.get(raw) or (RefundState.UNKNOWN if raw.isdigit() else words.refund_state(raw))


def read_order(data: Mapping[str, Any], origin: Origin) -> tuple[OrderNotice, list[str]]:
    """Read an order detail. Returns the notice and the names of fields that could not be read.

    Raises Unreadable when there is no usable order number.
    """
    number = values.order_no(data.get("order_no"))
    fields = Fields(data)
    state_raw = fields.text("order_status", limit=40)
    refund_raw = fields.text("refund_status", limit=40)
    notice = OrderNotice(
        channel=GOOFISH,
        order_no=number,
        state=order_state(state_raw),
        state_raw=state_raw,
        refund_state=refund_state(refund_raw) if refund_raw else None,
        refund_state_raw=refund_raw,
        order_type_raw=fields.text("order_type", limit=20),
        total_fen=fields.fen("total_amount"),
        paid_fen=fields.fen("pay_amount"),
        refund_fen=fields.fen("refund_amount"),
        quantity=fields.inner("goods").whole("quantity"),
        created_at=fields.moment("order_time", "create_time"),
        paid_at=fields.moment("pay_time"),
        delivered_at=fields.moment("consign_time"),
        confirmed_at=fields.moment("confirm_time"),
        refunded_at=fields.moment("refund_time"),
        updated_at=fields.moment("update_time", "modify_time"),
        buyer_external_id=fields.text("buyer_eid", limit=80),
        buyer_nick=fields.text("buyer_nick", limit=NAME_CHARS),
        seller_external_id=fields.text("seller_eid", "seller_id", limit=80),
        seller_name=fields.text("seller_name", "user_name", limit=NAME_CHARS),
        seller_remark=fields.text("seller_remark", limit=2000),
        cancel_reason=fields.text("cancel_reason", limit=2000),
        listing=_listing(fields),
        raw=documents.kept(data),
        origin=origin,
    )
    return notice, fields.unread


def _listing(fields: Fields) -> ListingNotice | None:
    goods = fields.inner("goods")
    source = goods if goods.data else fields
    item_id, title = source.text("item_id", limit=40), goods.text("title")
    if not item_id and not title:
        return None
    support = goods.data.get("service_support")
    parts = support if isinstance(support, list) else str(support or "").split(",")
    return ListingNotice(
        item_id=item_id,
        title=title,
        sku_text=goods.text("sku_text", limit=200),
        price_fen=goods.fen("price"),
        service_support=tuple(documents.storable(str(part)).strip()[:20] for part in parts[:10] if str(part).strip()),
    )


def read_push(body: bytes) -> tuple[OrderNotice, str]:
    """Read the body of an order push: the notice, and the key that makes two pushes the same event.

    A push tells states and the moment of change, nothing else; the platform's own example omits even some of those.
    Raises WrongUse when the body is no such push.
    """
    try:
        data = documents.parse(body.decode("utf-8"))
        if not isinstance(data, dict):
            raise Unreadable("shape_unknown")  # noqa: TRY301 - all that is no push leaves by one door
        notice, _ = read_order(data, Origin())
    except (UnicodeDecodeError, documents.NotJson, Unreadable) as error:
        raise WrongUse("推送内容不是订单消息", "The body is not an order push", code="push_unreadable") from error
    return notice, push_key(data)


def push_key(data: Mapping[str, Any]) -> str:
    """Return what makes two pushes the same event: seller, order, both states, moment of change. At most 160 long."""
    names = ("seller_id", "order_no", "order_status", "refund_status", "modify_time")
    key = ":".join(documents.storable(str(data.get(name, ""))) for name in names)
    return key if len(key) <= 160 else hashlib.sha256(key.encode()).hexdigest()  # noqa: PLR2004 - width of its column


def refund_of_order(order: OrderNotice) -> RefundNotice | None:
    """Return the refund that an order detail or push speaks of, as thin as it tells it, or None when it tells of none.

    It has no refund number: whoever keeps refunds lays it over a numbered one of the same order.
    """
    if order.refund_state in (None, RefundState.NONE):
        return None
    return RefundNotice(
        channel=order.channel,
        order_no=order.order_no,
        state=order.refund_state,
        state_raw=order.refund_state_raw,
        amount_fen=order.refund_fen or None,
        refunded_at=order.refunded_at,
        modified_at=order.updated_at,
        raw={"refund_status": order.refund_state_raw},
        origin=order.origin,
    )


def read_refund(data: Mapping[str, Any], origin: Origin) -> tuple[RefundNotice, list[str]]:
    """Read a refund detail. Its schema is published in part only: names seen in public clients are tried in turn.

    Raises Unreadable when there is no usable order number.
    """
    number = values.order_no(data.get("order_no"))
    fields = Fields(data)
    state_raw = fields.text("refund_status", limit=40)
    kind_raw = fields.text("refund_type", limit=40)
    notice = RefundNotice(
        channel=GOOFISH,
        order_no=number,
        refund_no=fields.text("refund_no", "refund_id", limit=50),
        state=refund_state(state_raw) if state_raw else RefundState.UNKNOWN,
        state_raw=state_raw,
        kind=words.refund_kind(kind_raw) if kind_raw else RefundKind.UNKNOWN,
        kind_raw=kind_raw,
        goods_status_raw=fields.text("goods_status", limit=40),
        amount_fen=fields.fen("refund_amount", "refund_fee"),
        reason_raw=fields.text(*_REASON),
        description=fields.text(*_DESCRIPTION, limit=4000),
        applied_at=fields.moment("apply_time", "create_time"),
        timeout_at=fields.moment("timeout_time"),
        refunded_at=fields.moment("refund_time"),
        rejected_at=fields.moment("reject_time"),
        modified_at=fields.moment("modify_time", "update_time"),
        raw=documents.kept(data),
        origin=origin,
    )
    return notice, fields.unread


def read_delivery(data: Mapping[str, Any], order_no: str, origin: Origin) -> DeliveryNotice | None:
    """Read one card of kam/list, or None when it names no code. A card without a separate number has only card_pwd."""
    fields = Fields(data)
    number, code = fields.text("card_no", limit=512), fields.text("card_pwd", limit=512)
    if not number and not code:
        return None
    return DeliveryNotice(
        channel=GOOFISH,
        order_no=order_no,
        code=CardCode(code or number),
        number=number if code else "",
        cost_fen=fields.fen("cost"),
        sold_type_raw=fields.text("sold_type", limit=10),
        delivered_at=fields.moment("sold_time", "consign_time"),
        origin=origin,
    )
