"""Several at once on one row, each thread with a connection of its own: on PostgreSQL, and on a SQLite file."""

import threading
from collections.abc import Callable
from contextvars import copy_context

import pytest
from django.db import connection, transaction

from cardcase.cards import queries, service
from cardcase.cards.models import Card
from cardcase.cards.rules import CardState
from cardcase.cases.models import Case
from cardcase.connectors.ports import CardNotice, DeliveryNotice, OrderNotice, OrderState
from cardcase.jobs import service as jobs
from cardcase.jobs.models import Job
from cardcase.kit.errors import Conflict, Refused
from cardcase.kit.secret import CardCode
from cardcase.orders.models import Order
from cardcase.orders.service import Taken, ingest_orders
from cardcase.project.config import Config
from cardcase.remedies import service as remedies
from cardcase.remedies.models import Offer
from evidence.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]
AT_ONCE = 8


@pytest.fixture
def world(tmp_path, settings, shop, owner, system, noon):  # noqa: PLR0917 - fixtures
    settings.CARDCASE = Config(data=tmp_path)
    return World(shop, owner, system, noon)


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """Run all in threads of their own, started together; return what each gave or raised. They share the fixed clock."""
    start = threading.Barrier(len(works))
    found: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        start.wait()
        try:
            found[place] = work()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=copy_context().run, args=(run, *pair)) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_the_last_card_is_kept_for_one_order(system, noon):
    cards = [CardNotice(code=CardCode(f"K7QM-92XF-LP3D-{n:04d}"), brand="x", face_fen=100) for n in range(2)]
    service.stock(system, cards, batch="b", at=noon)
    numbers = [f"222669000000000010{n}" for n in range(AT_ONCE)]
    ingest_orders(system, [OrderNotice(channel="goofish", order_no=number) for number in numbers], at=noon)
    service.record_deliveries(
        system, [DeliveryNotice(channel="goofish", order_no=numbers[0], code=cards[0].code)], at=noon
    )
    bad = Card.objects.visible_to(system).get(state=CardState.REVEALED).public_id
    found = at_once([lambda n=n: service.reserve_equal(system, bad, order_no=n, at=noon) for n in numbers])
    assert sum(isinstance(answer, str) for answer in found) == 1
    assert sum(isinstance(answer, Refused) for answer in found) == AT_ONCE - 1
    assert queries.reconcile(system).reserved == 1


def test_one_code_taken_in_by_many_is_one_card(system, noon):
    cards = [CardNotice(code=CardCode(f"K7QM-92XF-LP3D-{n:04d}")) for n in range(100)]
    found = at_once([lambda: service.stock(system, cards, batch="b", at=noon)] * 4)
    assert sorted(answer.count(Taken.NEW) for answer in found) == [0, 0, 0, 100]
    assert queries.reconcile(system).imported == 100


def test_orders_taken_in_by_many_in_any_order_lose_nothing(system, noon):
    notices = [
        OrderNotice(channel="goofish", order_no=str(2226690000000000000 + n), buyer_external_id=f"b{n % 7}", **told)
        for n in range(150)
        for told in ({"paid_fen": 1}, {"total_fen": 2}, {"state": OrderState.COMPLETED, "state_raw": "22"})
    ]
    cuts = [notices[0::3], notices[1::3][::-1], notices[2::3], notices[::-1]]
    found = at_once([lambda cut=cut: ingest_orders(system, cut, at=noon) for cut in cuts])
    assert not [answer for answer in found if isinstance(answer, Exception)]
    told = Order.objects.visible_to(system).values_list("paid_fen", "total_fen", "state").distinct()
    assert list(told) == [(1, 2, "completed")]
    assert Order.objects.visible_to(system).count() == 150


def test_one_promise_made_by_many_is_one_job(system, noon):
    def promise() -> jobs.Promised:
        with transaction.atomic():
            return jobs.enqueue(system, "test.kind", {}, at=noon, key="a")

    found = at_once([promise] * AT_ONCE)
    assert [answer.is_new for answer in found].count(True) == 1
    assert len({answer.job_id for answer in found}) == 1


def test_each_job_is_claimed_once(system, noon):
    for _ in range(20):
        jobs.enqueue(system, "test.kind", {}, at=noon)

    def claim_all() -> list[int]:
        mine = []
        while (held := jobs.claim(at=noon, kinds=["test.kind"])) is not None:
            mine.append(held.job_id)
        return mine

    found = at_once([claim_all] * AT_ONCE)
    taken = [job for mine in found for job in mine]
    assert sorted(taken) == sorted(Job.objects.values_list("pk", flat=True))


def decide_at_once(world, others, rounds: int) -> None:
    """Let two people decide one case at the same moment, round after round: one decision, one clear conflict."""
    owner, lead = others
    for _ in range(rounds):
        with transaction.atomic():
            case = world.case("A1")
        seen = case.revision

        def offer(actor, case=case, seen=seen):
            made = remedies.propose_offer(actor, case.number, "full_refund", revision=seen, at=world.noon)
            return made.public_id

        found = at_once([lambda: offer(owner), lambda: offer(lead)])
        assert sorted(isinstance(answer, str) for answer in found) == [False, True], found
        [late] = [answer for answer in found if not isinstance(answer, str)]
        assert isinstance(late, Conflict), late
        assert (late.facts["event"], late.facts["revision"]) == ("offered", seen + 1)
        row = Case.objects.get(pk=case.pk)
        assert (row.status, row.revision) == ("offer_made", seen + 1)
        assert Offer.objects.filter(case=case).count() == 1


def test_two_who_decide_one_case_at_once_make_one_decision_and_one_conflict(world, owner, lead):
    decide_at_once(world, (owner, lead), 50)


@pytest.mark.night
def test_two_who_decide_one_case_at_once_five_hundred_times(world, owner, lead):
    decide_at_once(world, (owner, lead), 500)
