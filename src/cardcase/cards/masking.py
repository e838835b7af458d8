"""Take card codes out of texts before they are kept or shown: those we know, and whatever looks like one.

Ten thousand messages go through in one call, with a handful of queries for all of them.
"""

from collections.abc import Sequence
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
    pieces = [shapes.candidates(text) for text in texts]
    index = vault.indexer(actor.shop_id)
    indices = {normal: index(normal) for normal in {piece.normal for found in pieces for piece in found}}
    cards = queries.cards_by_index(actor, indices.values())
    return [_mask(text, found, indices, cards) for text, found in zip(texts, pieces, strict=True)]


def mask_text(actor: Actor, text: str) -> Masked:
    """Mask one text; see ``mask_texts``, which is the one to use for more than a few."""
    return mask_texts(actor, [text])[0]


def _mask(text: str, found: Sequence[shapes.Span], indices: dict[str, str], cards: dict[str, str]) -> Masked:
    known = [piece for piece in found if indices[piece.normal] in cards]
    spans = [*known, *shapes.code_shaped(text)]
    if not spans:
        return Masked(text, had_code=False)
    ids = dict.fromkeys(cards[indices[piece.normal]] for piece in known)
    return Masked(shapes.mask_spans(text, spans), had_code=True, card_ids=tuple(ids))
