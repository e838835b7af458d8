"""Which key had to sign at which size: learned from the entries in order, asked for every signed head.

A head of n entries is signed by the key that the last entry before n names. The first head after a key followed
another carries both signatures, whether or not more entries came in between.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from cardcase.kit.text import Text

from .rules import entry as form
from .rules import note


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why an entry cannot name a key: a stable code and a sentence."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class _Key:
    seq: int
    verifier: note.Verifier
    follows: note.Verifier | None


class KeysInForce:
    """The keys that the entries have named so far, and the sizes at which heads were signed."""

    def __init__(self, signed_sizes: Iterable[int]) -> None:
        """Begin with no key; the sizes tell which signed head is the first after an entry."""
        self._sizes = sorted(signed_sizes)
        self._keys: list[_Key] = []

    @property
    def origin(self) -> str:
        """The name of the log now; empty before its first entry."""
        return self._keys[-1].verifier.name if self._keys else ""

    def are_of(self, origin: str, vkey: str) -> bool:
        """Tell whether this is the name and the key under which the log is signed now."""
        return bool(self._keys) and (self.origin, self._keys[-1].verifier.vkey) == (origin, vkey)

    def take(self, seq: int, entry: form.Entry) -> Wrong | None:
        """Take the key that an entry names; what is wrong with it otherwise."""
        try:
            verifier = note.Verifier.parse(entry.refs.get("vkey", ""))
        except note.BadNote:
            verifier = None
        if verifier is None or not verifier.name == entry.refs.get("origin") == entry.log:
            return _wrong("no_key_named", seq, "没有注明签名密钥", "names no signing key")
        if entry.kind == form.GENESIS and seq != 0:
            return _wrong("second_beginning", seq, "又开了一份记录", "opens the log a second time")
        follows = None
        if entry.kind == form.KEY_ROTATED:
            if not self._keys or not self.are_of(entry.log, entry.refs.get("prev_vkey", "")):
                return _wrong("key_out_of_turn", seq, "换的不是当时的密钥", "follows a key that was not in force")
            follows = self._keys[-1].verifier
        self._keys.append(_Key(seq, verifier, follows))
        return None

    def signed(self, text: str, size: int, root: bytes) -> bool:
        """Tell whether every key that had to sign this head did, and that it is the head of this size and root."""
        at = bisect_left([key.seq for key in self._keys], size) - 1
        if at < 0:
            return False
        needed = [self._keys[at].verifier]
        # A key that follows none begins a name: what was owed under the name before is not owed under this one.
        while (before := self._keys[at].follows) is not None and self._is_first_after(self._keys[at].seq, size):
            needed.append(before)
            at -= 1
        return _holds(text, needed, size, root)

    def is_head(self, text: str, size: int, root: bytes) -> bool:
        """Tell whether any key of this log signed this head. For copies from elsewhere, whatever key they know."""
        return any(_holds(text, [key.verifier], size, root) for key in self._keys)

    def _is_first_after(self, seq: int, size: int) -> bool:
        return bisect_left(self._sizes, size) == bisect_left(self._sizes, seq + 1)


def _holds(text: str, needed: list[note.Verifier], size: int, root: bytes) -> bool:
    try:
        head = note.open_checkpoint(text, *needed)
    except note.BadNote:
        return False
    return (head.size, head.root) == (size, root)


def _wrong(code: str, seq: int, zh: str, en: str) -> Wrong:
    return Wrong(code, Text(f"第 {seq} 条记录{zh}", f"Entry {seq} {en}"))
