"""The pattern language and its catalogue: word groups, phrases, signals, typing errors; validated and compiled once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod
from operator import add
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
_PIECE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_FLAG: Final = re.compile(r"\(\?[A-Za-z-]")
"""A flag says of the whole pattern how its letters are meant."""
_SETS: Final = 16
"""Sets of beginnings that are noted of one pattern at the most; more would hardly spare another search."""


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
    """One pattern and the signal it gives. ``plain``: words in what it finds that leave no doubt."""

    regex: str
    plain: str = ""
    asks: bool = False
    note: str = ""


class VariantRecord(catalogue.Record):
    """A word (the id) and the ways in which it is mistyped."""

    forms: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled pattern. Its capturing groups are its gaps.

    ``needs``: one bit for each set of beginnings of which a match holds one (see ``Letters``).
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
    plain: re.Pattern[str] | None
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
    """Sets of beginnings as bits of an integer, so that patterns are skipped by one ``&`` instead of a search."""

    def __init__(self) -> None:
        """Start without any set."""
        self._bits: dict[frozenset[str], int] = {}
        self._of: dict[str, int] = {}
        self._all = 0

    def bits(self, sets: Iterable[frozenset[str]]) -> int:
        """Return the bits of these sets, new ones where they are not known yet."""
        wanted = 0
        for letters in sets:
            if letters not in self._bits:
                self._bits[letters] = bit = 1 << len(self._bits)
                for beginning in letters:
                    self._of[beginning] = self._of.get(beginning, 0) | bit
            wanted |= self._bits[letters]
        self._all |= wanted
        return wanted

    def missing(self, text: str) -> int:
        """Return the bits of the sets of which a text holds none: no letter, no two that follow each other."""
        present, of = 0, self._of
        for beginning in {*text, *map(add, text, text[1:])}:
            if beginning in of:
                present |= of[beginning]
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
    """Return sets of beginnings (see ``openers``): a match holds one of each, for so its parts between the gaps begin.

    A match of 「a~b|c~d」 holds a or c, a or d, b or c, and b or d.
    """
    if _FLAG.search(regex):
        return ()
    choices: list[list[frozenset[str]]] = []
    for alternative in _split(regex, "|"):
        pieces = (piece.removeprefix("?") for piece in _split(alternative, "~"))  # the gap itself may be missing
        found = [letters for piece in pieces if piece and (letters := openers(_expand(piece, words))) is not None]
        if not found:
            return ()
        if len(found) * prod(map(len, choices)) > _SETS:
            found = [min(found, key=len)]
        choices.append(found)
    return tuple(frozenset[str]().union(*choice) for choice in product(*choices))


def _split(regex: str, sign: str) -> list[str]:
    """Split a pattern at a sign that stands in no brackets."""
    parts, depth = [""], 0
    for piece in _PIECE.findall(regex):
        depth += (piece == "(") - (piece == ")")
        if piece == sign and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


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
        plain = compile_pattern(signal.plain, words, signal.id) if signal.plain else None
        signals.append(Signal(signal.id, pattern, plain, signal.asks, letters.bits(needs(signal.regex, words))))
    pairs = {form: row.id for row in load("variants", VariantRecord, "variant").values() for form in row.forms}
    try:
        variants = Variants(pairs)
    except ValueError as error:
        raise catalogue.BrokenCatalogue(f"错别字表有误：{error}", f"The typing errors are broken: {error}") from error
    version = catalogue.load(DATA / "phrases.toml", PhraseRecord, table="phrase").header.version
    return Lexicon(tuple(phrases), tuple(signals), variants, letters, version)
