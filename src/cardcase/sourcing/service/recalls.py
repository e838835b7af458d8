"""Calling a batch back: its unsold cards leave the sale, its sold ones are listed, a claim on the supplier is begun."""

from datetime import datetime

from django.db import transaction

from cardcase.cards import service as cards
from cardcase.cards.masking import mask_text
from cardcase.cards.models import Card, CardBatch
from cardcase.cards.rules import LIFE, CardEvent
from cardcase.cards.service import SetAside
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.cases import queries as case_queries
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import ids
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.sourcing import queries
from cardcase.sourcing.models import Recall, RecallNotice
from cardcase.sourcing.rules.recall import INFERRED, proof_of
from cardcase.staff.rules import Actor, Permission

from . import claims


@transaction.atomic
@custody.together()
def recall(
    actor: Actor,
    batch_id: str,
    *,
    reason: str,
    at: datetime,
    card: str = "",
    case: str = "",
    on_suspicion: bool = False,
    is_confirmed: bool = False,
) -> Recall:
    """Call a batch back because of one bad card, named by itself or by the case about it. Again adds only what is new.

    Without proof (``rules.recall``) it is the owner's, who says so: it is then marked as a suspicion, and a later call
    with proof makes it proven. That the issuer voided a card of its own accord is only inferred from the record:
    ``is_confirmed`` is the person's word that it did. Kept cards are released from their orders, which are listed.
    Raises NotAllowed, NotFound, Refused without proof or that word, WrongUse without a reason.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    rows = CardBatch.objects.visible_to(actor).select_for_update(of=("self",))
    batch: CardBatch | None = rows.filter(public_id=batch_id).first()
    if batch is None:
        raise NotFound("没有这个批次", "There is no such batch")
    bad = _bad_card(actor, batch, card, case)
    proof = proof_of(queries.bad_card(actor, bad)) if bad is not None else None
    if proof in INFERRED and not (is_confirmed or on_suspicion):
        raise Refused(
            "“发卡方主动作废”是按记录推断的，请先向发卡方核实",
            "That the issuer voided it unasked is inferred from the record: ask the issuer first",
            next=Text(
                "核实后勾选“我已向发卡方核实”再召回。", "Then recall again and say that the issuer confirmed it."
            ),
            code="recall_unconfirmed",
        )
    if proof in INFERRED and not is_confirmed:
        proof = None
    if proof is None:
        _require_suspicion(actor, on_suspicion=on_suspicion)
    found: Recall | None = Recall.objects.visible_to(actor).filter(batch=batch).first()
    is_new = found is None
    called = found or Recall(
        shop_id=actor.shop_id,
        public_id=ids.public_id("recall"),
        batch=batch,
        reason=reason[:300],
        called_at=at,
        called_by=actor.label[:80],
    )
    is_proven_now = proof is not None and not called.proof
    if is_proven_now and proof is not None:
        called.proof, called.card, called.proven_at = proof.value, bad, at
    aside = _set_aside(actor, batch, reason, at)
    called.set_aside += aside.count
    called.released = [*called.released, *(list(pair) for pair in aside.released)]
    if not (is_new or is_proven_now or aside.count):
        return called
    called.save()
    facts: dict[str, custody.JSON] = {
        "reason": reason,
        "proof": called.proof,
        "set_aside": aside.count,
        "orders": len(aside.released),
        "by": actor.label,
        "batch": batch.name,
    }
    refs = {"batch": batch.public_id} | ({"card": bad.public_id} if bad is not None else {})
    custody.append(actor, Record("batch.recalled", called.public_id, at, facts, refs=refs))
    claims.claim_bad_cards(actor, batch, reason=reason, at=at)
    return called


@transaction.atomic
def note_told(actor: Actor, batch_id: str, order_id: str, *, how: str, at: datetime) -> RecallNotice:
    """Note that the buyer of an order was told of a recall, and how. Again changes nothing: the first telling stands.

    Raises NotAllowed, NotFound without a recall or for an order that got no card of it, WrongUse without a way.
    """
    require_person(actor, Permission.WORK)
    way = mask_text(actor, how.strip()).text[:120]
    if not way:
        raise WrongUse("请写怎么告诉买家的", "Say how the buyer was told")
    called: Recall | None = (
        Recall.objects.visible_to(actor).select_for_update(of=("self",)).filter(batch__public_id=batch_id).first()
    )
    order = queries.order_with_card_of(actor, batch_id, order_id)
    if called is None or order is None:
        raise NotFound("没有这次召回，或订单里没有这批的卡", "There is no such recall, or the order has no card of it")
    known: RecallNotice | None = RecallNotice.objects.visible_to(actor).filter(recall=called, order=order).first()
    if known is not None:
        return known
    told: RecallNotice = RecallNotice.objects.create(
        shop_id=actor.shop_id, recall=called, order=order, how=way, by=actor.label[:80], told_at=at
    )
    facts = {"how": way, "by": actor.label}
    custody.append(actor, Record("batch.recall_told", called.public_id, at, facts, refs={"order": order.public_id}))
    return told


def reinstate_batch(actor: Actor, batch_id: str, *, reason: str, at: datetime) -> int:
    """Let a batch that was set aside be sold again; see ``cards.service.reinstate_batch``. The recall stays on record.

    Returns how many cards still wait for a check. Raises NotAllowed, NotFound, Refused, WrongUse.
    """
    return cards.reinstate_batch(actor, batch_id, reason=reason, at=at)


def _bad_card(actor: Actor, batch: CardBatch, card: str, case: str) -> Card | None:
    """Return the card that is said to be bad. Raises NotFound when it is not of this batch."""
    rows = Card.objects.visible_to(actor).filter(batch=batch)
    if case:
        about = case_queries.find(actor, case)
        rows = rows.filter(pk=about.card_id) if about.card_id else rows.none()
    elif card:
        rows = rows.filter(public_id=card)
    else:
        return None
    found: Card | None = rows.first()
    if found is None:
        raise NotFound("这张卡不属于这个批次", "This card is not of this batch")
    return found


def _require_suspicion(actor: Actor, *, on_suspicion: bool) -> None:
    """Let only an owner who says so call back without proof."""
    if not on_suspicion:
        raise Refused(
            "还没有证实这批里有坏卡",
            "No card of this batch is proven bad",
            next=Text(
                "给出交付前查验不可用、交付前已兑换、发卡方作废或平台判责的卡；或由店主按怀疑召回。",
                "Name a card found unusable or used before it was handed over, voided by the issuer, or ruled upon; "
                "or let the owner recall on suspicion.",
            ),
            code="recall_unproven",
        )
    if not actor.may(Permission.MANAGE_SHOP):
        raise NotAllowed(
            "按怀疑召回只有店主可以做",
            "Only the owner may recall on suspicion",
            next=Text("请店主来做。", "Ask the owner."),
        )


def _set_aside(actor: Actor, batch: CardBatch, reason: str, at: datetime) -> SetAside:
    """Take what is unsold out of sale; nothing is done, or written, when there is nothing left to take."""
    movable = [state.value for state, event in LIFE if event is CardEvent.QUARANTINE]
    left = Card.objects.visible_to(actor).filter(batch=batch, state__in=movable).exists()
    if batch.is_quarantined and not left:
        return SetAside(0, ())
    return cards.set_aside(actor, batch.public_id, reason=reason, at=at)
