"""What becomes of a card: taken back, quarantined, readmitted, written off. Looks: ``checks``; voiding: ``voiding``."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from cardcase.cards.models import BalanceCheck, Card, CardBatch, Reveal
from cardcase.cards.rules import LIFE, CardEvent, CardState
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

from . import rows
from .reveal import given_reason, require_person

_MOVABLE: Final = tuple(state.value for state, event in LIFE if event is CardEvent.QUARANTINE)
FRESH: Final = timedelta(hours=24)
"""How old a check may be that lets a card out of quarantine. Our own choice."""


@transaction.atomic
def take_back(actor: Actor, card_id: str, *, reason: str, at: datetime) -> None:
    """Note that the buyer returned a delivered card. It never goes back into the stock.

    Raises NotAllowed, IllegalCardMove unless the card was delivered, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    card = rows.locked(actor, card_id)
    card.become(CardEvent.TAKE_BACK)
    card.save(update_fields=["state"])
    rows.note(actor, "card.returned", card, at, {"reason": reason})


@dataclass(frozen=True, slots=True)
class SetAside:
    """What a quarantine took out of the sale: how many cards, and which orders lost one (order, card: public ids)."""

    count: int
    released: tuple[tuple[str, str], ...]


def quarantine_batch(actor: Actor, batch_id: str, *, reason: str, at: datetime) -> int:
    """Set a batch aside and return how many cards that took out of the sale; see ``set_aside``."""
    return set_aside(actor, batch_id, reason=reason, at=at).count


@transaction.atomic
def set_aside(actor: Actor, batch_id: str, *, reason: str, at: datetime) -> SetAside:
    """Set a batch aside: none of its unsold cards is given out any more.

    A card that was kept for an order is released from it, so that the order gets another one when it is allocated
    again, and a later readmission finds it free. Delivered cards stay as they are. Raises NotAllowed, NotFound,
    WrongUse without a reason.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    lot = _locked_lot(actor, batch_id)
    lot.is_quarantined = True
    lot.save(update_fields=["is_quarantined"])
    kept = _kept(actor, lot)
    cards = Card.objects.visible_to(actor).filter(batch=lot, state__in=_MOVABLE)
    count: int = cards.update(state=CardState.QUARANTINED.value, order=None)
    facts: dict[str, custody.JSON] = {"reason": reason, "cards": count, "by": actor.label, "batch": lot.name}
    released = [
        Record("card.released", card, at, {"reason": reason, "by": actor.label}, refs={"order": order})
        for order, card in kept
    ]
    custody.append_many(actor, [*released, Record("batch.quarantined", lot.public_id, at, facts)])
    return SetAside(count, kept)


def _kept(actor: Actor, lot: CardBatch) -> tuple[tuple[str, str], ...]:
    """Lock what is about to be set aside and return which cards were kept for which orders.

    Two steps, in the orders in which others lock: reserved cards by row (``giving.hold``), then the stock by expiry.
    """
    mine = Card.objects.visible_to(actor).filter(batch=lot).select_for_update(of=("self",))
    by_expiry = F("expires_on").asc(nulls_last=True)
    list(mine.filter(state=CardState.RESERVED.value).order_by("pk").values_list("pk"))
    held = mine.filter(state__in=_MOVABLE).order_by(by_expiry, "pk").values_list("public_id", "order_id")
    bound = {card: order for card, order in held if order is not None}
    orders = Order.objects.visible_to(actor).in_bulk(set(bound.values()))
    return tuple((orders[order].public_id, card) for card, order in bound.items())


def _locked_lot(actor: Actor, batch_id: str) -> CardBatch:
    lot: CardBatch | None = CardBatch.objects.visible_to(actor).select_for_update().filter(public_id=batch_id).first()
    if lot is None:
        raise NotFound("没有这个批次", "There is no such batch")
    return lot


@transaction.atomic
def reinstate_batch(actor: Actor, batch_id: str, *, reason: str, at: datetime) -> int:
    """Let a batch be sold again. For the owner. Its cards in quarantine stay until each was checked and readmitted.

    Returns how many those are. Raises NotAllowed, NotFound, Refused unless it is set aside, WrongUse without a reason.
    """
    require_person(actor, Permission.MANAGE_SHOP)
    reason = given_reason(actor, reason)
    lot = _locked_lot(actor, batch_id)
    if not lot.is_quarantined:
        raise Refused("这批没有冻结", "This batch is not set aside", code="not_quarantined")
    lot.is_quarantined = False
    lot.save(update_fields=["is_quarantined"])
    waiting = Card.objects.visible_to(actor).filter(batch=lot, state=CardState.QUARANTINED.value).count()
    facts: dict[str, custody.JSON] = {"reason": reason, "waiting": waiting, "by": actor.label, "batch": lot.name}
    custody.append(actor, Record("batch.reinstated", lot.public_id, at, facts))
    return waiting


@transaction.atomic
def readmit(actor: Actor, card_id: str, *, reason: str, at: datetime) -> None:
    """Let a card out of quarantine after a fresh check said that it can be used. For the owner. It is kept for nobody.

    While its batch is set aside it is still not sold (``reinstate_batch``). Raises NotAllowed, Refused without a good
    check of the last day or when a buyer may have read it, IllegalCardMove, NotFound, WrongUse.
    """
    require_person(actor, Permission.MANAGE_SHOP)
    reason = given_reason(actor, reason)
    card = rows.locked(actor, card_id)
    last = BalanceCheck.objects.filter(card=card).order_by("-checked_at", "-pk").first()
    if last is None or not last.is_usable or last.checked_at < at - FRESH:
        raise Refused(
            "解除隔离前需要 24 小时内的查验，且结果可用",
            "A check of the last 24 hours that found the card usable is needed first",
            next=Text("先查验这张卡。", "Check the card first."),
            code="check_needed",
        )
    if Reveal.objects.visible_to(actor).filter(card=card, to="buyer").exclude(display="not_shown").exists():
        raise Refused(
            "这张卡的卡密给过买家，不能再放回库存",
            "A buyer was given this card's code: it does not go back into the stock",
            next=Text("核销它，或按售后处理。", "Write it off, or deal with it in a case."),
            code="card_was_shown",
        )
    card.become(CardEvent.READMIT)
    card.order = None  # quarantined by an older release, it may still be bound
    card.save(update_fields=["state", "order"])
    rows.note(actor, "card.readmitted", card, at, {"reason": reason})


@transaction.atomic
def write_off(actor: Actor, card_id: str, *, reason: str, at: datetime) -> None:
    """Give up a card in quarantine. For the owner. Raises NotAllowed, IllegalCardMove, NotFound, WrongUse."""
    require_person(actor, Permission.MANAGE_SHOP)
    reason = given_reason(actor, reason)
    card = rows.locked(actor, card_id)
    card.become(CardEvent.WRITE_OFF)
    card.save(update_fields=["state"])
    rows.note(actor, "card.written_off", card, at, {"reason": reason})
