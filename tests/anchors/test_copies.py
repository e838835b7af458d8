"""Buyers hold the head of the record: on the claim page unless the shop says no, under replies where it says yes."""

import base64
import re

import pytest
from django.test import Client

from cardcase.anchors import queries, service
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.custody.rules import note
from cardcase.delivery import service as delivery
from cardcase.desk.queries.drafting import _with_checkpoint
from cardcase.inbox.rules.drafts import Draft
from cardcase.inbox.rules.tone import check_reply
from cardcase.kit.errors import NotAllowed
from conftest import NOON
from delivery.world import KIND, orders, stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token(folder, system, lead, noon):
    stock(system, 1, noon)
    order = orders(system, 1, noon, buyer_external_id="22", buyer_nick="云朵邮差")[0]
    made = delivery.allocate(system, order.order_no, KIND, 1, at=noon)
    return delivery.issue_link(lead, made.public_id, at=noon).token


def page(token, **more):
    return Client().post("/c/", {"token": token, "step": "open", **more}, REMOTE_ADDR="203.0.113.5").content.decode()


def agree(token):
    sha256 = re.search(r'name="terms" value="(\w{64})"', page(token)).group(1)
    return Client().post("/c/", {"token": token, "step": "agree", "terms": sha256}, REMOTE_ADDR="203.0.113.5")


def reveal(token):
    agree(token)
    return Client().post("/c/", {"token": token, "step": "reveal"}, REMOTE_ADDR="203.0.113.5").content.decode()


def test_the_buyer_is_given_the_head_with_the_codes(token, owner, noon):
    custody.checkpoint(owner, at=noon)
    told = queries.copy(owner)
    shown = reveal(token)
    assert told.root_short in shown
    file = base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)", shown).group(1)).decode()
    assert file == told.note
    assert note.open_checkpoint(file, note.Verifier.parse(ledger.vkey(owner))).size == told.size
    assert "checkpoint.note" in shown


def test_a_stranger_without_a_token_is_told_nothing(token, owner, noon):
    custody.checkpoint(owner, at=noon)
    for answer in (Client().get("/c/"), Client().post("/c/", {"token": "wrong"}, REMOTE_ADDR="203.0.113.6")):
        assert queries.copy(owner).root_short not in answer.content.decode()


def test_the_shop_may_leave_it_out(token, owner, noon):
    custody.checkpoint(owner, at=noon)
    service.set_copies(owner, on_claim_page=False, in_chat=False, at=noon)
    assert queries.copy(owner).root_short not in reveal(token)


def test_before_the_first_signature_there_is_nothing_to_give(token):
    assert "checkpoint.note" not in reveal(token)


@pytest.fixture
def reply():
    text = "您好，已收到您的退款申请，我们正在核实，稍后回复您。"
    return Draft(text, "x#1", check_reply(text))


def test_replies_carry_it_only_where_the_shop_wants_it(folder, owner, write_entries, reply):
    write_entries(at=NOON)
    custody.checkpoint(owner, at=NOON)
    assert _with_checkpoint(reply, queries.copy_for_chat(owner)) == reply
    service.set_copies(owner, on_claim_page=True, in_chat=True, at=NOON)
    longer = _with_checkpoint(reply, queries.copy_for_chat(owner))
    assert longer.is_fit, [check for check in longer.checks if not check.ok]
    assert queries.copy(owner).root_short in longer.text
    assert longer.text.startswith(reply.text)


def test_a_reply_that_would_no_longer_fit_stays_as_it_is(folder, owner, write_entries):
    write_entries(at=NOON)
    custody.checkpoint(owner, at=NOON)
    service.set_copies(owner, on_claim_page=True, in_chat=True, at=NOON)
    text = "您好" + "，我们正在核实" * 27
    full = Draft(text, "x#1", check_reply(text))
    assert full.is_fit
    assert _with_checkpoint(full, queries.copy_for_chat(owner)) == full


def test_the_line_is_no_card_code(folder, owner, write_entries):
    """What is saved as a reply is masked; the line must come through."""
    from cardcase.cards import masking

    write_entries(40, at=NOON)
    for number in range(12):
        write_entries(at=NOON)
        custody.checkpoint(owner, at=NOON)
        line = queries.copy(owner).line
        for text in (line.zh, line.en):
            (masked,) = masking.mask_texts(owner, [text])
            assert (masked.text, masked.had_code) == (text, False), (number, text)


def test_the_choice_is_the_owners_and_recorded(folder, owner, agent, stranger, noon):
    with pytest.raises(NotAllowed):
        service.set_copies(agent, on_claim_page=False, in_chat=True, at=noon)
    service.set_copies(owner, on_claim_page=False, in_chat=True, at=noon)
    service.set_copies(owner, on_claim_page=False, in_chat=True, at=noon)
    assert queries.copies(owner) == (False, True)
    assert queries.copies(stranger) == (True, False)
    kinds = [one.kind for one in ledger.history(owner, [f"shop_{owner.shop_id}"])]
    assert kinds.count("copies.set") == 1
