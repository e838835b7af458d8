"""Acts that bring a case back, put it off, hand in proof, have it approved: as a person does them on the page."""

from datetime import timedelta

import pytest

from cardcase.cases.models import Case, ClaimHistory, PlatformDispute, Review
from cardcase.deadlines import queries as deadlines
from cardcase.desk.queries import sheet
from cardcase.evidence.models import EvidenceRequest
from cardcase.kit import clock
from cardcase.remedies.models import Offer, Remedy
from cardcase.staff.models import Shop
from desk.hand import Desk
from intake.world import CODES, INVALID, UNWANTED, delivered, files, take, upload

pytestmark = pytest.mark.django_db
WORDS = "这是我写的话，不能丢"


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, [*files(), upload("kam2.json", delivered(UNWANTED, CODES[1]))], at=noon)
    return Case.objects.get(order__order_no=INVALID)


@pytest.fixture
def desk(owner, case) -> Desk:
    desk = Desk(owner, case)
    desk.done("reason", sub_reason="A1")
    return desk


def put(desk, **changes) -> None:
    """Put the case where the act begins; how it gets there is tested elsewhere."""
    Case.objects.filter(pk=desk.case.pk).update(**changes)


def local(moment) -> str:
    return clock.iso(moment)


def running(desk, actor) -> set[str]:
    return {one.kind.value for one in deadlines.armed(actor, [desk.row().public_id])[desk.row().public_id]}


def seal(desk) -> None:
    """Seal a pack on its own page."""
    answer = desk.client.post(f"{desk.url}packs/acts/seal/", {"typed": "封存证据包"})
    assert answer.status_code == 302, answer.content.decode()


def test_the_buyers_answer_is_recorded_with_how_one_knows(desk, owner):
    desk.done("ask", kinds="E10", to="buyer")
    assert running(desk, owner) >= {"evidence_answer"}
    assert "买家已答复" in desk.client.get(desk.url).content.decode()
    desk.refused("answered", 422, how="fulfilled", source="")
    desk.refused("answered", 422, how="vanished", source="聊天")
    desk.done("answered", how="refused", source="聊天里说不给")
    assert EvidenceRequest.objects.get().state == "refused"
    assert (desk.row().status, running(desk, owner) & {"evidence_answer"}) == ("needs_response", set())


def test_more_evidence_is_asked_for_with_a_deadline_and_the_pack_is_handed_in_once(desk, owner):
    put(desk, status="under_review", stage="platform_dispute", waiting_on="platform")
    desk.refused("move", 422, event="more_evidence_asked", source="App", due_at="2020-01-01T10:00")
    due = clock.now() + timedelta(hours=40)
    desk.done("move", event="more_evidence_asked", source="App", due_at=local(due))
    assert desk.row().status == "needs_response"
    assert "evidence_due" in running(desk, owner)
    page = desk.client.get(desk.url).content.decode()
    assert "证据包还没有封存" in page
    desk.refused("submit", typed="提交证据包")
    seal(desk)
    assert "去提交" in desk.client.get(desk.url).content.decode()
    desk.refused("submit", typed="提交")
    desk.done("submit", typed="提交证据包", once="yes")
    assert desk.row().status == "under_review"
    assert "evidence_due" not in running(desk, owner)
    put(desk, status="needs_response")
    seal(desk)
    desk.refused("submit", typed="提交证据包")


def test_a_ruling_is_appealed_inside_its_window_with_something_new(desk, owner):
    put(desk, status="under_review", stage="platform_dispute", waiting_on="platform")
    until = clock.now() + timedelta(days=2)
    desk.done("move", event="ruled", verdict="lost", ruling="未能证明", source="App", appeal_until=local(until))
    assert (desk.row().status, running(desk, owner)) == ("lost", {"appeal_window"})
    assert "没有新的证据" in desk.client.get(desk.url).content.decode()
    desk.refused("move", event="appealed", source="App")
    put(desk, resolved_at=clock.now() - timedelta(hours=1))
    desk.done("evidence", kind="E3", usable="yes", tail4="81AB", title="后来查的")
    desk.done("move", event="appealed", source="App 里提交了申诉")
    assert (desk.row().status, desk.row().stage, running(desk, owner)) == ("under_review", "appeal", set())


def test_an_appeal_without_a_known_window_is_refused_until_one_types_it_in(desk):
    put(desk, status="lost", stage="platform_dispute", is_open=False, resolved_at=clock.now() - timedelta(hours=1))
    desk.done("evidence", kind="E3", usable="yes", tail4="81AB", title="后来查的")
    desk.refused("move", event="appealed", source="App")
    desk.done("deadline", due_at=local(clock.now() + timedelta(days=1)))
    desk.done("move", event="appealed", source="App")
    assert desk.row().status == "under_review"


def test_the_buyer_appeals_a_case_that_was_won(desk):
    put(desk, status="won", stage="platform_dispute", is_open=False, resolved_at=clock.now(), outcome="kept")
    desk.refused("move", event="buyer_appealed", source="")
    desk.done("move", event="buyer_appealed", source="App 通知")
    assert (desk.row().status, desk.row().stage, desk.row().outcome) == ("under_review", "appeal", "")


def test_the_buyer_applies_again_with_another_reason_and_the_old_claim_stays_readable(desk, owner):
    put(desk, status="declined", waiting_on="buyer", stage="platform_refund")
    desk.refused("reapplied", 422, source="")
    due = clock.now() + timedelta(hours=20)
    desk.done("reapplied", source="App", sub_reason="V1", amount="50", due_at=local(due))
    row = desk.row()
    assert (row.status, row.sub_reason, row.claimed_fen, row.is_held) == ("needs_response", "V1", 5000, False)
    kept = ClaimHistory.objects.get()
    assert (kept.sub_reason, kept.claimed_fen, kept.event) == ("A1", desk.case.claimed_fen, "reapplied")
    assert "之前说的：卡密无效" in desk.client.get(desk.url).content.decode()


def test_an_ended_case_is_taken_up_again_or_another_one_is_opened(desk, owner):
    put(desk, status="withdrawn", is_open=False, waiting_on="nobody", outcome="withdrawn", resolved_at=clock.now())
    desk.refused("reopen", 422, claim="other", source="聊天", sub_reason="")
    desk.done("reopen", claim="other", source="聊天", sub_reason="V1")
    other = Case.objects.get(linked_to=desk.case)
    assert (other.status, other.sub_reason, other.is_held) == ("new", "V1", True)
    assert other.number in desk.client.get(desk.url).content.decode()
    assert desk.case.number in desk.client.get(f"/cases/{other.number}/").content.decode()
    desk.done("reopen", claim="same", source="聊天")
    assert (desk.row().status, desk.row().is_open, desk.row().outcome) == ("needs_response", True, "")
    desk.refused("reopen", claim="same", source="聊天")


def test_work_is_put_off_before_the_margin_and_taken_up_again(desk, owner):
    put(desk, status="needs_response")
    margin = min(one.margin_at for one in deadlines.armed(owner, [desk.row().public_id])[desk.row().public_id])
    desk.refused("snooze", until=local(margin + timedelta(minutes=1)), reason="等货源方回话")
    until = clock.now() + (margin - clock.now()) / 2
    desk.refused("snooze", 422, until=local(until), reason="")
    desk.done("snooze", until=local(until), reason="等货源方回话")
    assert "等货源方回话" in desk.client.get(desk.url).content.decode()
    assert "work_resumes" in running(desk, owner)
    desk.done("resume")
    assert (desk.row().snoozed_until, "work_resumes" in running(desk, owner)) == (None, False)
    desk.refused("resume")


def test_a_dispute_is_noted_in_the_platforms_words_and_stops_money(desk, owner):
    desk.refused("dispute", 422, kind="intervention", state="进行中", source="")
    desk.done("dispute", kind="intervention", state="进行中", source="App", external_id="D1")
    assert PlatformDispute.objects.get().status == "open"
    assert "平台介入 D1" in desk.client.get(desk.url).content.decode()
    desk.refused("offer", kind="full_refund")
    desk.done("dispute", kind="intervention", state_raw="小二在看", source="App", external_id="D1")
    assert PlatformDispute.objects.get().status == "unknown"
    assert "dispute_unknown" in {need["code"] for need in desk.row().needs_human}
    desk.done("dispute", kind="intervention", state="已关闭", source="App", external_id="D1")
    assert sheet.sheet(owner, desk.case.number, now=clock.now())["disputes"][0]["status"] == "closed"
    assert "dispute_unknown" not in {need["code"] for need in desk.row().needs_human}
    desk.done("offer", kind="full_refund")


def test_money_that_went_beside_the_platform_counts_as_paid(desk):
    desk.refused("transfer", 422, amount="", source="微信")
    desk.done("transfer", amount="50", source="微信记录")
    assert Remedy.objects.get().kind == "transfer"
    assert "不能再给一次" in desk.refused("offer", kind="full_refund")


def test_above_the_limit_an_agent_drafts_and_another_person_approves(desk, agent, lead):
    Shop.objects.update(agent_limit_fen=100)
    mine, theirs = Desk(agent, desk.case), Desk(lead, desk.case)
    mine.refused("offer", kind="full_refund")
    assert "请主管批准" in mine.client.get(mine.url).content.decode()
    mine.done("approval", kind="full_refund", way="offer", reason="买家是老客")
    assert (Offer.objects.get().state, mine.row().status) == ("draft", "needs_response")
    assert mine.do("approve", answer="yes").status_code == 403
    mine.refused("approval", kind="full_refund", way="offer")
    assert "批准 agent-lika 的方案" in theirs.client.get(theirs.url).content.decode()
    theirs.done("approve", answer="yes")
    offer = Offer.objects.get()
    assert (offer.state, offer.proposed_by, offer.approved_by) == ("proposed", "agent-lika", "lead-lika")
    assert theirs.row().status == "offer_made"


def test_a_concession_above_the_limit_is_refused_or_approved_with_its_phrase(desk, agent, lead):
    Shop.objects.update(agent_limit_fen=100)
    mine, theirs = Desk(agent, desk.case), Desk(lead, desk.case)
    mine.done("approval", kind="full_refund", way="concede")
    theirs.done("approve", answer="no", reason="先要证据")
    assert (Remedy.objects.get().state, theirs.row().status) == ("cancelled", "needs_response")
    theirs.refused("approve", answer="yes")
    mine.done("approval", kind="full_refund", way="concede")
    theirs.refused("approve", answer="yes", typed="同意")
    theirs.done("approve", answer="yes", typed="同意退款 193.00")
    remedy = Remedy.objects.get(state="approved")
    assert (remedy.decided_by, remedy.approved_by, theirs.row().status) == ("agent-lika", "lead-lika", "agreed")


def test_a_counter_offer_keeps_what_the_buyer_wanted_and_the_history_is_shown(desk):
    desk.done("offer", kind="full_refund")
    desk.refused("move", 422, event="offer_ended", answer="denied", counter="88", source="聊天")
    desk.done("move", event="offer_ended", answer="countered", counter="88", source="聊天")
    assert Offer.objects.get().counter_fen == 8800
    assert "买家另提条件 ¥88.00" in desk.client.get(desk.url).content.decode()


def test_a_lost_case_asks_for_its_review_and_shows_what_was_left(desk, owner):
    put(desk, status="under_review", stage="platform_dispute", waiting_on="platform")
    desk.done("move", event="ruled", verdict="lost", ruling="未能证明", source="App")
    page = desk.client.get(desk.url).content.decode()
    assert "写复盘" in page
    assert "净得" in page
    desk.refused("need", code="review_due")
    found = {"text": "发货前没有查验", "cause": "no_evidence", "measure": "以后都查"}
    shown = desk.done("review", **found, recovered="20").content.decode()
    assert "发货前没有查验" in shown
    row = desk.row()
    assert (row.recovered_fen, row.needs_human) == (2000, [])
    [review] = Review.objects.values("text", "cause", "measure", "missed")
    assert review == {**found, "missed": []}
