"""What Today watches of the stock: batches that failed and are still being sold."""

from dataclasses import dataclass
from functools import cache

from django.db.models import Exists, Func, IntegerField, OuterRef, Q, QuerySet, Subquery

from cardcase.cards.models import BalanceCheck, Card, CardBatch
from cardcase.cards.rules.life import CardState
from cardcase.staff.questions import ANY_SHOP, Question
from cardcase.staff.rules import Actor

from .books import UNUSED


@dataclass(frozen=True, slots=True)
class FailingBatch:
    """A batch of which cards failed while others of it are unsold and nobody holds them back."""

    name: str
    failed: int
    unused: int


def failing_batches(actor: Actor, *, among: int = 20) -> list[FailingBatch]:
    """Return the failing ones among the newest batches, newest first, in one query."""
    return [
        FailingBatch(name, failed, unused)
        for name, is_quarantined, failed, unused in _newest(among).ask(actor)
        if failed and unused and not is_quarantined
    ]


@cache
def _newest(among: int) -> Question:
    """Count the cards batch by batch: joined and grouped, those of every batch would be counted to show twenty."""
    cards = Card.objects.filter(batch_id=OuterRef("pk"))
    was_unusable = Exists(BalanceCheck.objects.filter(card_id=OuterRef("pk"), is_usable=False))
    batches = CardBatch.objects.filter(shop_id=ANY_SHOP).order_by("-pk")
    rows = batches.values_list(
        "name",
        "is_quarantined",
        _count(cards.filter(Q(state=CardState.VOIDED.value) | was_unusable)),
        _count(cards.filter(state__in=[state.value for state in UNUSED])),
    )
    return Question.of(rows[:among])


def _count(cards: "QuerySet[Card]") -> Subquery:
    number = Func(template="COUNT(*)", output_field=IntegerField())
    return Subquery(cards.order_by().annotate(n=number).values("n"))
