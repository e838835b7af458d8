"""Comparing the numbers read from physical cards with those of the stock, by blind index: nothing is opened."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cardcase.cards import vault
from cardcase.cards.models import Card
from cardcase.kit.secret import CardCode
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class SerialRead:
    """One serial that somebody read from a card: its keyed hash and its tail, never the serial itself.

    ``is_code``: it is the secret of one of the cards asked about, and must not be typed here.
    """

    index: str = field(repr=False)
    tail: str
    is_code: bool


def read_serials(actor: Actor, cards: Sequence[Card], serials: Sequence[str]) -> list[SerialRead]:
    """Return what was read, in order, hashed as the stock's numbers are. Empty lines are left out."""
    index = vault.indexer(actor.shop_id)
    secrets = {card.code_index for card in cards if card.number_index not in ("", card.code_index)}
    found = []
    for told in serials:
        if not told.strip():
            continue
        number = CardCode(told)
        digest = index(number.normal_form())
        found.append(SerialRead(digest, number.tail(), digest in secrets))
    return found


def number_on_file(card: Card) -> str:
    """Return the keyed hash of the number that is printed on a card; of a card without one, that of its code.

    Many list the printed number of a sealed card as its code, since the true one lies unread under the scratch layer.
    """
    return card.number_index or (card.code_index if card.form == "physical" else "")
