"""What is said about words that fail: where, why, and a better reply that itself passes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.inbox.rules import tone
from cardcase.inbox.rules.tone import CheckCode, better, check_reply, findings, is_fit

DATA = Path(__file__).parent / "data"
OLDER, NEWER = (
    [line.split("\t") for line in (DATA / name).read_text("utf-8").splitlines()]
    for name in ("replies.tsv", "replies_more.tsv")
)
ROWS = [*OLDER, *NEWER]


def test_our_own_replies_of_development_are_enough_and_of_every_kind():
    assert len(NEWER) >= 150
    assert {code for code, _ in ROWS} == {"ok", *CheckCode} - {CheckCode.NO_PRIVATE}
    assert len({text for _, text in ROWS}) == len(ROWS)


def test_polite_replies_raise_no_alarm_and_harmful_ones_are_named():
    alarms = [(text, [one.words for one in findings(text)]) for code, text in ROWS if code == "ok" and findings(text)]
    polite = sum(code == "ok" for code, _ in ROWS)
    assert len(alarms) <= polite // 100, alarms
    missed = [(code, text) for code, text in ROWS if code not in ("ok", *(one.code for one in findings(text)))]
    assert len(missed) <= (len(ROWS) - polite) // 20, missed


def test_every_finding_names_the_words_the_harm_and_a_better_way():
    for _, text in ROWS:
        for one in findings(text):
            assert 0 <= one.start < one.end <= len(text)
            assert one.words == (
                "" if one.code in (CheckCode.NO_CODE, CheckCode.NO_PRIVATE) else text[one.start : one.end]
            )
            assert one.why.zh
            assert one.why.en
            assert one.better.zh
            assert one.better.en


def test_the_findings_are_those_of_the_checks():
    for _, text in ROWS:
        failed = {check.code for check in check_reply(text) if not check.ok}
        assert {one.code for one in findings(text)} == failed


def test_a_better_reply_passes_every_check_and_most_harmful_ones_have_one():
    found = {text: better(text) for code, text in ROWS if code != "ok"}
    assert all(is_fit(check_reply(words)) for words in found.values() if words)
    assert sum(bool(words) for words in found.values()) >= len(found) * 3 // 4


def test_what_is_fit_is_left_alone():
    assert all(better(text) == "" for code, text in ROWS if code == "ok")


def test_every_clause_that_may_stand_instead_passes_by_itself():
    for rule in tone._rules(None):
        for words in (rule.instead.zh, rule.instead.en):
            assert not words or is_fit(check_reply(words)), words


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("您好，是我们发错了，卡我去查。", "您好，我们正在核实，卡我去查。"),
        ("您好，保证给您退款，请稍等。", "您好，核实后按结果为您办理，请稍等。"),
        ("您好，你是不是傻，我去查。", "您好，我去查。"),
        ("Hello, it was our mistake, I am looking.", "Hello, we are checking, I am looking."),
    ],
)
def test_only_the_clause_that_fails_is_put_otherwise(said, instead):
    assert better(said) == instead


@given(st.text(max_size=200) | st.lists(st.sampled_from([text for _, text in ROWS]), max_size=4).map("，".join))
@settings(max_examples=150)
def test_any_words_are_read_without_a_fault(text):
    words = better(text)
    assert not words or is_fit(check_reply(words))
    for one in findings(text):
        assert 0 <= one.start <= one.end <= len(text)
