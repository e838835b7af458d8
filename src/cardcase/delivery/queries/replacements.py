"""Replacement cards that a case keeps for an order: what of them is still to be given to the buyer."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from cardcase.cards import queries as cards
from cardcase.cards.models import Card, Reveal
from cardcase.cards.queries import GivenCard
from cardcase.cards.rules import CardState
from cardcase.delivery.models import Parcel, ParcelStep
from cardcase.delivery.rules import DeliveryState, OrderFacts, resend_stopped_by_order, state_of
from cardcase.delivery.rules.parcels import StepName, Way
from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor

from .deliveries import Slot, doubts, facts_of, old_looks, order_facts
from .kept import replacements
from .parcels import ParcelsView, parcels_of_cards

_OPEN = ("authorised", "unknown", "not_shown")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replacement card, masked. ``stops``: why it may not leave now; ``warnings``: what a person may pass over.

    ``parcels``: of a physical one, its chains.
    """

    slot: Slot
    order_no: str
    buyer_nick: str
    stops: tuple[Text, ...]
    warnings: tuple[Text, ...]
    parcels: ParcelsView | None = None

    @property
    def state(self) -> DeliveryState:
        """Where its giving stands, in the words of deliveries."""
        if self.parcels is not None:
            return self.parcels.state
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
    return _views(actor, [row])[0]


def open_replacements(actor: Actor, *, order_id: int | None = None, limit: int = 100) -> list[Replacement]:
    """Return the replacement cards that wait to be given, to be signed for, or for a word whether they were seen.

    ``order_id``: of one order (row id) only. In a fixed number of questions, however many there are.
    """
    last = Reveal.objects.filter(card_id=OuterRef("pk"), order_id=OuterRef("order_id"), to="buyer", display__in=_OPEN)
    out = Parcel.objects.filter(card_id=OuterRef("pk"), order_id=OuterRef("order_id"), way=Way.OUT.value)
    later = out.filter(card_id=OuterRef("card_id"), order_id=OuterRef("order_id"), round__gt=OuterRef("round"))
    signed = ParcelStep.objects.filter(parcel_id=OuterRef("pk"), name=StepName.SIGNED.value)
    under_way = out.filter(~Exists(later), ~Exists(signed))
    waiting = replacements(actor).filter(Q(state=CardState.RESERVED.value) | Exists(last) | Exists(under_way))
    if order_id is not None:
        waiting = waiting.filter(order_id=order_id)
    return _views(actor, list(waiting.select_related("order__buyer").order_by("pk")[:limit]))


def stops_of(actor: Actor, order: Order, slot: Slot) -> list[Text]:
    """Say why a replacement may not leave: money went back, or the card itself is in doubt.

    An open complaint does not stop it: it is what the replacement is for.
    """
    return _stops(order_facts(actor, order), slot)


def slot_of(actor: Actor, row: Card) -> Slot:
    """Return a replacement as a place of its order."""
    return _slots(actor, [row])[row.pk]


def _stops(facts: OrderFacts, slot: Slot) -> list[Text]:
    stop = resend_stopped_by_order(facts)
    return [*([stop] if stop else []), *doubts([slot], at=clock.now())]


def _slots(actor: Actor, found: Sequence[Card]) -> dict[int, Slot]:
    given = cards.given_cards(actor, [row.pk for row in found])
    told = cards.displays_of(actor, {row.order_id for row in found if row.order_id is not None})
    last = {(order_id, one.card_id): one for order_id, shown in told.items() for one in shown}
    return {row.pk: Slot(1, given[row.pk], last.get((row.order_id or 0, row.public_id))) for row in found}


def _views(actor: Actor, found: Sequence[Card]) -> list[Replacement]:
    if not found:
        return []
    slots, rule, at = _slots(actor, found), cards.look_rule(actor), clock.now()
    orders = {row.order.pk: row.order for row in found if row.order is not None}
    facts = facts_of(actor, list(orders.values()))
    chains = parcels_of_cards(actor, [row for row in found if row.form == "physical"])
    views = []
    for row in found:
        assert row.order is not None, "a replacement is bound to an order"
        slot, order = slots[row.pk], row.order
        old = list(old_looks([slot], rule, at=at).values()) if row.form == "code" else []
        views.append(
            Replacement(
                slot=slot,
                order_no=order.order_no,
                buyer_nick=order.buyer.nick if order.buyer else "",
                stops=(*_stops(facts[order.pk], slot), *(old if rule.is_required else [])),
                warnings=() if rule.is_required else tuple(old),
                parcels=chains.get(row.pk),
            )
        )
    return views
