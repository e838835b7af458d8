"""Training gives the same bytes twice, the shipped reader is the one that is pinned and as good as the card says."""

import hashlib
import tomllib
from datetime import date
from pathlib import Path

import pytest

from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.training import service
from cardcase.training.rules import corpus, fitting, judging
from cardcase.triage.rules import Family, TriageResult, model, read_text, reasons

ROOT = Path(__file__).parents[2] / "corpus"
DAY = date(2026, 11, 30)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A corpus of a twentieth of the real one, every writer in it."""
    folder = tmp_path_factory.mktemp("corpus")
    for part in service.PARTS:
        (folder / part).mkdir()
    for path in corpus.files(ROOT / "messages"):
        lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        (folder / "messages" / path.name).write_text("\n".join(lines[::20]) + "\n", encoding="utf-8")
    for path in corpus.files(ROOT / "conversations")[:1]:
        (folder / "conversations" / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_same_corpus_gives_the_same_bytes(small, tmp_path):
    made = []
    for name in ("one", "two"):
        out = tmp_path / name
        out.mkdir()
        done = service.train(small, out, day=DAY)
        data = (out / model.FILE).read_bytes()
        assert done.sha256 == hashlib.sha256(data).hexdigest()
        made.append((data, (out / "model.toml").read_bytes()))
    assert made[0] == made[1]
    found = model.shipped(tmp_path / "one")
    assert found.read("卡密无效").numbers.shape == (len(found.labels),)
    assert model.encode(model.decode(made[0][0])) == made[0][0]


def test_a_reader_learns_even_from_little(small):
    examples = corpus.read([path for part in service.PARTS for path in corpus.files(small / part)])
    pairs = fitting.unseen(fitting.prepare(examples))
    hits = total = 0
    for one, learned in pairs:
        numbers = learned.read(one.heard.joined).numbers[: len(reasons.SUB_REASONS) + 2]
        hits += learned.labels[int(numbers.argmax())] == one.example.reasons[0]
        total += 1
    assert total == len(examples)
    assert hits / total > 0.3  # one in twenty-six by chance


def test_the_shipped_reader_is_the_one_that_is_pinned_and_was_made_from_this_corpus():
    record = tomllib.loads((model.DATA / "model.toml").read_text("utf-8"))["model"][0]
    assert hashlib.sha256((model.DATA / model.FILE).read_bytes()).hexdigest() == record["sha256"]
    paths = [path for part in service.PARTS for path in corpus.files(ROOT / part)]
    assert corpus.fingerprint(paths) == record["corpus_sha256"], "the corpus changed: make model"


@pytest.mark.parametrize("place", [0, 30, 5_000, -1])
def test_changed_bytes_are_refused(tmp_path, place):
    data = bytearray((model.DATA / model.FILE).read_bytes())
    data[place] ^= 1
    (tmp_path / model.FILE).write_bytes(data)
    (tmp_path / "model.toml").write_bytes((model.DATA / "model.toml").read_bytes())
    with pytest.raises(BrokenCatalogue):
        model.shipped(tmp_path)
    with pytest.raises(ValueError, match="model"):
        model.decode(bytes(data[: len(data) // 2]))


def test_what_the_reader_is_held_to():
    # The bars; the figures of the day stand in docs/model-card.md.
    figures = service.judge(ROOT / service.HELD_OUT)
    assert figures["keyword"].macro_f1 >= 0.85
    assert figures["paraphrase"].macro_f1 >= 0.75
    assert figures["random"].accuracy >= 0.86
    assert figures["conv"].macro_f1 >= 0.8
    assert figures["form"].macro_f1 >= 0.8
    assert all(one.calibration_error <= 0.12 for one in figures.values())


def test_the_words_that_it_shows_are_in_the_message():
    for text in (
        "店员扫了半天说系统里压根没这张",
        "我媳妇手快给点了两份",
        "打开一看就剩三块六",
        "等了三天连个影子都没有",
    ):
        result = read_text(text)
        assert result.sub_reason
        for quote in result.quotes:
            assert text[quote.start : quote.end] == quote.text != ""


def test_figures_are_counted_by_hand():
    def says(label):
        family = judging.family_of(label)
        return TriageResult(family, label if len(label) == 2 else "", confidence=0.75)

    def means(label):
        return corpus.Example(((corpus.Speaker.BUYER, "x"),), (label,), frozenset(), "w", "g", "f:1")

    wanted = [means(label) for label in ("A1", "A2", "P1", "none")]
    figures = judging.judge(wanted, [says(label) for label in ("A1", "A1", "V1", "none")])
    assert figures.accuracy == 0.75
    assert figures.sub_accuracy == pytest.approx(1 / 3)
    assert figures.by_family[Family.AUTHENTICITY.value] == 1.0
    assert figures.by_family[Family.PERSONAL.value] == 0.0
    assert figures.calibration_error == 0.0
