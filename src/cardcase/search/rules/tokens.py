"""Words of the index: each character of a folded text with the one behind it, so that a phrase of them is a substring.

Pairs, because lists of single characters are long: two characters that half of all texts hold, and that seldom stand
together, cost a walk through both lists. The last character stands alone; so each begins exactly one word, and what
is one character long is found by the beginnings of words. A space counts as a character.

For SQLite each character is written as a letter, digit or common ideograph is: as itself; everything else (emoji,
signs, rare ideographs, other scripts) as its number between x and z, because tokenizers differ over what is a letter.
No such code begins another, so that words and their beginnings can never be taken for others.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import add
from typing import Final

from .folding import fold

LONGEST: Final = 200
"""Characters of a question; what stands behind them is left out."""

MOST_TERMS: Final = 8
"""Terms of a question."""

_RAREST: Final = 3
"""Words of a question that FTS5 is asked for: with two the lists are walked as fast, with more slower (0021)."""

POSITIONS: Final = 255
"""Characters up to which PostgreSQL keeps every place of a word; longer texts are compared themselves."""

_QUOTED: Final = re.compile(r'"([^"]+)"|“([^”]+)”|「([^」]+)」|(\S+)')


class _Codes(dict[int, str]):
    """What each character is written as; learnt as it is met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        is_plain = "a" <= letter <= "z" and letter != "x"
        if not (is_plain or "0" <= letter <= "9" or "\u4e00" <= letter <= "\u9fa5"):
            letter = f"x{code:x}z"
        self[code] = letter
        return letter


_codes: Final = _Codes()
_plain: Final = re.compile("[a-wyz0-9\u4e00-\u9fa5]+").fullmatch


def words_of(folded: str) -> str:
    """Return the words of a folded text as SQLite has them, a space before each."""
    if _plain(folded) is not None:  # nine of ten: every character is its own code
        pairs = " ".join(map(add, folded, folded[1:]))
        return f" {pairs} {folded[-1]}" if pairs else f" {folded}"
    codes = [_codes[ord(letter)] for letter in folded]
    return "".join([f" {one}{other}" for one, other in zip(codes, [*codes[1:], ""], strict=True)])


def tsvector(folded: str) -> str:
    """Write the words of a folded text for PostgreSQL, with their places where it can keep all of them."""
    words = [_quoted(folded[place : place + 2]) for place in range(len(folded))]
    if is_long(folded):
        return " ".join(dict.fromkeys(words))
    return " ".join(f"{word}:{place}" for place, word in enumerate(words, 1))


def is_long(folded: str) -> bool:
    """Tell whether PostgreSQL cannot keep all places of this text's words."""
    return len(folded) > POSITIONS


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: folded terms, all of which must stand in a text."""

    terms: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def has_single(self) -> bool:
        """Tell whether a term is one character long: such are asked for by the beginnings of words."""
        return any(len(term) == 1 for term in self.terms)

    def is_in(self, folded: str) -> bool:
        """Tell whether a folded text answers it. This is the law; the index only knows where to look."""
        return all(term in folded for term in self.terms)

    def pieces(self) -> list[str]:
        """Return what has to stand in the words of a text (``words_of``), one piece a term."""
        return [_phrase(term) for term in self.terms]

    def fts5(self, common: Mapping[str, int]) -> tuple[str, list[str]]:
        """Write it for SQLite's FTS5, and the pieces that are then looked for in the words of what it finds.

        Only its rarest words are asked for (``common``: in how many texts of a sample each stands): the lists of the
        common ones are long, and hold nothing that the pieces would not tell. Beginnings of words are only asked for
        when there is nothing longer: FTS5 collects all of them first.
        """
        words = dict.fromkeys(word for term in self.terms if len(term) > 1 for word in _phrase(term).split())
        if words:
            rarest = sorted(words, key=lambda word: common.get(word, 0))[:_RAREST]
            compared = [piece for term in self.terms if (piece := _phrase(term))[1:] not in rarest]
            return " AND ".join(f'"{word}"' for word in rarest), compared
        return " AND ".join(f'"{_phrase(term)[1:]}"*' for term in self.terms), []

    def tsquery(self) -> str:
        """Write it for PostgreSQL with places: each term its words one behind the other."""
        return " & ".join(f"({' <-> '.join(_asked(term))})" for term in self.terms)

    def tsquery_anywhere(self) -> str:
        """Write it without places: every word, wherever it stands."""
        return " & ".join(dict.fromkeys(word for term in self.terms for word in _asked(term)))


def ask(words: str) -> Question:
    """Read a question: terms between white space; what stands in quotation marks is one term, its spaces included."""
    folded = fold(words[:LONGEST])
    terms = (" ".join(next(filter(None, match.groups()), "").split()) for match in _QUOTED.finditer(folded))
    return Question(tuple(dict.fromkeys(term for term in terms if term))[:MOST_TERMS])


def _phrase(term: str) -> str:
    """Return the words of a term without its last, which would say that the text ends there."""
    codes = [_codes[ord(letter)] for letter in term]
    if len(codes) == 1:
        return f" {codes[0]}"
    return "".join([f" {one}{other}" for one, other in pairwise(codes)])


def _asked(term: str) -> Iterator[str]:
    if len(term) == 1:
        yield f"{_quoted(term)}:*"
    for place in range(len(term) - 1):
        yield _quoted(term[place : place + 2])


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''").replace("\0", "\ufffd")
    return f"'{escaped}'"
