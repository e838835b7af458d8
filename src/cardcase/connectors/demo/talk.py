"""The example's conversations in the three forms in which sellers have them (data-shapes §6.1–6.3)."""

import json
import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from . import codes
from .source import SELLER_ID, SHOP_NAME, Chat, Line, Source, buyer_id

_BUYER = ("买家", "买家图")
_TASKS = {
    "我发起了退款申请": "发起退款申请_卖家-新逆向url",
    "我已付款，等待你发货": "付款完成待发货_卖家-正向升级",
    "你已发货": "提醒发货已发货_卖家",
}
_BUTTONS = {"我发起了退款申请": "同意退款", "我已付款，等待你发货": "去发货", "你已发货": "查看订单"}
_SYSTEM_ID = "1400"  # the platform's own sender (data-shapes §6.1)


def files(source: Source) -> dict[str, bytes]:
    """Write every conversation: one file each, except those of XianyuAutoAgent, which keeps all in one database."""
    written: dict[str, bytes] = {}
    agents = [chat for chat in source.chats if chat.form == "autoagent"]
    for number, chat in enumerate(chat for chat in source.chats if chat.form != "autoagent"):
        if chat.form == "goofish":
            rows = [_goofish(chat, line, place) for place, line in enumerate(chat.lines)]
            written[f"chat-{chat.key}.json"] = json.dumps(rows, ensure_ascii=False, indent=1).encode()
        else:
            written[f"chat-{chat.key}.txt"] = _pasted(chat, is_bracketed=bool(number % 2)).encode()
    written["chat_history.db"] = _autoagent(agents)
    return written


def _goofish(chat: Chat, line: Line, place: int) -> dict[str, Any]:
    """Write one message as goofish-cli does (core/message_history.py)."""
    buyer = buyer_id(chat.buyer)
    is_buyers = line.who in (*_BUYER, "卡片")
    if line.text.startswith(("[你已发货", "[记得")):
        is_buyers = False
    sender, name = (buyer, chat.buyer) if is_buyers else (SELLER_ID, SHOP_NAME)
    if line.who == "提示":
        sender, name = _SYSTEM_ID, "闲鱼小蜜"
    return {
        "cid": chat.cid,
        "message_id": f"{codes.digits(f'message {chat.key} {place}', 13)}.PNM",
        "created_at": int(line.at.timestamp() * 1000) + place,
        "session_type": 1,
        "send_user_id": sender,
        "send_user_name": name,
        "receiver_user_ids": [SELLER_ID if sender == buyer else buyer],
        "message": _content(chat, line, place),
    }


def _content(chat: Chat, line: Line, place: int) -> dict[str, Any]:
    if line.who in ("买家图", "卖家图"):
        url = f"https://img.example.invalid/{chat.key}/{place}.png"
        return {"contentType": 2, "image": {"pics": [{"type": 0, "url": url, "width": 1170, "height": 2532}]}}
    if line.who == "提示":
        return {"contentType": 14, "tip": {"tip": line.text}}
    if line.who == "卡片":
        return _trade_card(chat, line)
    return {"contentType": 1, "text": {"text": line.text}}


def _trade_card(chat: Chat, line: Line) -> dict[str, Any]:
    text, _, button = line.text.partition("] ")
    title = text.strip("[]")
    order = line.order
    target = f"fleamarket://order_detail?id={order.order_no}&role=seller" if order else ""
    main = {
        "targetUrl": target,
        "clickParam": {"args": {"task_id": codes.digits(f"task {title}", 8), "taskName": _TASKS.get(title, "")}},
        "exContent": {
            "title": title,
            "desc": "等待你处理，请确认操作" if title == "我发起了退款申请" else chat.listing.title,
            "button": {"text": button or _BUTTONS.get(title, "查看详情"), "targetUrl": target},
        },
    }
    return {"contentType": 26, "dxCard": {"item": {"main": main}}}


def _pasted(chat: Chat, *, is_bracketed: bool) -> str:
    """Write a conversation as it looks when copied from a phone, in one of two common layouts."""
    rows = []
    if chat.order is not None:
        rows += [f"订单编号：{chat.order.order_no}", ""]
    for line in chat.lines:
        if line.who in ("卡片", "提示"):
            rows += [line.text.partition("] ")[0].rstrip("]") + "]", ""]
            continue
        name = chat.buyer if line.who in _BUYER else SHOP_NAME
        words = "[图片]" if line.who.endswith("图") else line.text
        told = f"{line.at:%Y-%m-%d %H:%M:%S}"
        rows += [f"[{told}] {name}：{words}"] if is_bracketed else [f"{name} {told}", words, ""]
    return "\n".join(rows).rstrip() + "\n"


def _autoagent(chats: list[Chat]) -> bytes:
    """Write the database of XianyuAutoAgent (data/chat_history.db). It keeps no system texts and no pictures."""
    with tempfile.TemporaryDirectory(prefix="cardcase-demo-") as folder:  # pysqlite3 has no Connection.serialize
        path = Path(folder) / "chat_history.db"
        base = sqlite3.connect(path)
        _fill(base, chats)
        base.close()
        return path.read_bytes()


def _fill(base: sqlite3.Connection, chats: list[Chat]) -> None:
    base.execute(
        "CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, item_id TEXT NOT NULL, "
        "role TEXT NOT NULL, content TEXT NOT NULL, timestamp DATETIME, chat_id TEXT)"
    )
    for chat in chats:
        for line in chat.lines:
            if line.who not in ("买家", "卖家"):
                continue
            is_buyers = line.who == "买家"
            row = (
                buyer_id(chat.buyer) if is_buyers else SELLER_ID,
                chat.listing.item_id,
                "user" if is_buyers else "assistant",
                line.text,
                (line.at + timedelta(milliseconds=1)).replace(tzinfo=None).isoformat(timespec="microseconds"),
                chat.cid,
            )
            base.execute(
                "INSERT INTO messages (user_id, item_id, role, content, timestamp, chat_id) VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
    base.commit()
