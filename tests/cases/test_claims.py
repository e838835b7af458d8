"""Many claims at once come to the same as one verb after the other, and cost a few statements each."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.cases import service
from cardcase.cases.models import Case, CaseNumber
from cardcase.cases.service import Told, opening
from cardcase.connectors.ports import RefundState
from cardcase.custody import queries as custody
from cardcase.custody import service as record
from cardcase.deadlines import queries as deadlines
from cardcase.kit.errors import NotAllowed
from cardcase.kit.text import Text
from cardcase.triage.rules import read_conversation

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LOOK = ("linked_by_nick", Text("看", "look"))


def reading(form: str = "卡密无效"):
    return read_conversation([], form_reason=form)


def told(order, refund, *, state: RefundState | None = None, form: str = "卡密无效") -> Told:
    now = state or (RefundState(refund.state) if refund else None)
    return Told(order=order, refund=refund, reading=reading(form), state=now, doubts=[LOOK])


def shown(actor, case) -> dict:
    """All of a case that does not tell when and under which number it was opened."""
    row = Case.objects.get(pk=case.pk)
    return {
        "status": (row.status, row.stage, row.mirror_state, row.outcome, row.is_open, row.is_incident),
        "reason": (row.claimed_reason, row.sub_reason, row.confidence, row.quotes, row.signals),
        "needs": row.needs_human,
        "books": (row.claimed_fen, row.card_id is not None, row.next_due_at, row.revision, row.last_event),
        "clocks": [(clock.kind, clock.due_at, clock.state) for clock in deadlines.of_subject(actor, row.public_id)],
        "record": [item.kind for item in custody.history(actor, [row.public_id])],
    }


@pytest.mark.parametrize(
    "refund",
    [
        {},
        {"timeout_at": None},
        {"state": RefundState.AWAITING_RETURN.value},
        {"state": RefundState.SUCCEEDED.value},
        {"state": RefundState.REFUSED.value},
        {"state": RefundState.CLOSED.value},
        {"state": RefundState.UNKNOWN.value},
        None,
    ],
)
def test_together_comes_to_the_same_as_one_verb_after_the_other(system, make_order, make_refund, noon, refund):
    def claim():
        order = make_order(cards=1 if refund else 2)
        return order, make_refund(order, **refund) if refund is not None else None

    (order, asked), others = claim(), [claim(), claim()]
    alone, _ = service.open_case(system, order, asked, at=noon)
    if alone.is_open:
        service.record_triage(system, alone, reading(), at=noon)
        service.add_need(system, alone, *LOOK, at=noon)
    found = service.follow_claims(system, [told(*other) for other in others], at=noon)
    assert [(one.is_new, one.has_followed) for one in found] == [(True, False)] * 2
    assert [shown(system, one.case) for one in found] == [shown(system, alone)] * 2
    assert [one.case.number for one in found] == ["AS-2026-000002", "AS-2026-000003"]


def test_what_is_returned_is_what_the_table_holds(system, make_order, make_refund, noon):
    order = make_order()
    [one] = service.follow_claims(system, [told(order, make_refund(order, timeout_at=None))], at=noon)
    row = Case.objects.get(pk=one.case.pk)
    fields = [field.attname for field in Case._meta.concrete_fields]
    assert {name: getattr(one.case, name) for name in fields} == {name: getattr(row, name) for name in fields}


def test_the_latest_word_is_acted_upon_and_again_changes_nothing(system, make_order, make_refund, noon):
    order = make_order()
    refund = make_refund(order)
    [new] = service.follow_claims(system, [told(order, refund, state=RefundState.CLOSED)], at=noon)
    assert (new.is_new, new.has_followed, new.case.status) == (True, True, "withdrawn")
    before = shown(system, new.case)
    [again] = service.follow_claims(system, [told(order, refund, state=RefundState.CLOSED)], at=noon + HOUR)
    assert (again.is_new, again.case.pk) == (False, new.case.pk)
    assert shown(system, new.case) == before


def test_several_refunds_of_one_order_and_an_enquiry_before_them(system, make_order, make_refund, noon):
    order, other = make_order(), make_order()
    enquiry, _ = service.open_case(system, order, None, at=noon)
    first, second = make_refund(order), make_refund(order)
    claims = [told(order, first), told(order, second), told(other, make_refund(other))]
    found = service.follow_claims(system, claims, at=noon)
    assert [one.is_new for one in found] == [False, True, True]
    assert found[0].case.pk == enquiry.pk
    assert [one.case.refund_id for one in found[:2]] == [first.pk, second.pk]
    assert [one.case.number for one in found] == ["AS-2026-000001", "AS-2026-000002", "AS-2026-000003"]
    assert all(one.case.next_due_at == Case.objects.get(pk=one.case.pk).next_due_at for one in found)


def test_who_loses_one_race_keeps_the_other_claims(system, make_order, make_refund, noon, monkeypatch):
    orders = [make_order() for _ in range(3)]
    refunds = [make_refund(order) for order in orders]
    winner, _ = service.open_case(system, orders[1], refunds[1], at=noon)
    monkeypatch.setattr(opening, "_known", lambda *_: None)  # as if the winner had come after our look
    monkeypatch.setattr(
        opening, "_key", lambda _cases, order, _refund: winner.claim_key if order == orders[1] else f"k/{order.pk}"
    )
    found = service.follow_claims(system, [told(*pair) for pair in zip(orders, refunds, strict=True)], at=noon)
    assert [one.is_new for one in found] == [True, False, True]
    assert found[1].case.pk == winner.pk
    assert CaseNumber.objects.get().last == 3


def test_auditors_follow_nothing(auditor, make_order, noon):
    with pytest.raises(NotAllowed):
        service.follow_claims(auditor, [told(make_order(), None)], at=noon)


def test_one_more_new_case_costs_two_statements(system, make_order, make_refund, noon):
    def statements(count: int) -> int:
        orders = [make_order() for _ in range(count)]
        claims = [replace(told(order, make_refund(order)), doubts=()) for order in orders]
        with CaptureQueriesContext(connection) as seen, record.together():
            service.follow_claims(system, claims, at=noon)
        return len(seen)

    statements(1)  # the counter of numbers and the head of the record begin with the first
    few, many = statements(2), statements(12)
    assert many - few <= 2 * 10  # its clock, and all that was kept on it
