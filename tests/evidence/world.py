"""A small shop through its real services: a batch, cards sold, a refund asked for. Upper rooms' tests lean on it too."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from cardcase.cards import file_rows
from cardcase.cards import service as cards
from cardcase.cards.models import Card, CardBatch
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.connectors.ports import (
    CardNotice,
    DeliveryNotice,
    ListingNotice,
    OrderNotice,
    OrderState,
    RefundKind,
    RefundNotice,
    RefundState,
)
from cardcase.custody import files
from cardcase.inbox.models import Conversation, Message
from cardcase.kit import ids
from cardcase.kit.secret import CardCode
from cardcase.orders.service import ingest_orders, ingest_refunds

_numbers = count(1)
HOUR = timedelta(hours=1)
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 8


@dataclass
class World:
    """One shop with its people; builders return what they made, as the rooms' own rows."""

    shop: object
    owner: object
    system: object
    noon: object
    codes: dict = field(default_factory=dict)

    def stock(self, cards_wanted: int = 1, *, with_proof: bool = True) -> list[Card]:
        n = next(_numbers)
        batch = f"2026-11-{n:03d}"
        codes = [CardCode(f"XA{n:03d}B{copy:03d}CDEFG{n % 10}") for copy in range(cards_wanted)]
        notices = [CardNotice(code=code, brand="Apple", region="CN", face_fen=20000, cost_fen=18800) for code in codes]
        at = self.noon - timedelta(days=20)
        cards.stock(self.owner, notices, batch=batch, at=at, supplier="官方旗舰店")
        lot = CardBatch.objects.get(shop=self.shop, name=batch)
        if with_proof:
            cards.set_provenance(
                self.owner,
                lot.public_id,
                at=at,
                supplier="官方旗舰店",
                channel="issuer_direct",
                acquired_on=at.date(),
                proof=PNG,
            )
        made = list(Card.objects.filter(batch=lot).order_by("pk"))
        self.codes.update({card.public_id: code for card, code in zip(made, codes, strict=True)})
        return made

    def order(
        self, *, card: Card | None = None, buyer: str = "", delivered: bool = True, days_ago: float = 4, **changes
    ):
        n = next(_numbers)
        paid_at = self.noon - timedelta(days=days_ago)
        values = {
            "channel": "xianyu",
            "order_no": f"22266900000000{n:05d}",
            "state": OrderState.DELIVERED if delivered else OrderState.AWAITING_DELIVERY,
            "total_fen": 19300,
            "paid_fen": 19300,
            "quantity": 1,
            "paid_at": paid_at,
            "delivered_at": paid_at + HOUR if delivered else None,
            "updated_at": paid_at + HOUR,
            "buyer_external_id": buyer or f"buyer{n}",
            "buyer_nick": "云朵邮差",
            "listing": ListingNotice(item_id="item1", title="苹果充值卡 200 元 国区", price_fen=19300),
            "raw": {"consign_type": 2},
        }
        [(order, _)] = ingest_orders(self.owner, [OrderNotice(**{**values, **changes})], at=self.noon)
        if card is not None and delivered:
            notice = DeliveryNotice(
                channel="xianyu",
                order_no=order.order_no,
                code=self.codes[card.public_id],
                sold_type_raw="11",
                delivered_at=order.delivered_at,
            )
            cards.record_deliveries(self.owner, [notice], at=self.noon)
        return order

    def refund(self, order, **changes):
        n = next(_numbers)
        values = {
            "channel": "xianyu",
            "order_no": order.order_no,
            "refund_no": f"RF{n:06d}",
            "state": RefundState.AWAITING_SELLER,
            "kind": RefundKind.MONEY_ONLY,
            "amount_fen": 19300,
            "applied_at": self.noon - 2 * HOUR,
            "timeout_at": self.noon + 22 * HOUR,
        }
        [(refund, _)] = ingest_refunds(self.owner, [RefundNotice(**{**values, **changes})], at=self.noon)
        return refund

    def check(self, card: Card, *, before: timedelta = timedelta(), **changes):
        values = {"method": "issuer_site", "balance_fen": 20000, "is_usable": True, "proof": PNG}
        at = self.noon - before
        return cards.record_balance_check(self.owner, card.public_id, at=at, **{**values, **changes})

    def case(self, sub_reason: str = "A1", *, spare: int = 0, confirmed: bool = True, checked: bool = True, **refund):
        """Open a case about one delivered card, its reason confirmed; ``spare`` further cards lie in stock."""
        card, *rest = self.stock(1 + spare)
        order_at = timedelta(days=4) - HOUR
        if checked:
            self.check(card, before=order_at + timedelta(minutes=6))
        for other in rest:
            self.check(other, before=HOUR)
        Card.objects.filter(pk__in=[other.pk for other in rest]).update(state="in_stock")
        order = self.order(card=card)
        case, _ = cases.open_case(self.system, order, self.refund(order, **refund), at=self.noon)
        if confirmed:
            cases.confirm_reason(self.owner, case.number, sub_reason, revision=case.revision, at=self.noon)
        return self.fresh(case)

    def fresh(self, case):
        return case_queries.by_number(self.owner, case.number)

    def say(self, order, *texts: str, speaker: str = "buyer", after: timedelta = timedelta(minutes=5)) -> None:
        n = next(_numbers)
        talk, _ = Conversation.objects.get_or_create(
            shop=self.shop,
            channel="xianyu",
            external_id=f"talk{order.pk}",
            defaults={"public_id": ids.public_id("conv"), "order": order, "buyer": order.buyer},
        )
        for position, text in enumerate(texts):
            Message.objects.create(
                shop=self.shop,
                public_id=ids.public_id("msg"),
                conversation=talk,
                external_id=f"m{n}-{position}",
                speaker=speaker,
                kind="text",
                text=text,
                said_at=order.delivered_at + after + timedelta(seconds=position),
            )


def readable(row) -> bytes:
    """Let a row's file lie as files lay before they were sealed; return its bytes."""
    data = file_rows.read(row)
    files.remove(row.kept_sha256)
    type(row).objects.filter(pk=row.pk).update(kept_sha256=files.keep(data), key_sealed=None)
    return data
