"""What the record says has been touched since the rules were asked last, so that a round reads only that.

Every verb that changes a fact writes its entry in the same transaction, and entries are numbered one after the other
as they commit: what stands behind the last number seen is all there is. The round that looks at everything still comes
once a day, at once after a change of the rules, and whenever too much was touched to be worth telling apart.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any, Final

from django.db.models import Q, QuerySet

import cardcase
from cardcase.cards.models import Card, CardBatch, Reveal, Supplier
from cardcase.cases.models import Case
from cardcase.custody import queries as custody
from cardcase.orders.models import Order, Refund
from cardcase.sourcing import datafiles
from cardcase.sourcing.models import Judged, SourceDocument
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

FULL_EVERY: Final = timedelta(days=1)
"""How often everything is looked at all the same: a net under the record. Our own choice."""
MOST: Final = 5_000
"""Touched things told apart in one round; with more of them everything is looked at. Our own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Row ids of the batches and orders whose facts may be others than before."""

    batches: frozenset[int] = frozenset()
    orders: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far a round looks: ``touched`` is None when it looks at everything; ``stamp`` is what it leaves behind."""

    touched: Touched | None
    stamp: str
    full_at: datetime


def next_round(actor: Actor, *, at: datetime) -> Round:
    """Return what the round that begins now has to look at. Raises BrokenCatalogue."""
    newest = custody.newest(actor)
    stamp = f"{newest}:{_grounds(actor)}"
    last = Judged.objects.visible_to(actor).filter(subject=round_subject(actor)).first()
    if last is None or last.at <= at - FULL_EVERY or last.stamp.partition(":")[2] != _grounds(actor):
        return Round(touched=None, stamp=stamp, full_at=at)
    try:
        touched = _touched(actor, after=int(last.stamp.partition(":")[0]), upto=newest)
    except _TooMuchError:
        touched = None
    return Round(touched=touched, stamp=stamp, full_at=last.at if touched is not None else at)


def round_subject(actor: Actor) -> str:
    """Return the name under which it is noted how far the last round that found an end had looked."""
    return f"round_{actor.shop_id}"


def _grounds(actor: Actor) -> str:
    """Return a digest of what lies under every judgement: the rules, what the shop is, our own version."""
    told = f"{datafiles.legality_stamp(actor)}|{staff.shop_of(actor).is_pro}|{cardcase.__version__}"
    return sha256(told.encode()).hexdigest()[:32]


class _TooMuchError(Exception):
    """More was touched than is worth telling apart."""


def _touched(actor: Actor, *, after: int, upto: int) -> Touched:
    named = _named(actor, after=after, upto=upto)
    batches = _pks(CardBatch, actor, named["batch"])
    cards = _pks(Card, actor, named["card"])
    papers = SourceDocument.objects.visible_to(actor).filter(public_id__in=named["paper"])
    givers = _pks(Supplier, actor, named["sup"])
    for batch, giver in papers.values_list("batch_id", "supplier_id"):
        batches |= {batch} - {None}
        givers |= {giver} - {None}
    orders = _orders(actor, named, cards, batches)
    batches |= _some(Card.objects.visible_to(actor).filter(pk__in=cards), "batch_id")
    batches = _with_kin(actor, CardBatch.objects.visible_to(actor), "supplier_id", batches, givers)
    return Touched(batches=frozenset(batches), orders=frozenset(orders))


def _named(actor: Actor, *, after: int, upto: int) -> dict[str, set[str]]:
    """Return the public ids that the new entries name, by kind. What is written of flags touches no fact."""
    told = custody.named_between(actor, after=after, upto=upto, but="flag", most=MOST + 1)
    if len(told) > MOST:
        raise _TooMuchError
    found: dict[str, set[str]] = defaultdict(set)
    for name in chain.from_iterable(told):
        found[name.partition("_")[0]].add(name)
    return found


def _orders(actor: Actor, named: dict[str, set[str]], cards: set[int], batches: set[int]) -> set[int]:
    """Return the orders that see any of this: their own, those of a card, of its cases, of its batch, of the buyer."""
    orders = _pks(Order, actor, named["order"])
    orders |= _some(Refund.objects.visible_to(actor).filter(public_id__in=named["refund"]), "order_id")
    cases = Case.objects.visible_to(actor).filter(public_id__in=named["case"])
    orders |= _some(cases, "order_id")
    to_buyer = Reveal.objects.visible_to(actor).filter(to="buyer")
    about = cards | _some(cases, "card_id") | _some(to_buyer.filter(card__batch__in=batches), "card_id")
    about |= _some(Card.objects.visible_to(actor).filter(batch__in=batches, order__isnull=False), "pk")
    about |= _some(Card.objects.visible_to(actor).filter(order__in=orders), "pk")
    about |= _some(to_buyer.filter(order__in=orders), "card_id")
    orders |= _some(Card.objects.visible_to(actor).filter(pk__in=about), "order_id")
    orders |= _some(to_buyer.filter(card__in=about), "order_id")
    return _with_kin(actor, Order.objects.visible_to(actor), "buyer_id", orders, set())


def _with_kin(
    actor: Actor, rows: QuerySet[Order] | QuerySet[CardBatch], field: str, keys: Collection[int], of: set[int]
) -> set[int]:
    """Return rows with all others of the same buyer or supplier: of the present one, and of the one judged last."""
    mine = list(rows.filter(pk__in=keys).values_list("public_id", field))
    before = Judged.objects.visible_to(actor).filter(subject__in=[public_id for public_id, _ in mine])
    kin = of | {one for _, one in mine if one is not None} | _some(before, "kin")
    return set(keys) | _some(rows.filter(**{f"{field}__in": kin}), "pk")


def _pks(table: type[Order] | type[Card] | type[CardBatch] | type[Supplier], actor: Actor, names: set[str]) -> set[int]:
    return _some(table.objects.visible_to(actor).filter(public_id__in=names), "pk")


def _some(rows: QuerySet[Any], field: str) -> set[int]:
    """Return one column, each value once. Raises _TooMuchError beyond ``MOST``: lists in questions stay short."""
    values = rows.exclude(**{field: None}).order_by().values_list(field, flat=True).distinct()
    found = set(values[: MOST + 1])
    if len(found) > MOST:
        raise _TooMuchError
    return found


def kin_of(actor: Actor, subjects: Collection[str]) -> dict[str, int | None]:
    """Return the buyer of orders and the supplier of batches, by public id."""
    lots = CardBatch.objects.visible_to(actor).filter(public_id__in=[one for one in subjects if one[:6] == "batch_"])
    orders = Order.objects.visible_to(actor).filter(public_id__in=[one for one in subjects if one[:6] == "order_"])
    return dict(lots.values_list("public_id", "supplier_id")) | dict(orders.values_list("public_id", "buyer_id"))


def is_among(among: Collection[int] | None, failed: Collection[str]) -> Q:
    """Return the condition for what a round looks at: everything, or what was touched and what failed before."""
    return Q() if among is None else Q(pk__in=among) | Q(public_id__in=failed)
