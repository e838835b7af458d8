"""A round reads only what the record says was touched, and misses nothing that looking at everything would find."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.cards import service as cards
from cardcase.cases import service as cases
from cardcase.orders.models import Buyer, Order
from cardcase.sourcing import queries, service
from cardcase.sourcing.models import Judged, RiskFlag
from cardcase.sourcing.queries import touched
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.sourcing.service import LotTold, PaperTold
from cardcase.staff.models import Shop
from evidence.world import PNG, World

from .test_asking import PDF, lot_of, settle, write_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(shop, owner, system, noon, settings, tmp_path):  # noqa: PLR0917 - fixtures
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": tmp_path})
    Shop.objects.filter(pk=shop.pk).update(is_pro=True)
    return World(shop, owner, system, noon)


@pytest.fixture
def sold(world, system, noon):
    """Give two orders of one buyer with a card each, of two batches of one supplier; everything has been asked about."""
    cards_made = [world.stock(2)[0], world.stock(2)[0]]
    orders = [world.order(card=card, buyer="b7", days_ago=days) for card, days in zip(cards_made, (3, 2), strict=True)]
    settle(system, noon)
    assert queries.next_round(system, at=noon).touched == touched.Touched()
    return list(zip(cards_made, orders, strict=True))


def a_late_order(world, sold):
    world.order(card=world.stock()[0], buyer="b7", days_ago=30)


def a_refund(world, sold):
    world.refund(sold[0][1])


def a_case(world, sold):
    cases.open_case(world.system, sold[0][1], world.refund(sold[0][1]), at=world.noon)


def a_signal(world, sold):
    service.note_signal(world.owner, sold[0][1].public_id, "payer", payer="阿强", at=world.noon)


def a_redemption(world, sold):
    used_at = world.noon - timedelta(hours=3)
    cards.mark_redeemed(world.owner, sold[0][0].public_id, at=world.noon, redeemed_at=used_at, source="发卡方页面")


def told_terms_of_a_purchase(world, sold):
    told = LotTold(card_kind="multi", issuer_place="北京", total_fen=990_000)
    service.set_lot(world.owner, lot_of(sold[0][0]).public_id, told, at=world.noon)


def a_purchase_entered_late(world, sold):
    [card] = world.stock()
    told = LotTold(total_fen=980_000, acquired_on=date(2026, 11, 3))
    service.set_lot(world.owner, lot_of(card).public_id, told, at=world.noon)


def another_supplier(world, sold):
    service.set_lot(world.owner, lot_of(sold[0][0]).public_id, LotTold(supplier="福礼汇"), at=world.noon)


def a_changed_supplier(world, sold):
    giver = lot_of(sold[0][0]).supplier.public_id
    service.change_supplier(world.owner, giver, SupplierTold(channel="second_hand"), at=world.noon)


def a_paper_of_the_supplier(world, sold):
    told = PaperTold(kind="authorisation", valid_from=date(2026, 1, 1), valid_until=date(2026, 6, 30))
    service.attach(world.owner, PDF, told, supplier=lot_of(sold[0][0]).supplier.public_id, at=world.noon)


def a_paper_of_the_batch(world, sold):
    service.attach(world.owner, PNG, PaperTold(kind="id_check"), batch=lot_of(sold[0][0]).public_id, at=world.noon)


def more_of_the_batch(world, sold):
    world.stock(3)


def set_aside(world, sold):
    cards.quarantine_batch(world.owner, lot_of(sold[0][0]).public_id, reason="先停", at=world.noon)


def another_buyer(world, sold):
    world.order(order_no=sold[0][1].order_no, buyer="b8", days_ago=3, updated_at=world.noon - timedelta(hours=1))


@pytest.mark.parametrize(
    "change",
    [
        a_late_order,
        a_refund,
        a_case,
        a_signal,
        a_redemption,
        told_terms_of_a_purchase,
        a_purchase_entered_late,
        another_supplier,
        a_changed_supplier,
        a_paper_of_the_supplier,
        a_paper_of_the_batch,
        more_of_the_batch,
        set_aside,
        another_buyer,
    ],
)
def test_what_was_touched_holds_everything_that_changed(world, sold, system, noon, change):
    change(world, sold)
    found = queries.next_round(system, at=noon).touched
    for look, among in (
        (lambda **more: queries.changed_batches(system, limit=500, **more), found.batches),
        (lambda **more: queries.changed_orders(system, at=noon, limit=500, **more), found.orders),
    ):
        assert set(look(among=among)) == set(look())
    settle(system, noon)
    assert queries.changed_batches(system, limit=500) == []
    assert queries.changed_orders(system, at=noon, limit=500) == []


def test_these_changes_do_change_something(world, sold, system, noon):
    """The comparison above would hold for changes that change nothing, too."""
    for change in (a_late_order, a_refund, a_signal, told_terms_of_a_purchase, another_supplier, a_paper_of_the_batch):
        change(world, sold)
        batches = queries.changed_batches(system, limit=500)
        assert batches or queries.changed_orders(system, at=noon, limit=500), change.__name__
        settle(system, noon)


def test_a_buyer_who_lost_an_order_is_asked_about_again(world, sold, system, noon):
    """The order names its new buyer only; whom it belonged to before stands in what was judged."""
    other = Buyer.objects.create(shop=world.shop, channel="xianyu", external_id="b9")
    first, second = (order for _, order in sold)
    world.order(order_no=first.order_no, buyer="b7", days_ago=3, updated_at=noon, seller_external_id="s1")
    Order.objects.filter(pk=first.pk).update(buyer=other)
    found = queries.next_round(system, at=noon).touched
    assert {first.pk, second.pk} <= found.orders


def test_a_round_with_nothing_new_reads_no_order(world, sold, system, noon):
    with CaptureQueriesContext(connection) as seen:
        assert service.evaluate_changed(system, at=noon + timedelta(minutes=10)) == 0
    rows = [one["sql"] for one in seen if 'FROM "cards_reveal"' in one["sql"] or "raw" in one["sql"]]
    assert rows == []


def test_rules_and_what_the_shop_is_are_asked_about_in_full(world, sold, system, noon, settings):
    write_rules(settings, "percent = 99")
    assert queries.next_round(system, at=noon).touched is None
    settle(system, noon)
    assert queries.next_round(system, at=noon).touched is not None
    Shop.objects.filter(pk=world.shop.pk).update(is_pro=False)
    assert queries.next_round(system, at=noon).touched is None


def test_once_a_day_everything_is_looked_at(world, sold, system, noon):
    Order.objects.filter(pk=sold[0][1].pk).update(paid_fen=1)  # by no verb: the record says nothing
    soon = noon + timedelta(hours=1)
    assert service.evaluate_changed(system, at=soon) == 0
    assert service.evaluate_changed(system, at=noon + timedelta(days=1)) > 0
    assert queries.next_round(system, at=noon + timedelta(days=1, minutes=10)).touched is not None


def test_too_much_to_tell_apart_is_looked_at_in_full(world, sold, system, noon, monkeypatch):
    world.order(card=world.stock()[0])
    monkeypatch.setattr(touched, "MOST", 1)
    assert queries.next_round(system, at=noon).touched is None


def test_what_one_round_had_no_room_for_comes_in_the_next(world, sold, system, noon):
    [*_, newest] = [world.order(card=card, buyer=f"x{n}") for n, card in enumerate(world.stock(4))]
    before = Judged.objects.get(subject=queries.round_subject(system)).stamp
    assert service.evaluate_changed(system, at=noon, limit=2) == 2
    assert Judged.objects.get(subject=queries.round_subject(system)).stamp == before
    settle(system, noon)
    assert queries.changed_orders(system, at=noon, limit=50) == []
    assert Judged.objects.filter(subject=newest.public_id).exists()


def test_what_failed_is_tried_again_without_a_new_entry(world, sold, system, noon, monkeypatch):
    asked = service.flags.raise_flags
    monkeypatch.setattr(service.flags, "raise_flags", lambda *_: 1 // 0)
    a_paper_of_the_batch(world, sold)
    service.evaluate_changed(system, at=noon)
    assert lot_of(sold[0][0]).public_id in queries.unasked(system).subjects
    monkeypatch.setattr(service.flags, "raise_flags", asked)
    service.evaluate_changed(system, at=noon)
    assert not queries.unasked(system)


def test_a_flag_of_a_late_order_opens_in_the_next_round(world, sold, system, noon):
    before = set(RiskFlag.objects.values_list("subject", flat=True))
    late = world.order(card=world.stock()[0], days_ago=30)
    world.refund(late, applied_at=late.paid_at + timedelta(days=1))
    service.evaluate_changed(system, at=noon + timedelta(minutes=10))
    assert late.public_id in set(RiskFlag.objects.filter(state="open").values_list("subject", flat=True)) - before
