import pytest

from cardcase.cases import service as cases
from cardcase.custody import queries as custody
from cardcase.inbox import queries, service
from cardcase.inbox.models import Conversation, Reply
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused, WrongUse

GOOD = "您好，请把提示页面完整截图发来，卡密遮住，我同步核实。"


def _confirm(actor, case, noon):
    return cases.confirm_reason(actor, case.number, "A1", revision=case.revision, at=noon)


def test_nothing_is_sent_while_messages_are_held(agent, case, noon):
    with pytest.raises(Refused) as refusal:
        service.mark_sent(agent, case.number, GOOD, revision=case.revision, at=noon)
    assert refusal.value.problem_code == "held"
    assert Reply.objects.visible_to(agent).count() == 0


def test_a_draft_may_be_written_while_messages_are_held_and_there_is_one(agent, case, noon):
    service.save_reply(agent, case.number, "第一稿", at=noon)
    service.save_reply(agent, case.number, "第二稿", at=noon)
    assert [(reply.text, reply.state) for reply in queries.replies_of(agent, case)] == [("第二稿", "draft")]


def test_once_the_reason_is_confirmed_a_person_sends_and_is_named(agent, case, noon):
    service.save_reply(agent, case.number, GOOD, at=noon)
    confirmed = _confirm(agent, case, noon)
    reply = service.mark_sent(agent, case.number, GOOD, revision=confirmed.revision, at=noon)
    assert (reply.state, reply.sent_by, reply.sent_at) == ("sent", agent.label, noon)
    assert queries.draft_of(agent, case) is None
    kinds = [item.kind for item in custody.history(agent, [case.public_id])]
    assert "reply.sent" in kinds


def test_two_people_never_send_on_the_same_picture(agent, lead, case, noon):
    confirmed = _confirm(agent, case, noon)
    service.mark_sent(agent, case.number, GOOD, revision=confirmed.revision, at=noon)
    with pytest.raises(Conflict):
        service.mark_sent(lead, case.number, GOOD, revision=confirmed.revision, at=noon)
    assert Reply.objects.visible_to(agent).count() == 1


@pytest.mark.parametrize(
    ("words", "check"),
    [
        ("加我微信处理", "on_platform"),
        ("是我们的错", "no_admission"),
        ("随便你投诉", "calm"),
        ("保证能用", "no_promise"),
        ("售出概不退换", "no_void_claim"),
        ("好" * 201, "length"),
        ("", "length"),
        ("新卡密 XJ7K-9Q2M-PL4T-88ZA", "no_code"),
    ],
)
def test_unfit_words_are_refused_with_the_check_that_fails(agent, case, noon, words, check):
    confirmed = _confirm(agent, case, noon)
    with pytest.raises(Refused) as refusal:
        service.mark_sent(agent, case.number, words, revision=confirmed.revision, at=noon)
    assert check in refusal.value.facts["checks"]
    assert "XJ7K" not in str(refusal.value)


def test_a_draft_never_holds_a_code(agent, case, noon):
    reply = service.save_reply(agent, case.number, "补发 XJ7K-9Q2M-PL4T-88ZA 给您", at=noon)
    assert "XJ7K" not in reply.text


def test_the_system_sends_nothing_and_reads_for_nobody(system, case, say, noon):
    service.ingest_messages(system, [say("充不了")], at=noon)
    talk = Conversation.objects.visible_to(system).get()
    with pytest.raises(NotAllowed):
        service.mark_sent(system, case.number, GOOD, revision=case.revision, at=noon)
    with pytest.raises(NotAllowed):
        service.mark_read(system, talk, at=noon)


def test_reading_is_written_down_once_until_something_new_is_said(system, agent, case, say, noon):
    order = case.order
    service.ingest_messages(system, [say("充不了", minute=1, order_no=order.order_no)], at=noon)
    talk = Conversation.objects.visible_to(agent).get()
    assert queries.has_unread(agent, case)
    service.mark_read(agent, talk, at=noon)
    service.mark_read(agent, talk, at=noon)
    assert not queries.has_unread(agent, case)
    kinds = [item.kind for item in custody.history(agent, [talk.public_id])]
    assert kinds.count("conversation.read") == 1


def test_strangers_and_empty_words_are_turned_away(stranger, auditor, agent, case, noon):
    with pytest.raises(NotFound):
        service.save_reply(stranger, case.number, GOOD, at=noon)
    with pytest.raises(NotAllowed):
        service.save_reply(auditor, case.number, GOOD, at=noon)
    with pytest.raises(WrongUse):
        service.save_reply(agent, case.number, "  ", at=noon)


def test_the_words_behind_the_reason_are_marked_where_they_were_said(system, agent, case, say, noon):
    order = case.order
    service.ingest_messages(
        system,
        [say("你好", minute=1, order_no=order.order_no), say("充的时候一直弹此代码无效 急", minute=2)],
        at=noon,
    )
    from cardcase.triage.rules import read_conversation

    result = read_conversation(queries.utterances_for_order(agent, order))
    kept = cases.record_triage(system, case.pk, result, at=noon)
    shown = queries.conversation_view(agent, kept, now=noon)
    assert [line.text for line in shown] == ["你好", "充的时候一直弹此代码无效 急"]
    assert [piece for piece, is_marked in shown[1].segments if is_marked] == ["弹此代码无效"]
    assert "".join(piece for piece, _ in shown[1].segments) == shown[1].text
    assert (shown[1].day_text, shown[1].time_text, shown[1].speaker) == ("11月22日", "09:50", "buyer")


def test_the_list_of_conversations_shows_the_latest_first_with_its_last_words(system, say, noon):
    service.ingest_messages(system, [say("早", minute=1, talk="a"), say("晚", minute=9, talk="b", number="z")], at=noon)
    rows = queries.conversation_list(system)
    assert [(row.last_text, row.is_unread) for row in rows] == [("晚", True), ("早", True)]
    first = rows[0]
    pk = Conversation.objects.visible_to(system).get(public_id=first.public_id).pk
    assert [row.last_text for row in queries.conversation_list(system, before=(first.last_message_at, pk))] == ["早"]
