"""Take card codes out of texts before they are kept or shown: those we know, and whatever looks like one.

Ten thousand messages go through in one call, with a handful of queries for all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cardcase.staff.rules import Actor

from . import queries, vault
from .rules import shapes


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without codes, whether there was one, and the public ids of the cards that it named."""

    text: str
    had_code: bool
    card_ids: tuple[str, ...] = ()


def mask_texts(actor: Actor, texts: Sequence[str]) -> list[Masked]:
    """Mask each text, in order. Codes and numbers of the shop's stock go, also inside links; then what looks like one.

    A masked text goes through again unchanged. Raises NotAllowed when the actor may not read.
    """
    book = _Book(actor)
    roomy = [text for text in dict.fromkeys(texts) if shapes.has_room(text)]
    pieces = [shapes.candidates(text) for text in roomy]
    book.look_up(piece.normal for found in pieces for piece in found)
    known = [[piece for piece in found if book.card(piece.normal)] for found in pieces]
    pins = _pins(book, roomy, known)
    masked = {text: _mask(book, text, *spans) for text, *spans in zip(roomy, known, pins, strict=True)}
    return [masked.get(text) or Masked(text, had_code=False) for text in texts]


def mask_text(actor: Actor, text: str) -> Masked:
    """Mask one text; see ``mask_texts``, which is the one to use for more than a few."""
    return mask_texts(actor, [text])[0]


class _Book:
    """What the stock knows of the pieces of some texts, asked for all of them at once."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._index = vault.indexer(actor.shop_id)
        self._cards: dict[str, str] = {}

    def look_up(self, normals: Iterable[str]) -> None:
        indices = {normal: self._index(normal) for normal in set(normals)}
        cards = queries.cards_by_index(self._actor, indices.values())
        self._cards |= {normal: cards[index] for normal, index in indices.items() if index in cards}

    def card(self, normal: str) -> str:
        return self._cards.get(normal, "")


def _pins(book: _Book, texts: Sequence[str], known: Sequence[Sequence[shapes.Span]]) -> list[list[shapes.Span]]:
    """Find short PINs: too common to be looked for by themselves, but known together with a card number beside them."""
    pairs = [
        [(piece, f"{number.normal}|{piece.normal}") for number in numbers for piece in shapes.short_pieces(text)]
        if numbers
        else []
        for text, numbers in zip(texts, known, strict=True)
    ]
    book.look_up(whole for found in pairs for _, whole in found)
    return [[piece for piece, whole in found if book.card(whole)] for found in pairs]


def _mask(book: _Book, text: str, known: Sequence[shapes.Span], pins: Sequence[shapes.Span]) -> Masked:
    spans = [*known, *pins, *shapes.code_shaped(text)]
    if not spans:
        return Masked(text, had_code=False)
    ids = dict.fromkeys(book.card(piece.normal) for piece in known)
    return Masked(shapes.mask_spans(text, spans), had_code=True, card_ids=tuple(ids))


def mask_form(actor: Actor, form: Mapping[str, object]) -> dict[str, str]:
    """Return what was typed into a form, to be shown again after a refusal: no card code comes back in it."""
    words = {name: value for name, value in form.items() if isinstance(value, str)}
    masked = mask_texts(actor, list(words.values()))
    return {name: one.text for name, one in zip(words, masked, strict=True)}
