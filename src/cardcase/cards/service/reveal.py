"""Showing a code to a person. The record is on the disk before the value leaves."""

from datetime import datetime

from django.db import transaction

from cardcase.cards import masking, sealing
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardState, check_reveal
from cardcase.kit.errors import NotAllowed, WrongUse
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

from . import rows
from .caps import require_room


def reveal(
    actor: Actor, card_id: str, *, reason: str, at: datetime, order_no: str = "", override_reason: str = ""
) -> CardCode:
    """Show the code of a card to a member of staff who says why, and for which order if it is for one.

    The look is committed to the record first (I9), so this cannot run inside another transaction (RuntimeError).
    Raises NotAllowed for machines and for people without the right, IllegalCardMove for a card that must not be seen
    (I5), Refused for another order's card (I6) or over the day's limit, SecondFactorNeeded for much money, NotFound,
    WrongUse without a reason.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    with transaction.atomic(durable=True):
        rows.one_at_a_time(actor)
        card = rows.locked(actor, card_id)
        require_room(actor, [card], to="staff", at=at, override_reason=override_reason)
        order = rows.order_of(actor, card)
        asked = asked_order(actor, order_no)
        check_reveal(
            CardState(card.state),
            bound_order=order.public_id if order else "",
            asked_order=asked.public_id if asked else "",
        )
        shown(actor, card, asked or order, to="staff", how="staff_view", reason=reason, at=at)
        facts = {"reason": reason, "by": actor.label, "order_no": order_no, "state": card.state}
        rows.note(actor, "card.revealed", card, at, facts)
    return sealing.open_code(card)


def asked_order(actor: Actor, order_no: str) -> Order | None:
    """Return the order that somebody names. Raises WrongUse when there is none of that number."""
    if not order_no:
        return None
    found: Order | None = Order.objects.visible_to(actor).filter(order_no=order_no).order_by("-pk").first()
    if found is None:
        raise WrongUse(
            "没有这个订单号", "There is no order of this number", next=Text("核对订单号。", "Check the number.")
        )
    return found


def shown(actor: Actor, card: Card, order: Order | None, *, to: str, how: str, reason: str, at: datetime) -> None:
    """Write down that a code became readable to somebody."""
    Reveal.objects.create(
        shop_id=actor.shop_id,
        card=card,
        order=order,
        revealed_at=at,
        to=to,
        how=how,
        by=actor.label[:80],
        reason=reason[:300],
    )


def require_person(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless a human being with this permission acts."""
    actor.require(permission)
    if not actor.is_person:
        raise NotAllowed(
            "只有人可以做这一步",
            "Only a person may do this",
            next=Text("请店主或主管来做。", "Ask the owner or a lead to do it."),
        )


def given_reason(actor: Actor, reason: str) -> str:
    """Return the reason with any card code in it masked: it is kept in plain. Raises WrongUse for an empty one."""
    if not reason.strip():
        raise WrongUse("请写明原因", "A reason is needed", next=Text("写一句为什么。", "Say why in one sentence."))
    return masking.mask_text(actor, reason.strip()).text
