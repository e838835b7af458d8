"""While a case is open, no code of its order leaves (T1). The room below is told; it never looks up."""

from collections.abc import Sequence
from datetime import datetime

from cardcase.cases.models import Case
from cardcase.delivery import service as delivery
from cardcase.delivery.service import Stop
from cardcase.staff.rules import Actor


def stop(actor: Actor, cases: Sequence[Case], *, at: datetime) -> None:
    """Stop the codes of the orders of open cases, in the transaction that opens them."""
    delivery.block_all(actor, [Stop(case.order_id, case.public_id, case.number) for case in cases], at=at)


def let_go(actor: Actor, case: Case, *, at: datetime) -> None:
    """Let go of the order of a case that has ended, or has moved to another order."""
    delivery.unblock(actor, case.order_id, ref=case.public_id, at=at)


def follow(actor: Actor, case: Case, *, was_open: bool, at: datetime) -> None:
    """Stop or let go of a case's order when a move opened or ended the case."""
    if case.is_open and not was_open:
        stop(actor, [case], at=at)
    elif was_open and not case.is_open:
        let_go(actor, case, at=at)
