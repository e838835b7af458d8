"""Physical cards leave in a parcel and arrive: the event of the state machine, and what it refuses."""

import pytest

from cardcase.cards import queries, service
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardEvent, CardState, IllegalCardMove, advance
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed
from delivery.parcels_world import boxed, serial
from delivery.world import orders

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", list(CardState))
def test_only_a_card_that_is_kept_for_an_order_is_shipped(state):
    if state is CardState.RESERVED:
        assert advance(state, CardEvent.SHIP) is CardState.REVEALED
        return
    with pytest.raises(IllegalCardMove):
        advance(state, CardEvent.SHIP)


def test_a_card_is_shipped_for_its_own_order_only_and_is_never_opened(agent, auditor, system, noon, monkeypatch):
    boxed(system, noon)
    card = Card.objects.select_related("order").get()
    [other] = orders(system, 1, noon, first=5)
    with pytest.raises(IllegalCardMove):
        service.ship_cards(agent, [card], other, parcel="parcel_1", at=noon)
    with pytest.raises(NotAllowed):
        service.ship_cards(auditor, [card], card.order, parcel="parcel_1", at=noon)
    monkeypatch.setattr("cardcase.cards.vault.open_sealed", lambda *_a, **_k: pytest.fail("opened"))
    service.ship_cards(agent, [card], card.order, parcel="parcel_1", at=noon)
    assert not Reveal.objects.exists()
    service.note_arrived(agent, [card], card.order, signed_at=noon, at=noon)
    service.note_arrived(agent, [card], card.order, signed_at=noon, at=noon)
    assert Reveal.objects.get().how == "parcel"
    kinds = [item.kind for item in custody.history(agent, [card.public_id])]
    assert kinds[-3:] == ["card.shipped", "card.arrived", "card.arrived"]
    assert queries.audit(agent) == []


def test_a_serial_is_compared_by_its_hash_however_it_is_written(agent, system, noon):
    boxed(system, noon)
    card = Card.objects.get()
    read = queries.read_serials(agent, [card], [serial(0), "".join(serial(0).split()), " ", "9901-2200-330001"])
    assert [one.index == queries.number_on_file(card) for one in read] == [True, True, False]
    assert serial(0) not in repr(read)
