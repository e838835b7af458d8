"""A seeded fault: giving cards the way it is often written. The checker of the races has to catch it."""

import time

from cardcase.cards.models import Card
from cardcase.cards.rules import CardState
from cardcase.kit.errors import Refused


def give(actor, order) -> int:
    """Look for a card, then take it: between the two somebody else may have done the same. Returns its row id."""
    card = Card.objects.visible_to(actor).filter(state=CardState.IN_STOCK.value, order=None).order_by("pk").first()
    if card is None:
        raise Refused("没有了", "none left", code="out_of_stock")
    time.sleep(0.02)  # what such code does in between: a template, a call to the marketplace
    Card.objects.visible_to(actor).filter(pk=card.pk).update(state=CardState.RESERVED.value, order=order)
    return card.pk
