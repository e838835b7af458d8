"""The round that asks the rules about what changed, over 20,000 paid orders: nothing new against everything looked at.

``rule_rounds.py rule_rounds`` prints one JSON line of rows, as measure.py does.
"""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measure import NOW, Row, boot, row

ORDERS = 20_000
BUYERS = 6_000
ROUNDS = 5


def rule_rounds() -> list[Row]:
    """Fill, note everything as judged, then measure the three kinds of round by the CPU of this process."""
    actor = boot()
    from cardcase.connectors.ports import OrderNotice, OrderState
    from cardcase.orders.models import Order
    from cardcase.orders.service import ingest_orders
    from cardcase.sourcing import queries, service
    from cardcase.sourcing.models import Judged
    from cardcase.sourcing.queries.sales import sales

    def notice(number: int, paid_fen: int = 19_300) -> OrderNotice:
        paid_at = NOW - timedelta(minutes=5 * number)
        return OrderNotice(
            channel="xianyu",
            order_no=f"2{number:018d}",
            state=OrderState.DELIVERED,
            total_fen=19_300,
            paid_fen=paid_fen,
            paid_at=paid_at,
            delivered_at=paid_at,
            updated_at=paid_at if paid_fen == 19_300 else NOW,
            buyer_external_id=f"buyer{number % BUYERS}",
        )

    for start in range(0, ORDERS, 1000):
        ingest_orders(actor, [notice(number) for number in range(start, start + 1000)], at=NOW)
    for start in range(0, ORDERS, 1000):  # once all are there, for each sees the others of its buyer
        found = list(Order.objects.order_by("pk")[start : start + 1000])
        facts = sales(actor, found)
        Judged.objects.bulk_create(
            Judged(
                shop_id=actor.shop_id,
                subject=order.public_id,
                stamp=queries.stamp(actor, facts[order.pk]),
                kin=order.buyer_id,
                at=NOW,
            )
            for order in found
        )

    def measured(asked: int) -> float:
        started = time.process_time()
        got = service.evaluate_changed(actor, at=NOW)
        spent = time.process_time() - started
        if got != asked:
            sys.exit(f"the round asked about {got}, not {asked}")
        return spent

    full = measured(0)
    nothing = sorted(measured(0) for _ in range(ROUNDS))[ROUNDS // 2]
    ingest_orders(actor, [notice(7, paid_fen=19_200)], at=NOW)
    one = measured(1)
    return [
        row(
            "CPU of a round of the rules over 20,000 paid orders, nothing new",
            f"{nothing * 1000:.1f} ms",
            "≤ 1/50 of a full round",
            f"full round, once a day: {full:.1f} s; after one changed order: {one * 1000:.0f} ms",
            met=nothing <= full / 50,
        )
    ]


if __name__ == "__main__":
    print(json.dumps(rule_rounds(), ensure_ascii=False))
