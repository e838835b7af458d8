"""What the rules are asked about again: everything that a rule can see, and nothing else; one failure stops nobody."""

from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from cardcase.cards.models import Card, CardBatch
from cardcase.cases.models import Case
from cardcase.jobs.registry import Claim
from cardcase.orders.models import Order
from cardcase.project.cli import cli
from cardcase.sourcing import datafiles, queries, service, tasks
from cardcase.sourcing.models import FlagEvent, Purchase, RiskFlag
from cardcase.sourcing.present.flags import version_text
from cardcase.sourcing.rules.suppliers import SupplierTold
from cardcase.sourcing.service import LotTold, PaperTold
from cardcase.staff.models import Shop
from evidence.world import World

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj authorisation"


@pytest.fixture
def world(shop, owner, system, noon, settings, tmp_path):  # noqa: PLR0917 - fixtures
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": tmp_path})
    Shop.objects.filter(pk=shop.pk).update(is_pro=True)
    return World(shop, owner, system, noon)


def settle(system, noon):
    """Ask about everything, so that only what comes after is new."""
    while service.evaluate_changed(system, at=noon):
        pass


def batches(system):
    return queries.changed_batches(system, limit=50)


def orders(system, noon):
    return queries.changed_orders(system, at=noon, limit=50)


def lot_of(card):
    return CardBatch.objects.get(pk=card.batch_id)


def write_rules(settings, change, slug="lika"):
    """Give a shop a file of its own with one rule changed."""
    folder = settings.CARDCASE.overrides / slug
    folder.mkdir(parents=True, exist_ok=True)
    rule = (datafiles.DATA / "legality.toml").read_text("utf-8")
    head = rule[rule.index("[catalogue]") : rule.index("[[rule]]")]
    own = next(part for part in rule.split("\n\n") if 'id = "J-cheap"' in part).replace("percent = 70", change)
    (folder / "legality.toml").write_text(head + own, "utf-8")


# --- Purchases --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"face_fen": 99_900},
        {"region": "US"},
        {"expires_on": date(2027, 1, 1)},
        {"cost_fen": 1},
    ],
)
def test_a_correction_of_a_card_asks_about_its_batch_again(system, world, noon, change):
    card, _ = world.stock(2)
    settle(system, noon)
    assert batches(system) == []
    Card.objects.filter(pk=card.pk).update(**change)
    assert batches(system) == [lot_of(card).public_id]


def test_a_replaced_authorisation_with_other_days_asks_again(owner, system, world, noon):
    [card] = world.stock()
    giver = lot_of(card).supplier.public_id
    old = PaperTold(kind="authorisation", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))
    paper = service.attach(owner, PDF, old, supplier=giver, at=noon)
    settle(system, noon)
    service.supersede(owner, paper.public_id, reason="已过期", at=noon)
    new = PaperTold(kind="authorisation", valid_from=date(2026, 1, 1), valid_until=date(2026, 6, 30))
    service.attach(owner, PDF, new, supplier=giver, at=noon)  # as many papers as before, other days
    assert batches(system) == [lot_of(card).public_id]


def test_every_batch_of_a_supplier_is_asked_again_when_it_changes(owner, system, world, noon):
    [one], [two] = world.stock(), world.stock()
    settle(system, noon)
    service.change_supplier(owner, lot_of(one).supplier.public_id, SupplierTold(channel="second_hand"), at=noon)
    assert set(batches(system)) == {lot_of(one).public_id, lot_of(two).public_id}


def test_an_earlier_purchase_that_is_entered_late_asks_about_the_later_one_again(owner, system, world, noon):
    [later] = world.stock()
    service.set_lot(owner, lot_of(later).public_id, LotTold(total_fen=950_000, acquired_on=date(2026, 11, 20)), at=noon)
    settle(system, noon)
    [earlier] = world.stock()
    told = LotTold(total_fen=980_000, acquired_on=date(2026, 11, 18))
    service.set_lot(owner, lot_of(earlier).public_id, told, at=noon)
    assert set(batches(system)) == {lot_of(later).public_id, lot_of(earlier).public_id}
    settle(system, noon)
    assert RiskFlag.objects.filter(rule="J-split-buy", subject=lot_of(later).public_id, state="open").exists()


def test_other_purchases_are_seen_as_far_back_as_the_longest_window_of_the_rules(owner, world, noon, settings):
    [one], [two] = world.stock(), world.stock()
    service.set_lot(owner, lot_of(one).public_id, LotTold(total_fen=1, acquired_on=date(2026, 9, 15)), at=noon)
    service.set_lot(owner, lot_of(two).public_id, LotTold(total_fen=1, acquired_on=date(2026, 11, 20)), at=noon)
    assert queries.purchase_facts(owner, lot_of(two)).others == ()
    write_rules(settings, "percent = 70, days = 90")
    assert queries.purchase_facts(owner, lot_of(two)).others == ((date(2026, 9, 15), 1),)


def test_a_contract_is_no_identity_check(owner, world, noon):
    [card] = world.stock()
    service.attach(owner, PDF, PaperTold(kind="contract"), batch=lot_of(card).public_id, at=noon)
    assert not queries.purchase_facts(owner, lot_of(card)).has_id_check
    service.attach(owner, PDF, PaperTold(kind="id_check"), batch=lot_of(card).public_id, at=noon)
    assert queries.purchase_facts(owner, lot_of(card)).has_id_check


# --- Sales ------------------------------------------------------------------------------------------------------------


def test_the_terms_of_a_purchase_ask_about_its_sales_again(owner, system, world, noon):
    [card] = world.stock()
    order = world.order(card=card)
    service.set_lot(owner, lot_of(card).public_id, LotTold(card_kind="multi"), at=noon)
    settle(system, noon)
    Purchase.objects.update(issuer_place="北京")
    assert orders(system, noon) == [order.public_id]
    settle(system, noon)
    Purchase.objects.update(card_kind="single")
    assert orders(system, noon) == [order.public_id]


def test_another_order_of_the_buyer_asks_again(system, world, noon):
    one, two = world.stock(2)
    order = world.order(card=one, buyer="b7", days_ago=2)
    settle(system, noon)
    other = world.order(card=two, buyer="b7", days_ago=3)
    assert set(orders(system, noon)) == {order.public_id, other.public_id}


def test_a_case_that_turns_out_to_be_another_one_asks_again(system, world, noon):
    case = world.case("A2")
    settle(system, noon)
    Case.objects.filter(pk=case.pk).update(outcome="merged")
    assert orders(system, noon) == [case.order.public_id]


def test_what_no_rule_sees_asks_nothing_again(system, world, noon):
    [card] = world.stock()
    world.order(card=card)
    settle(system, noon)
    Card.objects.update(note="看过")
    CardBatch.objects.update(proof_note="在抽屉里")
    Order.objects.update(buyer=Order.objects.get().buyer)
    assert (batches(system), orders(system, noon)) == ([], [])


# --- Rules ------------------------------------------------------------------------------------------------------------


def test_a_change_of_the_shops_own_rules_asks_everything_again_and_the_flag_says_so(system, world, noon, settings):
    [card] = world.stock()
    settle(system, noon)
    shipped = RiskFlag.objects.get(rule="J-no-identity").version
    assert datafiles.OWN_RULES not in shipped
    write_rules(settings, "percent = 99")
    assert batches(system) == [lot_of(card).public_id]
    settle(system, noon)
    cheap, same = RiskFlag.objects.get(rule="J-cheap"), RiskFlag.objects.get(rule="J-no-identity")
    assert cheap.version.startswith(f"{shipped}{datafiles.OWN_RULES}")
    assert same.version == cheap.version
    assert [event.event for event in FlagEvent.objects.filter(flag=same).order_by("pk")] == ["raised", "new_rules"]
    assert "店铺自己的规则" in version_text(cheap.version)
    assert version_text(shipped) == f"规则版本 {shipped}"
    write_rules(settings, "percent = 98")
    assert batches(system) == [lot_of(card).public_id]


# --- Failures ---------------------------------------------------------------------------------------------------------


def round_of_work():
    with capture_logs() as logs:
        tasks.evaluate_changed(Claim(1, "sourcing.evaluate_changed", {}, "", None, 1, 1))
    return logs


def test_one_shops_broken_rules_do_not_keep_the_others_waiting(world, noon, other_shop, stranger, settings):
    theirs = World(other_shop, stranger, stranger, noon)
    [card] = theirs.stock()
    folder = settings.CARDCASE.overrides / "lika"
    folder.mkdir(parents=True)
    (folder / "legality.toml").write_text("[catalogue\nK7QM-92XF-LP3D-0001", "utf-8")
    logs = round_of_work()
    assert RiskFlag.objects.filter(subject=lot_of(card).public_id).exists()
    assert queries.unasked(world.system).has_no_rules
    assert not queries.unasked(stranger)
    assert [log["event"] for log in logs] == ["rules_not_asked"]
    assert "LP3D" not in str(logs)
    doctor = CliRunner().invoke(cli, ["doctor"], standalone_mode=False).output
    assert "没能按规则判断：lika: legality.toml" in doctor
    (folder / "legality.toml").unlink()
    round_of_work()
    assert not queries.unasked(world.system)


def test_one_batch_that_fails_does_not_keep_the_others_waiting(world, noon, monkeypatch):
    [bad], [good] = world.stock(), world.stock()
    asked = service.flags.raise_flags

    def fails(rules, facts):
        if any(card.region == "US" for card in facts.cards):
            raise ZeroDivisionError("K7QM-92XF-LP3D-0001")
        return asked(rules, facts)

    Card.objects.filter(pk=bad.pk).update(region="US")
    monkeypatch.setattr(service.flags, "raise_flags", fails)
    logs = round_of_work()
    assert RiskFlag.objects.filter(subject=lot_of(good).public_id).exists()
    assert queries.unasked(world.system).subjects == (lot_of(bad).public_id,)
    assert "LP3D" not in str(logs)
    [newer] = world.stock()
    waiting = batches(world.system)
    assert lot_of(newer).public_id in waiting
    assert waiting[-1] == lot_of(bad).public_id  # what failed comes last
    monkeypatch.setattr(service.flags, "raise_flags", asked)
    round_of_work()
    assert not queries.unasked(world.system)


def test_the_page_of_flags_says_what_could_not_be_judged(world, owner, noon, client):
    from cardcase.staff.models import Staff

    client.force_login(Staff.objects.get(pk=owner.staff_id), "django.contrib.auth.backends.ModelBackend")
    service.note_unreadable(world.system, at=noon - timedelta(minutes=1))
    assert "规则文件读不出来" in client.get("/flags/").content.decode()
