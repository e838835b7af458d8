"""A shop's own words are learned from its corrections, chance is not, and what everybody says is not unlearned."""

import random
from pathlib import Path

import numpy as np
import pytest

from cardcase.training import service
from cardcase.training.rules import adapting, corpus, reference
from cardcase.training.rules.adapting import Lesson, Verdict, adapt, sign_test
from cardcase.triage.rules import model, read_text, reasons
from cardcase.triage.rules.correcting import Corrected, decode, encode
from cardcase.triage.rules.hearing import hear_text

from . import jargon

ROOT = Path(__file__).parents[2] / "corpus"


@pytest.fixture(scope="module")
def shipped():
    replay, apart = reference.decode((reasons.DATA / reference.FILE).read_bytes())
    return replay[::4], apart  # of the reference all: half a point of a few texts would be one text


def lessons(told):
    return [Lesson(hear_text(text), said, str(place)) for place, (text, said) in enumerate(told)]


@pytest.fixture(scope="module")
def learned(shipped):
    return adapt(lessons(jargon.said(120, 7)), *shipped, model.shipped())


def test_a_shop_with_words_of_its_own_is_read_better_by_its_corrections(learned):
    assert learned.verdict is Verdict.ADOPTED
    assert learned.right_after >= learned.right_before + 40  # 14 and 81 of 120 with the whole reference
    assert learned.better > 20 * learned.worse
    reader = Corrected(model.shipped(), learned.correction, "shop")
    fresh = jargon.said(100, 8)
    before, after = (
        sum(read_text(text, reader=one).sub_reason == said for text, said in fresh) for one in (None, reader)
    )
    assert after >= before + 40
    assert read_text(fresh[0][0], reader=reader).reader == "shop"


def test_what_everybody_says_is_not_unlearned(learned, shipped):
    assert learned.reference == len(shipped[1])
    assert learned.reference_after >= learned.reference_before - adapting.MOST_LOST
    reader = Corrected(model.shipped(), learned.correction, "shop")
    right = [sum(one.is_read_right(by) for one in shipped[1]) for by in (model.shipped(), reader)]
    assert right[1] >= right[0] - 0.02 * len(shipped[1])


def test_its_words_can_still_be_shown(learned):
    reader = Corrected(model.shipped(), learned.correction, "shop")
    right = 0
    for text, said in jargon.said(60, 8):
        result = read_text(text, reader=reader)
        if result.sub_reason == said:
            right += 1
            assert result.quotes
            assert all(text[quote.start : quote.end] == quote.text != "" for quote in result.quotes)
    assert right > 20


def test_random_corrections_change_nothing(shipped):
    chance = random.Random(3)
    told = [(text, chance.choice(reasons.SUB_REASONS)) for text, _ in jargon.said(80, 9)]
    made = adapt(lessons(told), *shipped, model.shipped())
    assert made.verdict in (Verdict.NOT_BETTER, Verdict.FORGETS)
    assert made.correction is None


def test_who_only_confirms_what_is_read_teaches_nothing(shipped):
    texts = ["卡密无效", "显示已被使用", "余额是零", "拍错了", "没有收到卡密"]
    told = [(text + "啊" * (place % 8), read_text(text).sub_reason) for place, text in enumerate(texts * 9)]
    made = adapt(lessons(told), *shipped, model.shipped())
    assert (made.verdict, made.better) == (Verdict.NOT_BETTER, 0)


def test_too_few_labels_or_too_few_buyers_are_not_tried(shipped):
    few = lessons(jargon.said(adapting.LEAST - 1, 1))
    assert adapt(few, *shipped, model.shipped()) == adapting.Outcome(Verdict.TOO_FEW, adapting.LEAST - 1)
    one_buyer = [Lesson(one.heard, one.said, "the same") for one in lessons(jargon.said(60, 1))]
    assert adapt(one_buyer, *shipped, model.shipped()).verdict is Verdict.TOO_FEW


def test_one_buyer_is_one_witness(shipped):
    told = lessons(jargon.said(60, 5))
    grouped = [Lesson(one.heard, one.said, str(place % 6)) for place, one in enumerate(told)]
    made = adapt(grouped, *shipped, model.shipped())
    assert made.better + made.worse <= 6
    assert made.verdict is Verdict.NOT_BETTER  # six of six is 1.6 %


def test_the_sign_test_is_exact():
    assert sign_test(0, 0) == 1.0
    assert sign_test(7, 0) == 1 / 128
    assert sign_test(8, 2) == pytest.approx((45 + 10 + 1) / 1024)
    assert sign_test(3, 3) > 0.5


def test_a_correction_is_kept_as_it_was_made_and_made_the_same_twice(learned, shipped):
    data = encode(learned.correction)
    again = adapt(lessons(jargon.said(120, 7)), *shipped, model.shipped())
    assert encode(again.correction) == data
    kept = decode(data)
    assert kept.base == model.shipped().fingerprint
    assert np.array_equal(kept.weights, learned.correction.weights)
    assert len(data) < 200_000
    for place in (0, 30, len(data) // 2):
        with pytest.raises(ValueError, match="correction"):
            decode(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with pytest.raises(ValueError, match="correction"):
        decode(data[: len(data) // 2])


def test_the_shipped_texts_are_the_corpus_and_none_that_is_replayed_judges(tmp_path):
    service.write_reference(ROOT, tmp_path)
    made = (tmp_path / reference.FILE).read_bytes()
    assert made == (reasons.DATA / reference.FILE).read_bytes(), "the corpus changed: make model"
    replay, apart = reference.decode(made)
    held_out = [one for one in corpus.read(corpus.files(ROOT / service.HELD_OUT)) if not one.has_form]
    assert [one.said for one in apart] == [one.reasons[0] for one in held_out]
    assert {one.said for one in replay} == {*reasons.SUB_REASONS, "unstated", "none"}
    assert not {one.heard.joined for one in replay} & {one.heard.joined for one in apart if len(one.heard.joined) > 8}
