import numpy as np
import pytest

from cardcase.triage.rules import read_text
from cardcase.triage.rules.folding import LONGEST
from cardcase.triage.rules.grams import MASK, Vocabulary, grams

KNOWN = ["a", "ab", "abca", "b", "bc", "卡", "卡密", "卡密无效", "密", "😡"]


def _found(vocabulary, text):
    """Where the n-grams stand, found letter by letter."""
    order = list(vocabulary)
    return [
        (4 * start + size - 1, order.index(text[start : start + size]))
        for start in range(len(text))
        for size in range(1, min(4, len(text) - start) + 1)
        if text[start : start + size] in order
    ]


@pytest.mark.parametrize(
    "text",
    [
        "abcab",
        "卡密无效卡密无",
        "xaxbxc",
        f"卡{MASK}密{MASK}{MASK}ab",
        "😡😡a😠",
        "\ud800a\ud800b",
        "\U0010ffffab",
        "ab",
        "a",
        "?",
        "",
    ],
)
def test_the_known_n_grams_of_a_text_are_found_where_they_stand(text):
    vocabulary = Vocabulary(KNOWN)
    places, rows = vocabulary.find(text)
    assert list(zip(places.tolist(), rows.tolist(), strict=True)) == _found(vocabulary, text)


def test_a_vocabulary_gives_its_n_grams_back_in_their_order():
    assert list(Vocabulary(KNOWN)) == KNOWN
    assert len(Vocabulary(KNOWN)) == len(KNOWN)


def test_an_empty_vocabulary_finds_nothing():
    places, rows = Vocabulary([]).find("卡密无效")
    assert (len(places), len(rows), list(Vocabulary([]))) == (0, 0, [])
    assert rows.dtype == np.intp


@pytest.mark.parametrize("order", [["b", "a"], ["a", "a"], ["", "a"], ["a", ""], ["abcde"], ["ab", "a"]])
def test_n_grams_out_of_order_or_of_another_size_are_refused(order):
    with pytest.raises(ValueError, match="n-grams"):
        Vocabulary(order)


def test_no_n_gram_reaches_over_a_mask():
    assert grams(f"a{MASK}b") == ["\n", "a", "\na", "b", "\n", "b\n"]


def test_words_are_quoted_where_they_stand_though_folding_made_the_text_longer_than_is_read():
    # One sign becomes four letters, and of the whole only the last letters are read.
    words = "收银台说这张是空的"
    text = "㍿" * (LONGEST // 3) + f" 我排了半天队 {words}"
    [quote] = read_text(text).quotes
    assert (quote.text, quote.start, quote.rule) == (words, text.index(words), "model")
