"""What was asked of whom: fulfilled by what comes, expired by its time, refused by a word; and the case that waits."""

from datetime import timedelta

import pytest

from cardcase.cases.models import Case
from cardcase.evidence import service
from cardcase.evidence.models import EvidenceRequest
from cardcase.kit.errors import Conflict, WrongUse
from evidence.world import PNG, World

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


@pytest.fixture
def asked(world):
    """A case that waits for two things from its buyer."""
    case = world.case("A1")
    service.ask(world.owner, case.number, ["E10", "E12"], "buyer", revision=case.revision, at=world.noon)
    return world.fresh(case)


def show(world, case, kind, *, after=HOUR):
    return service.add_exhibit(world.owner, case.number, kind, "", PNG, at=world.noon + after)


def state() -> str:
    return EvidenceRequest.objects.get().state


def test_everything_that_was_asked_for_brings_the_case_back_and_a_part_does_not(world, asked):
    show(world, asked, "E10")
    assert (state(), world.fresh(asked).status) == ("open", "waiting_buyer")
    show(world, asked, "E12")
    assert (state(), world.fresh(asked).status, world.fresh(asked).last_event) == (
        "fulfilled",
        "needs_response",
        "answered",
    )


def test_what_was_on_file_before_is_no_answer(world):
    case = world.case("A1")
    show(world, case, "E10", after=-HOUR)
    service.ask(world.owner, case.number, ["E10"], "buyer", revision=case.revision, at=world.noon)
    service.follow(world.system, case.number, at=world.noon + HOUR)
    assert (state(), world.fresh(case).status) == ("open", "waiting_buyer")


def test_the_buyers_words_bring_the_case_back_while_the_request_stays_open(world, asked):
    world.say(asked.order, "在的", speaker="seller", after=timedelta(days=5))
    service.follow(world.system, asked.number, at=world.noon + HOUR)
    assert world.fresh(asked).status == "waiting_buyer"
    world.say(asked.order, "我晚上发你", after=timedelta(days=5))
    service.follow(world.system, asked.number, at=world.noon + HOUR)
    assert (state(), world.fresh(asked).status) == ("open", "needs_response")
    again = world.fresh(asked)
    assert service.follow(world.system, asked.number, at=world.noon + HOUR).revision == again.revision


def test_a_request_whose_time_is_up_expires_and_brings_the_case_back_once(world, asked):
    due = EvidenceRequest.objects.get().due_at
    assert service.expire_overdue(world.system, at=due - timedelta(seconds=1)) == []
    assert len(service.expire_overdue(world.system, at=due)) == 1
    assert (state(), world.fresh(asked).status) == ("expired", "needs_response")
    assert service.expire_overdue(world.system, at=due) == []


def test_what_others_were_asked_for_ends_without_moving_the_case(world):
    case = world.case("A1")
    service.ask(world.owner, case.number, ["E3"], "issuer", revision=case.revision, at=world.noon)
    service.ask(world.owner, case.number, ["E2"], "seller", revision=case.revision, at=world.noon)
    show(world, case, "E3")
    states = list(EvidenceRequest.objects.order_by("pk").values_list("to", "state"))
    assert states == [("issuer", "fulfilled"), ("seller", "open")]
    assert world.fresh(case).status == "needs_response"


def test_a_person_says_how_it_ended_with_a_source_and_at_the_present_revision(world, asked):
    told = {"source": "聊天里说不给", "revision": asked.revision, "at": world.noon + HOUR}
    with pytest.raises(WrongUse):
        service.answered(world.owner, asked.number, "refused", **{**told, "source": ""})
    with pytest.raises(Conflict):
        service.answered(world.owner, asked.number, "refused", **{**told, "revision": asked.revision - 1})
    service.answered(world.owner, asked.number, "refused", **told)
    assert (state(), Case.objects.get().status) == ("refused", "needs_response")


def test_a_recording_gets_a_word_of_its_own_whoever_is_asked(world):
    case = world.case("A1")
    made = service.ask(world.owner, case.number, ["E11"], "supplier", revision=case.revision, at=world.noon)
    assert len(made.nonce) >= 4
