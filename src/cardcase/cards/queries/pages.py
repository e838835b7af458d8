"""What the pages and the API show of the stock."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Q, Sum

from cardcase.cards.models import BalanceCheck, Card, CardBatch, Reveal, VoidAttempt
from cardcase.cards.rules import CardWarning, CheckKind
from cardcase.cards.rules.life import TITLES, CardState
from cardcase.custody import queries as custody
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .books import UNUSED, card, fates_of, stock_of_equal_value
from .proofs import ProofFact, proofs_of

_WARNINGS: Final = frozenset(warning.value for warning in CardWarning)


@dataclass(frozen=True, slots=True)
class StockRow:
    """One card as the stock page shows it: no code, no card number beyond the last four."""

    public_id: str
    brand: str
    spec: str
    face_fen: int | None
    masked: str
    state: CardState
    state_text: Text
    batch_name: str
    expires_on: date | None
    order_no: str
    cursor: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockPage:
    """A page of the stock, newest first, and where the next begins; ``after`` None at the end."""

    rows: tuple[StockRow, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch with what became of its cards."""

    public_id: str
    name: str
    supplier_name: str
    supplier_channel: str
    acquired_on: date | None
    unit_cost_fen: int | None
    has_proof: bool
    is_quarantined: bool
    cards: int
    unused: int
    sold: int
    failed: int
    cost_fen: int | None


@dataclass(frozen=True, slots=True)
class RevealFact:
    """One moment at which the code became readable. ``to``: buyer or staff; ``how`` as in ``models.Reveal``."""

    at: datetime | None
    to: str
    how: str
    by: str
    reason: str
    order_no: str


@dataclass(frozen=True, slots=True)
class CheckFact:
    """One look at what the card was worth."""

    at: datetime
    by: str
    kind: CheckKind
    method: str
    balance_fen: int | None
    is_usable: bool | None
    has_proof: bool
    note: str
    proof: ProofFact | None = None


@dataclass(frozen=True, slots=True)
class VoidFact:
    """One request to the issuer to void the card; ``result`` is a ``rules.VoidResult``."""

    at: datetime
    by: str
    reason: str
    result: str
    settled_at: datetime | None
    settled_by: str
    note: str
    has_proof: bool
    proof: ProofFact | None = None


@dataclass(frozen=True, slots=True)
class EventFact:
    """Something that only the record tells: kept for an order, released, quarantined, readmitted, written off."""

    at: datetime
    kind: str
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class CardLife:
    """All that may be shown of one card: what it is, where it came from, who could read it, what was found."""

    public_id: str
    brand: str
    region: str
    face_fen: int | None
    cost_fen: int | None
    expires_on: date | None
    masked: str
    number_masked: str
    state: CardState
    state_text: Text
    note: str
    order_no: str
    order_id: str  # public id, empty without an order
    batch_id: str  # public id, empty without a batch
    batch_name: str
    supplier_name: str
    supplier_channel: str
    acquired_on: date | None
    has_proof: bool
    proof_note: str
    is_batch_quarantined: bool
    acquired_at: datetime
    redeemed_at: datetime | None
    voided_at: datetime | None
    reveals: tuple[RevealFact, ...]
    checks: tuple[CheckFact, ...]
    voids: tuple[VoidFact, ...]
    events: tuple[EventFact, ...]
    equal_in_stock: int
    spec: str
    form: str
    warnings: tuple[CardWarning, ...] = ()
    batch_proof: ProofFact | None = None


_TAIL = 4
_ONLY_IN_RECORD = (
    "card.reserved",
    "card.released",
    "card.returned",
    "card.readmitted",
    "card.written_off",
    "card.redeemed_though_voided",
    "batch.quarantined",
    "batch.reinstated",
)


def stock_page(
    actor: Actor, *, brand: str = "", state: str = "", told: str = "", limit: int = 50, after: str | None = None
) -> StockPage:
    """Return one page of cards, newest first, all of them masked. ``after`` is the cursor of the last row seen.

    ``told`` is a tail of four or less, or an order number; whole codes are looked for by ``card_of_code``.
    """
    rows = Card.objects.visible_to(actor).select_related("batch", "order")
    if brand:
        rows = rows.filter(brand=brand)
    if state:
        rows = rows.filter(state=state)
    if told:
        rows = rows.filter(_told(told))
    if after and after.isdecimal() and len(after) < 19:  # noqa: PLR2004 - what a row number can be
        rows = rows.filter(pk__lt=int(after))
    rows = rows.defer("code_sealed", "number_sealed")
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = tuple(
        StockRow(
            public_id=row.public_id,
            brand=row.brand,
            spec=row.spec,
            face_fen=row.face_fen,
            masked=f"‥{row.tail4}",
            state=CardState(row.state),
            state_text=TITLES[CardState(row.state)],
            batch_name=row.batch.name if row.batch else "",
            expires_on=row.expires_on,
            order_no=row.order.order_no if row.order else "",
            cursor=str(row.pk),
            warnings=tuple(row.warnings),
        )
        for row in found[:limit]
    )
    return StockPage(shown, shown[-1].cursor if len(found) > limit else None)


def _told(words: str) -> Q:
    """Match a tail of code or number, or an order number: nothing that tells more of a code than its last four."""
    words = words.strip()
    if len(words) <= _TAIL:
        return Q(tail4__iexact=words) | Q(number_tail4__iexact=words)
    return Q(order__order_no=words)


def _events(actor: Actor, row: Card) -> tuple[EventFact, ...]:
    subjects = [row.public_id, *([row.batch.public_id] if row.batch else [])]
    return tuple(
        EventFact(
            item.at,
            item.kind,
            item.actor_label,
            str(item.facts.get("reason") or item.facts.get("order_no") or item.facts.get("source") or ""),
        )
        for item in custody.history(actor, subjects)
        if item.kind in _ONLY_IN_RECORD
    )


def card_life(actor: Actor, public_id: str) -> CardLife:
    """Return all that may be shown of a card. Raises NotFound, also for another shop's."""
    row = card(actor, public_id)
    batch, order = row.batch, row.order
    supplier = batch.supplier if batch else None
    reveals = Reveal.objects.visible_to(actor).filter(card=row).select_related("order").order_by("pk")
    checks = BalanceCheck.objects.visible_to(actor).filter(card=row).order_by("checked_at", "pk")
    proofs = proofs_of(actor, [public_id, *([batch.public_id] if batch else [])])
    return CardLife(
        public_id=row.public_id,
        brand=row.brand,
        region=row.region,
        face_fen=row.face_fen,
        cost_fen=row.cost_fen,
        expires_on=row.expires_on,
        masked=f"‥{row.tail4}",
        number_masked=f"‥{row.number_tail4}" if row.number_index else "",
        state=CardState(row.state),
        state_text=TITLES[CardState(row.state)],
        note=row.note,
        order_no=order.order_no if order else "",
        order_id=order.public_id if order else "",
        batch_id=batch.public_id if batch else "",
        batch_name=batch.name if batch else "",
        supplier_name=supplier.name if supplier else "",
        supplier_channel=supplier.channel if supplier else "",
        acquired_on=batch.acquired_on if batch else None,
        has_proof=bool(batch and batch.proof_sha256),
        proof_note=batch.proof_note if batch else "",
        is_batch_quarantined=bool(batch and batch.is_quarantined),
        acquired_at=row.acquired_at,
        redeemed_at=row.redeemed_at,
        voided_at=row.voided_at,
        reveals=tuple(
            RevealFact(
                at=reveal.revealed_at or (reveal.order.delivered_at if reveal.order and reveal.to == "buyer" else None),
                to=reveal.to,
                how=reveal.how,
                by=reveal.by,
                reason=reveal.reason,
                order_no=reveal.order.order_no if reveal.order else "",
            )
            for reveal in reveals
        ),
        checks=tuple(
            CheckFact(
                check.checked_at,
                check.checked_by,
                CheckKind(check.kind),
                check.method,
                check.balance_fen,
                check.is_usable,
                bool(check.proof_sha256),
                check.note,
                proofs.get((public_id, check.proof_sha256)),
            )
            for check in checks
        ),
        voids=tuple(
            VoidFact(
                one.asked_at,
                one.asked_by,
                one.reason,
                one.result,
                one.settled_at,
                one.settled_by,
                one.note,
                bool(one.proof_sha256),
                proofs.get((public_id, one.proof_sha256)),
            )
            for one in VoidAttempt.objects.visible_to(actor).filter(card=row).order_by("pk")
        ),
        events=_events(actor, row),
        equal_in_stock=stock_of_equal_value(actor, public_id),
        spec=row.spec,
        form=row.form,
        warnings=tuple(CardWarning(code) for code in row.warnings if code in _WARNINGS),
        batch_proof=proofs.get((batch.public_id, batch.proof_sha256)) if batch else None,
    )


def as_plain(life: CardLife) -> dict[str, Any]:
    """Return a card as API and command line tell it: moments by ISO 8601, enums by value."""
    return {key: _plain(value) for key, value in asdict(life).items() if key != "state_text"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime | date) else value


def brands(actor: Actor) -> list[str]:
    """Return the brands in the shop's books, for the filter of the stock page."""
    found = Card.objects.visible_to(actor).exclude(brand="").order_by("brand")
    return list(found.values_list("brand", flat=True).distinct())


def batches_page(actor: Actor, *, limit: int = 50) -> list[BatchRow]:
    """Return the newest batches with what became of their cards."""
    unused = Count("cards", filter=Q(cards__state__in=[state.value for state in UNUSED]))
    batches = list(
        CardBatch.objects.visible_to(actor)
        .select_related("supplier")
        .annotate(count=Count("cards"), spent=Sum("cards__cost_fen"), unused=unused)
        .order_by("-pk")[:limit]
    )
    fates = fates_of(actor, [batch.pk for batch in batches])
    return [
        BatchRow(
            public_id=batch.public_id,
            name=batch.name,
            supplier_name=batch.supplier.name if batch.supplier else "",
            supplier_channel=batch.supplier.channel if batch.supplier else "",
            acquired_on=batch.acquired_on,
            unit_cost_fen=batch.unit_cost_fen,
            has_proof=bool(batch.proof_sha256),
            is_quarantined=batch.is_quarantined,
            cards=batch.count,
            unused=batch.unused,
            sold=fates[batch.pk][0],
            failed=fates[batch.pk][1],
            cost_fen=batch.spent if batch.spent is not None else _estimate(batch.unit_cost_fen, batch.count),
        )
        for batch in batches
    ]


def _estimate(unit_fen: int | None, count: int) -> int | None:
    return None if unit_fen is None else unit_fen * count
