"""Which clock holds, how long its margin is, and when it rings. Rules only: no database."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.deadlines.rules import (
    DEFAULT_OUTCOME,
    IF_MISSED_TEXTS,
    KIND_TITLES,
    Alarm,
    ClockFacts,
    DeadlineKind,
    IfMissed,
    Source,
    TimeRule,
    Trigger,
    choose,
    due_at,
    kind_for,
    margin_at,
    ring,
    schedule,
    source_text,
)
from cardcase.kit.catalogue import Certainty

APPLIED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENTS = st.integers(min_value=1_600_000_000, max_value=2_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


def before_confirm(**changes) -> TimeRule:
    values = {
        "id": "D1",
        "kind": DeadlineKind.PLATFORM_RESPONSE,
        "trigger": Trigger.REFUND_APPLIED_BEFORE_CONFIRM,
        "allowance": 72 * HOUR,
        "certainty": Certainty.MIRROR,
        "service_support": "VNR",
    }
    return TimeRule(**{**values, **changes})


AFTER_CONFIRM = before_confirm(id="D2", trigger=Trigger.REFUND_APPLIED_AFTER_CONFIRM, allowance=48 * HOUR)
UNKNOWN = before_confirm(
    id="D6", trigger=Trigger.REFUND_APPLIED, allowance=None, certainty=Certainty.OPEN, service_support=""
)
RULES = [before_confirm(), AFTER_CONFIRM, UNKNOWN]


def facts(**changes) -> ClockFacts:
    values = {"refund_state": "awaiting_seller", "refund_applied_at": APPLIED, "default_response_hours": 24}
    return ClockFacts(**{**values, **changes})


def test_the_platforms_own_time_wins_over_every_rule():
    told = APPLIED + 30 * HOUR
    spec = choose(facts(refund_timeout_at=told, service_support=("VNR",), typed_due_at=APPLIED + HOUR), RULES)
    assert (spec.due_at, spec.source, spec.certainty) == (told, Source.API, Certainty.OFFICIAL)
    assert spec.rule == "timeout_time"
    assert spec.if_missed is IfMissed.AUTO_REFUND


def test_virtual_goods_give_72_hours_before_and_48_after_the_receipt_is_confirmed():
    before = choose(facts(service_support=("SDR", "VNR"), confirmed_at=APPLIED + HOUR), RULES)
    after = choose(facts(service_support=("VNR",), confirmed_at=APPLIED - HOUR), RULES)
    assert (before.due_at - APPLIED, before.rule) == (72 * HOUR, "D1")
    assert (after.due_at - APPLIED, after.rule) == (48 * HOUR, "D2")


def test_a_refund_applied_for_at_the_moment_of_confirmation_counts_as_after_it():
    assert choose(facts(service_support=("VNR",), confirmed_at=APPLIED), RULES).rule == "D2"


def test_ordinary_goods_fall_back_to_the_shops_default_which_is_shown_as_unverified():
    spec = choose(facts(), RULES)
    assert (spec.source, spec.certainty, spec.due_at) == (Source.DEFAULT, Certainty.OPEN, APPLIED + 24 * HOUR)
    assert not spec.is_verified
    assert "未核实" in source_text(spec.source, spec.certainty, spec.rule).zh


def test_a_typed_time_replaces_the_unverified_default_but_never_a_dated_rule():
    typed = APPLIED + 5 * HOUR
    assert choose(facts(typed_due_at=typed), RULES).source is Source.TYPED
    assert choose(facts(typed_due_at=typed), RULES).due_at == typed
    assert choose(facts(typed_due_at=typed, service_support=("VNR",)), RULES).source is Source.RULE


def test_a_rule_without_an_established_number_never_makes_a_deadline():
    assert choose(facts(default_response_hours=None), [UNKNOWN]) is None


def test_of_two_rules_that_fit_the_earlier_one_counts_because_silence_loses():
    strict = before_confirm(id="own", allowance=10 * HOUR)
    assert choose(facts(service_support=("VNR",)), [*RULES, strict]).rule == "own"


def test_without_the_time_of_application_a_rule_is_silent_and_the_default_counts_from_when_it_was_seen():
    spec = choose(facts(refund_applied_at=None, seen_at=APPLIED + HOUR, service_support=("VNR",)), RULES)
    assert (spec.source, spec.due_at) == (Source.DEFAULT, APPLIED + 25 * HOUR)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("", DeadlineKind.FIRST_RESPONSE),
        ("none", DeadlineKind.FIRST_RESPONSE),
        ("awaiting_seller", DeadlineKind.PLATFORM_RESPONSE),
        ("awaiting_address", DeadlineKind.PLATFORM_RESPONSE),
        ("awaiting_receipt", DeadlineKind.RETURN_RECEIVE),
        ("awaiting_return", DeadlineKind.RETURN_SHIP),
        ("refused", DeadlineKind.BUYER_RESPONSE),
        ("unknown", DeadlineKind.PLATFORM_RESPONSE),
        ("closed", None),
        ("succeeded", None),
    ],
)
def test_the_state_of_the_refund_says_which_clock_runs(state, kind):
    assert kind_for(state) is kind


def test_the_shops_default_never_binds_the_buyer():
    assert choose(facts(refund_state="refused"), RULES) is None
    told = choose(facts(refund_state="refused", refund_timeout_at=APPLIED + HOUR), RULES)
    assert told.if_missed is IfMissed.CLAIM_CLOSED


def test_no_clock_runs_once_the_refund_is_over():
    assert choose(facts(refund_state="succeeded", refund_timeout_at=APPLIED), RULES) is None


TEN_MINUTES = TimeRule(
    id="D3",
    kind=DeadlineKind.DELIVERY_DUE,
    trigger=Trigger.PAID,
    allowance=timedelta(minutes=10),
    certainty=Certainty.MIRROR,
    service_support="FD_10MS",
    quiet_from=time(22),
    quiet_to=time(8),
    quiet_until=time(10),
)


@pytest.mark.parametrize(
    ("paid_at", "expected"),
    [
        ("2026-11-23T13:59:00+00:00", "2026-11-23T14:09:00+00:00"),  # 21:59 in Shanghai: ten minutes
        ("2026-11-23T14:00:00+00:00", "2026-11-24T02:00:00+00:00"),  # 22:00: ten o'clock next morning
        ("2026-11-23T20:00:00+00:00", "2026-11-24T02:00:00+00:00"),  # 04:00 on the 24th: the same morning
        ("2026-11-23T23:59:59+00:00", "2026-11-24T02:00:00+00:00"),  # 07:59:59
        ("2026-11-24T00:00:00+00:00", "2026-11-24T00:10:00+00:00"),  # 08:00: ten minutes again
    ],
)
def test_a_code_paid_for_at_night_is_due_at_ten_in_the_morning(paid_at, expected):
    assert due_at(TEN_MINUTES, datetime.fromisoformat(paid_at)) == datetime.fromisoformat(expected)


def test_delivery_is_due_only_when_the_promise_was_made():
    paid = ClockFacts(paid_at=APPLIED, service_support=("FD_10MS",))
    assert choose(paid, [TEN_MINUTES], kind=DeadlineKind.DELIVERY_DUE).rule == "D3"
    assert choose(ClockFacts(paid_at=APPLIED), [TEN_MINUTES], kind=DeadlineKind.DELIVERY_DUE) is None


@given(start=MOMENTS, minutes=st.integers(min_value=1, max_value=60 * 24 * 30))
def test_the_margin_is_never_shorter_than_half_an_hour_nor_than_a_tenth_of_the_window(start, minutes):
    window = timedelta(minutes=minutes)
    margin = start + window - margin_at(start, start + window)
    assert margin >= timedelta(minutes=30)
    assert margin >= window / 10
    assert margin in (timedelta(minutes=30), window / 10)


@given(start=MOMENTS, minutes=st.integers(min_value=1, max_value=60 * 24 * 30), looks=st.lists(st.floats(-0.5, 1.5)))
def test_each_alarm_rings_at_most_once_and_the_margin_always_rings(start, minutes, looks):
    window = timedelta(minutes=minutes)
    planned = schedule(start, start + window, margin_at(start, start + window))
    warned, rung = 0, []
    for part in [*sorted(looks), 2.0]:
        alarm, warned, following = ring(planned, warned, start + window * part)
        rung += [alarm] if alarm else []
        assert following is None or following > start + window * part
    assert len(rung) == len(set(rung))
    assert Alarm.MARGIN in rung
    assert warned == 3


def test_alarms_of_a_long_window_ring_at_half_a_quarter_and_a_tenth():
    moments = schedule(APPLIED, APPLIED + 100 * HOUR, margin_at(APPLIED, APPLIED + 100 * HOUR))
    assert [(alarm, moment - APPLIED) for moment, alarm in moments] == [
        (Alarm.HALF, 50 * HOUR),
        (Alarm.QUARTER, 75 * HOUR),
        (Alarm.MARGIN, 90 * HOUR),
    ]


def test_every_kind_says_in_both_languages_what_is_lost():
    for kind in DeadlineKind:
        assert KIND_TITLES[kind].zh
        assert KIND_TITLES[kind].en
        lost = IF_MISSED_TEXTS[DEFAULT_OUTCOME[kind]]
        assert lost.zh
        assert lost.en
    assert IF_MISSED_TEXTS[IfMissed.AUTO_REFUND].zh == "平台自动退款"
