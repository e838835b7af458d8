"""A case as the other rooms would leave it, made from their tables: order, refund, card, talk, exhibits, record."""

import struct
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from django.db import transaction

from cardcase.cards import file_rows
from cardcase.cards.models import BalanceCheck, Card, CardBatch, Reveal, Supplier
from cardcase.cases.models import Case, Note
from cardcase.custody import service as custody
from cardcase.deadlines.models import Deadline
from cardcase.evidence.models import Exhibit, Look
from cardcase.inbox.models import Conversation, Message
from cardcase.inbox.service.ingest import content
from cardcase.kit import ids
from cardcase.orders.models import Buyer, Listing, Order, Refund
from cardcase.policies.models import PolicyVersion
from cardcase.remedies.models import Offer
from cardcase.staff.rules import Actor

TALK = (
    ("buyer", "在吗 这个星巴克卡还有吗"),
    ("seller", "在的亲，自动发货，拍下秒发卡密哦"),
    ("system", "我已付款，等待你发货"),
    ("system", "卡密‥K4RT 已自动发送"),
    ("buyer", "???？怎么显示已被使用"),
    ("buyer", "刚拿到手就用不了 你这是二手的吧😡😡"),
    ("seller", "亲别急，麻烦发一下完整的截图，要能看到账号和时间"),
    ("buyer", "截图发你了\n你看看 余额是0.00\n我等了半小时了"),
    ("seller", "#set text(red) 请不要把 $x$ *当成* 标记 _谢谢_"),
    ("buyer", "https://example.com/very/long/link?with=many&parameters=0123456789012345678901234567890123456789"),
    ("buyer", "𠮷野家的卡倒是能用 한국어 \u202eabc\u202c 零\u200b宽"),
)


def png(width: int, height: int, seed: int = 3) -> bytes:
    """Draw a striped picture with nothing but the standard library."""
    raw = b"".join(
        b"\0" + b"".join(bytes((180 + x * seed % 70, 190 + y % 60, 220)) for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b"")


@dataclass
class CaseBuilder:
    """Say what the case has, then ``build``; everything lies in the shop of the actor."""

    actor: Actor
    at: datetime
    talk: tuple[tuple[str, str], ...] = TALK
    exhibits: list[tuple[str, str, bytes | None, str, dict]] = field(default_factory=list)
    is_looked_at: bool = True
    description: str = "刚买的卡兑换时提示已使用，要求全额退款"

    def with_talk(self, talk: tuple[tuple[str, str], ...]) -> Self:
        """Exchange the conversation."""
        self.talk = talk
        return self

    def with_exhibit(
        self, kind: str, title: str, data: bytes | None = None, mime: str = "", facts: dict | None = None
    ) -> Self:
        """Add an exhibit, with a file or without."""
        self.exhibits.append((kind, title, data, mime, facts or {}))
        return self

    def not_looked_at(self) -> Self:
        """Leave the pictures for a person to look at."""
        self.is_looked_at = False
        return self

    def described_as(self, text: str) -> Self:
        """Say what the buyer wrote on the refund form."""
        self.description = text
        return self

    @transaction.atomic
    def build(self) -> Case:
        """Write it all, facts and record, and return the case."""
        order = self._order()
        refund = Refund.objects.create(
            shop_id=self.actor.shop_id, public_id=ids.public_id("refund"), order=order, external_id="R20261123001",
            state="awaiting_seller", kind="money_only", amount_fen=19300, reason_raw="质量问题",
            description=self.description, applied_at=self.at - timedelta(hours=7),
            timeout_at=self.at + timedelta(hours=17), source_file="退款.json", source_row=1,
        )  # fmt: skip
        card = self._card(order)
        policy = PolicyVersion.objects.create(
            shop_id=self.actor.shop_id, version=3, effective_from=self.at - timedelta(days=90), title="礼品卡售后约定",
            text="一、卡密一经查看不支持无理由退换。\n二、卡密无效的，核实后全额退款或换卡。",
        )  # fmt: skip
        case = Case.objects.create(
            shop_id=self.actor.shop_id, public_id=ids.public_id("case"), number="AS-2026-000001", order=order,
            refund=refund, buyer=order.buyer, card=card, policy=policy, stage="platform_refund",
            status="needs_response", waiting_on="seller", claim_key="x", claimed_reason="authenticity", quotes=[{"text": "怎么显示已被使用", "message": "m"}],
            sub_reason="A2", claimed_fen=19300, opened_at=self.at - timedelta(hours=7),
        )  # fmt: skip
        self._tell("order.seen", order.public_id, {"order_no": order.order_no})
        self._tell("case.opened", case.public_id, {"order_no": order.order_no, "refund": refund.public_id})
        self._conversation(order)
        self._around(case)
        for exhibit in self.exhibits:
            self._exhibit(case, exhibit)
        return case

    def _tell(self, kind: str, subject: str, facts: dict, contents: tuple[custody.Content, ...] = ()) -> None:
        custody.append(self.actor, custody.Record(kind, subject, self.at, facts, contents))

    def _order(self) -> Order:
        shop = self.actor.shop_id
        buyer = Buyer.objects.create(shop_id=shop, channel="goofish", external_id="b1", nick="爱喝拿铁的小陈")
        listing = Listing.objects.create(
            shop_id=shop, channel="goofish", item_id="8123", title="星巴克礼品卡 200 面值 自动发货 秒到",
            price_fen=19300, service_support="SDR,VNR",
        )  # fmt: skip
        return Order.objects.create(
            shop_id=shop, public_id=ids.public_id("order"), channel="goofish", order_no="2226693641205001234",
            state="delivered", state_raw="21", buyer=buyer, listing=listing, quantity=1, total_fen=19300,
            paid_fen=19300, created_at=self.at - timedelta(hours=9), paid_at=self.at - timedelta(hours=9, minutes=-1),
            delivered_at=self.at - timedelta(hours=8, minutes=58), source_file="订单.csv", source_row=7,
        )  # fmt: skip

    def _card(self, order: Order) -> Card:
        shop = self.actor.shop_id
        supplier = Supplier.objects.create(shop_id=shop, name="某某供货", channel="authorised")
        batch = CardBatch.objects.create(
            shop_id=shop, public_id=ids.public_id("batch"), name="11 月星巴克", supplier=supplier,
            acquired_on=(self.at - timedelta(days=5)).date(), proof_sha256="ab" * 32,
        )  # fmt: skip
        card = Card.objects.create(
            shop_id=shop, public_id=ids.public_id("card"), batch=batch, brand="星巴克", face_fen=20000,
            code_sealed=b"x", code_index="i", tail4="K4RT", state="revealed", order=order,
        )  # fmt: skip
        Reveal.objects.create(
            shop_id=shop,
            card=card,
            order=order,
            revealed_at=order.delivered_at,
            to="buyer",
            how="channel_auto",
            by="渠道",
        )
        BalanceCheck.objects.create(
            shop_id=shop, card=card, checked_at=order.delivered_at - timedelta(minutes=10), checked_by="店主",
            method="发卡方官网查询", balance_fen=20000, is_usable=True,
        )  # fmt: skip
        self._tell("card.delivered", card.public_id, {"how": "channel_auto"})
        return card

    def _conversation(self, order: Order) -> None:
        shop = self.actor.shop_id
        talk = Conversation.objects.create(
            shop_id=shop, public_id=ids.public_id("conv"), channel="goofish", external_id="c1", buyer=order.buyer,
            order=order, item_id="8123",
        )  # fmt: skip
        names = {"buyer": "爱喝拿铁的小陈", "seller": "礼卡小铺"}
        rows = [
            Message(
                shop_id=shop, public_id=ids.public_id("msg"), conversation=talk, external_id=str(number), speaker=speaker,
                kind="text", event="paid" if "付款" in text else "", sender_name=names.get(speaker, ""), text=text,
                said_at=self.at - timedelta(hours=9) + timedelta(minutes=3 * number),
            )
            for number, (speaker, text) in enumerate(self.talk)
        ]  # fmt: skip
        Message.objects.bulk_create(rows)
        for start in range(0, len(rows), 64):
            contents = tuple(content(row) for row in rows[start : start + 64])
            self._tell("conversation.received", talk.public_id, {"messages": len(contents)}, contents)

    def _around(self, case: Case) -> None:
        shop = self.actor.shop_id
        Deadline.objects.create(
            shop_id=shop, subject=case.public_id, kind="platform_response", due_at=self.at + timedelta(hours=17),
            started_at=self.at - timedelta(hours=7), margin_at=self.at + timedelta(hours=14), source="api",
            certainty="H", rule="timeout_time", if_missed="auto_refund",
        )  # fmt: skip
        Note.objects.create(shop_id=shop, case=case, text="内部：这个买家上次也这样", by="客服", at=self.at)
        self._tell("case.noted", case.public_id, {"text": "内部：这个买家上次也这样"})
        Offer.objects.create(
            shop_id=shop, public_id=ids.public_id("offer"), case=case, kind="replace_card", proposed_by="店主",
            state="proposed", expires_at=self.at + timedelta(hours=10), proposed_at=self.at - timedelta(hours=1),
        )  # fmt: skip
        self._tell("case.moved", case.public_id, {"event": "offered", "from": "needs_response", "to": "offer_made"})

    def _exhibit(self, case: Case, told: tuple[str, str, bytes | None, str, dict]) -> None:
        kind, title, data, mime, facts = told
        kept = file_rows.keep(Exhibit, self.actor.shop_id, data) if data is not None else {}
        row = Exhibit.objects.create(
            shop_id=self.actor.shop_id, public_id=ids.public_id("ev"), case=case, kind=kind, title=title, party="buyer",
            **kept, file_mime=mime, captured_at=self.at - timedelta(hours=3), captured_by="客服",
            facts=facts,
        )  # fmt: skip
        role = f"exhibit/{row.public_id}"
        contents = (custody.Content(role, data, mime, keep=False),) if data is not None else ()
        if data is not None and self.is_looked_at:
            Look.objects.create(
                shop_id=self.actor.shop_id, exhibit=row, file_sha256=row.file_sha256, by="店主", at=self.at
            )
        self._tell("evidence.added", case.public_id, {"exhibit": row.public_id, "kind": kind, "title": title}, contents)


def a_case(actor: Actor, at: datetime) -> CaseBuilder:
    """Begin a case: a buyer says that a delivered card was already used."""
    return CaseBuilder(actor, at)
