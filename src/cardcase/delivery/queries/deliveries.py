"""Where deliveries stand. Nothing here opens a code: cards come masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, QuerySet, Value, When

from cardcase.cards import queries as cards
from cardcase.cards.queries import Display, GivenCard
from cardcase.cards.rules import DAMNING, WHY_NOT_FRESH, CardKind, LookRule, freshness
from cardcase.connectors.ports import OrderState, RefundState
from cardcase.delivery.models import Allocation, Block, ClaimLink, Delivery
from cardcase.delivery.rules import (
    DONE,
    LISTED,
    OPEN,
    SHOWABLE,
    CardDoubt,
    DeliveryState,
    OrderFacts,
    block_text,
    doubt,
    resend_stopped_by_order,
    stopped_by_order,
)
from cardcase.kit import clock
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.orders import queries as orders
from cardcase.orders.models import Order
from cardcase.orders.rules import merge
from cardcase.orders.rules.standing import refund_words
from cardcase.policies import queries as policies
from cardcase.staff.rules import Actor

from .terms import TermsState, terms_of


@dataclass(frozen=True, slots=True)
class BlockView:
    """One thing that stops the codes of an order. ``ref`` names it, such as a case's public id."""

    ref: str
    why: str
    since: datetime
    by: str

    @property
    def text(self) -> Text:
        """What it is, as a sentence."""
        return block_text(self.ref, self.why)


@dataclass(frozen=True, slots=True)
class LinkView:
    """The claim link of a delivery that was issued last and not revoked; it may have expired."""

    issued_at: datetime
    issued_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of an order, its card and the last display of it, None while nobody could read the code."""

    position: int
    card: GivenCard
    display: Display | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery as a list shows it."""

    public_id: str
    order_no: str
    buyer_nick: str
    kind: CardKind
    quantity: int
    state: DeliveryState
    allocated_at: datetime
    authorised_at: datetime | None
    displayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery with all that decides whether its codes may leave.

    ``stops``: why they may not be shown for the first time now; ``resend_stops``: why not once more; ``warnings``:
    what a person should know and may pass over. All empty: nothing speaks against it. ``unlooked``: the cards, by
    public id, whose worth nobody looked at lately.
    """

    row: DeliveryRow
    order_id: int
    order_public_id: str
    slots: tuple[Slot, ...]
    terms: TermsState
    blocks: tuple[BlockView, ...]
    stops: tuple[Text, ...]
    resend_stops: tuple[Text, ...]
    warnings: tuple[Text, ...]
    unlooked: tuple[str, ...]
    link: LinkView | None = None
    asks_terms: bool = True  # a parcel of a shop without a policy goes without

    @property
    def public_id(self) -> str:
        """The id that links and programs use."""
        return self.row.public_id

    @property
    def state(self) -> DeliveryState:
        """Where it stands."""
        return self.row.state


def delivery(actor: Actor, delivery_id: str) -> DeliveryView:
    """Return one delivery by its public id. Raises NotFound, also for another shop's."""
    found: Delivery | None = _rows(actor).filter(public_id=delivery_id).first()
    if found is None:
        raise NotFound("没有这次发货", "There is no such delivery")
    return _view(actor, found)


def delivery_of_order(actor: Actor, order_id: int) -> DeliveryView | None:
    """Return the delivery of an order (row id), None when no card was ever allocated to it."""
    found: Delivery | None = _rows(actor).filter(order_id=order_id).first()
    return None if found is None else _view(actor, found)


def order_by_no(actor: Actor, order_no: str) -> Order:
    """Return the order of this number. Raises WrongUse when there is none."""
    mine = Order.objects.visible_to(actor).filter(order_no=order_no.strip()).select_related("listing", "buyer")
    found: Order | None = mine.order_by("-pk").first()
    if found is None:
        raise WrongUse(
            "没有这个订单号",
            "There is no order of this number",
            next=Text("核对订单号，或先导入订单。", "Check the number, or import the order first."),
            code="order_unknown",
        )
    return found


def open_deliveries(actor: Actor, *, limit: int = 100) -> list[DeliveryRow]:
    """Return the deliveries with which somebody still has to do something, the most urgent state first."""
    urgency = Case(
        *(When(state=state.value, then=Value(place)) for place, state in enumerate(LISTED)),
        output_field=IntegerField(),
    )
    rows = _rows(actor).filter(state__in=[state.value for state in LISTED]).annotate(urgency=urgency)
    return [_row(row) for row in rows.order_by("urgency", "pk")[:limit]]


def recent_deliveries(actor: Actor, *, limit: int = 20) -> list[DeliveryRow]:
    """Return the deliveries that are done, newest first."""
    rows = _rows(actor).filter(state__in=[state.value for state in DONE])
    return [_row(row) for row in rows.order_by("-displayed_at", "-pk")[:limit]]


def unallocated_orders(actor: Actor, *, limit: int = 100) -> list[Order]:
    """Return the paid orders that wait for delivery, have no card yet and no complaint, the longest paid first."""
    return list(_unallocated(actor).select_related("listing", "buyer").order_by("paid_at", "pk")[:limit])


def count_unknown(actor: Actor) -> int:
    """Count the deliveries of which nobody knows whether the buyer saw the code."""
    return Delivery.objects.visible_to(actor).filter(state=DeliveryState.UNKNOWN.value).count()


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many paid orders wait for their cards, those that have one kept included, and how many displays are open."""

    to_give: int
    unknown: int


def waiting(actor: Actor) -> Waiting:
    """Count what somebody has to do with deliveries."""
    open_ones = Delivery.objects.visible_to(actor).filter(state__in=[state.value for state in OPEN])
    kept = open_ones.order_by().values_list("state").annotate(n=Count("pk"))
    none_yet = _unallocated(actor).order_by().annotate(none=Value("")).values_list("none").annotate(n=Count("pk"))
    counts = dict(kept.union(none_yet, all=True))  # one statement: Today asks for it each time
    return Waiting(
        to_give=sum(counts.get(word, 0) for word in ("", *(state.value for state in SHOWABLE))),
        unknown=counts.get(DeliveryState.UNKNOWN.value, 0),
    )


def blocks_of(actor: Actor, order_id: int) -> tuple[BlockView, ...]:
    """Return what stops the codes of an order (row id) now, oldest first."""
    rows = Block.objects.visible_to(actor).filter(order_id=order_id, lifted_at=None).order_by("pk")
    return tuple(BlockView(row.ref, row.why, row.since, row.by) for row in rows)


def link_of(actor: Actor, delivery_pk: int) -> LinkView | None:
    """Return the claim link of a delivery (row id) that was not revoked, or None."""
    row = ClaimLink.objects.visible_to(actor).filter(delivery_id=delivery_pk, revoked_at=None).first()
    return LinkView(row.issued_at, row.issued_by, row.expires_at) if row is not None else None


def order_facts(actor: Actor, order: Order) -> OrderFacts:
    """Return what the channel says of an order, its refunds included, as far as no later word has overtaken it."""
    return facts_of(actor, [order])[order.pk]


def facts_of(actor: Actor, of: Sequence[Order]) -> dict[int, OrderFacts]:
    """Return the same of several orders, by row id, with one question."""
    told = orders.refunds_of(actor, [order.pk for order in of])
    found = {}
    for order in of:
        refunds = [
            (RefundState(refund.state), merge.told_at(refund.told, "state")) for refund in told.get(order.pk, [])
        ]
        own = RefundState(order.refund_state) if order.refund_state else None
        words = refund_words(own, merge.told_at(order.told, "refund_state"), refunds)
        found[order.pk] = OrderFacts(OrderState(order.state), words)
    return found


def slots_of(actor: Actor, found: Delivery) -> tuple[Slot, ...]:
    """Return the places of a delivery with their cards, in order."""
    kept = list(Allocation.objects.visible_to(actor).filter(delivery=found, released_at=None).order_by("position"))
    given = cards.given_cards(actor, [row.card_id for row in kept])
    shown = {display.card_id: display for display in cards.displays(actor, found.order_id)}
    return tuple(Slot(row.position, given[row.card_id], shown.get(given[row.card_id].public_id)) for row in kept)


def doubts(slots: Sequence[Slot], *, at: datetime) -> list[Text]:
    """Say of each card why it must not be given out at a moment; cards that left already are past that."""
    today = at.astimezone(clock.SHANGHAI).date()
    found = []
    for slot in slots:
        card = slot.card
        facts = CardDoubt(
            card.expires_on, card.is_batch_quarantined, freshness(card.last_look, face_fen=card.face_fen, at=at)
        )
        told = doubt(facts, on=today) if slot.display is None else None
        if told is not None:
            found.append(Text(f"{card.masked} {told.zh}", f"{card.masked}: {told.en}"))
    return found


def old_looks(slots: Sequence[Slot], rule: LookRule, *, at: datetime) -> dict[str, Text]:
    """Say by card of those not given out yet that nobody looked at their worth, or too long ago for the shop's rule."""
    found = {}
    for slot in slots:
        if not is_due(slot.display):
            continue
        look = freshness(slot.card.last_look, face_fen=slot.card.face_fen, at=at, fresh_for=rule.fresh_for)
        if not look.is_fresh and look.reason not in DAMNING:
            why = WHY_NOT_FRESH[look.reason]
            found[slot.card.public_id] = Text(f"{slot.card.masked} {why.zh}", f"{slot.card.masked}: {why.en}")
    return found


def is_due(display: Display | None) -> bool:
    """Tell whether a card has yet to be given: nobody could read its code, or nobody saw it by a person's word."""
    return display is None or display.state == "not_shown"


def why_not(actor: Actor, found: Delivery, slots: Sequence[Slot], *, is_person: bool, at: datetime) -> list[Text]:
    """Say what stops the cards of a delivery from leaving now, the buyer's consent aside.

    Complaints, the channel's word on the order, doubts about a card, and a look that the shop demands.
    """
    by_order = stopped_by_order(order_facts(actor, found.order), is_person=is_person)
    rule = cards.look_rule(actor)
    return [
        *(block.text for block in blocks_of(actor, found.order_id)),
        *([by_order] if by_order else []),
        *doubts(slots, at=at),
        *(_unlooked(found, slots, rule, at).values() if rule.is_required else ()),
    ]


def _unlooked(found: Delivery, slots: Sequence[Slot], rule: LookRule, at: datetime) -> dict[str, Text]:
    """Return ``old_looks``; the balance of a sealed card cannot be looked up."""
    return old_looks(slots, rule, at=at) if found.form == "code" else {}


def needs_consent(actor: Actor, found: Delivery) -> bool:
    """Tell whether the buyer must agree to terms first: always to a code; to a parcel where the shop has a policy."""
    return found.form == "code" or policies.version_for(actor, found.order.paid_at) is not None


_GIVEN = [state.value for state in DeliveryState if state is not DeliveryState.CANCELLED]


def _rows(actor: Actor):  # type: ignore[no-untyped-def]  # noqa: ANN202 - django-stubs and our manager do not meet
    return Delivery.objects.visible_to(actor).select_related("order__buyer")


def _unallocated(actor: Actor) -> "QuerySet[Order]":
    rows = Order.objects.visible_to(actor).filter(state=OrderState.AWAITING_DELIVERY.value)
    is_stopped = Exists(Block.objects.filter(order_id=OuterRef("pk"), lifted_at=None))
    found: QuerySet[Order] = rows.exclude(deliveries__state__in=_GIVEN).exclude(cards__isnull=False)
    return found.exclude(is_stopped)


def _row(found: Delivery) -> DeliveryRow:
    buyer = found.order.buyer
    return DeliveryRow(
        public_id=found.public_id,
        order_no=found.order.order_no,
        buyer_nick=buyer.nick if buyer else "",
        kind=found.kind,
        quantity=found.quantity,
        state=DeliveryState(found.state),
        allocated_at=found.allocated_at,
        authorised_at=found.authorised_at,
        displayed_at=found.displayed_at,
    )


def _view(actor: Actor, found: Delivery) -> DeliveryView:
    slots, terms, blocks = slots_of(actor, found), terms_of(actor, found.order_id), blocks_of(actor, found.order_id)
    at, rule = clock.now(), cards.look_rule(actor)
    asks_terms = needs_consent(actor, found)
    stops = why_not(actor, found, slots, is_person=True, at=at)
    if not terms.is_open and asks_terms:
        stops.append(Text("买家还没有同意须知", "the buyer has not agreed to the terms"))
    again = resend_stopped_by_order(order_facts(actor, found.order))
    unlooked = _unlooked(found, slots, rule, at)
    return DeliveryView(
        row=_row(found),
        order_id=found.order_id,
        order_public_id=found.order.public_id,
        slots=slots,
        terms=terms,
        blocks=blocks,
        stops=tuple(stops),
        resend_stops=(again,) if again else (),
        warnings=() if rule.is_required else tuple(unlooked.values()),
        unlooked=tuple(unlooked),
        link=link_of(actor, found.pk),
        asks_terms=asks_terms,
    )
