"""Finding cards, and counting where they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet

from cardcase.cards import vault
from cardcase.cards.models import Card, CardBatch
from cardcase.cards.rules.life import CardState
from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.kit.secret import CardCode
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

_AT_ONCE: Final = 500
SOLD: Final = (CardState.REVEALED, CardState.REDEEMED, CardState.VOIDED, CardState.RETURNED)
"""States of a card that some buyer got."""
UNUSED: Final = (CardState.ACQUIRED, CardState.CHECKED, CardState.IN_STOCK)
"""States of a card that nobody got or waits for."""


IS_SOLD: Final = Q(order__isnull=False) | Q(state__in=[state.value for state in SOLD])
IS_FAILED: Final = Q(state=CardState.VOIDED.value) | Q(balance_checks__is_usable=False)
"""Cards that were voided or once found unusable. Joins the checks, so count distinct."""


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


def card_of_code(actor: Actor, code: CardCode) -> str | None:
    """Return the public id of the card with this code or card number, found by keyed hash; None when nobody has it."""
    index = vault.blind_index(actor.shop_id, code)
    return cards_by_index(actor, [index]).get(index)


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
    """Return the cards in stock of another's kind (brand, region, spec, form, face value), none of them in doubt.

    Left out are those with less validity left than the shop's least, counted from the day ``on``; a card without a
    date has no end that we know of. A card whose face value nobody knows has no equals.
    """
    stock = Card.objects.visible_to(actor).filter(state=CardState.IN_STOCK.value, order=None)
    if like.face_fen is None:
        stock = stock.none()
    equal: QuerySet[Card] = (
        stock.filter(brand=like.brand, region=like.region, spec=like.spec, form=like.form, face_fen=like.face_fen)
        .exclude(pk=like.pk)
        .exclude(expires_on__lt=on + timedelta(days=staff.shop_of(actor).least_validity_days))
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
        unused=of(*UNUSED),
        reserved=of(CardState.RESERVED),
        delivered=of(CardState.REVEALED, CardState.REDEEMED),
        voided=of(CardState.VOIDED),
        returned=of(CardState.RETURNED),
        quarantined=of(CardState.QUARANTINED),
        written_off=of(CardState.WRITTEN_OFF),
    )


def fates_of(actor: Actor, batch_ids: Iterable[int]) -> Mapping[int, tuple[int, int]]:
    """Return, by batch, how many of its cards were sold and how many failed."""
    wanted = sorted(set(batch_ids))
    if not wanted:
        return {}
    mine = Card.objects.visible_to(actor).filter(batch_id__in=wanted).order_by()
    sold = dict(mine.filter(IS_SOLD).values_list("batch_id").annotate(n=Count("pk")))
    failed = dict(mine.filter(IS_FAILED).values_list("batch_id").annotate(n=Count("pk", distinct=True)))
    return {batch: (sold.get(batch, 0), failed.get(batch, 0)) for batch in wanted}
