"""Keeping a card for an order. Of two that want the last card exactly one gets it; room ``delivery`` gives it out."""

from datetime import datetime

from django.db import connection, transaction

from cardcase.cards import queries
from cardcase.cards.models import Card
from cardcase.cards.rules import CardEvent, CardState, advance
from cardcase.kit import clock
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import rows
from .reveal import asked_order, given_reason


@transaction.atomic
def reserve_equal(actor: Actor, card_id: str, *, order_no: str, at: datetime) -> str:
    """Keep a card of equal value (brand, region, face value, not expired) for an order; return its public id.

    Raises Refused when none is left, NotFound, WrongUse for an unknown order.
    """
    actor.require(Permission.WORK)
    order = asked_order(actor, order_no)
    like = queries.card(actor, card_id)
    today = at.astimezone(clock.SHANGHAI).date()
    stock = queries.equal_stock(actor, like, on=today).order_by("expires_on", "pk")
    if connection.features.has_select_for_update_skip_locked:
        stock = stock.select_for_update(skip_locked=True, of=("self",))
    for pk in list(stock.values_list("pk", flat=True)[:5]):
        mine = Card.objects.visible_to(actor).filter(pk=pk, state=CardState.IN_STOCK.value, order=None)
        if mine.update(state=advance(CardState.IN_STOCK, CardEvent.RESERVE).value, order=order):
            kept: Card = Card.objects.visible_to(actor).get(pk=pk)
            rows.note(actor, "card.reserved", kept, at, {"instead_of": like.public_id, "order_no": order_no})
            return kept.public_id
    raise Refused(
        "库存里没有同面值的卡了",
        "No card of equal value is left in stock",
        next=Text("补货，或改用退款。", "Restock, or refund instead."),
        code="out_of_stock",
    )


@transaction.atomic
def release(actor: Actor, card_id: str, *, reason: str, at: datetime) -> None:
    """Put a reserved card back into the stock: its order closed before the code was shown.

    Raises IllegalCardMove unless it is reserved, NotFound, WrongUse without a reason.
    """
    actor.require(Permission.WORK)
    reason = given_reason(actor, reason)
    card = rows.locked(actor, card_id)
    card.become(CardEvent.RELEASE)
    rows.note(actor, "card.released", card, at, {"reason": reason})
    card.order = None
    card.save(update_fields=["state", "order"])
