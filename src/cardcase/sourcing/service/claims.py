"""Claims on suppliers: begun, filled with cards, sent, answered, paid, closed.

The window of a claim is the batch's clock (subject: the batch, kind: supplier_claim_window), the very one that a case
arms; so it rings once. Sending the claim meets it, unless an open case is about a card that no sent claim names.
"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum

from cardcase.cards import service as cards
from cardcase.cards.masking import mask_text
from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.rules import DeadlineKind, supplier_claim
from cardcase.kit import clock, ids
from cardcase.kit.errors import Conflict, NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.sourcing import queries
from cardcase.sourcing.models import ClaimCard, ClaimReceipt, SupplierClaim
from cardcase.sourcing.rules.claims import EDITABLE, ClaimEvent, ClaimState, advance, window
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

_NEEDS_WORDS = frozenset({ClaimEvent.ACCEPT_PARTLY, ClaimEvent.REJECT})


@transaction.atomic
@custody.together()
def open_claim(
    actor: Actor, batch_id: str, amounts: Mapping[str, int | None], *, reason: str, at: datetime
) -> SupplierClaim:
    """Begin a claim about cards of a batch: public id → what is asked for it in 分, None for what it cost.

    Raises NotAllowed, NotFound, Refused without a supplier, Conflict for a card in another live claim, WrongUse without
    cards, reason or a cost.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    batch = _batch(actor, batch_id)
    if batch.supplier_id is None:
        raise Refused(
            "这个批次没有货源方",
            "This batch has no supplier",
            next=Text("先在批次页写明货源方。", "Name the supplier on the batch first."),
            code="supplier_unknown",
        )
    if not amounts:
        raise WrongUse("索赔至少要有一张卡", "A claim is about at least one card")
    supplier = Supplier.objects.visible_to(actor).get(pk=batch.supplier_id)
    until = window(batch.claim_until, batch.acquired_on, supplier.claim_days)
    claim = SupplierClaim(
        shop_id=actor.shop_id,
        public_id=ids.public_id("claim"),
        supplier=supplier,
        batch=batch,
        reason=reason[:300],
        window_until=until,
        opened_at=at,
        opened_by=actor.label[:80],
    )
    claim.save(force_insert=True)
    facts: dict[str, custody.JSON] = {"reason": reason, "by": actor.label, "cards": len(amounts)}
    refs = {"batch": batch.public_id, "supplier": supplier.public_id}
    custody.append(actor, Record("supplier_claim.opened", claim.public_id, at, facts, refs=refs))
    for card_id, amount_fen in amounts.items():
        _add(actor, claim, batch, card_id, amount_fen, at=at)
    _arm(actor, batch, until, at=at)
    return claim


@transaction.atomic
@custody.together()
def add_cards(actor: Actor, claim_id: str, amounts: Mapping[str, int | None], *, at: datetime) -> SupplierClaim:
    """Put further cards of the batch into a draft, all or none: public id → 分, None for what it cost.

    Raises NotAllowed, NotFound, Refused once it was sent, Conflict for a card in a live claim, WrongUse.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    if not amounts:
        raise WrongUse("请选要加的卡", "Choose the cards to add")
    claim = _locked(actor, claim_id)
    _require_draft(claim)
    batch = CardBatch.objects.visible_to(actor).get(pk=claim.batch_id)
    for card_id, amount_fen in amounts.items():
        _add(actor, claim, batch, card_id, amount_fen, at=at)
    return claim


@transaction.atomic
@custody.together()
def move_claim(
    actor: Actor, claim_id: str, event: str, *, at: datetime, answer: str = "", accepted_fen: int | None = None
) -> SupplierClaim:
    """Note that a claim was sent, answered or closed. ``answer`` are the supplier's words, kept as they are, masked.

    Money that comes in is ``record_receipt``'s. Raises NotAllowed, NotFound, Refused for a step that the table has not,
    WrongUse for an answer without words, a part without its sum, or a sum above what was asked for.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    if event not in set(ClaimEvent) - {ClaimEvent.RECOVER}:
        raise WrongUse("没有这一步", "There is no such step")
    step = ClaimEvent(event)
    claim = _locked(actor, claim_id)
    state = advance(ClaimState(claim.state), step)
    words = mask_text(actor, answer.strip()).text
    if step in _NEEDS_WORDS and not words:
        raise WrongUse("请抄下对方的答复", "Copy the supplier's answer", next=Text("一字不改。", "Word for word."))
    asked_fen = queries.asked_fen(actor, claim)
    if step is ClaimEvent.ACCEPT:
        claim.accepted_fen = asked_fen if accepted_fen is None else accepted_fen
    elif step is ClaimEvent.ACCEPT_PARTLY:
        claim.accepted_fen = accepted_fen
    if step in (ClaimEvent.ACCEPT, ClaimEvent.ACCEPT_PARTLY) and not 0 < (claim.accepted_fen or 0) <= asked_fen:
        raise WrongUse(
            "对方同意的金额有误",
            "The sum that the supplier accepts is wrong",
            next=Text("大于零，不超过索赔金额。", "Above zero, at most what was asked for."),
        )
    was = claim.state
    claim.state = state.value
    if step is ClaimEvent.SEND:
        claim.sent_at = at
    elif step is ClaimEvent.CLOSE:
        claim.closed_at = at
    else:
        claim.answered_at, claim.answer = at, words
    claim.save()
    facts: dict[str, custody.JSON] = {
        "from": was,
        "to": claim.state,
        "answer": words,
        "asked_fen": asked_fen,
        "accepted_fen": claim.accepted_fen,
        "by": actor.label,
    }
    custody.append(actor, Record("supplier_claim.moved", claim.public_id, at, facts))
    if step is ClaimEvent.SEND:
        cards.note_claimed(actor, queries.claimed_cards(actor, claim), at=at)
    if step is ClaimEvent.CLOSE:
        ClaimCard.objects.visible_to(actor).filter(claim=claim).update(is_live=False)
    _settle_clock(actor, claim, was=ClaimState(was), at=at)
    return claim


@transaction.atomic
def record_receipt(
    actor: Actor, claim_id: str, amount_fen: int, *, received_on: date, at: datetime, note: str = ""
) -> SupplierClaim:
    """Note what came back from the supplier, whole or in parts. Raises NotAllowed, NotFound, Refused, WrongUse."""
    require_person(actor, Permission.MANAGE_CARDS)
    claim = _locked(actor, claim_id)
    state = advance(ClaimState(claim.state), ClaimEvent.RECOVER)
    if amount_fen <= 0 or received_on > at.astimezone(clock.SHANGHAI).date():
        raise WrongUse("金额或日期有误", "The sum or the day is wrong")
    words = mask_text(actor, note.strip()).text[:300]
    ClaimReceipt.objects.create(
        shop_id=actor.shop_id,
        claim=claim,
        amount_fen=amount_fen,
        received_on=received_on,
        note=words,
        by=actor.label[:80],
        at=at,
    )
    total = ClaimReceipt.objects.visible_to(actor).filter(claim=claim).aggregate(sum=Sum("amount_fen"))["sum"] or 0
    if total > queries.asked_fen(actor, claim):
        raise WrongUse(
            "收到的超过索赔金额",
            "More came in than was asked for",
            next=Text("核对金额；多付的不记在这里。", "Check the sum; what was paid beyond it does not belong here."),
        )
    claim.state, claim.recovered_fen = state.value, total
    claim.save()
    facts = {
        "amount_fen": amount_fen,
        "recovered_fen": total,
        "received_on": received_on.isoformat(),
        "by": actor.label,
    }
    custody.append(actor, Record("supplier_claim.recovered", claim.public_id, at, facts))
    return claim


def claim_bad_cards(actor: Actor, batch: CardBatch, *, reason: str, at: datetime) -> SupplierClaim | None:
    """Begin a claim about the proven bad cards of a batch that no live claim names. None without any, or a supplier."""
    if batch.supplier_id is None:
        return None
    amounts: dict[str, int | None] = {
        card: fen for card, fen in queries.bad_cards_unclaimed(actor, batch).items() if fen is not None
    }
    return open_claim(actor, batch.public_id, amounts, reason=reason, at=at) if amounts else None


def _add(
    actor: Actor, claim: SupplierClaim, batch: CardBatch, card_id: str, amount_fen: int | None, *, at: datetime
) -> None:
    card: Card | None = Card.objects.visible_to(actor).filter(batch=batch, public_id=card_id).first()
    if card is None:
        raise NotFound("这张卡不属于这个批次", "This card is not of this batch")
    amount = (
        amount_fen if amount_fen is not None else card.cost_fen if card.cost_fen is not None else batch.unit_cost_fen
    )
    if amount is None or amount <= 0:
        raise WrongUse("这张卡要写索赔金额", "Say how much is asked for this card")
    if ClaimCard.objects.visible_to(actor).filter(card=card, is_live=True).exists():
        raise Conflict("这张卡已经在一笔索赔里", "This card is in a claim already", code="card_claimed")
    ClaimCard.objects.create(shop_id=actor.shop_id, claim=claim, card=card, amount_fen=amount)
    facts = {"amount_fen": amount}
    custody.append(
        actor, Record("supplier_claim.card_added", claim.public_id, at, facts, refs={"card": card.public_id})
    )


def _batch(actor: Actor, batch_id: str) -> CardBatch:
    """Return a batch, locked: of two claims about one card one is second. Raises NotFound."""
    rows = CardBatch.objects.visible_to(actor).select_for_update(of=("self",))
    found: CardBatch | None = rows.filter(public_id=batch_id).first()
    if found is None:
        raise NotFound("没有这个批次", "There is no such batch")
    return found


def _locked(actor: Actor, claim_id: str) -> SupplierClaim:
    """Return a claim with its batch's lock held, and its own. Raises NotFound."""
    rows = SupplierClaim.objects.visible_to(actor).filter(public_id=claim_id)
    batch_pk = rows.values_list("batch_id", flat=True).first()
    if batch_pk is None:
        raise NotFound("没有这笔索赔", "There is no such claim")
    CardBatch.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=batch_pk)
    found: SupplierClaim = rows.select_for_update(of=("self",)).get()
    return found


def _require_draft(claim: SupplierClaim) -> None:
    if ClaimState(claim.state) not in EDITABLE:
        raise Refused("索赔已经提交，不能再改", "The claim was sent; it cannot be changed", code="claim_sent")


def _arm(actor: Actor, batch: CardBatch, until: date | None, *, at: datetime) -> None:
    if until is None:
        return
    spec = supplier_claim(until, since=at, zone=ZoneInfo(staff.shop_of(actor).time_zone))
    if spec.due_at > at:
        deadlines.arm(actor, batch.public_id, spec, at=at)


def _settle_clock(actor: Actor, claim: SupplierClaim, *, was: ClaimState, at: datetime) -> None:
    """Stop the batch's window when the last thing that waited for it was sent or given up."""
    if was is not ClaimState.DRAFT or queries.window_is_needed(actor, claim.batch_id):
        return
    batch = CardBatch.objects.visible_to(actor).get(pk=claim.batch_id)
    if claim.state == ClaimState.SENT.value:
        deadlines.meet(actor, batch.public_id, DeadlineKind.SUPPLIER_CLAIM_WINDOW, at=at)
    else:
        deadlines.void_all(actor, batch.public_id, at=at, keep=())
