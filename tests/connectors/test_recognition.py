"""A file is recognised by looking into it; its name decides nothing, and what is said about it is believed."""

import pytest

from cardcase.connectors.ports import FileKind
from cardcase.connectors.recognise import display_name
from cardcase.connectors.registry import READERS, read_file
from connectors import samples

KINDS = {
    "order.json": FileKind.ORDERS,
    "refund.json": FileKind.REFUNDS,
    "push.json": FileKind.PUSH,
    f"kam_{samples.ORDER_NO}.json": FileKind.DELIVERIES,
    "ws.jsonl": FileKind.CHAT,
    "history.json": FileKind.CHAT,
    "chat_history.db": FileKind.CHAT,
    "orders.csv": FileKind.ORDERS,
    "orders.xlsx": FileKind.ORDERS,
    "cards.txt": FileKind.CARDS,
    "cards.csv": FileKind.CARDS,
    "secret.csv": FileKind.CARDS,
    "paste.txt": FileKind.CHAT,
}


@pytest.mark.parametrize("name", sorted(samples.GOOD_FILES))
def test_every_form_is_recognised(name):
    assert read_file(name, samples.GOOD_FILES[name]).kind is KINDS[name]


@pytest.mark.parametrize("name", sorted(set(samples.GOOD_FILES) - {f"kam_{samples.ORDER_NO}.json"}))
@pytest.mark.parametrize("lie", ["x", "x.json", "x.xlsx", "x.png", "x.txt"])
def test_a_name_that_lies_changes_nothing(name, lie):
    told = read_file(name, samples.GOOD_FILES[name])
    lied = read_file(lie, samples.GOOD_FILES[name])
    assert (lied.kind, len(lied.notices)) == (told.kind, len(told.notices))


@pytest.mark.parametrize("name", sorted(samples.GOOD_FILES))
def test_exactly_one_reader_is_surest_of_its_own_file(name):
    from cardcase.connectors import encoding
    from cardcase.connectors.reader import Source

    data = samples.GOOD_FILES[name]
    text = None if data.startswith((b"PK", b"SQLite")) else encoding.decode(data).text
    claims = sorted(
        (reader.claim(Source(name=name, data=data, sha256="", text=text)) for reader in READERS), reverse=True
    )
    assert claims[0] > claims[1]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"), (b"  \r\n\t ", "empty_file"), (b"\xef\xbb\xbf", "empty_file"), (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "binary_unknown"),
        (b"%PDF-1.7\n", "binary_unknown"), (b"\xff\xd8\xff\xe0" + b"\0" * 9, "binary_unknown"), (b"\x1f\x8b\x08\0\0", "binary_unknown"),
        (b'{"hello": "world"}', "kind_unclear"), (b"[1, 2, 3]", "kind_unclear"), ('{"order_no": "336420', "json_broken")[:1] and (b'{"order_no": "336420', "json_broken"),
        ("随便写点什么，看看会怎样。".encode(), "kind_unclear"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_what_to_do(data, code):
    reading = read_file("什么.bin", data)
    [finding] = reading.refused
    assert (finding.code, finding.row, finding.file) == (code, None, "什么.bin")
    assert finding.message.zh
    assert finding.message.en
    assert finding.next.zh
    assert finding.next.en
    assert reading.kind is FileKind.UNKNOWN


def test_a_kind_that_is_said_is_believed():
    text = b"X5K2MNPQRSTUVWXY"
    assert read_file("a", text, kind=FileKind.CARDS).kind is FileKind.CARDS
    short = b"7788"
    assert read_file("a", short).kind is FileKind.UNKNOWN
    assert len(read_file("a", short, kind=FileKind.CARDS).notices) == 1


def test_a_kind_that_does_not_fit_is_said_not_to_fit():
    [finding] = read_file("a.json", samples.as_json(samples.ORDER_DETAIL), kind=FileKind.CHAT).refused
    assert finding.code == "kind_mismatch"
    assert read_file("a.csv", samples.ORDERS_CSV.encode(), kind=FileKind.CARDS).kind is FileKind.CARDS


def test_html_that_calls_itself_a_table_gives_nothing():
    reading = read_file("订单.xls", "<html><body><table><tr><td>订单号</td></tr></table></body></html>".encode())
    assert reading.notices == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("订单.csv", "订单.csv"), ("../../etc/passwd", "passwd"), ("C:\\Users\\a\\订单.csv", "订单.csv"), ("a\u202ecsv.exe", "acsv.exe"),
        ("a\x00b\nc", "abc"), ("", "-"), ("///", "-"), ("长" * 400, "长" * 255), ("\ud800x", "?x"),
    ],
)  # fmt: skip
def test_a_files_name_is_only_ever_shown(name, shown):
    assert display_name(name) == shown
    assert read_file(name, b"a").file == shown


def test_the_hash_is_of_the_bytes_as_they_came():
    import hashlib

    data = samples.ORDERS_CSV.encode("gb18030")
    reading = read_file("a.csv", data)
    assert reading.sha256 == hashlib.sha256(data).hexdigest()
    assert {notice.origin.sha256 for notice in reading.notices} == {reading.sha256}
