"""Which words of the buyer after delivery show that the code was read or used. Patterns are data, cautious ones."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import field_validator

from cardcase.kit.catalogue import Record, load
from cardcase.kit.text import fold

from .facts import CaseFacts, WordsSeen

SHIPPED: Final = Path(__file__).parent.parent / "data" / "signals.toml"
_LONGEST: Final = 80
"""A longer message is a story: in it a single word is no admission."""


class SignalRecord(Record):
    """One signal: the kind of evidence that it makes, words that show it, words that take it back."""

    kind: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()

    @field_validator("words", "unless")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern}: {error}") from error
        return patterns


@dataclass(frozen=True, slots=True)
class Spotted:
    """A message that shows a signal."""

    signal: str
    kind: str
    message: WordsSeen


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[SignalRecord, re.Pattern[str], re.Pattern[str] | None], ...]:
    records = load(SHIPPED, SignalRecord, table="signal").records.values()
    return tuple(
        (record, re.compile("|".join(record.words)), re.compile("|".join(record.unless)) if record.unless else None)
        for record in records
    )


def spot(facts: CaseFacts) -> list[Spotted]:
    """List the buyer's messages after delivery that show a signal, in the order in which they were said.

    Messages without a time, or before delivery, never count: they cannot be about the code that was delivered.
    """
    delivered_at = facts.delivered_at()
    if delivered_at is None:
        return []
    found: list[Spotted] = []
    for words in facts.words:
        if words.speaker != "buyer" or words.said_at is None or words.said_at <= delivered_at:
            continue
        text = fold(words.text)
        if len(text) > _LONGEST:
            continue
        for record, shows, takes_back in _patterns():
            if shows.search(text) and not (takes_back and takes_back.search(text)):
                found.append(Spotted(record.id, record.kind, words))
    return found
