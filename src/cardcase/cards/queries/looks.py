"""Who looked at how many codes."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from cardcase.cards.models import Reveal
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Looks:
    """How many codes one person took out since some moment, ``to`` staff or buyer, and what the shop allows a day."""

    who: str
    to: str
    seen: int
    cap: int


def looks_since(actor: Actor, since: datetime, *, to: str) -> int:
    """Count the codes that this actor has taken out since a moment: looked at (staff) or sent out (buyer)."""
    mine = Reveal.objects.visible_to(actor).filter(by=actor.label[:80], revealed_at__gte=since, to=to, source_file="")
    return mine.count()


def busy_lookers(actor: Actor, since: datetime, *, share: float) -> list[Looks]:
    """Return who has used at least this share of a day's limit since a moment, the most first."""
    caps = dict(
        zip(("staff", "buyer"), Shop.objects.values_list("reveal_cap", "give_cap").get(pk=actor.shop_id), strict=True)
    )
    rows = Reveal.objects.visible_to(actor).filter(revealed_at__gte=since, source_file="").exclude(how="claim")
    counted = rows.order_by().values_list("by", "to").annotate(n=Count("pk"))
    busy = [Looks(who, to, seen, caps[to]) for who, to, seen in counted if seen >= max(1, share * caps[to])]
    return sorted(busy, key=lambda one: -one.seen)
