"""A complaint stops the codes of its order, and lets go of them when it is over (T1)."""

import pytest

from cardcase.cases import service as cases
from cardcase.cases.rules import Event, GuardFacts
from cardcase.connectors.ports import RefundNotice, RefundState
from cardcase.delivery import queries, service
from cardcase.kit.errors import Refused
from cardcase.orders.service import ingest_refunds
from delivery.world import given, orders, stock

pytestmark = pytest.mark.django_db


def test_an_open_case_keeps_the_code_in_and_its_end_lets_go(owner, system, noon):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    view = given(system, order, noon)
    case, _ = cases.open_case(system, order, None, at=noon)
    assert [block.text.en for block in queries.blocks_of(owner, order.pk)] == [f"case {case.number} is open"]
    with pytest.raises(Refused) as refusal:
        service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    assert refusal.value.problem_code == "blocked"
    told = GuardFacts(source_event_id="m1")
    case = cases.advance(owner, case, Event.WITHDRAWN, facts=told, revision=case.revision, at=noon)
    assert not case.is_open
    assert not queries.blocks_of(owner, order.pk)
    assert service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    cases.reopen(owner, case.number, source="m2", revision=case.revision, at=noon)
    assert queries.blocks_of(owner, order.pk)


def test_a_refund_of_the_platform_opens_a_case_that_stops_the_order(owner, system, noon):
    [order] = orders(system, 1, noon)
    notice = RefundNotice(channel="goofish", order_no=order.order_no, refund_no="R1", state=RefundState.AWAITING_SELLER)
    [(refund, _)] = ingest_refunds(system, [notice], at=noon)
    case, _ = cases.open_case(system, order, refund, at=noon)
    assert [block.ref for block in queries.blocks_of(owner, order.pk)] == [case.public_id]
    cases.platform_moved(system, case.number, RefundState.CLOSED, at=noon)
    assert not queries.blocks_of(owner, order.pk)


def test_a_case_that_moves_to_another_order_stops_that_one(owner, system, noon):
    first, second = orders(system, 2, noon)
    case, _ = cases.open_case(system, first, None, at=noon)
    cases.move_to_order(system, case, second, at=noon)
    assert not queries.blocks_of(owner, first.pk)
    assert [block.ref for block in queries.blocks_of(owner, second.pk)] == [case.public_id]
