"""What the outside tells of many complaints, taken in together: each case is read once and written once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cardcase.cases import queries
from cardcase.cases.models import Case
from cardcase.connectors.ports import RefundState
from cardcase.kit.text import Text
from cardcase.orders.models import Order, Refund
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import TriageResult

from . import mirror, notes, opening, reasons
from .rows import save


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one complaint, gathered by the room above.

    ``reading``: what triage reads in the buyer's words. ``state``: where the refund stands by the latest word of the
    channel. ``doubts``: what a person is asked when the case is new, by stable code.
    """

    order: Order
    refund: Refund | None
    reading: TriageResult
    state: RefundState | None = None
    doubts: Sequence[tuple[str, Text]] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """A case that was brought up to date. ``has_followed``: the platform's refund was looked at once more."""

    case: Case
    is_new: bool
    has_followed: bool


@transaction.atomic
def follow_claims(actor: Actor, claims: Sequence[Told], *, at: datetime) -> list[Followed]:
    """Open the cases that are missing, keep what triage reads, act upon where the refunds stand now.

    The same as ``open_case``, ``record_triage``, ``add_need`` and ``platform_moved`` one after the other for each
    claim, with every guard and every entry of theirs. All of it or nothing.
    """
    actor.require(Permission.IMPORT)
    actor.require(Permission.WORK)
    opened = opening.open_all(actor, [(told.order, told.refund) for told in claims], at=at)
    cards = queries.cards_of_orders(actor, [told.order.pk for told in claims])
    followed = []
    for told, (case, is_new) in zip(claims, opened, strict=True):
        if case.is_open:
            reasons.read(actor, case, told.reading, cards[told.order.pk], at=at)
            for code, text in told.doubts if is_new else ():
                notes.ask(actor, case, code, text, at=at)
        acted_upon = told.refund.state if is_new and told.refund is not None else None
        has_followed = told.state is not None and told.state.value != acted_upon
        if told.state is not None and has_followed:
            mirror.follow(actor, case, told.state, at=at)
        save(actor, case)
        followed.append(Followed(case, is_new, has_followed))
    return followed
