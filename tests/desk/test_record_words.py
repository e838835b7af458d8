"""The timeline speaks of everything that can happen to a case, in both languages and without codes."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation

import cardcase
from cardcase.custody.queries import HistoryItem
from cardcase.desk.queries import record_words

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
OF_A_CASE = re.compile(r'"((?:case|deadline|evidence|remedy|reply)\.[a-z_]+)"')
FORMED = {
    "evidence.request_": ("fulfilled", "refused", "expired"),
    "remedy.": ("executed", "verified", "failed", "ambiguous"),
}
JOBS = {
    "deadline.warning",
    "evidence.expire_requests",
    "evidence.check_mail",
    "case.offer_over",
    "case.request_over",
    "case.settling_over",
}
"""Names of jobs look alike, but nothing is recorded under them."""


def _kinds():
    found = {start + end for start, ends in FORMED.items() for end in ends}
    for path in Path(cardcase.__file__).parent.rglob("*.py"):
        if path.parts[-2] == "service" or path.name == "service.py":
            found |= set(OF_A_CASE.findall(path.read_text()))
    return sorted(found - JOBS)


def _item(what, label="wang", facts=None):
    return HistoryItem(1, NOW, "case_1", what, "staff", label, facts or {})


def _tell(item, language):
    with translation.override(language):
        return record_words.tell(item, now=NOW)


def test_every_kind_that_a_room_records_about_a_case_has_words():
    kinds = _kinds()
    assert len(kinds) > 30
    assert [kind for kind in kinds if kind not in record_words.KINDS] == []


@pytest.mark.parametrize("kind", sorted(record_words.KINDS))
def test_the_words_are_chinese_in_chinese_and_english_in_english(kind):
    assert re.search(r"[\u4e00-\u9fff]", _tell(_item(kind), "zh-hans")[0])
    assert not re.search(r"[\u4e00-\u9fff]", _tell(_item(kind), "en")[0])


def test_reasons_clocks_evidence_and_remedies_are_named_by_title_not_by_code():
    told = {
        "case.triaged": {"sub_reason": "A1", "reason": "authenticity"},
        "deadline.armed": {"kind": "platform_response", "due_at": "2026-11-24T10:00:00+00:00", "rule": "timeout_time"},
        "evidence.asked": {"to": "buyer", "kinds": ["E10"]},
        "remedy.offered": {"kind": "full_refund", "amount_fen": 19300},
    }
    details = {kind: _tell(_item(kind, facts=facts), "zh-hans")[1] for kind, facts in told.items()}
    assert details["case.triaged"] == "卡密无效"
    assert details["deadline.armed"] == "回应退款申请 · 今天 18:00 到期"
    assert details["evidence.asked"].startswith("向买家 · ")
    assert "¥193.00" in details["remedy.offered"]
    for detail in details.values():
        assert not re.search(r"[a-z]+_[a-z]+|\bE10\b", detail)


def test_machines_are_named_as_such_and_people_by_name():
    with translation.override("zh-hans"):
        assert record_words.who(_item("case.opened", "cli")) == "命令行"
        assert record_words.who(_item("case.opened", "wang")) == "wang"


def test_an_unknown_kind_is_shown_by_its_own_name_and_a_broken_moment_is_left_out():
    assert _tell(_item("case.sung_about", facts={"due_at": "soon"}), "zh-hans")[:2] == ("case.sung_about", "")
