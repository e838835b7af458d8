"""Signing in, the one-time password, settings by role, and the walls between shops."""

import re

import pytest
from django.core import mail
from django.test import Client

from cardcase.staff import queries, service
from cardcase.staff.models import ApiToken, Membership, Shop, Staff
from cardcase.staff.rules import Role

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
PASSWORD = "correct horse battery"


@pytest.fixture
def as_role(client):
    def sign_in(actor):
        client.force_login(Staff.objects.get(pk=actor.staff_id), BACKEND)
        return client

    return sign_in


def _sign_in(client, username, password):
    return client.post("/account/login/", {"login": username, "password": password})


def test_a_stranger_is_led_to_the_door_and_back(client, owner):
    answer = client.get("/settings/")
    assert answer.headers["Location"] == "/account/login/?next=/settings/"
    answer = client.post(
        "/account/login/?next=/settings/",
        {"login": "owner-lika", "password": PASSWORD, "next": "/settings/"},
    )
    assert answer.headers["Location"] == "/settings/"


def test_the_door_speaks_chinese_and_offers_no_sign_up(client, db):
    body = client.get("/account/login/").content.decode()
    assert "用户名" in body
    assert "用通行密钥登录" in body
    assert "/account/signup/" not in body
    answer = client.post("/account/signup/", {"username": "evil", "password1": PASSWORD, "password2": PASSWORD})
    assert not Staff.objects.filter(username="evil").exists()
    assert answer.status_code in (200, 302)


def test_a_wrong_password_says_nothing_about_the_name(client, owner):
    known = _sign_in(client, "owner-lika", "wrong password").content.decode()
    unknown = _sign_in(client, "nobody-here", "wrong password").content.decode()
    said = [re.findall(r'role="alert"><p>([^<]+)', body) for body in (known, unknown)]
    assert said[0] == said[1] != []


def test_passwords_are_never_mailed(client, owner):
    assert client.post("/account/password/reset/", {"email": "a@b.invalid"}).status_code == 405
    assert "不用邮件" in client.get("/account/password/reset/").content.decode()
    assert client.get("/account/email/").headers["Location"] == "/settings/"
    assert mail.outbox == []


def test_a_one_time_password_is_good_for_choosing_another_and_nothing_else(client, owner, noon):
    made = service.create_staff(owner, username="小林", role=Role.AGENT, at=noon)
    assert _sign_in(client, "小林", made.password).headers["Location"] == "/account/password/change/"
    assert client.get("/settings/").headers["Location"] == "/account/password/change/"
    assert "一次性密码" in client.get("/account/password/change/").content.decode()
    same = {"oldpassword": made.password, "password1": made.password, "password2": made.password}
    assert "不要沿用" in client.post("/account/password/change/", same).content.decode()
    new = {"oldpassword": made.password, "password1": "ein langes wort 7", "password2": "ein langes wort 7"}
    assert client.post("/account/password/change/", new).headers["Location"] == "/"
    assert not Staff.objects.get(username="小林").must_change_password
    assert client.get("/settings/").status_code == 200


def test_a_new_password_ends_all_other_sessions(owner):
    here, there = Client(), Client()
    for client in (here, there):
        _sign_in(client, "owner-lika", PASSWORD)
        assert client.get("/settings/").status_code == 200
    new = {"oldpassword": PASSWORD, "password1": "ein langes wort 7", "password2": "ein langes wort 7"}
    here.post("/account/password/change/", new)
    assert here.get("/settings/").status_code == 200
    assert there.get("/settings/").status_code == 302


def test_somebody_without_a_shop_is_told_so(client, db):
    client.force_login(Staff.objects.create_user("lonely", password=PASSWORD), BACKEND)
    answer = client.get("/settings/")
    assert answer.status_code == 403
    assert "还不属于任何店铺" in answer.content.decode()


@pytest.mark.parametrize(("who", "status"), [("owner", 200), ("lead", 403), ("agent", 403), ("auditor", 403)])
@pytest.mark.parametrize("url", ["/settings/shop/", "/settings/staff/", "/settings/tokens/"])
def test_only_owners_open_the_shops_settings(request, as_role, who, status, url):
    assert as_role(request.getfixturevalue(who)).get(url).status_code == status


@pytest.mark.parametrize(
    "url",
    [
        "/settings/staff/new/",
        "/settings/staff/1/role/",
        "/settings/staff/1/remove/",
        "/settings/staff/1/password/",
        "/settings/tokens/new/",
        "/settings/tokens/1/revoke/",
        "/settings/switch-shop/",
    ],
)
def test_acts_are_posted_and_never_followed_as_links(as_role, owner, url):
    assert as_role(owner).get(url).status_code == 405


def test_what_an_agent_posts_changes_nothing(as_role, agent):
    client = as_role(agent)
    form = {"username": "evil", "role": "owner", "label": "evil"}
    for url in ("/settings/staff/new/", "/settings/tokens/new/", f"/settings/staff/{agent.staff_id}/role/"):
        assert client.post(url, form).status_code == 403
    assert Membership.objects.get(staff_id=agent.staff_id).as_role is Role.AGENT
    assert not ApiToken.objects.exists()
    assert not Staff.objects.filter(username="evil").exists()


def test_a_one_time_password_is_shown_once_and_kept_nowhere(as_role, owner):
    client = as_role(owner)
    answer = client.post("/settings/staff/new/", {"username": "小林", "role": "agent", "act": "new"})
    assert "no-store" in answer.headers["Cache-Control"]
    password = re.search(r"data-copy-source>([^<]+)<", answer.content.decode()).group(1)
    assert Staff.objects.get(username="小林").check_password(password)
    assert password not in client.get("/settings/staff/").content.decode()


def test_a_taken_name_is_said_beside_the_input_and_what_was_typed_stays(as_role, owner, agent):
    answer = as_role(owner).post("/settings/staff/new/", {"username": "agent-lika", "role": "agent", "act": "new"})
    assert answer.status_code == 409
    body = answer.content.decode()
    assert "已被使用" in body
    assert 'value="agent-lika"' in body


def test_a_token_made_on_the_page_opens_the_api_and_can_be_ended(as_role, owner):
    client = as_role(owner)
    answer = client.post("/settings/tokens/new/", {"label": "发货脚本", "role": "agent"})
    plain = re.search(r"data-copy-source>([^<]+)<", answer.content.decode()).group(1)
    assert queries.actor_by_token(plain).role is Role.AGENT
    client.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert queries.actor_by_token(plain) is None


def test_removing_somebody_needs_their_name_typed(as_role, owner, agent):
    client = as_role(owner)
    client.post(f"/settings/staff/{agent.staff_id}/remove/", {"typed": "somebody"})
    assert Membership.objects.filter(staff_id=agent.staff_id).exists()
    client.post(f"/settings/staff/{agent.staff_id}/remove/", {"typed": "agent-lika"})
    assert not Membership.objects.filter(staff_id=agent.staff_id).exists()


def test_the_shops_name_and_limit_are_saved_in_fen(as_role, owner):
    form = {"name": "新名", "default_response_hours": "48", "agent_limit": "￥49.90", "is_pro": "no"}
    assert as_role(owner).post("/settings/shop/", form).status_code == 302
    shop = Shop.objects.get(pk=owner.shop_id)
    assert (shop.name, shop.agent_limit_fen, shop.is_pro) == ("新名", 4990, False)
    answer = as_role(owner).post("/settings/shop/", {**form, "agent_limit": "很多"})
    assert answer.status_code == 422
    assert "请写成金额" in answer.content.decode()


def test_one_turns_only_to_shops_one_belongs_to(as_role, owner, other_shop):
    client = as_role(owner)
    client.post("/settings/switch-shop/", {"shop": str(other_shop.pk)})
    assert "礼卡小铺" in client.get("/settings/").content.decode()
    Membership.objects.create(shop=other_shop, staff_id=owner.staff_id, role="auditor")
    answer = client.post("/settings/switch-shop/", {"shop": str(other_shop.pk), "next": "/cases/AS-2026-000123/"})
    assert answer.headers["Location"] == "/"
    body = client.get("/settings/").content.decode()
    assert "别家" in body
    assert client.get("/settings/staff/").status_code == 403


def test_a_shop_left_is_a_shop_closed(as_role, owner, other_shop):
    member = Membership.objects.create(shop=other_shop, staff_id=owner.staff_id, role="owner")
    client = as_role(owner)
    client.post("/settings/switch-shop/", {"shop": str(other_shop.pk)})
    member.delete()
    assert "礼卡小铺" in client.get("/settings/").content.decode()


def test_a_list_that_refreshes_itself_leads_the_whole_page_to_the_door(client, db):
    answer = client.get("/settings/", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Refresh"] == "true"


def test_the_second_factor_is_asked_for_at_the_door(client, owner):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(Staff.objects.get(pk=owner.staff_id), generate_totp_secret())
    answer = _sign_in(client, "owner-lika", PASSWORD)
    assert answer.headers["Location"].startswith("/account/2fa/authenticate/")
    body = client.get(answer.headers["Location"]).content.decode()
    assert 'name="code"' in body
    assert client.get("/settings/").status_code == 302
