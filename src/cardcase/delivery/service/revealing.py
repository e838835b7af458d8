"""Showing an order's codes, exactly once, in two phases (custody.md §5).

First the record: one durable transaction in which every card becomes revealed, gets its row of the attempt, and its
entry. Only then the codes are opened and leave. Last, whoever showed them confirms it. If anything breaks in between,
the record says "cleared, display unknown", and only a person can settle that: nobody shows a code a second time by
himself, and no second card ever takes the place of the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cards.models import Card, Reveal
from cardcase.cards.queries import Display
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.delivery import queries, rules
from cardcase.delivery.models import Allocation, Delivery
from cardcase.delivery.queries.deliveries import doubts, is_due, needs_consent, slots_of
from cardcase.delivery.rules import DeliveryState
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, ActorKind, Permission

from . import rows


@dataclass(frozen=True, slots=True)
class Shown:
    """One code on its way to its buyer. Neither code nor number can be printed with it."""

    reveal_id: int
    card_id: str
    brand: str
    face_fen: int | None
    spec: str
    code: CardCode = field(repr=False)
    number: str = field(repr=False, default="")


def authorise(
    actor: Actor, delivery_id: str, *, to: str, how: str, reason: str, at: datetime, link_id: int | None = None
) -> list[Shown]:
    """Clear the codes of an order to be shown to its buyer and return them: the record is on the disk by then.

    ``how`` is chat, manual, … for a person with the right to see codes, or claim for the claim page. After a person
    has settled that nobody saw them, the very same cards get their next attempt. It commits by itself, so it cannot
    run inside another transaction (RuntimeError). Raises Refused (terms_open, blocked, stopped_by_order, card_in_doubt,
    check_needed, display_open, already_shown, not_allocated, goes_by_parcel, delivered_elsewhere, reveal_cap),
    SecondFactorNeeded, IllegalCardMove (I5), NotAllowed, NotFound, WrongUse without a reason. ``link_id``: the claim
    link (row id) by which the codes are asked for; NotFound when it ended in this very moment.
    """
    is_person = _require_right(actor, how)
    reason = given_reason(actor, reason)
    with durable():
        delivery, order = rows.held_with_mirror(actor, delivery_id)
        if link_id is not None and not queries.link_is_live(actor, link_id, at=at):
            raise NotFound("没有这个链接", "There is no such link")
        _require_code(delivery)
        state = DeliveryState(delivery.state)
        if state not in rules.SHOWABLE:
            raise not_now(state, delivery)
        _check(actor, delivery, order, is_person=is_person, at=at)
        held, displays = _cards_of(actor, delivery)
        due = [card for card in held if is_due(displays.get(card.public_id))]
        require_looks(actor, due, at)
        cards.require_room(actor, due, to="buyer", at=at)
        made = cards.authorise_cards(actor, due, order, to=to, how=how, reason=reason, at=at)
        _note_authorised(delivery, at)
    return opened(due, made)


def resend(actor: Actor, delivery_id: str, *, to: str, how: str, reason: str, at: datetime) -> list[Shown]:
    """Clear the codes that an order's buyer was shown to be sent once more: the same cards, the same order (§7.5).

    A person's act with a reason; an open complaint does not stop it, money that went back does. Raises Refused
    (not_shown_yet, stopped_by_order), NotAllowed, NotFound, WrongUse, IllegalCardMove.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    with durable():
        delivery, order = rows.held_with_mirror(actor, delivery_id)
        if delivery.state != DeliveryState.SHOWN.value:
            raise Refused(
                "还没有确认买家看到过，不是重发",
                "The buyer has not been confirmed to have seen it: this is no re-send",
                next=Text("先确认或核实上一次。", "Confirm or settle the last display first."),
                code="not_shown_yet",
            )
        stop = rules.resend_stopped_by_order(queries.order_facts(actor, order))
        if stop is not None:
            raise rules.refused([stop], "stopped_by_order", Text("走售后单处理。", "Deal with it in a case."))
        held, _ = _cards_of(actor, delivery)
        cards.require_room(actor, held, to="buyer", at=at)
        made = cards.authorise_cards(actor, held, order, to=to, how=how, reason=reason, at=at)
        _note_authorised(delivery, at)
    return opened(held, made)


@transaction.atomic
def confirm_shown(actor: Actor, delivery_id: str, *, at: datetime, message_id: str = "") -> None:
    """Note that the codes that were cleared last have been shown: the page said so, or a person sent them.

    A late word counts too, after the display was called unknown. Again: nothing happens. Raises Refused
    (nothing_to_confirm) when no code was cleared, or a person settled that nobody saw it; NotFound.
    """
    actor.require(Permission.WORK)
    with custody.together():
        delivery, _ = rows.held(actor, delivery_id)
        if delivery.state == DeliveryState.SHOWN.value:
            return
        _, displays = _cards_of(actor, delivery)
        confirmed = [
            cards.settle_reveal(
                actor, display.reveal_id, "shown", was=("authorised", "unknown"), at=at, message_id=message_id
            )
            for display in displays.values()
        ]
        if not any(confirmed):
            raise nothing_to_confirm()
        if message_id:
            delivery.message_id = message_id.strip()[:120]
        _refresh(actor, delivery, at)


@transaction.atomic
def settle_display(actor: Actor, reveal_id: int, *, was_seen: bool, reason: str, at: datetime) -> None:
    """Settle by a person whether the buyer saw a code whose display was never confirmed, and why that is believed.

    Not seen: the same card may be cleared again, as its next attempt. Raises Refused (display_settled) when it is
    settled already, NotAllowed, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    mine = Reveal.objects.visible_to(actor).filter(pk=reveal_id, to="buyer")
    order_pk = mine.values_list("order_id", flat=True).first()
    found = Delivery.objects.visible_to(actor).filter(order_id=order_pk).first() if order_pk is not None else None
    if found is None:
        raise NotFound("没有这次展示", "There is no such display")
    with custody.together():
        delivery, _ = rows.held(actor, found.public_id)
        open_ones = ("authorised", "unknown")
        target = "shown" if was_seen else "not_shown"
        if not cards.settle_reveal(actor, reveal_id, target, was=open_ones, at=at, reason=reason):
            raise display_settled()
        _refresh(actor, delivery, at)


def note_unconfirmed(actor: Actor, *, at: datetime) -> int:
    """Call displays unknown that nobody confirmed in time, for a person to settle. Returns how many.

    Each is a transaction of its own; one that is confirmed meanwhile stays as it is.
    """
    actor.require(Permission.WORK)
    before = at - rules.UNCONFIRMED_AFTER
    late = card_queries.unconfirmed_orders(actor, before=before)
    waiting = Delivery.objects.visible_to(actor).filter(order_id__in=late)
    noted = sum(_note_unconfirmed(actor, public_id, at) for public_id in waiting.values_list("public_id", flat=True))
    placed = Allocation.objects.visible_to(actor).filter(released_at=None)
    for reveal_id, card_id in card_queries.unconfirmed_reveals(actor, before=before):
        if not placed.filter(card_id=card_id).exists():  # a replacement: no delivery goes with it
            with transaction.atomic():
                noted += cards.settle_reveal(actor, reveal_id, "unknown", was=("authorised",), at=at)
    return noted


@transaction.atomic
def _note_unconfirmed(actor: Actor, delivery_id: str, at: datetime) -> bool:
    with custody.together():
        delivery, _ = rows.held(actor, delivery_id)
        _, displays = _cards_of(actor, delivery)
        late = [
            display
            for display in displays.values()
            if display.authorised_at is not None and display.authorised_at <= at - rules.UNCONFIRMED_AFTER
        ]
        told = [
            cards.settle_reveal(actor, display.reveal_id, "unknown", was=("authorised",), at=at) for display in late
        ]
        _refresh(actor, delivery, at)
    return any(told)


@contextmanager
def durable() -> Iterator[None]:
    """Commit what is written inside before anything else happens; no code leaves sooner."""
    with transaction.atomic(durable=True), custody.together():
        yield


def _require_right(actor: Actor, how: str) -> bool:
    """Tell whether a person acts. Raises NotAllowed for whoever is neither that nor the claim page."""
    if how == queries.CLAIM and actor.kind is ActorKind.SYSTEM and actor.label == queries.CLAIM:
        return False
    require_person(actor, Permission.REVEAL)
    return True


def _require_code(delivery: Delivery) -> None:
    if delivery.form != "code":
        raise by_parcel()


def require_free(
    actor: Actor, delivery: Delivery, order: Order, *, is_person: bool, at: datetime, what: Text = rules.CODES
) -> None:
    """Raise Refused when something stops the cards of an order from leaving, as codes or in a parcel (``what``).

    The order is locked: what stops it comes before us or after.
    """
    blocks = queries.blocks_of(actor, order.pk)
    if blocks:
        reasons = [block.text for block in blocks]
        raise rules.refused(reasons, "blocked", Text("先处理完售后单。", "Settle the case first."), what=what)
    stop = rules.stopped_by_order(queries.order_facts(actor, order), is_person=is_person)
    if stop is not None:
        raise rules.refused([stop], "stopped_by_order", Text("先处理退款。", "Settle the refund first."), what=what)
    if needs_consent(actor, delivery) and not queries.terms_of(actor, order.pk).is_open:
        raise rules.refused(
            [Text("买家还没有同意须知", "the buyer has not agreed to the terms")],
            "terms_open",
            Text("先发须知并等买家同意，或由店主说明原因放行。", "Send the terms first, or let the owner waive them."),
            what=what,
        )
    found = doubts(slots_of(actor, delivery), at=at)
    if found:
        way_out = Text("重新分配，会换一张没人看过的卡。", "Allocate again: another unseen card takes its place.")
        raise rules.refused(found, "card_in_doubt", way_out, what=what)


def _check(actor: Actor, delivery: Delivery, order: Order, *, is_person: bool, at: datetime) -> None:
    """Raise Refused unless the codes may leave now."""
    require_free(actor, delivery, order, is_person=is_person, at=at)
    mine = {slot.card.public_id for slot in slots_of(actor, delivery)}
    if any(display.card_id not in mine for display in card_queries.displays(actor, order.pk)):
        raise Refused(
            "渠道说这笔订单已经发过别的卡",
            "By the channel's word this order got another card already",
            next=Text("核对渠道的发货记录。", "Check the channel's own record."),
            code="delivered_elsewhere",
        )


def nothing_to_confirm() -> Refused:
    """Make the refusal to confirm what was never cleared, or what a person has settled as not seen."""
    return Refused(
        "没有等待确认的卡密",
        "No code waits to be confirmed",
        next=Text("先取出卡密发给买家。", "Take the codes out and send them first."),
        code="nothing_to_confirm",
    )


def display_settled() -> Refused:
    """Make the refusal to settle a display a second time."""
    return Refused(
        "这次展示已经有结论了",
        "This display is settled already",
        next=Text("刷新页面看现在的状态。", "Reload the page to see where it stands."),
        code="display_settled",
    )


def by_parcel() -> Refused:
    """Make the refusal for a card that has no code to show."""
    return Refused(
        "这是实体卡，要寄出，不能发卡密",
        "This is a physical card: it goes by parcel",
        next=Text("在这一页登记打包和寄出。", "Note packing and shipping on its page."),
        code="goes_by_parcel",
    )


def not_now(state: DeliveryState, delivery: Delivery) -> Refused:
    """Make the refusal for a delivery in a state in which its codes are not shown for the first time."""
    if state is DeliveryState.SHOWN:
        return Refused(
            "卡密已经给买家看过了",
            "The buyer was shown the codes already",
            next=Text("需要再发同一张时，用「重发」并写明原因。", "To send the same again, use re-send with a reason."),
            code="already_shown",
            displayed_at=delivery.displayed_at.isoformat() if delivery.displayed_at else None,
        )
    if state is DeliveryState.CANCELLED:
        return Refused(
            "还没有给这笔订单分配卡",
            "No card is allocated to this order",
            next=Text("先分配。", "Allocate first."),
            code="not_allocated",
        )
    return Refused(
        "卡密已准许发出，但不知道买家看到没有",
        "The codes were cleared already, and whether the buyer saw them is not known",
        next=Text("先确认或核实上一次，再决定。", "Confirm or settle the last display first."),
        code="display_open",
    )


def require_looks(actor: Actor, due: list[Card], at: datetime) -> None:
    """Raise Refused (check_needed) where the shop wants a new look at each card and one has none."""
    rule = card_queries.look_rule(actor)
    for card in due if rule.is_required else ():
        cards.check_before_reveal(actor, card.public_id, at=at, fresh_for=rule.fresh_for)


def _cards_of(actor: Actor, delivery: Delivery) -> tuple[list[Card], dict[str, Display]]:
    """Return the cards of a delivery in the order of its places, locked, and the last display of each by card."""
    places = rows.live(actor, delivery)
    held = {card.pk: card for card in cards.hold(actor, [place.card_id for place in places])}
    mine = [held[place.card_id] for place in places]
    names = {card.public_id for card in mine}
    told = card_queries.displays(actor, delivery.order_id)
    return mine, {display.card_id: display for display in told if display.card_id in names}


def _note_authorised(delivery: Delivery, at: datetime) -> None:
    delivery.state, delivery.authorised_at = DeliveryState.AUTHORISED.value, at
    delivery.save(update_fields=["state", "authorised_at"])


def _refresh(actor: Actor, delivery: Delivery, at: datetime) -> None:
    """Put the state of a delivery right after a display of it changed."""
    _, displays = _cards_of(actor, delivery)
    delivery.state = rules.state_of({display.state for display in displays.values()}).value
    if delivery.state == DeliveryState.SHOWN.value:
        delivery.displayed_at = at
    delivery.save(update_fields=["state", "displayed_at", "message_id"])


def opened(held: list[Card], made: list[Reveal]) -> list[Shown]:
    """Open the codes of cards whose displays are on the disk."""
    found = []
    for card, reveal in zip(held, made, strict=True):
        code, number = cards.opened(card)
        found.append(Shown(reveal.pk, card.public_id, card.brand, card.face_fen, card.spec, code, number))
    return found
