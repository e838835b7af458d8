"""Which texts are nearly one another: a reader must neither learn one thing twice nor be judged by what it learned."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from cardcase.kit.text import fold

LIKENESS: Final = 0.5
"""Share of common 3-grams of characters (Jaccard) above which two texts are copies of one another."""
_SIZE: Final = 3


def grams(text: str) -> frozenset[str]:
    """Return the 3-grams of a text without blanks and case; the whole of a shorter one."""
    told = "".join(fold(text).split())
    return frozenset(told[start : start + _SIZE] for start in range(max(1, len(told) - _SIZE + 1)))


def near_copies(texts: Sequence[str], known: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (place in ``texts``, place in ``known``) of each pair that is nearly the same."""
    where: defaultdict[str, list[int]] = defaultdict(list)
    sizes = []
    for place, text in enumerate(known):
        mine = grams(text)
        sizes.append(len(mine))
        for gram in mine:
            where[gram].append(place)
    for place, text in enumerate(texts):
        mine = grams(text)
        shared = Counter(other for gram in mine for other in where.get(gram, ()))
        for other, count in shared.items():
            if count > LIKENESS * (len(mine) + sizes[other] - count):
                yield place, other
