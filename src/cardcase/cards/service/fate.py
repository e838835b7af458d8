"""What becomes of a card: looked at, taken back, quarantined, readmitted, written off. For voiding see ``voiding``."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from cardcase.cards import masking
from cardcase.cards.models import BalanceCheck, Card, CardBatch
from cardcase.cards.rules import LIFE, CardEvent, CardState
from cardcase.custody import files
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import clock
from cardcase.kit.errors import NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import rows
from .reveal import given_reason, require_person

FRESH: Final = timedelta(hours=24)
"""How old a check may be that lets a card out of quarantine. Our own choice."""


@transaction.atomic
def record_balance_check(
    actor: Actor,
    card_id: str,
    *,
    method: str,
    at: datetime,
    balance_fen: int | None = None,
    is_usable: bool | None = None,
    checked_at: datetime | None = None,
    proof: bytes | None = None,
    note: str = "",
) -> BalanceCheck:
    """Note what somebody saw the card to be worth: how (such as "issuer_site"), when (now, if unsaid), with what proof.

    A check of an acquired card makes it checked. Raises NotFound, WrongUse when neither balance nor use is told or the
    look lies in the future.
    """
    actor.require(Permission.WORK)
    seen_at = checked_at or at
    if (balance_fen is None and is_usable is None) or seen_at > at:
        raise WrongUse(
            "查验结果不完整或时间在将来",
            "The check tells nothing, or lies in the future",
            next=Text("填余额或能否使用。", "Tell the balance or whether it can be used."),
        )
    card = rows.locked(actor, card_id)
    check = BalanceCheck(
        shop_id=actor.shop_id,
        card=card,
        checked_at=seen_at,
        checked_by=actor.label[:80],
        method=method.strip()[:40],
        balance_fen=balance_fen,
        is_usable=is_usable if is_usable is not None else (balance_fen or 0) > 0,
        proof_sha256=files.keep(proof) if proof else "",
        note=masking.mask_text(actor, note.strip()).text[:300],
    )
    check.save()
    if (CardState(card.state), CardEvent.CHECK) in LIFE:
        card.become(CardEvent.CHECK)
        card.save(update_fields=["state"])
    facts = {
        "checked_at": clock.iso(seen_at),
        "method": check.method,
        "balance_fen": balance_fen,
        "is_usable": check.is_usable,
        "proof_sha256": check.proof_sha256,
        "by": actor.label,
    }
    rows.note(actor, "card.checked", card, at, facts)
    return check


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
