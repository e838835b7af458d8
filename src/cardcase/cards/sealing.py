"""Putting codes and card numbers under seal in their rows, and what the record is told of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cardcase.custody.rules.entry import Content
from cardcase.kit.secret import CardCode

from . import vault
from .models import Card


@dataclass(frozen=True, slots=True)
class Incoming:
    """A code with its number, and the indices under which it is found again."""

    code: CardCode
    number: str = field(repr=False)
    code_index: str
    number_index: str


def seal_all(rows: Sequence[tuple[Card, Incoming]]) -> None:
    """Seal the codes and numbers of new rows, all in one go, with what the rows tell of them in clear.

    The rows have their shop and public id; no other row opens what is sealed for one. Raises what the vault raises.
    """
    codes = vault.seal_many(
        [card.code.expose().encode() for _, card in rows],
        [f"{row.shop_id}|{row.public_id}|code|1" for row, _ in rows],
    )
    version = vault.key_version()
    for (row, card), sealed in zip(rows, codes, strict=True):
        row.code_sealed, row.key_version = sealed, version
        row.code_index, row.tail4 = card.code_index, card.code.tail()
    set_numbers([(row, card) for row, card in rows if card.number])


def set_numbers(rows: Sequence[tuple[Card, Incoming]]) -> None:
    """Seal and index the card numbers of rows."""
    numbers = vault.seal_many(
        [card.number.encode() for _, card in rows],
        [f"{row.shop_id}|{row.public_id}|number|1" for row, _ in rows],
    )
    for (row, card), sealed in zip(rows, numbers, strict=True):
        row.number_sealed = sealed
        row.number_index = card.number_index
        row.number_tail4 = CardCode(card.number).tail()


def open_code(card: Card) -> CardCode:
    """Open the code of a row. Only for verbs that have written and committed the record of it."""
    plain = vault.open_sealed(bytes(card.code_sealed), context=f"{card.shop_id}|{card.public_id}|code|1")
    return CardCode(plain.decode())


def open_number(card: Card) -> str:
    """Open the card number of a row, empty when it has none. For the same verbs as ``open_code``."""
    if card.number_sealed is None:
        return ""
    context = f"{card.shop_id}|{card.public_id}|number|1"
    return vault.open_sealed(bytes(card.number_sealed), context=context).decode()


def commitment_by_index(card: Card) -> Content:
    """Commit to the code of a row by its blind index, so that nothing has to be opened before the record is written."""
    digest = vault.keyed_digest(f"{card.public_id}|index|{card.code_index}".encode())
    return Content(f"card/{card.public_id}", digest.encode(), "text/x-keyed-digest", keep=False)


def commitment(card: Card, code: CardCode) -> Content:
    """Commit to a code without its bytes: the record keeps a salted commitment to a keyed digest of it."""
    return commitments([(card, code)])[0]


def commitments(cards: Sequence[tuple[Card, CardCode]]) -> list[Content]:
    """Commit to many codes, each as ``commitment`` does."""
    digest = vault.digester()
    return [
        Content(
            f"card/{card.public_id}",
            digest(f"{card.public_id}|{code.normal_form()}".encode()).encode(),
            "text/x-keyed-digest",
            keep=False,
        )
        for card, code in cards
    ]
