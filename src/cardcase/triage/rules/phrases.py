"""The pattern language and its catalogue: word groups, phrases, signals, typing errors; validated and compiled once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field

from cardcase.kit import catalogue

from .folding import Variants
from .openers import openers
from .reasons import DATA, SUB_REASONS
from .results import Family

_NARROW: Final = r"([^。!?;\n, ]{0,5}? ?[^。!?;\n, ]{0,2}?)"
_WIDE: Final = r"([^。!?;\n]{0,14}?)"
_HEAD_CLASS: Final = re.compile(r"\[([^\]\\^-]+)\](?![?*+{])")
_HEAD_CHOICE: Final = re.compile(r"\(\?:([^()|]+(?:\|[^()|]+)+)\)(?![?*+{])")
_GROUP: Final = re.compile(r"\{([a-z_]+)\}")


class WordRecord(catalogue.Record):
    """A group of words that may stand for each other in a pattern."""

    forms: tuple[str, ...] = Field(min_length=1)
    note: str = ""


class PhraseRecord(catalogue.Record):
    """One pattern and what it speaks for."""

    sub_reason: str
    regex: str
    weight: float = Field(gt=0, le=5)
    also: Mapping[str, float] = Field(default_factory=dict)
    asks: bool = False
    is_symptom: bool = False
    is_hearsay: bool = False
    note: str = ""


class SignalRecord(catalogue.Record):
    """One pattern and the signal it gives."""

    regex: str
    asks: bool = False
    note: str = ""


class VariantRecord(catalogue.Record):
    """A word (the id) and the ways in which it is mistyped."""

    forms: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled pattern. Its capturing groups are its gaps.

    ``needs``: one bit for each set of letters of which a match has one (see ``Letters``).
    """

    id: str
    sub_reason: str
    pattern: re.Pattern[str]
    weight: float
    also: tuple[tuple[str, float], ...]
    asks: bool
    is_symptom: bool
    is_hearsay: bool
    is_shops: bool  # written by the shop, which knows its buyers
    needs: int


@dataclass(frozen=True, slots=True)
class Signal:
    """A compiled pattern for a signal; its name is the part that is reported."""

    name: str
    pattern: re.Pattern[str]
    asks: bool
    needs: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything compiled that reading a text needs."""

    phrases: tuple[Phrase, ...]
    signals: tuple[Signal, ...]
    variants: Variants
    letters: "Letters"
    version: str


class Letters:
    """Sets of letters as bits of an integer, so that patterns are skipped by one ``&`` instead of a search."""

    def __init__(self) -> None:
        """Start without any set."""
        self._bits: dict[frozenset[str], int] = {}
        self._of: dict[str, int] = {}
        self._all = 0

    def bits(self, sets: Iterable[frozenset[str]]) -> int:
        """Return the bits of these sets, new ones where they are not known yet."""
        wanted = 0
        for letters in sets:
            bit = self._bits.setdefault(letters, 1 << len(self._bits))
            wanted |= bit
            for letter in letters:
                self._of[letter] = self._of.get(letter, 0) | bit
        self._all |= wanted
        return wanted

    def missing(self, text: str) -> int:
        """Return the bits of the sets of which a text has no letter."""
        present, of = 0, self._of
        for letter in set(text):
            if letter in of:
                present |= of[letter]
        return self._all & ~present


def _spread(form: str) -> list[str]:
    """Write out a form's leading choice, so that each form begins with a plain letter.

    The regular expression engine then skips by first letter; without this, reading a text takes three times as long.
    """
    if match := _HEAD_CLASS.match(form):
        return [letter + form[match.end() :] for letter in match.group(1)]
    if match := _HEAD_CHOICE.match(form):
        return [choice + form[match.end() :] for choice in match.group(1).split("|")]
    return [form]


def word_group(forms: Iterable[str]) -> str:
    """Join the forms of a group, longest first, without the brackets around them."""
    spread = [plain for form in forms for plain in _spread(form)]
    return "|".join(sorted(spread, key=len, reverse=True))


def _expand(regex: str, words: Mapping[str, str]) -> str:
    """Write out word groups and gaps. Raises KeyError for an unknown group."""

    def fill(match: re.Match[str]) -> str:
        word = words[match.group(1)]
        is_choice = regex[: match.start()].endswith(("|", "(?:")) and regex[match.end() :].startswith(("|", ")"))
        return word if is_choice else f"(?:{word})"

    return _GROUP.sub(fill, regex).replace("~~", _WIDE).replace("~", _NARROW)


def compile_pattern(regex: str, words: Mapping[str, str], where: str) -> re.Pattern[str]:
    """Turn a pattern of the catalogue into a regular expression. Raises BrokenCatalogue naming the record."""
    try:
        return re.compile(_expand(regex, words))
    except KeyError as error:
        raise catalogue.BrokenCatalogue(
            f"规则 {where} 用了没有定义的词组 {error}", f"Pattern {where} uses an undefined word group {error}"
        ) from error
    except re.error as error:
        raise catalogue.BrokenCatalogue(
            f"规则 {where} 写法有误：{error}", f"Pattern {where} is malformed: {error}"
        ) from error


def needs(regex: str, words: Mapping[str, str]) -> tuple[frozenset[str], ...]:
    """Return the sets of first letters of a pattern's parts between its gaps: a match has a letter of each."""
    parts, depth, part = [], 0, ""
    for char in regex:
        if char in "()":
            depth += 1 if char == "(" else -1
        if char == "|" and not depth:  # alternatives share no parts
            parts, part = [regex], ""
            break
        if char == "~" and not depth:
            parts, part = [*parts, part], ""
        elif char == "?" and not part and parts:
            continue  # the gap itself may be missing
        else:
            part += char
    found = (openers(_expand(piece, words)) for piece in (*parts, part) if piece)
    return tuple(letters for letters in found if letters is not None)


@cache
def lexicon(overrides: Path | None = None) -> Lexicon:
    """Load and compile the catalogue, with a shop's own files (``<overrides>/phrases.toml`` …) laid over it.

    Compiled once for each folder. Raises BrokenCatalogue for anything that does not keep its schema.
    """

    def load(name: str, kind: type[catalogue.R], table: str) -> Mapping[str, catalogue.R]:
        own = overrides / f"{name}.toml" if overrides else None
        return catalogue.load(DATA / f"{name}.toml", kind, table=table, override=own).records

    words = {record.id: word_group(record.forms) for record in load("words", WordRecord, "word").values()}
    letters = Letters()
    known = {*SUB_REASONS, Family.NONE.value}
    ours = catalogue.load(DATA / "phrases.toml", PhraseRecord, table="phrase").records
    phrases = []
    for record in load("phrases", PhraseRecord, "phrase").values():
        unknown = {record.sub_reason, *record.also} - known
        if unknown:
            raise catalogue.BrokenCatalogue(
                f"规则 {record.id} 指向未知原因 {unknown}", f"Pattern {record.id} names unknown reasons {unknown}"
            )
        pattern = compile_pattern(record.regex, words, record.id)
        also = tuple(record.also.items())
        kind = (record.asks, record.is_symptom, record.is_hearsay, record != ours.get(record.id))
        phrases.append(
            Phrase(
                record.id,
                record.sub_reason,
                pattern,
                record.weight,
                also,
                *kind,
                letters.bits(needs(record.regex, words)),
            )
        )
    signals = []
    for signal in load("signals", SignalRecord, "signal").values():
        pattern = compile_pattern(signal.regex, words, signal.id)
        signals.append(Signal(signal.id, pattern, signal.asks, letters.bits(needs(signal.regex, words))))
    pairs = {form: row.id for row in load("variants", VariantRecord, "variant").values() for form in row.forms}
    try:
        variants = Variants(pairs)
    except ValueError as error:
        raise catalogue.BrokenCatalogue(f"错别字表有误：{error}", f"The typing errors are broken: {error}") from error
    version = catalogue.load(DATA / "phrases.toml", PhraseRecord, table="phrase").header.version
    return Lexicon(tuple(phrases), tuple(signals), variants, letters, version)
