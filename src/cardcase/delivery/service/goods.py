"""What parcels are about, in hand: the cards of a delivery, or one that a case keeps for the buyer in exchange.

Who may be sent what is decided here; the steps themselves are written by ``parcels``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cards.models import Card
from cardcase.cards.rules import CardState
from cardcase.delivery import queries, rules
from cardcase.delivery.models import Delivery, Parcel, ParcelSerial, ParcelStep
from cardcase.delivery.queries.deliveries import doubts, slots_of
from cardcase.delivery.queries.kept import replacements
from cardcase.delivery.queries.parcels import begins_with, goods_of
from cardcase.delivery.queries.replacements import slot_of, stops_of
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.parcels import Match, StepName
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.orders.service.rows import one_at_a_time
from cardcase.staff.rules import Actor

from . import rows
from .revealing import require_free

if TYPE_CHECKING:
    from django.db.models import QuerySet

_ANEW: Final = Text("走售后单另作决定。", "Decide anew in the case.")


@dataclass(frozen=True, slots=True)
class Goods:
    """A delivery of physical cards, or a physical replacement, with the order that it goes to."""

    actor: Actor
    order: Order
    delivery: Delivery | None
    card: Card | None

    @property
    def public_id(self) -> str:
        """The public id of the delivery or the replacement."""
        found = self.delivery or self.card
        assert found is not None, "goods are one of both"
        return found.public_id

    @property
    def refs(self) -> dict[str, str]:
        """What an entry about a parcel of these goods refers to."""
        return {"order": self.order.public_id, "delivery" if self.delivery else "card": self.public_id}

    @property
    def key(self) -> dict[str, Delivery | Card | Order | None]:
        """The columns of their parcels."""
        return {"order": self.order, "delivery": self.delivery, "card": self.card}

    def parcels(self) -> "QuerySet[Parcel]":
        """Return their parcels, oldest first."""
        mine: QuerySet[Parcel] = Parcel.objects.visible_to(self.actor).filter(**self.key).order_by("pk")
        return mine

    def steps(self) -> list[ParcelStep]:
        """Return all steps as they were noted, the replaced ones too."""
        mine = ParcelStep.objects.visible_to(self.actor).filter(parcel__in=self.parcels())
        return list(mine.select_related("parcel__card").order_by("pk"))

    def cards(self) -> list[Card]:
        """Return the cards that are to be sent now, locked, in the order of their places."""
        if self.delivery is None:
            assert self.card is not None, "goods are one of both"
            return cards.hold(self.actor, [self.card.pk])
        places = rows.live(self.actor, self.delivery)
        held = {card.pk: card for card in cards.hold(self.actor, [place.card_id for place in places])}
        return [held[place.card_id] for place in places]

    def require_kept(self) -> None:
        """Raise Refused (not_allocated) unless cards are kept and wait to be sent for the first time."""
        if self.delivery is not None:
            is_kept = self.delivery.state == DeliveryState.ALLOCATED.value
        else:
            is_kept = self.card is not None and self.card.state == CardState.RESERVED.value
        if not is_kept:
            raise Refused(
                "现在没有分配给这笔订单、等着寄出的卡",
                "No card is allocated to this order and waits to be sent",
                next=Text("先分配。", "Allocate first."),
                code="not_allocated",
            )

    def require_free(self, held: Sequence[Card], *, is_again: bool, at: datetime) -> None:
        """Refuse to ship what must not leave.

        For the first time the same holds as for codes. A further parcel, and a replacement, is the answer to a
        complaint: an open one does not stop it, money that went back and a card in doubt do.
        """
        if self.delivery is not None and not is_again:
            require_free(self.actor, self.delivery, self.order, is_person=True, at=at, what=rules.PARCEL)
            return
        if self.delivery is not None:
            self.require_money()
            found, code = doubts(slots_of(self.actor, self.delivery), at=at), "card_in_doubt"
        else:
            found = [text for card in held for text in stops_of(self.actor, self.order, slot_of(self.actor, card))]
            code = "replacement_stopped"
        if found:
            raise rules.refused(found, code, _ANEW, what=rules.PARCEL)

    def require_money(self) -> None:
        """Refuse to send anything more (stopped_by_order) once the money went back."""
        stop = rules.resend_stopped_by_order(queries.order_facts(self.actor, self.order))
        if stop is not None:
            raise rules.refused([stop], "stopped_by_order", _ANEW, what=rules.PARCEL)

    def note_shipped(self, held: Sequence[Card], *, parcel: str, moment: datetime, at: datetime) -> None:
        """Move cards that leave the house for the first time, and the delivery."""
        leaving = [card for card in held if card.state != CardState.REVEALED.value]
        cards.ship_cards(self.actor, leaving, self.order, parcel=parcel, at=at)
        if self.delivery is not None:
            self.delivery.state, self.delivery.authorised_at = DeliveryState.SHIPPED.value, moment
            self.delivery.save(update_fields=["state", "authorised_at"])

    def note_signed(
        self, held: Sequence[Card], *, moment: datetime, was: datetime | None, is_last: bool, at: datetime
    ) -> None:
        """Note that cards are in the buyer's hands; ``was``: the moment that this one corrects.

        A card that was signed for before and came back keeps the first moment: from then on the buyer could read it.
        """
        told = {one.card_id: one.authorised_at for one in card_queries.displays(self.actor, self.order.pk)}
        arriving = [card for card in held if card.public_id not in told or (was and told[card.public_id] == was)]
        cards.note_arrived(self.actor, arriving, self.order, signed_at=moment, at=at)
        if self.delivery is not None and is_last:
            self.delivery.state, self.delivery.displayed_at = DeliveryState.SIGNED.value, moment
            self.delivery.save(update_fields=["state", "displayed_at"])


def seen_goods(actor: Actor, goods: str) -> Goods:
    """Return goods by public id without locking them, to look before work is done. Raises as ``held_goods``."""
    found = goods_of(actor, goods)
    assert found.order is not None, "a replacement is bound to an order"
    if isinstance(found, Delivery):
        return Goods(actor, found.order, found, None)
    return Goods(actor, found.order, None, found)


def held_goods(actor: Actor, goods: str) -> Goods:
    """Return goods by public id, locked with their order. Raises NotFound, Refused (not_a_parcel)."""
    found = goods_of(actor, goods)
    if isinstance(found, Delivery):
        delivery, order = rows.held_with_mirror(actor, goods)
        return Goods(actor, order, delivery, None)
    one_at_a_time(actor)
    card, order = held_replacement(actor, goods)
    return Goods(actor, order, None, card)


def held_replacement(actor: Actor, card_id: str) -> tuple[Card, Order]:
    """Return a replacement and its order, both locked. Raises NotFound."""
    told = replacements(actor).filter(public_id=card_id).values_list("pk", "order_id").first()
    if told is None:
        raise NotFound("没有这张换给买家的卡", "There is no such replacement card")
    order = rows.held_order(actor, told[1])
    [card] = cards.hold(actor, [told[0]])
    if card.order_id != order.pk:
        raise NotFound("没有这张换给买家的卡", "There is no such replacement card")
    return card, order


@dataclass(frozen=True, slots=True)
class Chains:
    """The chains of some goods while a step is noted: parcels and steps by round."""

    boxes: dict[int, list[Parcel]]
    steps: dict[int, list[ParcelStep]]

    @property
    def last(self) -> int:
        """The round in which it goes on."""
        return max(self.boxes)

    @property
    def sent(self) -> int:
        """The round of the last parcel that goes out."""
        return max(number for number in self.boxes if self.begins_with(number) is StepName.PACKED)

    def begins_with(self, number: int) -> StepName:
        """What a chain begins with."""
        return begins_with(self.boxes[number])

    def packed(self, actor: Actor, number: int) -> list[ParcelSerial]:
        """Return what was read while packing the parcel that went out in a round, or last before it."""
        for one in range(number, 0, -1):
            found = next((row for row in reversed(self.steps.get(one, [])) if row.name == StepName.PACKED.value), None)
            if found is not None:
                return list(ParcelSerial.objects.visible_to(actor).filter(step=found).order_by("pk"))
        raise AssertionError("nothing is noted of a parcel before it is packed")

    def awaited(self, actor: Actor, number: int) -> list[ParcelSerial]:
        """Return what was packed and has not come back yet by an earlier return."""
        since = max(one for one in self.boxes if one <= number and self.begins_with(one) is StepName.PACKED)
        noted = [row for one in range(since, number) for row in self.steps.get(one, [])]
        earlier = {row.pk for row in noted} - {row.replaces_id for row in noted}
        back = ParcelSerial.objects.visible_to(actor).filter(
            step__in=earlier, step__name=StepName.INSPECTED.value, match=Match.SAME.value
        )
        here = set(back.values_list("read_index", flat=True))
        return [one for one in self.packed(actor, number) if one.read_index not in here]


def chains_of(goods: Goods) -> Chains:
    """Return the chains of goods that are held; there is a first one even before anything is packed."""
    boxes: dict[int, list[Parcel]] = {1: []}
    steps: dict[int, list[ParcelStep]] = {}
    for parcel in goods.parcels():
        boxes.setdefault(parcel.round, []).append(parcel)
    for row in goods.steps():
        steps.setdefault(row.parcel.round, []).append(row)
    return Chains(boxes, steps)
