"""The shipped rule catalogue and playbooks, as data: complete, cited, and honest about what is not known."""

import json
import re
from datetime import date, timedelta

import pytest

from cardcase.kit.catalogue import BrokenCatalogue, Certainty, load
from cardcase.policies.queries import DATA, _load_playbooks, _load_rules
from cardcase.policies.rules import DeadlineRule, Finding, Floor, Playbook

BOOK = _load_rules(None)
PLAYBOOKS = _load_playbooks(None)
BY_ID = {rule.id: rule for rule in BOOK.all()}

SUB_REASONS = [f"{letter}{n}" for letter, last in {"A": 5, "P": 5, "V": 6, "O": 8}.items() for n in range(1, last + 1)]
OFF_PLATFORM = re.compile(r"微信|vx|v信|QQ|扣扣|支付宝转|线下|二维码|链接|加我|电话联系", re.IGNORECASE)
ADMITTING = re.compile(r"对不起|抱歉|是我们的错|我们的问题|保证|一定退|赔")


def test_every_deadline_and_law_of_the_reference_has_its_record():
    numbers = {rule.group.split("-")[0] for rule in BOOK.deadlines}
    assert {f"D{n}" for n in range(1, 13)} <= numbers
    assert [rule.id for rule in BOOK.laws] == [f"L{n}" for n in range(1, 22)]


def test_every_record_says_where_it_comes_from_and_how_sure_that_is():
    for rule in BOOK.all():
        assert len(rule.source) > 5, rule.id
        assert rule.certainty is not None, rule.id
        assert rule.title.zh != rule.title.en
        assert rule.text.zh
        assert rule.text.en


@pytest.mark.parametrize(
    ("rule_id", "allowance"),
    [
        ("D1", timedelta(hours=72)),
        ("D2", timedelta(hours=48)),
        ("D3", timedelta(minutes=10)),
        ("D5", timedelta(days=10)),
        ("D10", timedelta(days=7)),
        ("D11", timedelta(seconds=3)),
        ("D12", timedelta(minutes=5)),
    ],
)
def test_the_numbers_are_those_of_the_reference(rule_id, allowance):
    assert BY_ID[rule_id].allowance == allowance
    assert BY_ID[rule_id].allowance_minutes == allowance.total_seconds() / 60


@pytest.mark.parametrize("rule_id", ["D6", "D7-buyer", "D7-return", "D7-receive", "D8"])
def test_a_number_that_nobody_established_is_a_record_without_a_value(rule_id):
    rule = BY_ID[rule_id]
    assert rule.allowance is None
    assert rule.certainty is Certainty.OPEN
    assert not rule.is_verified


def test_a_clock_that_claims_certainty_without_a_number_is_refused():
    words = {"title_zh": "名字", "title_en": "name", "text_zh": "一句话的说明", "text_en": "a sentence"}
    with pytest.raises(ValueError, match="must have certainty"):
        DeadlineRule(id="X", kind="platform_response", trigger="paid", certainty="H", source="s", **words)
    with pytest.raises(ValueError, match="must be left out"):
        DeadlineRule(id="X", kind="platform_response", trigger="paid", certainty="?", allowance="PT1H", **words)
    with pytest.raises(ValueError, match="both its kind and its trigger"):
        DeadlineRule(id="X", kind="platform_response", certainty="M", allowance="PT1H", **words)


def test_unusable_or_wrong_goods_give_a_full_floor_and_a_short_balance_a_proportional_one():
    floors = {rule.finding: rule.floor for rule in BOOK.entitlements}
    assert floors[Finding.UNUSABLE] is Floor.FULL_OR_REPLACEMENT
    assert floors[Finding.WRONG_GOODS] is Floor.FULL_OR_REPLACEMENT
    assert floors[Finding.NOT_DELIVERED] is Floor.FULL_OR_REPLACEMENT
    assert floors[Finding.REDEEMED_BEFORE_DELIVERY] is Floor.FULL_OR_REPLACEMENT
    assert floors[Finding.SHORT_BALANCE] is Floor.PROPORTIONAL
    assert floors[Finding.DELIVERED_AND_USABLE] is Floor.EVIDENCE_DECIDES
    assert set(floors) == set(Finding)


def test_every_sub_reason_and_both_honest_answers_have_a_playbook():
    assert set(PLAYBOOKS) == {*SUB_REASONS, "unstated", "none"}


@pytest.mark.parametrize("reason", [*SUB_REASONS, "unstated"])
def test_questions_are_polite_short_and_promise_or_admit_nothing(reason):
    playbook = PLAYBOOKS[reason]
    assert playbook.next_step.zh
    assert playbook.questions
    for question in playbook.questions:
        assert not OFF_PLATFORM.search(question.zh), question.zh
        assert not ADMITTING.search(question.zh), question.zh
        assert "？" in question.zh or "请" in question.zh or "吗" in question.zh
        assert question.why.zh
        assert question.text.en.isascii() or "“" in question.text.en


@pytest.mark.parametrize("reason", [*SUB_REASONS, "unstated"])
def test_every_question_knows_at_least_two_answers_and_none_points_to_its_own_reason(reason):
    for question in PLAYBOOKS[reason].questions:
        assert len(question.answers) >= 2, question.id
        for answer in question.answers:
            assert answer.points_to != reason, answer.id
            assert "骗" not in answer.means.zh
            assert question.answer(answer.id) is answer
    assert PLAYBOOKS[reason].question("nothing of the kind") is None


def test_an_answer_that_points_to_no_reason_is_refused(tmp_path):
    own = tmp_path / "playbooks.toml"
    book = PLAYBOOKS["O5"].model_dump(mode="json", exclude={"source", "certainty", "effective_from", "effective_to"})
    question = book["questions"][0]
    answer = question["answers"][0] | {"points_to": "Z9"}
    own.write_text(
        '[catalogue]\nid = "own"\nversion = "1"\nsource = "ours"\ncertainty = "J"\n[[playbook]]\n'
        + "".join(f"{key} = {json.dumps(book[key], ensure_ascii=False)}\n" for key in book if key != "questions")
        + "[[playbook.questions]]\n"
        + "".join(f"{key} = {json.dumps(question[key], ensure_ascii=False)}\n" for key in question if key != "answers")
        + "[[playbook.questions.answers]]\n"
        + "".join(f"{key} = {json.dumps(answer[key], ensure_ascii=False)}\n" for key in answer),
        "utf-8",
    )
    with pytest.raises(BrokenCatalogue, match="Z9"):
        _load_playbooks(own)


def test_no_question_asks_for_the_whole_code():
    for playbook in PLAYBOOKS.values():
        for question in playbook.questions:
            assert not re.search(
                r"(发|给|告诉)(我|一下)?.{0,4}(完整|全部)卡密", question.zh.replace("不要发完整卡密", "")
            )


def test_a_buyer_whose_account_was_taken_over_is_never_offered_a_replacement():
    assert "replace_card" not in PLAYBOOKS["O3"].remedies


def test_a_playbook_with_an_unknown_evidence_kind_is_refused():
    good = PLAYBOOKS["A1"].model_dump()
    with pytest.raises(ValueError, match="E25"):
        Playbook(**{**good, "evidence": ["E25"]})
    with pytest.raises(ValueError, match="no sub-reason"):
        Playbook(**{**good, "id": "B1"})


def test_two_versions_of_one_rule_on_the_same_day_are_refused(tmp_path):
    own = tmp_path / "rules.toml"
    record = """
[[deadline]]
id = "{id}"
code = "D1"
kind = "platform_response"
trigger = "refund_applied_before_confirm"
allowance = "PT60H"
service_support = "VNR"
certainty = "M"
{dates}
title_zh = "新的时限"
title_en = "new time"
text_zh = "改为六十小时。"
text_en = "sixty hours now"
"""
    header = '[catalogue]\nid = "rules"\nversion = "1"\nsource = "own"\ncertainty = "M"\n'
    own.write_text(header + record.format(id="D1-2027", dates="effective_from = 2027-01-01"), "utf-8")
    with pytest.raises(BrokenCatalogue, match="重叠"):
        _load_rules(own)
    old = record.format(id="D1", dates="effective_to = 2026-12-31")
    own.write_text(header + old + record.format(id="D1-2027", dates="effective_from = 2027-01-01"), "utf-8")
    book = _load_rules(own)
    held = [rule.id for rule in book.deadlines if rule.group == "D1" and rule.holds_on(date(2027, 1, 1))]
    assert held == ["D1-2027"]


def test_an_override_with_an_unknown_field_names_the_file(tmp_path):
    own = tmp_path / "rules.toml"
    own.write_text(
        '[catalogue]\nid = "rules"\nversion = "1"\nsource = "own"\ncertainty = "M"\n[[deadline]]\nid = "D1"\nhours = 3\n',
        "utf-8",
    )
    with pytest.raises(BrokenCatalogue, match=r"rules\.toml"):
        load(DATA / "rules.toml", DeadlineRule, table="deadline", override=own)
