"""Files in the shapes that sellers' tools leave, small and realistic. People, numbers and codes are invented."""

import base64
import io
import json
import sqlite3
import tempfile
from pathlib import Path

import openpyxl

ORDER_NO = "3364202298717566229"
BUYER = "2222315258815"
SELLER = "2207712615459"
CID = "63107041124"

ORDER_DETAIL = {
    "order_no": ORDER_NO, "order_type": 7, "order_status": 21, "order_time": 1795226400, "total_amount": 9650,
    "pay_amount": 9650, "pay_no": "2026112022001400000000000001", "pay_time": 1795226460, "refund_status": 1,
    "refund_amount": 9650, "refund_time": 0, "receiver_name": "张三丰", "receiver_mobile": "13800001111",
    "prov_name": "浙江省", "city_name": "杭州市", "area_name": "余杭区", "town_name": "", "address": "文一西路969号",
    "waybill_no": "", "consign_type": 2, "consign_time": 1795226500, "confirm_time": 0, "cancel_reason": "",
    "create_time": 1795226400, "update_time": 1795399200, "buyer_eid": "Yg4vfVmBQbX0", "buyer_nick": "小鹿乱撞",
    "seller_eid": "hP2kd81sZ", "seller_name": "礼卡小铺", "seller_remark": "老客户", "idle_biz_type": 0,
    "goods": {
        "quantity": 1, "price": 9650, "product_id": 219530767978565, "item_id": 1063177864132, "outer_id": "",
        "sku_id": 0, "sku_text": "100元", "title": "京东E卡100元 自动发货 假一赔十", "images": ["https://img.example/1.jpg"],
        "service_support": "VNR,FD_10MS",
    },
}  # fmt: skip

REFUND_DETAIL = {
    "refund_no": "300012345678901", "order_no": ORDER_NO, "seller_eid": "hP2kd81sZ", "seller_name": "礼卡小铺",
    "goods_status": 2, "refund_type": 1, "refund_status": 1, "refund_amount": 9650, "refund_reason": "卡券无法使用",
    "refund_desc": "绑定的时候提示卡密错误，麻烦退一下", "apply_time": 1795398600, "timeout_time": 1795657800, "refund_time": 0,
    "reject_time": 0,
}  # fmt: skip

ORDER_PUSH = {
    "seller_id": 219530767978565, "user_name": "礼卡小铺", "order_no": ORDER_NO, "order_type": 7, "order_status": 21,
    "refund_status": 1, "modify_time": 1795399200, "product_id": 219530767978565, "item_id": 1063177864132,
}  # fmt: skip

KAM_ITEMS = [
    {"card_no": "JDV00012345678901234", "card_pwd": "7F3A-99C0-B1D2-E4F5", "cost": 9300, "sold_type": 11},
    {"card_no": "", "card_pwd": "XQ7R4KT2M9ZP", "cost": 9310, "sold_type": 21},
]


def envelope(data):
    return {"code": 0, "msg": "OK", "data": data}


def as_json(value) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def as_lines(values) -> bytes:
    return "\n".join(json.dumps(value, ensure_ascii=False) for value in values).encode()


def pushed_words(sender, nick, words, at, *, peer=BUYER, cid=CID, message_id=None):
    """One decrypted chat push with somebody's words, as data-shapes §6.1 lists it."""
    return {
        "1": {
            "1": f"{sender}@goofish",
            "2": f"{cid}@goofish",
            "3": message_id or f"{at}.PNM",
            "5": at,
            "6": {
                "1": 101,
                "3": {"4": 1, "5": json.dumps({"contentType": 1, "text": {"text": words}}, ensure_ascii=False)},
            },
            "10": {
                "bizTag": json.dumps({"sourceId": "S:1", "messageId": f"m{at}"}),
                "clientIp": "10.1.2.3",
                "extJson": json.dumps({"quickReply": "1", "messageId": f"m{at}", "contentType": "1"}),
                "reminderContent": words,
                "reminderTitle": nick,
                "senderNick": nick,
                "reminderUrl": f"fleamarket://message_chat?itemId=1063177864132&peerUserId={peer}&sid={cid}&messageId=m{at}",
                "senderUserId": sender,
                "senderUserType": "0",
                "sessionType": "1",
            },
        },
        "3": {"needPush": "true"},
    }


REFUND_CARD = {
    "1": {
        "2": f"{CID}@goofish",
        "5": 1795398600123,
        "10": {
            "bizTag": '{"sourceId":"C2C:eeg858GGuju9","taskName":"发起退款申请_卖家-新逆向url"}',
            "extJson": '{"msgArg1":"MsgCard","contentType":"26","messageId":"3a03978b7a374da898b3d7a084cbedb6"}',
            "redReminder": "买家申请退款",
            "reminderContent": "[我发起了退款申请]",
            "senderUserId": BUYER,
            "reminderUrl": f"fleamarket://message_chat?itemId=1063177864132&peerUserId={BUYER}",
        },
        "6": {"3": {"4": 26, "5": '{"contentType":26}'}},
    }
}

PAID_CARD = {
    "1": {
        "2": f"{CID}@goofish",
        "5": 1795226460000,
        "10": {
            "bizTag": '{"taskName":"付款完成待发货_卖家-正向升级"}',
            "extJson": '{"msgArg1":"MsgCard","contentType":"26","messageId":"4e449a32c59c499594c4c5dffa5ddef0",'
            '"updateKey":"63107041124:3310145690545023994:10:TRADE_PAID:26"}',
            "redReminder": "等待卖家发货",
            "reminderContent": "[我已付款，等待你发货]",
            "senderUserId": BUYER,
            "reminderUrl": f"fleamarket://message_chat?itemId=1063177864132&peerUserId={BUYER}",
        },
        "6": {"3": {"4": 26, "5": '{"contentType":26}'}},
    }
}

CARD_UPDATE = {
    "1": "3a03978b7a374da898b3d7a084cbedb6.PNM",
    "2": f"{CID}@goofish",
    "4": {
        "reminderContent": "[我发起了退款申请]",
        "redReminder": "买家申请退款",
        "senderUserId": BUYER,
        "extJson": '{"contentType":"26"}',
    },
    "5": 1795399000000,
}


def remembered(number, sender, nick, message, *, cid=CID, at=1795398000000):
    """One message as goofish-cli's history writes it."""
    return {
        "cid": cid, "message_id": f"{number}.PNM", "created_at": at + number * 1000, "session_type": 1,
        "send_user_id": sender, "send_user_name": nick, "receiver_user_ids": [BUYER if sender == SELLER else SELLER],
        "message": message,
    }  # fmt: skip


def words(text):
    return {"contentType": 1, "text": {"text": text}}


def trade_card(title, button=None, url=f"fleamarket://order_detail?id={ORDER_NO}&role=seller", kind=26):
    content = {"title": title}
    if button:
        content["button"] = {"text": button, "targetUrl": url}
    return {"contentType": kind, "dxCard": {"item": {"main": {"targetUrl": url, "exContent": content}}}}


HISTORY = [
    remembered(1, BUYER, "小鹿乱撞", words("老板在吗，卡绑不上啊")),
    remembered(2, SELLER, "礼卡小铺", words("亲，稍等帮您看下")),
    remembered(3, BUYER, "小鹿乱撞", {"contentType": 2, "image": {"pics": [{"url": "https://img.example/e.png", "type": 0}]}}),
    remembered(4, BUYER, "等待你处理", trade_card("我发起了退款申请", "同意退款")),
]  # fmt: skip


def package(*pushes) -> dict:
    data = [{"data": base64.b64encode(json.dumps(push).encode()).decode(), "objectType": 40} for push in pushes]
    return {"headers": {"app-key": "x"}, "lwp": "/s/para", "body": {"syncPushPackage": {"data": data}}}


def database(rows, *, table="messages", with_chat=True) -> bytes:
    """XianyuAutoAgent's chat_history.db."""
    path = Path(tempfile.mkdtemp()) / "chat_history.db"
    connection = sqlite3.connect(path)
    chat = ", chat_id TEXT" if with_chat else ""
    connection.execute(
        f"CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, item_id TEXT NOT NULL,"
        f" role TEXT NOT NULL, content TEXT NOT NULL, timestamp DATETIME DEFAULT CURRENT_TIMESTAMP{chat})"
    )
    names = "user_id, item_id, role, content, timestamp" + (", chat_id" if with_chat else "")
    marks = ", ".join("?" * (6 if with_chat else 5))
    connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
    connection.commit()
    connection.close()
    data = path.read_bytes()
    path.unlink()
    path.parent.rmdir()
    return data


SAVED = [
    (BUYER, "1063177864132", "user", "充值显示此卡已被使用", "2026-11-22T09:48:12.123456", CID),
    (SELLER, "1063177864132", "assistant", "亲，帮您核实一下", "2026-11-22T09:49:00", CID),
    (BUYER, "1063177864132", "user", "[我发起了退款申请]", "2026-11-22T09:52:10", CID),
]


def workbook(*sheets) -> bytes:
    """An XLSX of (title, rows) pairs; a row may hold texts, numbers and dates."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


ORDERS_CSV = (
    "订单编号,买家昵称,商品标题,订单状态,实付金额,付款时间,退款状态,退款金额,退款原因,申请时间\n"
    "3364202298717566229,小鹿乱撞,京东E卡100元,已发货,96.50,2026-11-20 10:41:00,待商家处理,96.50,卡券无法使用,2026-11-22 10:30\n"
    "3364202298717566230,大熊,星巴克星礼卡50元,交易成功,45.00,2026-11-19 21:03:10,,,,\n"
)

CARDS_TXT = (
    "JDV00012345678901234:7F3A-99C0-B1D2-E4F5\n"
    "JDV00012345678901235----7F3A-99C0-B1D2-E4F6\n"
    "账号:moon@example.com--密码:pass1234\n"
    "ACC_US_12M_9F2K-7QPA-88XZ║地区:美区·时长:12个月║20║8\n"
)

PASTED = """小鹿乱撞 2026-11-22 09:48
老板在吗
这卡充不进去啊
礼卡小铺 2026-11-22 09:50
亲，稍等帮您核实
[我发起了退款申请]
小鹿乱撞 2026-11-22 10:02
都半天了，退了吧
"""

GOOD_FILES = {
    "order.json": as_json(envelope(ORDER_DETAIL)),
    "refund.json": as_json(envelope({"list": [REFUND_DETAIL], "has_next_page": False})),
    "push.json": as_json(ORDER_PUSH),
    f"kam_{ORDER_NO}.json": as_json(envelope({"list": KAM_ITEMS})),
    "ws.jsonl": as_lines([PAID_CARD, pushed_words(BUYER, "小鹿乱撞", "卡密用不了", 1795398000000), REFUND_CARD, CARD_UPDATE]),
    "history.json": as_json(HISTORY),
    "chat_history.db": database(SAVED),
    "orders.csv": ORDERS_CSV.encode("gb18030"),
    "orders.xlsx": workbook(("订单", [line.split(",") for line in ORDERS_CSV.splitlines()])),
    "cards.txt": CARDS_TXT.encode(),
    "cards.csv": "卡号,密码,面值,有效期,成本\nJDV0001,AAAA-BBBB-1111,100,2028-12-31,93\n".encode("utf-16"),
    "secret.csv": b'secret\nX5K2MNPQRSTUVWXY\n"AB,CD-1234"\n',
    "paste.txt": PASTED.encode(),
}  # fmt: skip
