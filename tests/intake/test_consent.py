"""Chats that come in are heard: the buyer's yes to the terms counts, from the order's own conversation only."""

from datetime import UTC, datetime, timedelta

import pytest

from cardcase.delivery import queries
from cardcase.delivery import service as delivery
from cardcase.inbox.models import Conversation
from cardcase.inbox.rules.links import Link
from cardcase.orders.models import Order
from intake.world import QUIET, order_row, orders_csv, said, take, upload

pytestmark = pytest.mark.django_db
SHOWN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AFTER = int(SHOWN.timestamp() * 1000) + 60_000


@pytest.fixture
def order(owner, noon):
    take(owner, [upload("orders.csv", orders_csv(order_row(QUIET, buyer="2203", nick="老王")))], at=noon)
    order = Order.objects.visible_to(owner).get(order_no=QUIET)
    delivery.show_terms(owner, order, how="chat", at=SHOWN)
    return order


def chat(*texts, buyer="2203", nick="老王", start=AFTER):
    return upload("chat.json", said("50003", buyer, nick, *texts, start=start))


def test_a_yes_in_an_imported_chat_opens_the_terms_once(owner, order, noon):
    take(owner, [chat("这个怎么用", "好的 同意")], at=noon)
    state = queries.terms_of(owner, order.pk)
    assert (state.how, state.words, state.answered_at) == ("chat", "好的 同意", SHOWN + timedelta(minutes=2))
    take(owner, [chat("这个怎么用", "好的 同意")], at=noon + timedelta(hours=1))
    assert queries.terms_of(owner, order.pk) == state


@pytest.mark.parametrize("words", ["好的，但是能退吗", "同意吗？", "不同意"])
def test_anything_else_leaves_them_closed(owner, order, noon, words):
    take(owner, [chat(words)], at=noon)
    assert not queries.terms_of(owner, order.pk).is_open


def test_a_yes_before_the_terms_is_none(owner, order, noon):
    take(owner, [chat("好的", start=AFTER - 3_600_000)], at=noon)
    assert not queries.terms_of(owner, order.pk).is_open


def test_the_sellers_own_words_are_no_consent(owner, order, noon):
    take(owner, [chat("好的", buyer="1", nick="老王")], at=noon)
    assert not queries.terms_of(owner, order.pk).is_open


def test_a_chat_that_only_the_nick_ties_to_the_order_is_not_heard(owner, order, noon):
    delivery_terms = queries.terms_of(owner, order.pk)
    take(owner, [upload("chat.json", said("50009", "2299", "老王", "好的", start=AFTER))], at=noon)
    assert Conversation.objects.visible_to(owner).get(order=order).linked_how == Link.NICK.value
    assert queries.terms_of(owner, order.pk) == delivery_terms


def test_a_later_import_takes_the_consent_back(owner, order, noon):
    take(owner, [chat("好的")], at=noon)
    take(owner, [chat("好的", "亲，稍等", "我不同意，不要了")], at=noon + timedelta(hours=1))
    state = queries.terms_of(owner, order.pk)
    assert (state.is_open, state.withdrawn_words) == (False, "我不同意，不要了")
