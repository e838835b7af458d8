"""Guided questions on the case page: one tap records the buyer's answer, and the page says what it means and offers."""

import re

import pytest

from cardcase.cases.models import Case
from cardcase.desk.queries import case_page
from cardcase.desk.queries.sheet import sheet
from cardcase.evidence.models import BuyerAnswer, EvidenceRequest
from cardcase.inbox.models import Message
from cardcase.shell.language import speaking
from desk.hand import Desk
from intake.world import CODES, INVALID, files, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, files(), at=noon)
    return Case.objects.get(order__order_no=INVALID)


@pytest.fixture
def desk(owner, case) -> Desk:
    return Desk(owner, case)


def box(owner, case, noon):
    return case_page(owner, case.number, now=noon).questions


def test_every_usual_answer_is_a_button_that_needs_no_script(desk):
    body = desk.client.get(desk.url).content.decode()
    assert "您是在哪个官方页面兑换的" in body
    for answer in ("used", "region", "silent", "in_words"):
        assert re.search(rf'<button class="button" name="answer" value="{answer}">', body)
    assert body.count(f'action="{desk.url}answer/"') == 3


def test_one_tap_records_it_says_what_it_means_and_offers_the_next_act(desk, owner, case, noon):
    body = desk.done("answer", playbook="A1", question="where", answer="used").content.decode()
    assert "不是无效，是被兑换过" in body
    assert "买家说的，未核实" in body
    assert "原因改为：已被兑换" in body
    now = box(owner, case, noon)
    assert (len(now.ask), len(now.told), now.summary) == (2, 1, "还有 2 个要问")
    confirm = now.told[0].heard.confirm
    desk.done("reason", **{name: value for name, value in confirm.hidden if name != "revision"})
    assert desk.row().sub_reason == "A2"


def test_what_an_answer_asks_for_is_asked_with_one_more_tap(desk, owner, case, noon):
    desk.done("answer", playbook="A1", question="where", answer="used")
    waits = box(owner, case, noon).told[0].heard
    assert (waits.asks, "确认原因之后再要" in waits.wants) == ((), True)
    desk.done("reason", sub_reason="A1")
    [form] = box(owner, case, noon).told[0].heard.asks
    assert form.url == f"{desk.url}ask/"
    desk.done("ask", **{name: value for name, value in form.hidden if name != "revision"})
    assert EvidenceRequest.objects.get().kinds == ["E12"]
    assert box(owner, case, noon).told[0].heard.asks == ()


def test_what_only_we_hold_is_named_and_asked_of_nobody(desk, owner, case, noon):
    desk.done("reason", sub_reason="A3")
    desk.done("answer", playbook="A3", question="doubt", answer="price")
    heard = box(owner, case, noon).told[0].heard
    assert "能说明的证据：进货凭证" in heard.wants
    assert heard.asks == ()


def test_silence_is_noted_and_the_question_stays(desk, owner, case, noon):
    desk.done("answer", playbook="A1", question="where", answer="silent")
    now = box(owner, case, noon)
    assert (len(now.ask), now.told) == (3, ())
    assert now.ask[0].heard.said == "没有回答"


def test_changing_ones_mind_shows_both_and_the_record_tells_each(desk, owner, case, noon):
    desk.done("answer", playbook="A1", question="where", answer="used")
    desk.done("answer", playbook="A1", question="where", answer="region", note="又说是美区账号")
    page = case_page(owner, case.number, now=noon)
    [told] = page.questions.told
    assert (told.heard.said, told.heard.note) == ("提示地区、币种或商店不符", "又说是美区账号")
    assert "提示已被使用" in told.heard.before[0]
    assert [row.what for row in page.timeline].count("记下买家的回答") == 2


def test_answers_under_an_earlier_reason_are_still_shown(desk, owner, case, noon):
    desk.done("answer", playbook="A1", question="where", answer="used")
    desk.done("reason", sub_reason="A2")
    now = box(owner, case, noon)
    assert now.told == ()
    assert "提示已被使用" in now.earlier[0]


def test_the_message_it_rests_on_is_linked(desk, owner, case, noon):
    message = Message.objects.filter(speaker="buyer").first()
    desk.done("answer", playbook="A1", question="where", answer="used", message=message.public_id)
    assert box(owner, case, noon).told[0].heard.source.url == f"#m-{message.public_id}"


def test_a_refusal_keeps_the_words_in_the_form_of_that_question(desk):
    desk.refused("answer", 422, playbook="A1", question="where", answer="in_words", note="")
    body = desk.refused("answer", 422, playbook="A1", question="where", answer="dance", note="原话在这里")
    assert body.count("原话在这里</textarea>") == 1
    desk.refused("answer", revision=1, playbook="A1", question="where", answer="used", note="原话在这里")


def test_no_card_code_is_kept(desk):
    body = desk.done("answer", playbook="A1", question="where", answer="in_words", note=f"他发了 {CODES[0]}")
    assert CODES[0] not in body.content.decode()
    assert CODES[0] not in BuyerAnswer.objects.get().note


def test_who_may_only_read_sees_the_questions_and_no_button(auditor, case, noon):
    rows = box(auditor, case, noon).ask
    assert rows
    assert all(row.form is None for row in rows)


def test_an_english_reader_reads_the_meaning_and_copies_chinese(owner, case, noon):
    with speaking("en"):
        row = box(owner, case, noon).ask[0]
    assert row.meaning.startswith("On which official page")
    assert row.text.startswith("麻烦说一下")


def test_the_document_of_the_case_tells_questions_and_answers(desk, owner, case, noon):
    desk.done("answer", playbook="A1", question="where", answer="used", note="原话")
    told = sheet(owner, case.number, now=noon)
    where = told["questions"][0]
    assert (where["id"], where["to_ask"], where["answer"]) == ("where", False, "used")
    used = next(one for one in where["answers"] if one["id"] == "used")
    assert (used["points_to"], used["asks"]) == ("A2", ["E12"])
    [answer] = told["answers"]
    assert (answer["answer"], answer["note"], answer["certainty"]) == ("used", "原话", "claimed")
