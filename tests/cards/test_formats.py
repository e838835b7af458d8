"""What a card's form says: a warning at most, told in codes, found in time that grows with the text only."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.cards import queries
from cardcase.cards.rules import WARNINGS, CardFormat, CardWarning, FormatBook, Outcome, patterns
from cardcase.kit import catalogue
from cardcase.kit.secret import CardCode

TODAY = date(2026, 11, 24)
SHIPPED = Path(queries.__file__).parent.parent / "data" / "formats.toml"
BOOK = FormatBook(catalogue.load(SHIPPED, CardFormat, table="format").records.values())
NUMBER, SECRET = "JDV00000000000012345", "FACE-DEAD-1234-ABCD"


def judge(code: str, **told):
    return BOOK.judge(CardCode(code), on=TODAY, least_validity_days=30, **told)


@pytest.mark.parametrize(
    "pattern",
    ["", "(A)", "A*", "A+", "A|B", "(A{1,9}){1,9}", "[A-Z]{1,9}[A-Z]{1,9}", "A?", ".", "A{1,}", "A{3}{3}", r"\w", "A" * 121],
)  # fmt: skip
def test_a_pattern_that_could_take_long_or_is_none_of_ours_is_refused(pattern):
    with pytest.raises(ValueError, match=r"pattern|allowed|vary"):
        patterns.check(pattern)


@pytest.mark.parametrize("pattern", [r"JDV\d{17}", "[0-9A-F]{16}", "[A-Z0-9]{14,15}", "X[A-Z0-9]{15}"])
def test_a_pattern_of_fixed_repetitions_is_taken(pattern):
    assert patterns.check(pattern) == pattern


def test_a_text_longer_than_any_code_matches_nothing():
    assert not patterns.matches(("[A-Z]{1,99}",), "A" * (patterns.LONGEST + 1))


@pytest.mark.parametrize(
    ("brand", "format_id"),
    [("京东E卡 100元", "jd_ecard"), ("ＪＤ Ｅ-Ｃａｒｄ", "jd_ecard"), ("苹果充值卡", "apple"), ("App Store 美区", "apple"),
     ("沃尔玛", "walmart"), ("WALMART", "walmart"), ("中石化充值卡", "sinopec_topup"), ("中石化加油卡", "sinopec"),
     ("Steam 50", "steam"), ("自家面包券", "")],
)  # fmt: skip
def test_a_brand_is_recognised_from_the_words_that_people_use(brand, format_id):
    assert judge("ABCDEFGH", brand=brand).format == format_id


def test_without_a_brand_only_a_telling_number_names_it():
    assert judge(SECRET, number=NUMBER).format == "jd_ecard"
    assert judge(SECRET, number="9123456789012345").format == ""
    assert judge(SECRET).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("code", "told", "warnings"),
    [
        (SECRET, {"number": NUMBER}, []),
        (SECRET.lower(), {"number": NUMBER}, []),
        (NUMBER, {"number": SECRET}, ["swapped"]),
        (SECRET, {}, ["number_missing"]),
        ("FACE-DEAD-1234-ABC", {"number": NUMBER}, ["format_code"]),
        ("FACE-DEAD-1Z34-ABCD", {"number": NUMBER}, ["format_code"]),
        ("FACE-DEAD-I234-ABCD", {"number": NUMBER}, ["format_code", "look_alike"]),
        ("FACE-DEAD-l234-ABCD", {"number": NUMBER}, ["format_code", "look_alike"]),
        (SECRET, {"number": "JDVO0000000000012345"}, ["format_number", "look_alike"]),
        ("FACE-DEAD-1234-АBCD", {"number": NUMBER}, ["foreign_letters", "format_code"]),  # the first А is Cyrillic
        ("ＦＡＣＥ-DEAD-1234-ABCD", {"number": NUMBER}, ["full_width"]),
        ("FACE\u200bDEAD1234ABCD", {"number": NUMBER}, ["invisible"]),
        ("FACE DEAD 1234 ABCD", {"number": NUMBER}, []),
        ("FACED EAD 1234 ABCD", {"number": NUMBER}, ["inner_space"]),
        (SECRET, {"number": NUMBER, "face_fen": 500_001}, ["face_unusual"]),
        (SECRET, {"number": NUMBER, "expires_on": TODAY - timedelta(days=1)}, ["expired"]),
        (SECRET, {"number": NUMBER, "expires_on": TODAY}, ["short_validity"]),
        (SECRET, {"number": NUMBER, "expires_on": TODAY + timedelta(days=29)}, ["short_validity"]),
        (SECRET, {"number": NUMBER, "expires_on": TODAY + timedelta(days=30)}, []),
    ],
)
def test_what_is_odd_about_a_card_is_told_in_codes(code, told, warnings):
    verdict = judge(code, brand="京东E卡", **told)
    assert [warning.value for warning in verdict.warnings] == warnings
    form = {"format_code", "format_number", "number_missing", "swapped"}
    assert (verdict.outcome is Outcome.DOES_NOT_MATCH) == bool(form & set(warnings))


def test_a_brand_of_numbers_alone_takes_a_lone_number_for_what_it_is():
    assert judge("1000110000000000001", brand="中石化加油卡").outcome is Outcome.LOOKS_LIKE


@given(
    code=st.text(min_size=1, max_size=200), number=st.text(max_size=80), brand=st.sampled_from(["京东E卡", "apple", ""])
)
def test_any_text_whatever_is_judged_without_its_characters_in_the_answer(code, number, brand):
    if not code.strip():
        return
    verdict = judge(code, number=number, brand=brand)
    assert set(verdict.warnings) <= set(CardWarning)
    assert verdict.format in {"", *(one.id for one in BOOK.formats)}


def test_every_warning_is_said_in_both_languages():
    assert set(WARNINGS) == set(CardWarning)
    assert all(text.zh and text.en and text.zh != text.en for text in WARNINGS.values())


def test_every_shipped_format_has_a_source_and_says_where_to_look():
    for one in BOOK.formats:
        assert one.source
        assert one.certainty is not None
        assert all((one.where.zh, one.where.en, one.what.zh, one.what.en))


@pytest.fixture
def own_formats(settings, tmp_path):
    settings.CARDCASE = settings.CARDCASE.model_copy(update={"data": tmp_path})
    folder = settings.CARDCASE.overrides / "lika"
    folder.mkdir(parents=True)
    return folder / "formats.toml"


OWN = """[catalogue]
id = "card-formats"
version = "1"
source = "our own samples"
certainty = "J"
[[format]]
id = "bread"
zh = "面包券"
en = "Bread"
words = ["面包"]
code = ["{pattern}"]
"""


@pytest.mark.django_db
def test_a_shop_adds_formats_of_its_own_and_another_shop_does_not_see_them(owner, stranger, noon, own_formats):
    own_formats.write_text(OWN.format(pattern="B[0-9]{7}"), "utf-8")
    assert queries.format_book(owner).of_brand("面包券").id == "bread"
    assert queries.format_book(owner).of_brand("京东E卡").id == "jd_ecard"
    assert queries.format_book(stranger).of_brand("面包券") is None


@pytest.mark.django_db
def test_a_dangerous_pattern_of_a_shop_is_refused_by_name_at_start(owner, noon, own_formats):
    own_formats.write_text(OWN.format(pattern="(B+)+"), "utf-8")
    with pytest.raises(catalogue.BrokenCatalogue, match=r"formats\.toml"):
        queries.check_data()
