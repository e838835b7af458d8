"""Taking in files of cards."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.cards import queries, sealing, vault
from cardcase.cards.models import Card, CardBatch, Supplier
from cardcase.cards.queries.books import SOLD
from cardcase.cards.rules import Arrival, CardState, Verdict, gaps, warning_codes, words
from cardcase.connectors.ports import CardNotice
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import ids
from cardcase.kit.errors import WrongUse
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.orders.service import Taken
from cardcase.staff.rules import Actor, Permission

from . import rows

_SOLD: Final = frozenset(state.value for state in SOLD)


@dataclass(frozen=True, slots=True)
class Staged:
    """Cards of an import as they were worked out before anything was locked, for ``stock`` to write.

    ``rows`` are sealed rows of cards that nobody knew, by code index; ``head`` is that of the key that sealed them.
    Nothing of it lies on a disk.
    """

    incoming: Sequence[sealing.Incoming] = field(repr=False)
    verdicts: Sequence[Verdict] = field(repr=False)
    rows: Mapping[str, Card] = field(repr=False)
    head: bytes


def stage(actor: Actor, notices: Sequence[CardNotice], *, at: datetime, account: Arrival) -> Staged:
    """Index, judge and seal cards without holding anything up: the longer half of taking them.

    Reads nothing of the stock and writes nothing. ``account`` counts what they are here, and no more in ``stock``.
    Raises NotAllowed, and what the vault raises.
    """
    actor.require(Permission.IMPORT)
    head = vault.sealing_head()
    cards = rows.all_incoming(actor, ((notice.code, notice.number) for notice in notices))
    verdicts = [account.judge(notice) for notice in notices]
    first: dict[str, int] = {}
    for place, card in enumerate(cards):
        first.setdefault(card.code_index, place)
    made = rows.all_fresh(actor, [cards[place] for place in first.values()], CardState.IN_STOCK, at=at)
    for row, place in zip(made, first.values(), strict=True):
        _tell(row, notices[place], verdicts[place])
    return Staged(cards, verdicts, dict(zip(first, made, strict=True)), head)


@transaction.atomic
def stock(
    actor: Actor,
    notices: Sequence[CardNotice],
    *,
    batch: str,
    at: datetime,
    supplier: str = "",
    account: Arrival | None = None,
    staged: Staged | None = None,
) -> list[Taken]:
    """Take cards into the stock under a batch and answer for each notice, in order, what was new.

    A code that the shop knows is KNOWN, or CHANGED when the file tells what was missing so far (batch, number, face
    value, cost, expiry, words); what is known is never overwritten. ``account`` is kept of what came, over all calls
    of one import; ``staged`` is what ``stage`` made of the same notices and account. Raises NotAllowed, WrongUse
    without a batch name.
    """
    actor.require(Permission.IMPORT)
    if not batch.strip():
        raise WrongUse(
            "这批卡还没有批次名", "This batch of cards has no name", next=Text("给它起个名字。", "Give it a name.")
        )
    if not notices:
        return []
    rows.one_at_a_time(actor)
    taking = _Taking(actor, _lot(actor, batch.strip(), supplier.strip(), at), account or queries.arrival(actor), at)
    return taking.take(notices, staged)


class _Taking:
    """One call of ``stock``: what is new is made, sealed, inserted and committed to in bulk; the rest row by row."""

    def __init__(self, actor: Actor, lot: CardBatch, account: Arrival, at: datetime) -> None:
        self._actor = actor
        self._lot = lot
        self._account = account
        self._at = at

    def take(self, notices: Sequence[CardNotice], staged: Staged | None) -> list[Taken]:
        """Write everything; answer in order."""
        cards = (
            staged.incoming
            if staged is not None
            else rows.all_incoming(self._actor, ((notice.code, notice.number) for notice in notices))
        )
        known = rows.known_by_index(self._actor, (card.code_index for card in cards))
        present = self._batch_names(known.values())
        pairs = list(zip(notices, cards, strict=True))
        first: dict[str, tuple[CardNotice, sealing.Incoming]] = {}
        for notice, card in pairs:
            if card.code_index not in known:
                first.setdefault(card.code_index, (notice, card))
        is_ready = staged is not None and vault.sealing_head() == staged.head
        ready = staged.rows if staged is not None and is_ready else {}  # sealed under a key that has left: sealed anew
        fresh = self._fresh(first, ready)
        answers: list[Taken] = []
        changed: dict[int, Card] = {}
        for place, (notice, card) in enumerate(pairs):
            index = card.code_index
            verdict = staged.verdicts[place] if staged is not None else self._account.judge(notice)
            is_repeat = self._account.is_repeat(index, notice)
            row = known.get(index)
            if row is not None:
                if not is_repeat:
                    batch = present.get(row.batch_id or 0, "")
                    is_sold = row.order_id is not None or row.state in _SOLD
                    self._account.is_present(notice, tail4=row.tail4, batch=batch, is_sold=is_sold)
                if self._fill(row, notice, card, verdict):
                    changed[row.pk] = row
                    answers.append(Taken.CHANGED)
                else:
                    answers.append(Taken.KNOWN)
            elif first[index][0] is notice:
                fresh[index].batch_id = self._lot.pk
                if index not in ready:
                    _tell(fresh[index], notice, verdict)
                answers.append(Taken.NEW)
            else:  # the same card again: the row is not written yet
                is_more = self._fill(fresh[index], notice, card, verdict)
                answers.append(Taken.CHANGED if is_more else Taken.KNOWN)
        Card.objects.add_all(list(fresh.values()))
        for row in changed.values():
            row.save()
        self._record([(fresh[index], card.code) for index, (_, card) in first.items()], list(changed.values()))
        return answers

    def _batch_names(self, known: Iterable[Card]) -> dict[int, str]:
        """Return the names of the batches of cards that the shop has, for the account."""
        wanted = {row.batch_id for row in known if row.batch_id}
        if not wanted:
            return {}
        return dict(CardBatch.objects.visible_to(self._actor).filter(pk__in=wanted).values_list("pk", "name"))

    def _fresh(
        self, first: Mapping[str, tuple[CardNotice, sealing.Incoming]], ready: Mapping[str, Card]
    ) -> dict[str, Card]:
        """Return the rows of new cards in order: those that were sealed before, the others sealed now."""
        wanted = {index: card for index, (_, card) in first.items() if index not in ready}
        made = rows.all_fresh(self._actor, list(wanted.values()), CardState.IN_STOCK, at=self._at)
        sealed = {**ready, **dict(zip(wanted, made, strict=True))}
        return {index: sealed[index] for index in first}

    def _fill(self, row: Card, notice: CardNotice, card: sealing.Incoming, verdict: Verdict) -> bool:
        """Put what the notice tells where nothing is known yet; tell whether that was anything."""
        told = gaps(row, notice)
        if row.batch_id is None:
            told["batch_id"] = self._lot.pk
        for name, value in told.items():
            setattr(row, name, value)
        adds_number = bool(card.number and not row.number_index)
        if adds_number:
            sealing.set_numbers([(row, card)])
        if told or adds_number:
            row.warnings = list(warning_codes(verdict))
        return bool(told or adds_number)

    def _record(self, new: Sequence[tuple[Card, CardCode]], changed: Sequence[Card]) -> None:
        """Commit to every new card in the record, and note those that became more complete."""
        lot, at = self._lot, self._at
        contents = sealing.commitments(new)
        records = []
        for start in range(0, len(new), rows.A_RECORD):
            chunk = [row for row, _ in new[start : start + rows.A_RECORD]]
            odd = Counter(code for row in chunk for code in row.warnings)
            facts: dict[str, Any] = {
                "batch": lot.name,
                "count": len(chunk),
                "cards": [row.public_id for row in chunk],
                "source": sorted({row.source_sha256 for row in chunk if row.source_sha256}),
                **({"warnings": dict(sorted(odd.items()))} if odd else {}),
            }
            records.append(Record("card.stocked", lot.public_id, at, facts, contents[start : start + rows.A_RECORD]))
        for row in changed:
            facts = {"batch": lot.name}
            records.append(Record("card.completed", row.public_id, at, facts, refs={"batch": lot.public_id}))
        custody.append_many(self._actor, records)


def _tell(row: Card, notice: CardNotice, verdict: Verdict) -> None:
    """Put all that the notice tells into a new row."""
    row.form = notice.form
    row.face_fen, row.cost_fen, row.expires_on = notice.face_fen, notice.cost_fen, notice.expires_on
    for name, value in words(notice).items():
        setattr(row, name, value)
    row.warnings = list(warning_codes(verdict))
    row.source_file, row.source_sha256 = notice.origin.file[:255], notice.origin.sha256[:64]
    row.source_row = notice.origin.row


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
