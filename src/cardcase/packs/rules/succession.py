"""How the present key of a log followed those before it (``data/keys.json``, custody.md §7.3): its form and its proof.

Each change is an entry of the log that names both keys, and the first head signed after it, which both keys signed.
Whoever trusts the first of them can so come to trust the last; who holds no old key can put no new one in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note, plain

from . import strict

MAX_BYTES: Final = 4 * 1024 * 1024
MOST: Final = 256
"""Changes that a pack holds: a key a month for twenty years. Our own choice."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the key: the entry with its proof, the note that both keys signed, and what ties it to the head."""

    entry: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    consistency: tuple[bytes, ...]

    @property
    def keys(self) -> tuple[str, str]:
        """The key before and the key after, as the entry names them. Raises ValueError."""
        refs = entries.decode(self.entry).refs
        return refs.get("prev_vkey", ""), refs.get("vkey", "")


def write(changes: Sequence[Change]) -> bytes:
    """Write the changes, the earliest first."""
    return plain.encode(
        {
            "v": 1,
            "changes": [
                {
                    "entry": plain.decode(one.entry),
                    "path": [note.encode64(step) for step in one.path],
                    "checkpoint": one.checkpoint,
                    "consistency": [note.encode64(step) for step in one.consistency],
                }
                for one in changes
            ],
        }
    )


def read(data: bytes) -> tuple[Change, ...]:
    """Read what ``write`` wrote. Raises ValueError for every other byte."""
    told: Any = strict.decode(data)
    try:
        found = tuple(
            Change(
                plain.encode(one["entry"]),
                tuple(note.decode64(step) for step in one["path"]),
                str(one["checkpoint"]),
                tuple(note.decode64(step) for step in one["consistency"]),
            )
            for one in told["changes"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a list of changes of a key") from error
    if not 0 < len(found) <= MOST or write(found) != data:
        raise ValueError("not a list of changes of this format")
    return found


def names(changes: Sequence[Change]) -> list[str]:
    """Return the keys that the changes go through, the first to the last, as they say. Raises ValueError."""
    return [changes[0].keys[0], *(one.keys[1] for one in changes)]


def prove(changes: Sequence[Change], head: note.Checkpoint, vkey: str) -> list[note.Verifier]:
    """Return the keys that lead to ``vkey``, the first to the last, when every change holds under this head.

    Raises ValueError for any that does not: an entry of another kind, of another log or not in the tree, out of order,
    one that does not begin with the key before it, a head that one of the two did not sign, or one that the record does
    not continue; and when the last key is another.
    """
    keys: list[note.Verifier] = []
    crossed = 0
    for one in changes:
        entry = entries.decode(one.entry)
        old, new = (note.Verifier.parse(key) for key in one.keys)
        if (entry.kind, entry.log, entry.subject) != (
            entries.KEY_ROTATED,
            head.origin,
            entries.log_subject(head.origin),
        ) or entry.refs.get("origin") != head.origin:
            raise ValueError("not a change of the key of this log")
        if (keys and old != keys[-1]) or old == new:
            raise ValueError("a change begins with the key before it")
        if entry.seq < crossed:
            raise ValueError("a key changes only after both signed for the change before")
        if not merkle.is_included(merkle.leaf_hash(one.entry), entry.seq, head.size, one.path, head.root):
            raise ValueError("the entry is not in the tree")
        signed = note.open_checkpoint(one.checkpoint, old, new)
        if signed.origin != head.origin or signed.size <= entry.seq:
            raise ValueError("both keys sign a head over the entry")
        if not merkle.is_consistent(signed.size, head.size, signed.root, head.root, one.consistency):
            raise ValueError("the head that both signed is not the beginning of this record")
        crossed = signed.size
        keys = [*(keys or [old]), new]
    if not keys or keys[-1].vkey != vkey:
        raise ValueError("the last key is another")
    return keys
