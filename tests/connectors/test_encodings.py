"""In which encoding a file is: byte order mark, strict UTF-8, UTF-16 without a mark, GB18030, Big5, else ask."""

import pytest

from cardcase.connectors.encoding import decode, known_encoding, weight
from cardcase.connectors.ports import FileKind, OrderNotice
from cardcase.connectors.registry import read_file

SIMPLIFIED = "订单编号,买家昵称,订单状态\n3364202298717566229,犇犇🐟,已发货\n"
TRADITIONAL = "訂單編號,買家暱稱,訂單狀態\n3364202298717566229,小鹿亂撞,已出貨\n"

SHORT = [
    "卡密", "退款", "在吗", "你好", "一", "一二三", "假的", "骗子！", "不想要了", "卡号:密码", "密码错误", "充不了", "小鹿：卡密用不了",
    "京东E卡100元", "我要退款", "亲，发您了", "谢谢", "号", "买家：你好啊老板", "订单号,状态\n1,已发货",
]  # fmt: skip
SHORT_TRADITIONAL = [
    "卡密", "訂單號,狀態", "退款", "我要退款", "你好", "在嗎", "謝謝", "密碼錯誤", "騙子！", "蘋果禮品卡", "賣家您好，這張卡無法兌換",
]  # fmt: skip


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_a_table_gives_the_same_order_in_every_encoding(codec, name):
    reading = read_file("订单.csv", SIMPLIFIED.encode(codec))
    assert reading.encoding == name
    [order] = reading.notices
    assert isinstance(order, OrderNotice)
    assert (order.order_no, order.buyer_nick, order.state_raw) == ("3364202298717566229", "犇犇🐟", "已发货")


def test_big_endian_with_a_mark_is_told_by_the_mark():
    assert decode(b"\xfe\xff" + SIMPLIFIED.encode("utf-16-be")).encoding == "utf-16-be"


def test_utf_32_with_a_mark_is_not_taken_for_utf_16():
    assert decode("订单号".encode("utf-32")).text == "订单号"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "big5", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_traditional_table_is_read_in_every_encoding(codec):
    [order] = read_file("o.csv", TRADITIONAL.encode(codec)).notices
    assert (order.buyer_nick, order.state.value) == ("小鹿亂撞", "delivered")


@pytest.mark.parametrize("text", SHORT)
def test_short_gbk_texts_are_read_right(text):
    found = decode(text.encode("gbk"))
    assert (found.text, found.encoding) == (text, "gb18030")


@pytest.mark.parametrize("text", SHORT_TRADITIONAL)
def test_short_big5_texts_are_read_right(text):
    found = decode(text.encode("big5"))
    assert (found.text, found.encoding) == (text, "big5")


def test_gb18030_with_four_byte_characters_is_read():
    text = "买家：𠮷野家的券用不了，退款\n"
    assert decode(text.encode("gb18030")).text == text


def test_gbk_that_happens_to_be_valid_utf_8_is_not_read_as_cyrillic():
    assert "一".encode("gbk").decode("utf-8") == "һ"
    assert decode("一".encode("gbk")).text == "一"


def test_latin_letters_with_accents_stay_utf_8():
    assert decode("café ·".encode()).encoding == "utf-8"


def ambiguous_bytes():
    """Two characters that are equally common read as GB18030 and as Big5, and of neither everyday kind."""
    return next(
        bytes([a, b]) * 2
        for a in range(0xB0, 0xC6)
        for b in range(0xA1, 0xFE)
        if weight(bytes([a, b]).decode("gb18030", "replace")) == weight(bytes([a, b]).decode("cp950", "replace")) == 0.5
    )


@pytest.mark.parametrize(
    "data", [ambiguous_bytes(), "€100".encode("gb18030"), "镕燊旻喆".encode("gb18030"), bytes(range(128, 255))]
)
def test_what_is_not_convincing_is_asked_and_not_guessed(data):
    reading = read_file("x.txt", data)
    [finding] = reading.refused
    assert finding.code == "encoding_unclear"
    assert "--encoding" in finding.next.zh
    assert "--encoding" in finding.next.en
    assert reading.notices == ()


def test_the_answer_to_the_question_is_used():
    data = "镕燊旻喆：卡密无效".encode("gb18030")[:8]
    reading = read_file("x.txt", data, encoding="GBK", kind=FileKind.CHAT)
    assert (reading.encoding, [notice.text for notice in reading.notices]) == ("gb18030", ["镕燊旻喆"])


def test_a_wrong_answer_is_said_to_be_wrong():
    [finding] = read_file("x.txt", SIMPLIFIED.encode("gb18030") * 40, encoding="utf-8").refused
    assert finding.code == "encoding_wrong"
    assert "utf-8" in finding.message.en


def test_an_encoding_that_does_not_exist_is_said_so():
    [finding] = read_file("x.txt", b"a", encoding="klingon").refused
    assert finding.code == "encoding_unknown"
    assert known_encoding("GB2312") == "gb18030"
    assert known_encoding("klingon") is None


def test_one_torn_byte_costs_one_row_and_not_the_file():
    data = (
        SIMPLIFIED.encode()
        + b"3364202298717566230,\xe5\xb0,\xe5\xb7\xb2\xe5\x8f\x91\xe8\xb4\xa7\n"
        + "3364202298717566231,大熊,已发货\n".encode()
    )
    reading = read_file("o.csv", data)
    assert [notice.order_no for notice in reading.notices] == ["3364202298717566229", "3364202298717566231"]
    assert [(finding.code, finding.row) for finding in reading.refused] == [("bad_bytes", 3)]
    assert reading.rows == 3


def test_a_utf_16_file_that_was_cut_in_the_middle_of_a_character_loses_its_last_row_only():
    data = (SIMPLIFIED + "3364202298717566230,大熊,已发货").encode("utf-16")[:-1]
    reading = read_file("o.csv", data)
    assert [notice.order_no for notice in reading.notices] == ["3364202298717566229"]
    assert [finding.code for finding in reading.refused] == ["bad_bytes"]
