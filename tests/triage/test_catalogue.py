import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.triage.rules import Family, Speaker, Utterance, phrases, read_conversation, read_text, reasons
from cardcase.triage.rules.folding import LONGEST, Variants, fold
from cardcase.triage.rules.openers import openers

DATA = Path(__file__).parent / "data"
TEXTS = [
    json.loads(line)["text"] for file in sorted(DATA.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()
]
HEAD = '[catalogue]\nid = "own"\nversion = "1"\nsource = "the shop"\ncertainty = "J"\n'

any_text = st.text(max_size=200) | st.lists(st.sampled_from(TEXTS), max_size=4).map("，".join)


@given(any_text)
@settings(max_examples=300)
def test_any_text_gives_an_answer_with_exact_spans(text):
    result = read_text(text)
    assert 0 <= result.confidence <= 1
    assert result.reason in set(Family)
    assert (result.sub_reason in reasons.SUB_REASONS) == (result.reason not in (Family.NONE, Family.UNSTATED))
    for quote in result.quotes:
        assert 0 <= quote.start < quote.end <= len(text)
        assert text[quote.start : quote.end] == quote.text
    if result.is_certain:
        assert result.quotes
        assert {need.code for need in result.needs_human} <= {"threat", "long_text"}


@given(st.lists(st.tuples(st.sampled_from(list(Speaker)), any_text), max_size=6), any_text)
@settings(max_examples=100)
def test_any_conversation_gives_an_answer(lines, description):
    said = [Utterance(f"m{place}", text, speaker) for place, (speaker, text) in enumerate(lines)]
    result = read_conversation(said, form_description=description)
    texts = {one.id: one.text for one in said} | {"form": description}
    for quote in result.quotes:
        assert texts[quote.message_id][quote.start : quote.end] == quote.text


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_folding_remembers_where_each_character_came_from(text):
    folded = fold(text)
    for place in range(len(folded.text)):
        start, end = folded.span(place, place + 1)
        assert end - start == 1
        assert 0 <= start < len(text)


def test_spans_survive_characters_that_fold_to_several():
    text = "……㈱ﷺ卡密無效！！"
    [quote] = read_text(text).quotes
    assert quote.text == "卡密無效"
    assert text[quote.start : quote.end] == quote.text


def test_a_novel_is_read_at_its_beginning_and_said_to_be_long():
    result = read_text("卡密无效 " + "啊" * 100_000)
    assert result.sub_reason == "A1"
    assert "long_text" in [need.code for need in result.needs_human]
    assert len(fold("啊" * 100_000).text) == LONGEST


def test_the_list_of_reasons_is_that_of_the_domain():
    expected = [f"A{n}" for n in range(1, 6)] + [f"P{n}" for n in range(1, 6)]
    expected += [f"V{n}" for n in range(1, 7)] + [f"O{n}" for n in range(1, 9)]
    assert list(reasons.SUB_REASONS) == expected
    for code in [*expected, "unstated", "none"]:
        assert reasons.title(code).zh
        assert reasons.title(code).en
        assert reasons.question(code).zh
    assert reasons.family_title("authenticity").zh == "真实性质疑"
    assert reasons.family_of("P4") is Family.PERSONAL
    with pytest.raises(KeyError):
        reasons.title("X9")


def test_patterns_have_no_groups_but_their_gaps():
    book = phrases.lexicon()
    assert len(book.phrases) > 150
    for phrase in book.phrases:
        assert phrase.pattern.groups == phrase.pattern.pattern.count("([^。!?;"), phrase.id


def test_skipping_by_letters_loses_no_match():
    book = phrases.lexicon()
    for text in TEXTS:
        folded = fold(text, book.variants).text
        for rule in (*book.phrases, *book.signals):
            for match in rule.pattern.finditer(folded):
                assert not rule.needs & book.letters.missing(folded), match


@pytest.mark.parametrize(
    ("regex", "first"),
    [
        ("(?:ab|[cd]e)f", {"ab", "ce", "de"}),
        ("a?b", {"ab", "b"}),
        ("a(?:bc|d)?e", {"ab", "ad", "ae"}),
        (r"(?<!x)y{0,2}z", {"y", "z"}),
        (r"\d+", set("0123456789")),
        ("a+b", {"a"}),
        ("a.b", {"a"}),
        (r"a[^b]|cd", {"a", "cd"}),
        (r"(a)\1", {"a"}),
        (".x", None),
        ("a*", None),
        (r"\w", None),
        ("(?P<name>x)", None),
        (r"(?:\bcode|卡(?!住))", {"co", "卡"}),
    ],
)
def test_first_letters_of_a_pattern(regex, first):
    assert openers(regex) == (None if first is None else frozenset(first))


@pytest.mark.parametrize(
    ("regex", "wanted"),
    [
        ("卡密~无效", [{"卡密"}, {"无效"}]),
        ("卡密~?(?:无效|错)", [{"卡密"}, {"无效", "错"}]),
        ("卡密~无效|没用", [{"卡密", "没用"}, {"无效", "没用"}]),
        ("卡密~.|没用", [{"卡密", "没用"}]),
        (r"[]|(]~\(~无效", [{"]", "|", "("}, {"("}, {"无效"}]),
        ("卡密~无效|.", []),
        ("(?i)ab~cd|ef", []),
    ],
)
def test_a_match_needs_a_beginning_of_each_part_of_one_alternative(regex, wanted):
    assert list(map(set, phrases.needs(regex, {}))) == wanted


def test_two_letters_count_only_where_they_follow_each_other():
    letters = phrases.Letters()
    together, single = letters.bits([frozenset({"卡密"})]), letters.bits([frozenset({"码"})])
    assert letters.missing("卡密") == single
    assert letters.missing("卡的密码") == together


def test_a_shops_own_patterns_lie_over_ours(tmp_path):
    own = HEAD + '[[phrase]]\nid = "own.mango"\nsub_reason = "O1"\nregex = "芒果跳舞"\nweight = 3.0\n'
    (tmp_path / "phrases.toml").write_text(own, "utf-8")
    assert read_text("芒果跳舞").sub_reason != "O1"
    assert read_text("芒果跳舞", overrides=tmp_path).sub_reason == "O1"
    assert read_text("卡密无效", overrides=tmp_path).sub_reason == "A1"


@pytest.mark.parametrize(
    "row",
    [
        'sub_reason = "Z1"\nregex = "x"\nweight = 1.0',
        'sub_reason = "A1"\nregex = "{nothing}"\nweight = 1.0',
        'sub_reason = "A1"\nregex = "("\nweight = 1.0',
        'sub_reason = "A1"\nregex = "x"\nweight = 99.0',
        'sub_reason = "A1"\nregex = "x"',
    ],
)
def test_a_broken_pattern_is_refused_by_name(tmp_path, row):
    (tmp_path / "phrases.toml").write_text(f'{HEAD}[[phrase]]\nid = "own.bad"\n{row}\n', "utf-8")
    with pytest.raises(BrokenCatalogue):
        phrases.lexicon(tmp_path)


def test_typing_errors_keep_the_length():
    with pytest.raises(ValueError, match="length"):
        Variants({"腿": "退款"})
