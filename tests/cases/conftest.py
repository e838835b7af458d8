"""Orders, refunds and cards as the rooms below keep them, and cases opened on them."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from cardcase.cards.models import Card
from cardcase.cases import service
from cardcase.cases.rules import GuardFacts
from cardcase.connectors.ports import OrderState, RefundKind, RefundState
from cardcase.orders.models import Buyer, Listing, Order, Refund
from cardcase.project.config import Config

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_numbers = count(1)


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    """Give each test its own data folder: the head of one record is not the past of another."""
    settings.CARDCASE = Config(data=tmp_path)
    return tmp_path


@pytest.fixture
def make_order(shop, noon):
    def make(*, in_shop=None, cards: int = 1, service_support: str = "", **changes) -> Order:
        n = next(_numbers)
        owner = in_shop or shop
        listing = Listing.objects.create(
            shop=owner, channel="xianyu", item_id=f"item{n}", title="苹果充值卡 200 元", service_support=service_support
        )
        buyer = Buyer.objects.create(shop=owner, channel="xianyu", external_id=f"buyer{n}", nick="云朵邮差")
        values = {
            "public_id": f"order_{n:032d}",
            "channel": "xianyu",
            "order_no": f"22266900000000{n:05d}",
            "state": OrderState.DELIVERED.value,
            "paid_fen": 19300,
            "paid_at": noon - 4 * DAY,
            "delivered_at": noon - 4 * DAY + HOUR,
        }
        order = Order.objects.create(shop=owner, listing=listing, buyer=buyer, **{**values, **changes})
        for copy in range(cards):
            Card.objects.create(
                shop=owner,
                public_id=f"card_{n:016d}{copy:016d}",
                order=order,
                state="revealed",
                code_sealed=b"sealed",
                code_index=f"{n}-{copy}",
                tail4="K4RT",
            )
        return order

    return make


@pytest.fixture
def make_refund(noon):
    def make(order: Order, **changes) -> Refund:
        n = next(_numbers)
        values = {
            "public_id": f"refund_{n:032d}",
            "external_id": f"RF{n:06d}",
            "state": RefundState.AWAITING_SELLER.value,
            "state_raw": "1",
            "kind": RefundKind.MONEY_ONLY.value,
            "amount_fen": 19300,
            "applied_at": noon - 2 * HOUR,
            "timeout_at": noon + 22 * HOUR,
        }
        return Refund.objects.create(shop_id=order.shop_id, order=order, **{**values, **changes})

    return make


@pytest.fixture
def opened(system, make_order, make_refund, noon):
    """Open a case and return it: a refund request with the platform's own time, 22 hours away."""

    def make(*, order=None, **refund_changes):
        order = order or make_order()
        case, is_new = service.open_case(system, order, make_refund(order, **refund_changes), at=noon)
        assert is_new
        return case

    return make


def yes(**changes) -> GuardFacts:
    """Facts under which no guard refuses; a test changes the one that it is about."""
    values = {
        "source_event_id": "msg_1",
        "is_person": True,
        "may_decide": True,
        "is_hold_lifted": True,
        "is_card_linked_or_flagged": True,
        "is_clock_read": True,
        "platform_due_at": NOON + 10 * HOUR,
        "platform_margin_at": NOON + 9 * HOUR,
        "has_deadline_passed": True,
        "is_incident_reviewed": True,
        "is_claim_new": True,
        "is_reason_set": True,
        "is_rule_certain": True,
        "asked_kinds": ("E10",),
        "request_due_at": NOON + 5 * HOUR,
        "is_request_over": True,
        "are_preconditions_met": True,
        "is_only_open_offer": True,
        "is_within_platform_bounds": True,
        "is_within_agent_limit": True,
        "offer_expires_at": NOON + 5 * HOUR,
        "offer_end": "denied",
        "card_checked_minutes_ago": 3,
        "is_void_settled": True,
        "is_only_money_remedy": True,
        "is_free_of_platform_dispute": True,
        "idempotency_key": "k1",
        "is_payment_verified": True,
        "is_failure_recorded": True,
        "is_confirmed": True,
        "is_delivered": True,
        "is_evidence_complete": True,
        "is_contradiction_free": True,
        "is_floor_kept": True,
        "is_refuse_reason_listed": True,
        "refuse_text": "卡密已于 11 月 20 日交付，发卡方记录显示交付后兑换。",
        "is_refuse_text_clean": True,
        "is_window_open": True,
        "verdict": "lost",
        "ruling_raw": "卖家未能证明商品可用",
        "is_pack_sealed": True,
        "is_pack_redacted": True,
        "has_new_evidence": True,
        "are_windows_over": True,
        "is_ledger_reconciled": True,
        "is_free_of_ambiguous_remedy": True,
        "is_same_claim": True,
        "is_mirror_newer": True,
        "hold_until": NOON + HOUR,
        "is_other_case_known": True,
        "is_untouched": True,
        "is_reason_in_doubt": True,
    }
    from cardcase.cases.rules import Status

    made = {**values, **changes}
    made["verdict"] = Status(made["verdict"]) if made["verdict"] else None
    return GuardFacts(**made)


@pytest.fixture
def all_yes():
    return yes
