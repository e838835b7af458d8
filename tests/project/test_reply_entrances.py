"""Replies as programs ask about them: ``cardcase tone``, ``cardcase case draft`` and the drafts of the API."""

import json
import re

import pytest
from click.testing import CliRunner
from django.test import Client

from cardcase.cases.models import Case
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.project.cli.case import case as case_commands
from cardcase.project.cli.model import model as model_commands
from cardcase.project.cli.replies import tone as tone_command
from cardcase.staff import service as staff
from cardcase.staff.rules import Role
from intake.world import CODES, INVALID, UNWANTED, delivered, files, take, upload
from project.calling import Caller

CODE = "XJ7K-9Q2M-PL4T-88ZA"


def tone(text):
    return CliRunner().invoke(tone_command, [], input=text, standalone_mode=False)


def test_each_reply_is_answered_on_its_own_line_with_place_why_and_a_better_wording():
    outcome = tone("您好，是我们发错了，卡我去查。\n\n您好，我去查。\n")
    bad, good = map(json.loads, outcome.stdout.splitlines())
    assert outcome.return_value == 1
    assert (bad["id"], bad["ok"], good["id"], good["ok"]) == (1, False, 3, True)
    [found] = bad["findings"]
    assert (found["code"], found["level"]) == ("no_admission", "must")
    assert "您好，是我们发错了，卡我去查。"[found["start"] : found["end"]] == found["words"]
    assert found["why"]["zh"]
    assert found["why"]["en"]
    assert bad["better"] == "您好，我们正在核实，卡我去查。"
    assert (good["findings"], good["better"]) == ([], "")


def test_only_fine_replies_end_well():
    outcome = tone("收到，我查一下记录。\n")
    assert outcome.return_value == 0
    assert json.loads(outcome.stdout)["ok"]


@pytest.mark.parametrize("secret", [CODE, "19900000123", "身份证110101199001017719"])
def test_a_code_and_somebodys_data_are_named_but_never_repeated(secret):
    outcome = tone(json.dumps({"id": "r7", "text": f"您看是不是这个：{secret}，对吧"}) + "\n")
    told = json.loads(outcome.stdout)
    assert told["id"] == "r7"
    assert {one["code"] for one in told["findings"]} & {"no_code", "no_private"}
    assert re.sub(r"\D", "", secret) not in outcome.output
    assert secret not in outcome.output


def test_a_line_that_is_no_message_is_said_in_both_languages_and_the_rest_is_answered():
    outcome = tone('{"text": 5}\n{"broken\n您好，我去查。\n')
    assert outcome.return_value == 1
    assert [json.loads(line)["id"] for line in outcome.stdout.splitlines()] == [3]
    assert "第 1 行不是有效的 JSON 消息 / line 1 is no JSON message" in outcome.stderr
    assert "line 2" in outcome.stderr


def test_the_words_of_a_shop_count_when_it_is_named(owner, shop, dear_is_not_said, monkeypatch):
    monkeypatch.setattr("cardcase.project.boot.prepare", lambda _data: None)
    outcome = [
        CliRunner().invoke(tone_command, words, input="亲亲在的，我去查。\n", standalone_mode=False)
        for words in ([], ["--shop", shop.slug], ["--shop", "nobodys"])
    ]
    assert [one.return_value for one in outcome[:2]] == [0, 1]
    [found] = json.loads(outcome[1].stdout)["findings"]
    assert found["words"] == "亲亲"
    assert isinstance(outcome[2].exception, NotFound)


# ---- a case --------------------------------------------------------------------------------------------------------


@pytest.fixture
def number(owner, noon):
    take(owner, [*files(), upload("kam2.json", delivered(UNWANTED, CODES[1]))], at=noon)
    return Case.objects.get(order__order_no=INVALID).number


@pytest.fixture
def draft(owner, monkeypatch):
    """Call ``cardcase case draft`` as the owner, without opening a data folder."""
    monkeypatch.setattr("cardcase.project.boot.prepare", lambda _data: None)
    monkeypatch.setattr("cardcase.project.boot.operator", lambda _slug=None: owner)

    def call(*words):
        return CliRunner().invoke(case_commands, ["draft", *words], standalone_mode=False)

    return call


@pytest.fixture
def api(owner, noon):
    return Caller(staff.create_token(owner, label="脚本", role=Role.OWNER, at=noon).plain, Client())


def test_the_command_prints_what_may_be_said_and_the_same_as_json(draft, number):
    plain, told = draft(number), json.loads(draft(number, "--json").stdout)
    assert plain.exception is None
    assert told["number"] == number
    assert len(told["drafts"]) >= 2
    for one in told["drafts"]:
        assert one["length"] == len(one["text"]) <= 200
        assert all(check["ok"] for check in one["checks"])
        assert one["text"].split("\n")[0] in plain.stdout


def test_what_is_not_known_is_asked_for_and_leaves_no_blank(draft, number):
    told = json.loads(draft(number, "--step", "wait_issuer", "--json").stdout)
    assert told["step"] == "wait_issuer"
    missing = {lack["name"]: lack for one in told["drafts"] for lack in one["missing"]}
    assert missing["ticket"]["title"]
    assert missing["ticket"]["how"]
    for one in told["drafts"]:
        assert not re.search(r"[{}]|None", one["text"])
        assert not {blank["name"] for blank in one["filled"]} & missing.keys()
    assert missing["ticket"]["how"] in draft(number, "--step", "wait_issuer").stdout


def test_lines_of_a_chat_are_asked_for_by_name(draft, number):
    told = json.loads(draft(number, "--form", "chat", "--step", "explain", "--json").stdout)
    assert (told["form"], told["step"]) == ("chat", "explain")
    assert any("\n" in one["text"] for one in told["drafts"])


def test_a_case_that_is_not_there_is_not_found(draft, number, api):
    outcome = draft("AS-2026-999999")
    assert isinstance(outcome.exception, NotFound)
    answer = api.get("/cases/AS-2026-999999/drafts")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_api_says_what_the_command_says(api, draft, number):
    answer = api.get(f"/cases/{number}/drafts")
    assert answer.status_code == 200
    told = answer.json()
    printed = json.loads(draft(number, "--json").stdout)
    assert [one["text"] for one in told["drafts"]] == [one["text"] for one in printed["drafts"]]
    assert api.get(f"/cases/{number}/drafts?step=explain&form=chat").json()["step"] == "explain"
    assert api.get(f"/cases/{number}/drafts?step=fly").json()["step"] == told["step"]


def test_the_check_by_api_tells_levels_and_whether_it_may_go(api, db):
    told = api.post("/replies/check", {"text": "您这理由编得比我女儿作文还精彩"}).json()
    assert (told["ok"], told["may_go"]) == (False, True)
    assert [(one["code"], one["level"]) for one in told["findings"]] == [("calm", "hint")]
    told = api.post("/replies/check", {"text": f"卡密 {CODE}"}).json()
    assert (told["ok"], told["may_go"]) == (False, False)
    assert CODE not in json.dumps(told)


# ---- the optional model -------------------------------------------------------------------------------------------


def model(*words):
    return CliRunner().invoke(model_commands, list(words), standalone_mode=False)


@pytest.mark.django_db
def test_the_owner_agrees_and_takes_back_on_the_command_line(owner, settings):
    assert "没有配置模型" in model("state").output
    settings.CARDCASE = settings.CARDCASE.model_copy(
        update={"model_url": "https://model.example/v1", "model_name": "small"}
    )
    told = json.loads(model("agree", "--json").stdout)
    assert (told["host"], told["agreed"]) == ("model.example", False)
    assert isinstance(model("agree", "--confirm", "好的").exception, WrongUse)
    assert not json.loads(model("state", "--json").stdout)["agreed"]
    assert json.loads(model("agree", "--confirm", told["phrase"], "--json").stdout)["agreed"]
    assert not json.loads(model("take-back", "--json").stdout)["agreed"]
