"""Read one text: which patterns it holds, how far each is meant, which signals it gives."""

import re
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import Final

from .folding import LONGEST, Folded, fold
from .grams import MASK
from .phrases import Lexicon, Phrase, lexicon
from .results import Family
from .scope import Meaning, Scope, is_platform_text

_MATCHES: Final = 3
"""Matches of one pattern that are read in one text; more of the same say nothing new."""

_BLANK: Final = re.compile(r"^[\W_]*$")


class Withdrawal(IntEnum):
    """How far the buyer takes his request back: not at all, in words that are said of much else, or plainly."""

    NONE = 0
    HEARD = 1
    PLAIN = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """One pattern found: what it speaks for, how strongly, and where in the original text."""

    sub_reason: str
    weight: float
    start: int
    end: int
    rule: str
    is_side: bool = False  # a second reading of the same words; never quoted for itself
    is_symptom: bool = False  # says that it fails, not why


@dataclass(slots=True)
class Analysis:
    """Everything that one text says, before it is weighed."""

    text: str
    hits: list[Hit] = field(default_factory=list)
    nothing: float = 0.0  # how much it looks like talk that is no complaint
    signals: dict[str, tuple[int, int]] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)  # signals whose words leave no doubt
    is_asked: bool = False
    is_supposed: bool = False
    is_hearsay: bool = False
    is_long: bool = False
    is_empty: bool = False
    own_words: set[str] = field(default_factory=set)  # reasons that the shop's own patterns name
    own: Folded | None = None  # what the buyer himself claims, for the learned reader; None where there is nothing

    @property
    def claims(self) -> list[Hit]:
        """Hits that can be quoted."""
        return [hit for hit in self.hits if not hit.is_side]

    @property
    def withdrawal(self) -> Withdrawal:
        """How far the buyer takes it back; not at all where he claims something after that."""
        place = self.signals.get("withdrawal")
        if place is None or any(
            hit.start >= place[1] and hit.weight >= 1.0 and not hit.sub_reason.startswith("P") for hit in self.claims
        ):
            return Withdrawal.NONE
        return Withdrawal.PLAIN if "withdrawal" in self.plain else Withdrawal.HEARD


def analyse(text: str, *, overrides: Path | None = None) -> Analysis:
    """Read one text of any content and length; never raises for what people write."""
    result = Analysis(text, is_long=len(text) > LONGEST)
    book = lexicon(overrides)
    if is_platform_text(text):
        result.is_empty = True
        return result
    folded = fold(text, book.variants)
    missing = book.letters.missing(folded.text)
    if _BLANK.match(folded.text):
        result.is_empty = True
        _read_signals(result, folded, Scope(folded.text), book, missing)
        return result
    scope = Scope(folded.text)
    talk: list[Hit] = []
    denied: list[tuple[int, int]] = []
    meant: list[tuple[int, int]] = []
    for phrase in book.phrases:
        if phrase.needs & missing:
            continue
        for count, match in enumerate(phrase.pattern.finditer(folded.text)):
            if count == _MATCHES:
                break
            meaning = scope.meaning(match, weight=phrase.weight, asks=phrase.asks)
            if not meaning.factor:
                denied.append(match.span())
                continue
            meant.append(match.span())
            start, end = folded.span(*match.span())
            _take(result, talk, phrase, meaning, start=start, end=end)
    result.hits = _without_nested(result.hits, talk)
    denied += _read_signals(result, folded, scope, book, missing)
    result.own = _own(folded, [*scope.foreign, *(one for one in denied if not _meets(one, meant))])
    return result


def _meets(one: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(start < one[1] and one[0] < end for start, end in others)


def _own(folded: Folded, others: list[tuple[int, int]]) -> Folded | None:
    """Black out what is denied or somebody else's words, letter by letter: the learned reader knows no grammar.

    Where no more than half is left, nothing is: scraps mean nothing.
    """
    if not others:
        return folded
    letters = list(folded.text)
    for start, end in others:
        letters[start:end] = MASK * (end - start)
    if 2 * letters.count(MASK) >= len(letters):
        return None
    return replace(folded, text="".join(letters))


def _take(result: Analysis, talk: list[Hit], phrase: Phrase, meaning: Meaning, *, start: int, end: int) -> None:
    if phrase.sub_reason == Family.NONE:
        result.nothing = max(result.nothing, phrase.weight) + 0.2
        talk.append(Hit(Family.NONE.value, phrase.weight, start, end, phrase.id))
        return
    result.is_asked |= meaning.is_asked
    result.is_supposed |= meaning.is_supposed
    result.is_hearsay |= phrase.is_hearsay
    if phrase.is_shops:
        result.own_words.add(phrase.sub_reason)
    symptom = phrase.is_symptom
    result.hits.append(
        Hit(phrase.sub_reason, phrase.weight * meaning.factor, start, end, phrase.id, is_symptom=symptom)
    )
    for other, weight in phrase.also:
        result.hits.append(Hit(other, weight * meaning.factor, start, end, phrase.id, is_side=True, is_symptom=symptom))


def _without_nested(hits: list[Hit], talk: list[Hit]) -> list[Hit]:
    """Drop a weaker reading of words inside a stronger, longer one: 「地址填错」 is no 「填错」."""
    return [
        hit
        for hit in hits
        if not any(
            other.sub_reason != hit.sub_reason
            and not other.is_side
            and other.weight > hit.weight
            and other.start <= hit.start
            and hit.end <= other.end
            and other.rule != hit.rule
            for other in (*hits, *talk)
        )
    ]


def _read_signals(result: Analysis, folded: Folded, scope: Scope, book: Lexicon, missing: int) -> list[tuple[int, int]]:
    """Note the signals that are meant; return where one is denied."""
    denied = []
    for signal in book.signals:
        if signal.needs & missing:
            continue
        match = signal.pattern.search(folded.text)
        if match is None:
            continue
        meaning = scope.meaning(match, weight=2.0, asks=signal.asks)
        if meaning.factor < 0.5:  # noqa: PLR2004 - denied, somebody else's words, or only supposed
            if not meaning.factor:
                denied.append(match.span())
            continue
        result.signals[signal.name] = folded.span(*match.span())
        if signal.plain is not None and signal.plain.search(match.group()):
            result.plain.add(signal.name)
    return denied
