"""The page, the API and the command of notices."""

import json
import uuid

import pytest
from click.testing import CliRunner
from django.test import Client

from cardcase.notices import queries
from cardcase.notices.models import CalendarLink, NoticeTarget
from cardcase.project.cli import cli
from cardcase.staff import service as staff
from cardcase.staff.models import Staff
from cardcase.staff.rules import Role

BACKEND = "django.contrib.auth.backends.ModelBackend"
SECRET = "s3cret-of-the-hook"


@pytest.fixture
def page(owner):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), BACKEND)
    return client


@pytest.fixture
def fields(other_side):
    return {
        "kind": "webhook",
        "name": "值班群",
        "address": f"{other_side.url}/hook?key={SECRET}",
        "events": ["margin", "missed"],
        "scope": "ours",
        "quiet": "22:30 至 8:00",
        "language": "zh-hans",
    }


def text(client):
    return client.get("/settings/notices/").content.decode()


# --- The page ---------------------------------------------------------------------------------------------------------


def test_a_target_is_added_tried_and_its_result_shown(page, fields, work, noon, other_side):
    assert page.post("/settings/notices/", fields).status_code == 302
    row = NoticeTarget.objects.get()
    assert (row.quiet, row.events) == ("22:30-08:00", ["margin", "missed"])
    assert "还没有发过" in text(page)
    page.post(f"/settings/notices/{row.public_id}/test/")
    assert other_side.got == []  # a page never waits for the other side
    work(noon)
    shown = text(page)
    assert "已送达对方服务器" in shown
    assert "测试" in shown
    assert len(other_side.got) == 1


def test_the_address_is_never_shown_again(page, fields):
    page.post("/settings/notices/", fields)
    row = NoticeTarget.objects.get()
    for path in ("/settings/notices/", f"/settings/notices/{row.public_id}/"):
        answer = page.get(path)
        assert SECRET not in answer.content.decode()
        assert "no-store" in answer.headers["Cache-Control"] or "no-cache" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"address": f"ftp://x/{SECRET}"}, "这不是Webhook的地址"),
        ({"quiet": "nachts"}, "免打扰时段看不懂"),
        ({"events": []}, "这个字段是必填项"),
        ({"name": ""}, "这个字段是必填项"),
        ({"address": ""}, "这个字段是必填项"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(page, fields, changes, word):
    answer = page.post("/settings/notices/", {**fields, **changes})
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert not NoticeTarget.objects.exists()


def test_a_name_in_use_is_said_too(page, fields):
    page.post("/settings/notices/", fields)
    answer = page.post("/settings/notices/", fields)
    assert answer.status_code == 409
    assert "已经有叫" in answer.content.decode()


def test_changing_keeps_the_address_unless_a_new_one_is_given(page, fields, work, noon, other_side):
    page.post("/settings/notices/", fields)
    row = NoticeTarget.objects.get()
    shown = page.get(f"/settings/notices/{row.public_id}/").content.decode()
    assert "22:30-08:00" in shown
    page.post(f"/settings/notices/{row.public_id}/", {**fields, "address": "", "name": "新名", "quiet": ""})
    row.refresh_from_db()
    assert (row.name, row.quiet) == ("新名", "")
    page.post(f"/settings/notices/{row.public_id}/test/")
    work(noon)
    assert other_side.got[0].query == {"key": [SECRET]}
    for changes, word in (
        ({"address": "nowhere"}, "这不是Webhook的地址"),
        ({"address": "", "secret": "x" * 20}, "一起改"),
    ):
        answer = page.post(f"/settings/notices/{row.public_id}/", {**fields, **changes})
        assert answer.status_code == 422
        assert word in answer.content.decode()


def test_a_target_is_switched_and_removed(page, fields):
    page.post("/settings/notices/", fields)
    row = NoticeTarget.objects.get()
    page.post(f"/settings/notices/{row.public_id}/switch/", {"to": "off"})
    assert "已停用" in text(page)
    page.post(f"/settings/notices/{row.public_id}/switch/", {"to": "on"})
    assert NoticeTarget.objects.get().is_enabled
    page.post(f"/settings/notices/{row.public_id}/remove/")
    assert not NoticeTarget.objects.exists()


def test_a_test_that_fails_says_why_at_once(page, fields, work, noon, other_side):
    page.post("/settings/notices/", fields)
    other_side.status = 503
    page.post(f"/settings/notices/{NoticeTarget.objects.get().public_id}/test/")
    work(noon)
    assert "对方服务器出错（503）" in text(page)
    assert NoticeTarget.objects.get().last_state == "failed"


def test_the_page_is_whole_in_english(page, fields):
    page.post("/settings/notices/", fields)
    page.cookies["django_language"] = "en"
    shown = text(page)
    assert "Notices go to" in shown
    assert "Almost due" in shown


def test_the_calendar_link_is_shown_once_and_starts_with_our_own_address(page):
    shown = page.post("/settings/notices/calendar/").content.decode()
    assert "https://desk.example.com/calendar/" in shown
    key = shown.partition("example.com/calendar/")[2].partition(".ics")[0]
    assert CalendarLink.objects.get().key_sha256 == queries.key_digest(key)
    assert key not in text(page)
    assert Client().get(f"/calendar/{key}.ics").status_code == 200
    page.post("/settings/notices/calendar/revoke/")
    assert Client().get(f"/calendar/{key}.ics").status_code == 404


def test_the_settings_lead_here_for_those_who_may(page, agent):
    assert "/settings/notices/" in page.get("/settings/").content.decode()
    client = Client()
    client.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    assert "/settings/notices/" not in client.get("/settings/").content.decode()
    assert client.get("/settings/notices/").status_code == 403


# --- The API ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def api(owner, noon):
    token = staff.create_token(owner, label="脚本", role=Role.LEAD, at=noon).plain
    client = Client()

    def call(path, body=None, *, key=None, method="post"):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid.uuid4())}
        if method == "get":
            return client.get(f"/api/v1/notices{path}", headers=headers)
        return client.post(
            f"/api/v1/notices{path}", json.dumps(body or {}), content_type="application/json", headers=headers
        )

    return call


def test_targets_are_added_listed_tried_and_removed_by_programs(api, other_side, work, noon):
    body = {"name": "脚本", "kind": "webhook", "address": f"{other_side.url}/?key={SECRET}"}
    made = api("/targets", body, key="one")
    assert made.status_code == 200, made.content
    assert api("/targets", body, key="one").json() == made.json()  # the same key, the same answer
    assert NoticeTarget.objects.count() == 1
    target = made.json()
    assert target["events"] == ["quarter", "margin", "missed", "stock"]
    assert SECRET not in made.content.decode()
    promised = api(f"/targets/{target['id']}/test")
    assert promised.status_code == 200
    work(noon)
    [listed] = api("/targets", method="get").json()["targets"]
    assert (listed["last_state"], listed["last_result"]) == ("sent", "已送达对方服务器")
    assert api(f"/targets/{target['id']}/remove").json() == {"id": target["id"]}
    assert api("/targets", method="get").json() == {"targets": []}
    assert api(f"/targets/{target['id']}/remove").status_code == 404


def test_a_bad_address_is_a_problem_document_that_does_not_quote_it(api):
    answer = api("/targets", {"name": "x", "kind": "wecom", "address": f"https://example.com/{SECRET}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_target_address")
    assert SECRET not in answer.content.decode()
    answer = api("/targets", {"name": "x", "kind": "fax", "address": SECRET})
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_use")
    assert SECRET not in answer.content.decode()


# --- The command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(db, monkeypatch):
    from cardcase.project import boot

    monkeypatch.setattr(boot, "prepare", lambda _data=None: None)
    boot._first_shop()

    def run(*words, stdin="", code=0):
        done = CliRunner().invoke(cli, ["notice", *words], input=stdin, standalone_mode=False)
        assert done.exception is None or code, done.exception
        if not code:
            assert done.return_value in (0, None), done.output
        return done

    return run


def test_the_command_adds_lists_tries_and_removes(command, other_side):
    made = command("add", "webhook", "值班", "--event", "margin", stdin=f"{other_side.url}/?key={SECRET}\n\n")
    assert SECRET not in made.output
    [row] = json.loads(command("list", "--json").output)
    assert (row["name"], row["events"], row["hint"]) == ("值班", ["margin"], "127.0.0.1")
    assert command("test", "值班").output.startswith("sent\t")
    other_side.status = 404
    tried = command("test", "值班", code=1)
    assert tried.return_value == 1
    assert tried.output.startswith("failed\t对方拒绝了")
    assert "值班\twebhook\t127.0.0.1\t启用\t对方拒绝了" in command("list").output
    command("remove", "值班")
    assert json.loads(command("list", "--json").output) == []
    assert command("remove", "值班", code=1).exception.problem_code == "not_found"
