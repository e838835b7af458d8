"""Order and refund tables: which columns mean what, what a row tells, and that no bad row stops the others."""

from datetime import UTC, datetime

import pytest

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
from connectors import samples

NO = samples.ORDER_NO


def read(text, name="订单.csv", **told):
    return read_file(name, text.encode(), **told)


def only(reading, kind):
    [notice] = [notice for notice in reading.notices if isinstance(notice, kind)]
    return notice


def refusals(reading):
    return [(finding.code, finding.row, finding.column) for finding in reading.refused]


def test_an_export_with_refund_columns_gives_orders_and_refunds():
    reading = read_file("卖出的宝贝.csv", samples.ORDERS_CSV.encode("gb18030"))
    assert (reading.kind, reading.encoding, reading.rows) == (FileKind.ORDERS, "gb18030", 2)
    first, second = [notice for notice in reading.notices if isinstance(notice, OrderNotice)]
    assert (first.order_no, first.state, first.paid_fen, first.buyer_nick) == (
        NO,
        OrderState.DELIVERED,
        9650,
        "小鹿乱撞",
    )
    assert first.paid_at == datetime(2026, 11, 20, 2, 41, tzinfo=UTC)
    assert (second.state, second.refund_state) == (OrderState.COMPLETED, None)
    refund = only(reading, RefundNotice)
    assert (refund.order_no, refund.state, refund.amount_fen) == (NO, RefundState.AWAITING_SELLER, 9650)
    assert (refund.reason_raw, refund.applied_at) == ("卡券无法使用", datetime(2026, 11, 22, 2, 30, tzinfo=UTC))
    assert refund.origin.row == 2


def test_the_title_is_kept_as_the_listings_and_nowhere_as_words():
    order = only(read(f"订单号,商品标题,订单状态\n{NO},卡密无效包退 京东E卡,已发货\n"), OrderNotice)
    assert order.listing.title == "卡密无效包退 京东E卡"


def test_a_refund_file_with_every_column_is_read_whole():
    reading = read(
        "退款编号,订单编号,退款状态,退款类型,退款金额,退款原因,退款说明,申请时间,超时时间,货物状态,买家昵称\n"
        f"300012345678901,{NO},待商家处理,仅退款,￥96.50,其他,绑不上一直提示错误,2026/11/22 10:30,2026年11月25日 10:30,已收到货,小鹿乱撞\n"
    )
    assert reading.kind is FileKind.REFUNDS
    refund = only(reading, RefundNotice)
    assert (refund.refund_no, refund.kind, refund.kind_raw) == ("300012345678901", RefundKind.MONEY_ONLY, "仅退款")
    assert refund.description == "绑不上一直提示错误"
    assert refund.timeout_at == datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
    assert refund.goods_status_raw == "已收到货"
    assert only(reading, OrderNotice).buyer_nick == "小鹿乱撞"


def test_in_a_refund_file_a_bare_state_and_amount_are_the_refunds():
    reading = read(f"订单号,状态,金额,申请时间,退款原因\n{NO},等待卖家处理,135.00,2026-08-23 21:16,协商一致退款\n")
    refund = only(reading, RefundNotice)
    assert (refund.state, refund.amount_fen) == (RefundState.AWAITING_SELLER, 13500)
    assert not any(isinstance(notice, OrderNotice) for notice in reading.notices)


def test_in_an_order_file_a_bare_state_and_amount_are_the_orders():
    reading = read(f"订单号,状态,金额\n{NO},交易成功,135.00\n")
    [order] = reading.notices
    assert (order.state, order.total_fen) == (OrderState.COMPLETED, 13500)


def test_a_column_of_descriptions_or_bare_reasons_makes_no_refund_of_an_order():
    reading = read(f"订单号,订单状态,描述,原因\n{NO},交易成功,自动发货秒到,无\n")
    assert [type(notice) for notice in reading.notices] == [OrderNotice]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("待付款", OrderState.AWAITING_PAYMENT), ("等待卖家发货", OrderState.AWAITING_DELIVERY), ("12", OrderState.AWAITING_DELIVERY),
        ("pending_ship", OrderState.AWAITING_DELIVERY), ("shipped", OrderState.DELIVERED), ("21", OrderState.DELIVERED),
        ("3", OrderState.DELIVERED), ("交易成功", OrderState.COMPLETED), ("22", OrderState.COMPLETED), ("已退款", OrderState.REFUNDED),
        ("交易关闭", OrderState.CLOSED), ("Cancelled", OrderState.CLOSED), ("神秘状态", OrderState.UNKNOWN),
    ],
)  # fmt: skip
def test_state_words_and_numbers_are_understood_and_kept(word, state):
    order = read(f"订单号,订单状态,数量\n{NO},{word},1\n").notices[0]
    assert (order.state, order.state_raw) == (state, word)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("待卖家处理", RefundState.AWAITING_SELLER), ("1", RefundState.AWAITING_SELLER), ("WAIT_SELLER_AGREE", RefundState.AWAITING_SELLER),
        ("待买家退货", RefundState.AWAITING_RETURN), ("3", RefundState.AWAITING_RECEIPT), ("已撤销", RefundState.CLOSED),
        ("退款成功", RefundState.SUCCEEDED), ("REFUND_SUCCESS", RefundState.SUCCEEDED), ("卖家已拒绝", RefundState.REFUSED),
        ("8", RefundState.AWAITING_ADDRESS), ("7", RefundState.UNKNOWN), ("退款中", RefundState.UNKNOWN), ("转人工啦", RefundState.UNKNOWN),
    ],
)  # fmt: skip
def test_refund_words_and_numbers_are_understood_and_kept(word, state):
    refund = only(read(f"订单号,退款状态\n{NO},{word}\n"), RefundNotice)
    assert (refund.state, refund.state_raw) == (state, word)


@pytest.mark.parametrize("word", ["0", "未申请", "无", "-", ""])
def test_an_order_without_a_refund_gives_none(word):
    reading = read(f"订单号,订单状态,退款状态\n{NO},交易成功,{word}\n")
    assert [type(notice) for notice in reading.notices] == [OrderNotice]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("退款中", RefundState.UNKNOWN),
        ("refunding", RefundState.UNKNOWN),
        ("退款关闭", RefundState.CLOSED),
        ("已退款", RefundState.SUCCEEDED),
    ],
)
def test_an_order_state_that_speaks_of_a_refund_gives_one(word, state):
    reading = read(f"订单号,订单状态,数量\n{NO},{word},1\n")
    refund = only(reading, RefundNotice)
    assert (refund.state, refund.state_raw) == (state, word)


@pytest.mark.parametrize(
    "header",
    ["订单号", "订单ID", "订单编号", " 订单 编号 ", "Order_No", "order-id", "ORDER NO", "訂單編號", "订单编号（必填）"],
)
def test_header_aliases_do_not_mind_case_space_or_brackets(header):
    assert read(f"{header},订单状态\n{NO},已发货\n").notices[0].order_no == NO


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "；", "，", "|"])
def test_every_delimiter_is_found_out(delimiter):
    order = read(f"订单号{delimiter}订单状态{delimiter}买家昵称\n{NO}{delimiter}已发货{delimiter}大熊\n").notices[0]
    assert (order.order_no, order.buyer_nick) == (NO, "大熊")


def test_a_title_line_above_the_header_and_blank_lines_are_no_rows():
    reading = read(f"2026年11月订单导出,,\n\n订单号,订单状态,买家\n{NO},已发货,大熊\n,,\n\n")
    assert (reading.rows, reading.refused) == (1, ())
    assert reading.notices[0].origin.row == 4


def test_a_hint_of_excel_about_the_separator_is_followed():
    assert read(f"sep=;\n订单号;买家昵称\n{NO};a,b\n").notices[0].buyer_nick == "a,b"


def test_every_fault_is_named_with_row_and_column_and_the_other_rows_are_read():
    reading = read(
        "订单号,实付金额,付款时间,数量\n"
        f"{NO},96.50,2026-11-20 10:41,1\n"
        "2.22669E+18,96.50,2026-11-20 10:41,1\n"
        f"{NO[:-1]}1,九十六,昨天,1\n"
        f"{NO[:-1]}2,96.50,2026-11-20 10:41,很多\n"
        ",96.50,2026-11-20 10:41,1\n"
        f"{NO[:-1]}3,96.50,2026-11-20 10:41,1\n"
    )
    assert refusals(reading) == [
        ("order_no_mangled", 3, "订单号"),
        ("amount_unreadable", 4, "实付金额"),
        ("time_unreadable", 4, "付款时间"),
        ("quantity_unreadable", 5, "数量"),
        ("order_no_missing", 6, "订单号"),
    ]
    assert [notice.order_no for notice in reading.notices] == [NO, f"{NO[:-1]}3"]
    assert reading.rows == len(reading.accounted) == 6


def test_a_mangled_order_number_says_the_way_out_in_both_languages():
    [finding] = read("订单号,数量\n2.22669E+18,1\n").refused
    assert (finding.file, finding.row, finding.column) == ("订单.csv", 2, "订单号")
    assert "文本" in finding.next.zh
    assert "Text" in finding.next.en


def test_a_whole_column_rounded_to_zeros_is_refused():
    reading = read("订单号,数量\n3364202298717560000,1\n3364202298717570000,1\n")
    assert [finding.code for finding in reading.refused] == ["order_no_mangled", "order_no_mangled"]


def test_one_number_that_happens_to_end_in_zeros_is_believed():
    reading = read(f"订单号,数量\n3364202298717560000,1\n{NO},1\n")
    assert [notice.order_no for notice in reading.notices] == ["3364202298717560000", NO]


def test_personal_columns_are_read_by_nobody():
    text = f"订单号,订单状态,收货人,手机号,收货地址,神秘列\n{NO},已发货,张三丰,13800001111,文一西路969号,abc123secret\n"
    reading = read(text)
    kept = str([(notice.raw, notice) for notice in reading.notices])
    for secret in ("张三丰", "13800001111", "文一西路", "abc123secret"):
        assert secret not in kept
    assert [finding.code for finding in reading.notes] == ["columns_ignored"]


def test_an_order_file_with_codes_tells_what_was_delivered_and_keeps_no_code():
    reading = read(
        f"订单号,订单状态,发货时间,卡号,卡密\n{NO},已发货,2026-11-20 10:42,JDV00012345678901234,7F3A-99C0-B1D2-E4F5\n"
    )
    delivery = only(reading, DeliveryNotice)
    assert (delivery.order_no, delivery.code.expose(), delivery.number) == (
        NO,
        "7F3A-99C0-B1D2-E4F5",
        "JDV00012345678901234",
    )
    assert delivery.delivered_at == datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
    assert "7F3A" not in repr(reading)
    assert "7F3A" not in str(only(reading, OrderNotice).raw)


def test_amounts_of_an_interface_dump_count_fen_and_that_is_noted():
    reading = read(
        f"order_no,order_status,total_amount,pay_amount,refund_amount,refund_status,buyer_eid,buyer_nick,update_time\n{NO},21,9650,9650,0,0,Yg4v,小鹿,1795399200\n"
    )
    assert reading.notices[0].paid_fen == 9650
    assert [finding.code for finding in reading.notes] == ["amount_unit_fen"]


def test_the_same_names_with_decimals_count_yuan():
    reading = read(f"order_no,order_status,total_amount,buyer_eid,update_time\n{NO},21,96.50,Yg4v,1795399200\n")
    assert reading.notices[0].total_fen == 9650


def test_a_unit_in_the_header_is_believed():
    assert read(f"订单号,订单金额(分)\n{NO},9650\n").notices[0].total_fen == 9650
    assert read(f"订单号,订单金额（元）\n{NO},9650\n").notices[0].total_fen == 965000


def test_a_second_column_of_one_meaning_is_reported():
    reading = read(f"订单号,订单编号,订单状态\n{NO},别的,已发货\n")
    assert reading.notices[0].order_no == NO
    assert [(finding.code, finding.column) for finding in reading.notes] == [("duplicate_header", "订单编号")]


def test_a_json_list_of_another_tool_is_read_as_a_table():
    rows = [
        {
            "order_id": NO,
            "item_id": "1063177864132",
            "buyer_id": "2222315258815",
            "status": "refunding",
            "amount": "96.50",
            "raw": {"x": 1},
        },
        {"order_id": 3364202298717566231, "status": "completed", "amount": 45},
        {"order_id": None, "status": "shipped"},
    ]
    reading = read_file("orders.json", samples.as_json({"orders": rows}))
    orders = [notice for notice in reading.notices if isinstance(notice, OrderNotice)]
    assert [order.order_no for order in orders] == [NO, "3364202298717566231"]
    assert [order.total_fen for order in orders] == [9650, 4500]
    assert refusals(reading) == [("order_no_missing", 3, "order_id")]


def test_a_json_number_in_scientific_notation_is_refused():
    reading = read_file("orders.json", b'[{"order_id": 2.22669E+18, "status": "shipped"}]')
    assert [finding.code for finding in reading.refused] == ["order_no_mangled"]


def test_another_channel_keeps_its_own_name():
    assert read(f"订单号,平台,订单状态\n{NO},淘宝,已发货\n").notices[0].channel == "淘宝"
    assert read(f"订单号,平台,订单状态\n{NO},闲鱼,已发货\n").notices[0].channel == "goofish"


def test_a_table_without_order_numbers_says_what_is_missing():
    [finding] = read("买家,状态\n大熊,已发货\n", kind=FileKind.ORDERS).refused
    assert finding.code == "header_missing"
    assert "订单号" in finding.next.zh


def test_a_header_alone_is_an_empty_file_of_orders():
    reading = read("订单号,订单状态\n")
    assert (reading.kind, reading.rows, reading.notices) == (FileKind.ORDERS, 0, ())
