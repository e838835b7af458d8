"""Order numbers, amounts and times as people and spreadsheets write them."""

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.connectors import values
from cardcase.connectors.values import Unreadable

NO = "3364202298717566229"


def code_of(call, *args, **kwargs):
    with pytest.raises(Unreadable) as caught:
        call(*args, **kwargs)
    return caught.value.code


@pytest.mark.parametrize(
    "written",
    [
        NO,
        f" {NO} ",
        f"'{NO}",
        f'="{NO}"',
        f"{NO}\t",
        f"\ufeff{NO}",
        "３３６４２０２２９８７１７５６６２２９",
        f"{NO}\u200b",
        f"“{NO}”",
    ],
)
def test_an_order_number_survives_every_armour(written):
    assert values.order_no(written) == NO


@pytest.mark.parametrize("number", ["123456789012", 123456789012, 123456789012.0, "123456789012.0"])
def test_a_short_number_is_not_mangled(number):
    assert values.order_no(number) == "123456789012"


@pytest.mark.parametrize(
    "written",
    [
        "2.22669E+18",
        "2.22669e+18",
        "3.3642E18",
        3.36420229871757e18,
        3364202298717566229,
        f"{NO}.0",
        "２.２２６６９E+18",
        1e300,
    ],
)
def test_a_mangled_order_number_is_never_guessed(written):
    assert code_of(values.order_no, written) == "order_no_mangled"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "order_no_missing"), ("-", "order_no_missing"), (None, "order_no_missing"), (True, "order_no_missing"),
        ("合计", "order_no_unreadable"), ("12 34", "order_no_unreadable"), ("abcdef", "order_no_unreadable"),
        (math.nan, "order_no_unreadable"), (math.inf, "order_no_unreadable"), ([NO], "order_no_unreadable"),
        ("9" * 60, "order_no_unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_order_number_is_said_so(written, code):
    assert code_of(values.order_no, written) == code


@given(st.integers(10**18, 10**22))
def test_every_long_number_as_text_comes_back_digit_for_digit(number):
    assert values.order_no(str(number)) == str(number)


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("193", 19300), ("193.5", 19350), ("￥193.00", 19300), ("¥ 0.01", 1), ("1,234.50元", 123450), ("1，234", 123400),
        ("１９３．５０", 19350), ("12.500", 1250), ("CNY 45", 4500), ("-0", 0), (96.5, 9650), (0.1 + 0.2, 30), (100, 10000),
        ("1,234,567.89", 123456789), ("45块", 4500), (19.99, 1999), ("'88", 8800),
    ],
)  # fmt: skip
def test_amounts_in_yuan_become_fen_exactly(written, fen):
    assert values.fen(written) == fen


@pytest.mark.parametrize("written", [None, "", "-", "--", "无", " ", math.nan])
def test_an_empty_amount_is_not_zero(written):
    assert values.fen(written) is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("12.345", "amount_not_exact"), ("一百", "amount_unreadable"), ("1,23", "amount_unreadable"), ("1.2.3", "amount_unreadable"),
        ("12,5", "amount_unreadable"), ("1e2", "amount_unreadable"), ("-5", "amount_negative"), (math.inf, "amount_unreadable"),
        (1.23456, "amount_not_exact"), ("99999999999999", "amount_unreadable"), ("1.2万", "amount_unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(written, code):
    assert code_of(values.fen, written) == code


def test_a_refund_written_with_a_minus_sign_is_read_without_it():
    assert values.fen("-96.50", absolute=True) == 9650


def test_amounts_that_count_fen_are_not_multiplied():
    assert values.fen("9650", in_fen=True) == 9650
    assert code_of(values.fen, "96.5", in_fen=True) == "amount_not_exact"


@given(st.integers(0, 10**12))
def test_every_amount_written_in_yuan_comes_back(fen):
    assert values.fen(f"{fen // 100:,}.{fen % 100:02d}") == fen


MOMENT = datetime(2026, 11, 22, 1, 48, 30, tzinfo=UTC)  # 09:48:30 in Shanghai


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22 09:48:30", "2026/11/22 9:48:30", "2026.11.22 09:48:30", "2026年11月22日 9时48分30秒", "2026年11月22日 09:48:30",
        "2026-11-22T09:48:30", "2026-11-22T09:48:30+08:00", "2026-11-22T01:48:30Z", "2026-11-22 01:48:30 UTC",
        "2026-11-22 上午9:48:30", "2026-11-22 09:48:30 AM", "20261122094830", "22/11/2026 09:48:30", "11/22/2026 09:48:30",
        "22-Nov-2026 09:48:30", "Nov 22, 2026 09:48:30", "２０２６－１１－２２　０９：４８：３０", "1795312110", "1795312110000", 1795312110,
        "46348.40868056", 46348.4086805556, datetime(2026, 11, 22, 9, 48, 30), "2026-11-22 星期日 09:48:30",  # noqa: DTZ001
    ],
)  # fmt: skip
def test_a_moment_is_understood_in_every_style_and_is_shanghais(written):
    assert values.moment(written) == MOMENT


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-22 下午3:05", 15),
        ("2026-11-22 晚上9:05", 21),
        ("2026-11-22 12:05 AM", 0),
        ("2026-11-22 中午12:05", 12),
        ("2026-11-22 凌晨1:05", 1),
    ],
)
def test_halves_of_the_day_are_understood(written, hour):
    assert values.moment(written).astimezone(values.SHANGHAI).hour == hour


@pytest.mark.parametrize("written", [None, "", "0", 0, "-", "--", "无", "0000-00-00 00:00:00", "1970-01-01"[:0]])
def test_nothing_and_zero_mean_not_set(written):
    assert values.moment(written) is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("11/12/2026", "time_ambiguous"), ("昨天", "time_unreadable"), ("2026-13-01", "time_unreadable"), ("2026-02-30", "time_unreadable"),
        ("2026-11-22 25:00", "time_unreadable"), ("1899-01-01", "time_out_of_range"), ("26-11-22", "time_unreadable"), (True, "time_unreadable"),
        ("2026-11-22 尽快", "time_unreadable"), ("99999999999999999", "time_unreadable"), (datetime(1900, 1, 1), "time_out_of_range"),  # noqa: DTZ001
        ("2026-11-22 09:48 +99:99", "time_unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused(written, code):
    assert code_of(values.moment, written) == code


def test_a_day_month_date_that_is_the_same_both_ways_is_clear():
    assert values.moment("11/11/2026") == datetime(2026, 11, 10, 16, tzinfo=UTC)


@given(st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001
def test_every_written_minute_comes_back(naive):
    expected = naive.replace(second=0, microsecond=0, tzinfo=values.SHANGHAI).astimezone(UTC)
    assert values.moment(f"{naive:%Y/%m/%d %H:%M}") == expected


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2028-12-31", date(2028, 12, 31)), ("2028年12月", date(2028, 12, 31)), ("2028-02", date(2028, 2, 29)), (47118, date(2028, 12, 31)),
        ("长期有效", None), ("", None), (datetime(2028, 12, 31, 0, 0), date(2028, 12, 31)),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_days_of_expiry_are_read(written, day):
    assert values.day(written) == day


@pytest.mark.parametrize("value", [True, 1.5, [1], {"a": 1}, "soon", -1, "12", 10**15])
def test_an_interface_that_gives_no_epoch_is_not_believed(value):
    assert code_of(values.epoch, value) == "time_unreadable"


def test_epochs_are_read_in_seconds_and_milliseconds():
    assert values.epoch(1795312110) == values.epoch("1795312110000") == MOMENT
    assert values.epoch(0) is values.epoch("") is values.epoch(None) is None


@pytest.mark.parametrize(("written", "pieces"), [("2", 2), ("2件", 2), ("x3", 3), (1.0, 1), ("", None)])
def test_quantities_are_read(written, pieces):
    assert values.quantity(written) == pieces


def test_a_fault_never_repeats_what_stood_in_the_cell():
    with pytest.raises(Unreadable) as caught:
        values.fen("7F3A-99C0-B1D2-E4F5")
    assert "7F3A" not in str(caught.value)
    assert "7F3A" not in repr(caught.value)
