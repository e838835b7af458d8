"""Delimited text that is not as it should be: quotes, ragged rows, control characters, sizes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.connectors import delimited, limits
from cardcase.connectors.registry import read_file

NO = "3364202298717566229"
HEAD = "订单号,买家昵称,订单状态\n"


def rows_of(text):
    return [(row.number, row.cells, row.problem) for row in delimited.read(text.split("\n"))]


def codes(text):
    reading = read_file("o.csv", (HEAD + text).encode())
    assert reading.rows == len(reading.accounted)
    return [notice.buyer_nick for notice in reading.notices], [
        (finding.code, finding.row) for finding in reading.refused
    ]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends():
    assert rows_of('a,"b,c","d ""e""","f\ng"\nh,i,j,k') == [
        (1, ("a", "b,c", 'd "e"', "f\ng"), ""),
        (3, ("h", "i", "j", "k"), ""),
    ]


def test_an_unclosed_quote_costs_its_own_row_only():
    good, bad = codes(f'{NO},"大熊,已发货\n{NO[:-1]}1,小鹿,已发货\n{NO[:-1]}2,阿猫,已发货\n')
    assert good == ["小鹿", "阿猫"]
    assert bad == [("unclosed_quote", 2)]


def test_text_after_a_closing_quote_is_not_guessed():
    good, bad = codes(f'{NO},"大熊"阿,已发货\n{NO[:-1]}1,小鹿,已发货\n')
    assert (good, bad) == (["小鹿"], [("stray_quote", 2)])


def test_a_quote_inside_an_unquoted_cell_is_a_character():
    assert codes(f'{NO},5"屏大熊,已发货\n') == (['5"屏大熊'], [])


@pytest.mark.parametrize("row", [f"{NO},大熊", f"{NO},大,熊,已发货", f"{NO}"])
def test_a_row_of_another_width_is_refused_with_both_widths(row):
    reading = read_file("o.csv", f"{HEAD}{row}\n{NO[:-1]}1,小鹿,已发货\n".encode())
    [finding] = reading.refused
    assert (finding.code, finding.row) == ("row_ragged", 2)
    assert str(len(row.split(","))) in finding.message.zh
    assert len(reading.notices) == 1


def test_empty_cells_beyond_the_header_do_no_harm():
    assert codes(f"{NO},大熊,已发货,,,\n") == (["大熊"], [])


@pytest.mark.parametrize(
    ("character", "code"),
    [("\0", "control_character"), ("\x1b", "control_character"), ("\x85"[:0] + "\x9c", "control_character")],
)
def test_control_characters_are_refused_by_row(character, code):
    good, bad = codes(f"{NO},大{character}熊,已发货\n{NO[:-1]}1,小鹿,已发货\n")
    assert (good, bad) == (["小鹿"], [(code, 2)])


def test_a_lone_carriage_return_is_refused_by_row():
    good, bad = codes(f"{NO},大\r熊,已发货\n{NO[:-1]}1,小鹿,已发货\n")
    assert (good, bad) == (["小鹿"], [("bare_cr", 2)])


def test_a_file_of_carriage_returns_only_is_a_file_of_lines():
    reading = read_file("o.csv", f"{HEAD}{NO},大熊,已发货\n".replace("\n", "\r").encode())
    assert [notice.buyer_nick for notice in reading.notices] == ["大熊"]


def test_windows_line_ends_are_line_ends():
    reading = read_file(
        "o.csv", f'{HEAD}{NO},"大\r\n熊",已发货\r\n'.replace("\n", "\r\n").replace("\r\r", "\r").encode()
    )
    assert [notice.buyer_nick for notice in reading.notices] == ["大\n熊"]


def test_a_mark_in_the_middle_of_joined_files_is_not_part_of_a_number():
    reading = read_file("o.csv", (HEAD + f"\ufeff{NO},大熊,已发货\n").encode())
    assert reading.notices[0].order_no == NO


def test_a_field_beyond_the_limit_is_a_finding():
    good, bad = codes(f"{NO},{'熊' * (limits.FIELD_CHARS + 1)},已发货\n{NO[:-1]}1,小鹿,已发货\n")
    assert (good, bad) == (["小鹿"], [("field_too_long", 2)])


def test_a_row_of_a_hundred_thousand_cells_is_a_finding():
    good, bad = codes("," * 100_000 + f"\n{NO},小鹿,已发货\n")
    assert (good, bad) == (["小鹿"], [("too_many_columns", 2)])


def test_a_file_of_too_many_rows_is_refused_whole():
    reading = read_file("o.csv", (HEAD + f"{NO},a,已发货\n" * (limits.TEXT_ROWS + 2)).encode())
    assert reading.notices == ()
    [finding] = reading.refused
    assert (finding.code, finding.row) == ("too_many_rows", None)
    assert "200000" in finding.message.en


def test_a_json_list_of_too_many_records_is_refused_whole():
    for body in (b"{}," * limits.TEXT_ROWS, b'{"order_no":"3364202298717566229"},' * limits.TEXT_ROWS):
        for document in (b"[" + body + b"{}]", b'{"code":0,"data":{"list":[' + body + b"{}]}}"):
            assert [finding.code for finding in read_file("o.json", document).refused] == ["too_many_rows"]


def test_a_file_beyond_32_mib_is_refused_before_it_is_looked_at():
    [finding] = read_file("o.csv", b"a" * (limits.FILE_BYTES + 1)).refused
    assert finding.code == "file_too_large"


def test_quotes_that_never_close_do_not_cost_the_square_of_the_file():
    text = HEAD + '"\n' + ('x,""\n' * 60_000)
    started = time.process_time()
    read_file("o.csv", text.encode())
    assert time.process_time() - started < 5


cells = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=["\ufeff"]), max_size=8)


@given(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=6), st.sampled_from([",", "\t", ";"]))
def test_what_a_spreadsheet_writes_comes_back(table, delimiter):
    import csv
    import io

    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    lines = stream.getvalue().split("\n")[:-1]
    rows = delimited.read([f"sep={delimiter}", *lines])
    assert [list(row.cells) for row in rows] == table
