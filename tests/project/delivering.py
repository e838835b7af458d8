"""A process that gives cards to orders until it is killed. Called as ``delivering.py prepare|deliver|audit COUNT``.

It does nothing that the product does not: boot as the command line does, and the verbs one after the other. Each code
that left is one line on stdout, which the test reads as the buyer's screen.
"""

import json
import sys
from collections import defaultdict

from cardcase.project import boot


def main(mode: str, count: int) -> None:
    boot.prepare(None)
    from cardcase.kit import clock
    from cardcase.project.boot import operator

    actor = operator(None)
    if mode == "prepare":
        from delivery.world import orders, stock

        stock(actor, count, clock.now())
        orders(actor, count, clock.now())
    elif mode == "deliver":
        say("ready")
        deliver(actor, count)
    else:
        say(json.dumps(audit(actor)))


def deliver(actor, count: int) -> None:
    from cardcase.delivery import queries, service
    from cardcase.kit import clock
    from delivery.world import KIND, number

    for place in range(count):
        order = queries.order_by_no(actor, number(place))
        service.waive_terms(actor, order, reason="试验", at=clock.now())
        view = service.allocate(actor, order.order_no, KIND, 1, at=clock.now())
        if view.state.value not in ("allocated", "not_shown"):
            continue  # shown already, or a person has to settle it
        [shown] = service.authorise(
            actor, view.public_id, to="buyer", how="console", reason="按订单发货", at=clock.now()
        )
        say(f"{order.order_no} {shown.code.expose()}")
        service.confirm_shown(actor, view.public_id, at=clock.now())


def audit(actor):
    from cardcase.cards.models import Reveal
    from cardcase.delivery.models import Delivery

    reveals = defaultdict(list)
    rows = Reveal.objects.visible_to(actor).filter(to="buyer").select_related("order", "card").order_by("attempt")
    for row in rows:
        reveals[row.order.order_no].append((row.card.public_id, row.attempt, row.display))
    states = Delivery.objects.visible_to(actor).values_list("order__order_no", "state")
    return {"reveals": reveals, "states": dict(states)}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
