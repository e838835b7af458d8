"""Texts of the marketplace are nobody's words; people's words are never taken for them."""

import pytest

from cardcase.connectors.chats import systemtexts
from cardcase.connectors.ports import SystemEvent as E

# data-shapes §6.3, word for word
TEXTS = {
    E.ORDERED: ["[我已拍下，待付款]", "[我已修改价格，等待你付款]"],
    E.PAID: ["[我已付款，等待你发货]", "[已付款，待发货]", "[买家已付款]", "[付款完成]", "[记得及时发货]"],
    E.SHIPPED: ["[你已发货]", "[你已发货，请等待买家确认收货]", "[记得及时确认收货]", "订单已签收"],
    E.COMPLETED: ["[买家确认收货，交易成功]", "[你已确认收货，交易成功]", "[我完成了评价]", "快给ta一个评价吧~"],
    E.REFUND_OPENED: ["[我发起了退款申请]", "[买家申请退款]", "「我将「退货退款」修改为「退款」」", "我将「退货退款」修改为「退款」"],
    E.REFUND_AGREED: ["[卖家同意退款]"],
    E.REFUND_PAID: ["[退款成功，钱款已原路退返]", "交易成功，有退款", "交易成功，已退款", "交易关闭，已退款"],
    E.CLOSED: ["[你关闭了订单，钱款已原路退返]", "未付款，买家关闭了订单"],
    E.NOISE: [
        "[不想宝贝被砍价?设置不砍价回复  ]", "AI正在帮你回复消息，不错过每笔订单", "发来一条消息", "发来一条新消息", "[注意！小心假客服骗钱！]",
        "有蚂蚁森林能量可领", "卖家人不错？送Ta闲鱼小红花", "温馨提醒：商品信息近期有过变更", "[我发起了地址修改申请]",
    ],
}  # fmt: skip
BARE = {
    E.SHIPPED: "你已发货",
    E.REFUND_PAID: "退款成功",
    E.NOISE: "查看商品详情",
    E.CLOSED: "交易关闭",
    E.PAID: "付款完成",
}


@pytest.mark.parametrize(("event", "text"), [(event, text) for event, texts in TEXTS.items() for text in texts])
def test_every_text_of_the_reference_is_known(event, text):
    assert systemtexts.classify(text).event is event


@pytest.mark.parametrize(
    "text",
    [
        "[我已付款,等待你发货]",
        "【我已付款，等待你发货】",
        "我已付款，等待你发货",
        " ［我已付款，等待你发货］ ",
        "[我已付款 ，等待你发货]",
    ],
)
def test_brackets_width_and_spaces_do_not_matter(text):
    assert systemtexts.classify(text).event is E.PAID


@pytest.mark.parametrize(("event", "text"), BARE.items())
def test_words_that_people_type_too_count_only_in_brackets_or_alone(event, text):
    assert systemtexts.classify(text) is None
    assert systemtexts.classify(f"[{text}]").event is event
    assert systemtexts.classify(text, is_alone=True).event is event


@pytest.mark.parametrize(
    "text",
    [
        "我要退款",
        "我发起了退款申请，你看一下",
        "退款成功了吗",
        "已付款",
        "老板我付款了",
        "[图片]",
        "",
        "[]",
        "你已发货吗",
        "卖家同意退款了吗？急",
        "我发起了退款申请" * 9,
    ],
)
def test_peoples_words_stay_theirs(text):
    assert systemtexts.classify(text) is None


def test_cards_that_only_a_buyer_sends_say_so():
    assert systemtexts.classify("[我发起了退款申请]").is_buyers
    assert systemtexts.classify("[我已付款，等待你发货]").is_buyers
    assert not systemtexts.classify("[你已发货]").is_buyers
    assert not systemtexts.classify("[买家申请退款]").is_buyers


@pytest.mark.parametrize(
    ("button", "event"),
    [
        ("已同意", E.REFUND_AGREED),
        ("已撤销", E.REFUND_WITHDRAWN),
        ("已拒绝", E.REFUND_REFUSED),
        ("同意退款", E.REFUND_OPENED),
        ("去看看", None),
    ],
)
def test_the_button_of_a_refund_card_tells_how_far_it_is(button, event):
    assert systemtexts.of_button(button) is event


@pytest.mark.parametrize(
    ("task", "event"),
    [
        ("发起退款申请_卖家-新逆向url", E.REFUND_OPENED), ("退款申请已同意_卖家", E.REFUND_AGREED), ("仅退款已同意", E.REFUND_AGREED),
        ("改为仅退款已同意", E.REFUND_AGREED), ("退款申请已撤销", E.REFUND_WITHDRAWN), ("退款申请已取消_卖家", E.REFUND_WITHDRAWN),
        ("提醒发货已发货_卖家", E.SHIPPED), ("付款完成待发货_卖家-正向升级", E.PAID),
    ],
)  # fmt: skip
def test_task_names_of_the_platform_are_understood(task, event):
    assert systemtexts.of_task(task).event is event


def test_a_task_name_nobody_knows_tells_nothing():
    assert systemtexts.of_task("节日祝福_卖家") is None
