"""What becomes of a card: taken back, quarantined, readmitted, written off. Looks: ``checks``; voiding: ``voiding``."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from cardcase.cards.models import BalanceCheck, Card, CardBatch
from cardcase.cards.rules import LIFE, CardEvent, CardState
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import rows
from .reveal import given_reason, require_person

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


@transaction.atomic
def quarantine_batch(actor: Actor, batch_id: str, *, reason: str, at: datetime) -> int:
    """Set a batch aside: none of its unsold cards is given out any more. Returns how many that are.

    Delivered cards stay as they are. Raises NotAllowed, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    lot: CardBatch | None = CardBatch.objects.visible_to(actor).select_for_update().filter(public_id=batch_id).first()
    if lot is None:
        raise NotFound("没有这个批次", "There is no such batch")
    lot.is_quarantined = True
    lot.save(update_fields=["is_quarantined"])
    movable = [state.value for state, event in LIFE if event is CardEvent.QUARANTINE]
    cards = Card.objects.visible_to(actor).filter(batch=lot, state__in=movable)
    count: int = cards.update(state=CardState.QUARANTINED.value)
    facts: dict[str, str | int] = {"reason": reason, "cards": count, "by": actor.label, "batch": lot.name}
    custody.append(actor, Record("batch.quarantined", lot.public_id, at, facts))
    return count


@transaction.atomic
def readmit(actor: Actor, card_id: str, *, reason: str, at: datetime) -> None:
    """Let a card out of quarantine after a fresh check said that it can be used. For the owner.

    Raises NotAllowed, Refused without a good check of the last day, IllegalCardMove, NotFound, WrongUse.
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
    card.become(CardEvent.READMIT)
    card.save(update_fields=["state"])
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
