"""What we have said before in a conversation, so that no reply repeats it: courtesies, and whole replies. Pure.

The same apology twice sounds like a machine. A clause with a courtesy that was said is left out of the next reply; a
reply that says again what was said gives way to another wording.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from pydantic import Field

from cardcase.kit import catalogue
from cardcase.kit.text import Text
from cardcase.triage.rules.folding import fold
from cardcase.triage.rules.phrases import compile_pattern

DATA: Final = Path(__file__).parent.parent / "data"
FILE: Final = "courtesies.toml"

ALIKE: Final = 0.75
"""Share of a reply's pairs of letters that stand in one earlier reply, from which it says the same again."""

_LONGEST: Final = 2_000
_ENDS: Final = "。！？!?.\n"
_OPEN: Final = "，,；;"
_CLAUSE: Final = re.compile(
    r"[^，。！？；,!?;\n.]*(?:\.(?=\S)[^，。！？；,!?;\n.]*)*(?:[，。！？；,!?;\n]|\.(?=\s|$)|$)[ ]?"
)
_PIECE: Final = re.compile(r"[a-z']+|[^\W\d_a-z]")
_GREETING: Final = re.compile(r"^(?:您好呀?|你好|在的|亲|hello|hi)[，,。！!]? ?", re.IGNORECASE)


class CourtesyRecord(catalogue.Record):
    """Words of one courtesy."""

    regex: str = Field(min_length=1)


class OpenerRecord(catalogue.Record):
    """A sentence that meets an upset buyer, in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Opener:
    """An opener and the courtesies that it holds."""

    id: str
    text: Text


@cache
def _courtesies(override: Path | None) -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = catalogue.load(DATA / FILE, CourtesyRecord, table="courtesy", override=override).records
    return tuple((record.id, compile_pattern(record.regex, {}, record.id)) for record in found.values())


@cache
def openers(override: Path | None = None) -> tuple[Opener, ...]:
    """Return the openers in the order of the file. Raises BrokenCatalogue."""
    found = catalogue.load(DATA / FILE, OpenerRecord, table="opener", override=override).records
    return tuple(Opener(record.id, Text(record.zh, record.en)) for record in found.values())


def courtesies_in(text: str, *, override: Path | None = None) -> frozenset[str]:
    """Return the ids of the courtesies that a text holds."""
    folded = fold(text, longest=_LONGEST).text
    return frozenset(name for name, pattern in _courtesies(override) if pattern.search(folded))


def spent(said: Sequence[str], *, override: Path | None = None) -> frozenset[str]:
    """Return the courtesies that were said in any of our earlier replies."""
    return frozenset[str]().union(*(courtesies_in(text, override=override) for text in said))


def without(text: str, used: frozenset[str], *, override: Path | None = None) -> str:
    """Leave out the clauses that hold a courtesy of ``used``; the text itself when nothing else would remain."""
    if not used & courtesies_in(text, override=override):
        return text
    kept = ""
    for clause in _clauses(text):
        if not used & courtesies_in(clause, override=override):
            kept = _joined(kept, clause)
        elif _is_end(clause) and kept.rstrip()[-1:] in tuple(_OPEN) and not _is_greeting(kept):
            kept = _closed(kept)
    kept = _closed(kept).strip() if kept.rstrip()[-1:] in tuple(_OPEN) else kept.strip()
    return kept if kept and not _is_greeting(kept) else text


def without_greeting(text: str) -> str:
    """Leave out a greeting at the head, for a talk that is already going on."""
    rest = _GREETING.sub("", text, count=1)
    return rest[:1].upper() + rest[1:] if rest else text


def behind_greeting(text: str, sentence: str) -> str:
    """Put a sentence behind the greeting of a text, or before a text that has none."""
    match = _GREETING.match(text)
    if match is None:
        return _spaced(sentence, text)
    rest = text[match.end() :]
    return f"{text[: match.end()]}{_spaced(sentence, rest[:1].upper() + rest[1:])}"


def likeness(text: str, said: Sequence[str]) -> float:
    """Return how much of a text stands in one of the earlier ones: 0 nothing, 1 all of it."""
    pairs = _pairs(text)
    if not pairs:
        return 0.0
    return max((len(pairs & _pairs(other)) / len(pairs) for other in said), default=0.0)


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """Return the neighbours in a text: of words where it is written in Latin letters, of characters otherwise."""
    pieces = _PIECE.findall(fold(text, longest=_LONGEST).text)
    return frozenset(pairwise(pieces))


def _clauses(text: str) -> list[str]:
    return [match.group() for match in _CLAUSE.finditer(text) if match.group()]


def _is_end(clause: str) -> bool:
    return clause.rstrip(" ")[-1:] in tuple(_ENDS)


def _is_greeting(text: str) -> bool:
    return bool(text) and not _GREETING.sub("", text, count=1).strip(" ，,。.！!")


def _closed(text: str) -> str:
    """End a sentence whose last clause was left out."""
    bare = text.rstrip(f" {_OPEN}")
    return f"{bare}. " if text.rstrip()[-1:] in tuple(",;") else f"{bare}。"


def _joined(kept: str, clause: str) -> str:
    if kept.rstrip().endswith(",") and _is_greeting(kept) and clause[:1].isupper() and not clause.startswith("I "):
        clause = clause[:1].lower() + clause[1:]
    if kept and _is_end(kept) and clause[:1].islower():
        clause = clause[:1].upper() + clause[1:]
    return kept + clause


def _spaced(sentence: str, rest: str) -> str:
    return f"{sentence} {rest}" if sentence.isascii() else f"{sentence}{rest}"
