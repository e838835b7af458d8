"""Suggested replies on the page, by API and by command: other wordings, what was filled in, what was said before."""

import re

import pytest

from cardcase.cases.models import Case
from cardcase.desk.queries import wish_from, wordings
from cardcase.inbox import service as inbox
from cardcase.inbox.reading import document, read_reply
from cardcase.inbox.rules import said
from desk.hand import Desk
from intake.world import CODES, INVALID, UNWANTED, delivered, files, take, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(owner, noon) -> Case:
    take(owner, [*files(), upload("kam2.json", delivered(UNWANTED, CODES[1]))], at=noon)
    return Case.objects.get(order__order_no=INVALID)


@pytest.fixture
def desk(owner, case) -> Desk:
    return Desk(owner, case)


def _page(desk):
    return desk.client.get(desk.url).content.decode()


def _draft(page):
    return re.search(r'<textarea id="draft-text"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]


def test_the_page_leads_to_another_wording_and_to_the_form_of_a_chat(desk):
    page = _page(desk)
    first = _draft(page)
    links = re.findall(r'href="([^"]*turn=\d+&amp;form=\w+)#draft"', page)
    assert len(links) == 2
    texts = {_draft(desk.client.get(link.replace("&amp;", "&")).content.decode()) for link in links}
    assert first not in texts
    assert any("\n" in text.strip() for text in texts)  # lines of a chat
    assert "draft-filled" in page


def test_a_saved_draft_stays_when_a_suggestion_is_asked_for(desk):
    desk.done("reply", text="我自己写的话，今天下午给您答复。")
    assert _draft(_page(desk)) == "我自己写的话，今天下午给您答复。"
    page = desk.client.get(desk.url + "?turn=1").content.decode()
    assert "我自己写的话" not in _draft(page)
    assert "你保存的草稿还在" in page
    assert _draft(_page(desk)) == "我自己写的话，今天下午给您答复。"


def test_what_was_sent_is_not_suggested_again(desk, agent, noon):
    number = desk.row().number
    desk.done("reason", sub_reason="A1")
    now = wordings.wordings_of(agent, number, now=noon)["drafts"][0]["text"]
    inbox.mark_sent(agent, number, now, revision=desk.row().revision, at=noon)
    after = wordings.wordings_of(agent, number, now=noon)["drafts"][0]
    assert said.likeness(after["text"], [now]) < said.ALIKE
    assert not after["is_repeat"]


def test_nonsense_asked_for_is_as_if_not_said():
    assert wish_from("dance", "-1", "fly") == wish_from("", "")
    assert wish_from("chat", "99999999999999999999").turn == 0


def test_while_typing_the_page_says_which_words_why_and_how_better(desk):
    body = desk.client.post(f"{desk.url}check/", {"text": "您好，是我们发错了，卡我去查。"}).content.decode()
    assert "<mark>我们发错</mark>" in body or re.search(r"<mark>[^<]*发错[^<]*</mark>", body)
    assert "没查清就认下来" in body
    assert "您好，我们正在核实，卡我去查。" in body
    fine = desk.client.post(f"{desk.url}check/", {"text": "您好，我去查。"}).content.decode()
    assert "<mark>" not in fine
    assert "data-better" not in fine


def test_the_shops_own_words_are_laid_over_ours_while_typing(desk, dear_is_not_said):
    assert "<mark>亲亲</mark>" in desk.client.post(f"{desk.url}check/", {"text": "亲亲，在的"}).content.decode()


def test_a_code_that_is_typed_is_never_repeated_in_what_is_said_about_it(desk, owner):
    read = document(read_reply(owner, "新卡密 XJ7K-9Q2M-PL4T-88ZA"))
    assert not read["ok"]
    told = {**read, "checks": [], "text": ""}
    assert "XJ7K" not in str(told)
    assert read["better"] == "卡在订单详情里查看"
