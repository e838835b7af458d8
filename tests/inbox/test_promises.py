"""Until when a reply promises an answer: half of what is left, round, by day."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.inbox.rules.drafts import promise_by
from cardcase.kit.clock import SHANGHAI


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "due", "promised"),
    [
        ("2026-11-24 12:03", "2026-11-24 20:11", "2026-11-24 16:00"),  # half, rounded down
        ("2026-11-24 12:03", "2026-11-24 13:05", "2026-11-24 12:30"),  # little left: to five minutes
        ("2026-11-29 03:27", "2026-12-01 03:27", "2026-11-29 21:00"),  # the half falls into a night: the evening before
        ("2026-11-24 21:40", "2026-11-25 18:00", "2026-11-25 10:00"),  # that evening is over: the next morning
        ("2026-11-24 22:10", "2026-11-25 03:00", "2026-11-25 00:35"),  # the clock ends in the night: as it must be
    ],
)
def test_an_answer_is_promised_by_day(now, due, promised):
    said = promise_by(at(now), at(due))
    assert said.replace(second=0, microsecond=0) == at(promised)


def test_nothing_is_promised_when_the_time_is_over():
    assert promise_by(at("2026-11-24 12:00"), at("2026-11-24 12:00")) is None


@given(
    st.integers(0, 366 * 24 * 60),
    st.timedeltas(timedelta(minutes=1), timedelta(days=20)),
)
def test_a_promise_lies_between_now_and_the_deadline(minute, left):
    now = at("2026-01-01 00:00") + timedelta(minutes=minute)
    promised = promise_by(now, now + left)
    assert now < promised <= now + left
