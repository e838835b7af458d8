"""Of two words of the channel on a refund the later counts; in doubt both do, because they keep codes in."""

import pytest

from cardcase.connectors.ports import RefundState
from cardcase.orders.rules.standing import refund_words

NONE, WAITS, CLOSED = RefundState.NONE, RefundState.AWAITING_SELLER, RefundState.CLOSED
PAID, UNKNOWN = RefundState.SUCCEEDED, RefundState.UNKNOWN
EARLY, LATE = "2026-11-24T04:00:00Z", "2026-11-24T05:00:00Z"


@pytest.mark.parametrize(
    ("order", "order_at", "refunds", "count"),
    [
        (None, "", [], set()),
        (WAITS, EARLY, [], {WAITS}),
        (None, "", [(CLOSED, LATE)], {CLOSED}),
        (WAITS, EARLY, [(CLOSED, LATE)], {CLOSED}),  # the stale word of the order
        (CLOSED, LATE, [(WAITS, EARLY)], {CLOSED}),  # the stale row of the refund
        (WAITS, LATE, [(CLOSED, EARLY)], {WAITS}),
        (WAITS, EARLY, [(CLOSED, EARLY)], {WAITS, CLOSED}),  # said at once: which counts is not known
        (WAITS, "0", [(CLOSED, LATE)], {WAITS, CLOSED}),
        (WAITS, "0", [(CLOSED, "")], {WAITS, CLOSED}),
        (NONE, LATE, [(WAITS, EARLY)], {WAITS, NONE}),  # "no refund" overtakes none that is there
        (UNKNOWN, LATE, [(CLOSED, EARLY)], {CLOSED, UNKNOWN}),
        (UNKNOWN, EARLY, [(CLOSED, LATE)], {CLOSED}),
        (CLOSED, LATE, [(PAID, EARLY)], {PAID, CLOSED}),  # what was paid back stays paid
        (WAITS, EARLY, [(CLOSED, LATE), (CLOSED, LATE)], {CLOSED}),
        (WAITS, LATE, [(CLOSED, EARLY), (CLOSED, EARLY)], {CLOSED, WAITS}),
        (CLOSED, LATE, [(WAITS, EARLY), (CLOSED, EARLY)], {WAITS, CLOSED}),  # which refund it means is not said
    ],
)
def test_the_words_that_still_count(order, order_at, refunds, count):
    assert refund_words(order, order_at, refunds) == frozenset(count)
