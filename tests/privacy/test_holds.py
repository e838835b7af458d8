"""What stands against erasing: each thing that is not over, and when the periods end. Pure rules first."""

from datetime import UTC, datetime, timedelta

import pytest

from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.cases.models import PlatformDispute
from cardcase.deadlines.models import Deadline
from cardcase.kit import catalogue, ids
from cardcase.orders.models import Order
from cardcase.privacy import queries
from cardcase.privacy.datafiles import DATA, RETENTION
from cardcase.privacy.rules import About, RetentionRule, due_at
from cardcase.privacy.rules.retention import Moments
from cardcase.remedies.models import Remedy
from cardcase.sourcing.models import ClaimCard, Recall, RecallNotice, SupplierClaim
from intake.world import INVALID
from privacy.conftest import AT

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = list(catalogue.load(DATA / RETENTION, RetentionRule, table="rule").records.values())


@pytest.mark.parametrize(
    ("moments", "kinds", "then"),
    [
        (Moments(ended_at=START), {About.TRADE: True}, (START + timedelta(days=1096), "P1")),
        (
            Moments(ended_at=START, kept_until=START + timedelta(days=1200)),
            {About.TRADE: True, About.CASE: True},
            (START + timedelta(days=1200), "P2"),
        ),
        (Moments(ended_at=START), {About.TRADE: True, About.CASE: True}, (START + timedelta(days=1096), "P2")),
        (Moments(last_message_at=START), {About.TALK: True}, (START + timedelta(days=180), "P3")),
        (Moments(), {About.TALK: True}, (None, "P3")),
        (Moments(ended_at=START), {About.BOOKS: True}, (None, "")),
    ],
)
def test_the_last_period_decides_and_an_unknown_start_is_never_over(moments, kinds, then):
    assert due_at(RULES, moments, kinds) == then


def test_every_period_is_dated_cited_and_says_how_sure_it_is():
    for rule in RULES:
        assert rule.source
        assert rule.effective_from
        assert rule.certainty


def holds(world) -> set[str]:
    return {held.hold.value for held in queries.plan(world.actor, INVALID).holds}


def clock(world):
    Deadline.objects.create(
        shop_id=world.actor.shop_id, subject=world.case.public_id, kind="appeal_window", due_at=AT, started_at=AT,
        margin_at=AT, source="rule", certainty="H", rule="x", if_missed="verdict_final",
    )  # fmt: skip


def dispute(world):
    PlatformDispute.objects.create(
        shop_id=world.actor.shop_id, public_id="disp_1", case=world.case, kind="intervention", status="under_review",
        source="seen", fetched_at=AT,
    )  # fmt: skip


def remedy(world):
    Remedy.objects.create(
        shop_id=world.actor.shop_id, public_id=ids.public_id("rem"), case=world.case, kind="full_refund",
        state="executing", key="k", decided_by="x",
    )  # fmt: skip


def undelivered(world):
    Order.objects.filter(order_no=INVALID).update(state="awaiting_delivery")


def card(world) -> Card:
    shop = world.actor.shop_id
    supplier = Supplier.objects.create(shop_id=shop, name="某供货")
    batch = CardBatch.objects.create(shop_id=shop, public_id="batch_1", name="b", supplier=supplier)
    order = Order.objects.get(order_no=INVALID)
    return Card.objects.create(
        shop_id=shop, public_id="card_1", batch=batch, code_sealed=b"x", code_index="i", state="revealed", order=order
    )


def claim(world):
    held = card(world)
    row = SupplierClaim.objects.create(
        shop_id=world.actor.shop_id, public_id="claim_1", supplier=held.batch.supplier, batch=held.batch, state="sent",
        reason="坏卡", opened_by="x",
    )  # fmt: skip
    ClaimCard.objects.create(shop_id=world.actor.shop_id, claim=row, card=held, amount_fen=1)


def recall(world):
    held = card(world)
    Recall.objects.create(
        shop_id=world.actor.shop_id, public_id="recall_1", batch=held.batch, reason="坏", called_at=AT, called_by="x"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("begin", "hold"),
    [
        (clock, "clock_runs"),
        (dispute, "dispute_open"),
        (remedy, "remedy_runs"),
        (undelivered, "trade_open"),
        (claim, "supplier_claim"),
        (recall, "recall_untold"),
    ],
)
def test_each_thing_that_is_not_over_holds(world, begin, hold):
    world.close()
    assert holds(world) == set()
    begin(world)
    assert holds(world) == {hold}


@pytest.mark.django_db
def test_what_is_over_holds_no_longer(world):
    world.close()
    claim(world)
    SupplierClaim.objects.update(state="closed")
    recalled = CardBatch.objects.get(public_id="batch_1")
    called = Recall.objects.create(
        shop_id=world.actor.shop_id, public_id="recall_1", batch=recalled, reason="坏", called_at=AT, called_by="x"
    )
    assert holds(world) == {"recall_untold"}
    RecallNotice.objects.create(
        shop_id=world.actor.shop_id, recall=called, order=Order.objects.get(order_no=INVALID), how="电话", by="x",
        told_at=AT,
    )  # fmt: skip
    assert holds(world) == set()


@pytest.mark.django_db
def test_the_retention_clock_itself_holds_nothing_but_sets_the_date(world):
    world.close()
    Deadline.objects.create(
        shop_id=world.actor.shop_id, subject=world.case.public_id, kind="retention_until",
        due_at=AT + timedelta(days=1300), started_at=AT, margin_at=AT + timedelta(days=1300), source="rule",
        certainty="J", rule="G3", if_missed="may_be_erased",
    )  # fmt: skip
    assert holds(world) == set()
    [part] = queries.plan(world.actor, INVALID).parts
    assert (part.due_at, part.rule) == (AT + timedelta(days=1300), "P2")
