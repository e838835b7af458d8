"""The Merkle tree of RFC 6962 / RFC 9162 over SHA-256: hashes, growing roots, proofs and their verification.

A node is named by (level, index): level 0 holds the leaves, and node (level, index) covers the leaves
index * 2**level up to, not including, (index + 1) * 2**level. Only full nodes have names; the root is folded from them.
"""

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 9162 §2.1.1)."""


NodeReader = Callable[[int, int], bytes]
"""Gives the hash of the full node (level, index)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash the bytes of an entry as a leaf: SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes into their parent: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Growth:
    """A tree that grows leaf by leaf, known by its peaks: the hashes of its full subtrees, largest first, in a row.

    Raises ValueError when the peaks do not belong to the size.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """Take up a tree of ``size`` leaves."""
        if len(peaks) != size.bit_count() * HASH_BYTES:
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)} bytes of them")
        self.size = size
        self._peaks = [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)]

    def add(self, leaf: bytes) -> bytes:
        """Append a leaf hash; return the hashes of the full nodes above the leaves that it completes, lowest first."""
        current, index, born, stack = leaf, self.size, b"", self._peaks
        while index & 1:
            current = hashlib.sha256(b"\x01" + stack.pop() + current).digest()
            born += current
            index >>= 1
        stack.append(current)
        self.size += 1
        return born

    @property
    def peaks(self) -> bytes:
        """Hashes of the full subtrees, largest first."""
        return b"".join(self._peaks)

    @property
    def root(self) -> bytes:
        """The root over the leaves so far."""
        return fold(self._peaks)


def completed_by(level: int, index: int) -> int:
    """Return the leaf that completes the full node (level, index): the last one it covers."""
    return ((index + 1) << level) - 1


def among_completed(level: int, nodes: bytes) -> bytes:
    """Return the hash of the node of this level out of what ``Growth.add`` returned; empty when it is not there."""
    return nodes[(level - 1) * HASH_BYTES : level * HASH_BYTES]


def fold(peaks: Sequence[bytes]) -> bytes:
    """Fold peaks, largest first, into the root of the tree."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, computed from nothing else."""
    tree = Growth()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def cover(start: int, end: int) -> list[tuple[int, int]]:
    """Return the full nodes (level, index), left to right, that cover the leaves from ``start`` up to before ``end``.

    ``start`` must be a multiple of the largest power of two below the width, as in every subtree of RFC 9162.
    """
    parts: list[tuple[int, int]] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append((level, start >> level))
        start += 1 << level
    return parts


def _hash_of(start: int, end: int, read: NodeReader) -> bytes:
    return fold([read(level, index) for level, index in cover(start, end)])


def _split(width: int) -> int:
    """Return the largest power of two smaller than ``width`` (RFC 9162 §2.1.1)."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Name the subtrees, as leaf ranges from the sibling of the leaf up, whose hashes prove the leaf at ``index``.

    Raises ValueError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end = 0, size
    ranges: list[tuple[int, int]] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """Name the subtrees whose hashes prove that the tree of ``old`` leaves is the beginning of that of ``new``.

    Raises ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"no proof from size {old} to {new}")
    start, end, known = 0, new, True
    ranges: list[tuple[int, int]] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, known = middle, False
    if not known:
        ranges.append((start, end))
    return ranges[::-1]


def prove_inclusion(index: int, size: int, read: NodeReader) -> list[bytes]:
    """Prove that the leaf at ``index`` is in the tree of ``size`` leaves."""
    return [_hash_of(start, end, read) for start, end in inclusion_ranges(index, size)]


def prove_consistency(old: int, new: int, read: NodeReader) -> list[bytes]:
    """Prove that the tree of ``old`` leaves is the beginning of the tree of ``new`` leaves."""
    return [_hash_of(start, end, read) for start, end in consistency_ranges(old, new)]


def root_at(size: int, read: NodeReader) -> bytes:
    """Return the root that the tree had at ``size`` leaves."""
    return _hash_of(0, size, read)


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Tell whether the proof shows this leaf hash at this index under this root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root_hash, *proof):
        return False
    node, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            current = node_hash(sibling, current)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            current = node_hash(current, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and current == root_hash


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows that the old tree is the beginning of the new one (RFC 9162 §2.1.4.2).

    The tree without leaves is the beginning of every tree; its proof is empty and its root is EMPTY_ROOT.
    """
    if not 0 <= old <= new or not _are_hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root
