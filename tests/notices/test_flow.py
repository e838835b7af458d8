"""From an alarm to a notice: once each, quiet hours, retries, what is noted and what is never said."""

import json
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, connections

from cardcase.deadlines import service as deadlines
from cardcase.deadlines.rules import DeadlineKind
from cardcase.jobs.models import Job
from cardcase.jobs.runners.worker import Worker
from cardcase.kit import clock
from cardcase.notices import queries, service
from cardcase.notices.models import Notice, NoticeTarget
from cardcase.notices.rules import Event
from cardcase.notices.service import TargetWish, sending
from notices.seen import kinds_of, states, told

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def texts(other_side):
    return lambda: [one["text"] for one in told(other_side)]


# --- Once each --------------------------------------------------------------------------------------------------------


def test_each_alarm_and_the_miss_are_told_once(scene):
    scene.make_target()
    row = scene.arm(scene.case, due=4 * HOUR)
    for at in (
        scene.noon,
        scene.noon + HOUR,
        row.margin_at,
        row.margin_at + MINUTE,
        row.due_at + MINUTE,
        row.due_at + HOUR,
    ):
        scene.work(at)
    ours = [one["alarm"] for one in told(scene.other_side) if one["deadline"] == "platform_response"]
    assert ours == ["quarter", "margin", "missed"]  # half and quarter came due together: the later one rings
    assert all(one["case"] == scene.case.number for one in told(scene.other_side))
    ids = [
        {name.lower(): value for name, value in asked.headers.items()}["webhook-id"] for asked in scene.other_side.got
    ]
    assert len(set(ids)) == len(ids)


def test_an_alarm_that_is_planned_twice_is_told_once(scene):
    scene.make_target()
    row = scene.arm(scene.case)
    for _ in range(3):
        service.plan(scene.system, row.pk, Event.MARGIN, at=scene.noon)
    assert Notice.objects.count() == 1
    scene.work(scene.noon)
    assert [one for one in states() if one[0] == "margin"] == [("margin", "sent")]
    assert service.plan(scene.system, row.pk, Event.MARGIN, at=scene.noon + HOUR) == 0
    scene.work(scene.noon + HOUR)
    assert len(told(scene.other_side, "margin")) == 1


def test_a_deadline_that_moves_rings_anew(scene):
    scene.make_target()
    service.plan(scene.system, scene.arm(scene.case, due=4 * HOUR).pk, Event.MARGIN, at=scene.noon)
    service.plan(scene.system, scene.arm(scene.case, due=9 * HOUR).pk, Event.MARGIN, at=scene.noon)
    assert Notice.objects.count() == 2


def test_each_target_gets_its_own(scene):
    for name in ("甲", "乙", "丙"):
        scene.make_target(name)
    scene.make_target("只要错过的", events=("missed",))
    row = scene.arm(scene.case)
    scene.work(row.margin_at)
    assert sorted(Notice.objects.filter(event="margin").values_list("target__name", flat=True)) == ["丙", "乙", "甲"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="on SQLite real processes prove it: test_processes.py")
def test_two_workers_at_once_send_each_notice_once(scene):
    for number in range(12):
        scene.make_target(f"群{number}")
    row = scene.arm(scene.case)
    at = row.margin_at
    with clock.fixed_at(at):
        deadlines.sweep(at=at)
    Job.objects.exclude(kind__in=["deadline.warning", "notice.due", "notice.send"]).delete()
    start = threading.Barrier(2)
    failed = []

    def worker():
        try:
            start.wait()
            with clock.fixed_at(at):
                for _ in range(30):
                    Worker().run_due(limit=10)
        except Exception as error:  # noqa: BLE001 - said by the test below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    margins = Notice.objects.filter(event="margin")
    assert set(margins.values_list("state", flat=True)) == {"sent"}
    assert margins.count() == 12
    assert len(told(scene.other_side, "margin")) == 12


def test_many_at_once_are_spread_and_a_platforms_margin_goes_first(scene, opened):
    scene.make_target(scope="platform")
    rows = [scene.arm(opened()) for _ in range(5)]
    for row in rows[:4]:
        service.plan(scene.system, row.pk, Event.QUARTER, at=scene.noon)
    service.plan(scene.system, rows[4].pk, Event.MARGIN, at=scene.noon)
    planned = {(notice.event, (notice.send_at - scene.noon).total_seconds()) for notice in Notice.objects.all()}
    assert planned == {("quarter", 0), ("quarter", 4), ("quarter", 8), ("quarter", 12), ("margin", 0)}
    first = Job.objects.filter(kind="notice.send").order_by("priority", "run_at").first()
    assert first.args == {"notice": Notice.objects.get(event="margin").pk}


def test_a_miss_of_long_ago_is_no_news(scene):
    """Taking in last month's refunds must not ring all night."""
    scene.make_target(scope="platform")
    row = scene.arm(scene.case)
    assert service.plan(scene.system, row.pk, Event.MISSED, at=row.due_at + 25 * HOUR) == 0
    assert service.plan(scene.system, row.pk, Event.MISSED, at=row.due_at + 23 * HOUR) == 1


# --- Killed between sending and noting --------------------------------------------------------------------------------


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing after it is written."""


def _die_after_sending(monkeypatch):
    def dead(*_args, **_words):
        raise Killed

    monkeypatch.setattr(sending, "_note", dead)


def test_after_a_kill_between_sending_and_noting_it_is_sent_once_more_and_says_so(scene, texts, monkeypatch):
    scene.make_target(scope="platform", events=("margin",))
    row = scene.arm(scene.case)
    service.plan(scene.system, row.pk, Event.MARGIN, at=scene.noon)
    with monkeypatch.context() as patched, clock.fixed_at(scene.noon):
        _die_after_sending(patched)
        with pytest.raises(Killed):
            Worker().run_due()
    assert states() == [("margin", "sending")]
    assert len(scene.other_side.got) == 1
    scene.work(scene.noon + 4 * MINUTE)  # the lease is over by now
    assert ("margin", "sent") in states()
    first, second = scene.other_side.got[:2]
    assert "可能已发过" not in texts()[0]
    assert "可能已发过" in texts()[1]
    names = [{name.lower(): value for name, value in asked.headers.items()} for asked in (first, second)]
    assert names[0]["webhook-id"] == names[1]["webhook-id"]


def test_killed_twice_it_is_unclear_and_not_sent_a_third_time(scene, monkeypatch):
    scene.make_target(scope="platform", events=("margin",))
    row = scene.arm(scene.case)
    service.plan(scene.system, row.pk, Event.MARGIN, at=scene.noon)
    with monkeypatch.context() as patched:
        _die_after_sending(patched)
        for minutes in (0, 4):
            with clock.fixed_at(scene.noon + minutes * MINUTE), pytest.raises(Killed):
                Worker().run_due()
    scene.work(scene.noon + 10 * MINUTE)
    assert ("margin", "unclear") in states()
    assert len(scene.other_side.got) == 2
    assert "notice.unclear" in kinds_of(scene.case.public_id)
    [target] = queries.targets(scene.owner)
    assert target.last_state == "unclear"
    assert "不知道" in target.last_text.zh


def test_no_answer_is_tried_once_more_and_then_unclear(scene):
    scene.make_target(scope="platform", events=("margin",))
    scene.other_side.hangs_up = True
    service.plan(scene.system, scene.arm(scene.case).pk, Event.MARGIN, at=scene.noon)
    scene.work(scene.noon)
    assert states() == [("margin", "waiting")]
    scene.work(scene.noon + MINUTE)
    scene.work(scene.noon + 2 * HOUR)
    assert ("margin", "unclear") in states()
    assert len(scene.other_side.got) == 2


# --- Retries and switching off ----------------------------------------------------------------------------------------


def test_a_server_in_trouble_is_tried_again_with_growing_waits(scene):
    scene.make_target(scope="platform", events=("margin",))
    scene.other_side.status = 503
    service.plan(scene.system, scene.arm(scene.case).pk, Event.MARGIN, at=scene.noon)
    scene.work(scene.noon)
    job = Job.objects.get(kind="notice.send")
    assert (job.state, job.attempts) == ("waiting", 1)
    assert job.run_at > scene.noon
    scene.other_side.status = 200
    scene.work(scene.noon + MINUTE)
    assert ("margin", "sent") in states()
    assert NoticeTarget.objects.get().failures == 0


def test_after_five_tries_it_has_failed_and_the_job_is_not_left_stuck(scene):
    scene.make_target(scope="platform", events=("margin",))
    scene.other_side.status = 503
    service.plan(scene.system, scene.arm(scene.case, due=60 * HOUR).pk, Event.MARGIN, at=scene.noon)
    for hours in range(6):
        scene.work(scene.noon + hours * HOUR)
    assert states() == [("margin", "failed")]
    assert Job.objects.get(kind="notice.send").state == "done"
    assert "notice.failed" in kinds_of(scene.case.public_id)


def test_a_target_that_takes_none_is_switched_off_visibly(scene, opened):
    target = scene.make_target(scope="platform", events=("margin",))
    scene.other_side.status = 404
    for _ in range(6):
        service.plan(scene.system, scene.arm(opened(), due=60 * HOUR).pk, Event.MARGIN, at=scene.noon)
    scene.work(scene.noon, rounds=1)
    found = queries.target(scene.owner, target.id)
    assert (found.is_enabled, found.was_disabled_by_us) == (False, True)
    assert (found.last_state, found.last_text.zh) == ("failed", "对方拒绝了，HTTP 状态（404）")
    assert kinds_of(target.id) == ["notice.target_added", "notice.target_disabled"]
    assert len(scene.other_side.got) == 5  # the sixth was dropped
    assert ("margin", "dropped") in states()
    scene.other_side.status = 200
    service.set_enabled(scene.owner, target.id, is_enabled=True, at=scene.noon)
    service.plan(scene.system, scene.arm(opened(), due=60 * HOUR).pk, Event.MARGIN, at=scene.noon)
    scene.work(scene.noon)
    assert ("margin", "sent") in states()


def test_a_lost_key_ring_is_said_and_nothing_is_sent(scene, data):
    scene.make_target(scope="platform", events=("margin",))
    service.plan(scene.system, scene.arm(scene.case).pk, Event.MARGIN, at=scene.noon)
    (data / "keys" / "vault.json").unlink()
    scene.work(scene.noon)
    assert Notice.objects.get(event="margin").why == "sealed"
    assert scene.other_side.got == []


# --- Quiet hours and what is over -------------------------------------------------------------------------------------


def test_in_quiet_hours_early_alarms_wait_and_the_platforms_margin_does_not(scene):
    scene.make_target(quiet="12:00-14:00")
    row = scene.arm(scene.case, due=6 * HOUR)
    scene.work(scene.noon)
    assert [one for one in states() if one == ("quarter", "waiting")]
    assert Notice.objects.get(event="quarter", kind="platform_response").send_at == scene.noon + 2 * HOUR
    assert scene.other_side.got == []
    scene.work(scene.noon + 2 * HOUR)
    assert [
        json.loads(asked.body)["data"]["alarm"] for asked in scene.other_side.got if b"platform_response" in asked.body
    ] == ["quarter"]
    NoticeTarget.objects.update(quiet="14:00-23:00")
    scene.work(row.margin_at)
    assert Notice.objects.get(event="margin", kind="platform_response").state == "sent"


def test_an_alarm_whose_deadline_was_met_while_it_waited_is_dropped(scene):
    scene.make_target(quiet="12:00-14:00", scope="platform")
    scene.arm(scene.case, due=6 * HOUR)
    scene.work(scene.noon)
    deadlines.meet(scene.system, scene.case.public_id, DeadlineKind.PLATFORM_RESPONSE, at=scene.noon + HOUR)
    scene.work(scene.noon + 2 * HOUR)
    assert states() == [("quarter", "dropped")]
    assert scene.other_side.got == []


def test_a_miss_is_told_although_the_deadline_is_over(scene, texts):
    scene.make_target(scope="platform", events=("missed",))
    row = scene.arm(scene.case)
    scene.work(row.due_at + MINUTE)
    [text] = texts()
    assert "后果：平台自动退款" in text
    assert "已过" in text


# --- What is said and what is not -------------------------------------------------------------------------------------


def test_a_notice_leads_to_the_case_and_carries_no_code_and_no_buyer(scene):
    scene.make_target(scope="platform")
    scene.work(scene.arm(scene.case).margin_at)
    [asked] = [asked for asked in scene.other_side.got if b'"margin"' in asked.body]
    text = asked.body.decode()
    assert f"https://desk.example.com/cases/{scene.case.number}/" in text
    for secret in (
        "K4RT",
        "云朵邮差",
        "云‥差",
        scene.case.order.order_no,
        scene.case.public_id,
        scene.case.buyer.external_id,
    ):
        assert secret not in text


def test_the_nick_is_told_masked_when_the_target_is_allowed_to(scene):
    scene.make_target(scope="platform", shows_nick=True)
    scene.work(scene.arm(scene.case).margin_at)
    assert "买家：云‥差" in scene.other_side.got[-1].body.decode()
    assert "云朵邮差" not in scene.other_side.got[-1].body.decode()


def test_a_shop_may_be_told_in_english(scene, texts):
    scene.make_target(scope="platform", language="en")
    scene.work(scene.arm(scene.case).margin_at)
    assert "If missed: The platform refunds automatically" in texts()[-1]


def test_what_was_told_stands_in_the_record_of_the_case(scene):
    scene.make_target(scope="platform", events=("margin",))
    scene.work(scene.arm(scene.case).margin_at)
    assert kinds_of(scene.case.public_id)[-1] == "notice.sent"


def test_no_secret_is_kept_in_clear_anywhere(scene, caplog):
    target = scene.make_target(secret="0123456789-secret-of-the-hook")
    scene.work(scene.arm(scene.case).margin_at)
    service.change_target(
        scene.owner, target.id, TargetWish(name="新名"), address="https://example.com/new-s3cret", at=clock.now()
    )
    dump = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own tables
            dump += [
                bytes(value) if isinstance(value, memoryview) else str(value).encode()
                for row in cursor.fetchall()
                for value in row
            ]
    for secret in (b"s3cret", b"0123456789-secret-of-the-hook"):
        assert not any(secret in value for value in dump)
    assert "s3cret" not in caplog.text
    assert queries.target(scene.owner, target.id).hint == "example.com"


def test_a_deadline_of_an_order_is_told_by_the_end_of_its_number(scene, texts):
    """Not every clock hangs on a case: delivery hangs on the order."""
    order = scene.case.order
    scene.make_target(events=("margin",))
    row = scene.arm(SimpleNamespace(public_id=order.public_id), DeadlineKind.DELIVERY_DUE)
    scene.work(row.margin_at)
    [text] = [one for one in texts() if one.startswith("订单：")]
    assert f"订单：‥{order.order_no[-4:]}（礼卡小铺）" in text
    assert order.order_no not in text
