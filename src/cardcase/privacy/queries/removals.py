"""Reading removals: what is proposed, locked away, on its way, gone; and what that means for a case."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from cardcase.cards import vault
from cardcase.cases import queries as cases
from cardcase.cases.models import Case
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.orders.models import Buyer, Order
from cardcase.privacy.datafiles import retention
from cardcase.privacy.models import Removal
from cardcase.privacy.rules import About, RemovalState
from cardcase.privacy.rules.states import LIVE
from cardcase.staff.rules import Actor, Permission

from .matters import Matter, matters_of_orders

SHOWN = 200
"""Removals that a list shows."""


@dataclass(frozen=True, slots=True)
class RemovalView:
    """One removal as lists show it."""

    public_id: str
    ref: str
    order_no: str
    state: RemovalState
    ground: str
    by: str
    erase_at: datetime | None
    restricted_at: datetime | None
    erased_at: datetime | None
    copies_until: date | None
    rows: int
    contents: int
    files: int
    waiting_files: int
    waiting_originals: int


class DataRestricted(Refused):
    """The data of a matter are locked away: they are kept, and nothing else is done with them."""

    code = "data_restricted"


def removals(actor: Actor, *, states: Sequence[RemovalState] = tuple(RemovalState)) -> list[RemovalView]:
    """Return the removals in these states, the latest first."""
    actor.require(Permission.MANAGE_SHOP)
    rows = Removal.objects.visible_to(actor).filter(state__in=[state.value for state in states])
    return [view_of(row) for row in rows.select_related("order").order_by("-pk")[:SHOWN]]


def view_of(row: Removal) -> RemovalView:
    """Show one removal."""
    return RemovalView(
        public_id=row.public_id,
        ref=row.subject,
        order_no=row.order.order_no if row.order is not None else "",
        state=RemovalState(row.state),
        ground=row.ground,
        by=row.by,
        erase_at=row.erase_at,
        restricted_at=row.restricted_at,
        erased_at=row.erased_at,
        copies_until=row.copies_until,
        rows=row.counts.get("rows", 0),
        contents=row.counts.get("contents", 0),
        files=row.counts.get("files", 0),
        waiting_files=len(row.files),
        waiting_originals=len(row.originals),
    )


def of_case(actor: Actor, case: Case) -> RemovalView | None:
    """Return the removal that was carried out on the order of a case, None while its data are here."""
    states = [RemovalState.RESTRICTED.value, RemovalState.ERASING.value, RemovalState.ERASED.value]
    rows = Removal.objects.visible_to(actor).filter(order_id=case.order_id, state__in=states)
    found = rows.select_related("order").order_by("-pk").first()
    return view_of(found) if found is not None else None


def require_open(actor: Actor, number: str) -> None:
    """Refuse while the data of a case are locked away. Raises DataRestricted, NotFound."""
    found = of_case(actor, cases.find(actor, number))
    if found is not None and found.state is RemovalState.RESTRICTED:
        until = f"{found.erase_at:%Y-%m-%d}" if found.erase_at else ""
        raise DataRestricted(
            f"这单的个人信息已限制处理{f'，{until} 删除' if until else ''}，只保存，不作别用",
            f"The personal data of this case are restricted{f' until {until}' if until else ''}: kept, not used",
            next=Text(
                "确有法律理由要用时，店主可先解除限制：cardcase privacy lift。",
                "With a legal reason the owner can lift it first: cardcase privacy lift.",
            ),
        )


# ---- what might be due ---------------------------------------------------------------------------------


def candidates(actor: Actor, *, at: datetime) -> Iterator[Matter]:
    """Go through matters old enough that a period may be over, of which nothing is proposed or done."""
    actor.require(Permission.READ)
    periods = {rule.about: rule.allowance for rule in retention(actor) if rule.about is not About.BOOKS}
    known = Removal.objects.visible_to(actor).filter(
        state__in=[*(state.value for state in LIVE), RemovalState.ERASED.value]
    )
    before = at - min(periods.get(About.TRADE, timedelta.max), periods.get(About.CASE, timedelta.max))
    orders = Order.objects.visible_to(actor).filter(seen_at__lt=before) | Order.objects.visible_to(actor).filter(
        Q(created_at__lt=before) | Q(paid_at__lt=before)
    )
    orders = orders.exclude(pk__in=known.filter(order__isnull=False).values("order")).order_by("pk")
    yield from matters_of_orders(actor, list(orders.values_list("pk", flat=True)))
    if About.TALK in periods:
        buyers = Buyer.objects.visible_to(actor).filter(first_seen_at__lt=at - periods[About.TALK])
        buyers = buyers.exclude(pk__in=known.filter(order__isnull=True).values("buyer")).order_by("pk")
        yield from (Matter(actor, None, buyer) for buyer in buyers.iterator(chunk_size=500))


def came_back(actor: Actor) -> list[Matter]:
    """Return erased matters of which data came in since: an old file was imported again, or he wrote anew."""
    actor.require(Permission.READ)
    gone = Removal.objects.visible_to(actor).filter(state=RemovalState.ERASED.value)
    found = {
        row.subject: Matter(actor, row.order, row.buyer)
        for row in gone.filter(order__isnull=False).select_related("order", "buyer")
        if row.order is not None and row.erased_at is not None and row.order.seen_at > row.erased_at
    }
    marks = {mark for row in gone.only("marks") for mark in row.marks}
    since = gone.order_by("erased_at").values_list("erased_at", flat=True).first()
    if marks and since is not None:
        digest = vault.digester()
        for buyer in Buyer.objects.visible_to(actor).filter(first_seen_at__gte=since).iterator():
            if digest(mark_of(buyer)) in marks:
                matter = Matter(actor, None, buyer)
                found[matter.subject] = matter
    return list(found.values())


def mark_of(buyer: Buyer) -> bytes:
    """Return what the keyed digest of a buyer is made of: who he is on his channel."""
    return f"privacy|{buyer.shop_id}|{buyer.channel}|{buyer.external_id}".encode()
