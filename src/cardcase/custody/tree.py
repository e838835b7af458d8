"""The stored Merkle tree: hashes of full nodes out of the tables, many at once."""

from collections import defaultdict
from collections.abc import Iterable

from cardcase.kit.errors import Problem
from cardcase.kit.text import Text

from .models import stored
from .rules import merkle


class BrokenTree(Problem):
    """A node of the tree is not where it must be. The record has been damaged."""

    code = "broken_tree"
    status = 500

    def __init__(self, level: int, index: int) -> None:
        """Name the node that is missing."""
        super().__init__(
            f"记录树缺少节点 ({level}, {index})",
            f"The tree of the record lacks its node ({level}, {index})",
            next=Text(
                "运行 cardcase ledger verify，从备份恢复。", "Run cardcase ledger verify; restore from a backup."
            ),
        )


def fetch(coordinates: Iterable[tuple[int, int]]) -> merkle.NodeReader:
    """Load the hashes of these full nodes and return a reader of them. The reader raises BrokenTree for a gap."""
    by_level: dict[int, list[int]] = defaultdict(list)
    for level, index in set(coordinates):
        by_level[level].append(index)
    known: dict[tuple[int, int], bytes] = {}
    for level, indexes in by_level.items():
        known.update({(level, index): digest for index, digest in stored.hashes(level, indexes).items()})

    def read(level: int, index: int) -> bytes:
        try:
            return known[level, index]
        except KeyError:
            raise BrokenTree(level, index) from None

    return read


def root_at(size: int) -> bytes:
    """Return the root that the stored tree has at ``size`` entries."""
    return merkle.root_at(size, fetch(merkle.cover(0, size)))


def peaks_at(size: int) -> list[bytes]:
    """Return the hashes of the full subtrees at ``size`` entries, largest first."""
    parts = merkle.cover(0, size)
    read = fetch(parts)
    return [read(level, index) for level, index in parts]
