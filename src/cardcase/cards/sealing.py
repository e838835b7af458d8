"""Putting codes and card numbers under seal in their rows, and what the record is told of them."""

from dataclasses import dataclass

from cardcase.custody.rules.entry import Content
from cardcase.kit.secret import CardCode

from . import vault
from .models import Card


@dataclass(frozen=True, slots=True)
class Incoming:
    """A code with its number, and the indices under which it is found again."""

    code: CardCode
    number: str
    code_index: str
    number_index: str


def set_number(row: Card, card: Incoming) -> None:
    """Seal and index the card number of a row."""
    row.number_sealed = vault.seal(card.number.encode(), context=f"{row.shop_id}|{row.public_id}|number|1")
    row.number_index = card.number_index
    row.number_tail4 = CardCode(card.number).tail()


def seal_code(shop_id: int, public_id: str, code: CardCode) -> bytes:
    """Seal a code for its row; no other row opens it."""
    return vault.seal(code.expose().encode(), context=f"{shop_id}|{public_id}|code|1")


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
    digest = vault.keyed_digest(f"{card.public_id}|{code.normal_form()}".encode())
    return Content(f"card/{card.public_id}", digest.encode(), "text/x-keyed-digest", keep=False)
