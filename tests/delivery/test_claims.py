"""Claim links and the page behind them: who gets a code, who does not, and what is left behind."""

import hashlib
import logging
import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from cardcase.cards.models import Reveal
from cardcase.connectors.ports import OrderState, RefundNotice, RefundState
from cardcase.custody import queries as custody
from cardcase.delivery import queries, service
from cardcase.delivery.models import ClaimGuess, ClaimLink, Terms
from cardcase.delivery.rules import claims as rules
from cardcase.delivery.rules.claims import Guesses, wait_before_next
from cardcase.delivery.rules.consent import Said
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.orders.service import ingest_refunds
from cardcase.staff.models import Shop, Staff
from contracts.test_races import at_once
from delivery.world import KIND, agreed, orders, stock

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"
CALM = "请在购买时的聊天窗口联系卖家"


@pytest.fixture
def codes(system, noon):
    return stock(system, 2, noon)


@pytest.fixture
def order(system, noon, codes):
    return orders(system, 1, noon, buyer_external_id="22", buyer_nick="云朵邮差")[0]


@pytest.fixture
def view(system, order, noon):
    return service.allocate(system, order.order_no, KIND, 1, at=noon)


@pytest.fixture
def token(lead, view, noon):
    return service.issue_link(lead, view.public_id, at=noon).token


def post(token, step="open", *, address="203.0.113.5", language="", client=None, **more):
    fields = {"token": token, "step": step, **({"language": language} if language else {}), **more}
    return (client or Client()).post("/c/", fields, REMOTE_ADDR=address)


def text(answer, status=200):
    assert answer.status_code == status, answer.content[:600]
    return answer.content.decode()


def consent(token, **more):
    page = text(post(token, **more))
    return post(token, "agree", terms=re.search(r'name="terms" value="(\w{64})"', page).group(1), **more)


# --- Issuing ----------------------------------------------------------------------------------------------------------


def test_a_link_is_good_for_a_week_or_as_long_as_is_said(lead, view, noon):
    assert service.issue_link(lead, view.public_id, at=noon).expires_at == noon + timedelta(days=7)
    assert service.issue_link(lead, view.public_id, at=noon, days=30).expires_at == noon + timedelta(days=30)
    for days in (0, 31, -1):
        with pytest.raises(WrongUse):
            service.issue_link(lead, view.public_id, at=noon, days=days)


def test_a_token_has_128_bits_and_only_its_hash_is_kept(agent, lead, view, noon):
    issued = service.issue_link(lead, view.public_id, at=noon)
    assert len(issued.token) == 22
    assert issued.token not in repr(issued)
    row = ClaimLink.objects.visible_to(agent).get()
    assert row.token_sha256 == hashlib.sha256(issued.token.encode()).hexdigest()


def test_issuing_again_ends_the_link_before(agent, lead, view, noon):
    first = service.issue_link(lead, view.public_id, at=noon).token
    second = service.issue_link(lead, view.public_id, at=noon).token
    assert post(first).status_code == 404
    assert post(second).status_code == 200
    assert service.revoke_link(agent, view.public_id, at=noon)
    assert not service.revoke_link(agent, view.public_id, at=noon)
    assert post(second).status_code == 404
    story = [item.kind for item in custody.history(agent, [view.public_id])]
    assert story == ["delivery.allocated", "delivery.link_issued", "delivery.link_issued", "delivery.link_revoked"]


def test_only_people_who_work_in_the_shop_issue_links(auditor, system, stranger, view, noon):
    for actor, refusal in ((auditor, NotAllowed), (system, NotAllowed), (stranger, NotFound)):
        with pytest.raises(refusal):
            service.issue_link(actor, view.public_id, at=noon)
        with pytest.raises(refusal):
            service.revoke_link(actor, view.public_id, at=noon)


def test_there_is_no_link_to_what_cannot_be_claimed(owner, system, view, order, noon):
    agreed(system, order, noon)
    service.authorise(owner, view.public_id, to="buyer", how="chat", reason="发货", at=noon)
    with pytest.raises(Refused) as refusal:
        service.issue_link(owner, view.public_id, at=noon)
    assert refusal.value.problem_code == "display_open"


def test_a_cancelled_allocation_ends_its_link(agent, lead, view, token, noon):
    service.cancel(agent, view.public_id, reason="买家不要了", at=noon)
    assert post(token).status_code == 404
    with pytest.raises(Refused):
        service.issue_link(lead, view.public_id, at=noon)


# --- The buyer's way --------------------------------------------------------------------------------------------------


def test_a_buyer_reads_agrees_and_sees_the_code_once(agent, view, order, token, codes):
    page = text(post(token))
    assert "卡密属于一经查看即可使用的数字商品" in page
    assert "我已阅读并同意" in page
    assert "云‥差" in page
    assert "云朵邮差" not in page
    page = text(consent(token))
    assert "显示卡密" in page
    state = queries.terms_of(agent, order.pk)
    assert (state.how, state.words, state.answered_at) == ("claim", "我已阅读并同意", clock.now())
    assert codes[0] not in page
    assert codes[0] in text(post(token, "reveal"))
    assert queries.delivery(agent, view.public_id).state.value == "authorised"
    assert codes[0] not in text(post(token, "shown"))
    assert queries.delivery(agent, view.public_id).state.value == "shown"
    for step in ("reveal", "open", "agree", "shown", "dance"):
        again = text(post(token, step))
        assert codes[0] not in again
        assert "显示过" in again
        assert CALM in again


def test_the_record_says_that_the_claim_page_showed_it(agent, order, view, token, noon):
    consent(token)
    post(token, "reveal")
    [slot] = queries.delivery(agent, view.public_id).slots
    told = {item.kind: item for item in custody.history(agent, [order.public_id, slot.card.public_id])}
    assert {"delivery.terms_answered", "card.authorised"} <= told.keys()
    [display] = Reveal.objects.visible_to(agent)
    assert (display.to, display.how) == ("buyer", "claim")


def test_no_code_without_consent_and_none_to_other_terms(agent, order, token, codes):
    page = text(post(token, "reveal"))
    assert "我已阅读并同意" in page
    assert codes[0] not in page
    page = text(post(token, "agree", terms="0" * 64))
    assert "我已阅读并同意" in page
    assert not queries.terms_of(agent, order.pk).is_open


def test_consent_in_the_chat_spares_the_button(system, order, token, noon):
    agreed(system, order, noon)
    page = text(post(token))
    assert "显示卡密" in page
    assert "我已阅读并同意" not in page


def test_a_consent_taken_back_in_the_chat_asks_for_it_again(system, order, token, codes, noon):
    consent(token)
    service.hear(system, {order.pk: [Said("m", "不同意", noon + timedelta(minutes=1))]}, at=noon + timedelta(hours=1))
    page = text(post(token, "reveal"))
    assert codes[0] not in page
    assert "我已阅读并同意" in page


def test_two_tabs_are_one_showing_of_the_terms(agent, order, token):
    post(token)
    post(token)
    assert Terms.objects.visible_to(agent).filter(order=order).count() == 1


def test_it_is_said_in_english_to_whoever_asks(token, codes):
    assert "Get your card code" in text(Client().get("/c/?lang=en"))
    assert "I have read this and agree" in text(post(token, language="en"))
    assert "Show the code" in text(consent(token, language="en"))
    page = text(post(token, "reveal", language="en"))
    assert "Shown this once" in page
    assert codes[0] in page


@pytest.mark.parametrize("stop", ["complaint", "refund", "quarantine", "closed"])
def test_what_stops_a_code_is_not_told_to_the_buyer(request, token, codes, noon, stop):
    owner, system, order = (request.getfixturevalue(name) for name in ("owner", "system", "order"))
    consent(token)
    if stop == "complaint":
        service.block(system, order.pk, why="疑似恶意买家 AS-2026-000009", ref="x", at=noon)
    elif stop == "refund":
        told = RefundNotice(
            channel="goofish", order_no=order.order_no, refund_no="R1", state=RefundState.AWAITING_SELLER
        )
        ingest_refunds(system, [told], at=noon)
    elif stop == "quarantine":
        from cardcase.cards import service as cards
        from cardcase.cards.models import CardBatch

        cards.quarantine_batch(owner, CardBatch.objects.visible_to(owner).get().public_id, reason="可疑", at=noon)
    else:
        orders(system, 1, noon, state=OrderState.CLOSED)
    for step in ("open", "reveal"):
        page = text(post(token, step))
        assert CALM in page
        assert codes[0] not in page
        for inner in ("恶意", "AS-2026", "退款", "冻结", "批次", "投诉", "关闭"):
            assert inner not in page, inner


def test_whether_an_order_is_paid_must_be_known(lead, system, codes, noon):
    [order] = orders(system, 1, noon, first=7, state=OrderState.UNKNOWN)
    view = service.allocate(system, order.order_no, KIND, 1, at=noon)
    token = service.issue_link(lead, view.public_id, at=noon).token
    assert CALM in text(post(token))


def test_a_stop_that_comes_in_the_very_moment_is_calm_too(system, token, codes, noon, monkeypatch):
    consent(token)

    def refuse(*_args, **_more):
        raise Refused("买家是骗子", "x", code="blocked")

    monkeypatch.setattr(service, "claim_codes", refuse)
    page = text(post(token, "reveal"), 409)
    assert "骗子" not in page
    assert CALM in page


def test_a_link_that_ends_while_it_is_used_shows_nothing(agent, token, codes, noon):
    consent(token)
    holder = queries.holder_by_token(token, at=noon)
    ClaimLink.objects.visible_to(agent).update(revoked_at=noon)
    with pytest.raises(NotFound):
        service.claim_codes(holder, at=noon)


def test_a_display_that_a_person_settled_as_not_seen_is_shown_again(owner, view, token, codes, noon):
    consent(token)
    assert codes[0] in text(post(token, "reveal"))
    [slot] = queries.delivery(owner, view.public_id).slots
    service.settle_display(owner, slot.display.reveal_id, was_seen=False, reason="断网", at=noon)
    assert codes[0] in text(post(token, "reveal"))


# --- Wrong tokens -----------------------------------------------------------------------------------------------------


def test_wrong_expired_and_revoked_get_one_and_the_same_answer(lead, view, token, noon):
    revoked = token
    expired = service.issue_link(lead, view.public_id, at=noon, days=1).token
    wrong = "A" * 22
    with clock.fixed_at(noon + timedelta(days=2)):
        answers, questions = [], []
        for number, told in enumerate((wrong, expired, revoked, "", "x" * 5000, "§")):
            with Counted() as counted:
                answers.append(post(told, address=f"198.51.100.{number}"))
            questions.append(counted.kinds)
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len(set(questions)) == 1, questions


class Counted:
    """Collects which statements went to the database: the work that an answer costs."""

    def __enter__(self):
        self.seen = []
        self._held = connection.execute_wrapper(self._note)
        self._held.__enter__()
        return self

    def __exit__(self, *problem):
        self._held.__exit__(*problem)
        self.kinds = tuple(self.seen)

    def _note(self, execute, sql, params, many, context):
        self.seen.append(re.sub(r"'[^']*'", "?", sql)[:60])
        return execute(sql, params, many, context)


def test_a_whole_link_that_is_pasted_opens_too(token):
    assert post(f" http://testserver/c/#{token} ").status_code == 200


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.night, id="night")])
def test_guesses_hit_nothing_are_refused_and_shut_nobody_else_out(token, count):
    client, seen = Client(), []
    for number in range(count):
        guess = hashlib.sha256(str(number).encode()).hexdigest()[:22]
        seen.append(post(guess, address="203.0.113.66", client=client).status_code)
    assert set(seen) == {404, 429}
    assert seen.count(404) == rules.PER_NETWORK
    assert ClaimGuess.objects.count() == rules.PER_NETWORK
    refused = post("x", address="203.0.113.66")
    assert int(refused.headers["Retry-After"]) == rules.WINDOW.total_seconds()
    assert post(token, address="203.0.113.66").status_code == 429
    assert post(token, address="203.0.113.67").status_code == 200


def test_the_wait_ends(token, noon):
    for _ in range(rules.PER_NETWORK):
        post("x")
    assert post(token).status_code == 429
    with clock.fixed_at(noon + rules.WINDOW):
        assert post(token).status_code == 200
        assert service.forget_guesses(at=noon + rules.WINDOW) == rules.PER_NETWORK


def test_a_flood_from_many_networks_leaves_each_one_guess_and_buyers_in_peace(token, noon):
    ClaimGuess.objects.bulk_create(ClaimGuess(network=f"n{n}", at=noon) for n in range(rules.WHOLE))
    assert post("x", address="192.0.2.1").status_code == 404
    assert post("x", address="192.0.2.1").status_code == 429
    assert post(token, address="192.0.2.2").status_code == 200


def test_one_line_of_ipv6_is_one_visitor(token):
    for number in range(rules.PER_NETWORK):
        assert post("x", address=f"2001:db8:1:2::{number:x}").status_code == 404
    assert post(token, address="2001:db8:1:2:ffff::1").status_code == 429
    assert post(token, address="2001:db8:1:3::1").status_code == 200


def test_buyers_behind_a_trusted_proxy_are_told_apart_and_nobody_else_may_say_who_he_is(token, settings):
    from ipaddress import ip_network

    def ask(told, forwarded, peer="10.0.0.9"):
        return (
            Client().post("/c/", {"token": told}, REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded}).status_code
        )

    settings.CARDCASE = settings.CARDCASE.model_copy(update={"trusted_proxies": (ip_network("10.0.0.0/8"),)})
    for number in range(rules.PER_NETWORK):
        assert ask("x", f"6.6.6.{number}, 203.0.113.8") == 404
    assert ask(token, "203.0.113.8") == 429
    assert ask(token, "203.0.113.9") == 200
    for number in range(rules.PER_NETWORK):
        assert ask("x", f"203.0.113.{number}", peer="198.51.100.1") == 404
    assert ask(token, "203.0.113.9", peer="198.51.100.1") == 429


def test_the_address_of_a_guess_is_not_kept(token):
    post("x", address="203.0.113.77")
    assert "203.0.113" not in ClaimGuess.objects.get().network


@pytest.mark.parametrize(
    ("mine", "everybody", "minutes"),
    [(0, 0, None), (9, 9, None), (10, 10, 5), (0, 9999, None), (1, 300, 8), (1, 299, None)],
)
def test_how_long_to_wait(noon, mine, everybody, minutes):
    first, last = noon - timedelta(minutes=5), noon - timedelta(minutes=2)
    told = Guesses(mine, first if mine else None, last if mine else None, everybody)
    assert wait_before_next(told, at=noon) == (timedelta(minutes=minutes) if minutes else None)


# --- What is left behind ----------------------------------------------------------------------------------------------


def test_every_answer_forbids_keeping_telling_on_and_framing(token):
    answers = [Client().get("/c/"), post("x"), post(token), consent(token), post(token, "reveal"), post(token, "shown")]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert not answer.cookies
        page = answer.content.decode()
        assert "<script>" not in page
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)
        assert not re.search(r"\son\w+=|\sstyle=", page)
    assert Client().put("/c/").status_code == 405


def test_neither_token_nor_code_is_left_anywhere(lead, view, codes, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        client = Client()
        client.force_login(Staff.objects.get(pk=lead.staff_id), BACKEND)
        page = text(client.post(f"/deliveries/{view.public_id}/link/", {"days": "3"}))
        token = re.search(r"/c/#([\w-]{22})", page).group(1)
        client.get("/c/?lang=en")
        consent(token)
        assert codes[0] in text(post(token, "reveal"))
        post(token, "shown")
        post(token + "x")
        client.get(f"/deliveries/{view.public_id}/")
    out = capfd.readouterr()
    story = custody.history(lead, [view.public_id, view.order_public_id])
    left = str(story) + caplog.text + out.out + out.err + str([record.__dict__ for record in caplog.records])
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')  # noqa: S608 - own tables
            left += "".join(
                repr(bytes(cell) if isinstance(cell, memoryview) else cell) for row in cursor for cell in row
            )
    assert token not in left
    assert codes[0] not in left
    assert hashlib.sha256(token.encode()).hexdigest() in left
    assert token not in text(client.get(f"/deliveries/{view.public_id}/"))


def test_staff_issue_and_revoke_on_the_page_of_a_delivery(lead, agent, auditor, view):
    client, url = Client(), f"/deliveries/{view.public_id}/"
    client.force_login(Staff.objects.get(pk=lead.staff_id), BACKEND)
    assert "生成领取链接" in text(client.get(url))
    helper = Client()
    helper.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    assert "生成领取链接" not in text(helper.get(url))  # whoever holds the link reads the code
    assert helper.post(f"{url}link/", {"days": "3"}).status_code == 403
    answer = client.post(f"{url}link/", {"days": "3"})
    assert "no-store" in answer.headers["Cache-Control"]
    page = text(answer)
    assert "http://testserver/c/#" in page
    assert "可以这样发给买家" in page
    assert "不是 https" in page
    page = text(client.get(url))
    assert "换一个领取链接" in page
    assert "11月27日" in page
    client.post(f"{url}unlink/")
    assert "换一个领取链接" not in text(client.get(url))
    assert client.post(f"{url}link/", {"days": "三"}).status_code == 422
    client.force_login(Staff.objects.get(pk=auditor.staff_id), BACKEND)
    assert "生成领取链接" not in text(client.get(url))


def test_a_consent_taken_back_is_seen_on_the_page_of_the_delivery(agent, system, order, view, noon):
    agreed(system, order, noon)
    service.hear(system, {order.pk: [Said("m", "我不同意", noon + timedelta(minutes=1))]}, at=noon + timedelta(hours=1))
    client = Client()
    client.force_login(Staff.objects.get(pk=agent.staff_id), BACKEND)
    assert "收回了同意：「我不同意」" in text(client.get(f"/deliveries/{view.public_id}/"))


# --- At once ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.night, id="night")])
def test_of_many_that_fetch_at_once_one_sees_the_code(shared_database, request, rounds):
    system, noon, lead = (request.getfixturevalue(name) for name in ("system", "noon", "lead"))
    codes = stock(system, rounds, noon)
    for order, code in zip(orders(system, rounds, noon), codes, strict=True):
        agreed(system, order, noon)
        view = service.allocate(system, order.order_no, KIND, 1, at=noon)
        token = service.issue_link(lead, view.public_id, at=noon).token
        answers = at_once([lambda token=token: post(token, "reveal")] * 8)
        pages = [answer.content.decode() for answer in answers]
        assert sum(code in page for page in pages) == 1, [answer.status_code for answer in answers]
        assert {answer.status_code for answer in answers} == {200}


def test_where_a_new_look_is_demanded_the_page_is_closed_instead_of_ready(view, order, token, codes):
    Shop.objects.filter(pk=order.shop_id).update(is_check_required=True)
    page = text(post(token))
    assert CALM in page
    assert codes[0] not in page
