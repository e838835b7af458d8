"""The n-grams of a text, and which of them a learned reader knows."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

LONGEST: Final = 4
"""Letters of the longest n-gram."""
MASK: Final = "\x1a"
"""Stands for a letter that is not the buyer's own claim; no n-gram holds it."""
_EDGE: Final = "\n"
_BITS: Final = 16
_UNKNOWN: Final = (1 << _BITS) - 1
"""Number of every letter that stands in no n-gram; the others count from one, so that nothing is less than a letter."""
_SHIFTS: Final = tuple(np.uint64(_BITS * (LONGEST - 1 - place)) for place in range(LONGEST))


def edged(text: str) -> str:
    """Return a folded text with its edges marked, as n-grams are taken of it."""
    return f"{_EDGE}{text}{_EDGE}"


def grams(folded: str) -> list[str]:
    """Return the n-grams of a text of one to four characters, its edges marked."""
    return [
        part[start : start + size]
        for part in edged(folded).split(MASK)
        for size in range(1, LONGEST + 1)
        for start in range(len(part) - size + 1)
    ]


class Vocabulary:
    """The n-grams that a model knows, by row.

    Each is a number, sixteen bits a letter, and they ascend: all n-grams of a text are looked up by one search. A
    dictionary of as many strings takes nine times the memory, and most of a lookup is waiting for it.
    """

    __slots__ = ("_alphabet", "_keys", "_letters")

    def __init__(self, order: Sequence[str]) -> None:
        """Take n-grams of one to four letters in the order of their rows. Raises ValueError unless they ascend."""
        codes = _codes("".join(order))
        self._alphabet = np.unique(codes)
        if len(self._alphabet) >= _UNKNOWN:
            raise ValueError("too many letters")
        self._letters = np.full(int(self._alphabet.max(initial=0)) + 2, _UNKNOWN, dtype=np.uint64)
        self._letters[self._alphabet] = np.arange(1, len(self._alphabet) + 1)
        sizes = np.fromiter(map(len, order), dtype=np.intp, count=len(order))
        starts = np.cumsum(sizes) - sizes
        self._keys = np.zeros(len(order), dtype=np.uint64)
        for place, shift in enumerate(_SHIFTS):
            has = sizes > place
            self._keys[has] |= self._letters[codes[starts[has] + place]] << shift
        if len(order) and (sizes.min() < 1 or sizes.max() > LONGEST or (self._keys[1:] <= self._keys[:-1]).any()):
            raise ValueError("n-grams out of order, or too long")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        """Go through them in the order of their rows."""
        alphabet = ["", *map(chr, self._alphabet)]
        for key in self._keys.tolist():
            yield "".join(alphabet[key >> int(shift) & _UNKNOWN] for shift in _SHIFTS)

    def find(self, text: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return where known n-grams stand in a text, and their rows.

        A place is ``LONGEST * start + size - 1``. Those of one start are looked up together: they lie near each other.
        """
        if not len(self._keys):
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        count = len(text)
        letters = self._letters.take(_codes(text + MASK * (LONGEST - 1)), mode="clip")
        keys = np.empty((count, LONGEST), dtype=np.uint64)
        np.left_shift(letters[:count], _SHIFTS[0], out=keys[:, 0])
        for place in range(1, LONGEST):
            np.bitwise_or(keys[:, place - 1], letters[place : count + place] << _SHIFTS[place], out=keys[:, place])
        wanted = keys.ravel()
        rows = self._keys.searchsorted(wanted)
        places = np.flatnonzero(self._keys.take(rows, mode="clip") == wanted)
        return places, rows.take(places)


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
