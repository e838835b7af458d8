"""A kind of card that runs out is told once, and again only after there was more of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cardcase.cards import service as cards
from cardcase.cards.models import Card
from cardcase.connectors.ports import CardNotice
from cardcase.kit import clock
from cardcase.kit.secret import CardCode
from cardcase.notices import service
from cardcase.notices.models import Notice, NoticeTarget, Shortage
from cardcase.notices.rules import StockFacts, stock_message
from cardcase.staff.models import Shop
from notices.seen import states, told

HOUR = timedelta(hours=1)
CODES = [f"XQ7R4KT2M9ZP{n:04d}" for n in range(40)]


@pytest.fixture
def cards_of(system, noon):
    """Put cards of one kind into the stock, or give them away."""
    codes = iter(CODES)

    def add(count, *, brand="苹果", face_fen=20_000):
        notices = [CardNotice(code=CardCode(next(codes)), brand=brand, face_fen=face_fen) for _ in range(count)]
        cards.stock(system, notices, batch="b", at=noon)

    return add


def sell(actor, count, brand="苹果"):
    some = Card.objects.visible_to(actor).filter(brand=brand, state="in_stock").values_list("pk", flat=True)[:count]
    Card.objects.filter(pk__in=list(some)).update(state="revealed")


def stocks(other_side):
    return [one for one in told(other_side) if one.get("alarm") == "stock"]


@pytest.fixture
def desk(make_target, work, other_side, system, noon, cards_of):  # noqa: PLR0917 - so that its tests need not
    Shop.objects.filter(pk=system.shop_id).update(low_stock=3)
    make_target(events=("stock",))
    return system, work, other_side, noon, cards_of


@pytest.mark.django_db(transaction=True)
def test_it_is_told_once_and_again_only_after_there_was_more(desk):
    system, work, other_side, noon, cards_of = desk
    cards_of(5)
    sell(system, 1)
    work(noon)
    assert stocks(other_side) == []
    sell(system, 1)
    work(noon + HOUR)
    sell(system, 1)
    work(noon + 2 * HOUR)
    (first,) = stocks(other_side)
    assert (first["kind"], first["left"], first["low_stock"]) == ("苹果 ¥200.00", "3", "3")
    cards_of(4)
    work(noon + 3 * HOUR)
    sell(system, 4)
    work(noon + 4 * HOUR)
    assert [one["left"] for one in stocks(other_side)] == ["3", "2"]
    assert not any(code in asked.body.decode() for code in CODES for asked in other_side.got)


@pytest.mark.django_db(transaction=True)
def test_who_did_not_choose_it_is_not_told_nor_later_of_what_is_old(desk):
    system, work, other_side, noon, cards_of = desk
    NoticeTarget.objects.update(events=["margin"])
    cards_of(2)
    sell(system, 1)
    work(noon)
    NoticeTarget.objects.update(events=["margin", "stock"])
    work(noon + HOUR)
    assert (stocks(other_side), Shortage.objects.count()) == ([], 1)


@pytest.mark.django_db
def test_planned_twice_it_is_one_and_kinds_without_a_face_value_are_one_kind(desk):
    system, _, _, noon, cards_of = desk
    cards_of(2, face_fen=None)
    sell(system, 1)
    assert [service.plan_stock(system, at=noon) for _ in range(3)] == [1, 0, 0]
    assert (Shortage.objects.count(), Notice.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_quiet_hours_hold_it_back_and_new_cards_make_it_needless(desk):
    system, work, other_side, noon, cards_of = desk
    NoticeTarget.objects.update(quiet="00:00-23:00")
    cards_of(1)
    sell(system, 1)
    with clock.fixed_at(noon):
        service.plan_stock(system, at=noon)
    assert Notice.objects.get().send_at > noon
    cards_of(9)
    work(Notice.objects.get().send_at)
    assert stocks(other_side) == []
    assert states() == [("stock", "dropped")]


@pytest.mark.django_db
def test_another_shop_hears_nothing(desk, stranger):
    system, _, _, noon, cards_of = desk
    cards_of(1)
    sell(system, 1)
    assert service.plan_stock(stranger, at=noon) == 0
    assert Shortage.objects.visible_to(stranger).count() == 0


def test_the_words_say_what_how_many_and_when_it_is_told_again():
    at = datetime(2026, 11, 24, 4, tzinfo=UTC)
    facts = StockFacts(kind="苹果 ¥200.00", shop="礼卡小铺", left=0, least=3, link="https://desk.example.com/cards/")
    zh = stock_message("k", facts, at=at, language="zh-hans")
    assert zh.title == "【Cardcase】补货：苹果 ¥200.00 卖完了"
    en = stock_message("k", facts, at=at, language="en", is_repeat=True)
    assert en.title == "[Cardcase] Restock: 苹果 ¥200.00, sold out"
    assert "again only after there were more" in en.body
    assert en.lines[-1] == "This may be a repeat."
    assert not en.is_urgent
    assert json.dumps(dict(en.fields))
