"""Whose data, and which: a buyer by whatever name a person has, an order by its number; and the rows of each matter."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from django.db.models import Q, QuerySet

from cardcase.cases.models import Case
from cardcase.inbox.models import Conversation
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.orders.models import Buyer, Order
from cardcase.privacy.datafiles import model_of, personal
from cardcase.privacy.rules import Table, is_left
from cardcase.privacy.rules.inventory import Found
from cardcase.staff.rules import Actor, Permission

_BUYER: Final = re.compile(r"buyer_([0-9]{1,18})")
_AT_ONCE: Final = 500

Values = Mapping[int, Mapping[str, Any]]
"""Personal columns that still hold something, by the key of their row."""


@dataclass(frozen=True)
class Matter:
    """One order with all that hangs on it, or what a buyer said apart from any order, with who the buyer is."""

    actor: Actor
    order: Order | None
    buyer: Buyer | None

    @property
    def subject(self) -> str:
        """The public id under which the record tells of it."""
        if self.order is not None:
            return self.order.public_id
        assert self.buyer is not None
        return ref_of(self.buyer)

    @property
    def about(self) -> str:
        """Name it for people: an order number, or nothing for the buyer itself."""
        return self.order.order_no if self.order is not None else ""

    @cached_property
    def cases(self) -> Sequence[Case]:
        """The cases of its order."""
        if self.order is None:
            return []
        return list(Case.objects.visible_to(self.actor).filter(order=self.order).order_by("pk"))

    @cached_property
    def talks(self) -> Sequence[int]:
        """Row ids of its conversations, with the other names of each."""
        rows = Conversation.objects.visible_to(self.actor)
        if self.order is not None:
            mine = Q(order=self.order) | Q(order__isnull=True, channel=self.order.channel, order_no=self.order.order_no)
        else:
            numbers = Order.objects.visible_to(self.actor).filter(buyer=self.buyer).values("order_no")
            mine = Q(order__isnull=True, buyer=self.buyer) & ~Q(order_no__in=numbers)
        found = list(rows.filter(mine).values_list("pk", flat=True))
        return [*found, *rows.filter(same_as__in=found).exclude(pk__in=found).values_list("pk", flat=True)]

    @cached_property
    def sets(self) -> Mapping[Found, Sequence[Any]]:
        """What rows of the inventory are found by."""
        order = self.order
        return {
            Found.ORDERS: [order.pk] if order is not None else [],
            Found.NUMBERS: [order.order_no] if order is not None else [],
            Found.CASES: [case.pk for case in self.cases],
            Found.TALKS: self.talks,
            Found.BUYERS: [self.buyer.pk] if order is None and self.buyer is not None else [],
            Found.SUBJECTS: [self.subject, *(case.public_id for case in self.cases)],
        }

    def rows(self, table: Table) -> "QuerySet[Any]":
        """Return the rows of one table that belong to the matter."""
        mine = Q(pk__in=[])
        for found, lookup in table.by.items():
            if self.sets[found]:
                mine |= Q(**{f"{lookup}__in": self.sets[found]})
        model = model_of(table)
        return model._base_manager.filter(mine, shop_id=self.actor.shop_id).order_by("pk")  # noqa: SLF001 - Django's documented model API

    @cached_property
    def subjects(self) -> Sequence[str]:
        """Public ids under which the record tells of the matter: of the order, its cases, and all else that has one."""
        found = dict.fromkeys(self.sets[Found.SUBJECTS])
        for table in personal():
            if "public_id" in table.inner:
                found.update(dict.fromkeys(self.rows(table).values_list("public_id", flat=True)))
        return list(found)


@dataclass(frozen=True, slots=True)
class Collected:
    """What the tables still hold of a matter: personal values by table and row, files, digests of originals."""

    values: Mapping[str, Values] = field(default_factory=dict)
    files: Sequence[str] = ()
    digests: Sequence[str] = ()

    @property
    def rows(self) -> int:
        """How many rows hold something."""
        return sum(len(rows) for rows in self.values.values())


def collect(matter: Matter) -> Collected:
    """Read every personal column of a matter that still holds something."""
    values: dict[str, Values] = {}
    files: dict[str, None] = {}
    digests: dict[str, None] = {}
    for table in personal():
        if not table.erase:
            continue
        rows: dict[int, dict[str, Any]] = {}
        for row in matter.rows(table).values("pk", *table.erase):
            pk = row.pop("pk")
            left = {name: value for name, value in row.items() if is_left(table.erase[name], value, pk)}
            if left:
                rows[pk] = left
            files.update(dict.fromkeys(str(row[name]) for name in table.files if row.get(name)))
            digests.update(dict.fromkeys(str(row[name]) for name in table.digests if row.get(name)))
        if rows:
            values[table.id] = rows
    return Collected(values, tuple(files), tuple(digests))


# ---- whose -----------------------------------------------------------------------------------------------------------


def ref_of(buyer: Buyer) -> str:
    """Return the name of a buyer that says nothing about him: his row."""
    return f"buyer_{buyer.pk}"


def find(actor: Actor, who: str) -> list[Matter]:
    """Return the matters that a name means: all of a buyer, the buyer itself last; of an order number that order alone.

    ``who``: nickname, the channel's id, ``buyer_<n>``, an order number or the public id of an order. Raises NotAllowed,
    NotFound, WrongUse for a nickname that several buyers have.
    """
    actor.require(Permission.MANAGE_SHOP)
    told = who.strip()
    order = Order.objects.visible_to(actor).select_related("buyer").filter(Q(public_id=told) | Q(order_no=told)).first()
    if order is not None:
        return [Matter(actor, order, order.buyer)]
    return matters_of(actor, buyer_by(actor, told))


def buyer_by(actor: Actor, who: str) -> Buyer:
    """Return one buyer by nickname, the channel's id or ``buyer_<n>``. Raises NotFound, WrongUse."""
    actor.require(Permission.MANAGE_SHOP)
    rows = Buyer.objects.visible_to(actor)
    named = _BUYER.fullmatch(who)
    found = list(rows.filter(pk=int(named[1])) if named else rows.filter(Q(external_id=who) | Q(nick=who))[:20])
    if not found or not who:
        raise NotFound(
            "没有这位买家",
            "There is no such buyer",
            next=Text("用昵称、平台上的编号或订单号查。", "Look by nickname, id on the platform or order number."),
        )
    if len(found) > 1:
        names = "、".join(ref_of(one) for one in found)
        raise WrongUse(
            "有几位买家叫这个名字",
            "Several buyers have this name",
            next=Text(f"用编号指明：{names}", f"Name one of {names}"),
            code="buyer_ambiguous",
        )
    buyer: Buyer = found[0]
    return buyer


def matters_of(actor: Actor, buyer: Buyer) -> list[Matter]:
    """Return all matters of a buyer, the one without an order, with who he is, last."""
    orders = Order.objects.visible_to(actor).filter(buyer=buyer).select_related("buyer").order_by("pk")
    return [*(Matter(actor, order, buyer) for order in orders), Matter(actor, None, buyer)]


def matters_of_orders(actor: Actor, order_ids: Sequence[int]) -> Iterator[Matter]:
    """Go through the matters of these orders (row ids)."""
    for start in range(0, len(order_ids), _AT_ONCE):
        rows = Order.objects.visible_to(actor).filter(pk__in=order_ids[start : start + _AT_ONCE])
        for order in rows.select_related("buyer").order_by("pk"):
            yield Matter(actor, order, order.buyer)
