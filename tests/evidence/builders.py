"""A case about one Apple card, told in the words of the trade; each test changes what it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cardcase.evidence.rules import (
    CardSeen,
    CaseFacts,
    CheckSeen,
    ExhibitSeen,
    OrderSeen,
    RefundSeen,
    RequestSeen,
    WordsSeen,
)

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PAID = NOON - timedelta(days=3, hours=16)
REVEALED = PAID + timedelta(minutes=12)
CLAIMED = REVEALED + timedelta(days=1, hours=13)


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def a_card(**changes: Any) -> CardSeen:
    card = CardSeen(
        public_id="card_1",
        brand="Apple",
        region="CN",
        face_fen=20000,
        tail4="K4RT",
        state="revealed",
        revealed_at=REVEALED,
        reveal_how="channel_auto",
        has_reveal=True,
        expires_on=date(2028, 1, 1),
        batch_name="2026-11-03",
        supplier_name="官方旗舰店",
        supplier_channel="issuer_direct",
        acquired_on=date(2026, 11, 3),
        has_proof=True,
        cost_fen=18800,
        siblings_sold=42,
        checks=(CheckSeen(at=REVEALED - timedelta(minutes=6), balance_fen=20000, is_usable=True, has_proof=True),),
    )
    return replace(card, **changes)


def a_case(sub_reason: str = "A1", **changes: Any) -> CaseFacts:
    facts = CaseFacts(
        at=NOON,
        number="AS-2026-000123",
        sub_reason=sub_reason,
        claimed_fen=19300,
        claimed_at=CLAIMED,
        order=OrderSeen(
            order_no="2226690000000000001",
            state="delivered",
            paid_fen=19300,
            total_fen=19300,
            quantity=1,
            paid_at=PAID,
            delivered_at=REVEALED,
            listing_title="苹果充值卡 200 元 国区 秒发",
            listing_price_fen=19300,
            is_physical=False,
        ),
        refund=RefundSeen(refund_no="R1", state="awaiting_seller", amount_fen=19300, applied_at=CLAIMED),
        cards=(a_card(),),
        is_buyer_known=True,
    )
    return replace(facts, **changes)


def with_card(facts: CaseFacts, **changes: Any) -> CaseFacts:
    return replace(facts, cards=(a_card(**changes),))


def with_order(facts: CaseFacts, **changes: Any) -> CaseFacts:
    return replace(facts, order=replace(facts.order, **changes))


def an_exhibit(kind: str, *, captured_at: datetime = NOON, party: str = "issuer", **facts: Any) -> ExhibitSeen:
    stored = {key: iso(value) if isinstance(value, datetime) else value for key, value in facts.items()}
    against = bool(stored.pop("against", False))
    return ExhibitSeen(
        public_id=f"ev_{kind}_{len(stored)}",
        kind=kind,
        party=party,
        captured_at=captured_at,
        facts=stored,
        is_against_seller=against,
    )


def with_exhibits(facts: CaseFacts, *exhibits: ExhibitSeen) -> CaseFacts:
    return replace(facts, exhibits=(*facts.exhibits, *exhibits))


def redeemed(at: datetime, *, source: str = "issuer", **facts: Any) -> ExhibitSeen:
    return an_exhibit("E3", tail4="K4RT", redeemed_at=at, is_redeemed=True, clock_source=source, **facts)


def said(text: str, at: datetime, speaker: str = "buyer") -> WordsSeen:
    return WordsSeen(id=f"msg_{abs(hash(text)) % 10**6}", speaker=speaker, text=text, said_at=at)


def a_request(*kinds: str, state: str = "open", nonce: str = "", to: str = "buyer") -> RequestSeen:
    return RequestSeen(
        public_id="req_1", to=to, kinds=kinds, state=state, due_at=NOON + timedelta(hours=8), nonce=nonce
    )
