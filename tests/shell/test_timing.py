"""Moments and time left are said as a person would say them, in Shanghai's time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from cardcase.shell import timing
from cardcase.shell.parts import Tone

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.mark.parametrize(
    ("left", "text", "short", "tone"),
    [
        (timedelta(days=2, hours=3), "还剩 2 天 3 小时", "2天3时", Tone.PLAIN),
        (timedelta(hours=17, minutes=12), "还剩 17 小时 12 分", "17:12", Tone.WARN),
        (timedelta(minutes=9), "还剩 9 分钟", "0:09", Tone.WARN),
        (timedelta(hours=-3), "已超时 3 小时 0 分", "超时", Tone.BAD),
    ],
)
def test_time_left_is_said_with_its_urgency(left, text, short, tone):
    value = timing.countdown(NOW + left, now=NOW)
    assert (value.text, value.short, value.tone) == (text, short, tone)
    assert datetime.fromisoformat(value.due_iso) == NOW + left


def test_the_margin_decides_when_to_warn():
    due = NOW + timedelta(hours=10)
    assert timing.countdown(due, now=NOW, margin_at=NOW + timedelta(hours=1)).tone is Tone.PLAIN
    assert timing.countdown(due, now=NOW, margin_at=NOW).tone is Tone.WARN


def test_an_unknown_deadline_is_said_and_not_hidden():
    value = timing.countdown(None, now=NOW)
    assert value.text == "时限未知"
    assert value.tone is Tone.UNKNOWN
    assert not value.due_iso


@pytest.mark.parametrize(
    ("moment", "zh", "en"),
    [
        (NOW + timedelta(hours=6), "今天 18:00", "today 18:00"),
        (NOW + timedelta(hours=13), "明天 01:00", "tomorrow 01:00"),
        (NOW - timedelta(hours=13), "昨天 23:00", "yesterday 23:00"),
        (NOW - timedelta(days=4), "11月20日 12:00", "20 Nov 12:00"),
        (NOW - timedelta(days=365), "2025年11月24日 12:00", "24 Nov 2025 12:00"),
    ],
)
def test_moments_are_near_or_dated(moment, zh, en):
    assert timing.moment_text(moment, now=NOW) == zh
    with translation.override("en"):
        assert timing.moment_text(moment, now=NOW) == en


def test_the_day_begins_at_midnight_in_shanghai():
    assert timing.weekday_text(datetime(2026, 11, 24, 15, 59, tzinfo=UTC)) == "周二"
    assert timing.weekday_text(datetime(2026, 11, 24, 16, 0, tzinfo=UTC)) == "周三"
