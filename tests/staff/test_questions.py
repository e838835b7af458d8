"""Questions written once: they are about one shop, and are answered anew each time they are asked."""

from dataclasses import replace

import pytest
from django.db.models import Count

from cardcase.kit.errors import NotAllowed
from cardcase.staff.models import ApiToken, Membership
from cardcase.staff.questions import ANY_SHOP, Question, moment

pytestmark = pytest.mark.django_db


def people() -> Question:
    return Question.of(Membership.objects.filter(shop_id=ANY_SHOP).order_by("role").values_list("role"))


def test_a_question_is_answered_for_the_actors_own_shop(lead, agent, stranger):
    question = people()
    assert question.ask(lead) == [("agent",), ("lead",)]
    assert question.ask(stranger) == [("owner",)]


def test_no_answer_is_kept(lead, agent, django_assert_num_queries):
    question = people()
    assert len(question.ask(lead)) == 2
    Membership.objects.filter(role="agent").delete()
    with django_assert_num_queries(1):
        assert question.ask(lead) == [("lead",)]


def test_every_place_that_names_the_shop_gets_the_actors(lead, stranger):
    tokens = ApiToken.objects.filter(shop_id=ANY_SHOP).order_by().values("shop_id").annotate(n=Count("pk")).values("n")
    rows = Membership.objects.filter(shop_id=ANY_SHOP).annotate(tokens=tokens).values_list("role", "tokens")
    ApiToken.objects.create(shop_id=lead.shop_id, staff_id=lead.staff_id, label="t", role="lead", token_sha256="0")
    question = Question.of(rows)
    assert question.ask(lead) == [("lead", 1)]
    assert question.ask(stranger) == [("owner", None)]


def test_a_question_about_no_shop_in_particular_is_not_written(shop):
    with pytest.raises(ValueError, match="one shop"):
        Question.of(Membership.objects.values_list("role"))
    with pytest.raises(ValueError, match="one shop"):
        Question.of(Membership.objects.filter(shop_id=shop.pk).values_list("role"))


def test_whoever_may_not_read_gets_no_answer(lead):
    with pytest.raises(NotAllowed):
        people().ask(replace(lead, role=None))


def test_a_question_that_was_not_cut_is_cut_as_it_is_asked(lead, agent, owner):
    question = people()
    assert question.ask(lead, limit=2) == [("agent",), ("lead",)]
    assert question.ask(lead, limit=2, offset=2) == [("owner",)]


def test_a_moment_is_read_the_same_from_every_database(lead, noon):
    ApiToken.objects.create(
        shop_id=lead.shop_id, staff_id=lead.staff_id, label="t", role="lead", token_sha256="0", created_at=noon
    )
    rows = ApiToken.objects.filter(shop_id=ANY_SHOP).values_list("created_at", "revoked_at")
    assert [tuple(map(moment, row)) for row in Question.of(rows).ask(lead)] == [(noon, None)]
    assert moment(noon.replace(tzinfo=None)) == noon
