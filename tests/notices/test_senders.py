"""Each kind of target, against an other side of our own that writes down what arrives."""

import base64
import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime
from email import message_from_bytes, policy
from urllib.parse import parse_qs

import pytest

from cardcase.connectors import egress as way_out
from cardcase.notices.rules import DueFacts, Event, Outcome, deadline_message, read_address
from cardcase.notices.rules.addresses import TargetKind
from cardcase.notices.senders import deliver, egress, library, own

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
TOKEN = "a1b2c3d4e5f6a1b2c3d4e5f6"


@pytest.fixture
def message():
    from cardcase.deadlines.rules import DeadlineKind, IfMissed
    from cardcase.kit.catalogue import Certainty

    facts = DueFacts(
        event=Event.MARGIN,
        kind=DeadlineKind.PLATFORM_RESPONSE,
        number="AS-2026-000123",
        shop="礼卡小铺",
        due_at=datetime(2026, 11, 24, 5, 0, tzinfo=UTC),
        if_missed=IfMissed.AUTO_REFUND,
        certainty=Certainty.OFFICIAL,
        link="https://desk.example.com/cases/AS-2026-000123/",
    )
    return deadline_message("notice_1_7", facts, at=AT, language="zh-hans")


@pytest.fixture
def lead(monkeypatch, other_side):
    """Lead the library's fixed addresses to the other side."""

    def to(module, name, path):
        plugin = getattr(library._prepared(module), name)
        monkeypatch.setattr(plugin, "notify_url", other_side.url + path)

    return to


def send(address, message, **more):
    return deliver(address, message, allow_private=more.get("allow_private", True))


def said(text):
    """What every notice must say, whatever its form."""
    return all(word in text for word in ("AS-2026-000123", "回应退款申请", "2026-11-24 13:00", "平台自动退款", "确定"))


def test_dingtalk_gets_a_text_signed_so_that_it_can_be_checked(lead, other_side, message):
    lead("dingtalk", "NotifyDingTalk", "/robot/send?access_token={token}")
    address = read_address(
        TargetKind.DINGTALK, f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}", "SEC0123456789abcdef"
    )
    assert send(address, message).outcome is Outcome.SENT
    [asked] = other_side.got
    assert asked.query["access_token"] == [TOKEN]
    assert said(json.loads(asked.body)["text"]["content"])
    stamp = asked.query["timestamp"][0]
    right = hmac.digest(b"SEC0123456789abcdef", f"{stamp}\nSEC0123456789abcdef".encode(), "sha256")
    assert asked.query["sign"] == [base64.b64encode(right).decode()]  # quoted once, not twice


def test_wecom_gets_title_and_text(lead, other_side, message):
    lead("wecombot", "NotifyWeComBot", "/cgi-bin/webhook/send?key={key}")
    address = read_address(TargetKind.WECOM, f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}")
    assert send(address, message).outcome is Outcome.SENT
    [asked] = other_side.got
    content = json.loads(asked.body)["text"]["content"]
    assert content.startswith(message.title)
    assert said(content)


def test_feishu_gets_a_text(lead, other_side, message):
    lead("feishu", "NotifyFeishu", "/open-apis/bot/v2/hook/{token}/")
    address = read_address(TargetKind.FEISHU, f"https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}")
    assert send(address, message).outcome is Outcome.SENT
    [asked] = other_side.got
    assert TOKEN in asked.path
    assert said(json.loads(asked.body)["content"]["text"])


def test_feishu_with_a_secret_is_signed_as_its_documentation_says(monkeypatch, other_side, message):
    monkeypatch.setattr(own, "FEISHU", other_side.url + "/hook/{token}")
    address = read_address(TargetKind.FEISHU, TOKEN, "kGfVb9YzQ1")
    assert send(address, message).outcome is Outcome.SENT
    [asked] = other_side.got
    document = json.loads(asked.body)
    signed = hmac.new(f"{document['timestamp']}\nkGfVb9YzQ1".encode(), digestmod=hashlib.sha256).digest()
    assert document["sign"] == base64.b64encode(signed).decode()
    assert said(document["content"]["text"])


def test_bark_gets_title_link_and_urgency_and_no_picture_from_elsewhere(other_side, message):
    address = read_address(TargetKind.BARK, f"{other_side.url}/{TOKEN}", allow_private=True)
    assert send(address, message).outcome is Outcome.SENT
    [asked] = other_side.got
    document = json.loads(asked.body)
    assert asked.path == "/push"
    assert (document["device_key"], document["title"], document["url"]) == (TOKEN, message.title, message.link)
    assert document["level"] == "timeSensitive"
    assert "icon" not in document
    assert said(document["body"])


def test_serverchan_gets_a_form(lead, other_side, message):
    lead("serverchan", "NotifyServerChan", "/{token}.send")
    address = read_address(TargetKind.SERVERCHAN, "SCT12345Tabcdefghijk")
    assert send(address, message).outcome is Outcome.SENT
    [asked] = other_side.got
    form = parse_qs(asked.body.decode())
    assert asked.path == "/SCT12345Tabcdefghijk.send"
    assert form["title"] == [message.title]
    assert said(form["desp"][0])


def test_the_newer_serverchan_has_its_own_host(monkeypatch, message):
    asked = []

    def post(trip, url, body, headers):
        asked.append(url)
        return egress.Reply(200, b'{"code":0}')

    monkeypatch.setattr(egress, "post", post)
    assert send(read_address(TargetKind.SERVERCHAN, "sctp77tabcdefghijk"), message).outcome is Outcome.SENT
    assert asked == ["https://77.push.ft07.com/send/sctp77tabcdefghijk.send"]


def test_mail_is_sent_after_signing_in(mailbox, message):
    address = read_address(
        TargetKind.EMAIL,
        f"smtp+plain://shop%40example.com@127.0.0.1:{mailbox.port}/?from=shop@example.com&to=boss@example.com,b@example.com",
        "app-password",
        allow_private=True,
    )
    assert send(address, message).outcome is Outcome.SENT
    assert len(mailbox.mails) == 2
    mail = message_from_bytes(mailbox.mails[0], policy=policy.default)
    assert mail["From"].addresses[0].addr_spec == "shop@example.com"
    assert str(mail["Subject"]) == message.title
    assert said(mail.get_content())
    assert base64.b64decode(mailbox.login[0].split()[2]) == b"\0shop@example.com\0app-password"
    assert "Apprise" not in mailbox.mails[0].decode()


def test_a_mail_address_alone_finds_its_server():
    from apprise.plugins.email import NotifyEmail

    address = read_address(TargetKind.EMAIL, "12345@qq.com", "app-password")
    plugin = library._plugin(address, None)
    assert isinstance(plugin, NotifyEmail)
    assert (plugin.smtp_host, plugin.port, plugin.secure_mode) == ("smtp.qq.com", 587, "starttls")
    assert plugin.targets == [(False, "12345@qq.com")]


def test_a_webhook_is_signed_by_standard_webhooks(other_side, message):
    key = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    address = read_address(TargetKind.WEBHOOK, f"{other_side.url}/in?a=b", f"whsec_{key}", allow_private=True)
    assert send(address, message).outcome is Outcome.SENT
    [asked] = other_side.got
    document = json.loads(asked.body)
    assert document["type"] == "deadline.margin"
    assert document["data"]["case"] == "AS-2026-000123"
    assert document["data"]["due_at"] == "2026-11-24T13:00:00+08:00"
    assert asked.query == {"a": ["b"]}
    names = {name.lower(): value for name, value in asked.headers.items()}
    assert names["webhook-id"] == "notice_1_7"
    signed = f"notice_1_7.{names['webhook-timestamp']}.".encode() + asked.body
    right = base64.b64encode(hmac.digest(b"0123456789abcdef0123456789abcdef", signed, "sha256")).decode()
    assert names["webhook-signature"] == f"v1,{right}"


# --- Refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "example",
    [
        ("dingtalk", "NotifyDingTalk", "/r?t={token}", TargetKind.DINGTALK, TOKEN, {"errcode": 310000, "errmsg": "x"}),
        ("wecombot", "NotifyWeComBot", "/r?k={key}", TargetKind.WECOM, TOKEN, {"errcode": 93000, "errmsg": "x"}),
        ("feishu", "NotifyFeishu", "/r/{token}", TargetKind.FEISHU, TOKEN, {"code": 19001, "msg": "x"}),
        ("serverchan", "NotifyServerChan", "/{token}", TargetKind.SERVERCHAN, "SCT12345Tabc", {"code": 40001}),
    ],
)
def test_a_no_under_status_200_is_a_no(lead, other_side, message, example):
    """The library counts these as sent for all but Feishu."""
    module, name, path, kind, text, answer = example
    lead(module, name, path)
    other_side.answer = json.dumps(answer).encode()
    result = send(read_address(kind, text), message)
    assert (result.outcome, result.why) == (Outcome.REFUSED, "said_no")
    assert result.number in answer.values()


@pytest.mark.parametrize(
    ("status", "outcome", "why"),
    [
        (204, Outcome.SENT, "ok"),
        (302, Outcome.REFUSED, "redirected"),
        (404, Outcome.REFUSED, "http_status"),
        (429, Outcome.AWAY, "too_often"),
        (503, Outcome.AWAY, "server_broken"),
    ],
)
def test_a_status_says_whether_to_try_again(other_side, message, status, outcome, why):
    other_side.status, other_side.answer = status, b""
    other_side.headers = {"Location": f"{other_side.url}/elsewhere"}
    address = read_address(TargetKind.WEBHOOK, other_side.url, allow_private=True)
    result = send(address, message)
    assert (result.outcome, result.why) == (outcome, why)
    assert len(other_side.got) == 1  # a redirect is not followed


def test_too_many_messages_a_minute_is_tried_later(lead, other_side, message):
    lead("dingtalk", "NotifyDingTalk", "/r?t={token}")
    other_side.answer = b'{"errcode": 130101}'
    assert send(read_address(TargetKind.DINGTALK, TOKEN), message).outcome is Outcome.AWAY


def test_silence_after_the_hand_over_is_unclear(other_side, message, monkeypatch):
    address = read_address(TargetKind.WEBHOOK, other_side.url, allow_private=True)
    other_side.hangs_up = True
    assert send(address, message).outcome is Outcome.UNCLEAR
    other_side.hangs_up, other_side.wait = False, 1.0
    monkeypatch.setattr(way_out, "ANSWER_SECONDS", 0.2)
    assert send(address, message).outcome is Outcome.UNCLEAR


def test_a_dripping_answer_is_cut(other_side, message, monkeypatch):
    monkeypatch.setattr(way_out, "TOTAL_SECONDS", 0.3)
    other_side.wait = 2.0
    address = read_address(TargetKind.WEBHOOK, other_side.url, allow_private=True)
    assert send(address, message).outcome is Outcome.UNCLEAR


def test_a_huge_answer_is_not_read_to_its_end(other_side, message):
    other_side.answer = b"x" * (4 * way_out.LARGEST_ANSWER)
    trip = egress.Trip(allow_private=True)
    reply = egress.post(trip, other_side.url, b"", {})
    assert len(reply.body) == way_out.LARGEST_ANSWER


def test_nobody_at_home_is_tried_again(message):
    address = read_address(TargetKind.WEBHOOK, "http://127.0.0.1:9/x", allow_private=True)
    assert send(address, message).outcome is Outcome.AWAY
    mail = "smtp+plain://a%40example.com@127.0.0.1:9/?from=a@example.com&to=b@example.com"
    address = read_address(TargetKind.EMAIL, mail, "secret", allow_private=True)
    assert send(address, message).outcome is Outcome.AWAY


@pytest.mark.parametrize(
    ("refuses", "why"), [("AUTH", "login_refused"), ("RCPT", "recipient_refused"), ("MAIL", "recipient_refused")]
)
def test_a_mail_server_that_says_no(mailbox, message, refuses, why):
    mailbox.refuses = refuses
    mail = f"smtp+plain://a%40example.com@127.0.0.1:{mailbox.port}/?from=a@example.com&to=b@example.com"
    result = send(read_address(TargetKind.EMAIL, mail, "secret", allow_private=True), message)
    assert (result.outcome, result.why) == (Outcome.REFUSED, why)


def test_a_mail_server_that_hangs_up_over_the_message_leaves_it_unclear(mailbox, message):
    mailbox.falls_silent = True
    mail = f"smtp+plain://a%40example.com@127.0.0.1:{mailbox.port}/?from=a@example.com&to=b@example.com"
    result = send(read_address(TargetKind.EMAIL, mail, "secret", allow_private=True), message)
    assert result.outcome is Outcome.UNCLEAR


def test_nothing_of_the_address_gets_into_the_log(lead, other_side, message, caplog):
    caplog.set_level(logging.DEBUG)
    lead("dingtalk", "NotifyDingTalk", "/r?access_token={token}")
    other_side.status = 500
    send(read_address(TargetKind.DINGTALK, TOKEN, "SECsecretsecret"), message)
    assert TOKEN not in caplog.text
    assert "SECsecretsecret" not in caplog.text
    address = read_address(TargetKind.DINGTALK, TOKEN, "SECsecretsecret")
    assert TOKEN not in repr(address)
    assert "SECsecretsecret" not in repr(address)


def test_the_library_is_not_let_out_on_its_own(other_side):
    plugin = library._prepared("wecombot").NotifyWeComBot(key=TOKEN)
    plugin.api_url = other_side.url
    with pytest.raises(egress.NotSent):
        plugin.send(body="x")
    assert other_side.got == []


def test_whatever_breaks_is_a_result(monkeypatch, message):
    def boom(*_args):
        raise RuntimeError(TOKEN)

    monkeypatch.setattr(own, "send", boom)
    result = send(read_address(TargetKind.WEBHOOK, "https://example.com/x"), message)
    assert (result.outcome, result.why) == (Outcome.AWAY, "broken")
