"""The optional model: off by default, asked with few masked facts, judged, and replaced by a template when anything fails."""

import json
from datetime import UTC, datetime

import pytest

from cardcase.connectors.ports import Speaker
from cardcase.inbox.rules import asking, drafts, offers
from cardcase.inbox.rules.asking import FIELDS, BadAnswer, judged, prompt_for, read_answer
from cardcase.inbox.rules.drafts import DraftFacts, Step, compose, templates
from cardcase.inbox.rules.tone import is_fit
from cardcase.inbox.suggesting import suggest
from cardcase.kit.text import Text
from cardcase.triage.rules import Utterance

from . import model_server

pytestmark = pytest.mark.django_db
FACTS = DraftFacts(
    sub_reason="A2", step=Step.ACKNOWLEDGE, seed="x", tail4="K4RT", amount_fen=19300, due=Text("今天 20:00", "20:00")
)
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
CASE = "case_0198a000000070008000000000000001"
TALK = [
    Utterance("m1", "卡显示已使用 我叫张小三 电话13800138000", Speaker.BUYER),
    Utterance("m2", "您好，我去查", Speaker.SELLER),
    Utterance("m3", "快点 卡密XJ7K-9Q2M-PL4T-88ZA 邮箱a.b@example.com 住杭州市西湖区文三路100号", Speaker.BUYER),
]


@pytest.fixture
def model(settings, agreed_to_model):
    def use(address, **more):
        settings.CARDCASE = settings.CARDCASE.model_copy(
            update={"model_url": address, "model_name": "test", "model_allow_private": True, "model_seconds": 2, **more}
        )
        agreed_to_model()

    return use


def _answer(reply):
    return json.dumps({"choices": [{"message": {"content": json.dumps({"reply": reply})}}]}).encode()


def test_without_a_model_the_template_speaks_and_nothing_is_asked(agent):
    found = suggest(agent, FACTS, TALK, about=CASE, at=NOON)
    assert (found.by_model, found.code) == (False, "off")
    assert found.draft == compose(FACTS)


def test_a_model_that_behaves_is_offered_with_its_blanks_filled_here(agent, model, tmp_path):
    (tmp_path / "key").write_text("sk-secret\n")
    with model_server.serve(model_server.well_behaved) as (address, asked):
        model(address, model_key_file=tmp_path / "key")
        found = suggest(agent, FACTS, TALK, about=CASE, at=NOON)
    assert found.by_model, found
    assert "今天 20:00 前" in found.draft.text
    assert [one.name for one in found.draft.filled] == ["due"]
    assert is_fit(found.draft.checks)
    [(headers, body)] = asked
    assert headers["Authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in body


def test_a_prompt_tells_nothing_but_the_fields_of_the_list_and_nothing_that_identifies():
    prompt = prompt_for(FACTS, compose(FACTS), TALK)
    told = json.loads(prompt.user)
    assert set(told) == set(FIELDS)
    body = json.loads(prompt.body("m"))
    assert set(body) == {
        "model", "messages", "response_format", "temperature", "max_tokens", "n", "stream",
    }  # fmt: skip
    for secret in (
        "张小三",
        "13800138000",
        "XJ7K",
        "9Q2M",
        "88ZA",
        "a.b@example.com",
        "文三路",
        "K4RT",
        "193",
        "20:00",
    ):
        assert secret not in prompt.user, secret
    assert body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    "hidden",
    [
        "X J 7 K 9 Q 2 M P L 4 T", "XJ7K9Q2MPL4T88ZA", "xj7k 9q2m pl4t 88za", "ＸＪ７Ｋ９Ｑ２Ｍ", "X\u200bJ7K9Q2MPL4T",
        "1234 5678 9012 3456", "一二三四五六七八", "QUJDREVGR0hJSktMTU5PUA==", "6-2-2-5-1-2-3-4", "①②③④⑤⑥⑦⑧",
    ],
)  # fmt: skip
def test_codes_in_disguise_are_taken_out(hidden):
    shown = asking.plain(f"卡密是{hidden}谢谢")
    bare = "".join(shown.split())
    assert not any(letter in bare for letter in "0123456789四五①")
    assert "J7K" not in bare.upper()
    assert "谢谢" in shown


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "schema"),
        (b"[]", "schema"),
        (b"{}", "schema"),
        (b'{"choices":[]}', "schema"),
        (b'{"choices":[{"message":{"content":"hi"}}]}', "schema"),
        (b'{"choices":[{"message":{"content":"{\\"reply\\":1}"}}]}', "schema"),
        (b'{"choices":[{"message":{"content":"{\\"reply\\":\\"a\\",\\"send\\":true}"}}]}', "schema"),
        (b'{"choices":[{"message":{"content":"{}","tool_calls":[1]}}]}', "tools"),
        (b"[" * 20_000, "schema"),
        (b"x" * 40_000, "too_large"),
        (_answer("x" * 700), "schema"),
        (_answer("  "), "schema"),
    ],
)
def test_an_answer_that_does_not_keep_the_schema_is_no_answer(body, code):
    with pytest.raises(BadAnswer) as bad:
        read_answer(body)
    assert bad.value.code == code


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("您好，我去查\u200b一下。", "hidden"),
        ("您好，我去查\U000e0041一下。", "hidden"),
        ("您好，卡密是XJ7K9Q2MPL4T88ZA", "code"),
        ("您好，三天内，也就是 72 小时。", "number"),
        ("您好，{secret} 在这。", "schema"),
        ("您好，{due.__class__}", "schema"),
        ("您好，{amount} 已退。", "schema"),
        ("您好，{", "schema"),
        (asking.INSTRUCTIONS[:60], "leak"),
        ("您好，加我微信说。", "unfit"),
        ("您好，是我们发错了。", "unfit"),
        ("好" * 230, "unfit"),
    ],
)
def test_an_answer_is_judged_by_more_than_a_persons_words(reply, code):
    template = compose(FACTS)
    with pytest.raises(BadAnswer) as bad:
        judged(reply, FACTS, template, prompt_for(FACTS, template, TALK))
    assert bad.value.code == code


@pytest.mark.parametrize("promise", model_server.PROMISES)
@pytest.mark.parametrize("step", [Step.ACKNOWLEDGE, Step.ASK_EVIDENCE, Step.EXPLAIN, Step.DECLINE, Step.REMIND])
def test_a_promise_that_nobody_decided_on_fails_the_check(promise, step):
    facts = DraftFacts(sub_reason="A1", step=step)
    template = compose(facts)
    with pytest.raises(BadAnswer) as bad:
        judged(promise, facts, template, prompt_for(facts, template, []))
    assert bad.value.code == "unfit"
    assert "no_promise" in [check.code for check in bad.value.checks if not check.ok]


def test_what_the_step_is_about_may_be_offered():
    text = "您好，核实好了，这一单同意给您退款，在订单里办理。"
    assert offers.undecided(text, Step.OFFER_FULL) == []
    assert offers.undecided(text, Step.ACKNOWLEDGE)


def test_our_templates_offer_only_what_their_step_is_about():
    known = {"o2.explain", "o4.explain", "o4.decline", "o7.decline"}  # about a refund that there is, or a picture
    for record in templates().values():
        for text in (*record.zh, *record.en):
            assert record.id in known or not offers.undecided(text, record.step), (record.id, text)


@pytest.mark.parametrize(
    ("answer", "more", "code"),
    [
        (lambda _: b"garbage", {}, "schema"),
        (lambda _: b"x" * 100_000, {}, "too_large"),
        (model_server.well_behaved, {"status": 500}, "status"),
        (model_server.well_behaved, {"status": 302}, "status"),
        (model_server.well_behaved, {"delay": 2.5}, "not_reached"),
    ],
)
def test_a_model_that_is_slow_or_broken_leaves_the_template(agent, model, answer, more, code):
    with model_server.serve(answer, **more) as (address, _):
        model(address, model_seconds=1)
        found = suggest(agent, FACTS, TALK, about=CASE, at=NOON)
    assert (found.by_model, found.code) == (False, code)
    assert found.draft.text == compose(FACTS).text
    assert found.why.zh


def test_a_model_that_is_away_or_whose_key_is_leaves_the_template(agent, model, tmp_path):
    model("http://127.0.0.1:9/v1")
    assert suggest(agent, FACTS, TALK, about=CASE, at=NOON).code == "not_reached"
    model("http://127.0.0.1:9/v1", model_key_file=tmp_path / "none")
    assert suggest(agent, FACTS, TALK, about=CASE, at=NOON).code == "no_key"
    model("http://127.0.0.1:9/v1", model_key_file=None, model_allow_private=False)
    assert suggest(agent, FACTS, TALK, about=CASE, at=NOON).code == "not_reached"
    model("https://127.0.0.1:9/v1", model_allow_private=False)
    assert suggest(agent, FACTS, TALK, about=CASE, at=NOON).code == "not_reached"


def test_no_more_than_two_ask_at_once(agent, model, monkeypatch):
    from cardcase.inbox import writer

    monkeypatch.setattr(writer, "_free", type("Full", (), {"acquire": lambda *_, **__: False})())
    model("http://127.0.0.1:9/v1")
    assert suggest(agent, FACTS, TALK, about=CASE, at=NOON).code == "busy"


def test_every_reason_is_said_in_both_languages():
    assert all(why.zh and why.en for why in asking.WHY.values())
    assert drafts.TITLES.keys() >= {"amount", "due"}
