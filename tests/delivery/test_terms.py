from datetime import timedelta

import pytest

from cardcase.connectors.ports import OrderNotice
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.kit.errors import NotAllowed, Refused
from cardcase.orders.service import ingest_orders
from cardcase.policies.service import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(system, noon):
    return ingest_orders(
        system, [OrderNotice(channel="goofish", order_no="2226690000000000001", paid_at=noon)], at=noon
    )[0][0]


def test_consent_counts_only_after_the_terms_were_shown(system, order, noon):
    with pytest.raises(Refused) as early:
        service.acknowledge(system, order, how="chat", words="好的", said_at=noon, at=noon)
    assert early.value.problem_code == "terms_not_shown"
    service.show_terms(system, order, how="chat", at=noon)
    with pytest.raises(Refused):
        service.acknowledge(system, order, how="chat", words="好的", said_at=noon - timedelta(minutes=1), at=noon)
    said = noon + timedelta(minutes=3)
    assert service.acknowledge(system, order, how="chat", words="好的", said_at=said, message_id="m1", at=said)
    state = queries.terms_of(system, order.pk)
    assert (state.is_open, state.words, state.answered_at) == (True, "好的", said)


def test_the_first_answer_stays(system, order, noon):
    service.show_terms(system, order, how="chat", at=noon)
    assert service.acknowledge(system, order, how="chat", words="好的", said_at=noon, at=noon)
    assert not service.acknowledge(system, order, how="chat", words="同意", said_at=noon, at=noon)
    assert queries.terms_of(system, order.pk).words == "好的"


def test_the_terms_are_those_of_the_policy_at_the_payment(owner, system, order, noon):
    publish(owner, "售后政策", "面值不符包退。", effective_from=noon + timedelta(days=1), at=noon)
    assert "面值不符包退" not in queries.terms_text(system, order).text
    order.paid_at = noon + timedelta(days=2)
    told = queries.terms_text(system, order)
    text, version = told.text, told.version
    assert ("面值不符包退" in text, version) == (True, 1)


def test_the_same_words_shown_twice_are_one_showing(system, order, noon):
    first = service.show_terms(system, order, how="chat", at=noon)
    again = service.show_terms(system, order, how="chat", at=noon + timedelta(hours=1))
    assert (again.pk, again.shown_at) == (first.pk, noon)
    assert [item.kind for item in custody.history(system, [order.public_id])].count("delivery.terms_shown") == 1


def test_only_the_owner_waives_and_says_why(owner, lead, system, order, noon):
    for actor in (lead, system):
        with pytest.raises(NotAllowed):
            service.waive_terms(actor, order, reason="老客户", at=noon)
    assert service.waive_terms(owner, order, reason="老客户，电话里说过", at=noon)
    assert queries.terms_of(owner, order.pk).how == "waived"
