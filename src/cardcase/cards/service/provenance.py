"""Where a batch came from: supplier, day, price, proof of purchase."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from django.db import transaction

from cardcase.cards import masking
from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import proofs

CHANNELS: Final = frozenset({"issuer_direct", "authorised", "second_hand", "unknown"})
"""How a supplier got its cards (domain §7.1)."""


@transaction.atomic
def set_provenance(
    actor: Actor,
    batch_id: str,
    *,
    at: datetime,
    supplier: str = "",
    channel: str = "",
    acquired_on: date | None = None,
    unit_cost_fen: int | None = None,
    proof: bytes | None = None,
    proof_note: str = "",
    claim_until: date | None = None,
) -> CardBatch:
    """Write down where a batch came from; what is not given stays as it is. ``proof`` is an invoice or receipt.

    Raises NotAllowed, NotFound, WrongUse for an unknown supplier channel or one without its supplier.
    """
    actor.require(Permission.MANAGE_CARDS)
    if channel and (channel not in CHANNELS or not supplier.strip()):
        raise WrongUse(
            "货源渠道有误，或没有写货源方",
            "The supplier's channel is unknown, or the supplier is missing",
            next=Text(f"渠道只能是：{'、'.join(sorted(CHANNELS))}。", f"Channels: {', '.join(sorted(CHANNELS))}."),
        )
    lot: CardBatch | None = CardBatch.objects.visible_to(actor).select_for_update().filter(public_id=batch_id).first()
    if lot is None:
        raise NotFound("没有这个批次", "There is no such batch")
    if supplier.strip():
        giver, _ = Supplier.objects.get_or_create(shop_id=actor.shop_id, name=supplier.strip()[:120])
        if channel and giver.channel != channel:
            giver.channel = channel
            giver.save(update_fields=["channel"])
        lot.supplier = giver
    lot.acquired_on = acquired_on or lot.acquired_on
    lot.unit_cost_fen = unit_cost_fen if unit_cost_fen is not None else lot.unit_cost_fen
    lot.claim_until = claim_until or lot.claim_until
    lot.proof_note = masking.mask_text(actor, proof_note.strip()).text[:300] or lot.proof_note
    lot.proof_sha256 = proofs.keep(actor, lot.public_id, proof or b"", at=at) or lot.proof_sha256
    lot.save()
    facts = {
        "batch": lot.name,
        "supplier": lot.supplier.name if lot.supplier else "",
        "channel": lot.supplier.channel if lot.supplier else "",
        "acquired_on": lot.acquired_on.isoformat() if lot.acquired_on else None,
        "unit_cost_fen": lot.unit_cost_fen,
        "proof_sha256": lot.proof_sha256,
        "proof_note": lot.proof_note,
    }
    custody.append(actor, Record("batch.provenance_set", lot.public_id, at, facts))
    return lot


@transaction.atomic
def note_claimed(actor: Actor, card_ids: Iterable[str], *, at: datetime) -> int:
    """Note that a claim on the supplier was sent for these cards (public ids): its window need not ring for them again.

    The record of it is the claim's (``sourcing``). Returns how many were new. Raises NotAllowed.
    """
    actor.require(Permission.MANAGE_CARDS)
    cards = Card.objects.visible_to(actor).filter(public_id__in=list(card_ids), claimed_at=None)
    count: int = cards.update(claimed_at=at)
    return count
