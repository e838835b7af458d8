"""Taking in files of cards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from cardcase.cards import sealing
from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.cards.rules import CardState, code_shaped, mask_spans
from cardcase.connectors.ports import CardNotice
from cardcase.custody import service as custody
from cardcase.custody.service import Content, Record
from cardcase.kit import ids
from cardcase.kit.errors import WrongUse
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.orders.service import Taken
from cardcase.staff.rules import Actor, Permission

from . import rows

_GAPS = ("face_fen", "cost_fen", "expires_on")


@transaction.atomic
def stock(actor: Actor, notices: Sequence[CardNotice], *, batch: str, at: datetime, supplier: str = "") -> list[Taken]:
    """Take cards into the stock under a batch and answer for each notice, in order, what was new.

    A code that the shop knows is KNOWN, or CHANGED when the file tells what was missing so far (batch, number, face
    value, cost, expiry); what is known is never overwritten. Raises NotAllowed, WrongUse without a batch name.
    """
    actor.require(Permission.IMPORT)
    if not batch.strip():
        raise WrongUse(
            "这批卡还没有批次名", "This batch of cards has no name", next=Text("给它起个名字。", "Give it a name.")
        )
    if not notices:
        return []
    rows.one_at_a_time(actor)
    lot = _lot(actor, batch.strip(), supplier.strip(), at)
    cards = [rows.incoming(actor, notice.code, notice.number) for notice in notices]
    known = rows.known_by_index(actor, (card.code_index for card in cards))
    answers: list[Taken] = []
    new: list[tuple[Card, CardCode]] = []
    changed: dict[int, Card] = {}
    for notice, card in zip(notices, cards, strict=True):
        row = known.get(card.code_index)
        if row is None:
            row = known[card.code_index] = rows.fresh(actor, card, CardState.IN_STOCK, at=at)
            _fill(row, notice, card, lot)
            row.source_file, row.source_sha256 = notice.origin.file[:255], notice.origin.sha256[:64]
            row.source_row = notice.origin.row
            new.append((row, card.code))
            answers.append(Taken.NEW)
        elif _fill(row, notice, card, lot):
            if row.pk:
                changed[row.pk] = row
            answers.append(Taken.CHANGED)
        else:
            answers.append(Taken.KNOWN)
    Card.objects.bulk_create([row for row, _ in new], batch_size=rows.AT_ONCE)
    for row in changed.values():
        row.save()
    _record(actor, lot, new, list(changed.values()), at)
    return answers


def _lot(actor: Actor, name: str, supplier: str, at: datetime) -> CardBatch:
    lot: CardBatch
    lot, _ = CardBatch.objects.get_or_create(
        shop_id=actor.shop_id,
        name=name[:120],
        defaults={"public_id": ids.public_id("batch"), "created_at": at},
    )
    if supplier and lot.supplier_id is None:
        lot.supplier, _ = Supplier.objects.get_or_create(shop_id=actor.shop_id, name=supplier[:120])
        lot.save(update_fields=["supplier"])
    return lot


def _fill(row: Card, notice: CardNotice, card: sealing.Incoming, lot: CardBatch) -> bool:
    """Put what the notice tells where nothing is known yet; tell whether that was anything."""
    told: dict[str, Any] = {name: getattr(notice, name) for name in _GAPS}
    gaps = {name: value for name, value in told.items() if value is not None and getattr(row, name) is None}
    words = {"brand": notice.brand[:60], "region": notice.region[:20], "note": _harmless(notice)}
    gaps |= {name: value for name, value in words.items() if value and not getattr(row, name)}
    if row.batch_id is None:
        gaps["batch_id"] = lot.pk
    for name, value in gaps.items():
        setattr(row, name, value)
    if card.number and not row.number_index:
        sealing.set_number(row, card)
        return True
    return bool(gaps)


def _harmless(notice: CardNotice) -> str:
    """Return the note of a line without anything that reads as a code, and nothing where it repeats its own."""
    note = notice.note.strip()
    if not note or notice.code.normal_form() in CardCode(note).normal_form():
        return ""
    return mask_spans(note, code_shaped(note))[:300]


def _record(
    actor: Actor, lot: CardBatch, new: Sequence[tuple[Card, CardCode]], changed: Sequence[Card], at: datetime
) -> None:
    records = []
    for start in range(0, len(new), rows.A_RECORD):
        chunk = new[start : start + rows.A_RECORD]
        facts: dict[str, Any] = {
            "batch": lot.name,
            "count": len(chunk),
            "cards": [row.public_id for row, _ in chunk],
            "source": sorted({row.source_sha256 for row, _ in chunk if row.source_sha256}),
        }
        contents: list[Content] = [sealing.commitment(row, code) for row, code in chunk]
        records.append(Record("card.stocked", lot.public_id, at, facts, contents))
    for row in changed:
        records.append(Record("card.completed", row.public_id, at, {"batch": lot.name}, refs={"batch": lot.public_id}))  # noqa: PERF401 - reads better
    custody.append_many(actor, records)
