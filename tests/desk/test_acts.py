"""Every act of the case page as a person does it: what is legal happens, what is not is refused with the words kept."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile

from cardcase.cards.models import Card
from cardcase.cases.models import Case, Note
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines import service as deadline_service
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import DeadlineKind, DeadlineSpec, Source
from cardcase.desk.service import ACTS
from cardcase.evidence.models import EvidenceRequest, Exhibit
from cardcase.evidence.rules.exhibits import MAX_FILE_BYTES
from cardcase.inbox.models import Reply
from cardcase.kit.catalogue import Certainty
from cardcase.remedies.models import Offer, Remedy
from desk.hand import Desk, picture
from evidence.mails import mail
from intake.world import CODES, INVALID, UNWANTED, delivered, files, order_row, orders_csv, row_counts, take, upload

pytestmark = pytest.mark.django_db
WORDS = "这是我写的话，不能丢"


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, [*files(), upload("kam2.json", delivered(UNWANTED, CODES[1]))], at=noon)
    return Case.objects.get(order__order_no=INVALID)


@pytest.fixture
def desk(owner, case) -> Desk:
    return Desk(owner, case)


@pytest.fixture
def ready(desk) -> Desk:
    """A case whose reason a person has confirmed: it waits for our answer, and nothing is held."""
    desk.done("reason", sub_reason="A1")
    return desk


def test_every_act_has_been_tried_here():
    files = Path(__file__).parent.glob("test_acts*.py")
    tried = {act for file in files for act in re.findall(r'\.(?:done|refused)\(\s*"(\w+)"', file.read_text("utf-8"))}
    assert tried == set(ACTS)


def test_a_case_that_resembles_no_other_is_not_merged(ready):
    body = ready.refused("same", same="yes")
    assert "没有发现同一件事的另一单" in body
    ready.refused("same", 422, same="maybe")


# --- Acts on the reason and the talk ----------------------------------------------------------------------------------


def test_the_reason_is_confirmed(desk):
    desk.done("reason", sub_reason="A2")
    row = desk.row()
    assert (row.sub_reason, row.status, row.is_held) == ("A2", "needs_response", False)


def test_a_reading_is_refused_where_no_reason_was_given(desk):
    assert '<option value="unstated"' in desk.client.get(desk.url).content.decode()
    page = desk.done("reason", sub_reason="unstated").content.decode()
    row = desk.row()
    assert (row.claimed_reason, row.sub_reason, row.status, row.is_held) == ("unstated", "", "new", True)
    assert '<option value="unstated"' not in page  # there is no reading left to be refused


def test_a_reason_that_is_none_is_refused(desk):
    body = desk.refused("reason", 422, sub_reason="Z9")
    assert "没有这个原因" in body


def test_the_hold_is_lifted_by_the_owner_with_a_reason(desk):
    desk.refused("hold", 422, reason="")
    desk.done("hold", reason="买家电话里说清楚了")
    assert not desk.row().is_held
    desk.refused("hold", reason=WORDS)


def test_evidence_is_asked_for_after_the_hold_only(desk):
    desk.refused("ask", kinds="E9", to="buyer")
    desk.done("reason", sub_reason="A1")
    desk.done("ask", kinds="E9", to="buyer")
    assert desk.row().status == "waiting_buyer"
    assert EvidenceRequest.objects.get().kinds == ["E9"]
    desk.refused("ask", 422, kinds="E99", to="buyer")


def test_an_exhibit_is_added_with_what_it_shows(desk):
    desk.done("evidence", kind="E3", title="官网查询", usable="no", balance="0", files=[("查询.png", picture())])
    exhibit = Exhibit.objects.get()
    assert (exhibit.kind, exhibit.file_mime, exhibit.facts["balance_fen"]) == ("E3", "image/png", 0)
    answer = desk.client.get(f"{desk.url}exhibits/{exhibit.public_id}/")
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


def test_a_file_that_is_too_large_is_refused_before_any_is_read(desk, monkeypatch):
    monkeypatch.setattr(TemporaryUploadedFile, "read", lambda *_: pytest.fail("a file was read"))
    too_much = [("查询.png", picture()), ("录像.png", picture() + bytes(MAX_FILE_BYTES))]
    assert "文件超过 10 MB" in desk.refused("evidence", kind="E3", files=too_much)


@pytest.mark.parametrize(
    "typed",
    [
        {"kind": "E3"},
        {"kind": "E99", "usable": "no"},
        {"kind": "E3", "balance": "很多"},
        {"kind": "E3", "redeemed_at": "昨天"},
        {"kind": "E3", "files": [("a.exe", b"MZ" + bytes(100))]},
        {"kind": "E3", "files": [("a.png", b"")]},
        {"kind": "E3", "files": [("good.png", picture()), ("bad.svg", b"<svg onload=alert(1)>")]},
    ],
    ids=["nothing", "unknown kind", "no amount", "no time", "program", "empty", "one good one bad"],
)
def test_an_exhibit_that_shows_nothing_is_refused_whole(desk, typed):
    status = 409 if "files" in typed else 422
    assert WORDS in desk.refused("evidence", status, title=WORDS, **typed)
    assert not Exhibit.objects.exists()


def test_a_reply_is_saved_and_sent_only_after_the_hold(desk):
    text = "亲，已收到您的反馈，麻烦您提供完整的兑换界面截图，我这边马上核实。"
    desk.done("reply", text=text)
    assert Reply.objects.get().text == text
    assert text in desk.refused("sent", text=text)
    desk.done("reason", sub_reason="A1")
    desk.done("sent", text=text)
    assert Reply.objects.filter(sent_at__isnull=False).count() == 1


def test_a_reply_that_may_not_go_out_is_refused_and_kept(ready):
    body = ready.refused("sent", text=f"加我微信处理 {WORDS}")
    assert WORDS in body


def test_a_note_is_kept_and_an_empty_one_refused(desk):
    desk.done("note", text="买家来过电话")
    assert Note.objects.get().text == "买家来过电话"
    desk.refused("note", 422, text="  ")
    long = "长" * 5001
    body = desk.refused("note", 422, text=long)
    assert body.count(long) == 1  # in the note's own form, not in the reply


def test_a_card_code_in_a_note_is_masked(desk):
    page = desk.done("note", text=f"他发来的卡密是 {CODES[0]}")
    assert CODES[0] not in page.content.decode()
    assert CODES[0] not in Note.objects.get().text


def test_a_deadline_is_typed_where_only_a_default_is_known(owner, case):
    known = Desk(owner, case)
    known.refused("deadline", due_at="2026-11-26T10:00")  # the platform told us: nothing to type
    other = Desk(owner, Case.objects.get(order__order_no=UNWANTED))
    other.refused("deadline", 422, due_at="")
    other.refused("deadline", 422, due_at="明天")
    other.refused("deadline", 422, due_at="2026-11-20T10:00")
    other.done("deadline", due_at="2026-11-26T10:00")
    clocks = deadlines.armed(owner, [other.case.public_id])[other.case.public_id]
    assert "2026-11-26T02:00:00+00:00" in {clock.due_at.isoformat() for clock in clocks}


# --- Acts that decide -------------------------------------------------------------------------------------------------


def test_an_offer_is_made_and_accepted_and_carried_out(ready):
    ready.refused("offer", 422, kind="full_refund", amount="很多")
    ready.refused("offer", 422, kind="gold")
    ready.done("offer", kind="full_refund")
    assert ready.row().status == "offer_made"
    ready.refused("move", event="accepted", source="")
    ready.done("move", event="accepted", source="聊天里说好的")
    assert ready.row().status == "agreed"
    key = Remedy.objects.get().key
    assert WORDS in ready.refused("execute", key=key, typed="", void_result="", override_reason=WORDS)
    ready.look_at_the_card()
    ready.done(
        "execute",
        key=key,
        typed="执行退款 193.00",
        void_result="not_possible",
        override_reason="这种卡不能作废，店主同意",
    )
    assert ready.row().status == "executing"
    ready.refused("result", 422, result="done", source="App")
    ready.refused("result", 422, result="verified", source="")
    ready.done("result", result="verified", source="App 里显示退款成功")
    assert Remedy.objects.get().state == "verified"
    assert (ready.row().status, ready.row().outcome) == ("settled", "refunded")


@pytest.mark.parametrize("answer", ["denied", "countered", "withdrawn"])
def test_an_offer_ends_without_an_agreement(ready, answer):
    ready.done("offer", kind="full_refund")
    ready.refused("move", 422, event="offer_ended", answer="maybe", source="x")
    ready.done("move", event="offer_ended", answer=answer, source="聊天")
    assert Offer.objects.get().state == answer
    assert ready.row().status == "needs_response"


def test_a_concession_needs_its_phrase(ready):
    for typed in ("", "同意", "同意退款 1.00"):
        ready.refused("concede", kind="full_refund", typed=typed)
    assert not Remedy.objects.exists()
    ready.done("concede", kind="full_refund", typed="同意退款193.00")
    assert ready.row().status == "agreed"


def test_a_refusal_needs_evidence(ready):
    body = ready.refused("decline", refuse_reason="其他", text=WORDS, typed="拒绝退款")
    assert "还缺" in body


def test_a_refusal_a_dispute_and_its_ruling(owner, noon):
    take(
        owner,
        [
            upload("o.csv", orders_csv(order_row(INVALID, refund="买贵了，别家便宜"))),
            upload("k.json", delivered(INVALID, CODES[0])),
        ],
        at=noon,
    )
    desk = Desk(owner, Case.objects.get())
    desk.done("reason", sub_reason="V1")
    reason, text = "商品与描述一致", f"商品与页面描述一致，卡密已正常交付。{WORDS}"
    assert WORDS in desk.refused("decline", refuse_reason=reason, text=text, typed="拒绝退款")  # evidence is missing
    desk.done(
        "evidence",
        kind="E2",
        at="2026-11-20T20:05",
        tail4="81AB",
        usable="yes",
        balance="200",
        title="发货前查的",
        files=[("查.png", picture())],
    )
    desk.done(
        "evidence",
        kind="E3",
        tail4="81AB",
        usable="yes",
        balance="200",
        title="官网查的",
        files=[("查.png", picture())],
    )
    assert WORDS in desk.refused("decline", refuse_reason=reason, text=text, typed="拒绝")
    desk.refused("decline", refuse_reason="没有这一条", text=text, typed="拒绝退款")
    desk.done("decline", refuse_reason=reason, text=text, typed="拒绝退款")
    assert desk.row().status == "declined"
    desk.refused("escalate", typed="")
    desk.done("escalate", typed="平台介入", reason="买家一直要退")
    assert desk.row().stage == "platform_dispute"
    desk.refused("move", event="ruled", verdict="won", ruling="", source="App")
    desk.refused("move", 422, event="ruled", verdict="draw", ruling="支持卖家", source="App")
    desk.done("move", event="ruled", verdict="won", ruling="支持卖家", source="App 通知")
    assert desk.row().status == "won"
    desk.refused("decline", refuse_reason=reason, text=text, typed="拒绝退款")


@pytest.mark.parametrize(
    ("event", "status"), [("stepped_in", "under_review"), ("withdrawn", "withdrawn"), ("paid_elsewhere", "settled")]
)
def test_what_the_platform_did_is_recorded_with_how_it_is_known(desk, event, status):
    desk.refused("move", event=event, source="")
    desk.done("move", event=event, source="App 里看到的")
    assert desk.row().status == status


def test_moves_that_are_none_are_refused(desk):
    desk.refused("move", 422, event="dance")
    desk.refused("move", 422, event="")
    desk.refused("move", 422, event="opened", source="x")
    desk.refused("move", 422, event="closed", source="x")
    desk.refused("move", 422, event="pack_submitted", source="x")


# --- Acts that keep the books -----------------------------------------------------------------------------------------


def test_what_asked_for_a_person_is_marked_as_dealt_with(owner, noon):
    take(owner, [upload("o.csv", orders_csv(order_row(INVALID, refund="卡密无效")))], at=noon)
    desk = Desk(owner, Case.objects.get())
    assert "card_unlinked" in {need["code"] for need in desk.row().needs_human}
    desk.done("need", code="card_unlinked")
    assert "card_unlinked" not in {need["code"] for need in desk.row().needs_human}
    assert desk.do("need", code="card_unlinked").status_code == 404


def test_a_missed_deadline_is_reviewed(desk):
    found = {"text": "当天没看手机", "cause": "unnoticed", "measure": "以后开提醒"}
    desk.refused("review", **found)
    Case.objects.filter(pk=desk.case.pk).update(is_incident=True)
    for missing in found:
        desk.refused("review", 422, **{**found, missing: ""})
    desk.done("review", **found)
    assert not desk.row().is_incident


def test_our_own_goal_is_paused_with_a_reason_and_runs_on(desk, agent, noon):
    since = noon - timedelta(hours=1)
    goal = DeadlineSpec.of(
        DeadlineKind.FIRST_RESPONSE,
        started_at=since,
        due_at=since + timedelta(hours=12),
        source=Source.RULE,
        certainty=Certainty.JUDGEMENT,
        rule="G1",
    )
    deadline_service.arm(agent, desk.case.public_id, goal, at=noon)
    assert "暂停我们自己的回应目标" in desk.client.get(desk.url).content.decode()
    desk.refused("pause_goal", 422, reason="other", note="")
    page = desk.done("pause_goal", reason="holiday_closing", note="").content.decode()
    assert "继续计时" in page
    assert "暂停我们自己的回应目标" not in page
    assert Deadline.objects.get(kind="first_response").state == "paused"
    desk.done("resume_goal")
    assert Deadline.objects.get(kind="first_response").state == "armed"


def test_card_and_cause_are_named(desk):
    card = Card.objects.get(order__order_no=INVALID)
    desk.done("card", card=card.public_id)
    assert desk.do("card", card=Card.objects.exclude(pk=card.pk).first().public_id).status_code == 404
    desk.done("cause", cause="A2")
    desk.refused("cause", 422, cause="x")
    assert desk.row().found_cause == "A2"


def test_an_act_that_does_not_exist_is_not_found(desk):
    assert desk.do("dance").status_code == 404
    assert desk.client.get(f"{desk.url}note/").status_code == 405


@pytest.mark.parametrize("revision", ["", "x", "²", "-1", "9" * 30])
def test_a_revision_that_is_none_counts_as_stale(desk, revision):
    body = desk.refused("reason", sub_reason="A1", revision=revision)
    assert "刚刚" in body


# --- Two people -------------------------------------------------------------------------------------------------------


def test_the_second_of_two_people_gets_both_facts_and_keeps_the_words(owner, lead, case):
    mine, theirs = Desk(owner, case), Desk(lead, case)
    seen = mine.row().revision
    theirs.done("reason", sub_reason="P1", revision=seen)
    body = mine.refused("decline", revision=seen, refuse_reason="其他", text=WORDS, typed="拒绝退款")
    assert 'id="conflict"' in body
    assert "lead-lika" in body  # who was first
    assert "确认原因" in body or "分诊" in body  # with what
    assert WORDS in body  # what I had written
    assert mine.row().sub_reason == "P1"


def test_who_reads_again_decides(owner, lead, case):
    mine, theirs = Desk(owner, case), Desk(lead, case)
    seen = mine.row().revision
    theirs.done("reason", sub_reason="P1", revision=seen)
    mine.refused("reason", sub_reason="A1", revision=seen)
    mine.done("reason", sub_reason="A1")
    assert mine.row().sub_reason == "A1"


def test_a_person_without_the_right_changes_nothing(agent, auditor, case):
    Desk(agent, case).do("reason", sub_reason="A1")
    for actor, act, typed in (
        (agent, "decline", {"refuse_reason": "其他", "text": "x", "typed": "拒绝退款"}),
        (agent, "hold", {"reason": "x"}),
        (agent, "execute", {"key": "k", "typed": "x"}),
        (auditor, "reason", {"sub_reason": "A2"}),
        (auditor, "note", {"text": "x"}),
        (auditor, "evidence", {"kind": "E3", "usable": "no"}),
    ):
        before, counts = Case.objects.get(pk=case.pk), row_counts()
        assert Desk(actor, case).do(act, **typed).status_code == 403
        assert Case.objects.get(pk=case.pk).revision == before.revision
        assert {**row_counts(), "django_session": 0, "usersessions_usersession": 0} == {
            **counts,
            "django_session": 0,
            "usersessions_usersession": 0,
        }


def test_an_english_reader_gets_a_chinese_draft_and_what_it_says(desk):
    desk.client.cookies["django_language"] = "en"
    page = desk.client.get(desk.url).content.decode()
    draft = re.search(r'<textarea id="draft-text"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]
    assert "Hello" not in draft
    assert "您好" in draft
    assert "It says: Hello" in re.search(r'id="draft-meaning">(.*?)</p>', page, re.DOTALL)[1]


def test_a_buyer_who_writes_english_is_answered_in_english(owner, case):
    from cardcase.desk import words

    assert words.language_of_buyer(case) == "zh-hans"
    for language, answered in (("en", "en"), ("zh-Hant", "zh-hans"), ("other", "zh-hans"), ("", "zh-hans")):
        case.language = language
        assert words.language_of_buyer(case) == answered


def test_a_call_is_noted_and_a_mail_is_looked_at_again(desk):
    desk.done("call", party="buyer", how="phone", at="2026-11-22T11:00", said="他说周五退卡")
    assert "他说周五退卡" in desk.client.get(f"{desk.url}timeline/").content.decode()
    assert "写下说了什么" in desk.refused("call", 422, party="buyer", how="phone", at="2026-11-22T11:00", said="")
    desk.done("evidence", kind="E12", files=[("a.eml", mail("尾号无误"))])
    exhibit = Exhibit.objects.get(file_mime="message/rfc822")
    page = desk.client.get(f"{desk.url}exhibits/").content.decode()
    assert "还没有核对 DKIM 签名" in page
    assert f'action="{desk.url}mail/"' in page
    desk.done("mail", exhibit=exhibit.public_id)
    assert "不是邮件" in desk.refused("mail", 422, exhibit=Exhibit.objects.get(kind="E25").public_id)


def test_the_page_says_what_the_buyer_writes(desk, case):
    from cardcase.cases.models import Case

    for language, is_sure, said in (
        ("zh-Hant", True, "繁体中文"),
        ("en", False, "像是英文"),
        ("zh-Hans", False, "中文"),
    ):
        Case.objects.filter(pk=case.pk).update(language=language, is_language_sure=is_sure)
        page = desk.client.get(desk.url).content.decode()
        assert f"买家写的是</span> {said}<" in page
    Case.objects.filter(pk=case.pk).update(language="other", is_language_sure=False)
    assert "买家写的是" not in desk.client.get(desk.url).content.decode()
