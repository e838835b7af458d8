import json
import pickle
from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.kit import clock, ids, money
from cardcase.kit.secret import CardCode


@given(st.integers(min_value=-(10**11), max_value=10**11))
def test_money_reads_back_what_it_shows(fen):
    assert money.parse_yuan(money.yuan(abs(fen))) == abs(fen)


@pytest.mark.parametrize("text", ["", "abc", "1.234", "1e5", "NaN", "--3", "12元3"])
def test_what_is_not_an_amount_is_refused(text):
    with pytest.raises(ValueError):
        money.parse_yuan(text)


def test_ids_sort_by_time_and_carry_their_version():
    with clock.fixed_at(datetime(2026, 1, 1, tzinfo=UTC)):
        first = ids.public_id("case")
    with clock.fixed_at(datetime(2026, 1, 2, tzinfo=UTC)):
        second = ids.public_id("case")
    assert first < second
    assert UUID(first.removeprefix("case_")).version == 7


def test_many_ids_of_one_moment_are_all_different_and_well_formed():
    made = ids.public_ids("msg", 1000)
    assert len(set(made)) == 1000
    numbers = [UUID(one.removeprefix("msg_")) for one in made]
    assert {(number.version, number.variant) for number in numbers} == {(7, RFC_4122)}


@pytest.mark.parametrize("show", [repr, str, "{}".format, lambda code: f"{code!r}{code:>30}"])
def test_a_code_cannot_be_shown_by_accident(show):
    assert "ABCDEFGH12345678"[:-4] not in show(CardCode("ABCD-EFGH-1234-5678")).replace("-", "")


def test_a_code_cannot_be_serialised():
    code = CardCode("ABCD-EFGH-1234-5678")
    with pytest.raises(TypeError):
        pickle.dumps(code)
    with pytest.raises(TypeError):
        json.dumps(code)


def test_codes_are_the_same_whatever_their_dress():
    assert CardCode("abcd efgh－1234").same_as(CardCode("ＡＢＣＤ-EFGH1234"))
    assert CardCode("ABCD-EFGH-1234-5678").masked() == "‥5678"
    assert CardCode("1234567").masked() == "‥"
