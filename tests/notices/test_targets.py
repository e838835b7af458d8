"""Targets: who may, what makes no sense, trying and removing."""

import json
from datetime import timedelta

import pytest

from cardcase.cases import service as cases
from cardcase.deadlines.models import Deadline
from cardcase.jobs.models import Job
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.notices import queries, service
from cardcase.notices.models import Notice, NoticeTarget
from cardcase.notices.rules import Event, NoticeState
from cardcase.notices.service import TargetWish
from notices.seen import kinds_of, states

HOUR = timedelta(hours=1)


def test_a_test_notice_is_sent_at_once_in_quiet_hours_and_to_a_target_that_is_off(scene):
    target = scene.make_target(quiet="00:00-23:59")
    service.set_enabled(scene.owner, target.id, is_enabled=False, at=scene.noon)
    service.try_target(scene.owner, target.id, at=scene.noon)
    scene.work(scene.noon)
    assert states() == [("test", "sent")]
    document = json.loads(scene.other_side.got[0].body)
    assert document["type"] == "notice.test"
    assert "礼卡小铺" in document["data"]["text"]
    assert queries.target(scene.owner, target.id).last_state == "sent"


def test_removing_a_target_removes_its_address_and_what_was_planned(scene):
    target = scene.make_target()
    service.plan(scene.system, scene.arm(scene.case).pk, Event.MARGIN, at=scene.noon)
    service.remove_target(scene.owner, target.id, at=scene.noon)
    assert not NoticeTarget.objects.exists()
    scene.work(scene.noon)
    assert scene.other_side.got == []
    assert not Job.objects.filter(kind="notice.send").exclude(state="done").exists()
    assert kinds_of(target.id) == ["notice.target_added", "notice.target_removed"]


@pytest.mark.parametrize("who", ["agent", "auditor", "system"])
def test_only_owner_and_lead_may_say_where_alarms_go(scene, who, request):
    actor = request.getfixturevalue(who)
    target = scene.make_target()
    for verb in (
        lambda: scene.make_target("x", actor=actor),
        lambda: service.change_target(actor, target.id, TargetWish(name="y"), at=scene.noon),
        lambda: service.set_enabled(actor, target.id, is_enabled=False, at=scene.noon),
        lambda: service.remove_target(actor, target.id, at=scene.noon),
        lambda: service.try_target(actor, target.id, at=scene.noon),
        lambda: queries.targets(actor),
        lambda: service.make_link(actor, at=scene.noon),
        lambda: service.revoke_link(actor, at=scene.noon),
    ):
        with pytest.raises(NotAllowed):
            verb()


def test_a_lead_may(lead, make_target):
    assert make_target("主管的", actor=lead).name == "主管的"


def test_another_shops_target_is_not_there(stranger, make_target, noon):
    target = make_target()
    assert queries.targets(stranger) == []
    for verb in (service.remove_target, service.try_target):
        with pytest.raises(NotFound):
            verb(stranger, target.id, at=noon)


def test_an_alarm_of_one_shop_is_told_to_its_own_targets_only(scene, stranger):
    scene.make_target(actor=stranger)
    assert service.plan(scene.system, scene.arm(scene.case).pk, Event.MARGIN, at=scene.noon) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "target_unnamed"),
        ({"events": ()}, "unknown_notice_choice"),
        ({"events": ("sometimes",)}, "unknown_notice_choice"),
        ({"scope": "everything"}, "unknown_notice_choice"),
        ({"language": "fr"}, "unknown_notice_choice"),
        ({"quiet": "night"}, "bad_quiet_hours"),
        ({"kind": "fax"}, "unknown_notice_choice"),
        ({"address": "nowhere"}, "bad_target_address"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(make_target, changes, code):
    with pytest.raises(WrongUse) as refused:
        make_target(**changes)
    assert refused.value.problem_code == code
    assert not NoticeTarget.objects.exists()


def test_two_targets_of_one_name_would_be_mixed_up(make_target):
    make_target()
    with pytest.raises(Refused) as refused:
        make_target()
    assert refused.value.problem_code == "target_name_taken"


def test_old_notices_are_forgotten_and_waiting_ones_are_not(scene):
    scene.make_target()
    service.plan(scene.system, scene.arm(scene.case, due=9000 * HOUR).pk, Event.MARGIN, at=scene.noon)
    scene.work(scene.noon)
    service.plan(scene.system, Deadline.objects.filter(state="armed").latest("pk").pk, Event.HALF, at=scene.noon)
    assert service.forget_old(None, at=scene.noon + timedelta(days=181)) >= 1
    assert set(Notice.objects.values_list("state", flat=True)) <= {NoticeState.WAITING.value}


def test_the_alarm_of_a_held_case_still_rings_on_the_case(scene):
    """The notice is passed on beside what the case makes of its alarm, not instead of it."""
    scene.make_target()
    scene.work(scene.arm(scene.case).margin_at)
    scene.case.refresh_from_db()
    assert scene.case.asks_for("hold_at_margin")
    assert cases
