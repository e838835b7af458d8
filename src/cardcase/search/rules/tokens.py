"""Words of the index: every character of a folded text is one word, a space as well, so that a phrase is a substring.

Plain letters, digits and common ideographs stand for themselves; everything else (emoji, signs, rare ideographs,
letters of other scripts) is written as its number, because tokenizers differ over what is a letter. A word of one
character and a word of several can never be taken for each other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .folding import fold

LONGEST: Final = 200
"""Characters of a question; what stands behind them is left out."""

MOST_TERMS: Final = 8
"""Terms of a question."""

POSITIONS: Final = 255
"""Characters up to which PostgreSQL keeps every place of a word; longer texts are compared themselves."""

_SPACE: Final = "zs"
_QUOTED: Final = re.compile(r'"([^"]+)"|“([^”]+)”|「([^」]+)」|(\S+)')


class _Words(dict[int, str]):
    """What each character is called, with a space before it; learnt as it is met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter == " ":
            word = f" {_SPACE}"
        elif "a" <= letter <= "z" or "0" <= letter <= "9" or "\u4e00" <= letter <= "\u9fa5":
            word = f" {letter}"
        else:
            word = f" x{code:x}"
        self[code] = word
        return word


_words: Final = _Words()


def words_of(folded: str) -> str:
    """Return the words of a folded text, with a space between them."""
    return folded.translate(_words)[1:]


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: folded terms, all of which must stand in a text."""

    terms: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def is_in(self, folded: str) -> bool:
        """Tell whether a folded text answers it. This is the law; the index only knows where to look."""
        return all(term in folded for term in self.terms)

    def fts5(self, *, also: Iterable[str] = ()) -> str:
        """Write it for SQLite's FTS5: each term a phrase. ``also``: single words that must stand there too."""
        return " AND ".join(f'"{phrase}"' for phrase in (*also, *map(words_of, self.terms)))

    def tsquery(self) -> str:
        """Write it for PostgreSQL with places: each term its words one behind the other."""
        return " & ".join(f"({' <-> '.join(map(_quoted, words_of(term).split()))})" for term in self.terms)

    def tsquery_anywhere(self) -> str:
        """Write it without places: every word, wherever it stands."""
        return " & ".join(_quoted(word) for word in dict.fromkeys(" ".join(map(words_of, self.terms)).split()))


def ask(words: str) -> Question:
    """Read a question: terms between white space; what stands in quotation marks is one term, its spaces included."""
    folded = fold(words[:LONGEST])
    terms = (" ".join(next(filter(None, match.groups()), "").split()) for match in _QUOTED.finditer(folded))
    return Question(tuple(dict.fromkeys(term for term in terms if term))[:MOST_TERMS])


def tsvector(words: str) -> str:
    """Write words for PostgreSQL, with their places where it can keep all of them."""
    told = words.split()
    if is_long(words):
        return " ".join(_quoted(word) for word in dict.fromkeys(told))
    return " ".join(f"{_quoted(word)}:{place}" for place, word in enumerate(told, 1))


def is_long(words: str) -> bool:
    """Tell whether PostgreSQL cannot keep all places of these words."""
    return words.count(" ") >= POSITIONS


def _quoted(word: str) -> str:
    return f"'{word}'"
