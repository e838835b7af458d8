"""Contents that were taken out of the record: which entries say so, and what the check of the record makes of it.

An entry whose content is gone still verifies: its leaf holds only the commitment. But a content may only be gone when
a later entry names it with ground and person; else somebody has removed what he did not like.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from .plain import JSON

ERASED: Final = "content.erased"
RESTRICTED: Final = "content.restricted"
RESTORED: Final = "content.restored"
KINDS: Final = frozenset({ERASED, RESTRICTED, RESTORED})
"""Kinds of the entries that name contents of others. Their own contents are never taken out."""

AT_ONCE: Final = 500
"""Entries that one of these names: a list that is still read in one go."""


def named(contents: Mapping[int, Sequence[int]]) -> dict[str, JSON]:
    """Return the contents, positions by number of entry, as the facts of an entry name them."""
    return {str(seq): sorted(positions) for seq, positions in sorted(contents.items())}


class Missing:
    """What was found missing, and what entries say was taken out; told in the order of the log."""

    def __init__(self) -> None:
        self._gone: dict[int, set[int]] = defaultdict(set)
        self._erased: dict[int, set[int]] = defaultdict(set)
        self._restricted: dict[int, set[int]] = defaultdict(set)

    def note(self, seq: int, position: int) -> None:
        """A content of an entry is not here any more."""
        self._gone[seq].add(position)

    def told(self, kind: str, facts: Mapping[str, JSON]) -> None:
        """An entry, whose facts are what was committed to, names contents."""
        told = facts.get("contents")
        for number, positions in (told if isinstance(told, dict) else {}).items():
            seq = int(number)
            if kind == ERASED:
                self._erased[seq].update(positions)
            elif kind == RESTRICTED:
                self._restricted[seq].update(positions)
            else:
                self._restricted[seq].difference_update(positions)

    def unexplained(self) -> Iterator[int]:
        """Number the entries that lost a content which no entry names."""
        for seq in sorted(self._gone):
            if self._gone[seq] - self._erased.get(seq, set()) - self._restricted.get(seq, set()):
                yield seq

    def returned(self) -> Iterator[int]:
        """Number the entries whose erased contents are here again: an old copy was restored."""
        for seq in sorted(self._erased):
            if self._erased[seq] - self._gone.get(seq, set()):
                yield seq

    @property
    def erased(self) -> int:
        """How many missing contents were erased."""
        return sum(len(gone & self._erased.get(seq, set())) for seq, gone in self._gone.items())

    @property
    def restricted(self) -> int:
        """How many missing contents are locked away and not erased."""
        return sum(
            len(gone & self._restricted.get(seq, set()) - self._erased.get(seq, set()))
            for seq, gone in self._gone.items()
        )
