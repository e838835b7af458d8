"""XLSX: numbers that lost digits, dates, several sheets, and files that are made to hurt."""

import io
import struct
import zipfile
from datetime import UTC, datetime

import openpyxl
import pytest

from cardcase.connectors import limits
from cardcase.connectors.ports import FileKind, OrderNotice
from cardcase.connectors.registry import read_file
from connectors import samples

NO = samples.ORDER_NO
HEAD = ["订单号", "买家昵称", "订单状态", "实付金额", "付款时间"]


def orders(reading):
    return [notice for notice in reading.notices if isinstance(notice, OrderNotice)]


def test_a_workbook_of_texts_numbers_and_dates_is_read():
    data = samples.workbook(
        (
            "订单",
            [
                HEAD,
                [NO, "小鹿乱撞", "已发货", 96.5, datetime(2026, 11, 20, 10, 41)],  # noqa: DTZ001
                [f"'{NO[:-1]}1", "大熊", "交易成功", "1,234.50", 46346.4451388889],
                [f"{NO[:-1]}2", "阿猫", 22, 0.1 + 0.2, "2026年11月20日 下午3:05"],
            ],
        )
    )
    reading = read_file("orders.xlsx", data)
    assert reading.refused == ()
    assert [order.paid_fen for order in orders(reading)] == [9650, 123450, 30]
    assert orders(reading)[0].paid_at == datetime(2026, 11, 20, 2, 41, tzinfo=UTC)
    assert orders(reading)[1].paid_at == datetime(2026, 11, 20, 2, 41, tzinfo=UTC)
    assert orders(reading)[2].paid_at == datetime(2026, 11, 20, 7, 5, tzinfo=UTC)
    assert [order.origin.row for order in orders(reading)] == [2, 3, 4]


@pytest.mark.parametrize("cell", [3.36420229871757e18, int(NO), 2.22669e18, "2.22669E+18"])
def test_a_number_that_lost_its_digits_is_refused_with_row_and_column(cell):
    data = samples.workbook(("订单", [HEAD, [cell, "a", "已发货", 1, None], [NO, "b", "已发货", 1, None]]))
    reading = read_file("orders.xlsx", data)
    [finding] = reading.refused
    assert (finding.code, finding.row, finding.column) == ("order_no_mangled", 2, "订单号")
    assert [order.order_no for order in orders(reading)] == [NO]


def test_two_sheets_are_told_apart_and_hidden_ones_left_alone():
    book = openpyxl.Workbook()
    book.active.title = "十一月"
    for row in (HEAD, [NO, "小鹿", "已发货", 1, None]):
        book.active.append(row)
    for title, state in (("十月", "visible"), ("草稿", "hidden")):
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        for row in (
            ["订单导出"],
            HEAD,
            [f"{NO[:-1]}{len(title)}", title, "已发货", 1, None],
            [None, "x", None, None, None],
        ):
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    reading = read_file("orders.xlsx", stream.getvalue())
    assert [order.origin.file for order in orders(reading)] == ["orders.xlsx#十一月", "orders.xlsx#十月"]
    assert [(finding.file, finding.row) for finding in reading.refused] == [("orders.xlsx#十月", 4)]
    assert reading.rows == len(reading.accounted) == 3
    assert "sheet_ignored" in {finding.code for finding in reading.notes}


def test_a_formula_counts_by_the_value_that_was_saved_with_it():
    data = samples.workbook(("订单", [HEAD, [f'="{NO}"', "小鹿", "已发货", 1, None]]))
    [finding] = read_file("orders.xlsx", data).refused  # written by a program, never calculated: no value
    assert finding.code == "order_no_missing"


def test_a_workbook_of_cards_is_read():
    data = samples.workbook(
        ("卡", [["卡号", "密码", "面值", "有效期"], ["JDV0001", "7F3A-99C0", 100, datetime(2028, 12, 31)]])  # noqa: DTZ001
    )
    reading = read_file("cards.xlsx", data)
    [card] = reading.notices
    assert (reading.kind, card.face_fen, str(card.expires_on)) == (FileKind.CARDS, 10000, "2028-12-31")


def test_a_card_number_that_a_spreadsheet_rounded_is_refused():
    data = samples.workbook(
        ("卡", [["卡号", "密码"], [1000111100000123456, "112233"], ["1000111100000123457", 445566]])
    )
    reading = read_file("cards.xlsx", data)
    assert [(finding.code, finding.row, finding.column) for finding in reading.refused] == [
        ("card_code_mangled", 2, "卡号")
    ]
    assert [card.code.expose() for card in reading.notices] == ["445566"]


def changed(data, change):
    """Write a workbook anew with changed members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, change(member.filename, old.read(member)))
    return stream.getvalue()


GOOD = samples.workbook(("订单", [HEAD, [NO, "小鹿", "已发货", 1, None]]))


def test_a_bomb_is_not_unpacked():
    bomb = changed(GOOD, lambda name, body: body + b" " * (limits.ARCHIVE_BYTES + 1) if "sheet1" in name else body)
    assert len(bomb) < 1024 * 1024
    [finding] = read_file("orders.xlsx", bomb).refused
    assert finding.code == "workbook_unsafe"


def test_a_member_compressed_beyond_reason_is_not_unpacked():
    bomb = changed(GOOD, lambda name, body: body + b" " * (8 * 1024 * 1024) if "sheet1" in name else body)
    assert [finding.code for finding in read_file("orders.xlsx", bomb).refused] == ["workbook_unsafe"]


def test_an_archive_of_thousands_of_members_is_not_opened():
    stream = io.BytesIO(GOOD)
    with zipfile.ZipFile(stream, "a") as archive:
        for number in range(limits.ARCHIVE_ENTRIES):
            archive.writestr(f"xl/x{number}", b"")
    assert [finding.code for finding in read_file("orders.xlsx", stream.getvalue()).refused] == ["workbook_unsafe"]


def test_members_that_share_one_body_are_counted_by_what_they_declare():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
        for number in range(200):
            archive.writestr(f"xl/s{number}.bin", bytes(range(256)) * 4096)
    assert [finding.code for finding in read_file("orders.xlsx", stream.getvalue()).refused] == ["workbook_unsafe"]


def test_a_document_type_is_refused_before_any_parser_sees_it():
    lol = (
        b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY l2 "&lol;&lol;">]><workbook>&l2;</workbook>'
    )
    data = changed(GOOD, lambda name, body: lol if name == "xl/workbook.xml" else body)
    assert [finding.code for finding in read_file("orders.xlsx", data).refused] == ["workbook_unsafe"]


def test_a_locked_or_torn_workbook_is_said_to_be_so():
    locked = bytearray(GOOD)
    for at in range(len(locked) - 4):
        if locked[at : at + 4] == b"PK\x01\x02":
            flags = struct.unpack_from("<H", locked, at + 8)[0]
            struct.pack_into("<H", locked, at + 8, flags | 1)
    assert [finding.code for finding in read_file("o.xlsx", bytes(locked)).refused] == ["workbook_broken"]
    assert [finding.code for finding in read_file("o.xlsx", GOOD[:-40]).refused] == ["workbook_broken"]


def test_a_sheet_of_too_many_rows_is_refused_whole():
    row = b'<row><c t="inlineStr"><is><t>x</t></is></c></row>'

    def grown(name, body):
        if "sheet1" not in name:
            return body
        noise = b"".join(row.replace(b">x<", b">%d<" % (number * 7919)) for number in range(limits.SHEET_ROWS + 5))
        return body.replace(b"</sheetData>", noise + b"</sheetData>")

    [finding] = read_file("o.xlsx", changed(GOOD, grown)).refused
    assert finding.code == "too_many_rows"
    assert str(limits.SHEET_ROWS) in finding.message.en


def test_a_zip_that_is_no_workbook_and_an_old_xls_are_told_apart():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", b"a")
    assert [finding.code for finding in read_file("o.xlsx", stream.getvalue()).refused] == ["binary_unknown"]
    [finding] = read_file("o.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600).refused
    assert finding.code == "xls_old"
    assert ".xlsx" in finding.next.zh


def test_a_csv_that_calls_itself_xls_is_read_as_what_it_is():
    reading = read_file("导出.xls", f"订单号\t订单状态\n{NO}\t已发货\n".encode("gb18030"))
    assert [order.order_no for order in orders(reading)] == [NO]
