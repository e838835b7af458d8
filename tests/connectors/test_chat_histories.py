"""Histories: goofish-cli, XianYuApis, the raw answer of the message service, XianyuAutoAgent's database."""

import base64
import json
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cardcase.connectors.chats import agentdb
from cardcase.connectors.ports import FileKind, MessageKind, Speaker, SystemEvent
from cardcase.connectors.registry import read_file
from connectors import samples
from connectors.samples import BUYER, CID, SELLER, remembered, trade_card, words

S = Speaker


def read(value, **told):
    return read_file("history.json", samples.as_json(value), **told)


def speakers(reading):
    return [message.speaker for message in reading.notices]


def test_goofish_clis_history_is_read():
    reading = read(samples.HISTORY)
    assert (reading.kind, reading.rows, reading.refused) == (FileKind.CHAT, 4, ())
    first, second, picture, card = reading.notices
    assert (first.conversation_id, first.message_id, first.text) == (CID, "1.PNM", "老板在吗，卡绑不上啊")
    assert first.said_at == datetime.fromtimestamp(1795398001, UTC)
    assert speakers(reading) == [S.BUYER, S.SELLER, S.BUYER, S.SYSTEM]
    assert (picture.kind, picture.raw["media"]) == (MessageKind.IMAGE, ["https://img.example/e.png"])
    assert (card.event, card.order_no, card.text) == (SystemEvent.REFUND_OPENED, samples.ORDER_NO, "[我发起了退款申请]")
    assert {message.buyer_external_id for message in reading.notices} == {BUYER}
    assert {message.buyer_nick for message in reading.notices} == {"小鹿乱撞"}
    assert second.sender_name == "礼卡小铺"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda h: {"messages": h},
        lambda h: {CID: h},
        lambda h: {"data": {"items": h}},
        lambda h: {"cid": CID, "history": h},
    ],
)
def test_a_history_is_found_in_any_wrapping_and_knows_its_conversation(wrap):
    loose = [{key: value for key, value in record.items() if key != "cid"} for record in samples.HISTORY]
    reading = read(wrap(loose))
    assert len(reading.notices) == 4
    if "data" not in wrap([]):
        expected = CID if "messages" not in wrap([]) else f"peer:{BUYER}"
        assert {message.conversation_id for message in reading.notices} == {expected}


def test_one_message_a_line_is_read_too():
    assert len(read_file("history.jsonl", samples.as_lines(samples.HISTORY)).notices) == 4


def test_a_body_that_could_not_be_decoded_keeps_its_summary():
    record = remembered(7, BUYER, "小鹿", {"contentType": 101, "summary": "卡充不进去"}) | {
        "parse_error": "消息正文无法解码"
    }
    [message] = read([record]).notices
    assert message.text == "卡充不进去"
    assert message.raw["parse_error"] is True


def test_records_that_are_no_messages_or_empty_are_refused():
    reading = read([samples.HISTORY[0], {"hello": 1}, remembered(3, BUYER, "小鹿", words("")), "x"])
    assert [(finding.code, finding.row) for finding in reading.refused] == [
        ("shape_unknown", 2),
        ("message_empty", 3),
        ("shape_unknown", 4),
    ]
    assert reading.rows == 4


def test_xianyuapis_without_times_and_ids_is_read_and_keeps_its_ids():
    said = [("1", "小鹿", "老板在吗"), ("2", "礼卡小铺", "亲，在的"), ("1", "小鹿", "在吗"), ("1", "小鹿", "在吗")]
    history = [{"send_user_id": sender, "send_user_name": name, "message": words(text)} for sender, name, text in said]
    reading = read(history)
    ids = [message.message_id for message in reading.notices]
    assert speakers(reading) == [S.BUYER, S.SELLER, S.BUYER, S.BUYER]
    assert len(set(ids)) == 4
    assert [
        message.message_id
        for message in read(
            [*history, {"send_user_id": "2", "send_user_name": "礼卡小铺", "message": words("好")}]
        ).notices
    ][:4] == ids
    assert {message.conversation_id for message in reading.notices} == {"peer:1"}
    assert [finding.code for finding in reading.notes] == ["speaker_inferred"]


def test_the_raw_answer_of_the_message_service_is_read():
    def model(number, sender, nick, content):
        body = base64.b64encode(json.dumps(content).encode()).decode()
        return {
            "message": {
                "messageId": f"{number}.PNM", "cid": f"{CID}@goofish", "createAt": 1795398000000 + number, "sender": {"uid": f"{sender}@goofish"},
                "receivers": [], "extension": {"senderUserId": sender, "reminderTitle": nick, "reminderContent": "x", "sessionType": "1"},
                "content": {"contentType": 101, "custom": {"data": body, "summary": "x"}},
            }
        }  # fmt: skip

    reading = read(
        {
            "body": {
                "userMessageModels": [
                    model(1, BUYER, "小鹿", words("卡密无效")),
                    model(2, BUYER, "待处理", trade_card("我发起了退款申请")),
                ],
                "hasMore": 0,
            }
        }
    )
    first, card = reading.notices
    assert (first.conversation_id, first.text, first.speaker) == (CID, "卡密无效", S.BUYER)
    assert card.event is SystemEvent.REFUND_OPENED


def test_a_history_and_a_push_of_the_same_message_have_the_same_id():
    [pushed] = read_file(
        "raw.json", samples.as_json(samples.pushed_words(BUYER, "小鹿", "在吗", 1795398001000, message_id="1.PNM"))
    ).notices
    [kept] = read([samples.HISTORY[0]]).notices
    assert (pushed.conversation_id, pushed.message_id) == (kept.conversation_id, kept.message_id)


# ---- XianyuAutoAgent ---------------------------------------------------------------------------


def test_the_agents_database_is_read():
    reading = read_file("chat_history.db", samples.database(samples.SAVED))
    assert (reading.kind, reading.rows, reading.refused) == (FileKind.CHAT, 3, ())
    assert speakers(reading) == [S.BUYER, S.SELLER, S.SYSTEM]
    first, _, card = reading.notices
    assert (first.conversation_id, first.item_id, first.buyer_external_id) == (CID, "1063177864132", BUYER)
    assert first.said_at == datetime(2026, 11, 22, 1, 48, 12, 123456, tzinfo=UTC)
    assert card.event is SystemEvent.REFUND_OPENED


def test_an_old_database_without_conversations_names_them_by_buyer_and_goods():
    data = samples.database([row[:5] for row in samples.SAVED[:1]], with_chat=False)
    assert read_file("x.db", data).notices[0].conversation_id == f"{BUYER}:1063177864132"


def test_the_same_database_grown_gives_the_same_ids_for_the_same_rows():
    small = read_file("a.db", samples.database(samples.SAVED)).notices
    grown = read_file(
        "b.db", samples.database([*samples.SAVED, (BUYER, "1", "user", "快点", "2026-11-22T10:00:00", CID)])
    ).notices
    assert [m.message_id for m in grown[:3]] == [m.message_id for m in small]


def test_a_database_copied_while_it_was_open_is_read():
    path = Path(tempfile.mkdtemp()) / "wal.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE messages (user_id TEXT, item_id TEXT, role TEXT, content TEXT)")
    connection.execute("INSERT INTO messages VALUES ('1','2','user','卡密无效')")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes()
    connection.close()
    assert [message.text for message in read_file("wal.db", data).notices] == ["卡密无效"]


def built(*statements):
    path = Path(tempfile.mkdtemp()) / "x.db"
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path.read_bytes()


def test_a_database_of_something_else_is_not_taken_for_a_chat():
    for data in (built("CREATE TABLE carmis (carmi TEXT)"), built("CREATE TABLE messages (a TEXT)")):
        assert [finding.code for finding in read_file("x.db", data).refused] == ["database_unknown"]


def test_a_view_that_calls_itself_messages_is_not_run():
    data = built(
        "CREATE TABLE t (a TEXT)",
        "CREATE VIEW messages AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x AS user_id, x AS role, x AS content FROM c",
    )
    assert [finding.code for finding in read_file("x.db", data).refused] == ["database_unknown"]


def test_a_column_that_would_run_a_function_is_not_even_seen():
    data = built(
        "CREATE TABLE messages (user_id TEXT, role TEXT, content TEXT GENERATED ALWAYS AS (hex(user_id)) VIRTUAL)",
        "INSERT INTO messages (user_id, role) VALUES ('1', 'user')",
    )
    assert [finding.code for finding in read_file("x.db", data).refused] == ["database_unknown"]


def test_a_damaged_database_gives_the_rows_before_the_damage():
    rows = [
        (BUYER, "1", "user", f"第{number}句 " + "卡" * 300, f"2026-11-22T09:{number % 60:02d}:00", CID)
        for number in range(200)
    ]
    data = bytearray(samples.database(rows))
    data[len(data) // 2 : len(data) // 2 + 4096] = b"\xee" * 4096
    found, problem = agentdb.rows(bytes(data))
    assert problem == "database_broken"
    assert 0 < len(found) < 200


def test_rows_without_words_are_refused_and_the_others_read():
    data = samples.database(
        [
            (BUYER, "1", "user", " ", "t", CID),
            (BUYER, "1", "user", "在\x01吗", "t", CID),
            (SELLER, "1", "robot", "好", "not a time", CID),
        ]
    )
    reading = read_file("x.db", data)
    assert [(finding.code, finding.row) for finding in reading.refused] == [
        ("message_empty", 1),
        ("control_character", 2),
    ]
    [message] = reading.notices
    assert (message.speaker, message.said_at) == (S.UNKNOWN, None)
