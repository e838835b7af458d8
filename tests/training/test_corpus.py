"""The corpus keeps its form, its parts stay apart, and what is wrong in it is named by file and line."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from cardcase.training import service
from cardcase.training.rules import copies, corpus
from cardcase.triage.rules import Speaker, reasons

ROOT = Path(__file__).parents[2] / "corpus"
PATHS = {part: corpus.files(ROOT / part) for part in (*service.PARTS, service.HELD_OUT)}


@pytest.fixture(scope="module")
def parts():
    return {part: corpus.read(paths) for part, paths in PATHS.items()}


def test_it_is_as_large_and_as_broad_as_the_issue_asks(parts):
    assert len(parts["messages"]) >= 6_000
    assert len(parts["conversations"]) >= 600
    first = Counter(one.reasons[0] for one in parts["messages"])
    assert all(first[sub] >= 150 for sub in reasons.SUB_REASONS), first
    assert min(first["unstated"], first["none"]) >= 1_000
    assert len({one.writer for one in parts["messages"]}) >= 8


def test_no_text_of_the_judging_set_is_nearly_one_that_was_learned_from(parts):
    learned, judging = (*parts["messages"], *parts["conversations"]), parts[service.HELD_OUT]
    found = copies.near_copies([one.buyer for one in judging], [one.buyer for one in learned])
    assert [f"{judging[place].where} is nearly {learned[other].where}" for place, other in found] == []


def test_near_copies_are_seen_through_blanks_case_and_width():
    assert list(copies.near_copies(["充不进去 APPLE卡", "换张卡"], ["充不进去ａｐｐｌｅ卡", "充错地方了"])) == [(0, 0)]


def test_a_group_stays_one_group_across_files(tmp_path):
    for name in ("w1-01.tsv", "w1-02.tsv"):
        (tmp_path / name).write_text("#group xbox\nA1\t-\t输不进去\n#group -\nP1\turgency\t不要了\n", encoding="utf-8")
    one, alone, other, _ = corpus.read(corpus.files(tmp_path))
    assert one.group == other.group
    assert alone.group != one.group
    assert (alone.writer, alone.signals) == ("w1", {"urgency"})


def test_what_was_entered_on_the_form_is_no_turn(tmp_path):
    file = tmp_path / "form-1.tsv"
    file.write_text("=conv\tP2\t-\t卡\nF\t拍错了\nB\t退一下\n\n=conv\tV1\t-\t卡\nF\t其他\nD\t少了十块\n", "utf-8")
    one, other = corpus.read([file])
    assert (one.turns, one.form_reason, one.form_description) == (((Speaker.BUYER, "退一下"),), "拍错了", "")
    assert (other.turns, other.form_reason, other.form_description) == ((), "其他", "少了十块")
    assert one.has_form


def test_a_talk_with_a_form_is_not_learned_from(tmp_path):
    for part in service.PARTS:
        (tmp_path / part).mkdir()
        (tmp_path / part / "w1-01.tsv").write_text("=conv\tP2\t-\t卡\nF\t拍错了\nB\t退款\n", "utf-8")
    with pytest.raises(corpus.BadCorpus, match="只用来评判"):
        service.train(tmp_path, tmp_path, day=date(2026, 12, 1))


def test_the_form_of_a_talk_is_judged_with_it(tmp_path):
    file = tmp_path / "form-1.tsv"
    file.write_text("=conv\tP2\t-\t卡\nF\t拍错了\nB\t退款\n", "utf-8")
    [one] = corpus.read([file])
    assert service.answer(one).sub_reason == "P2"


def test_a_conversation_is_read_whole(tmp_path):
    text = "=conv\tA2,O8\tthreat.review\t苹果卡\nS\t已发\nP\t[已发货]\nB\t被人用了\\n怎么回事\n\nA1\t-\t用不了\n"
    (tmp_path / "w6-01.tsv").write_text(text, encoding="utf-8")
    talk, message = corpus.read(corpus.files(tmp_path))
    assert talk.is_conversation
    assert [who for who, _ in talk.turns] == [Speaker.SELLER, Speaker.SYSTEM, Speaker.BUYER]
    assert (talk.buyer, talk.reasons) == ("被人用了\n怎么回事", ("A2", "O8"))
    assert (message.is_conversation, message.buyer) == (False, "用不了")


@pytest.mark.parametrize(
    ("line", "zh"),
    [
        ("A1\t用不了", "应有 3 个"),
        ("A9\t-\t用不了", "原因 A9"),
        ("A1,P1,P2\t-\t用不了", "原因 A1,P1,P2"),
        ("A1\tanger\t用不了", "信号 anger"),
        ("=conv\tA1\t-\t卡\nX\t你好", "说话人 X"),
        ("=conv\tA1\t-\t卡\nS\t你好", "买家一句话也没说"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(tmp_path, line, zh):
    (tmp_path / "w1-01.tsv").write_text(f"# 说明\n{line}\n", encoding="utf-8")
    with pytest.raises(corpus.BadCorpus) as refused:
        corpus.read(corpus.files(tmp_path))
    assert "w1-01.tsv:" in str(refused.value)
    assert zh in refused.value.message.zh
    assert refused.value.problem_code == "bad_corpus"


def test_a_folder_without_a_corpus_is_refused(tmp_path):
    with pytest.raises(corpus.BadCorpus):
        corpus.files(tmp_path)
