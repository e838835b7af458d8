"""Replacement cards that a case keeps for an order: what of them is still to be given to the buyer."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from cardcase.cards import queries as cards
from cardcase.cards.models import Card, Reveal
from cardcase.cards.queries import GivenCard
from cardcase.cards.rules import CardState
from cardcase.delivery.models import Allocation
from cardcase.delivery.rules import DeliveryState, resend_stopped_by_order, state_of
from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor

from .deliveries import Slot, doubts, old_looks, order_facts

HOW: Final = "replacement"
"""How a replacement is given, in its reveal."""

_OPEN = ("authorised", "unknown", "not_shown")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replacement card, masked. ``stops``: why its code may not leave now; ``unlooked``: nobody looked lately."""

    slot: Slot
    order_no: str
    buyer_nick: str
    stops: tuple[Text, ...]
    warnings: tuple[Text, ...]

    @property
    def state(self) -> DeliveryState:
        """Where its giving stands, in the words of deliveries."""
        return state_of({self.slot.display.state} if self.slot.display else set())

    @property
    def card(self) -> GivenCard:
        """The card, masked."""
        return self.slot.card


def replacement(actor: Actor, card_id: str) -> Replacement:
    """Return one replacement by its card's public id. Raises NotFound for any other card, also another shop's."""
    row = replacements(actor).filter(public_id=card_id).select_related("order__buyer").first()
    if row is None:
        raise NotFound("没有这张换给买家的卡", "There is no such replacement card")
    return _view(actor, row)


def open_replacements(actor: Actor, *, order_id: int | None = None, limit: int = 100) -> list[Replacement]:
    """Return the replacement cards that wait to be given, or of which nobody knows whether the buyer saw them.

    ``order_id``: of one order (row id) only.
    """
    last = Reveal.objects.filter(card_id=OuterRef("pk"), order_id=OuterRef("order_id"), to="buyer", display__in=_OPEN)
    waiting = replacements(actor).filter(Q(state=CardState.RESERVED.value) | Exists(last))
    if order_id is not None:
        waiting = waiting.filter(order_id=order_id)
    return [_view(actor, row) for row in waiting.select_related("order__buyer").order_by("pk")[:limit]]


def replacements(actor: Actor) -> "QuerySet[Card]":
    """Return the cards that are kept for an order outside of its delivery, and those that were given that way."""
    placed = Allocation.objects.filter(card_id=OuterRef("pk"), released_at=None)
    given = Reveal.objects.filter(card_id=OuterRef("pk"), order_id=OuterRef("order_id"), to="buyer", how=HOW)
    bound = Card.objects.visible_to(actor).filter(~Exists(placed), order__isnull=False, form="code")
    found: QuerySet[Card] = bound.filter(Q(state=CardState.RESERVED.value) | Exists(given))
    return found


def stops_of(actor: Actor, order: Order, slot: Slot) -> list[Text]:
    """Say why the code of a replacement may not leave: money went back, or the card itself is in doubt.

    An open complaint does not stop it: it is what the replacement is for.
    """
    stop = resend_stopped_by_order(order_facts(actor, order))
    return [*([stop] if stop else []), *doubts([slot], at=clock.now())]


def slot_of(actor: Actor, row: Card) -> Slot:
    """Return a replacement as a place of its order."""
    assert row.order_id is not None, "a replacement is bound to an order"
    shown = {display.card_id: display for display in cards.displays(actor, row.order_id)}
    return Slot(1, cards.given_cards(actor, [row.pk])[row.pk], shown.get(row.public_id))


def _view(actor: Actor, row: Card) -> Replacement:
    assert row.order is not None, "a replacement is bound to an order"
    slot, rule = slot_of(actor, row), cards.look_rule(actor)
    stops = stops_of(actor, row.order, slot)
    old = list(old_looks([slot], rule, at=clock.now()).values())
    return Replacement(
        slot=slot,
        order_no=row.order.order_no,
        buyer_nick=row.order.buyer.nick if row.order.buyer else "",
        stops=(*stops, *(old if rule.is_required else [])),
        warnings=() if rule.is_required else tuple(old),
    )
