"""Raw chat pushes: words, cards, card updates, packages; who spoke, about which order, and what no person said."""

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from cardcase.connectors.ports import FileKind, MessageKind, MessageNotice, Speaker, SystemEvent
from cardcase.connectors.registry import read_file
from connectors import samples
from connectors.samples import BUYER, CID, SELLER, pushed_words

AT = 1795398000000


def read(*pushes, **told):
    return read_file("raw.jsonl", samples.as_lines(pushes), **told)


def one(push, **told):
    [message] = read_file("raw.json", samples.as_json([push]), **told).notices
    return message


def test_a_persons_words_are_read_with_everything_around_them():
    message = one(pushed_words(BUYER, "小鹿乱撞", "卡密用不了啊老板", AT))
    assert isinstance(message, MessageNotice)
    assert (message.conversation_id, message.message_id) == (CID, f"{AT}.PNM")
    assert (message.text, message.kind, message.event) == ("卡密用不了啊老板", MessageKind.TEXT, None)
    assert (message.speaker, message.sender_id, message.sender_name) == (Speaker.BUYER, BUYER, "小鹿乱撞")
    assert (message.buyer_external_id, message.buyer_nick, message.item_id) == (BUYER, "小鹿乱撞", "1063177864132")
    assert message.said_at == datetime.fromtimestamp(AT / 1000, UTC)
    assert "10.1.2.3" not in str(dict(message.raw))


def test_the_refund_card_is_the_platforms_and_opens_a_refund():
    message = one(samples.REFUND_CARD)
    assert (message.speaker, message.kind, message.event) == (
        Speaker.SYSTEM,
        MessageKind.CARD,
        SystemEvent.REFUND_OPENED,
    )
    assert (message.text, message.buyer_external_id) == ("[我发起了退款申请]", BUYER)
    assert message.message_id == "3a03978b7a374da898b3d7a084cbedb6"
    assert message.raw["task_name"] == "发起退款申请_卖家-新逆向url"


def test_the_paid_card_names_the_order_in_its_update_key():
    message = one(samples.PAID_CARD)
    assert (message.event, message.order_no) == (SystemEvent.PAID, "3310145690545023994")


def test_a_card_update_is_read():
    message = one(samples.CARD_UPDATE)
    assert (message.conversation_id, message.event, message.speaker) == (CID, SystemEvent.REFUND_OPENED, Speaker.SYSTEM)
    assert message.said_at == datetime.fromtimestamp(1795399000, UTC)


@pytest.mark.parametrize(
    ("button", "event"),
    [
        ("同意退款", SystemEvent.REFUND_OPENED),
        ("已同意", SystemEvent.REFUND_AGREED),
        ("已撤销", SystemEvent.REFUND_WITHDRAWN),
        ("已拒绝", SystemEvent.REFUND_REFUSED),
    ],
)
def test_the_button_of_a_refund_card_decides_over_its_title(button, event):
    push = json.loads(json.dumps(samples.REFUND_CARD))
    card = {"contentType": 32, "dynamicOperation": {"changeContent": samples.trade_card("我发起了退款申请", button)}}
    push["1"]["6"]["3"]["5"] = json.dumps(card, ensure_ascii=False)
    message = one(push)
    assert (message.event, message.order_no, message.speaker) == (event, samples.ORDER_NO, Speaker.SYSTEM)


@pytest.mark.parametrize(
    ("path", "value"),
    [("senderUserId", "1400"), ("sessionType", "24"), ("reminderContent", "发来一条新消息")],
)
def test_what_no_person_sent_is_the_systems(path, value):
    push = pushed_words(BUYER, "小鹿", "恭喜您获得红包", AT)
    push["1"]["10"][path] = value
    if path == "reminderContent":
        push["1"]["6"] = {}
    assert one(push).speaker is Speaker.SYSTEM


@pytest.mark.parametrize("content_type", [14, 26])
def test_tips_and_trade_cards_are_never_a_persons(content_type):
    push = pushed_words(BUYER, "小鹿", "卡密无效", AT)
    push["1"]["6"]["3"] = {"4": content_type, "5": json.dumps({"contentType": content_type})}
    assert one(push).speaker is Speaker.SYSTEM


def test_the_sellers_own_words_that_come_back_are_the_sellers():
    reading = read(
        pushed_words(BUYER, "小鹿乱撞", "在吗", AT),
        pushed_words(SELLER, "礼卡小铺", "在的", AT + 1, peer=SELLER),  # an echo names its sender as the peer
        samples.REFUND_CARD,
    )
    assert [message.speaker for message in reading.notices] == [Speaker.BUYER, Speaker.SELLER, Speaker.SYSTEM]


def test_the_shops_own_name_decides():
    reading = read(
        pushed_words("1", "礼卡小铺", "在的", AT, peer="1"),
        pushed_words("2", "小鹿", "在吗", AT + 1, peer="2"),
        seller_names=["礼卡小铺"],
    )
    assert [message.speaker for message in reading.notices] == [Speaker.SELLER, Speaker.BUYER]


def test_two_people_of_whom_nothing_is_known_stay_unknown_and_that_is_said():
    reading = read(pushed_words("1", "甲", "在吗", AT, peer="1"), pushed_words("2", "乙", "在的", AT + 1, peer="2"))
    assert [message.speaker for message in reading.notices] == [Speaker.UNKNOWN, Speaker.UNKNOWN]
    assert [finding.code for finding in reading.notes] == ["speaker_unclear"]


def test_who_speaks_in_every_conversation_is_the_seller():
    pushes = [
        pushed_words(sender, nick, "1", AT + number, peer=sender, cid=cid)
        for number, (sender, nick, cid) in enumerate(
            [("9", "丙", "100"), ("1", "甲", "100"), ("9", "丙", "200"), ("2", "乙", "200")]
        )
    ]
    reading = read(*pushes)
    assert [message.speaker for message in reading.notices] == [
        Speaker.SELLER,
        Speaker.BUYER,
        Speaker.SELLER,
        Speaker.BUYER,
    ]
    assert [message.buyer_nick for message in reading.notices] == ["甲", "甲", "乙", "乙"]


def test_the_wrappings_of_other_tools_are_taken_off():
    push = pushed_words(BUYER, "小鹿", "在吗", AT)
    wrapped = [
        {"id": 1, "account": "a", "raw_message_json": json.dumps(push, ensure_ascii=False)},
        {"message": push},
        samples.package(push, samples.REFUND_CARD),
        {"body": {"syncPushPackage": {"data": [{"data": json.dumps(push)}]}}},
    ]
    reading = read(*wrapped)
    assert [message.origin.row for message in reading.notices] == [1, 2, 3, 3, 4]
    assert reading.rows == 4


@pytest.mark.parametrize(
    "written",
    [
        lambda push: json.dumps({"raw_message": push}),
        lambda push: json.dumps({"raw_message": json.dumps(push)}),
        lambda push: json.dumps({"raw_message": json.dumps(push).replace('"', "\\u0022")}).replace("\\\\u", "\\u"),
        lambda push: json.dumps(push).replace('"1":', '"\\u0031":'),
        lambda push: json.dumps(
            {"syncPushPackage": {"data": [{"data": b64encode(json.dumps(push).encode()).decode()}]}}
        ),
    ],
    ids=["bare", "in a string", "in a string of escapes", "keys in escapes", "packed"],
)
def test_a_push_is_known_however_its_keys_are_written(written):
    text = written(pushed_words(BUYER, "小鹿", "在吗", AT))
    [message] = read_file("raw.json", text.encode()).notices
    assert (message.conversation_id, message.text) == (CID, "在吗")


def test_a_push_that_is_still_encrypted_is_refused():
    package = samples.package(pushed_words(BUYER, "小鹿", "在吗", AT))
    package["body"]["syncPushPackage"]["data"].append({"data": "ggGLAYEBtTIyMjI=", "objectType": 370000})
    reading = read_file("raw.json", samples.as_json(package))
    assert [finding.code for finding in reading.refused] == ["push_encrypted"]
    assert len(reading.notices) == 1


def test_broken_and_foreign_lines_are_refused_by_line():
    lines = (
        samples.as_lines([samples.PAID_CARD, {"lwp": "/!"}])
        + b'\n{"1": {"2": "6310\n'
        + samples.as_lines([samples.REFUND_CARD])
    )
    reading = read_file("raw.jsonl", lines)
    assert [(finding.code, finding.row) for finding in reading.refused] == [
        ("shape_unknown", 2),
        ("json_line_broken", 3),
    ]
    assert (reading.kind, reading.rows, len(reading.notices)) == (FileKind.CHAT, 4, 2)


def test_the_same_push_twice_has_the_same_id():
    first, second = read(samples.REFUND_CARD, samples.REFUND_CARD).notices
    assert first.message_id == second.message_id


def test_a_push_without_any_id_gets_one_that_stays():
    push = pushed_words(BUYER, "小鹿", "在吗", AT)
    del push["1"]["3"]
    push["1"]["10"]["extJson"] = push["1"]["10"]["bizTag"] = "{}"
    assert one(push).message_id == one(push).message_id != ""
    assert one(push).message_id.startswith("derived:")


def test_pictures_are_said_to_be_pictures_with_their_address():
    push = pushed_words(BUYER, "小鹿", "[图片]", AT)
    push["1"]["6"]["3"] = {
        "4": 2,
        "5": json.dumps({"contentType": 2, "image": {"pics": [{"url": "https://img.example/1.png"}]}}),
    }
    message = one(push)
    assert (message.kind, message.text, message.speaker) == (MessageKind.IMAGE, "[图片]", Speaker.BUYER)
    assert message.raw["media"] == ["https://img.example/1.png"]


def test_a_message_with_control_characters_is_refused():
    reading = read(pushed_words(BUYER, "小鹿", "在\0吗", AT), samples.REFUND_CARD)
    assert [(finding.code, finding.row) for finding in reading.refused] == [("control_character", 1)]


def test_an_order_in_a_link_that_a_person_pasted_is_not_the_chats_order():
    message = one(pushed_words(BUYER, "小鹿", "https://x.example/?orderId=1234567890123456789", AT))
    assert message.order_no == ""
