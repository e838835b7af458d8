"""Any permutation and duplication of the same notices, in any cut into batches, ends in the same rows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.connectors.ports import (
    ListingNotice,
    OrderNotice,
    OrderState,
    RefundKind,
    RefundNotice,
    RefundState,
)
from cardcase.orders.models import Buyer, Listing, Order, Refund
from cardcase.orders.rules import merge
from cardcase.orders.rules.merge import Said, Sheet, Telling
from cardcase.orders.service import ingest_orders, ingest_refunds

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
MOMENTS = st.none() | st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))
WORDS = st.sampled_from(["", "甲", "乙"])
FEN = st.none() | st.integers(0, 2)
NUMBERS = st.sampled_from(["2226690000000000001", "2226690000000000002"])

LISTINGS = st.none() | st.builds(
    ListingNotice,
    item_id=st.sampled_from(["", "81", "82"]),
    title=WORDS,
    price_fen=FEN,
    service_support=st.sampled_from([(), ("VNR",), ("SDR", "VNR")]),
)
ORDERS = st.builds(
    OrderNotice,
    channel=st.just("goofish"),
    order_no=NUMBERS,
    state=st.sampled_from(list(OrderState)),
    state_raw=WORDS,
    refund_state=st.none() | st.sampled_from(list(RefundState)),
    total_fen=FEN,
    paid_fen=FEN,
    paid_at=MOMENTS,
    updated_at=MOMENTS,
    buyer_external_id=st.sampled_from(["", "b1", "b2"]),
    buyer_nick=st.sampled_from(["", "阿飞", "t**3"]),
    seller_remark=WORDS,
    listing=LISTINGS,
    raw=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 2)),
)
REFUNDS = st.builds(
    RefundNotice,
    channel=st.just("goofish"),
    order_no=NUMBERS,
    refund_no=st.sampled_from(["", "r1", "r2"]),
    state=st.sampled_from(list(RefundState)),
    state_raw=WORDS,
    kind=st.sampled_from(list(RefundKind)),
    amount_fen=FEN,
    reason_raw=WORDS,
    description=WORDS,
    applied_at=MOMENTS,
    modified_at=MOMENTS,
    raw=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 2)),
)
SKIPPED = {"id", "shop_id", "public_id", "seen_at", "first_seen_at", "source_file", "source_sha256", "source_row"}


def rows(actor):
    """All that is kept, without what says how it came to be here; rows named by their keys."""

    def name(value, model):
        return model.objects.values_list(*KEYS[model]).get(pk=value) if value is not None else None

    kept = {}
    for model, links in LINKS.items():
        for row in model.objects.visible_to(actor).values():
            plain = {column: value for column, value in row.items() if column not in SKIPPED}
            for column, target in links.items():
                plain[column] = name(plain[column], target)
            kept[model.__name__, *(str(plain[column]) for column in KEYS[model])] = plain
    return kept


KEYS = {
    Buyer: ("channel", "external_id"),
    Listing: ("channel", "item_id", "sku_text"),
    Order: ("channel", "order_no"),
    Refund: ("order_id", "external_id"),
}
LINKS = {Buyer: {}, Listing: {}, Order: {"buyer_id": Buyer, "listing_id": Listing}, Refund: {"order_id": Order}}


def after(actor, batches):
    with transaction.atomic():
        for batch in batches:
            ingest_orders(actor, [notice for notice in batch if isinstance(notice, OrderNotice)], at=NOON)
            ingest_refunds(actor, [notice for notice in batch if isinstance(notice, RefundNotice)], at=NOON)
        kept = rows(actor)
        transaction.set_rollback(True)
    return kept


@pytest.mark.django_db
@settings(max_examples=60)
@given(notices=st.lists(ORDERS | REFUNDS, max_size=6), data=st.data())
def test_any_shuffle_of_the_same_notices_ends_in_the_same_rows(system, notices, data):
    shuffled = data.draw(
        st.permutations(notices + data.draw(st.lists(st.sampled_from(notices), max_size=3))) if notices else st.just([])
    )
    cut = data.draw(st.integers(0, len(shuffled)))
    # Orders before refunds in a batch, so the batches of one are the strictest order there is.
    assert after(system, [notices]) == after(system, [shuffled[:cut], *([one] for one in shuffled[cut:])])


UNITS = st.sampled_from(["a", "b", "c"])
TELLINGS = st.builds(
    lambda said, stamp: Telling(("k",), {unit: Said(stamp, {unit: value}) for unit, value in said.items()}),
    st.dictionaries(UNITS, st.integers(0, 2)),
    st.text("0123", min_size=1, max_size=2),
)


@given(
    st.lists(TELLINGS, max_size=6, unique_by=lambda told: next(iter(told.said.values())).stamp if told.said else ""),
    st.data(),
)
def test_laying_notices_on_a_sheet_does_not_depend_on_order_or_number(tellings, data):
    def laid(ordered):
        sheet = Sheet({"a": None, "b": None, "c": None, "raw": {}}, {})
        for telling in ordered:
            sheet.lay(telling)
        return sheet.columns, merge.packed(sheet.told)

    assert laid(tellings) == laid(data.draw(st.permutations(tellings + tellings)))


def test_what_was_told_survives_being_packed():
    told = {"state": "1|x", "paid_fen": "1|x", "raw:a": "0|y"}
    assert merge.unpacked(merge.packed(told)) == told
    assert list(merge.packed(told)) == ["0|y", "1|x"]
