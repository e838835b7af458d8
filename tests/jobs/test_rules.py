from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cardcase.jobs import rules


def test_the_wait_grows_fourfold_and_ends_at_an_hour():
    waits = [rules.wait_before_retry(tries, 0.5) for tries in range(1, 7)]
    assert waits[:4] == [timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=16)]
    assert waits[4:] == [timedelta(hours=1)] * 2


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_the_dice_move_the_wait_by_half_at_most(tries, dice):
    middle = rules.wait_before_retry(tries, 0.5)
    assert middle / 2 <= rules.wait_before_retry(tries, dice) <= middle * 3 / 2
