"""Making and finding card rows: sealed, indexed, committed to. Used by the verbs of this room."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

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
    return all_incoming(actor, [(code, number)])[0]


def all_incoming(actor: Actor, told: Iterable[tuple[CardCode, str]]) -> list[sealing.Incoming]:
    """Compute the indices of many cards (code, number), each as ``incoming`` does."""
    index = vault.indexer(actor.shop_id)
    found = []
    for code, said in told:
        number = said.strip()
        found.append(
            sealing.Incoming(
                code,
                number,
                code_index=index(identity(code, number).normal_form()),
                number_index=index(CardCode(number).normal_form()) if number else "",
            )
        )
    return found


def known_by_index(actor: Actor, indices: Iterable[str]) -> dict[str, Card]:
    """Return the shop's cards by code index, locked until the transaction ends.

    Looked up by the index first and locked by their keys after: asked for both at once, SQLite walks through the whole
    stock in the order of the keys, five hundred codes at a time.
    """
    wanted = sorted(set(indices))
    found: dict[str, Card] = {}
    for start in range(0, len(wanted), AT_ONCE):
        asked = Card.objects.visible_to(actor).filter(code_index__in=wanted[start : start + AT_ONCE])
        if keys := list(asked.values_list("pk", flat=True)):
            rows = Card.objects.visible_to(actor).filter(pk__in=keys).select_for_update().order_by("pk")
            found.update({row.code_index: row for row in rows})
    return found


def fresh(actor: Actor, card: sealing.Incoming, state: CardState, *, at: datetime) -> Card:
    """Make the row of a card that nobody knew, with its code sealed. Not saved yet."""
    return all_fresh(actor, [card], state, at=at)[0]


def all_fresh(actor: Actor, cards: Sequence[sealing.Incoming], state: CardState, *, at: datetime) -> list[Card]:
    """Make the rows of many cards that nobody knew, in order, each as ``fresh`` does."""
    blank = Card(shop_id=actor.shop_id, state=state.value, acquired_at=at)
    names = [field.attname for field in Card._meta.concrete_fields]  # noqa: SLF001 - Django's documented model API
    values: list[Any] = [getattr(blank, name) for name in names]
    at_id, at_warnings = names.index("public_id"), names.index("warnings")
    rows = []
    for public_id in ids.public_ids("card", len(cards)):
        values[at_id], values[at_warnings] = public_id, []
        made: Any = values  # by position: by name each field is asked for its default, which doubles the cost
        rows.append(Card(*made))
    sealing.seal_all(list(zip(rows, cards, strict=True)))
    return rows


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
