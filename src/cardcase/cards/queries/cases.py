"""What cases need to know of the cards of their orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cardcase.cards.models import BalanceCheck, Card, Reveal, VoidAttempt
from cardcase.cards.rules.life import CardState
from cardcase.staff.rules import Actor

from .books import SOLD, fates_of


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a case needs to know of one card of its order.

    ``delivered_to_orders`` above one means that the channel delivered the same code more than once.
    ``redeemed_noted_at`` is when we learned of the redemption. ``void_result`` is how the last request to void it ended
    (``rules.VoidResult``), empty when nobody asked. ``siblings_*`` count the other cards of the batch: sold ones, and
    those found unusable or voided.
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
    redeemed_noted_at: datetime | None
    void_result: str
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
    voids = dict(
        VoidAttempt.objects.visible_to(actor)
        .filter(card_id__in=card_ids)
        .order_by("pk")
        .values_list("card_id", "result")
    )
    fates = fates_of(actor, {row.batch_id for row in cards.values() if row.batch_id})
    found: dict[int, list[CardFacts]] = defaultdict(list)
    for order_id, card_id in pairs:
        found[order_id].append(
            _facts(cards[card_id], order_id, shown[card_id], checks[card_id], fates, void_result=voids.get(card_id, ""))
        )
    return found


def _facts(
    card: Card,
    order_id: int,
    reveals: Sequence[Reveal],
    checks: Sequence[BalanceCheck],
    fates: Mapping[int, tuple[int, int]],
    *,
    void_result: str,
) -> CardFacts:
    to_buyers = [reveal for reveal in reveals if reveal.to == "buyer"]
    mine = next((reveal for reveal in to_buyers if reveal.order_id == order_id), None)
    revealed_at = mine.revealed_at or (mine.order.delivered_at if mine.order else None) if mine else None
    by_staff = [reveal.revealed_at for reveal in reveals if reveal.to == "staff" and reveal.revealed_at]
    last = checks[-1] if checks else None
    batch = card.batch
    supplier = batch.supplier if batch else None
    sold, failed = fates.get(card.batch_id or 0, (0, 0))
    is_sold = card.order_id is not None or card.state in SOLD
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
        redeemed_noted_at=card.redeemed_noted_at,
        void_result=void_result,
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


def was_shown_to_buyer(actor: Actor, card_id: int, *, order_id: int) -> bool:
    """Tell whether a card (row id) was shown to the buyer of an order (row id).

    A display that was cleared and never confirmed, or that nobody saw by a person's word, is none.
    """
    shown = Reveal.objects.visible_to(actor).filter(card_id=card_id, order_id=order_id, to="buyer")
    shown = shown.exclude(display__in=("authorised", "unknown", "not_shown"))
    return bool(shown.exists())
