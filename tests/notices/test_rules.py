"""Who is told what when, as a table; quiet hours; and what a notice says."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.deadlines.rules import PLATFORM_BOUND, DeadlineKind, IfMissed
from cardcase.kit.catalogue import Certainty
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import WrongUse
from cardcase.notices.rules import (
    DueFacts,
    Event,
    Importance,
    Scope,
    deadline_message,
    importance_of,
    is_told,
    masked_nick,
    quiet_until,
    read_address,
    read_spans,
    when,
)
from cardcase.notices.rules.addresses import TargetKind
from cardcase.notices.rules.alarms import ALARMS

NIGHT = read_spans("22:30-08:00")


def moment(text: str, day: int = 24) -> datetime:
    hour, minute = map(int, text.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def sent(event, kind, at, margin, due, *, quiet=NIGHT):
    return when(event, kind, at=at, margin_at=margin, due_at=due, quiet=quiet)


# --- Quiet hours ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "at", "until"),
    [
        ("22:30-08:00", moment("22:29"), None),
        ("22:30-08:00", moment("22:30"), moment("08:00", 25)),
        ("22:30-08:00", moment("23:59"), moment("08:00", 25)),
        ("22:30-08:00", moment("00:00"), moment("08:00")),
        ("22:30-08:00", moment("07:59"), moment("08:00")),
        ("22:30-08:00", moment("08:00"), None),
        ("12:00-13:30", moment("12:00"), moment("13:30")),
        ("12:00-13:30", moment("13:30"), None),
        ("22:00-24:00, 00:00-07:00", moment("23:00"), moment("07:00", 25)),  # spans that touch are one
        ("20:00-23:00；22:00-06:00", moment("21:00"), moment("06:00", 25)),
        ("00:00-12:00,12:00-24:00", moment("09:00"), None),  # always quiet is never quiet
        ("", moment("03:00"), None),
    ],
)
def test_quiet_ends_when_the_span_does(spans, at, until):
    assert quiet_until(read_spans(spans), at) == until


@pytest.mark.parametrize("text", ["22:30", "25:00-08:00", "22:60-08:00", "22:30-22:30", "a-b", "00:00-24:00", "1-2"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(WrongUse) as refused:
        read_spans(text)
    assert refused.value.problem_code == "bad_quiet_hours"


@pytest.mark.parametrize("text", ["22:30-8:00", "22：30～08：00", "22:30至08:00", "22:30 – 08:00"])
def test_spans_are_read_however_people_write_them(text):
    assert read_spans(text) == NIGHT


# --- When ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(PLATFORM_BOUND))
def test_a_platform_margin_and_a_platform_miss_are_never_silenced(kind):
    at = moment("03:00")
    for event in (Event.MARGIN, Event.MISSED):
        assert sent(event, kind, at, at, at + timedelta(hours=20)) == at


def test_an_early_alarm_waits_when_the_margin_comes_after_the_quiet():
    at, morning = moment("03:00"), moment("08:00")
    kind = DeadlineKind.PLATFORM_RESPONSE
    assert sent(Event.HALF, kind, at, moment("09:00"), moment("10:00")) == morning
    assert sent(Event.QUARTER, kind, at, morning, moment("10:00")) == morning


def test_an_early_alarm_does_not_wait_past_the_margin_or_the_end():
    at, kind = moment("03:00"), DeadlineKind.PLATFORM_RESPONSE
    assert sent(Event.QUARTER, kind, at, moment("07:59"), moment("10:00")) == at
    assert sent(Event.HALF, kind, at, moment("07:00"), moment("07:30")) == at


def test_our_own_goals_wait_for_the_morning():
    at = moment("03:00")
    for event in ALARMS:
        assert sent(event, DeadlineKind.FIRST_RESPONSE, at, at, at + timedelta(minutes=10)) == moment("08:00")


def test_another_loss_waits_unless_it_would_happen_meanwhile():
    at = moment("03:00")
    assert sent(Event.MARGIN, DeadlineKind.APPEAL_WINDOW, at, at, moment("07:00")) == at
    assert sent(Event.MARGIN, DeadlineKind.APPEAL_WINDOW, at, at, moment("09:00")) == moment("08:00")
    assert sent(Event.MISSED, DeadlineKind.APPEAL_WINDOW, at, at, at) == moment("08:00")


def test_outside_the_quiet_everything_is_sent_at_once():
    at = moment("12:00")
    assert all(sent(event, kind, at, at, at) == at for event in ALARMS for kind in DeadlineKind)


minutes = st.integers(0, 24 * 60 - 1)


@given(
    spans=st.lists(st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]), max_size=4),
    start=st.integers(0, 60 * 24 * 400),
    margin_left=st.tuples(st.integers(-600, 3000), st.integers(0, 3000)),
    event=st.sampled_from(ALARMS),
    kind=st.sampled_from(list(DeadlineKind)),
)
def test_no_platform_margin_ever_waits_and_nothing_waits_longer_than_a_day(spans, start, margin_left, event, kind):
    quiet = read_spans(",".join(f"{a // 60}:{a % 60:02}-{b // 60}:{b % 60:02}" for a, b in spans))
    at = datetime(2026, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=start)
    margin_at = at + timedelta(minutes=margin_left[0])
    due_at = margin_at + timedelta(minutes=margin_left[1])
    told = sent(event, kind, at, margin_at, due_at, quiet=quiet)
    assert at <= told <= at + timedelta(days=1)
    if importance_of(kind) is Importance.PLATFORM:
        if event in (Event.MARGIN, Event.MISSED):
            assert told == at
        elif told > at:
            assert told <= margin_at
            assert told <= due_at
    if told > at:
        assert quiet_until(quiet, told) is None


# --- Who --------------------------------------------------------------------------------------------------------------


def test_every_kind_has_an_importance_and_a_scope_that_hears_of_it():
    heard = {
        scope: {kind for kind in DeadlineKind if is_told(Event.MARGIN, kind, events=ALARMS, scope=scope)}
        for scope in Scope
    }
    assert heard[Scope.PLATFORM] == set(PLATFORM_BOUND)
    assert heard[Scope.PLATFORM] < heard[Scope.OURS] < heard[Scope.ALL] == set(DeadlineKind)
    assert DeadlineKind.FIRST_RESPONSE in heard[Scope.OURS]
    assert DeadlineKind.BUYER_RESPONSE not in heard[Scope.OURS]


def test_only_chosen_alarms_are_told():
    kind = DeadlineKind.PLATFORM_RESPONSE
    assert not is_told(Event.HALF, kind, events=[Event.MARGIN], scope=Scope.ALL)
    assert is_told(Event.MARGIN, kind, events=[Event.MARGIN], scope=Scope.ALL)


# --- Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nick", "shown"), [("云朵邮差", "云‥差"), ("小林", "小‥"), ("林", "林‥"), ("", ""), ("  tb_1 ", "t‥1")]
)
def test_a_nick_is_masked(nick, shown):
    assert masked_nick(nick) == shown


@pytest.mark.parametrize("event", ALARMS)
@pytest.mark.parametrize("kind", list(DeadlineKind))
def test_a_notice_says_what_when_what_is_lost_and_how_sure_in_both_languages(event, kind):
    facts = DueFacts(event, kind, "AS-2026-000123", "礼卡小铺", moment("13:00"), IfMissed.AUTO_REFUND, Certainty.OPEN)
    for language, words in (
        ("zh-hans", ("AS-2026-000123", "2026-11-24 13:00", "北京时间", "平台自动退款", "未核实")),
        ("en", ("AS-2026-000123", "2026-11-24 13:00", "Beijing time", "The platform refunds", "unverified")),
    ):
        made = deadline_message("k", facts, at=moment("12:00"), language=language)
        assert all(word in made.title + made.body for word in words)
        assert "Cardcase" in made.title
        assert "买家" not in made.body.replace("买家寄回", "").replace("买家回应", "")
        assert len(f"{made.title}\n{made.body}".encode()) < 2048  # what WeCom takes
    assert "可能已发过" in deadline_message("k", facts, at=moment("12:00"), language="zh-hans", is_repeat=True).body


# --- Addresses --------------------------------------------------------------------------------------------------------

TOKEN = "a1b2c3d4e5f6"


@pytest.mark.parametrize(
    ("kind", "text", "token", "host"),
    [
        ("dingtalk", f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}", TOKEN, "oapi.dingtalk.com"),
        ("dingtalk", f"  {TOKEN} ", TOKEN, "oapi.dingtalk.com"),
        ("wecom", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}", TOKEN, "qyapi.weixin.qq.com"),
        ("feishu", f"https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}", TOKEN, "open.feishu.cn"),
        ("feishu", f"https://open.larksuite.com/open-apis/bot/v2/hook/{TOKEN}", TOKEN, "open.larksuite.com"),
        ("bark", f"https://api.day.app/{TOKEN}/推送内容", TOKEN, "api.day.app"),
        ("bark", TOKEN, TOKEN, "api.day.app"),
        ("serverchan", "SCT12345Tabcdef", "SCT12345Tabcdef", "sctapi.ftqq.com"),
        ("serverchan", "https://sctapi.ftqq.com/SCT12345Tabcdef.send", "SCT12345Tabcdef", "sctapi.ftqq.com"),
    ],
)
def test_what_the_service_shows_can_be_pasted_as_it_is(kind, text, token, host):
    read = read_address(TargetKind(kind), text)
    assert (read.token, read.host) == (token, host)
    assert token not in read.hint
    assert read.hint.endswith(token[-4:])


@pytest.mark.parametrize("kind", list(TargetKind))
@pytest.mark.parametrize(
    "text", ["", "https://example.com", "不是地址", "http://127.0.0.1/x", "../../etc/passwd", "x\ny"]
)
def test_an_address_of_another_service_is_refused_without_being_quoted(kind, text):
    if kind is TargetKind.WEBHOOK and text == "https://example.com":
        return
    with pytest.raises(WrongUse) as refused:
        read_address(kind, text)
    assert refused.value.problem_code == "bad_target_address"
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize(("kind", "secret"), [("wecom", "abcdef"), ("dingtalk", "a b"), ("webhook", "short")])
def test_a_secret_must_fit_its_kind(kind, secret):
    text = "https://example.com/x" if kind == "webhook" else TOKEN
    with pytest.raises(WrongUse):
        read_address(TargetKind(kind), text, secret)
