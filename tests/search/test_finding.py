"""Looking as a person does: filters, order, marks, the way to the very line, and codes that are never searched for."""

from datetime import timedelta

import pytest
from django.test import Client

from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.desk.queries.finding import Asked, document, find
from cardcase.inbox.models import Message
from cardcase.intake import service as intake
from cardcase.kit.errors import NotAllowed, WrongUse
from cardcase.orders.models import Order
from cardcase.staff.models import Staff
from cardcase.staff.rules import Actor, ActorKind
from intake.world import CODES, INVALID, UNWANTED, files, said, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(owner, noon):
    intake.import_files(owner, files(), at=noon)
    return owner


def said_of(actor, words, now, **asked):
    return [hit.found for hit in find(actor, Asked(words=words, **asked), now=now, limit=50).said]


def test_filters_leave_exactly_what_they_name(world, noon):
    case = Case.objects.get(order__order_no=INVALID)
    other = Case.objects.get(order__order_no=UNWANTED)
    for one in (case, other):
        cases.add_note(world, one.number, "同一句备注", at=noon)
    person = Staff.objects.get(pk=world.staff_id)
    Case.objects.filter(pk=case.pk).update(owner=person)
    case.refresh_from_db()
    both = said_of(world, "同一句备注", noon)
    assert {one.case for one in both} == {case.number, other.number}

    def left(**asked):
        return {one.case for one in said_of(world, "同一句备注", noon, **asked)}

    assert left(staff=person.username) == {case.number}
    assert left(staff="nobody") == set()
    assert left(status=case.status) == {one.number for one in (case, other) if one.status == case.status}
    assert left(reason=case.claimed_reason) == {
        one.number for one in (case, other) if one.claimed_reason == case.claimed_reason
    }
    assert left(buyer=case.buyer.nick) == {case.number}
    assert left(buyer=f"buyer_{other.buyer_id}") == {other.number}
    assert left(product=case.order.listing.item_id) == {case.number}
    assert left(product="苹果充值卡") == {case.number, other.number}
    assert left(kind="message") == set()
    assert left(kind="note") == {case.number, other.number}
    assert left(since=noon + timedelta(minutes=1)) == set()
    assert left(since=noon, until=noon + timedelta(minutes=1)) == {case.number, other.number}
    assert left(buyer=case.buyer.nick, status="closed") == set()


def test_filters_agree_with_a_naive_scan_over_all_messages(world, noon):
    for number in range(40):
        talk = said(f"6000{number:04d}", f"33{number:02d}", f"人{number % 5}", "要退款", "退 款", "餘額退款")
        intake.import_files(world, [upload(f"{number}.json", talk)], at=noon)
    rows = Message.objects.filter(text__contains="退款").select_related("conversation__buyer")
    for nick in ("人0", "人3", "云朵邮差"):
        want = {row.public_id for row in rows if row.conversation.buyer and row.conversation.buyer.nick == nick}
        got = []
        after = ""
        while after is not None:
            answer = find(world, Asked(words="退款", buyer=nick, kind="message"), now=noon, limit=7, after=after)
            got += [hit.found.public_id for hit in answer.said]
            after = answer.next
        assert len(got) == len(set(got))
        assert set(got) == want


@pytest.mark.parametrize("is_newest", [False, True])
def test_pages_behind_one_another_tell_each_answer_once(world, noon, is_newest):
    talk = said("70000001", "4401", "长谈", *(f"{'很' * (number % 9)}想退款{number}" for number in range(150)))
    intake.import_files(world, [upload("long.json", talk)], at=noon)
    got, after = [], ""
    while after is not None:
        answer = find(world, Asked(words="想退款", is_newest=is_newest), now=noon, limit=20, after=after)
        got += [hit.found for hit in answer.said]
        after = answer.next
    assert len({one.public_id for one in got}) == len(got) == 150
    if is_newest:
        assert [one.number for one in got] == sorted((one.number for one in got), reverse=True)


def test_the_words_are_marked_and_the_link_leads_to_the_day_and_the_line(world, noon):
    intake.import_files(world, [upload("a.json", said("50000001", "2201", "云朵邮差", "這張卡的餘額不對"))], at=noon)
    row = Message.objects.get(text="這張卡的餘額不對")
    [hit] = [one for one in find(world, Asked(words="余额不对"), now=noon).said if one.found.public_id == row.public_id]
    assert hit.pieces == (("這張卡的", False), ("餘額不對", True))
    if hit.found.case:
        assert hit.found.url.endswith(f"#m-{row.public_id}")
        assert "since=" in hit.found.url


def test_the_whole_order_number_stands_first_among_things(world, noon):
    [first, *_] = find(world, Asked(words=INVALID), now=noon).things
    assert first.found.text.split("\n")[0] == INVALID
    assert first.found.case


def test_a_long_text_is_shown_around_the_words(world, noon):
    text = "前" * 500 + "退款" + "后" * 500
    intake.import_files(world, [upload("a.json", said("50000011", "2201", "云朵邮差", text))], at=noon)
    [hit] = find(world, Asked(words="前退款后"), now=noon).said
    shown = "".join(piece for piece, _ in hit.pieces)
    assert len(shown) < 200
    assert shown.startswith("…")
    assert ("前退款后", True) in hit.pieces


# ---- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dress",
    [str, str.lower, lambda code: f"卡密 {code}", lambda code: "-".join(code[n : n + 4] for n in range(0, 16, 4))],
)
def test_a_whole_code_is_answered_by_its_keyed_hash_and_never_searched_for(world, noon, dress):
    answer = find(world, Asked(words=dress(CODES[0])), now=noon)
    assert answer.has_code
    assert answer.card is not None
    assert (*answer.things, *answer.said) == ()


def test_what_only_looks_like_a_code_is_refused_too(world, noon):
    answer = find(world, Asked(words="K7QM92XFLP3D9999"), now=noon)
    assert (answer.has_code, answer.card) == (True, None)


def test_codes_are_found_by_their_tail_and_never_shown(world, noon):
    intake.import_files(
        world, [upload("a.json", said("50000012", "2201", "云朵邮差", f"就是这张 {CODES[1]} 不行"))], at=noon
    )
    Order.objects.filter(order_no=INVALID).update(seller_remark=f"发的是 {CODES[2]}")
    from cardcase.search import service

    service.rebuild(world)
    for code in CODES[1:]:
        answer = find(world, Asked(words=code[-4:]), now=noon)
        assert [*answer.things, *answer.said] != []
        assert code not in str(document(answer))
    assert find(world, Asked(words=CODES[2][:5]), now=noon).things == []


# ---- who may ---------------------------------------------------------------------------------------------------------


def test_nobody_reads_without_an_actor_who_may_and_strangers_find_nothing(world, stranger, noon):
    with pytest.raises(NotAllowed):
        find(Actor(ActorKind.BUYER, world.shop_id), Asked(words="卡"), now=noon)
    answer = find(stranger, Asked(words="卡"), now=noon)
    assert (*answer.things, *answer.said) == ()


def test_what_is_no_choice_is_refused(world, noon):
    for asked, after in ((Asked(words="卡", kind="card"), ""), (Asked(words="卡"), "x1"), (Asked(words="卡"), "w999")):
        with pytest.raises(WrongUse):
            find(world, asked, now=noon, after=after)


# ---- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(world):
    client = Client()
    client.force_login(Staff.objects.get(pk=world.staff_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_is_asked_by_post_and_answers_at_an_address(browser):
    answer = browser.post("/search/ask/", {"q": "苹果", "kind": "", "status": ""}, follow=True)
    assert answer.redirect_chain == [("/search/?q=%E8%8B%B9%E6%9E%9C", 302)]
    assert "<mark>苹果</mark>" in answer.content.decode()


def test_a_code_that_is_typed_stands_in_no_address_and_does_not_come_back(browser):
    answer = browser.post("/search/ask/", {"q": CODES[0]})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert CODES[0] not in page
    assert "/cards/card_" in page
    for code in (CODES[0], "K7QM92XFLP3D9999"):
        answer = browser.get("/search/", {"q": code}, follow=True)
        assert answer.redirect_chain
        assert code not in answer.content.decode()


def test_what_buyers_write_is_text_on_the_page(browser, world, noon):
    intake.import_files(
        world, [upload("a.json", said("50000013", "2201", "云朵邮差", "<script>alert(1)</script>退款"))], at=noon
    )
    page = browser.get("/search/", {"q": "alert(1)"}).content.decode()
    assert "<script>alert" not in page
    assert "<mark>alert(1)</mark>" in page


def test_a_broken_choice_is_said_on_the_page(browser):
    assert "翻页标记有误" in browser.get("/search/", {"q": "卡", "after": "zz"}).content.decode()
    assert "这不是时间" in browser.get("/search/", {"q": "卡", "since": "gestern"}).content.decode()


def test_the_api_says_the_same_and_keeps_no_answer(browser, world, noon):
    from cardcase.project.models import IdempotentReply

    told = browser.post("/api/v1/search", {"q": "苹果", "limit": 5}, content_type="application/json")
    assert told.status_code == 200, told.content
    body = told.json()
    assert body["is_complete"] is True
    want = document(find(world, Asked(words="苹果"), now=noon, limit=5))
    assert [one["id"] for one in body["things"]] == [one["id"] for one in want["things"]] != []
    assert [one["id"] for one in body["said"]] == [one["id"] for one in want["said"]]
    assert body["things"][0]["pieces"]
    assert not IdempotentReply.objects.exists()
    wrong = browser.post("/api/v1/search", {"q": "苹果", "kind": "card"}, content_type="application/json")
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "unknown_choice"
