from dataclasses import replace

import pytest

from cardcase.cards.models import Card, Reveal
from cardcase.delivery import service
from cardcase.kit.errors import Refused
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, SecondFactorNeeded
from delivery.world import given, orders, stock

pytestmark = pytest.mark.django_db


def show(actor, view, at, how="chat"):
    return service.authorise(actor, view.public_id, to="buyer", how=how, reason="发货", at=at)


def test_sending_has_a_share_of_its_own_and_nothing_is_half_sent(owner, system, noon):
    Shop.objects.filter(pk=owner.shop_id).update(reveal_cap=0, give_cap=3)
    stock(system, 4, noon)
    first, second = orders(system, 2, noon)
    show(owner, given(system, first, noon, 2), noon)
    view = given(system, second, noon, 2)
    with pytest.raises(Refused) as refused:
        show(owner, view, noon)
    assert refused.value.problem_code == "reveal_cap"
    assert Reveal.objects.filter(order=second).count() == 0
    assert {card.state for card in Card.objects.filter(order=second)} == {"reserved"}


def test_the_claim_page_has_no_share_for_there_no_member_of_staff_sees_a_code(owner, system, noon):
    Shop.objects.filter(pk=owner.shop_id).update(give_cap=0, large_value_fen=1)
    stock(system, 1, noon)
    view = given(system, orders(system, 1, noon)[0], noon)
    assert show(Actor.system(owner.shop_id, label="claim"), view, noon, how="claim")


def test_much_money_is_sent_only_after_the_second_factor(owner, system, noon):
    Shop.objects.filter(pk=owner.shop_id).update(large_value_fen=1)
    stock(system, 1, noon)
    view = given(system, orders(system, 1, noon)[0], noon)
    with pytest.raises(SecondFactorNeeded):
        show(owner, view, noon)
    assert show(replace(owner, is_proven=True), view, noon)
