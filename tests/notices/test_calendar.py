"""The calendar: read back with a library, moved with its deadline, open to its key alone."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from icalendar import Calendar

from cardcase.cases.models import Case
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.rules import DeadlineKind
from cardcase.kit.errors import NotAllowed
from cardcase.notices import queries, service, web
from cardcase.notices.models import CalendarLink
from cardcase.staff.rules import Actor, Permission

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def key(owner, noon):
    return service.make_link(owner, at=noon)


def ask(key):
    return Client().get(f"/calendar/{key}.ics")


def events(answer):
    assert answer.status_code == 200, answer.content
    return Calendar.from_ical(answer.content).walk("VEVENT")


def platform(answer):
    [event] = [one for one in events(answer) if "platform_response" in one["UID"]]
    return event


def test_every_running_deadline_is_an_event_that_says_what_is_lost(case, arm, key):
    row = arm(case)
    answer = ask(key)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"].startswith("private")
    event = platform(answer)
    assert event.decoded("DTSTART") == row.due_at
    assert event["SUMMARY"] == f"{case.number} 回应退款申请"
    for word in ("错过会：平台自动退款", "时限可信度：确定", "北京时间"):
        assert word in event["DESCRIPTION"]
    assert event["URL"] == f"https://desk.example.com/cases/{case.number}/"
    [alarm] = event.walk("VALARM")
    assert alarm.decoded("TRIGGER") == row.margin_at
    assert alarm["ACTION"] == "DISPLAY"


def test_lines_are_folded_and_end_as_the_standard_has_it(case, arm, key):
    arm(case)
    body = ask(key).content
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert Calendar.from_ical(body)["VERSION"] == "2.0"


def test_a_moved_deadline_keeps_its_uid_and_its_sequence_grows(case, arm, key):
    arm(case, due=4 * HOUR)
    first = platform(ask(key))
    arm(case, due=9 * HOUR)
    second = platform(ask(key))
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert second.decoded("DTSTART") - first.decoded("DTSTART") == 5 * HOUR


def test_a_deadline_that_was_met_is_gone(case, arm, key, system, noon):
    arm(case)
    deadlines.meet(system, case.public_id, DeadlineKind.PLATFORM_RESPONSE, at=noon)
    assert not [one for one in events(ask(key)) if "platform_response" in one["UID"]]


def test_two_deadlines_have_two_uids(opened, arm, key):
    for case in (opened(), opened()):
        arm(case)
    uids = [event["UID"] for event in events(ask(key))]
    assert len(uids) == len(set(uids)) >= 2


def test_the_buyer_is_not_named_unless_the_link_may_and_then_masked(case, arm, key, owner, noon):
    arm(case)
    assert "云" not in ask(key).content.decode()
    open_key = service.make_link(owner, shows_nick=True, at=noon)
    assert "买家：云‥差" in platform(ask(open_key))["DESCRIPTION"]
    assert "云朵邮差" not in ask(open_key).content.decode()
    assert "K4RT" not in ask(open_key).content.decode()


def test_words_of_a_shop_cannot_break_out_of_their_line(case, arm, key, shop):
    shop.name = "礼卡;小铺,\r\nBEGIN:VEVENT\\n"
    shop.save()
    arm(case)
    answer = ask(key)
    assert len(events(answer)) == answer.content.count(b"\r\nBEGIN:VEVENT\r\n")


def test_another_shops_deadlines_are_not_in_it(case, arm, stranger, noon):
    arm(case)
    assert events(ask(service.make_link(stranger, at=noon))) == []


def test_only_the_digest_of_the_key_is_kept(key):
    assert len(key) >= 22  # 128 bits and more
    row = CalendarLink.objects.get()
    assert key not in str(vars(row))
    assert row.key_sha256 == queries.key_digest(key)


def test_a_new_link_ends_the_old_one_and_a_revoked_one_is_dead_at_once(key, owner, noon):
    fresh = service.make_link(owner, at=noon)
    assert ask(key).status_code == 404
    assert ask(fresh).status_code == 200
    service.revoke_link(owner, at=noon)
    assert ask(fresh).status_code == 404
    assert CalendarLink.objects.filter(revoked_at=None).count() == 0


@pytest.mark.parametrize("wrong", ["x", "", "0" * 32, "../settings", "%00", "a" * 500])
def test_a_wrong_key_tells_nothing(key, wrong):
    answer = ask(wrong)
    assert answer.status_code in (400, 404)
    assert b"BEGIN" not in answer.content


def test_a_link_that_is_asked_for_too_often_has_to_wait(key, monkeypatch):
    monkeypatch.setattr(web, "MOST_ASKED", 3)
    assert [ask(key).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert ask(key).headers["Retry-After"] == "600"


def test_reading_notes_when_the_link_was_used_but_not_each_time(key, django_assert_max_num_queries):
    ask(key)
    assert CalendarLink.objects.get().last_used_at is not None
    with django_assert_max_num_queries(7):
        ask(key)


def test_who_reads_by_a_link_can_do_nothing_else(case, key):
    reader, _row = queries.reader_by_key(key)
    assert isinstance(reader, Actor)
    assert [permission for permission in Permission if reader.may(permission)] == [Permission.READ]
    assert not reader.is_person
    with pytest.raises(NotAllowed):
        service.make_link(reader, at=case.opened_at)
    with pytest.raises(NotAllowed):
        queries.targets(reader)


def test_a_post_is_refused_and_no_session_is_needed(key):
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"/calendar/{key}.ics").status_code in (403, 405)
    answer = client.get(f"/calendar/{key}.ics")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_case_that_has_no_deadline_is_not_in_it(key, opened, system, noon):
    case = opened()
    deadlines.void_all(system, case.public_id, at=noon)
    assert Case.objects.count() == 1
    assert events(ask(key)) == []


def test_a_clock_that_moves_in_place_moves_in_the_calendar_too(case, arm, key, system, noon):
    """Paused, resumed or counted anew by other hours, a clock may keep its row: the record knows."""
    from django.db import transaction

    from cardcase.custody import service as custody

    row = arm(case)
    first = platform(ask(key))
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(due_at=row.due_at + HOUR)
        custody.append(system, custody.Record("deadline.moved", case.public_id, noon, {}))
    second = platform(ask(key))
    assert second["UID"] == first["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
