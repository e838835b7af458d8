"""Reads of cards and batches. Nothing here opens a code; screens get the last four characters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum

from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .models import BalanceCheck, Card, CardBatch, Reveal
from .rules.life import TITLES, CardState

_AT_ONCE: Final = 500
_SOLD: Final = (CardState.REVEALED, CardState.REDEEMED, CardState.VOIDED, CardState.RETURNED)
_UNUSED: Final = (CardState.ACQUIRED, CardState.CHECKED, CardState.IN_STOCK)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a case needs to know of one card of its order.

    ``delivered_to_orders`` above one means that the channel delivered the same code more than once.
    ``siblings_*`` count the other cards of the batch: sold ones, and those found unusable or voided.
    """

    public_id: str
    brand: str
    face_fen: int | None
    tail4: str
    number_tail4: str
    state: CardState
    revealed_at: datetime | None
    reveal_how: str
    seen_by_staff_before: bool
    delivered_to_orders: int
    redeemed_at: datetime | None
    expires_on: date | None
    batch_name: str
    supplier_name: str
    supplier_channel: str
    acquired_on: date | None
    has_proof: bool
    is_batch_quarantined: bool
    last_check_at: datetime | None
    last_check_usable: bool | None
    last_check_balance_fen: int | None
    checked_before_reveal: bool
    siblings_sold: int
    siblings_failed: int


@dataclass(frozen=True, slots=True)
class StockRow:
    """One card as the stock page shows it: no code, no card number beyond the last four."""

    public_id: str
    brand: str
    face_fen: int | None
    masked: str
    state: CardState
    state_text: Text
    batch_name: str
    expires_on: date | None
    order_no: str
    cursor: str


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
class Reconciliation:
    """Where the cards are (reliability I2). ``is_complete`` when every imported card is in exactly one place."""

    imported: int
    unused: int
    reserved: int
    delivered: int
    voided: int
    returned: int
    quarantined: int
    written_off: int

    @property
    def is_complete(self) -> bool:
        """Tell whether the parts add up to what came in."""
        parts = (self.unused, self.reserved, self.delivered, self.voided)
        return sum(parts) + self.returned + self.quarantined + self.written_off == self.imported


@dataclass(frozen=True, slots=True)
class StockSum:
    """How many cards of one brand and face value there are, by where they stand."""

    brand: str
    face_fen: int | None
    unused: int
    reserved: int
    sold: int
    quarantined: int


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
    method: str
    balance_fen: int | None
    is_usable: bool | None
    has_proof: bool
    note: str


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
    equal_in_stock: int


def card(actor: Actor, public_id: str) -> Card:
    """Return a card by its public id. Raises NotFound, also for another shop's."""
    found: Card | None = (
        Card.objects.visible_to(actor).filter(public_id=public_id).select_related("batch__supplier", "order").first()
    )
    if found is None:
        raise NotFound("没有这张卡", "There is no such card")
    return found


def cards_by_index(actor: Actor, indices: Iterable[str]) -> dict[str, str]:
    """Return, of these blind indices, those of codes or card numbers in the shop, with the card's public id."""
    wanted = sorted(set(indices))
    found: dict[str, str] = {}
    for column in ("number_index", "code_index"):  # a code counts more than a number that reads the same
        for start in range(0, len(wanted), _AT_ONCE):
            chunk = wanted[start : start + _AT_ONCE]
            rows = Card.objects.visible_to(actor).filter(**{f"{column}__in": chunk})
            found.update(rows.values_list(column, "public_id"))
    return found


def cards_of_order(actor: Actor, order_id: int) -> list[CardFacts]:
    """Return the cards that an order (row id) was given, by our books or by the channel's word, oldest first."""
    return cards_of_orders(actor, [order_id]).get(order_id, [])


def cards_of_orders(actor: Actor, order_ids: Sequence[int]) -> Mapping[int, list[CardFacts]]:
    """Return the cards of many orders in a fixed number of queries."""
    reveals = Reveal.objects.visible_to(actor)
    delivered = reveals.filter(to="buyer", order_id__in=order_ids).values_list("order_id", "card_id")
    bound = Card.objects.visible_to(actor).filter(order_id__in=order_ids).values_list("order_id", "pk")
    pairs = sorted({*delivered, *bound})
    card_ids = {card_id for _, card_id in pairs}
    cards = {
        row.pk: row for row in Card.objects.visible_to(actor).filter(pk__in=card_ids).select_related("batch__supplier")
    }
    shown: dict[int, list[Reveal]] = defaultdict(list)
    for reveal in reveals.filter(card_id__in=card_ids).select_related("order").order_by("pk"):
        shown[reveal.card_id].append(reveal)
    checks: dict[int, list[BalanceCheck]] = defaultdict(list)
    for check in BalanceCheck.objects.visible_to(actor).filter(card_id__in=card_ids).order_by("checked_at", "pk"):
        checks[check.card_id].append(check)
    fates = _fates(actor, {row.batch_id for row in cards.values() if row.batch_id})
    found: dict[int, list[CardFacts]] = defaultdict(list)
    for order_id, card_id in pairs:
        found[order_id].append(_facts(cards[card_id], order_id, shown[card_id], checks[card_id], fates))
    return found


def _facts(
    card: Card,
    order_id: int,
    reveals: Sequence[Reveal],
    checks: Sequence[BalanceCheck],
    fates: Mapping[int, tuple[int, int]],
) -> CardFacts:
    to_buyers = [reveal for reveal in reveals if reveal.to == "buyer"]
    mine = next((reveal for reveal in to_buyers if reveal.order_id == order_id), None)
    revealed_at = mine.revealed_at or (mine.order.delivered_at if mine.order else None) if mine else None
    by_staff = [reveal.revealed_at for reveal in reveals if reveal.to == "staff" and reveal.revealed_at]
    last = checks[-1] if checks else None
    batch = card.batch
    supplier = batch.supplier if batch else None
    sold, failed = fates.get(card.batch_id or 0, (0, 0))
    is_sold = card.order_id is not None or card.state in _SOLD
    is_failed = card.state == CardState.VOIDED or any(check.is_usable is False for check in checks)
    return CardFacts(
        public_id=card.public_id,
        brand=card.brand,
        face_fen=card.face_fen,
        tail4=card.tail4,
        number_tail4=card.number_tail4,
        state=CardState(card.state),
        revealed_at=revealed_at,
        reveal_how=mine.how if mine else "",
        seen_by_staff_before=any(revealed_at is None or seen < revealed_at for seen in by_staff),
        delivered_to_orders=len({reveal.order_id for reveal in to_buyers}),
        redeemed_at=card.redeemed_at,
        expires_on=card.expires_on,
        batch_name=batch.name if batch else "",
        supplier_name=supplier.name if supplier else "",
        supplier_channel=supplier.channel if supplier else "",
        acquired_on=batch.acquired_on if batch else None,
        has_proof=bool(batch and batch.proof_sha256),
        is_batch_quarantined=bool(batch and batch.is_quarantined),
        last_check_at=last.checked_at if last else None,
        last_check_usable=last.is_usable if last else None,
        last_check_balance_fen=last.balance_fen if last else None,
        checked_before_reveal=any(
            check.is_usable and revealed_at is not None and check.checked_at < revealed_at for check in checks
        ),
        siblings_sold=max(sold - is_sold, 0),  # a card without a batch has no siblings
        siblings_failed=max(failed - is_failed, 0),
    )


def _fates(actor: Actor, batch_ids: Iterable[int]) -> Mapping[int, tuple[int, int]]:
    """Return, by batch, how many of its cards were sold and how many failed."""
    wanted = sorted(set(batch_ids))
    if not wanted:
        return {}
    mine = Card.objects.visible_to(actor).filter(batch_id__in=wanted).order_by()
    sold = dict(mine.filter(_sold()).values_list("batch_id").annotate(n=Count("pk")))
    failed = dict(mine.filter(_failed()).values_list("batch_id").annotate(n=Count("pk", distinct=True)))
    return {batch: (sold.get(batch, 0), failed.get(batch, 0)) for batch in wanted}


def _sold() -> Q:
    return Q(order__isnull=False) | Q(state__in=[state.value for state in _SOLD])


def _failed() -> Q:
    return Q(state=CardState.VOIDED.value) | Q(balance_checks__is_usable=False)


def stock_page(
    actor: Actor, *, brand: str = "", state: str = "", limit: int = 50, after: str | None = None
) -> StockPage:
    """Return one page of cards, newest first, all of them masked. ``after`` is the cursor of the last row seen."""
    rows = Card.objects.visible_to(actor).select_related("batch", "order")
    if brand:
        rows = rows.filter(brand=brand)
    if state:
        rows = rows.filter(state=state)
    if after and after.isdigit():
        rows = rows.filter(pk__lt=int(after))
    rows = rows.defer("code_sealed", "number_sealed")
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = tuple(
        StockRow(
            public_id=row.public_id,
            brand=row.brand,
            face_fen=row.face_fen,
            masked=f"‥{row.tail4}",
            state=CardState(row.state),
            state_text=TITLES[CardState(row.state)],
            batch_name=row.batch.name if row.batch else "",
            expires_on=row.expires_on,
            order_no=row.order.order_no if row.order else "",
            cursor=str(row.pk),
        )
        for row in found[:limit]
    )
    return StockPage(shown, shown[-1].cursor if len(found) > limit else None)


def stock_summary(actor: Actor) -> list[StockSum]:
    """Return the stock by brand and face value, the largest stock first."""

    def counted(*states: CardState) -> Count:
        return Count("pk", filter=Q(state__in=[state.value for state in states]))

    rows = (
        Card.objects.visible_to(actor)
        .order_by()
        .values_list("brand", "face_fen")
        .annotate(
            unused=counted(*_UNUSED),
            reserved=counted(CardState.RESERVED),
            sold=counted(*_SOLD),
            quarantined=counted(CardState.QUARANTINED),
        )
    )
    return sorted((StockSum(*row) for row in rows), key=lambda row: (-row.unused, row.brand, row.face_fen or 0))


def card_life(actor: Actor, public_id: str) -> CardLife:
    """Return all that may be shown of a card. Raises NotFound, also for another shop's."""
    row = card(actor, public_id)
    batch, order = row.batch, row.order
    supplier = batch.supplier if batch else None
    reveals = Reveal.objects.visible_to(actor).filter(card=row).select_related("order").order_by("pk")
    checks = BalanceCheck.objects.visible_to(actor).filter(card=row).order_by("checked_at", "pk")
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
                check.method,
                check.balance_fen,
                check.is_usable,
                bool(check.proof_sha256),
                check.note,
            )
            for check in checks
        ),
        equal_in_stock=stock_of_equal_value(actor, public_id),
    )


def brands(actor: Actor) -> list[str]:
    """Return the brands in the shop's books, for the filter of the stock page."""
    found = Card.objects.visible_to(actor).exclude(brand="").order_by("brand")
    return list(found.values_list("brand", flat=True).distinct())


def batches_page(actor: Actor, *, limit: int = 50) -> list[BatchRow]:
    """Return the newest batches with what became of their cards."""
    unused = Count("cards", filter=Q(cards__state__in=[state.value for state in _UNUSED]))
    batches = list(
        CardBatch.objects.visible_to(actor)
        .select_related("supplier")
        .annotate(count=Count("cards"), spent=Sum("cards__cost_fen"), unused=unused)
        .order_by("-pk")[:limit]
    )
    fates = _fates(actor, [batch.pk for batch in batches])
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


def batch_id(actor: Actor, name: str) -> str | None:
    """Return the public id of a batch by its name."""
    found: str | None = (
        CardBatch.objects.visible_to(actor).filter(name=name).values_list("public_id", flat=True).first()
    )
    return found


def stock_of_equal_value(actor: Actor, card_id: str, *, on: date | None = None) -> int:
    """Count the cards in stock that could replace this one; see ``equal_stock``. ``on`` is the day, today if unsaid."""
    return equal_stock(actor, card(actor, card_id), on=on or clock.now().astimezone(clock.SHANGHAI).date()).count()


def equal_stock(actor: Actor, like: Card, *, on: date) -> QuerySet[Card]:
    """Return the cards in stock with the brand, region and face value of another, not expired, none in doubt.

    A card whose face value nobody knows has no equals.
    """
    stock = Card.objects.visible_to(actor).filter(state=CardState.IN_STOCK.value, order=None)
    if like.face_fen is None:
        stock = stock.none()
    equal: QuerySet[Card] = (
        stock.filter(brand=like.brand, region=like.region, face_fen=like.face_fen)
        .exclude(pk=like.pk)
        .exclude(expires_on__lt=on)
        .exclude(batch__is_quarantined=True)
    )
    return equal


def reconcile(actor: Actor) -> Reconciliation:
    """Count where the shop's cards are."""
    counts: dict[str, int] = dict(
        Card.objects.visible_to(actor).order_by().values_list("state").annotate(n=Count("pk"))
    )

    def of(*states: CardState) -> int:
        return sum(counts.get(state.value, 0) for state in states)

    return Reconciliation(
        imported=sum(counts.values()),
        unused=of(*_UNUSED),
        reserved=of(CardState.RESERVED),
        delivered=of(CardState.REVEALED, CardState.REDEEMED),
        voided=of(CardState.VOIDED),
        returned=of(CardState.RETURNED),
        quarantined=of(CardState.QUARANTINED),
        written_off=of(CardState.WRITTEN_OFF),
    )
