import pytest

from cardcase.cards import notices, service
from cardcase.connectors.ports import CardNotice, OrderNotice, RefundNotice
from cardcase.kit.secret import CardCode

pytestmark = pytest.mark.django_db

CODE, LETTERS = "K7QM-92XF-LP3D-8WZA", "HJKLMNPQRSTV"


@pytest.fixture
def stocked(system, noon):
    service.stock(system, [CardNotice(code=CardCode(CODE)), CardNotice(code=CardCode(LETTERS))], batch="b", at=noon)
    return system


def test_codes_leave_the_words_of_a_refund_and_of_its_raw_answer(stocked):
    told = RefundNotice(
        channel="goofish",
        order_no="2226690000000000001",
        refund_no="AB12CD34EF56GH78",
        reason_raw="卡密无效",
        description=f"{CODE}显示已使用",
        raw={"refund_desc": f"{CODE}显示已使用", "buyer_eid": "h8CnqzRdSDx5j6Kw", "proof": {"desc": [LETTERS]}},
    )
    [masked] = notices.mask_refunds(stocked, [told])
    assert masked.description == "‥8WZA显示已使用"
    assert masked.raw == {
        "refund_desc": "‥8WZA显示已使用",
        "buyer_eid": "h8CnqzRdSDx5j6Kw",
        "proof": {"desc": ["‥RSTV"]},
    }
    assert (masked.refund_no, masked.reason_raw) == (told.refund_no, "卡密无效")
    assert told.description.startswith(CODE)


def test_codes_leave_the_sellers_remark(stocked):
    told = OrderNotice(
        channel="goofish",
        order_no="2226690000000000001",
        seller_remark=f"已发 {CODE}",
        raw={"seller_remark": f"已发 {CODE}"},
    )
    [masked] = notices.mask_orders(stocked, [told])
    assert (masked.seller_remark, masked.raw) == ("已发 ‥8WZA", {"seller_remark": "已发 ‥8WZA"})


def test_a_notice_without_a_code_is_handed_through_untouched(stocked):
    told = [
        OrderNotice(channel="goofish", order_no=f"222669000000000000{n}", cancel_reason="不想要了") for n in range(3)
    ]
    assert all(one is other for one, other in zip(notices.mask_orders(stocked, told), told, strict=True))
