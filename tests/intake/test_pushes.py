"""The door for pushes: only what is signed, fresh and new is believed; every refusal looks the same from outside."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from cardcase.cases.models import Case
from cardcase.connectors.goofish.signing import sign
from cardcase.inbox.models import Conversation
from cardcase.intake import service, tasks
from cardcase.intake.models import Channel, PushReceipt
from cardcase.jobs.models import Job
from cardcase.jobs.runners.worker import Worker
from cardcase.kit import clock
from cardcase.orders.models import Order, Refund
from intake.world import INVALID, order_row, orders_csv, refund_detail, row_counts, said, take, upload

pytestmark = pytest.mark.django_db

# The vectors of reference/platform-rules.md §1.1, recomputed there from the official documents.
APP_KEY = "203413189371893"
SECRET = "o9wl81dncmvby3ijpq7eur456zhgtaxs"
SIGNED_AT = 1636087298
VECTOR_BODY = b'{"product_id":"219530767978565"}'
VECTOR_SIGN = "c26c8a48809141f3dd80bd9b9ddb41ea"
VECTOR_SIGN_WITH_SELLER = "f31947b7a10b9c266a1115d11d334780"
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture
def channel(owner, noon) -> Channel:
    return service.add_channel(owner, "goofish", "礼卡小铺", APP_KEY, SECRET, at=noon)


def body_of(**told) -> bytes:
    told = {
        "seller_id": 219530767978565, "user_name": "礼卡小铺", "order_no": INVALID, "order_type": 7, "order_status": 21,
        "refund_status": 1, "modify_time": int(NOW.timestamp()) - 60, "product_id": 219530767978565, "item_id": 1063177864132,
    } | told  # fmt: skip
    return json.dumps({key: value for key, value in told.items() if value is not None}).encode()


def push(hook_key, body, *, at=None, signature=None, secret=SECRET, app_key=APP_KEY, seller_id=None, kind="goofish"):
    """Send a push as the platform does; without a signature it is signed properly."""
    at = int(clock.now().timestamp()) if at is None else at
    signature = sign(app_key, secret, body, at, seller_id=seller_id) if signature is None else signature
    address = f"/hooks/{kind}/{hook_key}?appid={app_key}&timestamp={at}&sign={signature}"
    return Client(enforce_csrf_checks=True).post(address, body, content_type="application/json")


def work() -> None:
    """Do what was promised."""
    assert tasks.work_on_push  # its handler is known once the module was read
    Worker().run_due(limit=20)


# --- Signatures -------------------------------------------------------------------------------------------------------


def test_the_first_vector_is_believed(channel):
    with clock.fixed_at(datetime.fromtimestamp(SIGNED_AT, UTC)):
        answer = push(channel.hook_key, VECTOR_BODY, at=SIGNED_AT, signature=VECTOR_SIGN)
    assert answer.status_code == 422  # believed, read, and found to name no order: a product push
    assert answer.json() == {"result": "fail", "msg": "推送里没有可用的订单号"}


def test_the_second_vector_is_believed_by_a_partners_channel_only(owner, channel, noon):
    partner = service.add_channel(owner, "goofish", "商务", "203413189371894", SECRET, seller_id=APP_KEY, at=noon)
    Channel.objects.filter(pk=partner.pk).delete()
    alone = channel
    with clock.fixed_at(datetime.fromtimestamp(SIGNED_AT, UTC)):
        assert push(alone.hook_key, VECTOR_BODY, at=SIGNED_AT, signature=VECTOR_SIGN_WITH_SELLER).status_code == 403
        service.add_channel(owner, "goofish", "礼卡小铺", APP_KEY, SECRET, seller_id=APP_KEY, at=noon)
        assert push(alone.hook_key, VECTOR_BODY, at=SIGNED_AT, signature=VECTOR_SIGN_WITH_SELLER).status_code == 422
        assert push(alone.hook_key, VECTOR_BODY, at=SIGNED_AT, signature=VECTOR_SIGN).status_code == 403


@pytest.mark.parametrize(("off", "status"), [(-301, 403), (-300, 200), (-299, 200), (299, 200), (300, 200), (301, 403)])
def test_a_push_is_believed_within_five_minutes_either_way(channel, noon, off, status):
    at = int(noon.timestamp()) + off
    assert push(channel.hook_key, body_of(), at=at).status_code == status
    assert PushReceipt.objects.count() == (status == 200)


def _refusals(owner, stranger, channel, noon):
    body = body_of()
    at = int(noon.timestamp())
    other = service.add_channel(
        stranger, "goofish", "别家", "203413189371999", "another-secret-of-another-shop", at=noon
    )
    disabled = service.add_channel(owner, "goofish", "停用", "203413189371777", SECRET, at=noon)
    service.set_enabled(owner, disabled.pk, is_enabled=False, at=noon)
    key = channel.hook_key
    yield "wrong secret", push(key, body, secret="wrong")
    yield "empty secret", push(key, body, secret="")
    yield "empty sign", push(key, body, signature="")
    yield "upper case", push(key, body, signature=sign(APP_KEY, SECRET, body, at).upper())
    yield "other shop's secret", push(key, body, secret="another-secret-of-another-shop")
    yield "other shop's address", push(other.hook_key, body)
    yield (
        "written anew",
        push(key, json.dumps(json.loads(body), indent=1).encode(), signature=sign(APP_KEY, SECRET, body, at)),
    )
    yield "one byte more", push(key, body + b" ", signature=sign(APP_KEY, SECRET, body, at))
    yield "another app", push(key, body, app_key="1", signature=sign(APP_KEY, SECRET, body, at))
    yield "too old", push(key, body, at=at - 301)
    yield "no time", push(key, body, at="")
    yield "a time in words", push(key, body, at="now")
    yield "a time in other digits", push(key, body, at="１７９５４９２８００")
    yield "disabled", push(disabled.hook_key, body, app_key=disabled.app_key)
    yield "unknown address", push("x" * 32, body)
    yield "empty-looking address", push("%20", body)
    yield "another kind", push(key, body, kind="taobao")


def test_every_refusal_of_trust_looks_the_same(owner, stranger, channel, noon):
    answers = dict(_refusals(owner, stranger, channel, noon))
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert len({answer.content for answer in answers.values()}) == 1
    assert json.loads(answers["disabled"].content)["result"] == "fail"
    assert not PushReceipt.objects.exists()
    assert not Job.objects.filter(kind="intake.push").exists()


def test_a_secret_is_sealed_and_an_address_cannot_be_guessed(channel):
    row = Channel.objects.get()
    assert SECRET.encode() not in bytes(row.secret_sealed)
    assert len(row.hook_key) >= 32


def test_a_browser_cannot_look_at_the_door(channel):
    assert Client().get(f"/hooks/goofish/{channel.hook_key}").status_code == 405


# --- Once, and then the case ------------------------------------------------------------------------------------------


def test_a_push_opens_the_case_after_it_was_answered(agent, channel, noon):
    answer = push(channel.hook_key, body_of())
    assert (answer.status_code, answer.json()) == (200, {"result": "success", "msg": "接收成功"})
    assert not Case.objects.exists()
    work()
    case = Case.objects.visible_to(agent).select_related("order").get()
    assert case.order.order_no == INVALID
    assert case.stage == "platform_refund"
    assert Job.objects.get(kind="intake.push").state == "done"


def test_the_same_push_again_is_answered_and_nothing_more(agent, channel, noon):
    body = body_of()
    push(channel.hook_key, body)
    counts = row_counts()
    for off in (0, 5, -5):  # the platform repeats with a new timestamp and signature
        assert push(channel.hook_key, body, at=int(noon.timestamp()) + off).json()["result"] == "success"
    assert row_counts() == counts
    work()
    work()
    assert push(channel.hook_key, body).status_code == 200
    assert PushReceipt.objects.count() == 1
    assert Job.objects.filter(kind="intake.push").count() == 1
    assert Case.objects.count() == 1


def test_a_push_refreshes_the_case_that_files_opened(agent, channel, noon):
    files = [
        upload("orders.csv", orders_csv(order_row(INVALID, refund="卡密无效"))),
        upload("refund.json", refund_detail(INVALID)),
    ]
    [number] = take(agent, files, at=noon).cases
    push(channel.hook_key, body_of(order_status=23, refund_status=5))
    work()
    case = Case.objects.get()
    assert case.number == number
    assert case.status == "settled"
    take(agent, files, at=noon)
    assert Case.objects.get().status == "settled"


def test_a_file_that_comes_after_a_newer_push_opens_the_case_where_the_push_says(agent, channel, noon):
    push(channel.hook_key, body_of(order_status=21, refund_status=6))
    take(agent, [upload("orders.csv", orders_csv(order_row(INVALID, refund="卡密无效")))], at=noon)
    work()
    assert Case.objects.get().status == "declined"


def test_an_older_push_never_overwrites_newer_state(agent, channel, noon):
    late = int(noon.timestamp())
    push(channel.hook_key, body_of(order_status=23, refund_status=5, modify_time=late - 10))
    work()
    push(channel.hook_key, body_of(order_status=21, refund_status=1, modify_time=late - 500))
    work()
    assert PushReceipt.objects.count() == 2
    assert Order.objects.get().state == "refunded"
    assert Refund.objects.get().state == "succeeded"
    assert Case.objects.count() == 1


def test_pushes_in_any_order_end_in_the_same_state(agent, stranger, channel, owner, noon):
    other = service.add_channel(stranger, "goofish", "别家", APP_KEY, SECRET, at=noon)
    late = int(noon.timestamp())
    bodies = [
        body_of(order_status=21, refund_status=state, modify_time=late - 900 + 100 * state) for state in (0, 1, 6)
    ]
    for hook, mixed in ((channel.hook_key, bodies), (other.hook_key, bodies[::-1])):
        for one in mixed:
            assert push(hook, one).status_code == 200
    work()
    assert [row.state for row in Refund.objects.order_by("pk")] == ["refused", "refused"]
    assert [row.refund_state for row in Order.objects.order_by("pk")] == ["refused", "refused"]


def test_a_push_of_one_shop_is_no_business_of_another(agent, stranger, channel, noon):
    push(channel.hook_key, body_of())
    work()
    assert Case.objects.visible_to(agent).count() == 1
    assert not Case.objects.visible_to(stranger).exists()


# --- Bodies that are no push ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"[1]", b"1", b'"x"', b"{}", b"{", b"\xff\xfe", "订单".encode("gbk"), b"[" * 50_000,
        b'{"order_no":' * 3000, body_of(order_no=None), body_of(order_no=""), body_of(order_no="null"), body_of(order_no=[1]),
        body_of(order_no=2.22669e18), body_of(order_no=True), b'{"order_no":NaN}', b'{"order_no":1e999}',
    ],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
def test_what_is_no_push_is_refused_in_plain_words_and_never_breaks(channel, noon, body):
    answer = push(channel.hook_key, body)
    assert answer.status_code == 422
    assert answer.json()["result"] == "fail"
    assert answer.json()["msg"]
    assert not PushReceipt.objects.exists()


@pytest.mark.parametrize("size", [70_000, 9_000_000])
def test_a_push_that_is_too_large_is_refused_before_anything_else(channel, noon, size):
    for key in (channel.hook_key, "x" * 32):  # whoever sends it learns nothing about the address
        answer = push(key, b'{"x":"' + b"a" * size + b'"}')
        assert (answer.status_code, answer.json()["msg"]) == (422, "推送内容太大")


@pytest.mark.parametrize(
    "odd",
    [
        {"user_name": "\0\ud800 店"}, {"order_status": 99}, {"order_status": None}, {"refund_status": None}, {"refund_status": "x" * 500},
        {"modify_time": None}, {"modify_time": -1}, {"modify_time": 10**30}, {"modify_time": "昨天"}, {"seller_id": "s" * 5000},
        {"item_id": {"a": [1]}}, {"more": [[[[1.5]]]]}, {"order_type": 1e400},
    ],
    ids=lambda odd: repr(odd)[:40],
)  # fmt: skip
def test_odd_fields_are_taken_as_not_told(channel, noon, odd):
    assert push(channel.hook_key, body_of(**odd)).json()["result"] == "success"
    work()
    assert Order.objects.get().order_no == INVALID
    assert Job.objects.get(kind="intake.push").state == "done"


@pytest.mark.parametrize("number", ["2226687816233094017", "33101456905450239945", "3310145690545023994511223"])
def test_a_long_order_number_survives_also_as_a_json_number(channel, noon, number):
    push(channel.hook_key, body_of(order_no="@").replace(b'"@"', number.encode()))
    work()
    assert Order.objects.get().order_no == number


def test_personal_data_in_a_push_is_not_kept(channel, noon):
    push(channel.hook_key, body_of(receiver_mobile="13800001111", address="文一西路"))
    told = json.dumps(PushReceipt.objects.get().body, ensure_ascii=False)
    assert "13800001111" not in told
    assert "文一西路" not in told


def test_a_channel_switched_off_is_closed_at_once(owner, channel, noon):
    assert push(channel.hook_key, body_of()).status_code == 200
    service.set_enabled(owner, channel.pk, is_enabled=False, at=noon + timedelta(seconds=1))
    assert push(channel.hook_key, body_of(order_status=22)).status_code == 403


def test_a_push_brings_a_chat_that_waited_for_its_order_to_it(owner, channel, noon):
    chat = said("50001", "2201", "云朵邮差", "卡密无效 怎么充都不行 退款")
    [enquiry] = take(owner, [upload("chat.json", chat)], at=noon).cases
    Conversation.objects.update(order_no=INVALID)  # as a card of the platform names it
    push(channel.hook_key, body_of())
    work()
    [case] = Case.objects.filter(is_open=True)
    assert (case.number, case.order.order_no) == (enquiry, INVALID)
