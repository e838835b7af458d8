"""Looks at balances: noted with their kind, fresh or not just before a code leaves, made by hand or by a checker."""

from datetime import date, timedelta

import pytest

from cardcase.cards import checkers, queries, service
from cardcase.cards.models import BalanceCheck, Card
from cardcase.cards.rules import CheckKind
from cardcase.connectors.ports import CardNotice, DeliveryNotice
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor

pytestmark = pytest.mark.django_db
CODE = "XQ7R4KT2M9ZP81AB"


@pytest.fixture
def card(system, noon):
    notice = CardNotice(code=CardCode(CODE), brand="苹果", face_fen=20_000)
    service.stock(system, [notice], batch="b", at=noon)
    return Card.objects.visible_to(system).get().public_id


def look(actor, card, at, **told):
    return service.record_balance_check(actor, card, **{"method": "manual", "balance_fen": 20_000, "at": at, **told})


def reason(actor, card, at, **more):
    with pytest.raises(Refused) as refused:
        service.check_before_reveal(actor, card, at=at, **more)
    assert refused.value.problem_code == "check_needed"
    assert refused.value.next.zh
    assert refused.value.next.en
    return refused.value.facts["reason"]


def test_a_code_leaves_only_after_a_look_of_the_last_quarter_of_an_hour(agent, card, noon):
    assert reason(agent, card, noon) == "never"
    look(agent, card, noon)
    minutes = timedelta(minutes=1)
    assert service.check_before_reveal(agent, card, at=noon + 15 * minutes).age == 15 * minutes
    assert reason(agent, card, noon + 16 * minutes) == "stale"
    assert service.check_before_reveal(agent, card, at=noon + 16 * minutes, fresh_for=30 * minutes).is_fresh


def test_the_last_look_counts_and_not_a_better_one_before_it(agent, card, noon):
    look(agent, card, noon - timedelta(minutes=2))
    look(agent, card, noon - timedelta(minutes=1), balance_fen=19_999)
    assert reason(agent, card, noon) == "short"
    look(agent, card, noon, balance_fen=None, is_usable=False)
    assert reason(agent, card, noon) == "unusable"


def test_a_look_says_what_it_was_for_and_unsaid_it_follows_from_where_the_card_is(agent, system, card, noon):
    assert look(agent, card, noon).kind == "pre_sale"
    assert look(agent, card, noon, kind=CheckKind.BEFORE_REVEAL).kind == "before_reveal"
    service.record_deliveries(system, [DeliveryNotice(channel="goofish", order_no="1", code=CardCode(CODE))], at=noon)
    assert look(agent, card, noon).kind == "after"
    assert [check.kind.value for check in queries.card_life(agent, card).checks] == [
        "pre_sale", "before_reveal", "after",
    ]  # fmt: skip


def test_a_proof_is_kept_and_a_negative_balance_is_no_look(agent, card, noon):
    assert look(agent, card, noon, proof=b"a screenshot").proof_sha256
    with pytest.raises(WrongUse):
        look(agent, card, noon, balance_fen=-1)
    assert BalanceCheck.objects.visible_to(agent).count() == 1


def test_the_guide_names_the_page_of_the_brand_in_both_languages(agent, system, card, noon):
    guide = queries.check_guide(agent, card)
    assert (guide.format, bool(guide.where.zh), bool(guide.what.en)) == ("apple", True, True)
    service.stock(system, [CardNotice(code=CardCode("UNKNOWNBRAND1"))], batch="b", at=noon)
    other = Card.objects.visible_to(system).exclude(public_id=card).get()
    assert queries.check_guide(agent, other.public_id).format == ""


class Demo:
    """A checker as an installation would bring it; it remembers only that it was asked."""

    def __init__(self, finding):
        self.finding, self.asked = finding, []

    def check(self, actor, code, brand):
        self.asked.append((actor.label, code.expose() == CODE, brand))
        return self.finding


@pytest.fixture
def demo():
    made = Demo(checkers.Finding(balance_fen=20_000, proof=b"page", note=f"seen {CODE}"))
    checkers.register("demo", made)
    yield made
    checkers.unregister("demo")


def test_a_checker_is_asked_after_the_record_says_so_and_its_answer_is_noted(lead, card, noon, demo):
    check = service.ask_checker(lead, card, checker="demo", kind=CheckKind.BEFORE_REVEAL, at=noon)
    assert demo.asked == [(lead.label, True, "苹果")]
    assert (check.method, check.balance_fen, check.kind) == ("checker:demo", 20_000, "before_reveal")
    assert CODE not in check.note
    assert [item.kind for item in custody.history(lead, [card])][-2:] == ["card.asked", "card.checked"]
    assert service.check_before_reveal(lead, card, at=noon).is_fresh


def test_a_checker_that_finds_nothing_leaves_no_look(lead, card, noon, demo):
    demo.finding = None
    with pytest.raises(Refused) as refused:
        service.ask_checker(lead, card, checker="demo", kind=CheckKind.PRE_SALE, at=noon)
    assert refused.value.problem_code == "checker_silent"
    assert not BalanceCheck.objects.visible_to(lead).exists()


class Point:
    """An entry point of a package beside ours."""

    def __init__(self, name, load):
        self.name, self.load = name, load


def test_installed_packages_bring_checkers_and_a_broken_one_breaks_nothing(monkeypatch, demo):
    points = [Point("broken", lambda: 1 / 0), Point("good", lambda: lambda: Demo(checkers.Finding()))]
    monkeypatch.setattr(checkers, "entry_points", lambda *, group: points if group == "cardcase.checkers" else [])
    checkers.load_installed.cache_clear()
    try:
        assert checkers.names() == ("manual", "demo", "good")
        assert isinstance(checkers.named("good"), type(demo))
    finally:
        checkers.unregister("good")


def test_no_checker_is_asked_that_is_not_there_nor_by_one_who_may_not(lead, agent, stranger, card, noon, demo):  # noqa: PLR0917 - a cast
    assert checkers.names() == ("manual", "demo")
    with pytest.raises(ValueError, match="taken"):
        checkers.register("manual", demo)
    for actor, name, error in (
        (lead, "manual", WrongUse), (agent, "demo", NotAllowed), (Actor.system(lead.shop_id), "demo", NotAllowed), (stranger, "demo", NotFound),
    ):  # fmt: skip
        with pytest.raises(error):
            service.ask_checker(actor, card, checker=name, kind=CheckKind.PRE_SALE, at=noon)
    assert demo.asked == []


def test_a_card_with_less_validity_left_than_the_shop_gives_is_equal_to_nothing(system, noon):
    today = date(2026, 11, 24)
    ends = [None, today + timedelta(days=30), today + timedelta(days=29), today - timedelta(days=1)]
    notices = [
        CardNotice(code=CardCode(f"XQ7R4KT2M9ZP81{n:02d}"), brand="苹果", face_fen=20_000, expires_on=end)
        for n, end in enumerate([None, *ends])
    ]
    service.stock(system, notices, batch="b", at=noon)
    first = Card.objects.visible_to(system).order_by("pk").first()
    assert queries.stock_of_equal_value(system, first.public_id, on=today) == 2
    Shop.objects.filter(pk=system.shop_id).update(least_validity_days=0)
    assert queries.stock_of_equal_value(system, first.public_id, on=today) == 3


def test_cards_of_another_spec_or_form_are_not_equal(system, noon):
    notices = [
        CardNotice(code=CardCode(f"XQ7R4KT2M9ZP81{n:02d}"), brand="苹果", face_fen=20_000, spec=spec)
        for n, spec in enumerate(["季卡", "季卡", "年卡", "季卡"])
    ]
    service.stock(system, notices, batch="b", at=noon)
    first, *_, last = Card.objects.visible_to(system).order_by("pk")
    Card.objects.visible_to(system).filter(pk=last.pk).update(form="physical")
    assert queries.stock_of_equal_value(system, first.public_id, on=date(2026, 11, 24)) == 1
