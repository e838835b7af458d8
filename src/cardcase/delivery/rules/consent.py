"""Whether a reply in a chat is a consent to the terms, its opposite, or neither. Pure.

Strict on purpose: a wrong "yes" lets a code out for which the buyer answers, a wrong "neither" costs a person one look.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cardcase.kit.catalogue import Record
from cardcase.kit.text import fold

_LONGEST: Final = 60
"""Characters; a longer reply says more than yes, whatever is left of it."""

_QUESTION: Final = frozenset("?？⁇⁈⁉❓❔؟‽¿")
_STICKER: Final = re.compile(r"\[([^\[\]]{1,8})\]")
_DRESS: Final = frozenset("\ufe0e\ufe0f")
"""How a sign is to be drawn; they stand behind many emoji. Other marks stay: a line through a word is its opposite."""


class Stance(StrEnum):
    """What a reply says to the terms."""

    YES = "yes"
    NO = "no"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Said:
    """One text message of the buyer: the message's public id, its words (codes masked), and when it was said."""

    message_id: str
    text: str
    said_at: datetime


class Consents(Record):
    """One record of consents.toml, of whichever table."""

    phrases: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    against: str = ""
    stickers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrases:
    """The lists, folded and plain."""

    consents: frozenset[str]
    refusals: frozenset[str]
    refusal_starts: tuple[str, ...]
    against: frozenset[str]
    stickers: frozenset[str]


def read(reply: str, phrases: Phrases) -> Stance:
    """Tell what one whole reply says to the terms. Never raises for what people write."""
    if len(reply) > _LONGEST and not _starts_with_refusal(reply, phrases):
        return Stance.OTHER
    if _QUESTION & set(reply) or "?" in fold(reply):
        return Stance.OTHER
    words = _plain(_without_stickers(reply, phrases))
    if words in phrases.refusals or _starts_with_refusal(reply, phrases):
        return Stance.NO
    if words in phrases.consents and not phrases.against & set(reply):
        return Stance.YES
    return Stance.OTHER


def answers(said: Iterable[Said], phrases: Phrases) -> Iterator[tuple[Said, Stance]]:
    """Go through what a buyer said, oldest first, and yield what says yes or no.

    What was said at one moment (some chats tell minutes only) keeps the order in which it is given.
    """
    for one in sorted(said, key=lambda one: one.said_at):
        stance = read(one.text, phrases)
        if stance is not Stance.OTHER:
            yield one, stance


def phrases_of(consents: Iterable[Consents], refusals: Sequence[Consents], signs: Sequence[Consents]) -> Phrases:
    """Fold the records of consents.toml, table by table, into the lists that are compared with."""
    return Phrases(
        consents=_all(phrase for record in consents for phrase in record.phrases),
        refusals=_all(phrase for record in refusals for phrase in record.phrases),
        refusal_starts=tuple(sorted(_all(start for record in refusals for start in record.starts))),
        against=frozenset("".join(record.against for record in signs)) - _DRESS - {"\u200d", "♀", "♂"},
        stickers=_all(name for record in signs for name in record.stickers),
    )


def _all(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(_plain(phrase) for phrase in phrases) - {""}


def _starts_with_refusal(reply: str, phrases: Phrases) -> bool:
    return _plain(reply[: _LONGEST * 2]).startswith(phrases.refusal_starts)


def _without_stickers(reply: str, phrases: Phrases) -> str:
    """Take out the stickers that say nothing; one that is not known stays, and then the reply is more than a yes."""

    def put(match: re.Match[str]) -> str:
        return "" if _plain(match.group(1)) in phrases.stickers else match.group()

    return _STICKER.sub(put, unicodedata.normalize("NFKC", reply))


def _plain(text: str) -> str:
    return "".join(sign for sign in fold(text) if not _is_beside_the_words(sign))


def _is_beside_the_words(sign: str) -> bool:
    """Tell punctuation, symbols (emoji among them), spaces and line ends from what words are made of."""
    return sign in _DRESS or unicodedata.category(sign)[0] in "PSZ" or unicodedata.category(sign) == "Cc"
