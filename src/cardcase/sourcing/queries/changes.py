"""Seeing what has changed since the rules were asked last.

The stamp of a subject is a digest of the very facts that the rules are asked with and of the rules themselves. So
nothing that a rule sees can change without the subject being asked again, and there is no second list to keep right.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cardcase.cards.models import CardBatch
from cardcase.orders.models import Order
from cardcase.sourcing import datafiles
from cardcase.sourcing.models import Judged
from cardcase.sourcing.rules.legality import PurchaseFacts, SaleFacts
from cardcase.staff.rules import Actor

from .facts import purchases
from .sales import sales
from .touched import is_among

LOOKS_BACK: Final = timedelta(days=90)
"""How far back paid orders are looked at again when something changes: disputes end long before. Our own choice."""
AT_ONCE: Final = 500
"""Subjects whose facts are gathered in one go: keeps memory and the length of a question in bounds. Our own choice."""
FAILED: Final = "failed"
"""The stamp of a subject about which the rules could not be asked. It is tried again, after everything that is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """What the last round could not ask the rules about. ``has_no_rules``: the shop's own rules cannot be read."""

    has_no_rules: bool
    subjects: tuple[str, ...]  # public ids

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return self.has_no_rules or bool(self.subjects)


def stamp(actor: Actor, facts: PurchaseFacts | SaleFacts | None) -> str:
    """Return the digest of some facts and of the rules that they are asked with."""
    if isinstance(facts, PurchaseFacts):
        counted = sorted(Counter(map(repr, facts.cards)).items())
        said = f"{counted}|{_said(replace(facts, cards=()))}"
    else:
        said = _said(facts) if facts is not None else ""
    return sha256(f"{datafiles.legality_stamp(actor)}|{said}".encode()).hexdigest()


def changed_batches(actor: Actor, *, limit: int, among: Collection[int] | None = None) -> list[str]:
    """Return the batches that look other than when the rules were asked last, the newest first.

    ``among`` narrows to some rows (``touched``); what failed before is looked at in any case.
    """
    rows = CardBatch.objects.visible_to(actor).filter(is_among(among, _failed(actor)))
    keys = list(rows.order_by("-pk").values_list("pk", flat=True))

    def stamped(some: Sequence[int]) -> Iterable[tuple[str, str]]:
        rows = list(CardBatch.objects.visible_to(actor).filter(pk__in=some).order_by("-pk"))
        facts = purchases(actor, rows)
        return [(row.public_id, stamp(actor, facts[row.pk])) for row in rows]

    return _changed(actor, keys, stamped, limit)


def changed_orders(actor: Actor, *, at: datetime, limit: int, among: Collection[int] | None = None) -> list[str]:
    """Return the paid orders of the last 90 days that look other than they did; ``among`` as ``changed_batches``."""
    rows = Order.objects.visible_to(actor).filter(paid_at__gte=at - LOOKS_BACK)
    rows = rows.filter(is_among(among, _failed(actor)))
    keys = list(rows.order_by("-paid_at", "-pk").values_list("pk", flat=True))

    def stamped(some: Sequence[int]) -> Iterable[tuple[str, str]]:
        found = list(Order.objects.visible_to(actor).filter(pk__in=some).order_by("-paid_at", "-pk"))
        facts = sales(actor, found)
        return [(row.public_id, stamp(actor, facts.get(row.pk))) for row in found]

    return _changed(actor, keys, stamped, limit)


def unasked(actor: Actor) -> Unasked:
    """Return what the rules could not be asked about, for the page of flags and for ``cardcase doctor``."""
    subjects = sorted(_failed(actor))
    own = rules_subject(actor)
    return Unasked(has_no_rules=own in subjects, subjects=tuple(one for one in subjects if one != own))


def rules_subject(actor: Actor) -> str:
    """Return the name under which it is noted that the rules themselves could not be read."""
    return f"rules_{actor.shop_id}"


def _failed(actor: Actor) -> list[str]:
    return list(Judged.objects.visible_to(actor).filter(stamp=FAILED).values_list("subject", flat=True))


def _changed(
    actor: Actor, keys: Sequence[int], stamped: Callable[[Sequence[int]], Iterable[tuple[str, str]]], limit: int
) -> list[str]:
    new: list[str] = []
    failed: list[str] = []
    for start in range(0, len(keys), AT_ONCE):
        if len(new) >= limit:
            break
        found = list(stamped(keys[start : start + AT_ONCE]))
        rows = Judged.objects.visible_to(actor).filter(subject__in=[subject for subject, _ in found])
        judged = dict(rows.values_list("subject", "stamp"))
        for subject, now in found:
            was = judged.get(subject)
            if was == FAILED:
                failed.append(subject)
            elif was != now:
                new.append(subject)
    return [*new, *failed][:limit]


def _said(facts: PurchaseFacts | SaleFacts) -> str:
    """Write facts down in one way only: sets have no order of their own."""
    told = {one.name: getattr(facts, one.name) for one in fields(facts)}
    return repr({name: sorted(value) if isinstance(value, frozenset) else value for name, value in told.items()})
