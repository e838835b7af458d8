"""Which language a buyer writes, and when the text leaves it open."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cardcase.training.rules import corpus
from cardcase.triage.rules import Language, Speaker, Told, Utterance, read_conversation, read_text
from cardcase.triage.rules.language import UNTOLD, language_of

HELD_OUT = Path(__file__).parents[2] / "corpus" / "held-out"
HANS, HANT, ENGLISH, OTHER = Language.HANS, Language.HANT, Language.ENGLISH, Language.OTHER


@pytest.mark.parametrize(
    ("text", "language", "is_sure"),
    [
        ("卡密无效，退款", HANS, True),
        ("卡密無效 我要退", HANT, True),
        ("呢張卡用咗㗎啦，點解仲賣俾我", HANT, True),  # Cantonese
        ("我后来干脆不要了，里面没钱", HANS, True),
        ("退款", HANS, False),  # the same in both scripts
        ("Apple gift card 用不了", HANS, False),
        ("我的 Steam wallet code 兌換失敗 error", HANT, True),
        ("我后来发现余额不对啊 還是退吧", HANS, True),
        ("退钱 退錢", HANS, False),  # one of each
        ("The code does not work, please refund", ENGLISH, True),
        ("It\u2019s already been redeemed by someone else", ENGLISH, True),
        ("hi 亲，the card is already redeemed can you refund me", ENGLISH, True),
        ("pls check my order 订单号 1234 card already used by someone", ENGLISH, True),
        ("refund pls", ENGLISH, False),
        ("すみません、このカードは使えません", OTHER, True),
        ("超级の好", HANS, True),
        ("카드가 안돼요", OTHER, True),
        ("Карта не работает", OTHER, True),
        ("wo yao tui kuan", OTHER, True),
        ("ok", OTHER, False),
        ("XJ7K-9Q2M-PL4T 1234567", OTHER, False),  # codes are no words
        ("看 https://example.com/refund-policy-for-the-card 这个", HANS, True),
        ("😀？？", OTHER, False),
    ],
)
def test_a_text_tells_its_language(text, language, is_sure):
    assert language_of([text]) == Told(language, is_sure=is_sure)


def test_nothing_said_tells_nothing():
    assert language_of([]) == language_of([""]) == UNTOLD


@pytest.mark.parametrize(
    ("part", "language", "least"), [("other-hant", HANT, 1.0), ("other-en", ENGLISH, 0.95), ("keyword-*", HANS, 0.95)]
)
def test_the_corpus_is_told_right_and_mostly_for_sure(part, language, least):
    found = [language_of([one.buyer]) for path in HELD_OUT.glob(f"{part}.tsv") for one in corpus.read([path])]
    assert len(found) >= 60
    assert {one.language for one in found} == {language}
    assert sum(one.is_sure for one in found) >= least * len(found)


def test_only_the_buyers_words_count_and_all_of_them():
    at = datetime(2026, 11, 30, tzinfo=UTC)
    talk = [
        Utterance("m1", "你好 有現貨嗎", Speaker.BUYER, at),
        Utterance("m2", "有的亲，现货，拍下马上发", Speaker.SELLER, at),
        Utterance("m3", "[我已付款，等待你发货]", Speaker.BUYER, at),
        Utterance("m4", "卡密無效", Speaker.BUYER, at),
    ]
    assert read_conversation(talk).language == Told(HANT, is_sure=True)


def test_a_reading_names_language_and_reader():
    result = read_text("the code was already redeemed, I want my money back")
    assert result.language == Told(ENGLISH, is_sure=True)
    assert result.sub_reason == "A2"
    assert result.reader
