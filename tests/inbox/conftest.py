"""What the tests of the inbox lean on: messages, an order with a refund, its case."""

from datetime import datetime, timedelta

import pytest

from cardcase.cases import service as cases
from cardcase.connectors.ports import (
    ListingNotice,
    MessageNotice,
    OrderNotice,
    OrderState,
    Origin,
    RefundNotice,
    RefundState,
    Speaker,
)
from cardcase.inbox import writer
from cardcase.inbox.rules import consent as words
from cardcase.inbox.service import consent
from cardcase.orders import service as orders

ORDER_NO = "2226687816233094017"
START = datetime.fromisoformat("2026-11-22T09:48:00+08:00")


@pytest.fixture
def say():
    def make(
        text, *, who=Speaker.BUYER, minute=0, talk="63107041124", number=None, order_no="", buyer="b1", item="", **more
    ):
        return MessageNotice(
            channel="goofish",
            conversation_id=talk,
            message_id=number or f"m{minute}",
            speaker=who,
            text=text,
            said_at=more.pop("said_at", START + timedelta(minutes=minute)),
            buyer_external_id=buyer,
            buyer_nick="云朵邮差",
            order_no=order_no,
            item_id=item,
            origin=Origin("chat.json", "ab" * 32, minute),
            **more,
        )

    return make


@pytest.fixture
def order(system, noon):
    notice = OrderNotice(
        channel="goofish",
        order_no=ORDER_NO,
        state=OrderState.DELIVERED,
        buyer_external_id="b1",
        buyer_nick="云朵邮差",
        paid_fen=19300,
        created_at=START - timedelta(days=2),
        listing=ListingNotice(item_id="item-1", title="【官方正品】苹果充值卡 假一赔十"),
    )
    [(row, _)] = orders.ingest_orders(system, [notice], at=noon)
    return row


@pytest.fixture
def case(system, order, noon):
    notice = RefundNotice(
        channel="goofish",
        order_no=ORDER_NO,
        refund_no="R1",
        state=RefundState.AWAITING_SELLER,
        reason_raw="其他",
        applied_at=START,
        timeout_at=noon + timedelta(hours=30),
    )
    [(refund, _)] = orders.ingest_refunds(system, [notice], at=noon)
    opened, _ = cases.open_case(system, order, refund, at=noon)
    return opened


@pytest.fixture
def agreed_to_model(owner, noon):
    """Let the owner agree to whatever model the test sets up."""

    def agree():
        to = writer.destination()
        return consent.agree(owner, words.phrase(to.host).zh, at=noon)

    return agree
