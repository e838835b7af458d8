"""One complaint is one case, whatever of it came first; where a person has worked on the second, a person decides."""

from datetime import timedelta

import pytest

from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import GuardFacts, GuardRefused
from cardcase.connectors.ports import RefundState
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.desk.queries import case_page
from cardcase.desk.service import Act, perform
from cardcase.evidence import queries as evidence_queries
from cardcase.evidence import service as evidence
from cardcase.inbox.models import Conversation
from cardcase.kit.errors import NotAllowed, Refused
from intake.world import INVALID, order_row, orders_csv, refund_detail, said, take, upload

pytestmark = pytest.mark.django_db

CHAT = upload("chat.json", said("50001", "2201", "云朵邮差", "卡密无效 怎么充都不行 退款"))
REFUND = upload("refund.json", refund_detail(INVALID))
ORDER = upload("orders.csv", orders_csv(order_row(INVALID)))


def case_of(actor, number):
    return case_queries.by_number(actor, number)


def kinds(actor, case):
    return [item.kind for item in custody.history(actor, [case.public_id])]


@pytest.fixture
def two(agent, noon):
    """An enquiry that a chat opened, and the case of its order that nobody knew to be the same."""
    [enquiry] = take(agent, [CHAT], at=noon).cases
    [real] = take(agent, [REFUND], at=noon).cases
    return enquiry, real


def test_an_enquiry_of_the_machine_ends_in_the_case_of_its_order(agent, two, noon):
    enquiry, real = two
    assert take(agent, [ORDER], at=noon).cases == [real]
    goes_on, merged = case_of(agent, real), case_of(agent, enquiry)
    assert (goes_on.order.order_no, goes_on.sub_reason, goes_on.is_open) == (INVALID, "A1", True)
    assert Conversation.objects.visible_to(agent).get().order_id == goes_on.order_id
    assert (merged.status, merged.outcome, merged.same_as_id) == ("closed", "merged", goes_on.pk)
    assert merged.needs_human == []
    assert deadlines.armed(agent, [merged.public_id])[merged.public_id] == []
    assert "case.merged" in kinds(agent, merged)
    assert "case.absorbed" in kinds(agent, goes_on)
    assert "withdrawn" not in str([item.facts for item in custody.history(agent, [merged.public_id])])


def test_importing_it_all_again_wakes_no_merged_case(agent, two, noon):
    enquiry, real = two
    take(agent, [ORDER], at=noon)
    revision = case_of(agent, enquiry).revision
    assert take(agent, [CHAT, REFUND, ORDER], at=noon).cases == [real]
    assert (case_of(agent, enquiry).revision, case_of(agent, enquiry).is_open) == (revision, False)


@pytest.mark.parametrize("touch", ["note", "reason", "deadline", "reply", "evidence", "cause"])
def test_what_a_person_has_worked_on_is_left_to_a_person(owner, two, noon, touch):
    enquiry, real = two
    typed = {
        "note": {"text": "打过电话"},
        "reason": {"sub_reason": "A1"},
        "deadline": {"due_at": "2026-11-26T10:00"},
        "reply": {"text": "您好，我看一下"},
        "evidence": {"kind": "E3", "usable": "no"},
        "cause": {"cause": "A2"},
    }[touch]
    perform(owner, touch, Act(enquiry, case_of(owner, enquiry).revision, noon, typed))
    take(owner, [ORDER], at=noon)
    asked = case_of(owner, enquiry)
    assert asked.is_open
    [need] = [need for need in asked.needs_human if need["code"] == "same_as_other_case"]
    assert real in need["zh"]
    assert real in need["en"]
    assert "并入" in need["zh"]


def _asked(actor, two, noon):
    enquiry, _ = two
    perform(actor, "note", Act(enquiry, 0, noon, {"text": "打过电话"}))
    perform(actor, "evidence", Act(enquiry, 0, noon, {"kind": "E3", "usable": "no", "title": "官网查询"}))
    take(actor, [ORDER], at=noon)
    return case_of(actor, enquiry)


def test_a_person_merges_it_with_its_exhibits(owner, two, noon):
    asked = _asked(owner, two, noon)
    page = case_page(owner, asked.number, now=noon)
    [form] = [row.act for row in page.needs_human if row.act is not None and row.act.url.endswith("/same/")]
    assert two[1] in form.opens
    perform(owner, "same", Act(asked.number, asked.revision, noon, {"same": "yes"}))
    merged, goes_on = case_of(owner, two[0]), case_of(owner, two[1])
    assert (merged.status, merged.outcome) == ("closed", "merged")
    assert two[1] in case_page(owner, merged.number, now=noon).outcome
    [copied] = evidence_queries.exhibits(owner, goes_on)
    [kept] = evidence_queries.exhibits(owner, merged)
    assert (copied.kind, copied.facts) == (kept.kind, kept.facts)
    assert any(merged.number in link.text for link in case_page(owner, goes_on.number, now=noon).siblings)


def test_a_person_who_says_no_is_not_asked_again(owner, two, noon):
    asked = _asked(owner, two, noon)
    perform(owner, "same", Act(asked.number, asked.revision, noon, {"same": "no"}))
    take(owner, [ORDER, CHAT, REFUND], at=noon)
    row = case_of(owner, asked.number)
    assert row.is_open
    assert not row.asks_for("same_as_other_case")


def test_nobody_merges_what_resembles_nothing_or_without_the_right(owner, auditor, two, noon):
    enquiry, _ = two
    with pytest.raises(Refused):
        cases.merge(owner, enquiry, facts=GuardFacts(), revision=case_of(owner, enquiry).revision, at=noon)
    with pytest.raises(NotAllowed):
        cases.merge(auditor, enquiry, facts=GuardFacts(), revision=case_of(owner, enquiry).revision, at=noon)
    assert case_of(owner, enquiry).is_open


def test_a_chat_that_names_its_order_later_leaves_no_second_case(agent, noon):
    take(agent, [CHAT], at=noon)
    take(agent, [REFUND], at=noon)
    conversation = Conversation.objects.visible_to(agent).get()
    conversation.order_no = INVALID  # as a push with an update key tells it
    conversation.save()
    take(agent, [REFUND], at=noon)
    [case] = Case.objects.visible_to(agent).filter(is_open=True)
    assert case.order.order_no == INVALID


def test_a_buyer_known_by_id_only_finds_the_chat_in_either_order(agent, stranger, noon):
    chat = upload("chat.json", said("50001", "2201", "", "卡密无效 怎么充都不行 退款"))
    order = upload("orders.csv", orders_csv(order_row(INVALID, nick="", refund="卡密无效")))
    for shop, papers in ((agent, [chat, order]), (stranger, [order, chat])):
        for paper in papers:
            take(shop, [paper], at=noon)
        [case] = Case.objects.visible_to(shop).filter(is_open=True)
        assert case.order.order_no == INVALID
        assert Conversation.objects.visible_to(shop).get().order_id == case.order_id


# --- What is over because it goes on elsewhere ------------------------------------------------------------------------


def test_late_news_of_its_refund_do_not_reopen_a_merged_case(owner, system, two, noon):
    asked = _asked(owner, two, noon)
    perform(owner, "same", Act(asked.number, asked.revision, noon, {"same": "yes"}))
    goes_on = case_of(owner, two[1])
    Case.objects.filter(pk=asked.pk).update(refund_id=goes_on.refund_id)  # as if both had been told of it
    for hours, state in enumerate(("refused", "awaiting_seller", "succeeded", "awaiting_seller"), start=1):
        case = cases.platform_moved(system, asked.number, RefundState(state), at=noon + timedelta(hours=hours))
        assert (case.status, case.outcome, case.is_open, case.mirror_state) == ("closed", "merged", False, state)
        assert deadlines.running(deadlines.of_subject(owner, case.public_id)) == []
    assert case_of(owner, goes_on.number).revision == goes_on.revision


def test_nobody_takes_up_a_merged_case_again_and_all_are_sent_to_the_one_that_goes_on(owner, two, noon):
    asked = _asked(owner, two, noon)
    perform(owner, "same", Act(asked.number, asked.revision, noon, {"same": "yes"}))
    merged = case_of(owner, asked.number)
    with pytest.raises(GuardRefused) as refused:  # T24
        cases.reopen(owner, merged.number, source="App", revision=merged.revision, at=noon)
    assert refused.value.facts["guards"] == ["case_was_not_merged"]
    assert "那一单" in refused.value.message.zh
    with pytest.raises(Refused) as another:
        cases.open_linked(owner, merged.number, "V1", source="聊天", at=noon)
    assert another.value.problem_code == "case_is_merged"
    assert case_of(owner, merged.number).revision == merged.revision
    assert Case.objects.visible_to(owner).count() == 2


def test_an_exhibit_that_was_carried_over_answers_what_the_other_case_had_asked(owner, two, noon):
    asked = _asked(owner, two, noon)
    real = case_of(owner, two[1])
    perform(owner, "reason", Act(real.number, real.revision, noon, {"sub_reason": "A1"}))
    revision = case_of(owner, real.number).revision
    evidence.ask(owner, real.number, ["E3"], "issuer", revision=revision, at=noon)
    [waiting] = evidence_queries.open_requests(owner, case_of(owner, real.number))
    perform(owner, "evidence", Act(asked.number, asked.revision, noon, {"kind": "E3", "usable": "no", "title": "再查"}))
    at = noon + timedelta(hours=1)
    asked = case_of(owner, asked.number)
    perform(owner, "same", Act(asked.number, asked.revision, at, {"same": "yes"}))
    goes_on = case_of(owner, real.number)
    assert evidence_queries.open_requests(owner, goes_on) == []
    copies = {one.public_id for one in evidence_queries.exhibits(owner, goes_on)}
    for _ in range(2):  # to follow again changes nothing
        evidence.follow(owner, goes_on, at=at)
    assert {one.public_id for one in evidence_queries.exhibits(owner, goes_on)} == copies
    [settled] = evidence_queries.requests(owner, goes_on)
    assert (settled.public_id, settled.state) == (waiting.public_id, "fulfilled")
