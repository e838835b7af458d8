"""How many codes one person may see in a day, and which need the second factor."""

from dataclasses import replace
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from cardcase.cards import queries, service
from cardcase.cards.models import Card, Reveal
from cardcase.connectors.ports import CardNotice
from cardcase.custody import queries as custody
from cardcase.kit.errors import Refused
from cardcase.kit.secret import CardCode
from cardcase.staff.models import Shop, Staff
from cardcase.staff.rules import Actor, SecondFactorNeeded

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def stocked(shop, system, noon):
    Shop.objects.filter(pk=shop.pk).update(reveal_cap=3, large_value_fen=50_000)
    codes = [CardNotice(code=CardCode(f"K7QM-92XF-LP3D-{n:04d}"), face_fen=10_000) for n in range(5)]
    large = [CardNotice(code=CardCode("K7QM-92XF-LP3D-BIG1"), face_fen=50_000)]
    service.stock(system, codes + large, batch="b", at=noon)
    return [card.public_id for card in Card.objects.order_by("pk")]


def look(actor, card_id, at, **more):
    return service.reveal(actor, card_id, reason="核对卡面", at=at, **more)


def kinds(actor):
    return [item.kind for item in custody.history(actor, [f"shop_{actor.shop_id}"])]


def test_after_the_days_share_a_person_sees_no_more_until_tomorrow(lead, stocked, noon):
    for card_id in stocked[:3]:
        look(lead, card_id, noon)
    with pytest.raises(Refused) as refused:
        look(lead, stocked[3], noon)
    assert refused.value.problem_code == "reveal_cap"
    assert Reveal.objects.count() == 3
    tomorrow = noon + timedelta(hours=12)  # Shanghai's midnight lies between
    assert look(lead, stocked[3], tomorrow)


def test_the_share_is_each_persons_own_and_the_owner_is_told_once(lead, owner, stocked, noon):
    for card_id in stocked[:3]:
        look(lead, card_id, noon)
    assert look(owner, stocked[3], noon)
    assert kinds(owner) == ["card.cap_near"]
    assert [(one.who, one.seen) for one in queries.busy_lookers(owner, noon - timedelta(hours=1), share=0.8)] == [
        (lead.label, 3)
    ]


def test_only_the_owner_goes_over_and_the_record_keeps_why(lead, owner, stocked, noon):
    for actor in (lead, owner):
        for card_id in stocked[:3]:
            look(actor, card_id, noon)
    with pytest.raises(Refused):
        look(lead, stocked[3], noon, override_reason="赶时间")
    with pytest.raises(Refused):
        look(owner, stocked[3], noon)
    look(owner, stocked[3], noon, override_reason="平台要求逐张核对")
    assert kinds(owner)[-1] == "card.cap_exceeded"


def test_much_money_needs_the_second_factor_except_at_the_machine_itself(shop, owner, stocked, noon):
    large = stocked[-1]
    with pytest.raises(SecondFactorNeeded):
        look(owner, large, noon)
    assert look(replace(owner, is_proven=True), large, noon)
    assert look(Actor.console(shop.pk), large, noon)


@pytest.fixture
def person(owner):
    return Staff.objects.get(pk=owner.staff_id)


@pytest.fixture
def page(person):
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


def shown_factor(page, person, at):
    """What allauth writes into the session when somebody has typed the number of the authenticator."""
    session = page.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": at.timestamp(), "type": "totp"}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


def test_a_page_leads_to_the_second_factor_and_then_shows_the_code(page, person, stocked, noon):
    url = f"/cards/{stocked[-1]}/reveal/"
    without = page.post(url, {"reason": "核对"})
    assert (without.status_code, without.headers["Location"]) == (302, "/account/2fa/")
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    asked = page.post(url, {"reason": "核对"}, headers={"referer": f"http://testserver/cards/{stocked[-1]}/"})
    assert asked.headers["Location"].startswith("/account/2fa/reauthenticate/?next=%2Fcards%2F")
    shown_factor(page, person, noon - timedelta(minutes=1))
    assert "BIG1" in page.post(url, {"reason": "核对"}).content.decode()


def test_a_factor_shown_long_ago_counts_no_more(page, person, stocked, noon):
    shown_factor(page, person, noon - timedelta(hours=1))
    assert page.post(f"/cards/{stocked[-1]}/reveal/", {"reason": "核对"}).status_code == 302


def test_somebody_elses_factor_in_the_session_counts_nothing(page, person, lead, stocked, noon):
    shown_factor(page, Staff.objects.get(pk=lead.staff_id), noon)
    assert page.post(f"/cards/{stocked[-1]}/reveal/", {"reason": "核对"}).status_code == 302


def test_a_value_never_leaves_when_the_record_cannot_be_written(lead, stocked, noon, monkeypatch):
    def broken(*_args, **_told):
        raise OSError("the disk is full")

    monkeypatch.setattr("cardcase.cards.service.rows.custody.append", broken)
    with pytest.raises(OSError, match="disk"):
        look(lead, stocked[0], noon)
    assert not Reveal.objects.exists()
