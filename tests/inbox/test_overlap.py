"""The same chat by two ways in is one conversation with every message once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.connectors.ports import Speaker
from cardcase.inbox import queries, service
from cardcase.inbox.models import Conversation, Message
from cardcase.orders.service import Taken

pytestmark = pytest.mark.django_db
SAID = [
    ("在吗", Speaker.BUYER, 0, 5), ("在吗", Speaker.BUYER, 0, 40), ("老板 充的时候一直弹此代码无效", Speaker.BUYER, 1, 12),
    ("亲，稍等帮您核实", Speaker.SELLER, 3, 30), ("快点", Speaker.BUYER, 9, 1),
]  # fmt: skip


@pytest.fixture
def as_json(say):
    def make(said=SAID):
        return [
            say(text, who=who, minute=minute, number=f"m{n}", said_at=say("").said_at + timedelta(minutes=minute, seconds=second))
            for n, (text, who, minute, second) in enumerate(said)
        ]  # fmt: skip

    return make


@pytest.fixture
def as_paste(say):
    def make(said=SAID, *, is_timed=True):
        lines = [
            say(text, who=who, minute=minute, talk="paste:云朵邮差", number=f"derived:{n}", buyer="")
            for n, (text, who, minute, _) in enumerate(said)
        ]
        return lines if is_timed else [replace(one, said_at=None) for one in lines]

    return make


def state(actor):
    [talk] = Conversation.objects.visible_to(actor).filter(same_as=None)
    rows = Message.objects.visible_to(actor)
    assert {row.conversation_id for row in rows} == {talk.pk}
    return (
        talk.buyer.external_id,
        talk.last_message_at,
        sorted((row.said_at, row.speaker, row.text, row.external_id) for row in rows),
    )


@pytest.fixture
def forms(as_json, as_paste):
    """The same chat, with its times and without, and as the tool saves it."""
    return {"timed": as_paste(), "undated": as_paste(is_timed=False), "json": as_json()}


@pytest.mark.parametrize("form", ["timed", "undated"])
def test_both_directions_lead_to_the_same_conversation(system, stranger, forms, form, noon):
    paste, told = forms[form], forms["json"]
    service.ingest_messages(system, told, at=noon)
    assert service.ingest_messages(system, paste, at=noon) == [Taken.KNOWN] * 5
    service.ingest_messages(stranger, paste, at=noon)
    outcomes = service.ingest_messages(stranger, told, at=noon)
    assert outcomes == [Taken.KNOWN if form == "timed" else Taken.CHANGED] * 5
    assert state(system) == state(stranger)
    for again in (told, paste):
        for shop in (system, stranger):
            assert service.ingest_messages(shop, again, at=noon) == [Taken.KNOWN] * 5
    assert state(system) == state(stranger)


def test_what_is_new_joins_the_known_conversation(system, as_json, as_paste, noon):
    service.ingest_messages(system, as_json(SAID[:4]), at=noon)
    more = [*SAID, ("在吗", Speaker.BUYER, 11, 0)]
    assert service.ingest_messages(system, as_paste(more), at=noon) == [*[Taken.KNOWN] * 4, Taken.NEW, Taken.NEW]
    assert service.ingest_messages(system, as_json(more), at=noon) == [Taken.KNOWN] * 6
    assert len(state(system)[2]) == 6


def test_a_continuation_goes_where_its_beginning_went(system, as_json, as_paste, noon):
    service.ingest_messages(system, as_json(), at=noon)
    service.ingest_messages(system, as_paste(), at=noon)
    later = replace(as_paste([("还在吗", Speaker.BUYER, 60, 0)])[0], message_id="derived:later")
    assert service.ingest_messages(system, [later], at=noon) == [Taken.NEW]
    assert len(state(system)[2]) == 6
    found = queries.conversations_by_external_ids(system, [("goofish", "paste:云朵邮差"), ("goofish", "63107041124")])
    assert len({id(row) for row in found.values()}) == 1


def test_a_line_said_once_more_is_never_lost(system, as_json, as_paste, noon):
    service.ingest_messages(system, as_json(SAID[:1]), at=noon)
    twice = as_paste(SAID[:2])
    assert sorted(service.ingest_messages(system, twice, at=noon)) == sorted([Taken.KNOWN, Taken.NEW])
    assert service.ingest_messages(system, as_json(SAID[:2]), at=noon) == [Taken.KNOWN] * 2
    assert len(state(system)[2]) == 2


def test_codes_are_compared_as_they_are_kept(system, as_json, as_paste, noon):
    said = [("你发的 XJ7K-9Q2M-PL4T-88ZA 充不了", Speaker.BUYER, 1, 5)]
    service.ingest_messages(system, as_json(said), at=noon)
    assert service.ingest_messages(system, as_paste(said), at=noon) == [Taken.KNOWN]


@pytest.mark.parametrize(
    "other",
    [{"buyer_nick": "别人"}, {"buyer_nick": "云***差"}, {"channel": "elsewhere"}],
    ids=["nick", "stars", "channel"],
)
def test_another_buyers_same_words_are_another_conversation(system, as_json, as_paste, noon, other):
    service.ingest_messages(system, as_json(), at=noon)
    theirs = [replace(one, **other) for one in as_paste()]
    assert service.ingest_messages(system, theirs, at=noon) == [Taken.NEW] * 5
    assert Conversation.objects.visible_to(system).filter(same_as=None).count() == 2


def test_another_day_of_the_same_buyer_stays_apart_when_nothing_overlaps(system, as_json, as_paste, noon):
    service.ingest_messages(system, as_json(), at=noon)
    later = [replace(one, said_at=one.said_at + timedelta(days=1)) for one in as_paste()]
    assert service.ingest_messages(system, later, at=noon) == [Taken.NEW] * 5


def test_the_database_of_a_tool_is_the_same_conversation_under_the_same_name(system, as_json, noon):
    service.ingest_messages(system, as_json(), at=noon)
    saved = [replace(one, message_id=f"derived:{n}", buyer_nick="") for n, one in enumerate(as_json())]
    assert service.ingest_messages(system, saved, at=noon) == [Taken.KNOWN] * 5


def test_a_batch_of_strangers_costs_no_look_at_conversations(system, say, noon):
    said = [
        replace(say(f"第 {n} 句", talk=f"t{n}", number=f"n{n}", buyer=f"b{n}"), buyer_nick=f"路人{n}")
        for n in range(50)
    ]
    looks = []
    for told in (said, [replace(one, message_id=f"again-{one.message_id}") for one in said]):
        with CaptureQueriesContext(connection) as asked:
            service.ingest_messages(system, told, at=noon)
        looks.append(sum("same_as_id" in query["sql"] and "IS NULL" in query["sql"] for query in asked))
    assert looks == [0, 1]  # none while nobody is known, one for all of them when they come back
