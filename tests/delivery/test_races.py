"""Many at once on few cards, each thread with a connection of its own, on both databases (reliability C01, C02, F02)."""

import random
import threading
import time

import pytest
from django.db import transaction

from cardcase.cards import queries as cards
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardState
from cardcase.connectors.ports import RefundNotice, RefundState
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.models import Allocation, Delivery
from cardcase.kit.errors import Refused
from cardcase.orders.service import ingest_refunds
from contracts.test_races import at_once
from delivery import naive
from delivery.world import KIND, given, orders, plain, stock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]
DAY = {8: 15, 32: 8, 64: 4}  # rounds by workers: each round of 64 waits for as many durable writes
NIGHT = 500
SEED = 20261129


def is_one_winner(answers) -> bool:
    """Tell whether of many that wanted the last card exactly one got it, and all others heard that none is left."""
    refusals = [one for one in answers if isinstance(one, Refused) and one.problem_code == "out_of_stock"]
    others = [one for one in answers if isinstance(one, Exception) and one not in refusals]
    return not others and len(answers) - len(refusals) == 1


def race_for_the_last(system, noon, workers: int, rounds: int, give) -> list[bool]:
    """Let so many orders want one card, round after round; say of each round whether it went as it must."""
    waiting = orders(system, workers + rounds, noon)
    found = []
    for place in range(rounds):
        stock(system, 1, noon, first=place)
        answers = at_once([lambda order=order: give(order) for order in waiting[:workers]])
        taken = Card.objects.visible_to(system).filter(state=CardState.RESERVED.value).count()
        found.append(is_one_winner(answers) and taken == place + 1)
        won = set(Card.objects.visible_to(system).filter(order__isnull=False).values_list("order_id", flat=True))
        waiting = [order for order in waiting if order.pk not in won]
    return found


def allocate(system, noon):
    return lambda order: service.allocate(system, order.order_no, KIND, 1, at=noon)


@pytest.mark.parametrize(
    ("workers", "rounds"),
    [
        *DAY.items(),
        *(pytest.param(workers, NIGHT, marks=pytest.mark.night, id=f"{workers}-night") for workers in DAY),
    ],
)
def test_of_many_that_want_the_last_card_exactly_one_gets_it(system, noon, workers, rounds):
    found = race_for_the_last(system, noon, workers, rounds, allocate(system, noon))
    assert found == [True] * rounds
    assert Allocation.objects.visible_to(system).count() == rounds


@pytest.mark.parametrize("rounds", [20, pytest.param(NIGHT, marks=pytest.mark.night, id="night")])
def test_the_same_checker_catches_a_build_that_looks_and_then_takes(system, noon, rounds):
    found = race_for_the_last(system, noon, 8, rounds, lambda order: naive.give(system, order))
    assert found.count(False) >= 0.95 * rounds, f"caught {found.count(False)} of {rounds}"


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.night, id="night")])
def test_one_order_that_asks_many_times_at_once_gets_one_set_of_cards(system, noon, rounds):
    for place, order in enumerate(orders(system, rounds, noon)):
        stock(system, 4, noon, first=place * 4)
        answers = at_once([lambda order=order: service.allocate(system, order.order_no, KIND, 2, at=noon)] * 16)
        sets = {tuple(slot.card.public_id for slot in view.slots) for view in answers}
        assert len(sets) == 1
        assert Allocation.objects.visible_to(system).filter(order=order).count() == 2


def fulfil(actor, noon, order, dice: random.Random):
    """Allocate what one buyer wants and, now and then, take it back or ask again."""
    quantity = dice.randint(1, 3)
    for _ in range(2):
        try:
            view = service.allocate(actor, order.order_no, KIND, quantity, at=noon)
        except Refused as refusal:
            assert refusal.problem_code == "out_of_stock"  # noqa: PT017 - anything else is a failure of the worker
            return 0
        if dice.random() > 0.3:
            return quantity
        service.cancel(actor, view.public_id, reason="买家不要了", at=noon)
    return 0


@pytest.mark.parametrize(
    ("codes", "wanted", "workers", "rounds"),
    [(40, 60, 8, 1), pytest.param(200, 300, 32, 100, marks=pytest.mark.night, id="night")],
)
def test_codes_orders_and_cancels_add_up(system, noon, codes, wanted, workers, rounds):  # noqa: PLR0917 - fixtures
    for turn in range(rounds):
        stock(system, codes, noon, first=turn * codes)
        mine = orders(system, wanted, noon, first=turn * wanted)
        before = Allocation.objects.visible_to(system).filter(released_at=None).count()
        in_stock = Card.objects.visible_to(system).filter(state=CardState.IN_STOCK.value).count()

        def work(worker, mine=mine, turn=turn):
            dice = random.Random(SEED + turn * 1000 + worker)
            return sum(fulfil(system, noon, order, dice) for order in mine[worker::workers])

        answers = at_once([lambda worker=worker: work(worker) for worker in range(workers)])
        assert all(isinstance(one, int) for one in answers), answers
        books = cards.reconcile(system)
        live = Allocation.objects.visible_to(system).filter(released_at=None)
        assert books.is_complete
        assert live.count() - before == sum(answers)
        assert books.unused == in_stock - sum(answers)
        assert live.values("card").distinct().count() == live.count() == books.reserved
        for row in Delivery.objects.visible_to(system).exclude(state="cancelled"):
            assert Card.objects.visible_to(system).filter(order_id=row.order_id).count() == row.quantity
        lost = Delivery.objects.visible_to(system).filter(state="cancelled")
        assert not Card.objects.visible_to(system).filter(order__in=lost.values("order")).exists()


@pytest.mark.parametrize("rounds", [5, pytest.param(200, marks=pytest.mark.night, id="night")])
def test_of_many_that_would_show_a_code_at_once_one_gets_it(owner, system, noon, rounds):
    stock(system, rounds, noon)
    for order in orders(system, rounds, noon):
        view = given(system, order, noon)
        answers = at_once([lambda view=view: show(owner, view, noon)] * 8)
        left = [one for one in answers if isinstance(one, list)]
        assert len(left) == 1, answers
        assert {one.problem_code for one in answers if not isinstance(one, list)} == {"display_open"}
        assert Reveal.objects.visible_to(owner).filter(order=order).count() == 1


def show(owner, view, noon):
    return service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)


def complain(system, order, noon):
    service.block(system, order.pk, why="买家投诉", ref="complaint", at=noon)


def ask_refund(system, order, noon):
    told = RefundNotice(channel="goofish", order_no=order.order_no, refund_no="R1", state=RefundState.AWAITING_SELLER)
    ingest_refunds(system, [told], at=noon)


@pytest.mark.parametrize("stop", [complain, ask_refund])
def test_a_code_waits_for_a_refund_that_is_just_being_noted_and_then_stays_in(owner, system, noon, stop):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    view = given(system, order, noon)
    is_noted, is_asking = threading.Event(), threading.Event()

    def note():
        with transaction.atomic():
            stop(system, order, noon)
            is_noted.set()
            assert is_asking.wait(30)
            time.sleep(0.3)  # still open while the other one asks

    def ask():
        assert is_noted.wait(30)
        is_asking.set()
        return show(owner, view, noon)

    _, answer = at_once([note, ask])
    assert isinstance(answer, Refused), answer
    assert answer.problem_code in ("blocked", "stopped_by_order")
    assert not Reveal.objects.visible_to(owner).exists()


@pytest.mark.parametrize("rounds", [10, pytest.param(NIGHT, marks=pytest.mark.night, id="night")])
def test_a_block_and_a_display_at_the_same_moment_have_one_order(owner, system, noon, rounds):
    stock(system, rounds, noon)
    for order in orders(system, rounds, noon):
        view = given(system, order, noon)
        [slot] = view.slots
        answer, blocked = at_once(
            [
                lambda view=view: show(owner, view, noon),
                lambda order=order: complain(system, order, noon),
            ]
        )
        assert blocked is None
        story = [item.kind for item in custody.history(owner, [view.public_id, slot.card.public_id])]
        if isinstance(answer, list):
            assert plain(answer)
            assert story.index("card.authorised") < story.index("delivery.blocked")
        else:
            assert answer.problem_code == "blocked"
            assert "card.authorised" not in story
        assert queries.blocks_of(owner, order.pk)
