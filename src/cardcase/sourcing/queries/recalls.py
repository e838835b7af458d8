"""Reading recalls: what was set aside, who had a card reserved, who bought one, who was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Q

from cardcase.cards.models import BalanceCheck, Card, CardBatch, Reveal, VoidAttempt
from cardcase.cards.rules import CardState, VoidResult
from cardcase.cases.models import Case
from cardcase.cases.rules.states import Outcome
from cardcase.delivery.models import Allocation
from cardcase.orders.models import Order
from cardcase.sourcing.models import ClaimCard, Recall, RecallNotice
from cardcase.sourcing.rules.recall import BadCard, Proof, proof_of
from cardcase.staff.rules import Actor

from .facts import cost_of

_RULED_FOR_BUYER: Final = (Outcome.REFUNDED.value, Outcome.PARTLY_REFUNDED.value, Outcome.LOST.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRow:
    """One order that got a card of the batch, or lost one that was kept for it.

    ``told_at`` None: nobody has told the buyer yet. ``is_exchanged``: another card is kept for the order by now.
    """

    order_id: str
    order_no: str
    buyer: str
    cards: tuple[str, ...]  # masked
    is_sold: bool
    is_exchanged: bool
    cases: tuple[str, ...]  # numbers of open ones
    told_at: datetime | None
    told_how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallView:
    """A recall as it stands. ``proof`` None: on suspicion."""

    public_id: str
    reason: str
    proof: Proof | None
    called_at: datetime
    called_by: str
    set_aside: int
    reserved: tuple[RecallRow, ...]
    sold: tuple[RecallRow, ...]

    @property
    def untold(self) -> int:
        """Count the buyers that nobody has told."""
        return sum(row.told_at is None for row in self.sold)


def recall_of(actor: Actor, batch: CardBatch) -> RecallView | None:
    """Return the recall of a batch with every order that it touches, None when it was not called back."""
    called: Recall | None = Recall.objects.visible_to(actor).filter(batch=batch).first()
    if called is None:
        return None
    rows = touched(actor, batch, called)
    return RecallView(
        public_id=called.public_id,
        reason=called.reason,
        proof=Proof(called.proof) if called.proof else None,
        called_at=called.called_at,
        called_by=called.called_by,
        set_aside=called.set_aside,
        reserved=tuple(row for row in rows if not row.is_sold),
        sold=tuple(row for row in rows if row.is_sold),
    )


def touched(actor: Actor, batch: CardBatch, called: Recall | None = None) -> list[RecallRow]:
    """Return the orders that got a card of a batch, have one reserved, or lost one to the recall, by order number."""
    cards = list(Card.objects.visible_to(actor).filter(batch=batch).defer("code_sealed", "number_sealed"))
    by_pk = {card.pk: card for card in cards}
    shown = Reveal.objects.visible_to(actor).filter(card__batch=batch, to="buyer", order__isnull=False)
    sold: set[tuple[int, int]] = set(shown.values_list("order_id", "card_id"))
    bound = {(card.order_id, card.pk) for card in cards if card.order_id is not None}
    bound |= _released(actor, by_pk, called)
    orders = Order.objects.visible_to(actor).filter(pk__in={order for order, _ in sold | bound})
    exchanged = _exchanged(actor, {order for order, _ in bound - sold}, set(by_pk))
    notices = {one.order_id: one for one in RecallNotice.objects.visible_to(actor).filter(recall=called)}
    about = Case.objects.visible_to(actor).filter(order__in=orders, is_open=True).order_by("pk")
    cases: dict[int, list[str]] = {}
    for order_id, number in about.values_list("order_id", "number"):
        cases.setdefault(order_id, []).append(number)
    found = []
    for order in orders.select_related("buyer").order_by("order_no"):
        mine = sorted({card for one, card in sold | bound if one == order.pk})
        told = notices.get(order.pk)
        found.append(
            RecallRow(
                order_id=order.public_id,
                order_no=order.order_no,
                buyer=order.buyer.nick if order.buyer else "",
                cards=tuple(f"‥{by_pk[card].tail4}" for card in mine),
                is_sold=any((order.pk, card) in sold for card in mine),
                is_exchanged=order.pk in exchanged,
                cases=tuple(cases.get(order.pk, ())),
                told_at=told.told_at if told else None,
                told_how=told.how if told else "",
            )
        )
    return found


def _released(actor: Actor, cards: Mapping[int, Card], called: Recall | None) -> set[tuple[int, int]]:
    """Return which orders lost which kept card (row ids): places that still want one, and what the recall noted."""
    places = Allocation.objects.visible_to(actor).filter(card__in=list(cards), released_at=None)
    found: set[tuple[int, int]] = set(places.values_list("order_id", "card_id"))
    told = dict.fromkeys(order for order, _ in called.released) if called else {}
    orders = dict(Order.objects.visible_to(actor).filter(public_id__in=list(told)).values_list("public_id", "pk"))
    keys = {card.public_id: pk for pk, card in cards.items()}
    noted = called.released if called else []
    return found | {(orders[order], keys[card]) for order, card in noted if order in orders and card in keys}


def _exchanged(actor: Actor, orders: set[int], cards: set[int]) -> set[int]:
    """Return which of these orders have another card by now, and no place that waits for one."""
    others = Card.objects.visible_to(actor).filter(order__in=orders).exclude(pk__in=cards)
    waiting = Allocation.objects.visible_to(actor).filter(order__in=orders, released_at=None, card__in=cards)
    return set(others.values_list("order_id", flat=True)) - set(waiting.values_list("order_id", flat=True))


def order_with_card_of(actor: Actor, batch_id: str, order_id: str) -> Order | None:
    """Return an order if it got, or has reserved, a card of the batch (public ids)."""
    rows = Order.objects.visible_to(actor).filter(public_id=order_id)
    of_batch = Q(cards__batch__public_id=batch_id) | Q(reveals__card__batch__public_id=batch_id, reveals__to="buyer")
    found: Order | None = rows.filter(of_batch).distinct().first()
    return found


def bad_card(actor: Actor, card: Card) -> BadCard:
    """Return what is known of a card that is said to be bad."""
    return _bad_cards(actor, [card])[card.pk]


def proven_bad(actor: Actor, batch: CardBatch) -> list[tuple[str, str, Proof]]:
    """Return the cards of a batch that are proven bad: public id, masked, and what proves it."""
    cards = list(
        Card.objects.visible_to(actor).filter(batch=batch).defer("code_sealed", "number_sealed").order_by("pk")
    )
    known = _bad_cards(actor, cards)
    proofs = [(card, proof_of(known[card.pk])) for card in cards]
    return [(card.public_id, f"‥{card.tail4}", proof) for card, proof in proofs if proof is not None]


def bad_cards_unclaimed(actor: Actor, batch: CardBatch) -> dict[str, int | None]:
    """Return the proven bad cards that no claim names, by public id, with what each cost."""
    bad = {public_id for public_id, _, _ in proven_bad(actor, batch)}
    named = ClaimCard.objects.visible_to(actor).filter(card__batch=batch).values("card_id")
    rows = Card.objects.visible_to(actor).filter(batch=batch, public_id__in=bad).exclude(pk__in=named)
    return {card.public_id: cost_of(card, batch) for card in rows.order_by("pk")}


def _bad_cards(actor: Actor, cards: Sequence[Card]) -> dict[int, BadCard]:
    keys = [card.pk for card in cards]
    voids = VoidAttempt.objects.visible_to(actor).filter(card__in=keys, result=VoidResult.VOIDED.value)
    asked = set(voids.filter(asked_at__lt=F("settled_at")).values_list("card_id", flat=True))  # not noted at once
    shown: dict[int, datetime] = {}
    reveals = Reveal.objects.visible_to(actor).filter(card__in=keys, to="buyer").select_related("order")
    for reveal in reveals:
        moment = reveal.revealed_at or (reveal.order.delivered_at if reveal.order else None)
        if moment is not None and (reveal.card_id not in shown or moment < shown[reveal.card_id]):
            shown[reveal.card_id] = moment
    failed: dict[int, list[datetime]] = {}
    checks = BalanceCheck.objects.visible_to(actor).filter(card__in=keys, is_usable=False)
    for card_id, moment in checks.values_list("card_id", "checked_at"):
        failed.setdefault(card_id, []).append(moment)
    ruled = set(
        Case.objects.visible_to(actor)
        .filter(card__in=keys, outcome__in=_RULED_FOR_BUYER)
        .exclude(ruling_raw="")
        .values_list("card_id", flat=True)
    )
    sold = set(reveals.values_list("card_id", flat=True))
    return {
        card.pk: BadCard(
            is_voided=card.state == CardState.VOIDED.value,
            was_void_asked=card.pk in asked,
            revealed_at=shown.get(card.pk),
            redeemed_at=card.redeemed_at,
            # sold at a moment nobody knows: no check can be shown to lie before it
            bad_checks=() if card.pk in sold and card.pk not in shown else tuple(failed.get(card.pk, ())),
            is_ruled_for_buyer=card.pk in ruled,
        )
        for card in cards
    }
