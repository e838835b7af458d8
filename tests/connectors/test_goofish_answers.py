"""闲管家's answers in our words: orders, refunds, pushes, delivered cards, in every wrapping that files have."""

import json
from datetime import UTC, datetime

import pytest

from cardcase.connectors.goofish import mapping
from cardcase.connectors.ports import (
    DeliveryNotice,
    FileKind,
    OrderNotice,
    OrderState,
    RefundKind,
    RefundNotice,
    RefundState,
)
from cardcase.connectors.registry import read_file
from cardcase.kit.errors import WrongUse
from connectors import samples

NO = samples.ORDER_NO


def read(value, name="闲管家.json", **told):
    return read_file(name, samples.as_json(value), **told)


def of(reading, kind):
    return [notice for notice in reading.notices if isinstance(notice, kind)]


def test_an_order_detail_is_read_whole():
    reading = read(samples.envelope(samples.ORDER_DETAIL))
    [order] = of(reading, OrderNotice)
    assert (reading.kind, reading.rows, reading.refused, reading.notes) == (FileKind.ORDERS, 1, (), ())
    assert (order.channel, order.order_no, order.state, order.state_raw) == ("goofish", NO, OrderState.DELIVERED, "21")
    assert (order.total_fen, order.paid_fen, order.refund_fen, order.quantity) == (9650, 9650, 9650, 1)
    assert order.paid_at == datetime.fromtimestamp(1795226460, UTC)
    assert (order.confirmed_at, order.refunded_at) == (None, None)
    assert (order.buyer_external_id, order.buyer_nick, order.seller_external_id) == (
        "Yg4vfVmBQbX0",
        "小鹿乱撞",
        "hP2kd81sZ",
    )
    assert (order.listing.item_id, order.listing.price_fen) == ("1063177864132", 9650)
    assert order.listing.service_support == ("VNR", "FD_10MS")
    assert order.order_type_raw == "7"


def test_an_order_that_is_in_refund_tells_of_the_refund_as_far_as_it_knows():
    [refund] = of(read(samples.ORDER_DETAIL), RefundNotice)
    assert (refund.order_no, refund.refund_no, refund.state, refund.amount_fen) == (
        NO,
        "",
        RefundState.AWAITING_SELLER,
        9650,
    )
    assert refund.applied_at is None
    calm = samples.ORDER_DETAIL | {"refund_status": 0}
    assert of(read(calm), RefundNotice) == []


def test_name_phone_and_address_are_dropped_before_anything_is_kept():
    reading = read(samples.envelope(samples.ORDER_DETAIL | {"extra": {"receiver_phone": "13800001111", "note": "ok"}}))
    kept = json.dumps([dict(notice.raw) for notice in reading.notices], ensure_ascii=False) + repr(reading)
    for personal in ("张三丰", "13800001111", "文一西路", "余杭", "杭州"):
        assert personal not in kept
    assert of(reading, OrderNotice)[0].raw["extra"] == {"note": "ok"}


def test_what_is_kept_can_be_stored_anywhere():
    big = samples.ORDER_DETAIL | {"x": 10**30, "y": 1.5, "z": "a\0b", "pay_no": "\ud800"}
    raw = of(read_file("o.json", json.dumps(big).encode()), OrderNotice)[0].raw
    assert (raw["x"], raw["y"], raw["z"], raw["pay_no"]) == (str(10**30), "1.5", "ab", "?")


def test_a_refund_detail_is_read_whole():
    [refund] = read(samples.envelope(samples.REFUND_DETAIL)).notices
    assert (refund.refund_no, refund.order_no) == ("300012345678901", NO)
    assert (refund.state, refund.state_raw, refund.kind, refund.kind_raw) == (
        RefundState.AWAITING_SELLER,
        "1",
        RefundKind.UNKNOWN,
        "1",
    )
    assert (refund.goods_status_raw, refund.amount_fen, refund.reason_raw) == ("2", 9650, "卡券无法使用")
    assert refund.description == "绑定的时候提示卡密错误，麻烦退一下"
    assert refund.timeout_at == datetime.fromtimestamp(1795657800, UTC)
    assert (refund.refunded_at, refund.rejected_at) == (None, None)


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (1, "awaiting_seller"),
        (2, "awaiting_return"),
        (3, "awaiting_receipt"),
        (4, "closed"),
        (5, "succeeded"),
        (6, "refused"),
        (8, "awaiting_address"),
        (7, "unknown"),
        (9, "unknown"),
        (11, "unknown"),
        (99, "unknown"),
        ("待商家处理", "awaiting_seller"),
        ("奇怪", "unknown"),
    ],
)
def test_refund_states_are_official_numbers_and_unknown_ones_keep_their_raw(number, state):
    [refund] = read(samples.REFUND_DETAIL | {"refund_status": number}).notices
    assert (refund.state.value, refund.state_raw) == (state, str(number))


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (11, "awaiting_payment"),
        (12, "awaiting_delivery"),
        (21, "delivered"),
        (22, "completed"),
        (23, "refunded"),
        (24, "closed"),
        (77, "unknown"),
    ],
)
def test_order_states_are_official_numbers(number, state):
    order = of(read(samples.ORDER_DETAIL | {"order_status": number}), OrderNotice)[0]
    assert (order.state.value, order.state_raw) == (state, str(number))


@pytest.mark.parametrize("kind", ["REFUND_ONLY_NO_SHIP", "仅退款"])
def test_what_the_buyer_asks_for_is_read_where_it_is_a_word(kind):
    assert read(samples.REFUND_DETAIL | {"refund_type": kind}).notices[0].kind is RefundKind.MONEY_ONLY


@pytest.mark.parametrize("broken", [[1], True, "1e2", "96.50", -5, float("nan"), {"a": 1}, 10**20, "abc"])
def test_an_amount_in_a_wrong_form_counts_as_not_told_and_is_noted(broken):
    reading = read(samples.REFUND_DETAIL | {"refund_amount": broken})
    assert reading.notices[0].amount_fen is None
    assert [(finding.code, finding.row, finding.column) for finding in reading.notes] == [
        ("field_unreadable", 1, "refund_amount")
    ]


@pytest.mark.parametrize("broken", [[1], True, "soon", 1.5, {"a": 1}])
def test_a_time_in_a_wrong_form_counts_as_not_told_and_is_noted(broken):
    reading = read(samples.REFUND_DETAIL | {"timeout_time": broken})
    assert reading.notices[0].timeout_at is None
    assert [finding.column for finding in reading.notes] == ["timeout_time"]


def test_an_order_number_written_as_a_number_keeps_all_digits():
    text = json.dumps(samples.REFUND_DETAIL).replace(f'"{NO}"', NO)
    assert read_file("r.json", text.encode()).notices[0].order_no == NO


def test_an_order_number_written_as_a_float_is_refused():
    text = json.dumps(samples.REFUND_DETAIL).replace(f'"{NO}"', "3.364202298717566e+18")
    [finding] = read_file("r.json", text.encode()).refused
    assert (finding.code, finding.row, finding.column) == ("order_no_mangled", 1, "order_no")


def test_lists_in_envelopes_are_walked_and_what_is_no_order_is_refused():
    listed = {"list": [samples.ORDER_DETAIL, {"hello": 1}, samples.ORDER_DETAIL | {"order_no": ""}], "count": 3}
    reading = read(samples.envelope(listed))
    assert [notice.order_no for notice in of(reading, OrderNotice)] == [NO]
    assert [(finding.code, finding.row) for finding in reading.refused] == [
        ("shape_unknown", 2),
        ("order_no_missing", 3),
    ]
    assert reading.rows == 3


def test_orders_and_refunds_in_one_document_are_both_read():
    reading = read(
        {
            "orders": [samples.ORDER_DETAIL | {"refund_status": 0}],
            "refunds": [samples.REFUND_DETAIL, samples.REFUND_DETAIL],
        }
    )
    assert (len(of(reading, OrderNotice)), len(of(reading, RefundNotice)), reading.kind) == (1, 2, FileKind.REFUNDS)


def test_one_answer_a_line_is_read_line_by_line():
    lines = (
        samples.as_lines(
            [samples.envelope(samples.ORDER_DETAIL), samples.envelope({"list": [samples.REFUND_DETAIL] * 2})]
        )
        + b'\n{"code": 0, "da'
    )
    reading = read_file("answers.jsonl", lines)
    assert [notice.origin.row for notice in reading.notices] == [1, 1, 2, 2]
    assert [(finding.code, finding.row) for finding in reading.refused] == [("json_line_broken", 3)]
    assert reading.rows == 3


def test_an_error_answer_is_no_data():
    [finding] = read({"code": 100008, "msg": "订单接口未授权", "data": None}).refused
    assert finding.code == "channel_error"


def test_a_push_is_read_and_said_to_be_one():
    reading = read(samples.ORDER_PUSH)
    [order] = of(reading, OrderNotice)
    assert reading.kind is FileKind.PUSH
    assert (order.state, order.refund_state) == (OrderState.DELIVERED, RefundState.AWAITING_SELLER)
    assert order.updated_at == datetime.fromtimestamp(1795399200, UTC)
    assert of(reading, RefundNotice)[0].order_no == NO


def test_a_push_body_gives_the_notice_and_its_key():
    notice, key = mapping.read_push(samples.as_json(samples.ORDER_PUSH))
    assert (notice.order_no, key) == (NO, f"219530767978565:{NO}:21:1:1795399200")


def test_a_push_that_leaves_out_fields_still_has_a_key():
    notice, key = mapping.read_push(samples.as_json({"order_no": NO, "refund_status": 1}))
    assert (notice.state, key) == (OrderState.UNKNOWN, f":{NO}::1:")


def test_two_pushes_are_one_event_only_when_all_five_facts_agree():
    keys = {mapping.push_key(samples.ORDER_PUSH | change) for change in ({}, {"user_name": "x"}, {"item_id": 3})}
    assert len(keys) == 1
    for name in ("seller_id", "order_no", "order_status", "refund_status", "modify_time"):
        assert mapping.push_key(samples.ORDER_PUSH | {name: 5}) not in keys
    assert len(mapping.push_key(samples.ORDER_PUSH | {"order_no": "9" * 500})) <= 160


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"\xff", b'{"order_no":', b'{"order_no": 2.2e18}', b'{"order_no": [1]}', b"[" * 50_000]
)
def test_a_body_that_is_no_push_is_refused(body):
    with pytest.raises(WrongUse) as caught:
        mapping.read_push(body)
    assert caught.value.problem_code == "push_unreadable"


@pytest.mark.parametrize(
    ("value", "name", "told"),
    [
        ({"order_no": NO} | samples.envelope({"list": samples.KAM_ITEMS}), "a.json", {}),
        ({"request": {"order_no": NO}, "response": samples.envelope({"list": samples.KAM_ITEMS})}, "a.json", {}),
        (samples.envelope({"order_no": NO, "list": samples.KAM_ITEMS}), "a.json", {}),
        (samples.envelope({"list": samples.KAM_ITEMS}), f"kam-{NO}.json", {}),
        (samples.envelope({"list": samples.KAM_ITEMS}), "a.json", {"order_no": NO}),
        ([item | {"order_no": NO} for item in samples.KAM_ITEMS], "a.json", {}),
    ],
)
def test_delivered_cards_find_their_order_wherever_it_is_told(value, name, told):
    reading = read(value, name, **told)
    first, second = reading.notices
    assert isinstance(first, DeliveryNotice)
    assert (reading.kind, first.order_no, second.order_no) == (FileKind.DELIVERIES, NO, NO)
    assert (first.code.expose(), first.number, first.cost_fen, first.sold_type_raw) == (
        "7F3A-99C0-B1D2-E4F5",
        "JDV00012345678901234",
        9300,
        "11",
    )
    assert (second.code.expose(), second.number) == ("XQ7R4KT2M9ZP", "")


def test_delivered_cards_without_any_order_are_refused_without_their_codes():
    reading = read(samples.envelope({"list": [*samples.KAM_ITEMS, {"card_no": "", "card_pwd": ""}]}))
    assert [finding.code for finding in reading.refused] == ["order_no_missing", "order_no_missing", "shape_unknown"]
    assert "7F3A" not in repr(reading)


def test_a_card_without_any_code_is_refused():
    reading = read(samples.envelope({"list": [{"card_no": "", "card_pwd": "", "cost": 1}]}), order_no=NO)
    assert [finding.code for finding in reading.refused] == ["card_code_missing"]


def test_cards_inside_an_order_are_taken_out_and_not_kept_with_it():
    reading = read(samples.ORDER_DETAIL | {"kam_list": samples.KAM_ITEMS})
    assert len(of(reading, DeliveryNotice)) == 2
    assert "7F3A" not in repr(reading) + str([dict(notice.raw) for notice in of(reading, OrderNotice)])


def test_a_refund_with_the_orders_facts_around_it_gives_both():
    reading = read(
        samples.REFUND_DETAIL
        | {"goods": samples.ORDER_DETAIL["goods"], "buyer_nick": "小鹿乱撞", "create_time": 1795398600}
    )
    [order] = of(reading, OrderNotice)
    assert (order.listing.title[:5], order.created_at, len(of(reading, RefundNotice))) == ("京东E卡1", None, 1)


def test_delivered_cards_listed_by_order_number_find_their_orders():
    other = "3364202298717566230"
    reading = read(
        {NO: samples.envelope({"list": samples.KAM_ITEMS}), other: samples.envelope({"list": samples.KAM_ITEMS[:1]})}
    )
    assert [notice.order_no for notice in reading.notices] == [NO, NO, other]


def test_a_json_list_of_cards_that_nobody_got_is_stock():
    reading = read([{"card_no": "JDV0001", "card_pwd": "7F3A-99C0"}, {"card_no": "JDV0002", "card_pwd": "7F3A-99C1"}])
    assert reading.kind is FileKind.CARDS
    assert [card.number for card in reading.notices] == ["JDV0001", "JDV0002"]
