"""Whether a reply in a chat is a consent to the terms, its opposite, or neither. Pure.

Strict on purpose: a wrong "yes" lets a code out for which the buyer answers, a wrong "neither" costs a person one look.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.catalogue import Record
from cardcase.kit.text import Text, fold

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
    """One text message of the buyer, or of the seller: its public id, its words (codes masked), when it was said."""

    message_id: str
    text: str
    said_at: datetime
    is_seller: bool = False


HEARD_WITHIN: Final = timedelta(hours=24)
"""How long after the terms were the last thing asked a short reply may be their answer. Our own choice: a day later
"好的" opens another talk."""

_TELLING: Final = 12
"""Characters, punctuation aside, from which on a piece of the terms is known for one: chats cut long messages."""


class Doubt(StrEnum):
    """Why a reply that sounds like a yes may be the answer to something else."""

    OTHER = "other_question"
    LATE = "late"
    ELSEWHERE = "elsewhere"  # the terms were shown on the claim page, and this was said in the chat


DOUBTS: Final = MappingProxyType(
    {
        Doubt.OTHER: Text("须知之后店里还说了别的", "the shop said something else after the terms"),
        Doubt.LATE: Text("离发须知超过一天", "more than a day after the terms"),
        Doubt.ELSEWHERE: Text("须知只在领取页上显示过", "the terms were shown on the claim page only"),
    }
)


class Consents(Record):
    """One record of consents.toml, of whichever table."""

    phrases: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    names_terms: bool = False
    against: str = ""
    stickers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrases:
    """The lists, folded and plain."""

    consents: frozenset[str]
    explicit: frozenset[str]
    beside: frozenset[str]
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
    for one in _in_order(said):
        if one.is_seller:
            continue
        stance = read(one.text, phrases)
        if stance is not Stance.OTHER:
            yield one, stance


def doubt_of(
    reply: Said, said: Iterable[Said], terms: str, shown_at: datetime, phrases: Phrases, *, is_in_chat: bool
) -> Doubt | None:
    """Say why a reply that sounds like a yes may not be the answer to these terms; None: it is.

    ``said``: the whole talk, the seller's words too. ``is_in_chat``: whoever noted that the terms were shown meant the
    chat. What names the terms itself needs nothing around it. Anything else must follow the terms within a day, and
    between them the seller may have said nothing but the terms again, a greeting, or a request to agree.
    """
    if _plain(_without_stickers(reply.text, phrases)) in phrases.explicit:
        return None
    asked_at, is_asked, has_other = shown_at, is_in_chat, False
    for one in _in_order(said):
        if one is reply:
            break
        if not one.is_seller:
            continue
        if _is_of_terms(one.text, terms):
            asked_at, is_asked, has_other = one.said_at, True, False
        elif one.said_at >= asked_at and _plain(one.text) not in phrases.beside:
            has_other = True
    if not is_asked:
        return Doubt.ELSEWHERE
    if has_other:
        return Doubt.OTHER
    return Doubt.LATE if reply.said_at - asked_at > HEARD_WITHIN else None


def _is_of_terms(text: str, terms: str) -> bool:
    """Tell whether a message is the terms, or a piece of them: chats cut, and people leave the end off."""
    said, whole = _plain(text), _plain(terms)
    return len(said) >= _TELLING and (said in whole or whole in said)


def _in_order(said: Iterable[Said]) -> list[Said]:
    return sorted(said, key=lambda one: one.said_at)


def phrases_of(
    consents: Iterable[Consents],
    refusals: Sequence[Consents],
    signs: Sequence[Consents],
    sellers: Iterable[Consents] = (),
) -> Phrases:
    """Fold the records of consents.toml, table by table, into the lists that are compared with."""
    told = list(consents)
    return Phrases(
        consents=_all(phrase for record in told for phrase in record.phrases),
        explicit=_all(phrase for record in told if record.names_terms for phrase in record.phrases),
        beside=_all(phrase for record in sellers for phrase in record.phrases),
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
