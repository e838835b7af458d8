import itertools
import json
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from cardcase.cards import vault
from cardcase.connectors.ports import ListingNotice, MessageKind, OrderNotice, Speaker
from cardcase.custody import queries as custody
from cardcase.inbox import queries, service
from cardcase.inbox.models import Conversation, Message
from cardcase.inbox.rules.links import Link
from cardcase.inbox.service.ingest import content
from cardcase.kit import canonical, clock
from cardcase.kit.errors import NotAllowed
from cardcase.orders.models import Buyer
from cardcase.orders.service import Taken, ingest_orders

START = datetime.fromisoformat("2026-11-22T09:48:00+08:00")
CODE = "XJ7K-9Q2M-PL4T-88ZA"


def test_what_was_said_keeps_its_order_also_around_a_sealed_message(system, say, noon):
    said = [say(text, number=f"n{n}", said_at=START) for n, text in enumerate(["发吧", f"卡密 {CODE}", "收到", "谢谢"])]
    service.ingest_messages(system, said, at=noon)
    kept = Message.objects.visible_to(system).order_by("pk")
    assert [row.external_id for row in kept] == ["n0", "n1", "n2", "n3"]
    assert [row.original_sealed is None for row in kept] == [True, False, True, True]


def test_rows_that_are_added_together_get_their_keys_and_are_as_if_saved(system, noon):
    rows = [
        Buyer(shop_id=system.shop_id, channel="goofish", external_id=f"b{n:04}", nick="云🌧️", first_seen_at=noon)
        for n in range(1203)
    ]
    Buyer.objects.add_all(rows)
    stored = Buyer.objects.visible_to(system).in_bulk([row.pk for row in rows])
    assert len(stored) == 1203
    assert all(stored[row.pk].external_id == row.external_id and not row._state.adding for row in rows)
    assert {(row.nick, row.first_seen_at) for row in stored.values()} == {("云🌧️", noon)}
    assert all(row.told == {} for row in stored.values())
    with pytest.raises(IntegrityError), transaction.atomic():
        Buyer.objects.add_all([Buyer(shop_id=system.shop_id, channel="goofish", external_id="b0001")])


def _state(actor):
    talk = Conversation.objects.visible_to(actor).get()
    rows = Message.objects.visible_to(actor).order_by("external_id")
    return (
        (talk.buyer.external_id, talk.order_no, talk.item_id, talk.last_message_at),
        [(row.external_id, row.text, row.speaker, row.said_at, row.sender_name) for row in rows],
    )


def test_messages_are_taken_in_once(system, say, noon):
    said = [say("卡充不进去", minute=1), say("在的", who=Speaker.SELLER, minute=2), say("快点", minute=3)]
    assert service.ingest_messages(system, said, at=noon) == [Taken.NEW] * 3
    assert service.ingest_messages(system, said, at=noon) == [Taken.KNOWN] * 3
    assert Message.objects.visible_to(system).count() == 3


def test_any_order_of_arrival_gives_the_same_state(system, say, noon):
    said = [
        say("卡充不进去", minute=1),
        say("显示无效", minute=2, order_no="2226687816233094017"),
        say("退款", minute=3, item="item-1"),
    ]
    states = set()
    for arrival in itertools.permutations(said):
        Message.objects.visible_to(system).delete()
        Conversation.objects.visible_to(system).delete()
        for notice in arrival:
            service.ingest_messages(system, [notice], at=noon)
        states.add(json.dumps(_state(system), default=str))
    assert len(states) == 1


def test_the_same_message_twice_in_one_call_is_one_row(system, say, noon):
    twice = [say("你好", minute=1), say("你好", minute=1)]
    assert service.ingest_messages(system, twice, at=noon) == [Taken.NEW, Taken.KNOWN]
    assert Message.objects.visible_to(system).count() == 1


def test_a_later_source_fills_what_the_first_did_not_tell_and_rewrites_nothing(system, say, noon):
    service.ingest_messages(system, [say("你好", said_at=None, who=Speaker.UNKNOWN)], at=noon)
    fuller = say("你好", sender_name="云朵邮差")
    assert service.ingest_messages(system, [fuller], at=noon) == [Taken.CHANGED]
    assert service.ingest_messages(system, [fuller], at=noon) == [Taken.KNOWN]
    row = Message.objects.visible_to(system).get()
    assert (row.speaker, row.sender_name, row.said_at) == ("buyer", "云朵邮差", fuller.said_at)
    service.ingest_messages(system, [say("改过的话", sender_name="别人")], at=noon)
    row.refresh_from_db()
    assert (row.text, row.sender_name) == ("你好", "云朵邮差")


def test_codes_never_reach_the_table_and_the_original_is_sealed_beside(system, say, noon):
    service.ingest_messages(system, [say(f"你发的 {CODE} 充不了", minute=1), say("快点", minute=2)], at=noon)
    masked, plain = Message.objects.visible_to(system).order_by("said_at")
    assert "XJ7K" not in masked.text
    assert "88ZA" in masked.text
    opened = vault.open_sealed(bytes(masked.original_sealed), context=f"message:{masked.public_id}")
    assert opened.decode() == f"你发的 {CODE} 充不了"
    assert plain.original_sealed is None


def test_what_was_said_is_committed_to_in_entries_of_64(system, say, noon):
    said = [say(f"第 {minute} 句", minute=minute) for minute in range(130)]
    service.ingest_messages(system, said, at=noon)
    talk = Conversation.objects.visible_to(system).get()
    entries = [item for item in custody.history(system, [talk.public_id]) if item.kind == "conversation.received"]
    assert [item.facts["messages"] for item in entries] == [64, 64, 2]


@given(st.text(), st.sampled_from(Speaker), st.datetimes(timezones=st.just(UTC)) | st.none())
def test_what_is_committed_to_is_canonical(text, speaker, said_at):
    message = Message(public_id="msg_1", speaker=speaker.value, said_at=said_at, text=text)
    told = {"speaker": speaker.value, "said_at": clock.iso(said_at) if said_at else None, "text": text}
    assert content(message).body == canonical.encode(told)


def test_a_conversation_finds_the_order_that_its_messages_name(system, order, say, noon):
    service.ingest_messages(system, [say("没收到", order_no=order.order_no)], at=noon)
    talk = Conversation.objects.visible_to(system).get()
    assert (talk.order_id, talk.linked_how) == (order.pk, Link.ORDER_NO.value)
    assert Buyer.objects.visible_to(system).count() == 1


def test_a_conversation_finds_the_order_of_its_buyer_and_goods(system, order, say, noon):
    service.ingest_messages(system, [say("没收到", item="item-1")], at=noon)
    talk = Conversation.objects.visible_to(system).get()
    assert (talk.order_id, talk.linked_how) == (order.pk, Link.ITEM.value)


def test_a_conversation_that_came_first_is_linked_when_its_order_comes(system, say, noon, request):
    service.ingest_messages(system, [say("没收到", order_no="2226687816233094017")], at=noon)
    order = request.getfixturevalue("order")
    assert [said.text for said in queries.utterances_for_order(system, order)] == ["没收到"]
    [talk] = service.link_waiting(system, [order], at=noon)
    assert (talk.order_id, talk.linked_how) == (order.pk, Link.ORDER_NO.value)
    assert service.link_waiting(system, [order], at=noon) == []


def test_a_weaker_link_never_replaces_a_stronger_one(system, order, say, noon):
    service.ingest_messages(system, [say("没收到", talk="t9", buyer="b9")], at=noon)
    talk = Conversation.objects.visible_to(system).get(external_id="t9")
    service.link_order(system, talk, order, at=noon)
    assert queries.is_linked_by_nick(system, order)
    service.link_order(system, talk, order, at=noon, how=Link.HAND)
    service.link_order(system, talk, order, at=noon)
    talk.refresh_from_db()
    assert talk.linked_how == Link.HAND.value
    kinds = [item.kind for item in custody.history(system, [talk.public_id])]
    assert kinds.count("conversation.linked") == 2


def test_hostile_texts_are_stored_as_far_as_a_database_can(system, say, noon):
    said = [say("a\0b", minute=1), say("\ud800坏", minute=2), say("长" * 30_000, minute=3), say("", minute=4)]
    assert service.ingest_messages(system, said, at=noon) == [Taken.NEW] * 4
    rows = Message.objects.visible_to(system).order_by("said_at")
    assert [len(row.text) for row in rows] == [2, 2, 20_000, 0]


def test_another_shop_sees_nothing(system, stranger, say, noon):
    service.ingest_messages(system, [say("卡充不进去")], at=noon)
    assert queries.conversations_by_external_ids(stranger, [("goofish", "63107041124")]) == {}
    assert queries.conversation_list(stranger) == []


def test_an_auditor_cannot_take_messages_in(auditor, say, noon):
    with pytest.raises(NotAllowed):
        service.ingest_messages(auditor, [say("x")], at=noon)


def test_pictures_and_cards_are_no_words_of_the_buyer(system, order, say, noon):
    said = [
        say("", minute=1, kind=MessageKind.IMAGE, order_no=order.order_no),
        say("我发起了退款申请", minute=2, who=Speaker.SYSTEM, kind=MessageKind.TIP),
        say("苹果充值卡 正品保证", minute=3, kind=MessageKind.CARD),
        say("充不了", minute=4),
    ]
    service.ingest_messages(system, said, at=noon)
    spoken = queries.utterances_for_order(system, order)
    assert [(one.speaker, one.text) for one in spoken] == [
        (Speaker.SYSTEM, "我发起了退款申请"),
        (Speaker.BUYER, "充不了"),
    ]


def test_the_talk_of_several_orders_is_that_of_each(system, order, say, noon, monkeypatch):
    notices = [
        OrderNotice(channel="goofish", order_no=f"333668781623309401{n}", buyer_external_id="b2", listing=goods)
        for n, goods in enumerate([ListingNotice(item_id="item-2"), None])
    ]
    orders = [order, *(row for row, _ in ingest_orders(system, notices, at=noon))]
    said = [
        say("没收到", minute=1, order_no=order.order_no),
        say("没日期", minute=2, said_at=None, order_no=order.order_no),
        say("另一单", minute=3, talk="t2", buyer="b2", item="item-2", order_no=notices[1].order_no),
        say("还是那单", minute=4, talk="t3", buyer="b2", item="item-2"),
        say("别人的", minute=5, talk="t4", buyer="b4"),
    ]
    service.ingest_messages(system, said, at=noon)
    alone = {one.pk: queries.utterances_for_order(system, one) for one in orders}
    assert queries.utterances_for_orders(system, orders) == alone
    assert [len(alone[one.pk]) for one in orders] == [2, 1, 1]
    monkeypatch.setattr(queries, "_SPOKEN_AT_ONCE", 2)  # as if there were no end to it
    assert queries.utterances_for_orders(system, orders) == alone


def test_five_hundred_messages_cost_a_bounded_number_of_queries(system, say, noon, django_assert_max_num_queries):
    said = [say(f"第 {minute} 句", minute=minute, talk=f"t{minute % 50}", number=f"n{minute}") for minute in range(500)]
    service.ingest_messages(system, said[:1], at=noon)
    with django_assert_max_num_queries(45):
        service.ingest_messages(system, said, at=noon)
