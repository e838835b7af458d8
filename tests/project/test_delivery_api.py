"""Deliveries over the API: a code is said once, to a person with the right to see it, and never kept."""

import pytest
from django.test import Client

from cardcase.delivery import queries
from cardcase.project.models import IdempotentReply
from cardcase.staff import service as staff
from cardcase.staff.rules import Role
from delivery.world import agreed, orders, stock

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/deliveries"
KIND = {"brand": "苹果充值卡", "face_fen": 20_000}


@pytest.fixture
def ask(owner, noon):
    token = staff.create_token(owner, label="t", role=Role.OWNER, at=noon).plain
    keys = iter(range(1000))

    def asking(path="", body=None, key=""):
        headers = {"Authorization": f"Bearer {token}"}
        if body is None:
            return Client().get(ROOT + path, headers=headers)
        headers["Idempotency-Key"] = key or f"k{next(keys)}"
        return Client().post(ROOT + path, body, content_type="application/json", headers=headers)

    return asking


def test_a_delivery_goes_its_way_over_the_api(ask, system, noon):
    [code] = stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    made = ask(body={"order_no": order.order_no, "kind": KIND, "quantity": 1}).json()
    path = f"/{made['id']}"
    assert (made["state"], [card["code"] for card in made["cards"]]) == ("allocated", [f"‥{code[-4:]}"])
    assert ask(f"{path}/authorise", {"reason": "发货"}).json()["code"] == "terms_open"
    assert "卡密" in ask(f"{path}/terms", {}).json()["text"]
    agreed(system, order, noon)
    answer = ask(f"{path}/authorise", {"reason": "发货"}, key="once")
    assert [one["code"] for one in answer.json()["codes"]] == [code]
    assert answer.headers["Cache-Control"] == "no-store"
    again = ask(f"{path}/authorise", {"reason": "发货"}, key="once")
    assert (again.status_code, again.json()["code"]) == (409, "said_once")
    assert not [row for row in IdempotentReply.objects.all() if code.encode() in bytes(row.body)]
    [card] = ask(path).json()["cards"]
    seen = {"reveal": card["reveal"], "was_seen": False, "reason": "网断了"}
    assert ask(f"{path}/settle", seen).json()["state"] == "not_shown"
    second = ask(f"{path}/authorise", {"reason": "重来"})
    assert [one["code"] for one in second.json()["codes"]] == [code]
    assert ask(f"{path}/confirm", {"message_id": "m1"}).json()["state"] == "shown"
    resent = ask(f"{path}/resend", {"reason": "买家说没收到"})
    assert [one["code"] for one in resent.json()["codes"]] == [code]
    assert ask(f"{path}/cancel", {"reason": "x"}).json()["code"] == "given_out"
    assert code not in ask(path).content.decode() + ask().content.decode()


def test_a_token_of_an_agent_gets_no_code(owner, agent, system, noon):
    [code] = stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    agreed(system, order, noon)
    token = staff.create_token(owner, label="t", role=Role.AGENT, at=noon).plain
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "a"}
    wish = {"order_no": order.order_no, "kind": KIND, "quantity": 1}
    made = Client().post(ROOT, wish, content_type="application/json", headers=headers).json()
    headers["Idempotency-Key"] = "b"
    answer = Client().post(
        f"{ROOT}/{made['id']}/authorise", {"reason": "发货"}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 403
    assert code not in answer.content.decode()
    assert queries.delivery(owner, made["id"]).state.value == "allocated"


def test_a_claim_link_is_issued_and_revoked_over_the_api(ask, system, noon):
    stock(system, 1, noon)
    [order] = orders(system, 1, noon)
    path = f"/{ask(body={'order_no': order.order_no, 'kind': KIND, 'quantity': 1}).json()['id']}"
    answer = ask(f"{path}/claim", {"days": 2}, key="link")
    address, _, token = answer.json()["url"].partition("#")
    assert (address, answer.headers["Cache-Control"]) == ("http://testserver/c/", "no-store")
    assert answer.json()["expires_at"] == "2026-11-26T04:00:00Z"
    assert ask(path).json()["claim_expires_at"] == "2026-11-26T04:00:00Z"
    assert token not in ask(path).content.decode()
    assert ask(f"{path}/claim", {"days": 2}, key="link").json()["code"] == "said_once"
    assert not [row for row in IdempotentReply.objects.all() if token.encode() in bytes(row.body)]
    assert Client().post("/c/", {"token": token}).status_code == 200
    assert ask(f"{path}/unclaim", {}).json()["claim_expires_at"] is None
    assert Client().post("/c/", {"token": token}).status_code == 404
    assert ask(f"{path}/claim", {"days": 31}).json()["code"] == "link_days_wrong"
