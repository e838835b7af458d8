import time
from datetime import timedelta

import pytest

from cardcase.connectors.ports import (
    ListingNotice,
    OrderNotice,
    OrderState,
    Origin,
    RefundKind,
    RefundNotice,
    RefundState,
)
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed, WrongUse
from cardcase.orders import queries
from cardcase.orders.models import Buyer, Listing, Order, Refund
from cardcase.orders.service import Taken, ingest_orders, ingest_refunds
from pace import pace

pytestmark = pytest.mark.django_db

NO = "2226690000000000001"


def order(noon, hours=0, **told):
    told = {"channel": "goofish", "order_no": NO, "updated_at": noon + timedelta(hours=hours), **told}
    return OrderNotice(**told)


def refund(**told):
    return RefundNotice(**{"channel": "goofish", "order_no": NO, **told})


def take(actor, noon, *notices):
    return [taken for _, taken in ingest_orders(actor, notices, at=noon)]


def take_refunds(actor, noon, *notices):
    return [taken for _, taken in ingest_refunds(actor, notices, at=noon)]


def test_an_order_is_new_then_known_then_changed(system, noon):
    first = order(noon, state=OrderState.DELIVERED, state_raw="21", paid_fen=9300)
    second = order(noon, 1, state=OrderState.COMPLETED, state_raw="22")
    assert take(system, noon, first) == [Taken.NEW]
    assert take(system, noon, first) == [Taken.KNOWN]
    assert take(system, noon, second, second, first) == [Taken.CHANGED, Taken.KNOWN, Taken.KNOWN]
    row = queries.order_by_no(system, NO)
    assert (row.state, row.state_raw, row.paid_fen) == ("completed", "22", 9300)


def test_an_older_notice_fills_gaps_and_overwrites_nothing(system, noon):
    take(system, noon, order(noon, total_fen=9500, cancel_reason="新"))
    older = order(noon, -5, total_fen=1, paid_fen=9300, state=OrderState.DELIVERED, state_raw="21")
    assert take(system, noon, older) == [Taken.CHANGED]
    row = queries.order_by_no(system, NO)
    assert (row.total_fen, row.paid_fen, row.cancel_reason, row.state) == (9500, 9300, "新", "delivered")
    assert row.updated_at == noon


def test_a_notice_without_a_field_erases_nothing(system, noon):
    full = order(noon, paid_fen=9300, buyer_external_id="b1", buyer_nick="小*", quantity=2, raw={"a": 1, "b": 2})
    take(system, noon, full, order(noon, 3, raw={"b": 3}))
    row = queries.order_by_no(system, NO)
    assert (row.paid_fen, row.quantity, row.buyer.external_id, row.raw) == (9300, 2, "b1", {"a": 1, "b": 3})


def test_an_order_never_goes_back_though_the_later_file_has_no_time(system, noon):
    told = order(noon, state=OrderState.DELIVERED, state_raw="21")
    from_file = order(noon, updated_at=None, state=OrderState.COMPLETED, state_raw="交易成功")
    take(system, noon, told, from_file)
    assert queries.order_by_no(system, NO).state == "completed"
    take(system, noon, order(noon, 9, state=OrderState.DELIVERED, state_raw="21"))
    assert queries.order_by_no(system, NO).state == "completed"


def test_no_refund_never_takes_back_a_refund_that_was_seen(system, noon):
    seen = order(noon, refund_state=RefundState.AWAITING_SELLER, refund_state_raw="1")
    take(system, noon, seen, order(noon, 5, refund_state=RefundState.NONE, refund_state_raw="0"))
    assert queries.order_by_no(system, NO).refund_state == "awaiting_seller"


def test_an_unknown_word_is_kept_with_its_text(system, noon):
    take(system, noon, order(noon, state=OrderState.UNKNOWN, state_raw="25"))
    row = queries.order_by_no(system, NO)
    assert (row.state, row.state_raw) == ("unknown", "25")


def test_what_was_promised_with_an_order_stays_with_it_when_the_listing_changes(system, noon):
    goods = ListingNotice(item_id="81", title="旧", service_support=("VNR", "SDR"))
    take(system, noon, order(noon, listing=goods))
    later = ListingNotice(item_id="81", title="新", service_support=("NFR",))
    take(system, noon, order(noon, 5, order_no="2226690000000000002", listing=later))
    row = queries.order_by_no(system, NO)
    assert row.service_support == "VNR,SDR"
    assert (row.listing.title, row.listing.service_support) == ("新", "NFR")
    assert Listing.objects.visible_to(system).count() == 1


def test_a_stable_buyer_beats_a_nickname_and_stars_stand_for_nobody(system, noon):
    numbers = [f"222669000000000010{n}" for n in range(3)]
    take(system, noon, order(noon, order_no=numbers[0], buyer_external_id="b1", buyer_nick="阿飞"))
    take(system, noon, order(noon, 5, order_no=numbers[0], buyer_nick="阿飞"))
    take(system, noon, *(order(noon, order_no=number, buyer_nick="t**3") for number in numbers[1:]))
    found = queries.orders_by_nos(system, numbers)
    assert found[numbers[0]].buyer.external_id == "b1"
    assert found[numbers[1]].buyer != found[numbers[2]].buyer


def test_every_change_of_an_order_is_in_the_record_and_our_remark_is_not(system, noon):
    origin = Origin("orders.csv", "ab" * 32, 7)
    take(system, noon, order(noon, state=OrderState.DELIVERED, state_raw="21", seller_remark="卡密 X1", origin=origin))
    take(system, noon, order(noon, 1, state=OrderState.COMPLETED, state_raw="22"))
    take(system, noon, order(noon, 1, state=OrderState.COMPLETED, state_raw="22"))
    row = queries.order_by_no(system, NO)
    first, second = custody.history(system, [row.public_id])
    assert (first.kind, second.kind) == ("order.seen", "order.changed")
    assert first.facts["told"]["state"] == "delivered"
    assert first.facts["source"] == {"file": "orders.csv", "sha256": "ab" * 32, "row": 7}
    assert "X1" not in str(first.facts)
    assert second.facts["told"]["state"] == "completed"
    assert "paid_fen" not in second.facts["told"]


def test_what_a_database_would_refuse_is_cleaned_and_nothing_is_lost(system, noon):
    raw = {"nul": "a\0b", "half": "\ud83d", "nan": float("nan"), "when": noon, "deep": [{"x\0": "\0"}]}
    wild = order(
        noon,
        state_raw="状" * 90,
        paid_fen=10**30,
        quantity=-3,
        seller_remark="好\0\ud83d",
        buyer_external_id="b" * 200,
        listing=ListingNotice(item_id="8" * 99, title="长" * 900, sku_text="款" * 900),
        raw=raw,
    )
    assert take(system, noon, wild) == [Taken.NEW]
    assert take(system, noon, wild) == [Taken.KNOWN]
    row = queries.order_by_no(system, NO)
    assert (row.paid_fen, row.quantity, len(row.state_raw), row.seller_remark) == (None, None, 40, "好?")
    assert row.raw["nul"] == "ab"
    assert row.raw["nan"] == "nan"


def test_an_order_without_a_number_is_refused(system, noon):
    for number in ("", "  ", "2" * 41):
        with pytest.raises(WrongUse):
            take(system, noon, order(noon, order_no=number))
    assert not Order.objects.visible_to(system).exists()


def test_auditors_import_nothing_and_strangers_read_nothing(auditor, system, stranger, noon):
    with pytest.raises(NotAllowed):
        take(auditor, noon, order(noon))
    take(system, noon, order(noon))
    take_refunds(system, noon, refund(refund_no="r1", state=RefundState.AWAITING_SELLER))
    row = queries.order_by_no(system, NO)
    assert queries.order_by_no(stranger, NO) is None
    assert queries.orders_by_nos(stranger, [NO]) == {}
    assert queries.refunds_of(stranger, [row.pk]) == {}
    assert queries.open_refunds(stranger) == []


def test_the_same_number_in_two_shops_is_two_orders(system, stranger, noon):
    take(system, noon, order(noon, paid_fen=1))
    take(stranger, noon, order(noon, paid_fen=2))
    assert queries.order_by_no(system, NO).paid_fen == 1
    assert queries.order_by_no(stranger, NO).paid_fen == 2


class TestRefunds:
    def test_a_refund_may_come_before_its_order(self, system, noon):
        notice = refund(refund_no="r1", state=RefundState.AWAITING_SELLER, amount_fen=9300, reason_raw="卡密无效")
        assert take_refunds(system, noon, notice) == [Taken.NEW]
        assert take_refunds(system, noon, notice) == [Taken.KNOWN]
        assert take(system, noon, order(noon, paid_fen=9300)) == [Taken.CHANGED]
        row = queries.order_by_no(system, NO)
        (mine,) = queries.refunds_of(system, [row.pk])[row.pk]
        assert (mine.external_id, mine.amount_fen, mine.order) == ("r1", 9300, row)

    def test_the_first_number_names_the_row_that_stood_without_one(self, system, noon):
        told = refund(state=RefundState.AWAITING_SELLER, state_raw="退款中", description="用不了", applied_at=noon)
        ((before, _),) = ingest_refunds(system, [told], at=noon)
        numbered = refund(refund_no="r1", state=RefundState.AWAITING_SELLER, state_raw="1", amount_fen=9300)
        ((after, taken),) = ingest_refunds(system, [numbered], at=noon)
        assert (after.pk, after.public_id, taken) == (before.pk, before.public_id, Taken.CHANGED)
        assert (after.external_id, after.description, after.state_raw) == ("r1", "用不了", "1")
        ((again, taken),) = ingest_refunds(system, [told], at=noon)
        assert (again.pk, taken) == (before.pk, Taken.KNOWN)
        assert [row.pk for row in queries.refunds_of(system, [after.order_id])[after.order_id]] == [before.pk]
        assert len(queries.open_refunds(system)) == 1

    def test_an_older_state_does_not_come_back_but_a_new_application_does(self, system, noon):
        def said(hours, state):
            return refund(refund_no="r1", state=state, state_raw=state.value, modified_at=noon + timedelta(hours=hours))

        take_refunds(system, noon, said(2, RefundState.REFUSED), said(1, RefundState.AWAITING_SELLER))
        assert Refund.objects.visible_to(system).get().state == "refused"
        take_refunds(system, noon, said(3, RefundState.AWAITING_SELLER))
        assert Refund.objects.visible_to(system).get().state == "awaiting_seller"
        take_refunds(system, noon, said(4, RefundState.SUCCEEDED), said(5, RefundState.AWAITING_SELLER))
        assert Refund.objects.visible_to(system).get().state == "succeeded"

    def test_the_one_that_ends_first_is_in_front(self, system, noon):
        soon, late = noon + timedelta(hours=1), noon + timedelta(hours=9)
        take_refunds(
            system,
            noon,
            refund(refund_no="late", state=RefundState.AWAITING_SELLER, timeout_at=late),
            refund(order_no="2226690000000000002", refund_no="none", state=RefundState.AWAITING_RETURN),
            refund(order_no="2226690000000000003", refund_no="soon", state=RefundState.UNKNOWN, timeout_at=soon),
            refund(order_no="2226690000000000004", refund_no="over", state=RefundState.CLOSED),
        )
        assert [row.external_id for row in queries.open_refunds(system)] == ["soon", "late", "none"]

    def test_changes_are_in_the_record_under_the_refund(self, system, noon):
        ((row, _),) = ingest_refunds(
            system, [refund(refund_no="r1", kind=RefundKind.MONEY_ONLY, kind_raw="1")], at=noon
        )
        ingest_refunds(system, [refund(refund_no="r1", amount_fen=1, modified_at=noon)], at=noon)
        assert [item.kind for item in custody.history(system, [row.public_id])] == ["refund.seen", "refund.changed"]


def test_a_buyers_history_counts_orders_and_how_they_went(system, noon):
    done = {"state": OrderState.COMPLETED, "state_raw": "22", "buyer_external_id": "b1"}
    numbers = [f"222669000000000020{n}" for n in range(4)]
    take(system, noon, *(order(noon, order_no=number, **done) for number in numbers))
    take_refunds(
        system,
        noon,
        refund(order_no=numbers[0], refund_no="r1", state=RefundState.SUCCEEDED),
        refund(order_no=numbers[1], refund_no="r2", state=RefundState.AWAITING_SELLER),
        refund(order_no=numbers[1], state=RefundState.AWAITING_SELLER),
    )
    buyer = Buyer.objects.visible_to(system).get()
    assert queries.buyer_history(system, buyer.pk) == queries.BuyerHistory(4, 2, 2, 1, 1)


def test_five_thousand_orders_take_a_couple_of_seconds(system, noon):
    raw = {f"field_{n}": n for n in range(30)} | {"goods": {"title": "京东E卡 100元" * 4}}
    notices = [
        order(
            noon,
            order_no=str(2226690000000000000 + n),
            state=OrderState.DELIVERED,
            state_raw="21",
            paid_fen=9300,
            paid_at=noon,
            buyer_external_id=f"b{n % 900}",
            buyer_nick=f"n{n % 900}",
            listing=ListingNotice(item_id=str(n % 50), title="京东E卡", price_fen=9500, service_support=("VNR",)),
            raw=raw,
            origin=Origin("orders.json", "ab" * 32, n),
        )
        for n in range(5000)
    ]
    started = time.process_time()
    assert set(take(system, noon, *notices)) == {Taken.NEW}
    spent = time.process_time() - started
    assert spent < 75 * pace()
    assert set(take(system, noon, *notices)) == {Taken.KNOWN}
