"""Open flags that say the same thing about the same supplier, put together so that a person decides about them once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cardcase.cards.models import Card, CardBatch, Reveal, Supplier
from cardcase.cases.models import Case
from cardcase.orders.models import Order
from cardcase.sourcing.models import Purchase, RiskFlag
from cardcase.sourcing.rules.flags import FlagState, mark
from cardcase.staff.rules import Actor

from .facts import totals
from .flags import RuleSaid, rules_said

NO_SUPPLIER: Final = "none"
"""The supplier of a group whose subjects have none: a shop's own flag, an order without a card, a batch untold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """One open flag of a group. ``fen``: what was paid for the batch or the order, None when the books do not say."""

    public_id: str
    mark: str  # of what a person sees of it; a decision names it, so that nothing unseen is decided
    subject_kind: str
    subject: str
    subject_name: str
    case: str  # number of the newest case about an order, empty without one
    fen: int | None
    facts: Mapping[str, Any]
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagGroup:
    """Open flags of one rule and one supplier. ``fen`` adds up what is known; ``unpriced`` counts the rest."""

    rule: str
    said: RuleSaid
    supplier: str  # public id, or NO_SUPPLIER
    supplier_name: str
    lots: tuple[str, ...]  # names of the batches behind it
    fen: int
    unpriced: int
    newest_at: datetime
    members: tuple[GroupMember, ...]  # the newest first


@dataclass(slots=True)
class _Subject:
    """What a flag is about: how people call it, who supplied it, what it cost."""

    name: str = ""
    supplier: int | None = None
    lot: str = ""
    fen: int | None = None
    case: str = ""


def flag_groups(actor: Actor, *, rule: str = "", supplier: str = "") -> tuple[FlagGroup, ...]:
    """Return the open flags by rule and supplier, the group with the newest flag first; both narrow.

    The supplier of an order is that of the first card which it got. Two flags of one group differ in their subject.
    """
    rows = RiskFlag.objects.visible_to(actor).filter(state=FlagState.OPEN.value)
    if rule:
        rows = rows.filter(rule=rule)
    flags = list(rows.order_by("-changed_at", "-pk"))
    subjects = _batches(actor, flags) | _orders(actor, flags)
    givers = Supplier.objects.visible_to(actor).in_bulk({one.supplier for one in subjects.values()} - {None})
    gathered: dict[tuple[str, str], list[RiskFlag]] = defaultdict(list)
    for flag in flags:
        giver = givers.get(subjects.get(flag.subject, _Subject()).supplier)
        gathered[flag.rule, giver.public_id if giver else NO_SUPPLIER].append(flag)
    said = rules_said(actor)
    names = {giver.public_id: giver.name for giver in givers.values()}
    return tuple(
        _group(said(of), names.get(giver, ""), giver, members, subjects)
        for (of, giver), members in gathered.items()
        if supplier in ("", giver)
    )


def _group(
    said: RuleSaid, name: str, supplier: str, flags: Sequence[RiskFlag], subjects: Mapping[str, _Subject]
) -> FlagGroup:
    about = [subjects.get(flag.subject, _Subject()) for flag in flags]
    sums = [one.fen for one in about if one.fen is not None]
    return FlagGroup(
        rule=flags[0].rule,
        said=said,
        supplier=supplier,
        supplier_name=name,
        lots=tuple(dict.fromkeys(one.lot for one in about if one.lot)),
        fen=sum(sums),
        unpriced=len([flag for flag in flags if flag.subject_kind != "shop"]) - len(sums),
        newest_at=flags[0].changed_at,
        members=tuple(
            GroupMember(
                public_id=flag.public_id,
                mark=mark(flag.facts_sha256, flag.version),
                subject_kind=flag.subject_kind,
                subject=flag.subject,
                subject_name=one.name,
                case=one.case,
                fen=one.fen,
                facts=flag.facts,
                changed_at=flag.changed_at,
            )
            for flag, one in zip(flags, about, strict=True)
        ),
    )


def _batches(actor: Actor, flags: Sequence[RiskFlag]) -> dict[str, _Subject]:
    wanted = [flag.subject for flag in flags if flag.subject_kind == "batch"]
    lots = list(CardBatch.objects.visible_to(actor).filter(public_id__in=wanted))
    told = {one.batch_id: one for one in Purchase.objects.visible_to(actor).filter(batch__in=[lot.pk for lot in lots])}
    paid = totals(actor, lots, told)
    return {
        lot.public_id: _Subject(name=lot.name, supplier=lot.supplier_id, lot=lot.name, fen=paid[lot.pk]) for lot in lots
    }


def _orders(actor: Actor, flags: Sequence[RiskFlag]) -> dict[str, _Subject]:
    wanted = [flag.subject for flag in flags if flag.subject_kind == "order"]
    rows = Order.objects.visible_to(actor).filter(public_id__in=wanted)
    columns = ("pk", "public_id", "order_no", "paid_fen", "total_fen")
    found = {
        pk: (public_id, _Subject(name=f"…{no[-6:]}", fen=paid if paid is not None else total))
        for pk, public_id, no, paid, total in rows.values_list(*columns)
    }
    # What was shown to the buyer is read first: a card that is bound to the order now says it better.
    shown = Reveal.objects.visible_to(actor).filter(order__in=list(found), to="buyer").order_by("-pk")
    bound = Card.objects.visible_to(actor).filter(order__in=list(found)).order_by("-pk")
    for order, giver, lot in (
        *shown.values_list("order_id", "card__batch__supplier_id", "card__batch__name"),
        *bound.values_list("order_id", "batch__supplier_id", "batch__name"),
    ):
        found[order][1].supplier, found[order][1].lot = giver, lot or ""
    cases = Case.objects.visible_to(actor).filter(order__in=list(found)).order_by("pk")
    for order, number in cases.values_list("order_id", "number"):
        found[order][1].case = number
    return dict(found.values())
