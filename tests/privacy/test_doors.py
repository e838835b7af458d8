"""Page, API and commands: the owner's alone, confirmed by a typed phrase, and nobody is named in an address."""

import io
import json
import re
import zipfile

import pytest
from click.testing import CliRunner
from django.test import Client

from cardcase.custody import queries as ledger
from cardcase.kit import clock
from cardcase.privacy import queries
from cardcase.project.cli import cli
from cardcase.project.models import IdempotentReply
from cardcase.staff import service as staff
from cardcase.staff.models import Staff
from cardcase.staff.rules import Role
from intake.world import INVALID
from privacy.conftest import LATER, NICK, WORDS, everything

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def later():
    with clock.fixed_at(LATER):
        yield LATER


@pytest.fixture
def page(owner) -> Client:
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    return client


@pytest.fixture
def call(owner, world, later):
    secret = staff.create_token(owner, label="privacy", role=Role.OWNER, at=LATER).plain
    keys = iter(range(1000))

    def say(path: str, body: dict | None = None, *, key: str = ""):
        headers = {"Authorization": f"Bearer {secret}"}
        if body is None:
            return Client(headers=headers).get(f"/api/v1/privacy/{path}")
        headers["Idempotency-Key"] = key or f"k{next(keys)}"
        return Client(headers=headers).post(f"/api/v1/privacy/{path}", json.dumps(body), "application/json")

    return say


def test_the_pages_lead_from_a_name_to_an_erased_buyer(world, page, later):
    world.close()
    answer = page.post("/settings/privacy/find/", {"who": NICK})
    where = answer["Location"]
    assert where == f"/settings/privacy/buyer_{world.buyer.pk}/"
    shown = page.get(where).content.decode()
    assert NICK in shown
    plan = queries.plan(world.actor, NICK)
    refused = page.post(f"{where}erase/", {"ground": "retention_over", "typed": "删除", "stamp": plan.stamp})
    assert refused.status_code == 409
    assert NICK in everything()
    done = page.post(f"{where}erase/", {"ground": "retention_over", "typed": plan.phrase.zh, "stamp": plan.stamp})
    assert done.status_code == 302
    assert NICK not in page.get(where).content.decode()
    case = page.get(f"/cases/{world.case.number}/").content.decode()
    assert "已删除买家的个人信息" in case
    assert NICK not in case
    assert WORDS[0] not in case
    overview = page.get("/settings/privacy/").content.decode()
    assert "已删除" in overview
    assert INVALID in overview
    assert page.get("/").status_code == 200


def test_the_page_restricts_lifts_and_gives_a_copy(world, page):
    world.close()
    where = f"/settings/privacy/buyer_{world.buyer.pk}/"
    answer = page.post(f"{where}export/")
    assert "no-store" in answer["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert WORDS[0] in archive.read("data.txt").decode()
    page.post(f"{where}restrict/", {"ground": "buyer_request"})
    assert "限制处理：个人信息只保存" in page.get(f"/cases/{world.case.number}/").content.decode()
    assert (
        page.post(f"/cases/{world.case.number}/packs/acts/seal/", {"typed": "封存证据包", "seen": "x"}).status_code
        == 409
    )
    assert WORDS[0] not in everything()
    assert "加密收起" in page.get(where).content.decode()
    page.post(f"{where}lift/", {"reason": "平台要求举证"})
    shown = page.get(f"/cases/{world.case.number}/").content.decode()
    assert WORDS[1] in re.sub(r"</?mark[^>]*>", "", shown)  # the words that the reader rests on are marked


def test_the_api_shows_the_plan_and_erases_once(world, call):
    held = call("erase", {"who": NICK, "ground": "retention_over", "confirmation": "x", "stamp": "x"})
    assert (held.status_code, held.json()["code"]) == (409, "data_held")
    world.close()
    plan = call("plan", {"who": NICK}).json()
    assert plan["is_due"]
    assert plan["rows"] > 5
    body = {
        "who": NICK, "ground": "retention_over", "confirmation": plan["confirmation_en"], "stamp": plan["stamp"]
    }  # fmt: skip
    done = call("erase", body, key="once")
    assert done.status_code == 200, done.content
    assert {one["state"] for one in done.json()["removals"]} == {"erased"}
    size = ledger.verify_all().size
    again = call("erase", body, key="once")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert ledger.verify_all().size == size
    assert {one["state"] for one in call("removals").json()["removals"]} == {"erased"}


def test_answers_that_were_remembered_hold_no_words_afterwards(world, call):
    world.close()
    IdempotentReply.objects.create(
        shop_id=world.actor.shop_id, key="old", request_sha256="0" * 64, status=200,
        body=json.dumps({"nick": NICK}).encode(), content_type="application/json",
    )  # fmt: skip
    assert NICK in everything()
    plan = call("plan", {"who": NICK}).json()
    call(
        "erase", {"who": NICK, "ground": "retention_over", "confirmation": plan["confirmation"], "stamp": plan["stamp"]}
    )
    assert NICK not in everything()
    kept = IdempotentReply.objects.get(key="old")
    assert (kept.status, json.loads(bytes(kept.body))["code"]) == (409, "answer_erased")


def test_the_copy_is_not_remembered_by_the_api(world, call):
    answer = call("export", {"who": NICK}, key="copy")
    assert answer["Content-Type"] == "application/zip"
    assert call("export", {"who": NICK}, key="copy").status_code == 409
    assert not any(b"PK\x03\x04" in bytes(row.body) for row in IdempotentReply.objects.all())


@pytest.fixture
def command(world, monkeypatch):
    monkeypatch.setattr("cardcase.project.boot.prepare", lambda data=None: None)

    def run(*words: str, code: int = 0) -> str:
        outcome = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
        assert (outcome.exception is None) == (code == 0), f"{outcome.output}\n{outcome.exception!r}"
        return outcome.output

    return run


def test_the_commands_show_copy_and_erase(world, command, later, tmp_path):
    world.close()
    assert "--confirm" in command("privacy", "show", NICK)
    command("privacy", "export", NICK, "-o", tmp_path / "copy.zip")
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        assert WORDS[0] in archive.read("data.txt").decode()
    plan = json.loads(command("privacy", "erase", NICK, "--json"))
    assert NICK in everything()
    command("privacy", "erase", NICK, "--confirm", "删除", code=1)
    shown = command("privacy", "erase", NICK, "--confirm", plan["confirmation"], "--stamp", plan["stamp"])
    assert "erased" in shown
    assert NICK not in everything()
    assert "erased" in command("privacy", "list")
    command("privacy", "finish")
