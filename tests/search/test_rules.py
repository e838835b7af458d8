"""Folding, pairs, places: what is found is what stands in the folded text, whatever the characters."""

import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.search.rules import Kind, ask, fold, place, read, span, spans, words_of
from cardcase.search.rules.ranking import score

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
LIKELY = st.text(
    st.sampled_from("退款卡餘余額额ＡAaﬁ①1 　\n👍❤\ufe0f\u200b𠮷é\u0301かﾞ각\u11a8x7z\"'\\.:*"), max_size=25
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ１２３", "abc123"), ("餘額不足", "余额不足"), ("退  款\n", "退 款"), ("加\u200b微\u2060信", "加微信"),
        ("ﬁ", "fi"), ("STRASSE", "straße"), ("①", "1"), ("❤\ufe0f", "❤"), ("薴", "苧"), ("ｶﾞ", "ガ"), ("e\u0301", "É"),
    ],
)  # fmt: skip
def test_what_looks_the_same_is_the_same(one, other):
    assert fold(one) == fold(other)


@given(ANY | LIKELY)
def test_folding_again_changes_nothing_that_matters(text):
    assert ask(fold(text)).terms == ask(text).terms


def test_every_character_has_a_word_of_its_own_and_none_begins_another():
    codes = [words_of(chr(code))[1:] for code in range(0x21, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    assert len(set(codes)) == len(codes)
    ordered = sorted(codes)
    assert not any(other.startswith(one) for one, other in pairwise(ordered))


@given(LIKELY, LIKELY)
def test_the_words_of_a_phrase_stand_in_the_words_of_a_text_exactly_when_it_stands_in_the_text(text, phrase):
    folded, question = fold(text), ask(phrase)
    if not question or not folded:
        return
    words = words_of(folded)
    assert all(piece in words for piece in question.pieces()) == question.is_in(folded)


def test_a_question_is_cut_into_terms_and_quotation_marks_hold_together():
    assert ask('退款  余額 "not able" “不 想”').terms == ("退款", "余额", "not able", "不 想")
    assert ask('5"').terms == ('5"',)
    assert ask(" \u200b　").terms == ()
    assert ask("退款 退款").terms == ("退款",)


@given(ANY | LIKELY, st.integers(0, 40), st.integers(1, 8))
def test_what_is_found_can_be_marked_and_the_mark_folds_to_the_words(text, start, length):
    folded = fold(text)
    term = folded[start : start + length].strip()
    if not term:
        return
    for begin, end in spans(text, [term]):
        assert term in fold(text[begin:end])


@pytest.mark.parametrize(
    ("text", "term", "marked"),
    [
        ("我要退款了", "退款", ["退款"]),
        ("餘額不足，餘額", "余额", ["餘額", "餘額"]),
        ("ＡＰＰ 里", "app", ["ＡＰＰ"]),
        ("加\u200b微信", "加微", ["加\u200b微"]),
        ("好👍", "👍", ["👍"]),
        ("𠮷野家", "𠮷", ["𠮷"]),
        ("cafe\u0301!", "é", ["e\u0301"]),
        ("a \n b", "a b", ["a \n b"]),
    ],
)
def test_marks_stand_where_it_was_written(text, term, marked):
    assert [text[begin:end] for begin, end in spans(text, [term])] == marked


@given(
    st.sampled_from(list(Kind)),
    st.integers(1, (1 << 33) - 1),
    st.datetimes(timezones=st.just(UTC)) | st.none(),
)
def test_a_place_is_one_number_that_says_which_row_and_sorts_by_time(kind, pk, at):
    number = place(kind, pk, at)
    assert 0 <= number < 1 << 63
    assert (read(number).kind, read(number).pk) == (kind, pk)
    first, behind = span(things=kind.is_thing)
    assert first <= number < behind


def test_a_span_of_time_is_a_span_of_numbers():
    noon = datetime(2026, 11, 24, 4, tzinfo=UTC)
    first, behind = span(things=False, since=noon, until=noon + timedelta(hours=1))
    inside = [place(Kind.NOTE, 7, noon + timedelta(minutes=minute)) for minute in (0, 59)]
    outside = [place(Kind.NOTE, 7, noon + timedelta(minutes=minute)) for minute in (-1, 60)]
    assert all(first <= number < behind for number in inside)
    assert not any(first <= number < behind for number in outside)


def test_the_whole_name_comes_before_a_part_of_a_long_text_and_the_new_before_the_old():
    assert score("退款", ["退款"], age_days=100) > score("我想问一下怎么退款呀", ["退款"], age_days=0)
    assert score("怎么退款", ["退款"], age_days=1) > score("怎么退款", ["退款"], age_days=90)
