"""A small shop told in files: cards, orders, refunds, delivered cards, chats. All invented."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings

from cardcase.cards.models import Card, Reveal
from cardcase.cases.models import Case
from cardcase.deadlines import queries as deadlines
from cardcase.inbox.models import Conversation, Message
from cardcase.intake import rules, service
from cardcase.intake.rules import Upload
from cardcase.orders.models import Order, Refund
from cardcase.staff.rules import Actor

INVALID, UNWANTED, QUIET = "3310145690545000001", "3310145690545000002", "3310145690545000003"
CODES = ("XQ7R4KT2M9ZP81AB", "XQ7R4KT2M9ZP81AC", "XQ7R4KT2M9ZP81AD")
ORDER_HEAD = "订单号,买家id,买家昵称,商品id,商品标题,订单状态,金额,付款时间,发货时间,退款状态,退款金额,退款原因,申请时间,退款编号"


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def upload(name: str, text: str | bytes) -> Upload:
    return Upload(name, text if isinstance(text, bytes) else text.encode())


def order_row(
    number: str,
    state: str = "已发货",
    *,
    buyer: str = "2201",
    nick: str = "云朵邮差",
    refund: str = "",
    title: str = "苹果充值卡 200",
) -> str:
    """One row of an order file; ``refund`` is the reason of an open refund, empty for an order without one."""
    asked = f"待商家处理,193.00,{refund},2026-11-23 10:15,R{number[-4:]}" if refund else ",,,,"
    return f"{number},{buyer},{nick},77{buyer},{title},{state},193.00,2026-11-20 20:10,2026-11-20 20:12,{asked}"


def orders_csv(*rows: str) -> str:
    return "\n".join((ORDER_HEAD, *rows)) + "\n"


def said(cid: str, buyer: str, nick: str, *texts: str, start: int = 1795312800000) -> bytes:
    """A chat as goofish-cli saves it, a minute apart: the buyer's words, and at the end one answer of the seller."""
    spoken = [(buyer, nick, text) for text in texts] + [("1", "礼卡小铺", "亲，稍等")]
    return as_json([
        {
            "cid": f"{cid}@goofish", "message_id": f"{cid}-{n}", "created_at": start + n * 60_000, "session_type": 1,
            "send_user_id": sender, "send_user_name": name, "receiver_user_ids": ["1" if sender != "1" else buyer],
            "message": {"contentType": 1, "text": {"text": text}},
        }
        for n, (sender, name, text) in enumerate(spoken)
    ])  # fmt: skip


def pasted(*lines: tuple[str, str, str]) -> str:
    """A chat as it is copied from the App: (who, time to the minute, words)."""
    return "".join(f"{who} {at}\n{words}\n" for who, at, words in lines)


def delivered(number: str, code: str) -> bytes:
    """What 闲管家 answers to kam/list."""
    cards = [{"card_no": "", "card_pwd": code, "cost": 18800, "sold_type": 11}]
    return as_json({"code": 0, "msg": "OK", "order_no": number, "data": {"list": cards}})


def refund_detail(number: str, *, timeout: int = 1795572012, state: int = 1) -> bytes:
    told = {
        "refund_no": f"R{number[-4:]}", "order_no": number, "refund_type": 1, "refund_status": state, "refund_amount": 19300,
        "refund_reason": "卡密无效", "apply_time": 1795400100, "timeout_time": timeout, "refund_time": 0,
    }  # fmt: skip
    return as_json({"code": 0, "msg": "OK", "data": told})


def files() -> list[Upload]:
    """Everything that this shop knows, one fact a file."""
    return [
        upload("cards.csv", "卡号,密码,面值,有效期,成本,品牌\n" + "".join(f"AP{n:08d},{code},200,2029-12-31,188,苹果\n" for n, code in enumerate(CODES))),
        upload("orders.csv", orders_csv(
            order_row(INVALID, refund="卡密无效"),
            order_row(UNWANTED, buyer="2202", nick="南风", refund="不想要了"),
            order_row(QUIET, buyer="2203", nick="老王"),
        )),
        upload("refund.json", refund_detail(INVALID)),
        upload("kam.json", delivered(INVALID, CODES[0])),
        upload("chat.json", said("50001", "2201", "云朵邮差", "老板 充的时候一直弹此代码无效", "试了三遍了 卡是假的吧")),
        upload("other.json", said("50003", "2203", "老王", "在吗", "还有没有50的")),
    ]  # fmt: skip


def take(actor: Actor, uploads: Sequence[Upload], *, at: datetime, **more: Any) -> rules.ImportReport:
    return service.import_files(actor, uploads, at=at, **more)


def accounted(report: rules.FileReport) -> int:
    return report.new + report.known + report.changed + len(report.refused)


def sums(report: rules.ImportReport) -> tuple[int, int, int, int]:
    """New, known, changed and refused rows over all files."""
    return (
        sum(file.new for file in report.files),
        sum(file.known for file in report.files),
        sum(file.changed for file in report.files),
        sum(len(file.refused) for file in report.files),
    )


def state(actor: Actor) -> dict[str, Any]:
    """All that a seller would notice of a shop, in a canonical form: no keys, no times of import, no case numbers.

    Orders that stand in for a chat's unknown one are left out: how long one was needed depends on what came when.
    """
    cases = (
        Case.objects.visible_to(actor)
        .exclude(order__order_no__startswith="chat:")
        .select_related("order", "card", "refund")
    )
    armed = deadlines.armed(actor, [case.public_id for case in cases])
    return {
        "cases": sorted(
            (
                case.order.order_no,
                case.claimed_reason,
                case.sub_reason,
                case.confidence,
                case.status,
                case.stage,
                case.claimed_fen,
                case.card.tail4 if case.card else "",
                tuple(sorted(quote["text"] for quote in case.quotes)),
                tuple(sorted(need["code"] for need in case.needs_human)),
                tuple((clock.kind.value, clock.due_at.isoformat(), clock.source.value) for clock in armed[case.public_id] if clock.is_platform_bound),
            )
            for case in cases
        ),
        "orders": sorted(Order.objects.visible_to(actor).exclude(order_no__startswith="chat:").values_list("order_no", "state", "paid_fen", "buyer__nick")),
        "refunds": sorted(Refund.objects.visible_to(actor).values_list("order__order_no", "external_id", "state", "amount_fen", "reason_raw")),
        "cards": sorted(map(str, Card.objects.visible_to(actor).values_list("tail4", "state", "face_fen", "brand", "order__order_no"))),
        "reveals": sorted(Reveal.objects.visible_to(actor).values_list("card__tail4", "order__order_no", "to")),
        "talks": sorted(map(str, Conversation.objects.visible_to(actor).values_list("external_id", "order__order_no"))),
        "messages": sorted(Message.objects.visible_to(actor).values_list("external_id", "text", "speaker")),
    }  # fmt: skip


def row_counts() -> dict[str, int]:
    """Count the rows of every table of ours."""
    return {
        model._meta.db_table: model._default_manager.count() for model in apps.get_models(include_auto_created=True)
    }


def on_disk() -> dict[str, tuple[int, int]]:
    """Size and time of every file of the data folder but the database's own."""
    found = {}
    for path in Path(settings.CARDCASE.data).rglob("*"):
        if path.is_file() and not path.name.startswith("cardcase.sqlite3"):
            told = path.stat()
            found[str(path)] = (told.st_size, told.st_mtime_ns)
    return found


def case_numbers(actor: Actor) -> Iterable[str]:
    return Case.objects.visible_to(actor).order_by("pk").values_list("number", flat=True)
