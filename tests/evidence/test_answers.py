"""What the buyer answers to a guided question: kept as the buyer's word, with its history, and nothing more."""

from datetime import timedelta

import pytest

from cardcase.cases.models import Case
from cardcase.custody.models import Entry
from cardcase.evidence import queries, service
from cardcase.evidence.models import BuyerAnswer, EvidenceRequest, Exhibit
from cardcase.inbox.models import Message
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused, WrongUse

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world) -> Case:
    return world.case("A1")


@pytest.fixture
def tell(world, case):
    def do(question="where", answer="used", actor=None, **more):
        revision = more.pop("revision", world.fresh(case).revision)
        who = actor or world.owner
        return service.record_answer(who, case.number, question, answer, revision=revision, at=world.noon, **more)

    return do


def test_an_answer_is_kept_in_the_words_of_that_day_and_stands_in_the_record(world, case, tell):
    row = tell(note="他说页面写着已被兑换")
    assert (row.playbook, row.said_text["zh"], row.note) == ("A1", "提示已被使用、已兑换", "他说页面写着已被兑换")
    entry = Entry.objects.filter(kind="evidence.answer_recorded").get()
    assert entry.subject == case.public_id
    fresh = world.fresh(case)
    assert (fresh.revision, fresh.last_event) == (case.revision + 1, "buyer_answered")


def test_an_answer_decides_nothing_asks_for_nothing_and_proves_nothing(world, case, tell):
    tell()
    fresh = world.fresh(case)
    assert (fresh.sub_reason, fresh.status, fresh.found_cause) == ("A1", case.status, "")
    assert not EvidenceRequest.objects.exists()
    assert not Exhibit.objects.exists()


def test_who_changes_their_mind_leaves_both_answers(world, case, tell):
    tell(answer="silent")
    tell(answer="used")
    tell(answer="region")
    assert [row.answer for row in queries.answers_of(world.owner, [case])[case.pk]] == ["silent", "used", "region"]


def test_an_answer_may_rest_on_what_the_buyer_wrote_and_on_nothing_else(world, case, tell):
    world.say(case.order, "提示已经用过了")
    world.say(case.order, "您好", speaker="seller")
    ours, theirs = Message.objects.get(speaker="seller"), Message.objects.get(speaker="buyer")
    assert tell(message=theirs.public_id).message == theirs.public_id
    elsewhere = world.case("A1")
    world.say(elsewhere.order, "别单的话")
    for other in (ours.public_id, Message.objects.get(text="别单的话").public_id, "msg_none"):
        with pytest.raises(NotFound):
            tell(message=other)


def test_a_case_that_goes_on_knows_what_was_answered_in_the_one_that_ended(world, case, tell):
    tell(note="原话")
    goes_on = world.case("A1")
    service.carry_over(world.owner, case.number, goes_on.number, at=world.noon)
    both = queries.answers_of(world.owner, [case, goes_on])
    assert [[(row.answer, row.note) for row in rows] for rows in both.values()] == [[("used", "原话")]] * 2
    assert Entry.objects.filter(kind="evidence.answer_recorded", subject=goes_on.public_id).count() == 1


def test_a_card_code_in_a_note_is_masked(world, tell):
    code = next(iter(world.codes.values())).expose()
    assert code not in tell(note=f"他把 {code} 发过来了").note
    assert not BuyerAnswer.objects.filter(note__contains=code).exists()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"question": "dance"}, "unknown_question"),
        ({"answer": "dance"}, "unknown_answer"),
        ({"playbook": "Z9"}, "unknown_playbook"),
        ({"answer": "in_words"}, "words_missing"),
    ],
)
def test_what_no_playbook_knows_is_refused(tell, typed, code):
    with pytest.raises(WrongUse) as refused:
        tell(**typed)
    assert refused.value.problem_code == code
    assert not BuyerAnswer.objects.exists()


def test_an_answer_in_other_words_needs_the_words(tell):
    assert tell(answer="in_words", note="说是朋友帮忙兑的").answer == "in_words"


def test_a_stale_picture_a_closed_case_and_an_auditor_are_refused(world, case, tell, auditor):
    with pytest.raises(Conflict):
        tell(revision=case.revision - 1)
    with pytest.raises(NotAllowed):
        tell(actor=auditor)
    Case.objects.filter(pk=case.pk).update(is_open=False)
    with pytest.raises(Refused):
        tell()


def test_answers_under_an_earlier_reason_can_still_be_told(world, case, tell):
    assert tell("account", "gives", playbook="A2").playbook == "A2"
    assert tell(playbook="").at == world.noon + timedelta()
