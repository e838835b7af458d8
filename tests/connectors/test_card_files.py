"""Card files: one a line in all the forms that suppliers send, and tables. Codes never show."""

from datetime import date

import pytest

from cardcase.connectors.cardlines import lines
from cardcase.connectors.ports import CardNotice, FileKind
from cardcase.connectors.registry import read_file
from cardcase.connectors.values import Unreadable


def read(text, name="卡密.txt", **told):
    return read_file(name, text if isinstance(text, bytes) else text.encode(), **told)


def cards(reading):
    return [(card.number, card.code.expose()) for card in reading.notices]


@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        ("X5K2MNPQRSTUVWXY", "", "X5K2MNPQRSTUVWXY"),
        ("7F3A-99C0-B1D2-E4F5", "", "7F3A-99C0-B1D2-E4F5"),
        ("7F3A 99C0 B1D2 E4F5", "", "7F3A 99C0 B1D2 E4F5"),
        ("JDV00012345678901234:7F3A-99C0-B1D2-E4F5", "JDV00012345678901234", "7F3A-99C0-B1D2-E4F5"),
        ("JDV00012345678901234：7F3A-99C0-B1D2-E4F5", "JDV00012345678901234", "7F3A-99C0-B1D2-E4F5"),
        ("JDV00012345678901234----7F3A-99C0-B1D2-E4F5", "JDV00012345678901234", "7F3A-99C0-B1D2-E4F5"),
        ("JDV00012345678901234--7F3A99C0", "JDV00012345678901234", "7F3A99C0"),
        ("JDV00012345678901234\t7F3A99C0", "JDV00012345678901234", "7F3A99C0"),
        ("JDV00012345678901234 7F3A99C0", "JDV00012345678901234", "7F3A99C0"),
        ("JDV00012345678901234|7F3A99C0", "JDV00012345678901234", "7F3A99C0"),
        ("JDV00012345678901234,7F3A99C0", "JDV00012345678901234", "7F3A99C0"),
        ("1000111234567890123----112233----2028-12-31", "1000111234567890123", "112233"),
        ("账号:moon@example.com--密码:pass1234", "moon@example.com", "pass1234"),
        ("账号：moon@example.com 密码：p--w:1", "moon@example.com", "p--w:1"),
        ("卡号:6222001,密码:778899", "6222001", "778899"),
        ("卡号：6222001：778899", "6222001", "778899"),
        ("卡密：XQ7R4KT2M9ZP", "", "XQ7R4KT2M9ZP"),
        ("兑换码: XQ7R-4KT2", "", "XQ7R-4KT2"),
        ("card no: 6222001 pin: 7788", "6222001", "7788"),
        ("京东E卡100元----JDV0001----7F3A", "JDV0001", "7F3A"),
        ("https://u.example/redeem?code=AB--CD:1", "", "https://u.example/redeem?code=AB--CD:1"),
        ("ACC_US_12M_9F2K-7QPA-88XZ║地区:美区·时长:12个月║20║8", "", "ACC_US_12M_9F2K-7QPA-88XZ"),
        ("卡号:6222001--密码:7788║地区:国区", "6222001", "7788"),
        ("  X5K2MNPQRSTUVWXY\t", "", "X5K2MNPQRSTUVWXY"),
    ],
)
def test_a_line_is_taken_apart(line, number, code):
    parts = lines.parse(line)
    assert (parts.number, parts.code) == (number, code)


def test_a_boxed_line_tells_region_cost_and_remarks():
    parts = lines.parse("ACC_US_12M_9F2K-7QPA-88XZ║地区:美区·时长:12个月║20║8")
    assert (parts.region, parts.cost_fen, parts.note) == ("美区", 800, "地区:美区·时长:12个月 加价 20")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("这是一行说明文字", "card_line_unreadable"), ("以下为京东E卡，请及时绑定", "card_line_unreadable"), ("卡密：", "card_code_missing"),
        ("ab", "card_line_unreadable"), ("A" * 600, "card_code_odd"), ("----", "card_line_unreadable"), ("a b c", "card_line_unreadable"),
        ("X5K2║预告║1║很贵", "amount_unreadable"), ("卡密：已发微信", "card_code_odd"),
    ],
)  # fmt: skip
def test_what_is_no_card_is_refused(line, code):
    with pytest.raises(Unreadable) as caught:
        lines.parse(line)
    assert caught.value.code == code


def test_a_file_of_lines_is_read_and_bad_lines_stop_nobody():
    reading = read(
        "# 京东E卡 100元 11月第二批\nJDV0001:7F3A-99C0\n\n说明：请勿外传，感谢支持\nJDV0002:7F3A-99C1\nJDV0003:7F\x003A\n"
        + "JDV0004:7F3A-99C2\n" * 1
    )
    assert (reading.kind, reading.rows) == (FileKind.CARDS, 5)
    assert cards(reading) == [("JDV0001", "7F3A-99C0"), ("JDV0002", "7F3A-99C1"), ("JDV0004", "7F3A-99C2")]
    assert [(finding.code, finding.row) for finding in reading.refused] == [
        ("card_line_unreadable", 4),
        ("control_character", 6),
    ]
    assert [finding.code for finding in reading.notes] == ["remarks_skipped"]


def test_a_bad_line_among_good_ones_needs_the_kind_when_they_are_few():
    text = "JDV0001:7F3A-99C0\n请及时使用\n"
    assert read(text).kind is FileKind.UNKNOWN
    assert cards(read(text, kind=FileKind.CARDS)) == [("JDV0001", "7F3A-99C0")]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be"])
def test_card_lines_are_read_in_every_encoding(codec):
    assert cards(
        read(
            "密碼:7F3A-99C0\n卡號 說明\n".replace("卡號 說明\n", "")
            .replace("密碼", "密码" if codec == "gb18030" else "code")
            .encode(codec)
        )
    ) == [("", "7F3A-99C0")]


def test_the_same_code_twice_is_noted_even_when_it_is_written_differently():
    reading = read("7F3A-99C0-B1D2-E4F5\n7f3a99c0b1d2e4f5\n")
    assert len(reading.notices) == 2
    assert [(finding.code, finding.row) for finding in reading.notes] == [("card_repeated", 2)]


@pytest.mark.parametrize("header", ["secret", "卡密", "兑换码", "Code"])
def test_a_column_of_codes_with_a_header(header):
    reading = read(f'{header}\nX5K2MNPQRSTUVWXY\n"AB,CD-1234"\n', name="stock.csv")
    assert cards(reading) == [("", "X5K2MNPQRSTUVWXY"), ("", "AB,CD-1234")]
    assert [card.origin.row for card in reading.notices] == [2, 3]


def test_a_card_table_is_read_whole():
    reading = read(
        "卡号,密码,面值,有效期,成本,品牌,地区,备注\nJDV00012345678901234,7F3A-99C0-B1D2-E4F5,100,2028-12-31,93.5,京东E卡,中国,老王供货\n".encode(
            "gb18030"
        ),
        name="a.csv",
    )
    [card] = reading.notices
    assert isinstance(card, CardNotice)
    assert (card.number, card.code.expose()) == ("JDV00012345678901234", "7F3A-99C0-B1D2-E4F5")
    assert (card.face_fen, card.cost_fen, card.expires_on) == (10000, 9350, date(2028, 12, 31))
    assert (card.brand, card.region, card.note) == ("京东E卡", "中国", "老王供货")


def test_a_card_with_a_number_only_is_known_by_it():
    assert cards(read("卡号,面值\n1000111234567890123,100\n")) == [("", "1000111234567890123")]


def test_faults_of_a_card_table_name_row_and_column_and_no_content():
    reading = read(
        "卡号,密码,面值,有效期\nJDV0001,SECRET-1,一百,2028-12-31\nJDV0002,SECRET-2,100,快了\n2.22669E+18,SECRET-3,100,\n,,100,\nJDV0005,SECRET-5,100\nJDV0006,SECRET-6,100,\n"
    )
    assert [(finding.code, finding.row, finding.column) for finding in reading.refused] == [
        ("amount_unreadable", 2, "面值"),
        ("time_unreadable", 3, "有效期"),
        ("card_code_mangled", 4, "卡号"),
        ("card_code_missing", 5, "密码"),
        ("row_ragged", 6, None),
    ]
    assert cards(reading) == [("JDV0006", "SECRET-6")]
    assert "SECRET" not in repr(reading)
    assert reading.rows == 6


def test_cards_carry_no_plain_hash_of_their_file():
    assert {card.origin.sha256 for card in read("X5K2MNPQRSTUVWXY\n").notices} == {""}


def test_a_column_says_which_cards_are_things_to_be_sent():
    text = "卡号,密码,品牌,面值,形态\n990122003301,,京东E卡,100,实体卡\nJD0002,K7QM-92XF-LP3D-B2Y8,京东E卡,100,电子\n"
    found = read(text, name="卡.csv").notices
    assert [item.form for item in found] == ["physical", "code"]
