import pytest

from cardcase.kit.errors import NotAllowed
from cardcase.staff.rules import Actor, ActorKind, Permission, Role


def test_only_the_owner_moves_money():
    for role in Role:
        actor = Actor(ActorKind.STAFF, 1, role)
        assert actor.may(Permission.MONEY) is (role is Role.OWNER)


def test_the_system_is_not_a_person_and_never_decides():
    system = Actor.system(1)
    assert not system.is_person
    for permission in (Permission.MONEY, Permission.DECIDE, Permission.REVEAL, Permission.LIFT_HOLD):
        with pytest.raises(NotAllowed):
            system.require(permission)


def test_the_shop_fixture_has_a_database(shop, stranger):
    assert shop.pk != stranger.shop_id
