"""Making a delivered card worthless at its issuer, and that somebody may have used it first (N4).

Asking and answering are two steps: between them the buyer may redeem the card, and the answer may never come.
"""

from datetime import datetime

from django.db import transaction

from cardcase.cards import masking
from cardcase.cards.models import Card, VoidAttempt
from cardcase.cards.rules import LIFE, UNSETTLED, CardEvent, CardState, IllegalCardMove, VoidResult
from cardcase.kit import clock
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import proofs, rows
from .reveal import given_reason, require_person


@transaction.atomic
def ask_to_void(actor: Actor, card_id: str, *, reason: str, at: datetime) -> VoidAttempt:
    """Note that the issuer was asked to void a delivered card. Asking again while no answer came changes nothing.

    Raises NotAllowed, IllegalCardMove unless the card was delivered, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    card = rows.locked(actor, card_id)
    if (CardState(card.state), CardEvent.VOID) not in LIFE:
        raise IllegalCardMove(CardState(card.state), CardEvent.VOID)
    running = _running(actor, card)
    if running is not None:
        return running
    attempt = VoidAttempt(shop_id=actor.shop_id, card=card, asked_at=at, asked_by=actor.label[:80], reason=reason[:300])
    attempt.save()
    rows.note(actor, "card.void_asked", card, at, {"reason": reason, "by": actor.label})
    return attempt


@transaction.atomic
def settle_void(
    actor: Actor,
    card_id: str,
    result: VoidResult,
    *,
    at: datetime,
    proof: bytes = b"",
    note: str = "",
    redeemed_at: datetime | None = None,
) -> VoidAttempt:
    """Note what the issuer answered. Voided needs its own record as proof, every other answer a note where it stands.

    ``redeemed_at``, by the issuer's clock, belongs to "redeemed". An unknown result can be settled once more. Raises
    NotAllowed, NotFound, Refused when nothing was asked, WrongUse.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    result = VoidResult(result)
    card = rows.locked(actor, card_id)
    attempt = _running(actor, card)
    if attempt is None:
        raise Refused(
            "还没有申请作废这张卡",
            "Nobody has asked the issuer to void this card",
            next=Text("先登记作废申请。", "Record the request first."),
            code="void_not_asked",
        )
    said = masking.mask_text(actor, note.strip()).text
    if result is VoidResult.OPEN or (result is not VoidResult.VOIDED and not said):
        raise WrongUse("要写明结果和依据", "Name the result and what shows it")
    if result is VoidResult.VOIDED:
        _require_proof(proof)
        _void(card, at)
    elif result is VoidResult.REDEEMED:
        _redeem(card, redeemed_at, at)
    _settle(actor, attempt, result, proof=proof, note=said, at=at)
    return attempt


@transaction.atomic
def void_card(actor: Actor, card_id: str, *, reason: str, proof: bytes, at: datetime) -> None:
    """Note at once that the issuer voided a delivered card, with its own record as proof.

    Raises NotAllowed, IllegalCardMove unless the card was delivered, NotFound, WrongUse without reason or proof.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    _require_proof(proof)
    ask_to_void(actor, card_id, reason=reason, at=at)
    settle_void(actor, card_id, VoidResult.VOIDED, proof=proof, at=at)


@transaction.atomic
def mark_redeemed(actor: Actor, card_id: str, *, at: datetime, redeemed_at: datetime | None, source: str) -> None:
    """Note that the issuer says the card was used, when (unknown: None), and where that is written.

    A request to void that is still open ends with it. Of a card that was voided it is kept as a contradiction: the
    card stays voided, and no money leaves on the strength of that until a person has looked (remedies, N4). Raises
    IllegalCardMove unless the card was delivered, NotFound, WrongUse without a source.
    """
    actor.require(Permission.WORK)
    source = given_reason(actor, source)
    card = rows.locked(actor, card_id)
    facts = {"redeemed_at": clock.iso(redeemed_at) if redeemed_at else None, "source": source}
    if card.state == CardState.VOIDED.value:
        card.redeemed_at, card.redeemed_noted_at = redeemed_at or at, at
        card.save(update_fields=["redeemed_at", "redeemed_noted_at"])
        rows.note(actor, "card.redeemed_though_voided", card, at, facts)
        return
    _redeem(card, redeemed_at, at)
    rows.note(actor, "card.redeemed", card, at, facts)
    attempt = _running(actor, card)
    if attempt is not None:
        _settle(actor, attempt, VoidResult.REDEEMED, note=source, at=at)


def _running(actor: Actor, card: Card) -> VoidAttempt | None:
    unsettled = [result.value for result in UNSETTLED]
    found: VoidAttempt | None = (
        VoidAttempt.objects.visible_to(actor).filter(card=card, result__in=unsettled).order_by("-pk").first()
    )
    return found


def _require_proof(proof: bytes) -> None:
    if not proof:
        raise WrongUse(
            "作废需要发卡方的凭证",
            "Voiding needs the issuer's record as proof",
            next=Text("上传发卡方作废记录的截图或文件。", "Upload the issuer's record."),
        )


def _void(card: Card, at: datetime) -> None:
    card.become(CardEvent.VOID)
    card.voided_at = at
    card.save(update_fields=["state", "voided_at"])


def _redeem(card: Card, redeemed_at: datetime | None, at: datetime) -> None:
    card.become(CardEvent.REDEEM)
    card.redeemed_at, card.redeemed_noted_at = redeemed_at, at
    card.save(update_fields=["state", "redeemed_at", "redeemed_noted_at"])


def _settle(
    actor: Actor, attempt: VoidAttempt, result: VoidResult, *, note: str, at: datetime, proof: bytes = b""
) -> None:
    attempt.result, attempt.settled_at, attempt.settled_by = result.value, at, actor.label[:80]
    attempt.note, attempt.proof_sha256 = note[:300], proofs.keep(actor, attempt.card.public_id, proof, at=at)
    attempt.save()
    kind = "card.voided" if result is VoidResult.VOIDED else "card.void_answered"
    facts = {"reason": attempt.reason, "result": result.value, "note": note, "proof_sha256": attempt.proof_sha256}
    rows.note(actor, kind, attempt.card, at, facts)
