"""Whatever the bytes are, there is a Reading, every row is accounted for, and the safety net stays unused."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardcase.connectors.findings import WORDS
from cardcase.connectors.ports import FileKind
from cardcase.connectors.registry import read_file
from connectors import samples

KINDS = st.sampled_from([None, *FileKind])
ENCODINGS = st.sampled_from([None, "utf-8", "gb18030", "big5", "utf-16", "utf-16-le", "nonsense"])
QUICK = settings(max_examples=120)


def check(reading):
    assert reading.rows == len(reading.accounted)
    codes = [finding.code for finding in (*reading.refused, *reading.notes)]
    assert "reader_failed" not in codes
    assert set(codes) <= set(WORDS)
    for notice in reading.notices:
        assert notice.origin.row is not None
        repr(notice)
    if not reading.notices:
        assert reading.refused or reading.rows == 0
    return reading


@QUICK
@given(st.binary(max_size=600), KINDS, ENCODINGS)
@example(b"PK\x03\x04", None, None)
@example(b"SQLite format 3\0" + b"\xff" * 200, None, None)
@example(b"[" * 100_000, None, None)
@example(b'{"a":' * 50_000, None, None)
@example(b'"' * 5000, FileKind.ORDERS, None)
@example(b"\xff\xfe\x00", None, None)
@example("订单号,状态\n\ud800".encode("utf-8", "surrogatepass"), None, None)
def test_any_bytes_give_a_reading(data, kind, encoding):
    check(read_file("x", data, kind=kind, encoding=encoding))


@QUICK
@given(st.text(max_size=400), KINDS)
def test_any_text_gives_a_reading(text, kind):
    check(read_file("x.txt", text.encode("utf-8", "surrogatepass"), kind=kind))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *samples.ORDER_DETAIL,
                    *samples.REFUND_DETAIL,
                    "card_no",
                    "card_pwd",
                    "list",
                    "data",
                    "code",
                    "msg",
                    "1",
                    "2",
                    "3",
                    "4",
                    "5",
                    "6",
                    "10",
                    "message",
                    "send_user_id",
                    "cid",
                    "components",
                    "commonData",
                    "refundInfoVO",
                    "orderId",
                    "订单号",
                    "卡密",
                    "syncPushPackage",
                    "body",
                    "contentType",
                    "dxCard",
                    "text",
                ]
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=25,
)


@QUICK
@given(json_values, KINDS)
def test_any_json_of_familiar_keys_gives_a_reading(value, kind):
    check(read_file("x.json", samples.as_json(value).replace(b"Infinity", b"1"), kind=kind))


@QUICK
@given(st.lists(json_values, min_size=2, max_size=4))
def test_any_json_lines_give_a_reading(values):
    check(read_file("x.jsonl", samples.as_lines(values)))


@settings(max_examples=40)
@given(st.sampled_from(sorted(samples.GOOD_FILES)), st.data())
def test_a_good_file_that_was_damaged_gives_a_reading(name, data):
    body = bytearray(samples.GOOD_FILES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "drop"])):
            case "flip":
                body[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del body[at + 1 :]
            case "insert":
                body[at:at] = data.draw(
                    st.sampled_from([b"\0", b'"', b"\r", b",", b"\n", b"\x1b", b"{", b"\xff", b"\t"])
                )
            case "drop":
                del body[at : at + 7]
        if not body:
            break
    check(read_file(name, bytes(body)))


hostile_lines = st.lists(
    st.lists(
        st.sampled_from(['"', '""', ",", "\t", "；", "a", "2.22669E+18", "\r", "\0", "=1+1", "３３６４", "\n"]),
        max_size=9,
    ).map("".join),
    max_size=12,
).map("\n".join)


@QUICK
@given(hostile_lines)
def test_every_row_of_a_hostile_table_is_accounted_for(tail):
    reading = check(read_file("x.csv", ("订单号,订单状态,金额\n" + tail).encode(), kind=FileKind.ORDERS))
    assert reading.kind is FileKind.ORDERS


@pytest.mark.parametrize("name", sorted(samples.GOOD_FILES))
def test_the_good_files_themselves_are_read_without_a_refusal(name):
    reading = check(read_file(name, samples.GOOD_FILES[name], seller_names=("礼卡小铺",)))
    assert reading.refused == ()
    assert reading.notices
