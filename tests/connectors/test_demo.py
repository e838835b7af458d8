"""The example shop 礼卡小铺: alive at any moment, readable without a refusal, and never holding a code that could be valid."""

import json
import re
import sqlite3
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.connectors import demo
from cardcase.connectors.demo import codes, moments, source
from cardcase.connectors.demo.__main__ import main

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SYSTEM_TEXTS = {  # data-shapes §6.3, as far as the example uses them
    "我已拍下，待付款", "我已付款，等待你发货", "你已发货", "买家确认收货，交易成功", "我完成了评价", "我发起了退款申请", "买家申请退款",
    "退款成功，钱款已原路退返", "我发起了地址修改申请", "不想宝贝被砍价?设置不砍价回复  ",
}  # fmt: skip
FAKE = re.compile(r"^XDEMO|^FACE-DEAD-|^0DEMO-|^HMDEMO|^MTDEMO|^9999|^00\d{6}$")


@pytest.fixture(scope="module")
def read():
    return source.read(NOW)


@pytest.fixture(scope="module")
def files():
    return demo.build(NOW)


def opened(read):
    return [refund for refund in read.refunds if refund.status == 1]


def test_the_same_moment_gives_the_same_bytes(files):
    assert demo.build(NOW) == files


def test_it_refuses_a_naive_moment():
    with pytest.raises(ValueError, match="aware"):
        demo.build(datetime(2026, 11, 24, 4, 0))  # noqa: DTZ001


@settings(max_examples=12)
@given(
    st.integers(0, 10 * 365 * 24 * 60).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    )
)
def test_whenever_it_is_loaded_everything_told_has_happened_and_every_clock_still_runs(now):
    read = source.read(now)
    for order in read.orders.values():
        told = [order.ordered_at, order.paid_at, order.delivered_at, order.confirmed_at, order.closed_at]
        happened = [at for at in told if at is not None]
        assert all(at <= now for at in happened), order.key
        assert happened == sorted(happened), order.key
    for refund in read.refunds:
        assert refund.applied_at <= now, refund.order.key
        assert refund.order.paid_at is not None
        assert refund.order.paid_at < refund.applied_at, refund.order.key
        assert refund.status != 1 or refund.due_at is None or refund.due_at > now, refund.order.key
    for chat in read.chats:
        assert all(line.at <= now for line in chat.lines), chat.key
        assert [line.at for line in chat.lines] == sorted(line.at for line in chat.lines), chat.key


def test_one_clock_runs_out_within_the_hour_several_within_the_day_some_later_and_some_nobody_knows(read):
    left = [refund.due_at - NOW for refund in opened(read) if refund.due_at is not None]
    assert sum(span <= timedelta(hours=1) for span in left) == 1
    assert sum(timedelta(hours=1) < span <= timedelta(hours=24) for span in left) >= 4
    assert sum(span > timedelta(hours=24) for span in left) >= 4
    assert sum(refund.due_at is None for refund in opened(read)) >= 2


def test_promised_listings_keep_the_platforms_windows(read):
    """VNR: 72 h before receipt, 48 h after (platform-rules §6.1 D1, D2)."""
    checked = 0
    for refund in opened(read):
        if refund.due_at is not None and "VNR" in refund.order.listing.service_support:
            hours = 72 if refund.order.confirmed_at is None else 48
            assert refund.due_at - refund.applied_at == timedelta(hours=hours), refund.order.key
            checked += 1
    assert checked >= 8


def test_the_shop_is_believable_in_size_and_mix(read):
    assert len([order for order in read.orders.values() if order.file == "json"]) >= 45
    assert len([order for order in read.orders.values() if order.file == "csv"]) >= 10
    assert min(order.ordered_at for order in read.orders.values()) < NOW - timedelta(days=40)
    assert len({order.listing.brand for order in read.orders.values()}) >= 8
    assert {order.listing.service_support for order in read.orders.values()} >= {"", "VNR", "FD_10MS", "VNR,FD_10MS"}
    assert len(read.chats) >= 25
    assert {chat.form for chat in read.chats} == {"goofish", "pasted", "autoagent"}
    for order in read.orders.values():
        assert 0.85 < order.listing.price_fen / order.listing.face_fen < 1, order.listing.id


def test_the_refunds_cover_all_families_and_the_awkward_ones(read):
    assert len(read.refunds) >= 14
    families = Counter(refund.family for refund in read.refunds)
    assert all(families[family] >= 3 for family in ("authenticity", "personal", "value", "other"))
    assert families["unstated"] >= 1
    assert sum(refund.is_ambiguous for refund in read.refunds) >= 4
    assert sum(refund.own_fault for refund in read.refunds) >= 4
    assert {refund.status for refund in read.refunds} == {1, 4, 5, 6}
    assert any(refund.timed_out and refund.refunded_at == refund.due_at for refund in read.refunds)
    assert any(refund.has_threat for refund in read.refunds)
    assert any(refund.order.listing.is_physical and refund.type == 2 for refund in read.refunds)


def test_nothing_that_only_people_know_leaves_in_a_file(read, files):
    written = b"\n".join(data for name, data in files.items() if name.endswith((".json", ".jsonl", ".txt"))).decode()
    assert all(refund.reading not in written for refund in read.refunds)
    assert "own_fault" not in written


def test_every_code_shows_that_it_cannot_be_valid_and_none_is_made_twice(read):
    made = [batch.secret(n) for batch in read.batches.values() for n in range(1, batch.count + 1)]
    assert all(FAKE.search(secret.code) for secret in made)
    assert all(secret.number == "" or secret.number.startswith(("JDV0000", "9999", "9998")) for secret in made)
    assert len({secret.code for secret in made}) == len(made) > 120


def test_codes_look_right_per_brand():
    """Shapes: platform-rules §8."""
    assert re.fullmatch(r"X[A-Z0-9]{15}", codes.secret("apple", "b", 1).code)
    jd = codes.secret("jd", "b", 1)
    assert re.fullmatch(r"JDV\d{17}", jd.number)
    assert re.fullmatch(r"[0-9A-F]{4}(-[0-9A-F]{4}){3}", jd.code)
    assert re.fullmatch(r"[A-Z0-9]{5}(-[A-Z0-9]{5}){2}", codes.secret("steam", "b", 1).code)
    assert re.fullmatch(r"\d{20}", codes.secret("digits20", "b", 1).code)


def test_one_code_went_to_two_buyers_and_a_misread_code_is_not_the_code(read):
    handed = Counter(order.secret.code for order in read.orders.values() if order.card)
    assert [count for count in handed.values() if count > 1] == [2]
    assert codes.misread("XDEMOABC") == "XDEMOACB"


def test_order_numbers_are_nineteen_digits_and_told_apart(read):
    numbers = [order.order_no for order in read.orders.values()]
    assert all(re.fullmatch(r"\d{19}", number) and not number.endswith("0") for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_system_texts_are_the_platforms_own(read):
    for chat in read.chats:
        for line in chat.lines:
            if line.who in ("卡片", "提示"):
                assert line.text.partition("] ")[0].strip("[]") in SYSTEM_TEXTS, chat.key


def test_the_other_tools_export_is_gb18030_and_not_utf8(files):
    with pytest.raises(UnicodeDecodeError):
        files["orders-export.csv"].decode()
    rows = files["orders-export.csv"].decode("gb18030").splitlines()
    assert rows[0].startswith("订单编号,")
    assert len(rows) >= 11


def test_the_agents_database_is_a_database(files, tmp_path):
    path = tmp_path / "chat_history.db"
    path.write_bytes(files["chat_history.db"])
    rows = sqlite3.connect(path).execute("SELECT role, chat_id FROM messages").fetchall()
    assert {role for role, _ in rows} == {"user", "assistant"}
    assert len({chat for _, chat in rows}) >= 3


def test_histories_have_the_shape_of_goofish_cli(files):
    for name, data in files.items():
        if name.startswith("chat-") and name.endswith(".json"):
            for message in json.loads(data):
                assert set(message) == {
                    "cid", "message_id", "created_at", "session_type", "send_user_id", "send_user_name",
                    "receiver_user_ids", "message",
                }  # fmt: skip


def test_the_owners_facts_name_known_cards_and_leave_some_out_on_purpose(read):
    facts = demo.shop(NOW)
    assert {supplier.channel for supplier in facts.suppliers} == {"issuer_direct", "authorised", "second_hand"}
    assert {batch.supplier for batch in facts.batches} == {supplier.name for supplier in facts.suppliers}
    assert any(not batch.proof_note for batch in facts.batches)
    assert {batch.file for batch in facts.batches} <= set(demo.build(NOW))
    sold = {order.card[0].name for order in read.orders.values() if order.card}
    assert sold - {check.batch for check in facts.checks}, "no card was left unchecked"
    assert all(check.checked_at <= NOW for check in facts.checks)
    assert [policy.version for policy in facts.policies] == [1, 2]


def test_the_owners_facts_as_a_file_are_readable_and_hold_no_code(read):
    text = demo.shop_toml(NOW).decode()
    parsed = tomllib.loads(text)
    assert len(parsed["batches"]) == len(read.batches)
    assert parsed["checks"][0]["balance_fen"] == 20000
    for batch in read.batches.values():
        for ordinal in range(1, batch.count + 1):
            assert batch.secret(ordinal).code not in text


def test_the_files_can_be_written_out_to_be_looked_at(tmp_path):
    assert main([str(tmp_path / "demo")]) == 0
    assert (tmp_path / "demo" / "orders-export.csv").stat().st_size > 1000
    assert (tmp_path / "demo" / "shop.toml").exists()
    assert main([]) == 2


def test_moments_are_read_or_refused():
    assert moments.moment("+40m", NOW) - NOW == timedelta(minutes=40)
    assert moments.moment("-1d 09:48", NOW).strftime("%Y-%m-%d %H:%M") == "2026-11-23 09:48"
    assert moments.span("-54h48m") == -timedelta(hours=54, minutes=48)
    for wrong in ("", "tomorrow", "-", "9:48"):
        with pytest.raises(ValueError, match="not a span"):
            moments.span(wrong)


# --- through the readers that a seller's own files meet --------------------------------------------------------------


@pytest.fixture(scope="module")
def readings(files):
    from cardcase.connectors import registry

    return [registry.read_file(name, data, seller_names=(source.SHOP_NAME,)) for name, data in files.items()]


def test_every_file_is_recognised_and_no_row_is_refused(readings):
    refused = [(reading.file, finding.code, finding.row) for reading in readings for finding in reading.refused]
    assert refused == []
    assert [reading.file for reading in readings if reading.kind == "unknown"] == []
    assert all(reading.notices for reading in readings)


def test_the_readers_find_every_order_refund_card_and_message(readings, read):
    from cardcase.connectors import ports

    told = [notice for reading in readings for notice in reading.notices]
    orders = {notice.order_no for notice in told if isinstance(notice, ports.OrderNotice)}
    assert orders == {order.order_no for order in read.orders.values()}
    refunds = [notice for notice in told if isinstance(notice, ports.RefundNotice)]
    assert {notice.order_no for notice in refunds} == {refund.order.order_no for refund in read.refunds}
    full = {notice.order_no: notice for notice in refunds if notice.refund_no}
    for refund in read.refunds:
        if refund.order.file == "json":
            assert full[refund.order.order_no].amount_fen == refund.amount_fen
            assert (full[refund.order.order_no].timeout_at is None) == (refund.due_at is None)
    cards = [notice.code.normal_form() for notice in told if isinstance(notice, ports.CardNotice)]
    assert len(cards) == len(set(cards)) == sum(batch.count for batch in read.batches.values())
    handed = [notice for notice in told if isinstance(notice, ports.DeliveryNotice)]
    assert {notice.code.normal_form() for notice in handed} <= set(cards)
    said = {notice.conversation_id for notice in told if isinstance(notice, ports.MessageNotice)}
    assert len(said) == len(read.chats)


def test_the_readers_tell_buyer_seller_and_platform_apart(readings, read):
    from cardcase.connectors import ports

    told = [notice for reading in readings for notice in reading.notices if isinstance(notice, ports.MessageNotice)]
    words = {chat.key: {line.text: line.who for line in chat.lines} for chat in read.chats}
    who = {text: speaker for lines in words.values() for text, speaker in lines.items()}
    expected = {"买家": ports.Speaker.BUYER, "卖家": ports.Speaker.SELLER, "提示": ports.Speaker.SYSTEM}
    checked = 0
    for notice in told:
        if notice.text in who and who[notice.text] in expected:
            assert notice.speaker is expected[who[notice.text]], notice.text
            checked += 1
    assert checked > 200
    events = Counter(notice.event for notice in told)
    assert events[ports.SystemEvent.REFUND_OPENED] >= 20
    assert events[ports.SystemEvent.REFUND_WITHDRAWN] >= 1
    assert all(notice.speaker is ports.Speaker.SYSTEM for notice in told if notice.event is not None)


def test_conversations_name_their_order_where_the_platforms_cards_do(readings, read):
    from cardcase.connectors import ports

    named: dict[str, set[str]] = {}
    for reading in readings:
        for notice in reading.notices:
            if isinstance(notice, ports.MessageNotice):
                named.setdefault(notice.conversation_id, set()).add(notice.order_no)
    linked = [orders - {""} for orders in named.values() if orders - {""}]
    assert len(linked) >= len([chat for chat in read.chats if chat.order and chat.form != "autoagent"])


EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.parametrize(
    ("name", "kind", "encoding", "rows"),
    [
        ("orders.csv", "orders", "gb18030", 3),
        ("refund.json", "refunds", "utf-8", 1),
        ("chat.txt", "chat", "utf-8", 9),
        ("cards.txt", "cards", "utf-8", 3),
    ],
)
def test_the_example_files_of_the_repository_are_read_without_a_refusal(name, kind, encoding, rows):
    from cardcase.connectors import registry

    reading = registry.read_file(name, (EXAMPLES / name).read_bytes(), seller_names=(source.SHOP_NAME,))
    assert reading.refused == ()
    assert (reading.kind, reading.encoding, reading.rows) == (kind, encoding, rows)
    assert reading.notices
