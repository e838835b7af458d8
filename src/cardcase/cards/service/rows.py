"""Making and finding card rows: sealed, indexed, committed to. Used by the verbs of this room."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from cardcase.cards import sealing, vault
from cardcase.cards.models import Card
from cardcase.cards.rules import CardState, identity
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import ids
from cardcase.kit.errors import NotFound
from cardcase.kit.secret import CardCode
from cardcase.orders.models import Order
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor

AT_ONCE: Final = 500
A_RECORD: Final = 64
"""Cards in one record entry: each takes about 150 of its 16 KiB."""


def one_at_a_time(actor: Actor) -> None:
    """Let the shop's imports pass one by one until the transaction ends."""
    Shop.objects.select_for_update(no_key=True).only("pk").get(pk=actor.shop_id)


def incoming(actor: Actor, code: CardCode, number: str) -> sealing.Incoming:
    """Compute the indices of a card. A short PIN counts only together with its card number."""
    number = number.strip()
    return sealing.Incoming(
        code,
        number,
        code_index=vault.blind_index(actor.shop_id, identity(code, number)),
        number_index=vault.blind_index(actor.shop_id, CardCode(number)) if number else "",
    )


def known_by_index(actor: Actor, indices: Iterable[str]) -> dict[str, Card]:
    """Return the shop's cards by code index, locked until the transaction ends."""
    wanted = sorted(set(indices))
    found: dict[str, Card] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = Card.objects.visible_to(actor).filter(code_index__in=wanted[start : start + AT_ONCE])
        found.update({row.code_index: row for row in rows.select_for_update().order_by("pk")})
    return found


def fresh(actor: Actor, card: sealing.Incoming, state: CardState, *, at: datetime) -> Card:
    """Make the row of a card that nobody knew, with its code sealed. Not saved yet."""
    public_id = ids.public_id("card")
    row = Card(
        shop_id=actor.shop_id,
        public_id=public_id,
        code_sealed=sealing.seal_code(actor.shop_id, public_id, card.code),
        key_version=vault.key_version(),
        code_index=card.code_index,
        tail4=card.code.tail(),
        state=state.value,
        acquired_at=at,
    )
    if card.number:
        sealing.set_number(row, card)
    return row


def locked(actor: Actor, public_id: str) -> Card:
    """Return a card, locked until the transaction ends. Raises NotFound, also for another shop's."""
    found: Card | None = Card.objects.visible_to(actor).select_for_update().filter(public_id=public_id).first()
    if found is None:
        raise NotFound("没有这张卡", "There is no such card")
    return found


def order_of(actor: Actor, card: Card) -> Order | None:
    """Return the order that a card is bound to. Asked apart: PostgreSQL locks no outer join."""
    if card.order_id is None:
        return None
    found: Order | None = Order.objects.visible_to(actor).filter(pk=card.order_id).first()
    return found


def note(actor: Actor, kind: str, card: Card, at: datetime, facts: Mapping[str, str | int | bool | None]) -> None:
    """Write one record entry about one card."""
    order = order_of(actor, card)
    refs = {"order": order.public_id} if order else {}
    custody.append(actor, Record(kind, card.public_id, at, dict(facts), refs=refs))
