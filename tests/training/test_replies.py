"""The check of replies: its corpus keeps its form, it learns the same twice, the pinned model is in use, and how good."""

import hashlib
import os
import subprocess
import sys
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from cardcase.inbox.rules import learned, tone
from cardcase.inbox.rules.drafts import templates
from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.training import service
from cardcase.training.rules import corpus, replies
from cardcase.triage.rules import model

SOURCES = Path(__file__).parents[2] / "src"
ROOT = Path(__file__).parents[2] / "corpus"
PATHS = corpus.files(ROOT / service.REPLIES)


@pytest.fixture(scope="module")
def told():
    return replies.read(PATHS)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """An eighth of the corpus, every hand in it."""
    folder = tmp_path_factory.mktemp("corpus") / service.REPLIES
    folder.mkdir()
    for path in PATHS:
        lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        (folder / path.name).write_text("\n".join(lines[::8]) + "\n", encoding="utf-8")
    return folder.parent


def test_the_judging_set_is_as_large_as_the_issue_asks_and_no_text_of_it_was_learned(told):
    held = replies.read(corpus.files(ROOT / service.REPLIES_HELD_OUT))
    assert len(held) >= 300
    mine = [_grams(one.text) for one in told]
    where: dict[str, list[int]] = {}
    for number, grams in enumerate(mine):
        for gram in grams:
            where.setdefault(gram, []).append(number)
    for one in held:
        grams = _grams(one.text)
        shared = Counter(number for gram in grams for number in where.get(gram, ()))
        near = [n for n, count in shared.items() if count / (len(grams) + len(mine[n]) - count) > 0.5]
        assert not near, f"{one.where} is nearly {told[near[0]].where}"


def _grams(text):
    return {text[start : start + 3] for start in range(max(1, len(text) - 2))}


def test_every_kind_is_learned_from_enough_replies(told):
    counts = Counter(label for one in told for label in one.labels)
    assert min(counts[kind] for kind in learned.KINDS) >= 150, counts
    assert counts["fine"] >= 1_000


@pytest.mark.parametrize(
    ("line", "zh"),
    [
        ("fine\t-", "应有 3 个"),
        ("nasty\t你\t你好", "标签 nasty"),
        ("fine,blame\t你\t你好", "标签 fine,blame"),
        ("fine\t你\t你好", "划出的词"),
        ("blame\t他\t你好", "划出的词"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(tmp_path, line, zh):
    (tmp_path / "s1-01.tsv").write_text(f"# 说明\n{line}\n", encoding="utf-8")
    with pytest.raises(corpus.BadCorpus) as refused:
        replies.read(corpus.files(tmp_path))
    assert "s1-01.tsv:2" in str(refused.value)
    assert zh in refused.value.message.zh


def test_the_same_corpus_gives_the_same_bytes(small, tmp_path):
    made = []
    for name in ("one", "two"):
        out = tmp_path / name
        out.mkdir()
        service.train_replies(small, out, day=date(2026, 11, 30))
        made.append(((out / model.FILE).read_bytes(), (out / "model.toml").read_bytes()))
    assert made[0] == made[1]
    assert model.shipped(tmp_path / "one").labels == learned.LABELS


def test_the_shipped_model_is_the_one_that_is_pinned_and_was_made_from_this_corpus():
    record = tomllib.loads((learned.DATA / "model.toml").read_text("utf-8"))["model"][0]
    assert hashlib.sha256((learned.DATA / model.FILE).read_bytes()).hexdigest() == record["sha256"]
    assert corpus.fingerprint(PATHS) == record["corpus_sha256"], "the corpus changed: make model"


def test_changed_bytes_are_refused(tmp_path):
    data = bytearray((learned.DATA / model.FILE).read_bytes())
    data[-1] ^= 1
    (tmp_path / model.FILE).write_bytes(data)
    (tmp_path / "model.toml").write_bytes((learned.DATA / "model.toml").read_bytes())
    with pytest.raises(BrokenCatalogue):
        model.shipped(tmp_path)


def test_what_the_check_is_held_to():
    # The figures of the day stand in docs/model-card.md. The issue's bar for false alarms is reached, its hope of 80 %
    # found is not.
    figures = service.judge_replies(ROOT / service.REPLIES_HELD_OUT)["test"]
    assert figures.false <= 0.01 * figures.fine
    assert figures.found >= 0.63 * figures.faulty
    assert figures.named >= 0.98 * figures.found


def test_none_of_our_own_templates_is_flagged():
    texts = [text for one in templates().values() for text in (*one.zh, *one.en)]
    assert len(texts) > 300
    assert [text for text in texts if any(one.code != tone.CheckCode.LENGTH for one in tone.findings(text))] == []


def test_what_is_only_learned_is_shown_with_its_clause_and_stops_nobody():
    said = "您这理由编得比我女儿作文还精彩，佩服"
    [found] = tone.findings(said)
    assert found.rule.startswith("learned.")
    assert found.level is tone.Level.HINT
    assert said[found.start : found.end] == found.words != ""
    assert found.why.zh
    assert found.better.en
    checks = tone.check_reply(said)
    assert not tone.is_fit(checks)
    assert tone.may_go(checks)


def test_a_model_is_read_when_the_first_reply_is_checked_not_before():
    code = (
        "import sys\nfrom cardcase.inbox.rules import tone\nfrom cardcase.triage.rules import model\n"
        "tone.check_data()\ntone.findings('')\nassert model.shipped.cache_info().currsize == 0\n"
        "tone.findings('您好')\nassert model.shipped.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SOURCES)})


def test_figures_are_counted_by_hand():
    def reply(label, text):
        return replies.Reply(text, frozenset({label}), () if label == "fine" else (text,), "s", "f:1")

    figures = replies.judge([reply("fine", "您好"), reply("code", "XJ7K-9Q2M-PL4T-88ZA"), reply("privacy", "您好呀")])
    assert (figures.fine, figures.false, figures.faulty, figures.found, figures.named) == (1, 0, 2, 1, 1)
    assert figures.by_kind["code"] == (1, 1)
    assert figures.by_kind["privacy"] == (0, 1)
