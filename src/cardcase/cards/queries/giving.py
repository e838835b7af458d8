"""What may be given out, and what was: for the room that gives cards to orders."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from cardcase.cards.models import BalanceCheck, Card, CardBatch, Reveal
from cardcase.cards.rules import CardKind, CardState, Seen, first_day_long_enough
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Display:
    """The last time a card was given to the buyer of its order. ``state`` is ``Reveal.display``."""

    reveal_id: int
    card_id: str
    attempt: int
    state: str
    authorised_at: datetime | None
    displayed_at: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class GivenCard:
    """A card as the page of a delivery shows it: masked, with what speaks against giving it out."""

    public_id: str
    title: str
    masked: str
    face_fen: int | None
    state: CardState
    expires_on: date | None
    is_batch_quarantined: bool
    last_look: Seen | None
    form: str = "code"
    number_tail4: str = ""  # of the number that is printed on it


def giving_stock(actor: Actor, kind: CardKind, *, on: date, least_days: int) -> "QuerySet[Card]":
    """Return the cards in stock that may be given for a kind on a day, nearest expiry first.

    Left out: expired ones, those with fewer than ``least_days`` left, batches in quarantine, cards whose last check
    said unusable or less than the face value, and any that a buyer could ever read (I6).
    """
    rows = Card.objects.visible_to(actor).filter(
        state=CardState.IN_STOCK.value,
        order=None,
        brand=kind.brand,
        face_fen=kind.face_fen,
        region=kind.region,
        spec=kind.spec,
        form=kind.form,
    )
    found: QuerySet[Card] = (
        rows.exclude(expires_on__lt=first_day_long_enough(on, least_days))
        .exclude(Exists(CardBatch.objects.filter(pk=OuterRef("batch_id"), is_quarantined=True)))
        .exclude(Exists(Reveal.objects.filter(card_id=OuterRef("pk"), to="buyer")))
        .annotate(usable=_last_check("is_usable"), balance=_last_check("balance_fen"))
        .filter(Q(usable=None) | Q(usable=True), Q(balance=None) | Q(balance__gte=F("face_fen")))
        .order_by(F("expires_on").asc(nulls_last=True), "pk")
    )
    return found


def kinds_in_stock(actor: Actor) -> list[CardKind]:
    """Return the kinds of which a card is in stock: what a guess may choose from."""
    rows = Card.objects.visible_to(actor).filter(state=CardState.IN_STOCK.value, face_fen__isnull=False)
    told = rows.exclude(brand="").order_by("brand", "face_fen", "region", "spec", "form")
    return [CardKind(*values) for values in told.values_list("brand", "face_fen", "region", "spec", "form").distinct()]


def given_cards(actor: Actor, card_pks: Sequence[int]) -> dict[int, GivenCard]:
    """Return cards by row id, masked."""
    rows = Card.objects.visible_to(actor).filter(pk__in=card_pks).select_related("batch")
    told = rows.annotate(
        usable=_last_check("is_usable"), balance=_last_check("balance_fen"), checked_at=_last_check("checked_at")
    )
    return {
        row.pk: GivenCard(
            public_id=row.public_id,
            title=" ".join(part for part in (row.brand, row.region, row.spec) if part),
            masked=f"‥{row.tail4}",
            face_fen=row.face_fen,
            state=CardState(row.state),
            expires_on=row.expires_on,
            is_batch_quarantined=bool(row.batch and row.batch.is_quarantined),
            last_look=Seen(row.checked_at, row.usable, row.balance) if row.checked_at else None,
            form=row.form,
            number_tail4=row.number_tail4,
        )
        for row in told
    }


def displays(actor: Actor, order_id: int) -> list[Display]:
    """Return the last delivery of each card that the buyer of an order (row id) was given, by our books or told."""
    return displays_of(actor, [order_id]).get(order_id, [])


def displays_of(actor: Actor, order_ids: Collection[int]) -> dict[int, list[Display]]:
    """Return the same of several orders, by row id, with one question."""
    rows = Reveal.objects.visible_to(actor).filter(order_id__in=order_ids, to="buyer").select_related("card")
    last = {(row.order_id, row.card_id): row for row in rows.order_by("attempt", "pk")}
    found: dict[int, list[Display]] = {}
    for row in last.values():
        told = Display(
            row.pk, row.card.public_id, row.attempt, row.display, row.revealed_at, row.displayed_at, row.by, row.reason
        )
        found.setdefault(row.order_id or 0, []).append(told)
    return found


def unconfirmed_orders(actor: Actor, *, before: datetime) -> list[int]:
    """Return the orders (row ids) with a display that was authorised before a moment and never confirmed."""
    rows = Reveal.objects.visible_to(actor).filter(to="buyer", display="authorised", revealed_at__lte=before)
    return sorted(set(rows.values_list("order_id", flat=True)))


def unconfirmed_reveals(actor: Actor, *, before: datetime) -> list[tuple[int, int]]:
    """Return the displays (row id, card's row id) that were authorised before a moment and never confirmed."""
    rows = Reveal.objects.visible_to(actor).filter(to="buyer", display="authorised", revealed_at__lte=before)
    return list(rows.order_by("pk").values_list("pk", "card_id"))


def _last_check(field: str) -> Subquery:
    checks = BalanceCheck.objects.filter(card_id=OuterRef("pk")).order_by("-checked_at", "-pk")
    return Subquery(checks.values(field)[:1])
