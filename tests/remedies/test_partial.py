"""The arithmetic of a partial refund (N7): exact shares of integer 分, rounded for the buyer, within the platform's bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.remedies.rules import part_of_price


def test_the_part_is_explained_in_one_sentence():
    part = part_of_price(19300, 20000, 15000)
    assert part.amount_fen == 4825
    assert part.text.zh == "¥193.00 × 少的 ¥50.00 ÷ 应有 ¥200.00 = ¥48.25。"


@pytest.mark.parametrize(
    ("price", "promised", "remaining", "fen"), [(1, 2, 1, 1), (100, 3, 2, 33), (100, 3, 1, 67), (3, 8, 4, 2)]
)
def test_halves_are_rounded_up_for_the_buyer(price, promised, remaining, fen):
    assert part_of_price(price, promised, remaining).amount_fen == fen


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.data())
def test_the_part_is_within_half_a_fen_of_the_exact_share_and_never_more_than_the_price(price, promised, data):
    remaining = data.draw(st.integers(0, promised - 1))
    amount = part_of_price(price, promised, remaining, least_fen=0).amount_fen
    assert abs(2 * amount * promised - 2 * price * (promised - remaining)) <= promised
    assert 0 <= amount <= price


def test_the_platforms_bounds_cap_the_part_and_are_said():
    part = part_of_price(19300, 20000, 15000, most_fen=4000)
    assert (part.amount_fen, part.is_capped) == (4000, True)
    assert "上下限" in part.text.zh


@pytest.mark.parametrize("values", [(0, 100, 0), (100, 0, 0), (100, 100, 100), (100, 100, 150), (100, 100, -1)])
def test_an_absurd_part_is_refused(values):
    with pytest.raises(ValueError):
        part_of_price(*values)
