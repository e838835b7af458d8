"""How much of each kind of card there is."""

from dataclasses import dataclass
from functools import cache

from django.db.models import Count, Subquery

from cardcase.cards.models import Card
from cardcase.cards.rules.life import CardState
from cardcase.staff.models import Shop
from cardcase.staff.questions import ANY_SHOP, Question
from cardcase.staff.rules import Actor

from .books import SOLD, UNUSED


@dataclass(frozen=True, slots=True)
class StockSum:
    """How many cards of one kind (brand, what else tells kinds apart, face value) there are, by where they stand."""

    brand: str
    spec: str
    face_fen: int | None
    unused: int
    reserved: int
    sold: int
    quarantined: int

    @property
    def kind(self) -> str:
        """Name the kind without its face value."""
        return " ".join(part for part in (self.brand, self.spec) if part)


def stock_summary(actor: Actor) -> list[StockSum]:
    """Return the stock by kind, the largest stock first."""
    return [row for row, _ in _counted(actor)]


def low_stock(actor: Actor) -> list[StockSum]:
    """Return the kinds that sell and of which no more are left than the shop's ``low_stock``, the emptiest first."""
    low = [row for row, least in _counted(actor) if row.unused <= least and (row.sold or row.reserved)]
    return sorted(low, key=lambda row: (row.unused, -row.sold, row.brand))


def _counted(actor: Actor) -> list[tuple[StockSum, int]]:
    """Count every kind, and say at how many the shop calls it low.

    The database only counts along its index; sorting the states into sums there takes it ten times as long.
    """
    found: dict[tuple[str, str, int | None], dict[str, int]] = {}
    least = 0
    for brand, spec, face_fen, state, number, told in _by_state().ask(actor):
        found.setdefault((brand, spec, face_fen), {})[state] = number
        least = told

    def add(counted: dict[str, int], *states: CardState) -> int:
        return sum(counted.get(state.value, 0) for state in states)

    sums = [
        StockSum(
            brand,
            spec,
            face_fen,
            unused=add(counted, *UNUSED),
            reserved=add(counted, CardState.RESERVED),
            sold=add(counted, *SOLD),
            quarantined=add(counted, CardState.QUARANTINED),
        )
        for (brand, spec, face_fen), counted in found.items()
    ]
    sums.sort(key=lambda row: (-row.unused, row.brand, row.spec, row.face_fen or 0))
    return [(row, least) for row in sums]


@cache
def _by_state() -> Question:
    least = Subquery(Shop.objects.filter(pk=ANY_SHOP).values("low_stock")[:1])
    cards = Card.objects.filter(shop_id=ANY_SHOP).order_by()
    counted = cards.values_list("brand", "spec", "face_fen", "state").annotate(n=Count("pk"))
    return Question.of(counted.annotate(least=least))
