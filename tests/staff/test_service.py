"""People, roles and tokens: who is made, what is shown once, and what an owner of one shop cannot do to another."""

from datetime import timedelta

import pytest

from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.staff import queries, service
from cardcase.staff.models import ApiToken, Membership, Staff
from cardcase.staff.rules import Actor, Permission, Role, narrower

pytestmark = pytest.mark.django_db


def test_a_shop_gets_a_slug_of_its_own(noon, db):
    shop = service.create_shop(name="礼卡小铺", at=noon)
    other = service.create_shop(name="礼卡小铺", at=noon)
    assert shop.slug != other.slug
    with pytest.raises(Refused):
        service.create_shop(name="第三家", slug=shop.slug, at=noon)
    with pytest.raises(WrongUse):
        service.create_shop(name="  ", at=noon)


def test_a_new_person_gets_a_password_once_and_must_change_it(owner, noon):
    made = service.create_staff(owner, username="小林", role=Role.AGENT, at=noon)
    person = Staff.objects.get(username="小林")
    assert person.must_change_password
    assert person.check_password(made.password)
    assert made.password not in repr(made)
    assert len(made.password.replace("-", "")) == 16
    assert queries.staff_of_shop(owner)[-1].role is Role.AGENT


def test_a_name_is_taken_whatever_its_case(owner, noon):
    service.create_staff(owner, username="Lin", role=Role.AGENT, at=noon)
    with pytest.raises(Refused):
        service.create_staff(owner, username="lin", role=Role.AGENT, at=noon)
    with pytest.raises(WrongUse):
        service.create_staff(owner, username="a b/c", role=Role.AGENT, at=noon)


@pytest.mark.parametrize("who", ["lead", "agent", "auditor"])
def test_only_owners_manage_people_and_tokens(request, who, noon):
    actor = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        service.create_staff(actor, username="x", role=Role.OWNER, at=noon)
    with pytest.raises(NotAllowed):
        service.create_token(actor, label="x", role=Role.OWNER, at=noon)
    with pytest.raises(NotAllowed):
        service.set_role(actor, staff_id=actor.staff_id, role=Role.OWNER, at=noon)
    with pytest.raises(NotAllowed):
        queries.tokens_of_shop(actor)


def test_the_last_owner_stays(owner, agent, noon):
    with pytest.raises(Refused) as refused:
        service.set_role(owner, staff_id=owner.staff_id, role=Role.AGENT, at=noon)
    assert refused.value.problem_code == "last_owner"
    with pytest.raises(Refused):
        service.remove_staff(owner, staff_id=owner.staff_id, at=noon)
    service.set_role(owner, staff_id=agent.staff_id, role=Role.OWNER, at=noon)
    service.set_role(owner, staff_id=owner.staff_id, role=Role.LEAD, at=noon)
    assert Membership.objects.get(staff_id=owner.staff_id).as_role is Role.LEAD


def test_an_owner_cannot_reach_into_another_shop(owner, stranger, noon):
    for verb in (service.remove_staff, service.reset_password):
        with pytest.raises(NotFound):
            verb(owner, staff_id=stranger.staff_id, at=noon)
    with pytest.raises(NotFound):
        service.set_role(owner, staff_id=stranger.staff_id, role=Role.AGENT, at=noon)
    with pytest.raises(NotFound):
        service.add_staff(owner, username=Staff.objects.get(pk=stranger.staff_id).username, role=Role.AGENT, at=noon)
    token = service.create_token(stranger, label="theirs", role=Role.OWNER, at=noon)
    with pytest.raises(NotFound):
        service.revoke_token(owner, token_id=token.id, at=noon)
    assert [row.label for row in queries.tokens_of_shop(owner)] == []


def test_a_password_of_somebody_who_works_elsewhere_too_is_not_reset(owner, agent, stranger, noon):
    Membership.objects.create(shop_id=stranger.shop_id, staff_id=agent.staff_id, role="agent")
    with pytest.raises(Refused) as refused:
        service.reset_password(owner, staff_id=agent.staff_id, at=noon)
    assert refused.value.problem_code == "not_your_person"


def test_an_owner_of_two_shops_shares_people_between_them(owner, agent, other_shop, noon):
    Membership.objects.create(shop=other_shop, staff_id=owner.staff_id, role="owner")
    there = Actor(owner.kind, other_shop.pk, Role.OWNER, owner.staff_id)
    name = Staff.objects.get(pk=agent.staff_id).username
    service.add_staff(there, username=name, role=Role.LEAD, at=noon)
    assert {row.username: row.role for row in queries.staff_of_shop(there)}[name] is Role.LEAD
    with pytest.raises(Refused):
        service.add_staff(there, username=name, role=Role.LEAD, at=noon)
    service.reset_password(there, staff_id=agent.staff_id, at=noon)


def test_a_token_is_kept_as_a_digest_and_shown_once(owner, noon):
    made = service.create_token(owner, label="发货脚本", role=Role.AGENT, at=noon)
    assert made.plain.startswith("cct_")
    assert made.plain not in repr(made)
    row = ApiToken.objects.get()
    assert made.plain not in str(vars(row))
    actor = queries.actor_by_token(made.plain)
    assert actor.role is Role.AGENT
    assert actor.shop_id == owner.shop_id
    assert actor.is_person
    assert queries.actor_by_token(made.plain + "x") is None


def test_a_token_never_does_more_than_its_person_may_today(owner, agent, noon):
    service.set_role(owner, staff_id=agent.staff_id, role=Role.OWNER, at=noon)
    token = service.create_token(
        Actor(owner.kind, owner.shop_id, Role.OWNER, agent.staff_id), label="x", role=Role.OWNER, at=noon
    )
    service.set_role(owner, staff_id=agent.staff_id, role=Role.AUDITOR, at=noon)
    assert not queries.actor_by_token(token.plain).may(Permission.WORK)
    service.remove_staff(owner, staff_id=agent.staff_id, at=noon)
    assert queries.actor_by_token(token.plain) is None
    assert ApiToken.objects.get().revoked_at == noon


def test_a_revoked_token_opens_nothing(owner, noon):
    made = service.create_token(owner, label="x", role=Role.AGENT, at=noon)
    service.revoke_token(owner, token_id=made.id, at=noon)
    service.revoke_token(owner, token_id=made.id, at=noon + timedelta(hours=1))
    assert queries.actor_by_token(made.plain) is None
    assert ApiToken.objects.get().revoked_at == noon


def test_use_of_a_token_is_noted_at_most_each_five_minutes(owner, noon, django_assert_num_queries):
    made = service.create_token(owner, label="x", role=Role.AGENT, at=noon)
    for minutes, seen in ((0, 0), (3, 0), (6, 6)):
        service.touch_token(made.plain, at=noon + timedelta(minutes=minutes))
        assert ApiToken.objects.get().last_used_at == noon + timedelta(minutes=seen)


def test_a_deactivated_person_has_no_token(owner, noon):
    made = service.create_token(owner, label="x", role=Role.AGENT, at=noon)
    Staff.objects.filter(pk=owner.staff_id).update(is_active=False)
    assert queries.actor_by_token(made.plain) is None


def test_the_shops_defaults_make_sense(owner, noon):
    good = {"name": "新名", "default_response_hours": 48, "agent_limit_fen": 3000, "is_pro": True}
    assert service.update_shop(owner, **good, at=noon).agent_limit_fen == 3000
    for wrong in ({"name": " "}, {"default_response_hours": 0}, {"agent_limit_fen": -1}):
        with pytest.raises(WrongUse):
            service.update_shop(owner, **{**good, **wrong}, at=noon)


def test_the_narrower_of_two_roles_may_do_less():
    assert narrower(Role.OWNER, Role.AUDITOR) is Role.AUDITOR
    assert narrower(Role.AGENT, Role.LEAD) is Role.AGENT


def test_the_console_acts_as_owner_of_its_shop(shop):
    assert Actor.console(shop.pk).may(Permission.MANAGE_SHOP)
