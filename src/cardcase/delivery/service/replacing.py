"""Giving a buyer the card that a case keeps for his order: recorded, shown, confirmed, as the first one was (§5)."""

from datetime import datetime

from django.db import transaction

from cardcase.cards import service as cards
from cardcase.cards.models import Card
from cardcase.cards.rules import CardState
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.delivery import rules
from cardcase.delivery.queries.deliveries import Slot, is_due
from cardcase.delivery.queries.kept import HOW
from cardcase.delivery.queries.replacements import slot_of, stops_of
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.orders.service.rows import one_at_a_time
from cardcase.staff.rules import Actor, Permission

from .goods import held_replacement
from .revealing import Shown, by_parcel, display_settled, durable, nothing_to_confirm, opened, require_looks


def give_replacement(actor: Actor, card_id: str, *, reason: str, at: datetime) -> Shown:
    """Clear the code of a replacement card to be shown to the buyer of its order and return it, once.

    Like ``authorise``: it commits by itself before the code leaves, and a display that nobody confirmed is settled by a
    person before the same card may be shown again. The open case does not stop it, money that went back does. Raises
    Refused (stopped_by_order, card_in_doubt, check_needed, display_open, already_shown, reveal_cap),
    SecondFactorNeeded, NotAllowed, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    with durable():
        one_at_a_time(actor)
        card, order = _held(actor, card_id)
        slot = slot_of(actor, card)
        _require_due(slot)
        stops = stops_of(actor, order, slot)
        if stops:
            way_out = Text("走售后单另作决定。", "Decide anew in the case.")
            raise rules.refused(stops, "replacement_stopped", way_out)
        require_looks(actor, [card], at)
        cards.require_room(actor, [card], to="buyer", at=at)
        made = cards.authorise_cards(actor, [card], order, to="buyer", how=HOW, reason=reason, at=at)
    return opened([card], made)[0]


@transaction.atomic
def confirm_replacement(actor: Actor, card_id: str, *, at: datetime, message_id: str = "") -> None:
    """Note that the buyer has the code of a replacement. Again: nothing happens. Raises Refused, NotFound."""
    actor.require(Permission.WORK)
    with custody.together():
        card, _ = _held(actor, card_id)
        display = slot_of(actor, card).display
        if display is not None and display.state == "shown":
            return
        if display is None or not cards.settle_reveal(
            actor, display.reveal_id, "shown", was=("authorised", "unknown"), at=at, message_id=message_id
        ):
            raise nothing_to_confirm()


@transaction.atomic
def settle_replacement(actor: Actor, card_id: str, *, was_seen: bool, reason: str, at: datetime) -> None:
    """Settle whether the buyer saw a replacement whose display nobody confirmed, and why that is believed.

    Raises Refused (display_settled), NotAllowed, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    with custody.together():
        card, _ = _held(actor, card_id)
        display, target = slot_of(actor, card).display, "shown" if was_seen else "not_shown"
        if display is None or not cards.settle_reveal(
            actor, display.reveal_id, target, was=("authorised", "unknown"), at=at, reason=reason
        ):
            raise display_settled()


def _held(actor: Actor, card_id: str) -> tuple[Card, Order]:
    """Return a replacement that is a code and its order, both locked. Raises NotFound, Refused (goes_by_parcel)."""
    card, order = held_replacement(actor, card_id)
    if card.form != "code":
        raise by_parcel()
    return card, order


def _require_due(slot: Slot) -> None:
    if slot.display is None and slot.card.state is not CardState.RESERVED:
        raise NotFound("没有这张换给买家的卡", "There is no such replacement card")
    if is_due(slot.display):
        return
    assert slot.display is not None, "what is not due was displayed"
    if slot.display.state == "shown":
        raise Refused(
            "买家已经看过这张卡密了",
            "The buyer was shown this code already",
            next=Text("要核对，在卡页写明原因查看。", "To check it, look at it on the card's page with a reason."),
            code="already_shown",
        )
    raise Refused(
        "卡密已准许发出，但不知道买家看到没有",
        "The code was cleared already, and whether the buyer saw it is not known",
        next=Text("先确认或核实上一次，再决定。", "Confirm or settle the last display first."),
        code="display_open",
    )
