#!/usr/bin/env python3
"""Check an evidence pack of Cardcase (礼品卡售后台), offline, with one file: 离线核对 Cardcase 证据包，只要这一个文件。

    python cardcase_verify.py PACK.zip --vkey KEY [--tsa-roots FOLDER] [--policy FILE] [--previous CHECKPOINT] [--json]

Needs Python 3.11 or later and the package ``cryptography``, 42 or later; no network, no database, nothing else.
Exit codes: 0 valid, 1 tampered, 2 valid but less than you ask for, 3 malformed or unsafe, 4 this program failed,
64 wrong use. Time-stamps (RFC 3161) are checked against the roots in FOLDER, cosignatures against the witnesses in the
policy FILE, by the very rules of Cardcase, which asks a second program about time-stamps besides. Those signed with
SM2 are named, and not checked.

Get this file from whom you trust, never out of a pack, nor from its exporter. Made by scripts/standalone.py from
Cardcase 0.1.0: every module below stands verbatim in its sources. Apache License 2.0.
"""

import linecache
import sys
import types

MODULES = {}

PACKAGES = ['cardcase', 'cardcase.packs', 'cardcase.anchors', 'cardcase.anchors.rules', 'cardcase.custody', 'cardcase.custody.rules', 'cardcase.kit', 'cardcase.packs.rules']
ENTRY = 'cardcase.packs.verifier'
OLDEST = 42

# ──── rfc8785 · made for this file ────
MODULES['rfc8785'] = r'''"""Stands in for the package rfc8785: what only it could write is in no pack, and is refused."""


class CanonicalizationError(ValueError):
    """The value has fractions or names beyond ASCII."""


def dumps(value):
    raise CanonicalizationError("not a value that a pack holds")
'''

# ──── cardcase · src/cardcase/__init__.py ────
MODULES['cardcase'] = r'''"""Cardcase (礼品卡售后台): a self-hosted after-sales desk for gift-card sellers."""

__version__ = "0.1.0"
'''

# ──── cardcase.packs · src/cardcase/packs/__init__.py ────
MODULES['cardcase.packs'] = r''''''

# ──── cardcase.anchors · src/cardcase/anchors/__init__.py ────
MODULES['cardcase.anchors'] = r''''''

# ──── cardcase.anchors.rules · src/cardcase/anchors/rules/__init__.py ────
MODULES['cardcase.anchors.rules'] = r'''"""What an anchor is and when it holds. Pure: no network, no table, no clock."""
'''

# ──── cardcase.custody · src/cardcase/custody/__init__.py ────
MODULES['cardcase.custody'] = r''''''

# ──── cardcase.custody.rules · src/cardcase/custody/rules/__init__.py ────
MODULES['cardcase.custody.rules'] = r'''"""The law of the record, pure: Merkle tree, signed notes, form of an entry. No database, no clock, no files."""
'''

# ──── cardcase.custody.rules.merkle · src/cardcase/custody/rules/merkle.py ────
MODULES['cardcase.custody.rules.merkle'] = r'''"""The Merkle tree of RFC 6962 / RFC 9162 over SHA-256: hashes, growing roots, proofs and their verification.

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
'''

# ──── cardcase.custody.rules.note · src/cardcase/custody/rules/note.py ────
MODULES['cardcase.custody.rules.note'] = r'''"""Signed notes and checkpoints after C2SP (signed-note, tlog-checkpoint, read at 5ba5ee83), Ed25519 only.

Everything is read strictly: base64 must be the one canonical writing, so that no two texts mean the same signature.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .merkle import HASH_BYTES

ED25519 = b"\x01"
"""Signature type identifier byte of plain Ed25519."""
MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURES = 16
_DASH = "\u2014 "
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


class BadNote(ValueError):  # noqa: N818 - named like every refusal here, after what is wrong
    """The note, checkpoint or verifier key is not well formed, or no known key signed it."""


def encode64(data: bytes) -> str:
    """Write bytes in standard base64 (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def decode64(text: str) -> bytes:
    """Read canonical standard base64. Raises BadNote for anything else, also for stray bits in the last character."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadNote("not base64") from error
    if encode64(data) != text:
        raise BadNote("base64 is not in its canonical writing")
    return data


def _check_name(name: str) -> None:
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise BadNote("a key name is not empty and holds neither spaces nor plus signs")


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes that name an Ed25519 key: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:_KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key that can check notes: its name and its 32 public bytes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "Verifier":
        """Read a C2SP verifier key ``name+hash+base64``. Raises BadNote when any part does not fit the others."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:  # noqa: PLR2004 - name, id, key
            raise BadNote("a verifier key has three parts")
        name, ident, encoded = parts
        _check_name(name)
        material = decode64(encoded)
        if material[:1] != ED25519 or len(material) != 1 + _KEY_BYTES:
            raise BadNote("only Ed25519 verifier keys are known")
        verifier = cls(name, material[1:])
        if ident != verifier.ident.hex():
            raise BadNote("the id of the verifier key does not fit the key")
        return verifier

    @property
    def ident(self) -> bytes:
        """The key's id, four bytes."""
        return key_id(self.name, self.public)

    @property
    def vkey(self) -> str:
        """The key as text, to be printed and compared."""
        return f"{self.name}+{self.ident.hex()}+{encode64(ED25519 + self.public)}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the vkey in groups of four hex digits: what two people read to each other over the phone."""
        digest = hashlib.sha256(self.vkey.encode()).hexdigest()[:32]
        return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """A private key under a name. Its bytes are never shown."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, name: str, seed: bytes) -> "Signer":
        """Make a signer of 32 secret bytes."""
        _check_name(name)
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"<Signer {self.name}>"


def sign(text: str, signer: Signer, *others: Signer) -> str:
    """Sign a text that ends in a newline, one line for each signer. Raises BadNote when it cannot be a note's text."""
    _check_text(text)
    lines = [
        f"{_DASH}{one.name} {encode64(one.verifier.ident + one.private.sign(text.encode()))}\n"
        for one in (signer, *others)
    ]
    return f"{text}\n{''.join(lines)}"


def _check_text(text: str) -> None:
    if not text.endswith("\n") or text == "\n":
        raise BadNote("the text of a note ends in a newline")
    if any(char < " " and char != "\n" for char in text):
        raise BadNote("a note holds no control characters")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note."""

    name: str
    ident: bytes
    body: bytes


def split(note: str) -> tuple[str, list[Signature]]:
    """Take a note apart into its text and its signature lines, trusting neither. Raises BadNote."""
    if len(note.encode()) > MAX_NOTE_BYTES:
        raise BadNote("the note is too large")
    at = note.rfind("\n\n")
    if at < 0 or not note.endswith("\n"):
        raise BadNote("a note is a text, an empty line and signatures")
    text, lines = note[: at + 1], note[at + 2 : -1].split("\n")
    _check_text(text)
    if len(lines) > MAX_SIGNATURES:
        raise BadNote("the note carries too many signatures")
    return text, [_signature(line) for line in lines]


def line_of(note: str, verifier: Verifier) -> int:
    """Return the number, from 1, of the first line that names this key as signer; its signature is not looked at.

    A head at which one key follows another carries two. Raises BadNote when the note is malformed or names another.
    """
    text, signatures = split(note)
    idents = [(one.name, one.ident) for one in signatures]
    if (verifier.name, verifier.ident) not in idents:
        raise BadNote("not signed by this key")
    return text.count("\n") + 2 + idents.index((verifier.name, verifier.ident))


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise BadNote("a signature line begins with an em dash and a space")
    name, _, encoded = line[len(_DASH) :].partition(" ")
    _check_name(name)
    body = decode64(encoded)
    if len(body) <= _KEY_ID_BYTES:
        raise BadNote("the signature is too short")
    return Signature(name, body[:_KEY_ID_BYTES], body[_KEY_ID_BYTES:])


def open_note(note: str, verifier: Verifier) -> str:
    """Return the text of a note that this key signed; signatures of other keys are left aside.

    Raises BadNote when the note is malformed, when the key did not sign it, or when its signature does not fit.
    """
    text, signatures = split(note)
    mine = [one for one in signatures if (one.name, one.ident) == (verifier.name, verifier.ident)]
    if not mine:
        raise BadNote("not signed by this key")
    public = Ed25519PublicKey.from_public_bytes(verifier.public)
    for one in mine:
        try:
            public.verify(one.body, text.encode())
        except InvalidSignature as error:
            raise BadNote("the signature does not fit the text") from error
    return text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head of the log: its origin, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Write the three lines that are signed; no extension lines (custody.md §7.3)."""
        return f"{self.origin}\n{self.size}\n{encode64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a checkpoint note. Raises BadNote; extension lines are refused, we never write any."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:  # noqa: PLR2004 - three lines, each ended
            raise BadNote("a checkpoint has three lines")
        origin, size, root = lines[:3]
        if not origin or not _SIZE.fullmatch(size):
            raise BadNote("a checkpoint names its origin and its size in decimal")
        digest = decode64(root)
        if len(digest) != HASH_BYTES:
            raise BadNote("the root of a checkpoint has 32 bytes")
        return cls(origin, int(size), digest)


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer, *others: Signer) -> str:
    """Sign a head: by the log's key, and by the old one too when it changes. Each key's name is the origin."""
    if any(one.name != checkpoint.origin for one in (signer, *others)):
        raise BadNote("a log signs under its own origin")
    return sign(checkpoint.text(), signer, *others)


def open_checkpoint(note: str, verifier: Verifier, *others: Verifier) -> Checkpoint:
    """Return the head in a checkpoint that all of these keys signed. Raises BadNote otherwise, also for another log."""
    checkpoint = Checkpoint.parse(split(note)[0])
    for one in (verifier, *others):
        open_note(note, one)
        if checkpoint.origin != one.name:
            raise BadNote("the checkpoint is of another log")
    return checkpoint
'''

# ──── cardcase.kit · src/cardcase/kit/__init__.py ────
MODULES['cardcase.kit'] = r''''''

# ──── cardcase.kit.clock · src/cardcase/kit/clock.py ────
MODULES['cardcase.kit.clock'] = r'''from datetime import UTC, datetime


def from_epoch(seconds: int) -> datetime:
    """Turn epoch seconds into an aware UTC moment. Raises OverflowError or ValueError when out of range."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC with microseconds, the form that the record commits to."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)  # asking costs a third of turning
    plain = utc.isoformat()[: -len("+00:00")]
    return f"{plain}Z" if utc.microsecond else f"{plain}.000000Z"
'''

# ──── cardcase.anchors.rules.cosign · src/cardcase/anchors/rules/cosign.py ────
MODULES['cardcase.anchors.rules.cosign'] = r'''"""Cosignatures and the words between a log and its witnesses, after C2SP tlog-cosignature and tlog-witness @5ba5ee83.

Ed25519 only (0x04): a public witness that signs with ML-DSA-44 as well is read by its Ed25519 line; lines of unknown
keys are left aside, as the texts demand.
"""

import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cardcase.custody.rules import note
from cardcase.custody.rules.note import BadNote
from cardcase.kit import clock

COSIGNATURE: Final = b"\x04"
"""Signature type identifier byte of a timestamped Ed25519 cosignature."""
MAX_PROOF_LINES: Final = 63
SIZE_TYPE: Final = "text/x.tlog.size"
_KEY_BYTES: Final = 32
_KEY_ID_BYTES: Final = 4
_STAMP_BYTES: Final = 8
_LATEST: Final = 2**63 - 1
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,15})")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Witness:
    """The public key of a witness, under its name."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "Witness":
        """Read a verifier key of the type 0x04. Raises BadNote."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:  # noqa: PLR2004 - name, id, key
            raise BadNote("a verifier key has three parts")
        name, ident, encoded = parts
        material = note.decode64(encoded)
        if not name or material[:1] != COSIGNATURE or len(material) != 1 + _KEY_BYTES:
            raise BadNote("only Ed25519 witness keys (0x04) are known")
        found = cls(name, material[1:])
        if ident != found.ident.hex():
            raise BadNote("the id of the witness key does not fit the key")
        return found

    @property
    def ident(self) -> bytes:
        """Key id: SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public).digest()[:_KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as text."""
        return f"{self.name}+{self.ident.hex()}+{note.encode64(COSIGNATURE + self.public)}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One line that held: whose it is, when the witness saw the head, and the line with its newline."""

    witness: Witness
    seconds: int
    line: str

    @property
    def at(self) -> datetime:
        """The moment that the witness states."""
        return clock.from_epoch(self.seconds)


def _message(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def sign(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> str:
    """Cosign the text of a checkpoint note at a moment (POSIX seconds); return the signature line with its newline."""
    public = key.public_key().public_bytes_raw()
    body = struct.pack(">Q", seconds) + key.sign(_message(seconds, text))
    return f"— {name} {note.encode64(Witness(name, public).ident + body)}\n"


def holding(signed: str, witnesses: Sequence[Witness]) -> list[Cosignature]:
    """Return the cosignatures of known witnesses that stand on a note, those that do not fit left out.

    Raises BadNote for what is no note, or when a line of a known witness does not hold: such a note is malformed.
    """
    text, signatures = note.split(signed)
    known = {(one.name, one.ident): one for one in witnesses}
    found = []
    for one in signatures:
        witness = known.get((one.name, one.ident))
        if witness is None:
            continue
        if len(one.body) != _STAMP_BYTES + 64:
            raise BadNote("a cosignature has 72 bytes")
        seconds = struct.unpack(">Q", one.body[:_STAMP_BYTES])[0]
        if not 0 < seconds <= _LATEST:
            raise BadNote("a cosignature names its moment")
        try:
            public = Ed25519PublicKey.from_public_bytes(witness.public)
            public.verify(one.body[_STAMP_BYTES:], _message(seconds, text))
        except InvalidSignature as error:
            raise BadNote("the cosignature does not fit the text") from error
        found.append(Cosignature(witness, seconds, f"— {one.name} {note.encode64(one.ident + one.body)}\n"))
    return found


def write_request(old: int, proof: Sequence[bytes], signed: str) -> bytes:
    """Write the body of add-checkpoint: the old size, the proof, an empty line, the note."""
    lines = [f"old {old}", *(note.encode64(one) for one in proof)]
    return ("\n".join(lines) + "\n\n" + signed).encode()


def read_request(body: bytes) -> tuple[int, list[bytes], str]:
    """Read the body of add-checkpoint: (old size, proof, note). Raises BadNote."""
    try:
        head, gap, signed = body.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise BadNote("not a request") from error
    first, *proof = head.split("\n")
    found = _OLD.fullmatch(first)
    if not gap or found is None or len(proof) > MAX_PROOF_LINES:
        raise BadNote("not a request")
    return int(found.group(1)), [note.decode64(one) for one in proof], signed


def read_size(body: bytes) -> int | None:
    """Read the size that a witness tells with a 409: decimal and a newline; None for anything else."""
    text = body.decode("ascii", "replace")
    return int(text) if text.endswith("\n") and _NUMBER.fullmatch(text[:-1]) else None
'''

# ──── cardcase.anchors.rules.policy · src/cardcase/anchors/rules/policy.py ────
MODULES['cardcase.anchors.rules.policy'] = r'''"""The policy that says whose word counts, as C2SP tlog-policy text (@5ba5ee83).

This is the one reader of it: for the witnesses that a seller asks, and for whoever judges a pack.

One thing is added inside comments, so that every other reader still reads the file: a line ``# own NAME`` says that a
witness is under the seller's own control. It may cosign, and counts as zero (custody.md §7.5). Three words are our own,
for packs; a file that other programs read as well leaves them out::

    log <vkey> [<url>]              a key that seals packs, as --vkey
    witness <name> <vkey> [<url>]   a witness
    group <name> <k|any|all> <name>…
    quorum <name|none>              whose cosignatures are asked for; may be left out where no witness is named
    time <n>                        how many time-stamping authorities must have seen the record
    withheld allowed|none           whether contents may be withheld
    pending allowed|none            whether time-stamps may still be on their way

Lines may end as Windows ends them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from cardcase.custody.rules import note

from .cosign import Witness

NONE: Final = "none"
MOST_BYTES: Final = 64 * 1024
_OWN: Final = re.compile(r"\s*#\s*own[ \t]+(\S+)\s*")
_FEWEST: Final = 3
_MOST_NAMES: Final = 256
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class BadPolicy(ValueError):  # noqa: N818 - named after what is wrong
    """The text is not a policy; says which line, counted from one (0: the whole)."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Listed:
    """A witness of the policy: its key, where it is asked, and whether it is the seller's own."""

    witness: Witness
    url: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs by their vkeys, witnesses and groups by their names here, the name that decides, and what packs need.

    As it is without a file: one trusted time is asked for, withholding and waiting are allowed.
    """

    logs: Mapping[str, note.Verifier] = field(default_factory=dict)
    witnesses: Mapping[str, Listed] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = NONE
    times: int = 1
    may_withhold: bool = True
    may_be_pending: bool = True

    def is_met(self, cosigned: Collection[str]) -> bool:
        """Tell whether these witnesses, by their names here, reach the quorum; the seller's own count as zero.

        ``quorum none`` asks for nobody and is always met: whoever judges says then that nobody was asked for.
        """
        return self.quorum == NONE or self._has(self.quorum, cosigned)

    def _has(self, name: str, cosigned: Collection[str]) -> bool:
        listed = self.witnesses.get(name)
        if listed is not None:
            return not listed.is_own and name in cosigned
        least, members = self.groups[name]
        return sum(self._has(one, cosigned) for one in members) >= least

    @property
    def neutral(self) -> list[Listed]:
        """The witnesses that count."""
        return [one for one in self.witnesses.values() if not one.is_own]


def read(text: bytes) -> Policy:
    """Read a policy. Raises BadPolicy naming the line: a policy that is not understood whole is not believed at all."""
    text = text.replace(b"\r\n", b"\n")
    if len(text) > MOST_BYTES or _CONTROL.search(text):
        raise BadPolicy(0, "control characters, or too long")
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    reader = _Reader({found.group(1) for line in lines if (found := _OWN.fullmatch(line))})
    for number, line in enumerate(lines, 1):
        words = re.split(r"[ \t]+", line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            reader.take(words)
        except ValueError as error:  # BadNote is one
            raise BadPolicy(number, str(error)) from error
    if reader.quorum is None and reader.witnesses:
        raise BadPolicy(0, "a policy with witnesses names its quorum")
    unknown = reader.own - reader.witnesses.keys()
    if unknown:
        raise BadPolicy(0, f"own names no witness: {min(unknown)}")
    return Policy(reader.logs, reader.witnesses, reader.groups, reader.quorum or NONE, **reader.asked)


class _Reader:
    """What has been read so far."""

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.logs: dict[str, note.Verifier] = {}
        self.witnesses: dict[str, Listed] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum: str | None = None
        self.asked: dict[str, Any] = {}
        self._grouped: set[str] = set()

    def take(self, words: list[str]) -> None:
        """Take one line. Raises ValueError for what is none."""
        kind, *rest = words
        takers: dict[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
            "time": self._time,
            "withheld": partial(self._may, "may_withhold"),
            "pending": partial(self._may, "may_be_pending"),
        }
        if kind not in takers:
            raise ValueError(f"unknown word {kind[:40]!r}")
        takers[kind](rest)

    def _log(self, rest: list[str]) -> None:
        vkey, *_url = rest
        verifier = note.Verifier.parse(vkey)
        if verifier.vkey in self.logs or len(rest) > 2:  # noqa: PLR2004 - key and address
            raise ValueError("a log stands once, with its key and perhaps an address")
        self.logs[verifier.vkey] = verifier

    def _witness(self, rest: list[str]) -> None:
        name, vkey, *url = rest
        witness = Witness.parse(vkey)
        if any(one.witness.public == witness.public for one in self.witnesses.values()) or len(url) > 1:
            raise ValueError("a witness stands once, with its key and perhaps an address")
        self._define(name)
        self.witnesses[name] = Listed(witness, url[0] if url else "", name in self.own)

    def _group(self, rest: list[str]) -> None:
        if len(rest) < _FEWEST:
            raise ValueError("a group has a name, a threshold and members")
        name, least, *members = rest
        for one in members:
            if one == NONE or one in self._grouped or one not in {**self.witnesses, **self.groups}:
                raise ValueError("a member is defined before, and stands in one group only")
            self._grouped.add(one)
        count = {"all": len(members), "any": 1}.get(least) or int(least if re.fullmatch("[1-9][0-9]*", least) else 0)
        if not 1 <= count <= len(members):
            raise ValueError("the threshold lies between one and the number of members")
        self._define(name)
        self.groups[name] = (count, tuple(members))

    def _quorum(self, rest: list[str]) -> None:
        (name,) = rest
        if self.quorum is not None or (name != NONE and name not in {**self.witnesses, **self.groups}):
            raise ValueError("one quorum, of a name defined before")
        self.quorum = name

    def _time(self, rest: list[str]) -> None:
        (count,) = rest
        if re.fullmatch("[0-9]", count) is None:  # more authorities than there are
            raise ValueError("time takes a number from 0 to 9")
        self._ask("times", int(count))

    def _may(self, what: str, rest: list[str]) -> None:
        (word,) = rest
        if word not in ("allowed", NONE):
            raise ValueError("allowed or none")
        self._ask(what, word == "allowed")

    def _ask(self, what: str, value: int) -> None:
        if what in self.asked:
            raise ValueError("this is said once")
        self.asked[what] = value

    def _define(self, name: str) -> None:
        names = self.witnesses.keys() | self.groups.keys()
        if name == NONE or name in names or len(names) >= _MOST_NAMES:
            raise ValueError("a name is defined once, and there are not more than 256")
'''

# ──── cardcase.kit.text · src/cardcase/kit/text.py ────
MODULES['cardcase.kit.text'] = r'''"""A text in both languages of the product, and the folding under which two texts count as the same."""

import unicodedata
from dataclasses import dataclass

INVISIBLE = dict.fromkeys(
    [0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
"""Characters that nobody sees, as ``str.translate`` takes them away."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in Simplified Chinese and English, for rooms that know nothing of Django's translation."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """Return the sentence in the language asked for; anything but English is answered in Chinese."""
        return self.en if lang.lower().startswith("en") else self.zh

    def format(self, **values: object) -> "Text":
        """Fill named blanks in both languages."""
        return Text(self.zh.format(**values), self.en.format(**values))


def fold(text: str) -> str:
    """Fold width, case and invisible characters (NFKC, casefold), so that 「ＡＢ１」 and "ab1" are the same."""
    return unicodedata.normalize("NFKC", text).translate(INVISIBLE).casefold()
'''

# ──── cardcase.custody.rules.report · src/cardcase/custody/rules/report.py ────
MODULES['cardcase.custody.rules.report'] = r'''"""What a check of the record found: one form for the live log, for packs and for whoever shows either."""

from dataclasses import dataclass
from enum import StrEnum

from cardcase.kit.text import Text

LIMIT = Text(
    "这只说明记录写下后未被改动，不说明记录时的内容属实；未签名的末尾也可能被整段删去。",
    "This shows only that entries were not changed after they were written, not that they were true when written; "
    "an unsigned end could also have been cut off.",
)


class Level(StrEnum):
    """How a finding weighs: a note informs, a weakness is less than the reader asks for, a fault breaks the proof."""

    NOTE = "note"
    WEAKNESS = "weakness"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: a stable code, the place it was seen at, and a plain sentence in both languages."""

    code: str
    place: str
    text: Text
    level: Level = Level.FAULT


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What re-hashing the whole record showed. ``first_bad`` is the number of the first entry that does not hold.

    ``anchored_size`` is how many entries the largest signed head outside the database speaks of: the second file, or
    the copies that were given. What comes after could be cut off without a trace.
    """

    origin: str
    size: int
    root: str
    vkey: str
    checked_contents: int
    checked_checkpoints: int
    signed_size: int
    anchored_size: int
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...] = ()
    first_bad: int | None = None
    erased_contents: int = 0  # taken out for good, each named by an entry that says why and who
    restricted_contents: int = 0  # locked away, likewise

    @property
    def is_intact(self) -> bool:
        """Tell whether nothing was found that breaks the proof."""
        return not self.faults

    def as_text(self) -> str:
        """Say it in both languages, one finding a line, ending with what this check cannot show."""
        if self.is_intact:
            lines = [f"记录完好：{self.size} 条 / The record is intact: {self.size} entries"]
        else:
            place = (
                "" if self.first_bad is None else f"，第一处在第 {self.first_bad} 条 / first bad entry {self.first_bad}"
            )
            lines = [f"记录不完好{place} / The record is NOT intact"]
        lines += [f"[{one.code}] {one.place}: {one.text.zh} / {one.text.en}" for one in (*self.faults, *self.notes)]
        if self.erased_contents or self.restricted_contents:
            lines.append(
                f"按规定删除的内容 {self.erased_contents} 项，限制处理 {self.restricted_contents} 项 / "
                f"contents erased: {self.erased_contents}, restricted: {self.restricted_contents}"
            )
        lines += [
            f"根 / root: {self.root}",
            f"已签 / signed: {self.signed_size} of {self.size} ({self.checked_checkpoints} checkpoints)",
            f"库外有副本 / copies outside the database: {self.anchored_size} of {self.size}",
            f"公钥 / vkey: {self.vkey}",
            f"{LIMIT.zh} / {LIMIT.en}",
        ]
        return "\n".join(lines)
'''

# ──── cardcase.kit.errors · src/cardcase/kit/errors.py ────
MODULES['cardcase.kit.errors'] = r'''"""Refusals: what was wrong, where, why and what to do next, in both languages, with a code for programs."""

from dataclasses import dataclass
from typing import Any, ClassVar

from .text import Text

NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one place of an input. A file with findings still yields its good rows."""

    code: str
    message: Text
    next: Text = NOTHING
    file: str = ""
    row: int | None = None
    column: str | None = None


class Problem(Exception):  # noqa: N818 - the API calls them problem documents (RFC 9457), so does the code
    """Base of everything that Cardcase refuses. Subclasses fix ``code``, HTTP ``status`` and CLI ``exit_code``."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 1

    def __init__(self, zh: str, en: str, *, next: Text = NOTHING, code: str | None = None, **facts: Any) -> None:  # noqa: A002
        """Say it in Chinese and English; ``next`` is the way out; ``facts`` are fields for programs, never secrets."""
        super().__init__(f"{zh} / {en}")
        self.message = Text(zh, en)
        self.next = next
        self.facts = facts
        self.problem_code = code or self.code

    def __reduce__(self) -> Any:
        return (_rebuild, (type(self), self.message, self.next, self.problem_code, self.facts))


def _rebuild(kind: type[Problem], message: Text, way_out: Text, code: str, facts: dict[str, Any]) -> Problem:
    problem = kind.__new__(kind)
    Problem.__init__(problem, message.zh, message.en, next=way_out, code=code, **facts)
    return problem


class WrongUse(Problem):
    """The call itself is malformed: exit 2, HTTP 422."""

    code = "wrong_use"
    status = 422
    exit_code = 2


class NotAllowed(Problem):
    """The actor may not do this: exit 3, HTTP 403."""

    code = "not_allowed"
    status = 403
    exit_code = 3


class NotFound(Problem):
    """There is no such thing, or the actor may not know of it: exit 1, HTTP 404."""

    code = "not_found"
    status = 404


class Refused(Problem):
    """A rule of the trade or of a state machine says no: exit 3, HTTP 409."""

    code = "refused"
    status = 409
    exit_code = 3


class Conflict(Refused):
    """Somebody else was first: the caller's revision is stale. Nothing was changed."""

    code = "conflict"


class Unavailable(Problem):
    """A needed service is away: exit 4, HTTP 503."""

    code = "unavailable"
    status = 503
    exit_code = 4
'''

# ──── cardcase.packs.archive · src/cardcase/packs/archive.py ────
MODULES['cardcase.packs.archive'] = r'''"""The ZIP of a pack: written one way only, and read by walking it byte by byte, trusting no library to be strict.

Python's zipfile opens archives with doubled names, bytes before and after, and sizes that lie (custody.md §4); here
every byte of the file belongs to exactly one known part, or the archive is not opened at all.
"""

import re
import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from cardcase.kit.text import Text

MAX_ARCHIVE_BYTES = 264 * 1024 * 1024
MAX_MEMBER_BYTES = 64 * 1024 * 1024
MAX_MEMBERS = 2000
MAX_FOLDERS = 100
"""Caps of what is written and read: our own choice, far over a real case and far under what hurts a small machine."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_SIZES = struct.Struct("<3I")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN, _SIZES_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
_VERSION, _MADE_BY = 20, 3 << 8 | 20  # 2.0; made on Unix, so that unpacked files get sane permissions
_TIME, _DATE = 0, 0x21  # 1980-01-01, the first day that ZIP knows: times live in the records, not here
_MODE = (stat.S_IFREG | 0o644) << 16
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _EFFORT, _SIZES_AFTER, _UTF8 = 0x0001, 0x0006, 0x0008, 0x0800
_MOST_EXTRA, _MOST_NAME = 256, 512
_MOST_DIRECTORY = (MAX_MEMBERS + MAX_FOLDERS) * (_CENTRAL.size + _MOST_NAME + 2 * _MOST_EXTRA)
_RENAMING = frozenset({0x0001, 0x6375, 0x7075, 0x9901})
"""Extra fields that say for some readers something else than the plain ones: ZIP64, Unicode comment and path, AES."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}(/[A-Za-z0-9][A-Za-z0-9._-]{0,79}){0,4}")
"""What a member is called inside a pack."""
_CHUNK = 1 << 20


class UnsafeArchive(Exception):  # noqa: N818 - named like every refusal here, after what is wrong
    """The archive is damaged, or built to harm whoever opens it. Nothing in it is read further."""

    def __init__(self, code: str, place: str, zh: str, en: str) -> None:
        """Say what is wrong with which part."""
        super().__init__(f"{place}: {en}")
        self.code = code
        self.place = place
        self.text = Text(zh, en)


def write(members: Mapping[str, bytes]) -> bytes:
    """Write a ZIP: stored, sorted by name, no times, so that the same members always give the same bytes.

    Raises ValueError for names that no pack has and for more than the caps allow.
    """
    total = sum(len(data) + 2 * len(name) + _LOCAL.size + _CENTRAL.size for name, data in members.items())
    if len(members) > MAX_MEMBERS or total + _END.size > MAX_ARCHIVE_BYTES:
        raise ValueError("too much for one pack")
    body, directory = bytearray(), bytearray()
    for name in sorted(members):
        data = members[name]
        if NAME.fullmatch(name) is None or len(data) > MAX_MEMBER_BYTES:
            raise ValueError(f"{name} cannot be a member of a pack")
        raw, at = name.encode("ascii"), len(body)
        told = (0, _STORED, _TIME, _DATE, zlib.crc32(data), len(data), len(data), len(raw), 0)
        body += _LOCAL.pack(_LOCAL_SIGN, _VERSION, *told) + raw + data
        directory += _CENTRAL.pack(_CENTRAL_SIGN, _MADE_BY, _VERSION, *told, 0, 0, 0, _MODE, at) + raw
    count = len(members)
    end = _END.pack(_END_SIGN, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the archive declares it; its bytes are from ``start`` to ``end``."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    start: int = 0

    @property
    def end(self) -> int:
        """Where the packed bytes end."""
        return self.start + self.packed


class Source(Protocol):
    """Where the members of a pack are read from: an archive, or the folder that it was unpacked into."""

    sizes: Mapping[str, int]
    """The size that each member is declared to have, by name."""

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a member. Raises KeyError without it, UnsafeArchive when they are not as declared."""

    def close(self) -> None:
        """Let go of what is open."""


class Archive:
    """An archive that was walked and found safe. Its members are read one at a time, never over their caps."""

    def __init__(self, file: BinaryIO, members: Iterable[Member]) -> None:
        """Hold the open file and what the walk found."""
        self._file = file
        self._members = {member.name: member for member in members}
        self.sizes: Mapping[str, int] = {member.name: member.size for member in self._members.values()}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a member in pieces. Raises UnsafeArchive at the latest at their end."""
        member = self._members[name]
        crc = size = 0
        for piece in self._unpack(member):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > member.size:
                break
            yield piece
        if size != member.size or crc != member.crc:
            raise damaged(name)

    def _unpack(self, member: Member) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == _DEFLATED else None
        left = member.packed
        self._file.seek(member.start)
        while left > 0:
            raw = self._file.read(min(left, _CHUNK))
            left -= len(raw)
            if not raw:
                return
            if inflate is None:
                yield raw
                continue
            try:
                while raw:
                    yield inflate.decompress(raw, _CHUNK)
                    raw = inflate.unconsumed_tail
            except zlib.error:
                raise damaged(member.name) from None
        if inflate is not None:
            yield inflate.flush()
            if not inflate.eof or inflate.unused_data:
                raise damaged(member.name)  # more or less than one stream: as wrong as a wrong size


def damaged(name: str) -> UnsafeArchive:
    """Say that the bytes of a member are not what was declared."""
    return refuse(
        "member_damaged", name, f"{name} 的字节与压缩包里写的不符", f"The bytes of {name} are not as declared"
    )


def refuse(code: str, place: str, zh: str, en: str) -> UnsafeArchive:
    """Say what is wrong with which part."""
    return UnsafeArchive(code, place, zh, en)


def _gap() -> UnsafeArchive:
    return refuse("archive_gap", "archive", "压缩包里夹有不明字节", "The archive holds bytes that belong to nothing")


def _bad_directory() -> UnsafeArchive:
    return refuse("archive_directory", "archive", "压缩包目录不合规", "The directory of the archive is not acceptable")


def _odd(name: str) -> UnsafeArchive:
    return refuse("member_odd", name, f"{name} 不是普通文件", f"{name} is not a plain file")


def open_archive(path: Path) -> Archive:
    """Open a file and walk it. Raises UnsafeArchive for whatever is not plainly a small, flat, honest ZIP."""
    file = path.open("rb")
    try:
        return walk(file)
    except BaseException:
        file.close()
        raise


def walk(file: BinaryIO) -> Archive:
    """Account for every byte of the archive: parts from the first byte on, directory, end, and nothing else.

    The members may lie in any order, compressed or not, with times and sizes where other programs put them: packing
    anew changes nothing that a pack says. Folders are passed over.
    """
    size = file.seek(0, 2)
    if not _END.size <= size <= MAX_ARCHIVE_BYTES:
        raise refuse("archive_size", "archive", "压缩包大小不合理", "The size of the archive is not plausible")
    count, start, length = _end(file, size)
    file.seek(start)
    directory = file.read(length)
    told, at = [], 0
    for _ in range(count):
        member, at = _central(directory, at)
        told.append(member)
    if at != length:
        raise _gap()
    expected, members = 0, []
    for member in sorted(told, key=lambda one: one.offset):
        if member.offset != expected:
            raise _gap()
        found = _local(file, member)
        members.append(found)
        expected = found.end + _sizes_after(file, found)
    if expected != start:
        raise _gap()
    check_names(member.name for member in members)
    files = [member for member in members if not member.name.endswith("/")]
    if len(files) > MAX_MEMBERS or sum(member.size for member in files) > MAX_ARCHIVE_BYTES:
        raise refuse("archive_bomb", "archive", "解压后过大，没有打开", "It would unpack to too much; not opened")
    return Archive(file, files)


def _end(file: BinaryIO, size: int) -> tuple[int, int, int]:
    file.seek(size - _END.size)
    sign, disk, first, here, count, length, start, comment = _END.unpack(file.read(_END.size))
    if sign != _END_SIGN or comment:
        raise refuse(
            "archive_end",
            "archive",
            "压缩包末尾不对或附加了字节",
            "The end of the archive is wrong or has bytes after it",
        )
    if disk or first or here != count or count > MAX_MEMBERS + MAX_FOLDERS or length > _MOST_DIRECTORY:
        raise _bad_directory()
    if start + length + _END.size != size:
        raise _gap()  # a ZIP64 end would stand here, too
    return count, start, length


def _central(directory: bytes, at: int) -> tuple[Member, int]:
    if at + _CENTRAL.size > len(directory):
        raise _bad_directory()
    fields = _CENTRAL.unpack_from(directory, at)
    sign, _, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, disk, _, mode, offset = fields
    name_at = at + _CENTRAL.size
    end = name_at + name_length + extra + comment
    if sign != _CENTRAL_SIGN or end > len(directory) or disk or name_length > _MOST_NAME:
        raise _bad_directory()
    name = _name(directory[name_at:][:name_length])
    _check_member(name, flags, method, packed, size)
    kind = stat.S_IFMT(mode >> 16)
    if comment > _MOST_EXTRA or kind not in (0, stat.S_IFDIR if name.endswith("/") else stat.S_IFREG):
        raise _odd(name)
    _check_extra(name, directory[name_at + name_length :][:extra])
    return Member(name, flags, method, crc, packed, size, offset), end


def _check_member(name: str, flags: int, method: int, packed: int, size: int) -> None:
    if flags & _ENCRYPTED:
        raise refuse("member_encrypted", name, f"{name} 加了密", f"{name} is encrypted")
    if flags & ~(_UTF8 | _EFFORT | _SIZES_AFTER) or method not in (_STORED, _DEFLATED):
        raise refuse(
            "member_odd",
            name,
            f"{name} 的压缩方式不支持；请用普通方式（deflate）重新打包",
            f"{name} is packed in a way that is not accepted; pack it anew with plain deflate",
        )
    if size > MAX_MEMBER_BYTES or packed > MAX_MEMBER_BYTES or (method == _STORED and packed != size):
        raise refuse("archive_bomb", name, f"{name} 过大，没有打开", f"{name} is too large; not opened")
    if name.endswith("/") and (size or packed > 2):  # noqa: PLR2004 - nothing, deflated, is two bytes
        raise _odd(name)


def _check_extra(name: str, extra: bytes) -> None:
    """Let times and owners pass, and nothing that gives the member another name or size for some readers."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        at += 4 + length
        if kind in _RENAMING:
            raise _odd(name)
    if at != len(extra) or at > _MOST_EXTRA:
        raise _odd(name)


def _local(file: BinaryIO, member: Member) -> Member:
    """Check the part before a member's bytes against the directory; return the member knowing where they begin."""
    file.seek(member.offset)
    raw = file.read(_LOCAL.size)
    if len(raw) != _LOCAL.size:
        raise _gap()
    sign, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack(raw)
    if name_length > _MOST_NAME or extra > _MOST_EXTRA:
        raise _odd(member.name)
    name = _name(file.read(name_length))
    known = (member.crc, member.packed, member.size)
    if flags & _SIZES_AFTER and (crc, packed, size) == (0, 0, 0):
        crc, packed, size = known
    if (sign, name, flags, method, crc, packed, size) != (
        _LOCAL_SIGN,
        member.name,
        member.flags,
        member.method,
        *known,
    ):
        raise _contradicts(member.name)
    _check_extra(name, file.read(extra))
    return replace(member, start=member.offset + _LOCAL.size + name_length + extra)


def _contradicts(name: str) -> UnsafeArchive:
    return refuse(
        "member_contradicts", name, f"{name} 的两处说明互相矛盾", f"{name} is described in two ways that differ"
    )


def _sizes_after(file: BinaryIO, member: Member) -> int:
    """Return how many bytes after a member tell its sizes once more, as programs do that pack while they read."""
    if not member.flags & _SIZES_AFTER:
        return 0
    file.seek(member.end)
    raw = file.read(_SIZES.size + len(_SIZES_SIGN))
    told = _SIZES.pack(member.crc, member.packed, member.size)
    for wanted in (_SIZES_SIGN + told, told):
        if raw.startswith(wanted):
            return len(wanted)
    raise _contradicts(member.name)


def _name(raw: bytes) -> str:
    """Read a name. Only the outermost folder may be called otherwise than we write it, and that in any usual coding."""
    for coding in ("utf-8", "gb18030", "latin-1"):
        try:
            name = raw.decode(coding)
        except UnicodeDecodeError:
            continue
        break
    check_name(name)
    return name


def check_name(name: str) -> None:
    """Refuse a name that points elsewhere, or that no terminal could show. Raises UnsafeArchive."""
    parts = name.removesuffix("/").split("/")
    if set(parts) & {"", ".", ".."} or set(name) & set('\\:*?"<>|') or not name.isprintable():
        shown = ascii(name)[:100]
        raise refuse(
            "name_escapes", shown, f"成员名 {shown} 想写到别处去", f"The name {shown} points elsewhere or is none"
        )


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are one and the same on some machine. Raises UnsafeArchive."""
    seen: set[str] = set()
    for name in names:
        folded = unicodedata.normalize("NFC", name.removesuffix("/")).casefold()
        if folded in seen:
            raise refuse("name_twice", name, f"成员 {name} 出现两次", f"The member {name} is there twice")
        seen.add(folded)
'''

# ──── cardcase.packs.bag · src/cardcase/packs/bag.py ────
MODULES['cardcase.packs.bag'] = r'''"""What a pack is read from, whatever it was carried in: an archive or a folder, under whatever outer name.

Packing anew, renaming, unpacking and the droppings of file managers change nothing that a pack says, so they are
looked through here and the checks see the members only.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from .archive import (
    MAX_ARCHIVE_BYTES,
    MAX_FOLDERS,
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    NAME,
    Source,
    UnsafeArchive,
    check_name,
    check_names,
    damaged,
    open_archive,
    refuse,
)

_CHUNK: Final = 1 << 20
_DEEPEST: Final = 8
_DROPPINGS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".directory"})
_DROPPED_FOLDERS: Final = frozenset({".Trashes", ".Spotlight-V100", ".fseventsd"})
"""What file managers leave behind by themselves, on macOS, Windows and KDE. It is never read.

``__MACOSX`` is none of them as a folder: all that macOS puts there begins with ``._``, and whatever else lies there was
put there by somebody.
"""


class Folder:
    """A folder that a pack was unpacked into. Only plain files count; links are refused."""

    def __init__(self, root: Path) -> None:
        """List the folder. Raises UnsafeArchive for links, odd names and too much."""
        self._root = root
        self._folders = 0
        self._found: dict[str, int] = {}
        self._list(root, "", 0)
        check_names(self._found)
        if sum(self._found.values()) > MAX_ARCHIVE_BYTES:
            raise refuse("archive_bomb", root.name, "目录过大，没有读", "The folder holds too much; not read")
        self.sizes: Mapping[str, int] = self._found

    def close(self) -> None:
        """Nothing is held open."""

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a file in pieces. Raises UnsafeArchive when they are not as many as were seen."""
        size = self.sizes[name]
        path = self._root.joinpath(*name.split("/"))
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
            with open(descriptor, "rb") as file:  # noqa: PTH123 - Path.open knows no O_NOFOLLOW
                left = size
                while left > 0 and (piece := file.read(min(left, _CHUNK))):
                    left -= len(piece)
                    yield piece
                if left or file.read(1):
                    raise damaged(name)
        except OSError:
            raise damaged(name) from None

    def _list(self, folder: Path, prefix: str, depth: int) -> None:
        self._folders += 1
        if self._folders > MAX_FOLDERS or depth > _DEEPEST:
            raise refuse("archive_bomb", prefix or folder.name, "目录层次太多", "The folders are too many or too deep")
        with os.scandir(folder) as entries:
            for entry in entries:
                name = f"{prefix}{entry.name}"
                check_name(name)
                kind = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(kind.st_mode):
                    if entry.name not in _DROPPED_FOLDERS:
                        self._list(folder / entry.name, f"{name}/", depth + 1)
                elif stat.S_ISREG(kind.st_mode):
                    self._found[name] = kind.st_size
                else:
                    raise refuse("member_odd", name, f"{name} 不是普通文件", f"{name} is not a plain file")
                if len(self._found) > MAX_MEMBERS:
                    raise refuse("archive_bomb", name, "文件太多", "There are too many files")


class Bag:
    """The members of a pack by the names that they have inside it, without the folder around them."""

    def __init__(self, source: Source) -> None:
        """Look through the outermost folder. Raises UnsafeArchive for names that no pack has, and for huge members."""
        self._source = source
        told = {name: size for name, size in source.sizes.items() if not _is_dropping(name)}
        self.droppings = sorted(source.sizes.keys() - told.keys())
        """Names of what file managers left behind; it was not read."""
        firsts = {name.partition("/")[0] for name in told}
        self.base = f"{firsts.pop()}/" if len(firsts) == 1 and all("/" in name for name in told) else ""
        self.sizes = {name.removeprefix(self.base): size for name, size in told.items()}
        for name, size in self.sizes.items():
            if NAME.fullmatch(name) is None:
                raise refuse("name_odd", name, f"成员名 {name} 不合规", f"The name {name} is not acceptable")
            if size > MAX_MEMBER_BYTES:
                raise refuse("archive_bomb", name, f"{name} 过大，没有打开", f"{name} is too large; not opened")

    def __contains__(self, name: str) -> bool:
        return name in self.sizes

    def read(self, name: str, most: int) -> bytes:
        """Return the bytes of a member of at most ``most`` bytes. Raises KeyError, UnsafeArchive."""
        if self.sizes[name] > most:
            raise refuse("archive_bomb", name, f"{name} 过大，没有读", f"{name} is too large; not read")
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a member in pieces. Raises KeyError, UnsafeArchive at the latest at their end."""
        return self._source.stream(self.base + name)

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


def open_bag(path: Path) -> Bag:
    """Open an archive or an unpacked folder. Raises UnsafeArchive."""
    try:
        if not (path.is_dir() or path.is_file()):  # a pipe would never end
            raise FileNotFoundError
        source: Source = Folder(path) if path.is_dir() else open_archive(path)
    except (OSError, ValueError):
        raise refuse("unreadable", path.name, "文件读不了", "The file cannot be read") from None
    try:
        return Bag(source)
    except UnsafeArchive:
        source.close()
        raise


def _is_dropping(name: str) -> bool:
    parts = name.split("/")
    return parts[-1] in _DROPPINGS or parts[-1].startswith("._") or not _DROPPED_FOLDERS.isdisjoint(parts[:-1])
'''

# ──── cardcase.anchors.rules.plan · src/cardcase/anchors/rules/plan.py ────
MODULES['cardcase.anchors.rules.plan'] = r'''"""When the head of the record is taken to authorities and witnesses, and how long one waits after a failure."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from cardcase.kit.text import Text

STAMPED: Final = "time.anchor"
RENEWED: Final = "time.renewed"
COSIGNED: Final = "witness.cosigned"
DEPOSITED: Final = "deposit.made"
OWN_KINDS: Final = frozenset({STAMPED, RENEWED, COSIGNED, DEPOSITED})
"""Entries that anchoring itself writes: they alone are no reason to anchor again, or it would never rest."""

URGENT_KINDS: Final = frozenset(
    {
        "card.revealed",
        "card.displayed",
        "remedy.approved",
        "remedy.declined",
        "remedy.escalated",
        "remedy.executed",
        "pack.exported",
        "pack.submitted",
    }
)
"""Reveal, decision, export (custody.md §7.4): after these one does not wait for the hour."""

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
RENEW_BEFORE: Final = timedelta(days=60)
"""How long before the end of an authority's certificate its last token is stamped anew. Our own choice."""

PENDING: Final = "E_TIME_PENDING"
PENDING_TEXT: Final = Text(
    "还没有拿到第三方时间戳，正在重试；业务不受影响",
    "No third party's time-stamp yet; it is being tried again, and nothing waits for it",
)
UNANCHORED: Final = "E_TIME_NONE"
UNANCHORED_TEXT: Final = Text(
    "没有设置时间戳机构：时间只有自己的时钟作证",
    "No authority of time is set: only our own clock vouches for the time",
)


class StampState(StrEnum):
    """Where a promised time-stamp stands."""

    WAITING = "waiting"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"  # kept as it came: SM2, or no root pinned
    SUPERSEDED = "superseded"  # a later head was taken to the same authority while this one waited


def is_due(
    since_last: timedelta | None, *, has_new: bool, has_urgent: bool, every: timedelta, spacing: timedelta
) -> bool:
    """Tell whether the head is to be anchored now. ``since_last`` is None when it never was."""
    if not has_new:
        return False
    if since_last is None or since_last >= every:
        return True
    return has_urgent and since_last >= spacing


def wait_after(tries: int, dice: float) -> timedelta:
    """Return how long to wait after the n-th failure: 1, 5, 25 min, then up to 6 h, half to one and a half times.

    ``dice`` lies in [0, 1): what failed together does not come back together.
    """
    wait: timedelta = min(FIRST_WAIT * 5 ** max(0, min(tries - 1, 6)), LONGEST_WAIT)
    return wait * (0.5 + dice)


REASONS: Final = {
    "name_unknown": Text("找不到这个域名", "the host name is unknown"),
    "not_reached": Text("连不上对方服务器", "the other side cannot be reached"),
    "broken": Text("没有等到完整的答复", "no whole answer came"),
    "address_private": Text("地址指向内网，没有连接（可设 private = true）", "the address is private; not called"),
    "address_bad": Text("地址不对", "the address is wrong"),
    "tls_failed": Text("对方的证书不可信", "the other side's certificate is not trusted"),
    "too_large": Text("答复太大，没有读完", "the answer is too large; not read to its end"),
    "http_status": Text("对方答复了 HTTP 错误", "the other side answered with an HTTP error"),
    "no_secret": Text("读不了口令文件", "the file of the password cannot be read"),
    "no_config": Text("设置里已经没有它", "it is no longer configured"),
    "bad_settings": Text("它的设置读不了（根证书、策略文件）", "its settings cannot be read (roots, policy)"),
    "witness_ahead": Text(
        "见证方见过更长的记录：可能恢复了旧备份，或有两份记录",
        "The witness has seen a longer record: an old backup was restored, or there are two records",
    ),
    "witness_refused": Text(
        "见证方说本记录与它见过的不一致", "The witness says that this record does not continue what it has seen"
    ),
    "witness_unknown_key": Text("见证方不认得本记录的签名公钥", "The witness does not know this record's key"),
    "witness_unknown_log": Text("见证方没有登记本记录", "The witness does not list this record"),
    "witness_broken": Text("见证方的签名不成立", "The cosignature of the witness does not hold"),
    "deposit_refused": Text("存证服务没有接受", "The deposit service did not accept it"),
}
"""Why an attempt came to nothing, beside the faults of ``stamp.FAULT_TEXTS``."""
'''

# ──── cardcase.anchors.rules.der · src/cardcase/anchors/rules/der.py ────
MODULES['cardcase.anchors.rules.der'] = r'''"""A small, strict reader of DER, for replies of time-stamping authorities: one level at a time, every length checked.

It never descends by itself, so that no depth of nesting costs anything; whoever reads a form asks for its levels one by
one. Only what DER allows is read: definite lengths in their shortest form, tags below 31, the shortest integers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Self

BOOLEAN, INTEGER, BITS, OCTETS, NULL, OID, UTF8, TIME = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x18
SEQUENCE, SET = 0x30, 0x31
MOST_ELEMENTS: Final = 256
"""How many elements one level may have: real replies have less than twenty."""
_LONG, _MOST_LENGTH_BYTES = 0x80, 4
_LONG_TAG, _CONTEXT, _CONSTRUCTED = 0x1F, 0x80, 0x20
_MOST_INTEGER, _MOST_OID, _MOST_ARC = 64, 63, 9
"""Bytes of an integer (RFC 3161 asks for 160 bits), of an object identifier, and of one of its arcs."""
_MOST_PAD = 7


class BadDer(ValueError):  # noqa: N818 - named after what is wrong
    """The bytes are not DER, or not of the form that is read."""


def tagged(number: int, *, is_constructed: bool = True) -> int:
    """Return the tag ``[number]`` of a context."""
    return _CONTEXT | (_CONSTRUCTED if is_constructed else 0) | number


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag, and where in the bytes it begins, where its content does, and where both end."""

    data: bytes
    tag: int
    begin: int
    start: int
    end: int

    @classmethod
    def at(cls, data: bytes, begin: int, end: int) -> Self:
        """Read the head of the element at a place. Raises BadDer."""
        if begin + 2 > end or data[begin] & _LONG_TAG == _LONG_TAG:
            raise BadDer("an element was expected")
        length, start = data[begin + 1], begin + 2
        if length & _LONG:
            count = length & ~_LONG
            if not 1 <= count <= _MOST_LENGTH_BYTES or start + count > end:
                raise BadDer("a definite length was expected")
            length, start = int.from_bytes(data[start : start + count]), start + count
            if length < _LONG or length >> 8 * (count - 1) == 0:
                raise BadDer("a length is not in its shortest form")
        if start + length > end:
            raise BadDer("an element is longer than its place")
        return cls(data, data[begin], begin, start, start + length)

    @classmethod
    def whole(cls, data: bytes, tag: int) -> Self:
        """Read bytes that are one element of this tag and nothing else. Raises BadDer."""
        found = cls.at(data, 0, len(data)).of(tag)
        if found.end != len(data):
            raise BadDer("bytes after the end")
        return found

    @property
    def raw(self) -> bytes:
        """The element as it stands, head and content."""
        return self.data[self.begin : self.end]

    @property
    def content(self) -> bytes:
        """The bytes after the head."""
        return self.data[self.start : self.end]

    def of(self, tag: int) -> Self:
        """Return this element when it has that tag. Raises BadDer."""
        if self.tag != tag:
            raise BadDer(f"tag {tag:#04x} was expected")
        return self

    def parts(self) -> "list[Element]":
        """Return the elements inside, one level deep. Raises BadDer."""
        if not self.tag & _CONSTRUCTED:
            raise BadDer("this holds no elements")
        found: list[Element] = []
        place = self.start
        while place < self.end:
            if len(found) == MOST_ELEMENTS:
                raise BadDer("too many elements")
            found.append(Element.at(self.data, place, self.end))
            place = found[-1].end
        return found

    def only(self, tag: int) -> "Element":
        """Return the one element inside. Raises BadDer."""
        (one,) = _exactly(1, self.parts())
        return one.of(tag)

    def sorted_parts(self) -> "list[Element]":
        """Return the elements of a SET OF, which stand in the order of their bytes. Raises BadDer."""
        found = self.parts()
        if any(first.raw > second.raw for first, second in pairwise(found)):
            raise BadDer("a set is not in its order")
        return found

    # ---- plain values ------------------------------------------------------------------------------------------------

    def integer(self, tag: int = INTEGER) -> int:
        """Return an INTEGER, however it is tagged. Raises BadDer."""
        content = self.of(tag).content
        if not 1 <= len(content) <= _MOST_INTEGER:
            raise BadDer("an integer has 1 to 64 bytes")
        value = int.from_bytes(content, signed=True)
        if len(content) > 1 and value == int.from_bytes(content[1:], signed=True):
            raise BadDer("an integer is not in its shortest form")
        return value

    def natural(self, tag: int = INTEGER) -> int:
        """Return an INTEGER that is not negative. Raises BadDer."""
        value = self.integer(tag)
        if value < 0:
            raise BadDer("a negative number")
        return value

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER, dotted. Raises BadDer."""
        content = self.of(OID).content
        if not 1 <= len(content) <= _MOST_OID or content[-1] & _LONG:
            raise BadDer("an object identifier was expected")
        arcs, value, length = [], 0, 0
        for byte in content:
            if (length == 0 and byte == _LONG) or length == _MOST_ARC:
                raise BadDer("an arc is not in its shortest form, or too long")
            value, length = value << 7 | byte & ~_LONG, length + 1
            if not byte & _LONG:
                arcs.append(value)
                value = length = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def flag(self) -> bool:
        """Return a BOOLEAN. Raises BadDer."""
        content = self.of(BOOLEAN).content
        if content not in (b"\x00", b"\xff"):
            raise BadDer("a boolean was expected")
        return content == b"\xff"

    def text(self) -> str:
        """Return a UTF8String. Raises BadDer."""
        try:
            return self.of(UTF8).content.decode()
        except UnicodeDecodeError as error:
            raise BadDer("a text is not UTF-8") from error

    def bits(self) -> bytes:
        """Return the bytes of a BIT STRING. Raises BadDer."""
        content = self.of(BITS).content
        pad = content[0] if content else _MOST_PAD + 1
        if pad > _MOST_PAD or (pad and (len(content) == 1 or content[-1] & (1 << pad) - 1)):
            raise BadDer("a string of bits was expected")
        return content[1:]

    def moment(self) -> datetime:
        """Return a GeneralizedTime in UTC, fractions of a second cut off. Raises BadDer."""
        text = self.of(TIME).content.decode("ascii", "replace")
        digits, fraction = text[:14], text[14:-1]
        is_written = digits.isascii() and digits.isdigit() and len(digits) == len("YYYYMMDDHHMMSS")
        is_fraction = not fraction or (fraction[0] == "." and fraction[1:].isdigit() and fraction[-1] != "0")
        if not (is_written and is_fraction and text.endswith("Z")):
            raise BadDer("a moment was expected")
        try:
            return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise BadDer("no such moment") from error


def _exactly(count: int, found: "list[Element]") -> "list[Element]":
    if len(found) != count:
        raise BadDer(f"{count} elements were expected")
    return found


class Reader:
    """Goes through the elements of a SEQUENCE in their order; what is optional is asked for by its tag."""

    def __init__(self, parts: "list[Element]") -> None:
        """Take the elements."""
        self._parts = parts
        self._at = 0

    def next(self) -> Element:
        """Return the next element. Raises BadDer when there is none."""
        if self._at == len(self._parts):
            raise BadDer("an element is missing")
        self._at += 1
        return self._parts[self._at - 1]

    def if_next(self, *tags: int) -> Element | None:
        """Return the next element when it has one of these tags."""
        if self._at < len(self._parts) and self._parts[self._at].tag in tags:
            return self.next()
        return None

    def done(self) -> None:
        """Demand that nothing is left. Raises BadDer."""
        if self._at != len(self._parts):
            raise BadDer("more than was expected")


def reader(element: Element, tag: int = SEQUENCE) -> Reader:
    """Return a reader of the elements of a SEQUENCE. Raises BadDer."""
    return Reader(element.of(tag).parts())


def with_sorted_certificates(reply: bytes) -> bytes:
    """Return a TimeStampResp with the certificates of its token sorted; all else and every length stay as they are.

    ``rfc3161_client`` refuses replies whose SET of certificates is not sorted, as some authorities send them
    (custody.md §2). That SET is not signed, so sorting it changes nothing that counts; the reply itself is kept as it
    came. Raises BadDer when this is no TimeStampResp with a token.
    """
    place = Element.whole(reply, SEQUENCE)
    try:
        # TimeStampResp → ContentInfo (second) → [0] (second) → SignedData
        for which in (1, 1, 0):
            place = place.parts()[which]
        held = next(one for one in place.parts() if one.tag == tagged(0))
    except (IndexError, StopIteration) as error:
        raise BadDer("no token with certificates") from error
    parts = sorted(one.raw for one in held.parts())
    return reply[: held.start] + b"".join(parts) + reply[held.end :]
'''

# ──── cardcase.anchors.rules.cms · src/cardcase/anchors/rules/cms.py ────
MODULES['cardcase.anchors.rules.cms'] = r'''"""A TimeStampResp (RFC 3161 §2.4.2) taken apart: status, the CMS SignedData in it, and the TSTInfo that is signed.

Only form is looked at here; nothing of it is believed. What DER would not write that way is refused, except for the
order of the certificates, which is not signed and which some authorities do not keep.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from . import der
from .der import BadDer, Element, Reader, reader, tagged

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
MOST_CERTIFICATES: Final = 16
_MOST_STATUS, _MOST_VERSION, _LAST_NAME = 255, 5, 8
_LONGEST_ACCURACY: Final = timedelta(days=366)
_THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier: its OID, and its parameters as they stand, empty when there are none."""

    oid: str
    parameters: bytes

    @property
    def is_plain(self) -> bool:
        """Tell whether it has no parameters, or NULL, as hashes and RSA have."""
        return self.parameters in (b"", b"\x05\x00")


@dataclass(frozen=True, slots=True)
class Info:
    """The TSTInfo: what was stamped, when, by whose rule."""

    policy: str
    imprint_algorithm: str
    imprint: bytes
    serial: int
    gen_time: datetime
    accuracy: timedelta
    nonce: int | None


@dataclass(frozen=True, slots=True)
class Signer:
    """A SignerInfo. ``signed`` are its attributes as the SET that is signed, None where it has none."""

    issuer: bytes
    serial: int
    digest: Algorithm
    signed: bytes | None
    attributes: Mapping[str, tuple[bytes, ...]]
    algorithm: Algorithm
    signature: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """The SignedData: the bytes of the TSTInfo, that taken apart, the hashes, certificates and signers it names."""

    content: bytes
    info: Info
    digests: tuple[Algorithm, ...]
    certificates: tuple[bytes, ...]
    signers: tuple[Signer, ...]


def read(reply: bytes) -> tuple[int, Token | None]:
    """Take a reply apart: its status and its token, if there is one. Raises BadDer."""
    parts = reader(Element.whole(reply, der.SEQUENCE))
    status = _status(parts.next())
    told = parts.if_next(der.SEQUENCE)
    parts.done()
    if told is None:
        return status, None
    kind = reader(told)
    if kind.next().oid() != SIGNED_DATA:
        raise BadDer("no SignedData")
    signed = kind.next().of(tagged(0)).only(der.SEQUENCE)
    kind.done()
    return status, _signed_data(signed)


def _status(told: Element) -> int:
    parts = reader(told)
    status = parts.next().natural()
    words = parts.if_next(der.SEQUENCE)
    for one in words.parts() if words else ():
        one.text()
    why = parts.if_next(der.BITS)
    if why:
        why.bits()
    parts.done()
    if status > _MOST_STATUS:
        raise BadDer("no such status")
    return status


def _signed_data(told: Element) -> Token:
    parts = reader(told)
    _version(parts)
    digests = tuple(algorithm(one) for one in parts.next().of(der.SET).sorted_parts())
    inside = reader(parts.next())
    if inside.next().oid() != TST_INFO:
        raise BadDer("no TSTInfo")
    content = inside.next().of(tagged(0)).only(der.OCTETS).content
    inside.done()
    held = parts.if_next(tagged(0))
    certificates = tuple(one.of(der.SEQUENCE).raw for one in held.parts()) if held else ()
    if len(certificates) > MOST_CERTIFICATES:
        raise BadDer("too many certificates")
    parts.if_next(tagged(1))  # lists of revocations: the caller has his own
    signers = tuple(_signer(one) for one in parts.next().of(der.SET).sorted_parts())
    parts.done()
    return Token(content, _info(content), digests, certificates, signers)


def _version(parts: Reader) -> None:
    if not 1 <= parts.next().integer() <= _MOST_VERSION:
        raise BadDer("an unknown version")


def algorithm(told: Element) -> Algorithm:
    """Read an AlgorithmIdentifier. Raises BadDer."""
    found = told.of(der.SEQUENCE).parts()
    if not 1 <= len(found) <= 2:  # noqa: PLR2004 - name and parameters
        raise BadDer("an algorithm was expected")
    return Algorithm(found[0].oid(), found[1].raw if found[1:] else b"")


def _info(content: bytes) -> Info:
    parts = reader(Element.whole(content, der.SEQUENCE))
    if parts.next().integer() != 1:
        raise BadDer("an unknown version of TSTInfo")
    policy = parts.next().oid()
    imprint = reader(parts.next())
    kind, digest = algorithm(imprint.next()), imprint.next().of(der.OCTETS).content
    imprint.done()
    if not kind.is_plain:
        raise BadDer("a hash has no parameters")
    serial, gen_time = parts.next().integer(), parts.next().moment()
    accuracy = parts.if_next(der.SEQUENCE)
    ordering = parts.if_next(der.BOOLEAN)
    if ordering and not ordering.flag():
        raise BadDer("what is meant anyway is not written")
    nonce = parts.if_next(der.INTEGER)
    name = parts.if_next(tagged(0))
    if name:
        _name(name)
    more = parts.if_next(tagged(1))
    for one in more.parts() if more else ():
        _extension(one)
    parts.done()
    return Info(
        policy=policy,
        imprint_algorithm=kind.oid,
        imprint=digest,
        serial=serial,
        gen_time=gen_time,
        accuracy=_accuracy(accuracy) if accuracy else timedelta(),
        nonce=nonce.natural() if nonce else None,
    )


def _name(told: Element) -> None:
    found = told.parts()
    if len(found) != 1 or not tagged(0, is_constructed=False) <= found[0].tag <= tagged(_LAST_NAME):
        raise BadDer("a general name was expected")


def _extension(told: Element) -> None:
    """Read an Extension of the TSTInfo. None is known here, so that one which must be understood is refused."""
    parts = reader(told)
    parts.next().oid()
    if parts.if_next(der.BOOLEAN) is not None:
        raise BadDer("an extension that must be understood, and is not")
    parts.next().of(der.OCTETS)
    parts.done()


def _accuracy(told: Element) -> timedelta:
    """Read an Accuracy; what it does not state counts as none (RFC 3161 §2.4.2 leaves it open)."""
    parts = reader(told)
    seconds = parts.if_next(der.INTEGER)
    rest = []
    for number in (0, 1):
        one = parts.if_next(tagged(number, is_constructed=False))
        rest.append(one.natural(one.tag) if one else 0)
        if one and not 1 <= rest[-1] < _THOUSAND:
            raise BadDer("thousandths lie between 1 and 999")
    parts.done()
    whole = seconds.natural() if seconds else 0
    if whole > _LONGEST_ACCURACY.total_seconds():
        raise BadDer("an accuracy of years")
    return timedelta(seconds=whole, milliseconds=rest[0], microseconds=rest[1])


def _signer(told: Element) -> Signer:
    parts = reader(told)
    _version(parts)
    who = reader(parts.next())  # the other choice, a key id, is used by no authority; the issuer is what we look for
    issuer, serial = who.next().of(der.SEQUENCE).raw, who.next().integer()
    who.done()
    digest = algorithm(parts.next())
    held = parts.if_next(tagged(0))
    attributes = dict(_attributes(held)) if held else {}
    if held and len(attributes) != len(held.parts()):
        raise BadDer("a signed attribute stands twice")
    kind = algorithm(parts.next())
    signature = parts.next().of(der.OCTETS).content
    unsigned = parts.if_next(tagged(1))
    if unsigned:
        _attributes(unsigned)  # nothing in it counts
    parts.done()
    signed = bytes([der.SET]) + held.raw[1:] if held else None  # RFC 5652 §5.4: with the tag of a SET, not [0]
    return Signer(issuer, serial, digest, signed, attributes, kind, signature)


def _attributes(told: Element) -> list[tuple[str, tuple[bytes, ...]]]:
    """Read a SET OF Attribute: kinds and values. Raises BadDer."""
    found = []
    for one in told.sorted_parts():
        parts = reader(one)
        kind, values = parts.next().oid(), parts.next().of(der.SET).sorted_parts()
        parts.done()
        found.append((kind, tuple(value.raw for value in values)))
    return found
'''

# ──── cardcase.anchors.rules.signing · src/cardcase/anchors/rules/signing.py ────
MODULES['cardcase.anchors.rules.signing'] = r'''"""Whether the signature of a token is that of a certificate: what is signed names the TSTInfo and the certificate.

RFC 5652 §5.4 and §5.6, RFC 5035 and 5816 for the attribute that names the certificate. SHA-2 only, and only the pairs
of algorithms that authorities use.
"""

import hashlib
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from . import cms, der
from .cms import Algorithm, Signer, Token
from .der import Element, reader, tagged

HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
PSS: Final = "1.2.840.113549.1.1.10"
MOST_RSA_BITS: Final = 8192
"""Longer keys cost a verifier time, and no authority has them."""
_KINDS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_RSA: Final = {
    "1.2.840.113549.1.1.1": None,  # the hash is the one that the signer names beside
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA: Final = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_MGF1: Final = "1.2.840.113549.1.1.8"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"


class BadSignature(ValueError):  # noqa: N818 - named after what is wrong
    """The signature is not that of this certificate over this content."""


def is_named(signer: Signer, certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is the one that a SignerInfo names: issuer, byte for byte, and serial number."""
    fields = reader(Element.whole(certificate.tbs_certificate_bytes, der.SEQUENCE))
    fields.if_next(tagged(0))
    serial, _algorithm, issuer = fields.next().integer(), fields.next(), fields.next().raw
    return (issuer, serial) == (signer.issuer, signer.serial)


def check(token: Token, certificate: x509.Certificate) -> None:
    """Check the one signer of a token against his certificate. Raises BadSignature."""
    if len(token.signers) != 1:
        raise BadSignature("one signer, and no more")
    (signer,) = token.signers
    hashed = HASHES.get(signer.digest.oid, "")
    announced = [one.oid for one in token.digests]
    if (
        not hashed
        or signer.digest.oid not in announced
        or not all(one.is_plain for one in (signer.digest, *token.digests))
    ):
        raise BadSignature("a hash that is not known here, or not announced")
    try:
        _check_attributes(signer, token.content, certificate, hashed)
        _verify(signer, certificate, hashed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, IndexError) as error:
        raise BadSignature("the signature does not hold") from error


def _check_attributes(signer: Signer, content: bytes, certificate: x509.Certificate, hashed: str) -> None:
    if Element.whole(_one(signer, _CONTENT_TYPE), der.OID).oid() != cms.TST_INFO:
        raise BadSignature("signed as something else")
    if Element.whole(_one(signer, _MESSAGE_DIGEST), der.OCTETS).content != hashlib.new(hashed, content).digest():
        raise BadSignature("other content was signed")
    named = [kind for kind in (_CERTIFICATE, _CERTIFICATE_V2) if kind in signer.attributes]
    if not named or not all(_names(_one(signer, kind), kind, certificate) for kind in named):
        raise BadSignature("another certificate is named")


def _one(signer: Signer, kind: str) -> bytes:
    values = signer.attributes.get(kind, ())
    if len(values) != 1:
        raise BadSignature("a signed attribute is missing, or has not one value")
    return values[0]


def _names(value: bytes, kind: str, certificate: x509.Certificate) -> bool:
    """Tell whether a SigningCertificate or SigningCertificateV2 names this certificate first.

    SHA-1 is what the older form has (RFC 3161 itself); nobody makes a second certificate for a given hash of it.
    """
    parts = reader(Element.whole(value, der.SEQUENCE))
    first = reader(parts.next().of(der.SEQUENCE).parts()[0])
    hashed = "sha1"
    if kind == _CERTIFICATE_V2:
        told = first.if_next(der.SEQUENCE)
        hashed = HASHES.get(cms.algorithm(told).oid, "") if told else "sha256"
    digest, more = first.next().of(der.OCTETS).content, first.if_next(der.SEQUENCE)
    first.done()
    if more is not None and more.parts()[-1].integer() != certificate.serial_number:
        return False  # IssuerSerial; its issuer is fixed by the hash already
    whole = certificate.public_bytes(Encoding.DER)
    return bool(hashed) and hashlib.new(hashed, whole, usedforsecurity=False).digest() == digest


def _verify(signer: Signer, certificate: x509.Certificate, hashed: str) -> None:
    assert signer.signed is not None  # it has the attributes that were looked at
    key, kind, digest = certificate.public_key(), signer.algorithm, _KINDS[hashed]()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size <= MOST_RSA_BITS:
        if kind.oid == PSS:
            key.verify(signer.signature, signer.signed, _pss(kind, hashed), digest)
            return
        if kind.oid in _RSA and _RSA[kind.oid] in (None, hashed) and kind.is_plain:
            key.verify(signer.signature, signer.signed, padding.PKCS1v15(), digest)
            return
    elif isinstance(key, ec.EllipticCurvePublicKey) and _ECDSA.get(kind.oid) == hashed and kind.is_plain:
        key.verify(signer.signature, signer.signed, ec.ECDSA(digest))
        return
    raise BadSignature("a kind of signature that is not known here")


def _pss(kind: Algorithm, hashed: str) -> padding.PSS:
    """Read RSASSA-PSS-params (RFC 4055 §3.1), with the hash of the signer throughout. Raises BadDer, BadSignature."""
    parts = reader(Element.whole(kind.parameters, der.SEQUENCE))
    told: dict[int, Any] = {}
    for number in range(4):
        one = parts.if_next(tagged(number))
        told[number] = one.parts()[0] if one and len(one.parts()) == 1 else None
    parts.done()
    if told[0] is None or told[1] is None or told[2] is None:
        raise BadSignature("without its parts this means SHA-1")
    mask = reader(told[1])
    is_mgf1, inner = mask.next().oid() == _MGF1, cms.algorithm(mask.next())
    if not is_mgf1 or {HASHES.get(cms.algorithm(told[0]).oid), HASHES.get(inner.oid)} != {hashed}:
        raise BadSignature("other hashes than the signer names")
    if told[3] is not None and told[3].integer() != 1:
        raise BadSignature("an unknown trailer")
    return padding.PSS(padding.MGF1(_KINDS[hashed]()), told[2].natural())
'''

# ──── cardcase.anchors.rules.chain · src/cardcase/anchors/rules/chain.py ────
MODULES['cardcase.anchors.rules.chain'] = r'''"""Whether a certificate for time-stamping leads to a pinned root, as it stood at one moment (RFC 5280 §6, bounded).

Only what decides about such certificates: names, signatures, moments, who may issue and how deep, extensions that must
be understood. Lists of revocations are looked at by ``stamp``. Constraints on names are not followed: an issuer that
has them is refused. Depth and signatures are bounded, whatever certificates a stranger sends along.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from . import der
from .der import Element
from .signing import MOST_RSA_BITS

MOST_DEEP: Final = 8
"""Certificates from the signer to the root, both counted."""
MOST_TRIES: Final = 48
"""Pairs of a certificate and a possible issuer that are looked at for one token."""
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        # No policy of certificates is asked for, so that none of these can refuse one (RFC 5280 §6.1.1 d to f).
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
    }
)
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


class Broken(ValueError):  # noqa: N818 - named after what is wrong
    """No way leads from the certificate to a root."""


def lead(
    signer: x509.Certificate, others: Iterable[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime
) -> list[x509.Certificate]:
    """Return the certificates from the signer to one of the roots, both included. Raises Broken.

    ``others`` are the certificates that came along and prove nothing. A root is a certificate of its own issue.
    """
    found = None
    if _may_stamp(signer):
        pinned = [one for one in roots if one.subject == one.issuer]
        found = _Search(pinned, [one for one in others if one not in pinned], at).way([signer])
    if found is None:
        raise Broken("no way to a root")
    return found


class _Search:
    """Looks for a way upwards, root first, and turns back where one ends."""

    def __init__(self, roots: list[x509.Certificate], others: list[x509.Certificate], at: datetime) -> None:
        self._roots = frozenset(roots)
        self._named: dict[x509.Name, list[x509.Certificate]] = {}
        for one in (*roots, *others):
            self._named.setdefault(one.subject, []).append(one)
        self._at = at
        self._left = MOST_TRIES

    def way(self, below: list[x509.Certificate]) -> list[x509.Certificate] | None:
        last = below[-1]
        if not is_valid_at(last, self._at) or not _is_understood(last):
            return None
        if last in self._roots:
            return below
        for maker in self._named.get(last.issuer, ()):
            if len(below) == MOST_DEEP or self._left == 0:
                return None
            self._left -= 1
            found = self.way([*below, maker]) if maker not in below and self._issued(last, maker, below) else None
            if found is not None:
                return found
        return None

    def _issued(self, last: x509.Certificate, maker: x509.Certificate, below: list[x509.Certificate]) -> bool:
        depth = sum(one.subject != one.issuer for one in below[1:])
        is_fit = _may_issue(maker, depth, is_root=maker in self._roots) and _fits(last, maker)
        return is_fit and is_signed_by(last, maker)


def is_valid_at(one: x509.Certificate, at: datetime) -> bool:
    """Tell whether a moment lies within a certificate's validity. The last second counts as over, as OpenSSL has it."""
    return one.not_valid_before_utc <= at < one.not_valid_after_utc


def _is_understood(one: x509.Certificate) -> bool:
    try:
        return all(not told.critical or told.oid in _UNDERSTOOD for told in one.extensions)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _find(one: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return one.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _may_stamp(signer: x509.Certificate) -> bool:
    """Tell whether the key may sign: by its usage nothing but signatures, as RFC 3161 §2.3 and OpenSSL demand."""
    if not _is_understood(signer):
        return False
    usage = _find(signer, x509.KeyUsage)
    if usage is None:
        return True
    others = usage.key_encipherment, usage.data_encipherment, usage.key_agreement, usage.key_cert_sign, usage.crl_sign
    return (usage.digital_signature or usage.content_commitment) and not any(others)


def _may_issue(maker: x509.Certificate, depth: int, *, is_root: bool) -> bool:
    """Tell whether a certificate is one of an authority that may stand this many authorities above the signer's."""
    if not _is_understood(maker):
        return False
    constraints, usage = _find(maker, x509.BasicConstraints), _find(maker, x509.KeyUsage)
    extended = _find(maker, x509.ExtendedKeyUsage)
    fitting = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if (usage is not None and not usage.key_cert_sign) or (extended is not None and not fitting & set(extended)):
        return False
    if _find(maker, x509.NameConstraints) is not None:
        return False
    if constraints is None:
        return is_root and (maker.version is x509.Version.v1 or usage is not None)  # a root of before RFC 3280
    return constraints.ca and (constraints.path_length is None or depth <= constraints.path_length)


def _fits(last: x509.Certificate, maker: x509.Certificate) -> bool:
    """Tell whether the ids of keys agree, where both are told."""
    wanted, has = _find(last, x509.AuthorityKeyIdentifier), _find(maker, x509.SubjectKeyIdentifier)
    if wanted is None:
        return True
    if wanted.authority_cert_serial_number not in (None, maker.serial_number):
        return False
    return has is None or wanted.key_identifier in (None, has.digest)


def _is_whole(one: x509.Certificate) -> bool:
    """Tell whether the signature under a certificate is whole bytes: a bit left unused would be a second spelling."""
    signature = Element.whole(one.public_bytes(Encoding.DER), der.SEQUENCE).parts()[-1]
    return signature.of(der.BITS).content[:1] == b"\0"


@lru_cache(maxsize=1024)
def is_signed_by(one: x509.Certificate, maker: x509.Certificate) -> bool:
    """Tell whether a certificate was signed by the key of another, with a hash that still counts."""
    try:
        key = maker.public_key()
        if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            counts = True
        elif isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
            counts = isinstance(one.signature_hash_algorithm, _HASHES) and key.key_size <= MOST_RSA_BITS
        else:
            counts = False
        if counts:
            one.verify_directly_issued_by(maker)
            counts = _is_whole(one)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return counts
'''

# ──── cardcase.anchors.rules.stamp · src/cardcase/anchors/rules/stamp.py ────
MODULES['cardcase.anchors.rules.stamp'] = r'''"""Time-stamps after RFC 3161: the question, the reply, and whether the reply holds, at the moment it names itself.

A reply is checked against the question that was sent: status, imprint, nonce and policy, the one extended key usage
that a time-stamping certificate has, the signature, and the chain to a pinned root as it stood at genTime (custody.md
§2: never as it stands today). Roots come from the caller, never from the reply. Pure: no network, no clock.

All of it is checked by our own rules (``cms``, ``signing``, ``chain``), with nothing but ``cryptography``: so the
verifier that is one file says what the product says. The product asks ``rfc3161_client`` besides (``client``), and
what either of the two does not accept does not count.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from cardcase.kit.text import Text

from . import chain, cms, signing
from .cms import Info
from .der import BadDer

MAX_REPLY_BYTES: Final = 64 * 1024
GRANTED: Final = 0
_CHINESE: Final = "1.2.156.10197.1."
"""Arc of the Chinese commercial algorithms (GM/T 0006): SM2, SM3 and their signatures stand under it."""

_KEEPS_OLD_TOKENS: Final = frozenset(
    {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)
"""Reasons of a revocation that leave tokens from before it valid (RFC 3161 §4.1); any other, or none, does not."""


class Fault(StrEnum):
    """Why a reply does not count."""

    UNREADABLE = "stamp_unreadable"
    REJECTED = "stamp_rejected"
    IMPRINT = "stamp_of_other_bytes"
    NONCE = "stamp_nonce_differs"
    POLICY = "stamp_policy_differs"
    USAGE = "stamp_key_usage"
    EXPIRED = "stamp_certificate_expired"
    REVOKED = "stamp_certificate_revoked"
    CHAIN = "stamp_chain_untrusted"
    NO_ROOTS = "stamp_no_roots"
    UNVERIFIABLE = "stamp_not_verified"


FAULT_TEXTS: Final = {
    Fault.UNREADABLE: Text("答复不是可以读的时间戳", "The reply is no time-stamp that can be read"),
    Fault.REJECTED: Text("时间戳机构没有给出时间戳", "The authority did not grant a time-stamp"),
    Fault.IMPRINT: Text("时间戳盖的是别的内容", "The time-stamp is of other bytes"),
    Fault.NONCE: Text("答复对应的不是我们发出的请求", "The reply does not answer the request that was sent"),
    Fault.POLICY: Text("时间戳用的是另一种策略", "The time-stamp was made under another policy"),
    Fault.USAGE: Text("签名证书不是专用于时间戳的", "The signing certificate is not one for time-stamps alone"),
    Fault.EXPIRED: Text(
        "盖时间戳时签名证书不在有效期内", "The signing certificate was not valid at the time of the stamp"
    ),
    Fault.REVOKED: Text("签名证书已被吊销", "The signing certificate was revoked"),
    Fault.CHAIN: Text(
        "签名不成立，或证书不出自指定的根证书",
        "The signature does not hold, or its certificate does not lead to a pinned root",
    ),
    Fault.NO_ROOTS: Text("没有指定这家机构的根证书，未核验", "No root is pinned for this authority; not verified"),
    Fault.UNVERIFIABLE: Text(
        "用国密算法（SM2/SM3）签的，本软件不能核验；原样保留",
        "Signed with Chinese commercial algorithms (SM2/SM3), which cannot be verified here; kept as it came",
    ),
}


class BadStamp(ValueError):  # noqa: N818 - named like every refusal here, after what is wrong
    """A reply that does not count; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def text(self) -> Text:
        """The reason as a sentence."""
        return FAULT_TEXTS[self.fault]


@dataclass(frozen=True, slots=True)
class Token:
    """What a granted reply says, before anything of it is believed."""

    raw: bytes
    gen_time: datetime
    accuracy: timedelta
    serial: int
    policy: str
    nonce: int | None
    imprint_algorithm: str
    imprint: bytes
    certificates: tuple[bytes, ...]
    algorithms: tuple[str, ...]
    told: cms.Token

    @property
    def sha256(self) -> str:
        """SHA-256 in hex of the reply as it came: what ``sha256sum`` says of the .tsr file."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def is_chinese(self) -> bool:
        """Tell whether algorithms are used that cannot be checked here."""
        return any(one.startswith(_CHINESE) for one in (self.imprint_algorithm, *self.algorithms))


Second = Callable[[Token, Sequence[x509.Certificate], int | None], bool]
"""A second opinion on a token that holds by our own rules: roots, the nonce if it is known, and whether it holds."""


def _second() -> Second | None:
    """Return the second opinion of the product; the verifier that is one file goes without ``rfc3161_client``."""
    try:
        from . import client
    except ImportError:
        return None
    return client.agrees


SECOND: Final = _second()


def read(raw: bytes) -> Token:
    """Read a reply. Raises BadStamp when it is none or nothing was granted."""
    if len(raw) > MAX_REPLY_BYTES:
        raise BadStamp(Fault.UNREADABLE)
    try:
        status, told = cms.read(raw)
    except BadDer as error:
        raise BadStamp(Fault.UNREADABLE) from error
    if status != GRANTED:
        raise BadStamp(Fault.REJECTED)
    if told is None:
        raise BadStamp(Fault.UNREADABLE)
    try:
        return _token(raw, told, told.info)
    except Exception as error:  # a parser of other people's certificates may raise anything
        raise BadStamp(Fault.UNREADABLE) from error


def _token(raw: bytes, told: cms.Token, info: Info) -> Token:
    certificates = tuple(sorted(set(told.certificates)))
    algorithms = {one.oid for one in told.digests}
    algorithms |= {kind.oid for one in told.signers for kind in (one.digest, one.algorithm)}
    algorithms |= {x509.load_der_x509_certificate(one).signature_algorithm_oid.dotted_string for one in certificates}
    return Token(
        raw=raw,
        gen_time=info.gen_time,
        accuracy=info.accuracy,
        serial=info.serial,
        policy=info.policy,
        nonce=info.nonce,
        imprint_algorithm=signing.HASHES.get(info.imprint_algorithm, info.imprint_algorithm),
        imprint=info.imprint,
        certificates=certificates,
        algorithms=tuple(sorted(algorithms)),
        told=told,
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """A token that holds: what it says, who signed it, to which pinned root that leads, and what is known of it."""

    token: Token
    signer: x509.Certificate
    root: x509.Certificate
    is_revocation_known: bool

    @property
    def ends_at(self) -> datetime:
        """Moment at which the signing certificate ends; before it the token is to be stamped anew."""
        return self.signer.not_valid_after_utc

    @property
    def signer_name(self) -> str:
        """Name of the signing certificate."""
        return self.signer.subject.rfc4514_string()


def check(
    token: Token,
    message: bytes,
    roots: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
    policy: str = "",
    revoked: Sequence[x509.CertificateRevocationList] = (),
    second: Second | None = SECOND,
) -> Checked:
    """Check a token over ``message`` against pinned roots, at its own genTime. Raises BadStamp.

    ``nonce`` is that of the request; None where the request is not known, as in a pack. ``policy`` is the OID that the
    authority must state, empty for any. ``revoked`` are lists of revocations; those of other issuers are left aside.
    ``second`` is asked about what holds by our own rules.
    """
    _check_answer(token, message, nonce, policy)
    if token.is_chinese:
        raise BadStamp(Fault.UNVERIFIABLE)
    if not roots:
        raise BadStamp(Fault.NO_ROOTS)
    try:
        return _check_signature(token, roots, nonce, revoked, second)
    except BadStamp:
        raise
    except Exception as error:  # parts of a certificate are parsed when asked for, and may be anything
        raise BadStamp(Fault.CHAIN) from error


def _check_signature(
    token: Token,
    roots: Sequence[x509.Certificate],
    nonce: int | None,
    revoked: Sequence[x509.CertificateRevocationList],
    second: Second | None,
) -> Checked:
    held = [x509.load_der_x509_certificate(one) for one in token.certificates]
    signer = _signer(token, held)
    _check_usage(signer)
    if not chain.is_valid_at(signer, token.gen_time):
        raise BadStamp(Fault.EXPIRED)
    way = chain.lead(signer, held, roots, token.gen_time)
    signing.check(token.told, signer)
    if second is not None and not second(token, way[-1:], nonce):
        raise BadStamp(Fault.CHAIN)
    return Checked(token, signer, way[-1], _check_revocation(token, way, revoked))


def _check_answer(token: Token, message: bytes, nonce: int | None, policy: str) -> None:
    if not token.imprint_algorithm.startswith("sha"):
        raise BadStamp(Fault.UNVERIFIABLE if token.is_chinese else Fault.IMPRINT)
    if hashlib.new(token.imprint_algorithm, message).digest() != token.imprint:
        raise BadStamp(Fault.IMPRINT)
    if nonce is not None and token.nonce != nonce:
        raise BadStamp(Fault.NONCE)
    if policy and token.policy != policy:
        raise BadStamp(Fault.POLICY)


def _signer(token: Token, held: Sequence[x509.Certificate]) -> x509.Certificate:
    signers = token.told.signers
    found = next((one for one in held if len(signers) == 1 and signing.is_named(signers[0], one)), None)
    if found is None:
        raise BadStamp(Fault.CHAIN)
    return found


def _check_usage(signer: x509.Certificate) -> None:
    """Demand the extended key usage of RFC 3161 §2.3: critical, and time-stamping alone."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise BadStamp(Fault.USAGE) from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadStamp(Fault.USAGE)


def _check_revocation(
    token: Token, way: Sequence[x509.Certificate], revoked: Sequence[x509.CertificateRevocationList]
) -> bool:
    """Look in the lists for the certificates that lead to the root; tell whether one is of the signer's issuer.

    What else came along in the token is no part of it: neither as a certificate, nor as an issuer of lists.
    """
    is_known = False
    for one in way:
        issuers = [maker for maker in way if maker.subject == one.issuer]
        for listed in revoked:
            if listed.issuer != one.issuer or not any(_signed_by(listed, maker) for maker in issuers):
                continue
            is_known = is_known or one == way[0]
            found = listed.get_revoked_certificate_by_serial_number(one.serial_number)
            if found is not None and not _is_older(token.gen_time, found):
                raise BadStamp(Fault.REVOKED)
    return is_known


def _signed_by(listed: x509.CertificateRevocationList, maker: x509.Certificate) -> bool:
    try:
        return listed.is_signature_valid(maker.public_key())  # type: ignore[arg-type]  # other kinds of key raise
    except (TypeError, UnsupportedAlgorithm, InvalidSignature, ValueError):
        return False


def _is_older(gen_time: datetime, found: x509.RevokedCertificate) -> bool:
    """Tell whether a token was made before a revocation that leaves such tokens valid (RFC 3161 §4.1)."""
    try:
        reason = found.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return False
    return reason in _KEEPS_OLD_TOKENS and gen_time < found.revocation_date_utc


def read_roots(pems: Iterable[bytes]) -> list[x509.Certificate]:
    """Read certificates out of PEM texts, each once. Raises ValueError for a text without one."""
    found: dict[bytes, x509.Certificate] = {}
    for pem in pems:
        for one in x509.load_pem_x509_certificates(pem):
            found[one.public_bytes(Encoding.DER)] = one
    return list(found.values())


def read_revocations(data: bytes) -> x509.CertificateRevocationList:
    """Read a list of revocations, PEM or DER. Raises ValueError."""
    if data.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_crl(data)
    return x509.load_der_x509_crl(data)


def pem_of(token: Token) -> bytes:
    """Write the certificates of a token as PEM, so that ``openssl ts -verify -untrusted`` finds them."""
    return b"".join(x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in token.certificates)


def archive_message(note: bytes, reply: bytes) -> bytes:
    """Return what a renewal is over: the note, then the reply over it, byte after byte (``cat NOTE TSR`` makes it)."""
    return note + reply
'''

# ──── cardcase.kit.canonical · src/cardcase/kit/canonical.py ────
MODULES['cardcase.kit.canonical'] = r'''"""Canonical JSON (RFC 8785): the one way in which a value becomes bytes that are hashed or signed.

Python's own encoder gives the bytes of RFC 8785 when keys are ASCII and numbers are whole; then it is used (seven
times as fast). Everything else goes to rfc8785. That both write the same is proved by a property test.
"""

import json
from collections.abc import Iterable
from json.encoder import encode_basestring
from typing import Any, Final

import rfc8785

_LARGEST: Final = 2**53 - 1
_HOLDERS: Final = frozenset({dict, list, tuple})
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> bytes:
    """Encode to canonical JSON. Raises ValueError for floats outside JSON, integers over 2^53-1, lone surrogates."""
    if type(value) is dict and (flat := _flat(value)) is not None:
        return flat.encode()
    if _is_plain(value):
        return write(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def write(value: Any) -> bytes:
    """Encode what is known to have ASCII keys, whole numbers under 2^53 and no lone surrogates. Checks nothing."""
    return _ENCODER.encode(value).encode()


def text(value: str) -> str:
    """Write one text as it stands in canonical JSON, for who puts thousands of equal small documents together."""
    return encode_basestring(value)


def _flat(value: dict[object, object]) -> str | None:
    """Write a document of names and scalars by hand, in a third of the encoder's time; None when it is another one."""
    for key in value:
        if type(key) is not str or not key.isascii():
            return None
    parts = []
    for name in sorted(value):  # type: ignore[type-var]  # texts, as just seen
        item = value[name]
        kind = type(item)
        if kind is str:
            told = encode_basestring(item)  # type: ignore[arg-type]  # as just seen
        elif kind is int and -_LARGEST <= item <= _LARGEST:  # type: ignore[operator]  # as just seen
            told = str(item)
        elif item is None:
            told = "null"
        elif kind is bool:
            told = "true" if item else "false"
        else:
            return None
        parts.append(f"{encode_basestring(name)}:{told}")  # type: ignore[arg-type]  # a text
    return "{" + ",".join(parts) + "}"


def _is_plain(value: object) -> bool:
    if type(value) is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                return False
        return _are_plain(value.values())
    if type(value) is list or type(value) is tuple:
        return _are_plain(value)
    return _are_plain((value,))


def _are_plain(values: Iterable[object]) -> bool:
    """Tell it of many at once: a call for each scalar would cost more than writing it."""
    for value in values:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            continue
        if kind is int:
            if not -_LARGEST <= value <= _LARGEST:  # type: ignore[operator]  # an int, as just seen
                return False
        elif not (kind in _HOLDERS and _is_plain(value)):
            return False
    return True
'''

# ──── cardcase.custody.rules.plain · src/cardcase/custody/rules/plain.py ────
MODULES['cardcase.custody.rules.plain'] = r'''"""What may be told to the record as facts; canonical JSON as the record writes it and, as strictly, reads it back."""

import json
from typing import TYPE_CHECKING, TypeAlias

from cardcase.kit.canonical import encode, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["JSON", "decode", "encode", "write"]

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What may be told to the record as facts."""


def decode(data: bytes) -> JSON:
    """Read canonical JSON and nothing else: not one byte may differ from how we would write it. Raises ValueError."""
    try:
        value: JSON = json.loads(data)
        written = encode(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if written != data:
        raise ValueError("not canonical JSON")
    return value
'''

# ──── cardcase.custody.rules.entry · src/cardcase/custody/rules/entry.py ────
MODULES['cardcase.custody.rules.entry'] = r'''"""The form of an entry (custody.md §7.1): what a leaf holds, how contents are committed to, and how both are read back.

A leaf holds names, numbers, times, public ids and salted commitments: never words, and never a plain hash of words.
"""

import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from cardcase.kit import canonical, clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from . import plain

VERSION = 1
MAX_ENTRY_BYTES = 16 * 1024
SALT_BYTES = 32
COMMIT_BYTES = 32
FACTS_ROLE = "facts"
"""Role of the content, in every entry, that says who acted and what was told."""
GENESIS = "custody.opened"
CONTINUED = "custody.continued"
KEY_ROTATED = "custody.key_rotated"
KEY_KINDS = (GENESIS, CONTINUED, KEY_ROTATED)
"""Kinds of the entries that name a key of the log: its first, that from which a restored copy goes on under a new name,
and those by which a key follows another under the same name."""

LONGEST_REASON = 200
"""Characters of the reason for which a key is changed or a record goes on under a new name."""

ELSEWHERE = frozenset({"card", "exhibit", "redaction"})
"""First words of the roles whose bytes may live elsewhere: codes in the vault, originals among the files."""

HOST = "cardcase.local/"
"""What the origins of our logs begin with, and no other signed text does."""

_DOMAIN = b"evidence/v1|"
_KIND = re.compile(r"[a-z][a-z_]{0,23}\.[a-z][a-z_]{0,31}")
_SUBJECT = re.compile(r"[a-z][a-z_]{0,15}[_:][0-9a-zA-Z-]{1,47}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,23}(/[A-Za-z0-9_.:-]{1,64})?")
_MIME = re.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,80}(; ?charset=[A-Za-z0-9-]{1,20})?")
_WORD = re.compile(r"[A-Za-z0-9_.:/+=@-]{1,160}")
_HEX = re.compile(r"[0-9a-f]{64}")


class BadEntry(WrongUse):
    """A record cannot be written as it was told: a name that is not a name, or too much for one entry."""

    code = "bad_entry"


class Content(NamedTuple):
    """Bytes that an entry commits to. ``role`` says what they are, ``keep=False`` leaves the bytes elsewhere.

    A role is a plain word, or a word and the public id of a row: ``message/msg_0190…``. Only the words in ``ELSEWHERE``
    may leave their bytes with that row; of all others the check of the record misses bytes that are gone.
    """

    role: str
    body: bytes
    mime: str = "text/plain"
    keep: bool = True

    def __repr__(self) -> str:
        """Show what is committed to without its words."""
        return f"Content({self.role!r}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened, told to the record.

    ``subject`` is the public id of the thing it belongs to; ``facts`` go into a salted content, never into the leaf;
    ``refs`` go into the leaf and therefore hold public ids only, no words and nothing that must once be forgotten.
    ``source`` says how it came here: channel, method, account – plain words as well.
    """

    kind: str
    subject: str
    at: datetime
    facts: Mapping[str, plain.JSON]
    contents: Sequence[Content] = ()
    refs: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)


class Committed(NamedTuple):
    """What the leaf tells of one content."""

    role: str
    mime: str
    size: int
    commit: bytes


class Entry(NamedTuple):
    """An entry as its leaf says it. ``cprev`` is the leaf hash of the subject's entry before, None for its first."""

    log: str
    seq: int
    at: str
    kind: str
    subject: str
    cseq: int
    cprev: str | None
    actor_role: str
    actor_id: str
    source: Mapping[str, str]
    contents: tuple[Committed, ...]
    refs: Mapping[str, str]


PLACES: Final = 256
"""Places for contents of one entry: more than 16 KiB have room for."""


def opening_id(seq: int, position: int) -> int:
    """Return the number of the opening that belongs to the content at this position of this entry."""
    return seq * PLACES + position


def place_of(opening: int) -> tuple[int, int]:
    """Return (number of the entry, position of the content) of an opening."""
    return divmod(opening, PLACES)


def origin_of(log_id: str) -> str:
    """Return the origin of a log: a name in the form that C2SP recommends; nobody needs to reach it."""
    return HOST + log_id


def log_subject(origin: str) -> str:
    """Return the subject under which a log's own entries stand."""
    return origin.removeprefix(HOST)


def commit(salt: bytes, role: str, body: bytes) -> bytes:
    """Commit to bytes in a role: HMAC-SHA-256(salt, "evidence/v1|" + role + "|" + bytes). The salt has 32 bytes."""
    return hmac.digest(salt, _DOMAIN + role.encode() + b"|" + body, "sha256")


_SHOP = re.compile(
    rb'\{"actor":\{"kind":"[a-z_]*","label":"(?:[^"\\]|\\.)*","role":(?:null|"[a-z_]*"),"shop":(null|[0-9]{1,18}),'
)


def shop_of(facts: bytes) -> int | None:
    """Return the shop that the facts of an entry speak of, None for the log's own. Raises ValueError, KeyError."""
    found = _SHOP.match(facts)
    if found is not None:
        return None if found[1] == b"null" else int(found[1])
    told: int | None = json.loads(facts)["actor"]["shop"]
    return told


def commit_to_pieces(salt: bytes, role: str, pieces: Iterable[bytes]) -> bytes:
    """Commit to bytes that come in pieces, as ``commit`` does to them in one."""
    digest = hmac.new(salt, _DOMAIN + role.encode() + b"|", "sha256")
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def opens(salt: bytes, role: str, body: bytes, commitment: bytes) -> bool:
    """Tell whether this salt and these bytes are what was committed to."""
    return len(salt) == SALT_BYTES and hmac.compare_digest(commit(salt, role, body), commitment)


def may_live_elsewhere(role: str) -> bool:
    """Tell whether the bytes of a content with this role may be missing from the record."""
    return role.partition("/")[0] in ELSEWHERE


@lru_cache(maxsize=4096)
def _is_name(pattern: re.Pattern[str], value: str) -> bool:
    return pattern.fullmatch(value) is not None


def _require(pattern: re.Pattern[str], value: str, what: Text) -> None:
    if not isinstance(value, str) or not _is_name(pattern, value):
        raise BadEntry(f"记录里的{what.zh}不合格式", f"The {what.en} of a record is not well formed")


_WORD_KIND, _WORD_SUBJECT = Text("类别", "kind"), Text("对象编号", "subject")
_WORD_ROLE, _WORD_MIME = Text("内容名称", "role of a content"), Text("内容类型", "media type of a content")
_WORD_REF = Text("引用", "reference")


def check_record(record: Record) -> None:
    """Check that a record has the form of one: names that are names, a moment with its zone. Raises BadEntry."""
    _require(_KIND, record.kind, _WORD_KIND)
    if _SUBJECT.fullmatch(record.subject) is None:
        _require(_SUBJECT, record.subject, _WORD_SUBJECT)
    if record.at.tzinfo is None:
        raise BadEntry("记录的时间没有时区", "The moment of a record has no zone")
    for content in record.contents:
        if _ROLE.fullmatch(content.role) is None or content.role.partition("/")[0] == FACTS_ROLE:
            raise BadEntry("记录里的内容名称不合格式", "The role of a content is not well formed")
        if not content.keep and not may_live_elsewhere(content.role):
            raise BadEntry("这种内容必须存进记录", "The bytes of such a content are kept with the record")
        _require(_MIME, content.mime, _WORD_MIME)
    for words in (record.refs, record.source):
        for name, value in words.items():
            _require(_WORD, name, _WORD_REF)
            if _WORD.fullmatch(value) is None:
                raise BadEntry("记录里的引用只能是编号", "References of a record are ids, not words")


def encode(entry: Entry) -> bytes:
    """Write the entry as the canonical bytes that are hashed into the log. Raises BadEntry over 16 KiB.

    The entry comes from a checked record or from ``decode``; both leave nothing in it but what ``plain.write`` takes.
    """
    # Equal documents by the thousand: put together by hand they take a quarter of what an encoder takes.
    text = canonical.text
    contents = ",".join(
        [
            f'{{"bytes":{size},"commit":"{commitment.hex()}","mime":{_known_text(mime)},"role":{text(role)}}}'
            for role, mime, size, commitment in entry.contents
        ]
    )
    cprev = "null" if entry.cprev is None else f'"{entry.cprev}"'
    data = (
        f'{{"actor":{{"id":{text(entry.actor_id)},"role":{_known_text(entry.actor_role)}}},"at":{text(entry.at)},'
        f'"case":{text(entry.subject)},"content":[{contents}],"cprev":{cprev},"cseq":{entry.cseq},'
        f'"log":{_known_text(entry.log)},"refs":{_words_text(entry.refs)},"seq":{entry.seq},'
        f'"src":{_words_text(entry.source)},"type":{_known_text(entry.kind)},"v":{VERSION}}}'
    ).encode()
    if len(data) > MAX_ENTRY_BYTES:
        raise BadEntry(
            f"一条记录最多 {MAX_ENTRY_BYTES} 字节，这条有 {len(data)}",
            f"An entry has at most {MAX_ENTRY_BYTES} bytes, this one has {len(data)}",
            next=Text("把内容分成几条记录。", "Spread the contents over several records."),
        )
    return data


@lru_cache(maxsize=1024)
def _known_text(value: str) -> str:
    return canonical.text(value)


def _words_text(words: Mapping[str, str]) -> str:
    return _known_words_text(tuple(sorted(words.items()))) if words else "{}"


@lru_cache(maxsize=1024)
def _known_words_text(words: tuple[tuple[str, str], ...]) -> str:
    return plain.write(dict(words)).decode()


_FIELDS = frozenset({"v", "log", "seq", "at", "type", "case", "cseq", "cprev", "actor", "src", "content", "refs"})


_TEXT = r"[ !#-\[\]-~]*"  # what stands in a JSON text as it is
_DIGEST = "[0-9a-f]{64}"
_COUNT = "(?:0|[1-9][0-9]{0,14})"


def _content_form(text: str, digest: str, count: str) -> str:
    return rf'\{{"bytes":{count},"commit":"{digest}","mime":"{text}","role":"{text}"\}}'


_CONTENT = _content_form(_TEXT, _DIGEST, _COUNT)
_USUAL_CONTENT = re.compile(_content_form(f"({_TEXT})", f"({_DIGEST})", f"({_COUNT})"))
_USUAL = re.compile(
    rf'\{{"actor":\{{"id":"({_TEXT})","role":"({_TEXT})"\}},"at":"([0-9T:.-]{{26}}Z)","case":"({_TEXT})",'
    rf'"content":\[((?:{_CONTENT}(?:,{_CONTENT})*)?)\],"cprev":(null|"{_DIGEST}"),"cseq":({_COUNT}),"log":"({_TEXT})",'
    rf'"refs":(\{{[^{{}}]*\}}),"seq":({_COUNT}),"src":(\{{[^{{}}]*\}}),"type":"({_TEXT})","v":{VERSION}\}}'
)


def decode(data: bytes) -> Entry:
    """Read the bytes of an entry, refusing every byte that ``encode`` would not have written. Raises ValueError."""
    if len(data) > MAX_ENTRY_BYTES:
        raise ValueError("too large for an entry")
    return _glance(data) or read(plain.decode(data))


def _glance(data: bytes) -> Entry | None:
    """Read an entry of the usual look by one expression, which takes a fifth of the time; None for every other.

    What it matches is canonical as it stands: no text needs escaping, keys and numbers have their one writing. The two
    fields with free keys go through the decoder, once for each different one.
    """
    try:
        found = _USUAL.fullmatch(data.decode("ascii"))
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    actor_id, role, at, subject, contents, cprev, cseq, log, refs, seq, source, kind = found.groups()
    committed = [
        Committed(one_role, mime, int(size), bytes.fromhex(commitment))
        for size, commitment, mime, one_role in _USUAL_CONTENT.findall(contents)
    ]
    return Entry(
        log, int(seq), _known_moment(at), kind, subject, int(cseq), None if cprev == "null" else cprev[1:-1],
        role, actor_id, _known_words(source), tuple(committed), _known_words(refs),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _known_moment(text: str) -> str:
    return clock.iso(_moment(text))


@lru_cache(maxsize=1024)
def _known_words(text: str) -> Mapping[str, str]:
    return MappingProxyType(_words(plain.decode(text.encode())))


def read(value: plain.JSON) -> Entry:
    """Read a decoded entry, refusing unknown, missing and ill-typed fields. Raises ValueError."""
    if not isinstance(value, dict) or value.keys() != _FIELDS or value["v"] != VERSION:
        raise ValueError("not an entry of version 1")
    actor, contents, cprev = value["actor"], value["content"], value["cprev"]
    if not isinstance(actor, dict) or actor.keys() != {"role", "id"} or not isinstance(contents, list):
        raise ValueError("an entry names its actor and its contents")
    if not (cprev is None or (isinstance(cprev, str) and _HEX.fullmatch(cprev))):
        raise ValueError("cprev is a leaf hash or null")
    return Entry(
        log=_text(value["log"]),
        seq=_number(value["seq"]),
        at=clock.iso(_moment(value["at"])),
        kind=_text(value["type"]),
        subject=_text(value["case"]),
        cseq=_number(value["cseq"]),
        cprev=cprev,
        actor_role=_text(actor["role"]),
        actor_id=_text(actor["id"]),
        source=_words(value["src"]),
        contents=tuple(_committed(one) for one in contents),
        refs=_words(value["refs"]),
    )


def moment_of(entry: Entry) -> datetime:
    """Return the entry's moment, aware, in UTC."""
    return _moment(entry.at)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text was expected")  # noqa: TRY004 - one error for all that is not an entry
    return value


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a whole number was expected")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if clock.iso(moment) != value:
        raise ValueError("a moment in UTC with microseconds was expected")
    return moment


def _words(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError("names and words were expected")  # noqa: TRY004 - as above
    return {_text(name): _text(word) for name, word in value.items()}


def _committed(value: object) -> Committed:
    if not isinstance(value, dict) or value.keys() != {"role", "mime", "bytes", "commit"}:
        raise ValueError("a content has role, mime, bytes and commit")
    commitment = _text(value["commit"])
    if _HEX.fullmatch(commitment) is None:
        raise ValueError("a commitment has 64 hex digits")
    return Committed(_text(value["role"]), _text(value["mime"]), _number(value["bytes"]), bytes.fromhex(commitment))
'''

# ──── cardcase.packs.findings · src/cardcase/packs/findings.py ────
MODULES['cardcase.packs.findings'] = r'''"""What the steps of a check note, kept within bounds however much there would be to say."""

from typing import Final

from cardcase.custody.rules.report import Fault, Level
from cardcase.kit.text import Text

_MOST_FAULTS: Final = 100
_MOST_NOTES: Final = 50


_LONGEST: Final = 200


def shown(text: str) -> str:
    """Return words out of a pack so that no terminal and no page is led astray by them: visible, and not endless."""
    return "".join(char if char.isprintable() else f"[U+{ord(char):04X}]" for char in text[:_LONGEST]) + (
        "…" if len(text) > _LONGEST else ""
    )


class TooMuch(Exception):  # noqa: N818 - a signal, caught by whoever runs the steps
    """So much is wrong that looking further would only cost time."""


class Findings:
    """The findings so far, in the order in which they were made."""

    def __init__(self) -> None:
        """Begin with none."""
        self.all: list[Fault] = []
        self._notes = 0

    @property
    def has_fault(self) -> bool:
        """Tell whether anything breaks the proof."""
        return any(one.level is Level.FAULT for one in self.all)

    def fault(self, code: str, place: str, zh: str, en: str) -> None:
        """Note what breaks the proof. Raises TooMuch after the hundredth."""
        self.all.append(Fault(code, shown(place), Text(zh, en)))
        if sum(one.level is Level.FAULT for one in self.all) >= _MOST_FAULTS:
            self.all.append(
                Fault(
                    "too_many_faults",
                    "archive",
                    Text("问题太多，没有再往下看", "Too much is wrong; the check stopped here"),
                )
            )
            raise TooMuch

    def weakness(self, code: str, place: str, zh: str, en: str) -> None:
        """Note what leaves the proof whole, but is less than the reader asks for."""
        self.all.append(Fault(code, place, Text(zh, en), Level.WEAKNESS))

    def note(self, code: str, place: str, zh: str, en: str) -> None:
        """Note what a reader should know. Only the first fifty are kept."""
        self._notes += 1
        if self._notes <= _MOST_NOTES:
            self.all.append(Fault(code, place, Text(zh, en), Level.NOTE))
'''

# ──── cardcase.packs.rules · src/cardcase/packs/rules/__init__.py ────
MODULES['cardcase.packs.rules'] = r'''"""The form of a pack and how its texts are made visible: pure, shared by whoever seals and whoever verifies."""
'''

# ──── cardcase.packs.rules.bagit · src/cardcase/packs/rules/bagit.py ────
MODULES['cardcase.packs.rules.bagit'] = r'''"""The outside of a pack: a bag after RFC 8493 (BagIt 1.0), which archives and ``sha256sum -c`` read without us.

A bag only shows that files have not changed by accident: anybody can write its manifests anew. What is signed is
``data/manifest.json``; the tag files that say something stand in it as well.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
PAYLOAD_HASHES, TAG_HASHES = "manifest-sha256.txt", "tagmanifest-sha256.txt"
PAYLOAD: Final = "data/"

DECLARED: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LINE: Final = re.compile(rb"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]{0,399})\n")
_MOST_LINES: Final = 2100


def write_info(told: Sequence[tuple[str, str]]) -> bytes:
    """Write bag-info.txt: one ``Name: value`` a line, so values lose their line breaks (RFC 8493 §2.2.2)."""
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in told).encode()


def write_hashes(hashes: Mapping[str, str]) -> bytes:
    """Write a manifest of SHA-256 hashes by path, as RFC 8493 §2.1.3 and ``sha256sum`` both have it."""
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes)).encode()


def read_hashes(data: bytes) -> dict[str, str]:
    """Read what ``write_hashes`` wrote, in any order of lines. Raises ValueError for anything else."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        line = _LINE.match(data, at)
        if line is None or len(found) >= _MOST_LINES:
            raise ValueError("not a list of hashes")
        path = line[2].decode()
        if path in found:
            raise ValueError("a path is listed twice")
        found[path] = line[1].decode()
        at = line.end()
    return found


def is_payload(path: str) -> bool:
    """Tell whether a member belongs to the payload; the others are tag files."""
    return path.startswith(PAYLOAD)


def tags_of(paths: Iterable[str]) -> list[str]:
    """Return the tag files that the tag manifest lists: all but itself."""
    return sorted(path for path in paths if not is_payload(path) and path != TAG_HASHES)
'''

# ──── cardcase.packs.rules.strict · src/cardcase/packs/rules/strict.py ────
MODULES['cardcase.packs.rules.strict'] = r'''"""Read JSON that a stranger wrote: canonical or nothing, and never more work than its length deserves."""

import json
import re
from typing import Any, Final, NoReturn

from cardcase.custody.rules import plain
from cardcase.custody.rules.plain import JSON

MAX_MARKS: Final = 100_000
"""Brackets, commas and colons outside of texts that one document may have: each costs some fifty bytes of memory."""

_TEXT: Final = re.compile(rb'"[^"]*"')
_MARKS: Final = (b"[", b"{", b",", b":")
_LONGEST_NUMBER: Final = 16  # 2^53 has 16 digits


def decode(data: bytes) -> JSON:
    """Read canonical JSON with ASCII names and whole numbers under 2^53, as packs have it. Raises ValueError.

    What the text would unfold to is counted before it is read, so that a document of brackets costs nothing.
    """
    bare = _TEXT.sub(b"", data.replace(b"\\\\", b"").replace(b'\\"', b""))
    if sum(map(bare.count, _MARKS)) > MAX_MARKS:
        raise ValueError("too much structure")
    try:
        value: JSON = json.loads(
            data, object_hook=_check_names, parse_float=_refuse, parse_constant=_refuse, parse_int=_number
        )
        written = plain.write(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if written != data:
        raise ValueError("not canonical JSON")
    return value


def _check_names(value: dict[str, Any]) -> dict[str, Any]:
    if not all(map(str.isascii, value)):
        raise ValueError("names are ASCII")
    return value


def _refuse(_text: str) -> NoReturn:
    raise ValueError("not a whole number")


def _number(text: str) -> int:
    if len(text) > _LONGEST_NUMBER + 1 or not -(2**53) < int(text) < 2**53:
        raise ValueError("too large a number")
    return int(text)
'''

# ──── cardcase.packs.rules.form · src/cardcase/packs/rules/form.py ────
MODULES['cardcase.packs.rules.form'] = r'''"""What is in a pack: names of its parts, lines of its records, manifest, seal, proofs (custody.md §7.6)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives import hashes

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import note, plain
from cardcase.custody.rules.plain import JSON

from . import bagit, strict

FORMAT = "cardcase-pack/v1"
"""First line of the seal: what kind of statement is signed."""
TLOG_PROOF = "c2sp.org/tlog-proof@v1"
SEALED_KIND = "pack.exported"
MANIFEST_ROLE = "manifest"

MANIFEST, SEAL, LOG_PROOF = "data/manifest.json", "data/manifest.note", "data/pack.tlog-proof"
RECORDS, PROOFS, HISTORY = "data/records.jsonl", "data/proofs.json", "data/history.json"
KEYS = "data/keys.json"
"""How the key of the log followed those before it; only where it did."""
REPORT, ENVIRONMENT, POLICY = "data/report.pdf", "data/environment.json", "data/policy.txt"
FILES, CHECKPOINTS, STAMPS = "data/files/", "data/checkpoints/", "data/tsa/"
"""Folders of the originals by their hash, of signed heads by their size, and of time-stamp tokens and certificates."""
README = "README.txt"
OUTSIDE = frozenset({MANIFEST, SEAL, LOG_PROOF, bagit.PAYLOAD_HASHES, bagit.TAG_HASHES})
"""Members that the manifest cannot list because they are made of it."""
REQUIRED = frozenset({RECORDS, PROOFS, HISTORY, REPORT, ENVIRONMENT, README, bagit.DECLARATION, bagit.INFO})

MAX_MANIFEST_BYTES = 2 * 1024 * 1024
MAX_PROOFS_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 50_000
"""Caps of what a verifier reads: a case of 500 messages has a tenth of a percent of them."""

_HEX = re.compile(r"[0-9a-f]{64}")
_HASH64 = rb'"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="'
_PATH = rb"\[((?:" + _HASH64 + rb"(?:," + _HASH64 + rb"){0,63})?)\]"
_PROOF = re.compile(rb'\{"path":' + _PATH + rb',"seq":(0|[1-9][0-9]{0,15})\}')
_PROOFS_END = re.compile(rb'\],"root":(' + _HASH64 + rb'),"size":([1-9][0-9]{0,15}),"v":1\}')
_PROOFS_BEGIN = b'{"proofs":['


def checkpoint_path(size: int) -> str:
    """Name the member that holds the signed head of so many entries."""
    return f"{CHECKPOINTS}{size}.note"


class State(StrEnum):
    """What a pack does with a content that an entry commits to."""

    OPENED = "opened"
    WITHHELD = "withheld"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Opening:
    """One content in a pack. Opened ones carry the salt and either the bytes or the path of the file that has them."""

    state: State
    salt: bytes = b""
    body: bytes | None = None
    path: str = ""

    def document(self) -> dict[str, JSON]:
        """Write it for a line of the records; bytes that are text stay readable."""
        if self.state is not State.OPENED:
            return {"state": self.state.value}
        told: dict[str, JSON] = {"state": self.state.value, "salt": self.salt.hex()}
        if self.body is None:
            return {**told, "path": self.path}
        try:
            return {**told, "text": self.body.decode()}
        except UnicodeDecodeError:
            return {**told, "base64": note.encode64(self.body)}


def read_opening(value: JSON) -> Opening:
    """Read one content of a line. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("an opening is an object")  # noqa: TRY004 - one error for all that is not a line
    state = State(str(value.get("state")))
    if state is not State.OPENED:
        if value.keys() != {"state"}:
            raise ValueError("nothing is told of what is not opened")
        return Opening(state)
    how = value.keys() - {"state", "salt"}
    told = value[how.pop()] if len(how) == 1 else None
    salt = value.get("salt")
    if not isinstance(salt, str) or not isinstance(told, str) or _HEX.fullmatch(salt) is None:
        raise ValueError("an opening has a salt and one of text, base64, path")
    if "text" in value:
        return Opening(state, bytes.fromhex(salt), told.encode())
    if "base64" in value:
        return Opening(state, bytes.fromhex(salt), note.decode64(told))
    if "path" in value:
        return Opening(state, bytes.fromhex(salt), path=told)
    raise ValueError("an opening has a salt and one of text, base64, path")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the records: an entry as it lies in the log, and its contents in order."""

    data: bytes
    openings: tuple[Opening, ...]


def write_line(line: Line) -> bytes:
    """Write a line: canonical JSON, so that the bytes of the entry can be had from it by any canonical writer."""
    told: JSON = {"entry": plain.decode(line.data), "contents": [one.document() for one in line.openings]}
    return plain.encode(told) + b"\n"


def read_line(raw: bytes) -> tuple[Line, entries.Entry]:
    """Read a line without its newline, and the entry in it. Raises ValueError for anything that is not canonical."""
    told = strict.decode(raw)
    if not isinstance(told, dict) or told.keys() != {"entry", "contents"} or not isinstance(told["contents"], list):
        raise ValueError("a line has an entry and contents")
    entry = entries.read(told["entry"])
    openings = tuple(read_opening(one) for one in told["contents"])
    if len(openings) != len(entry.contents):
        raise ValueError("a line has one opening for each content")
    written = plain.encode(told["entry"])
    if len(written) > entries.MAX_ENTRY_BYTES:
        raise ValueError("too large for an entry")
    return Line(written, openings), entry


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as the manifest lists it. SM3 stands beside SHA-256 for the deposit platforms that take only it."""

    path: str
    size: int
    sha256: str
    sm3: str


def sm3(data: bytes) -> str:
    """Return the SM3 hash (GB/T 32905) in hex."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def list_file(path: str, data: bytes) -> Listed:
    """List a file with its hashes."""
    return Listed(path, len(data), hashlib.sha256(data).hexdigest(), sm3(data))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says of itself and of every file in it; signed as a whole."""

    pack: str
    made_at: str
    tool: str
    shop: str
    case_number: str
    case_id: str
    origin: str
    size: int
    root: str
    vkey: str
    subjects: Mapping[str, int]
    counts: Mapping[str, int]
    files: Sequence[Listed]

    def encode(self) -> bytes:
        """Write the canonical bytes that are hashed and signed."""
        return plain.encode(
            {
                "v": 1,
                "format": FORMAT,
                "pack": self.pack,
                "made_at": self.made_at,
                "tool": self.tool,
                "shop": self.shop,
                "case": {"number": self.case_number, "id": self.case_id},
                "log": {"origin": self.origin, "size": self.size, "root": self.root, "vkey": self.vkey},
                "subjects": dict(self.subjects),
                "counts": dict(self.counts),
                "files": [
                    {"path": one.path, "size": one.size, "sha256": one.sha256, "sm3": one.sm3} for one in self.files
                ],
            }
        )


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest, refusing every byte that ``encode`` would not have written. Raises ValueError."""
    told = strict.decode(data)
    try:
        manifest = _manifest(told)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a manifest") from error
    if manifest.encode() != data:
        raise ValueError("not a manifest of this format")
    return manifest


def _manifest(told: JSON) -> Manifest:
    if not isinstance(told, dict):
        raise TypeError("an object was expected")
    case, log = told["case"], told["log"]
    return Manifest(
        pack=_text(told["pack"]),
        made_at=_text(told["made_at"]),
        tool=_text(told["tool"]),
        shop=_text(told["shop"]),
        case_number=_text(case["number"]),
        case_id=_text(case["id"]),
        origin=_text(log["origin"]),
        size=_number(log["size"]),
        root=_text(log["root"]),
        vkey=_text(log["vkey"]),
        subjects={_text(name): _number(count) for name, count in told["subjects"].items()},
        counts={_text(name): _number(count) for name, count in told["counts"].items()},
        files=[
            Listed(_text(one["path"]), _number(one["size"]), _text(one["sha256"]), _text(one["sm3"]))
            for one in told["files"]
        ],
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError("a whole number was expected")
    return value


def seal_lines(pack: str, manifest: bytes) -> tuple[str, str]:
    """Return the lines that are signed under FORMAT: the pack's id and the SHA-256 of its manifest."""
    return pack, hashlib.sha256(manifest).hexdigest()


def write_proofs(size: int, root: bytes, proofs: Mapping[int, Sequence[bytes]]) -> bytes:
    """Write the inclusion proofs of the entries, in order of the log."""
    return plain.encode(
        {
            "v": 1,
            "size": size,
            "root": note.encode64(root),
            "proofs": [{"seq": seq, "path": [note.encode64(one) for one in proofs[seq]]} for seq in sorted(proofs)],
        }
    )


@dataclass(frozen=True, slots=True)
class Proofs:
    """Inclusion proofs under one head. Steps stay as they were written until they are asked for: they may be many."""

    size: int
    root: bytes
    raw: Mapping[int, bytes]

    def path(self, seq: int) -> list[bytes]:
        """Return the steps for one entry; none where there is no proof."""
        return _steps(self.raw.get(seq, b""))


def _steps(raw: bytes) -> list[bytes]:
    return [note.decode64(step) for step in raw.decode().replace('"', "").split(",")] if raw else []


def read_proofs(data: bytes) -> Proofs:
    """Read what ``write_proofs`` wrote, byte by byte as it writes. Raises ValueError."""
    if not data.startswith(_PROOFS_BEGIN):
        raise ValueError("not a list of proofs")
    at, last = len(_PROOFS_BEGIN), -1
    found: dict[int, bytes] = {}
    while (proof := _PROOF.match(data, at)) is not None:
        seq = int(proof[2])
        if seq <= last or len(found) >= MAX_ENTRIES:
            raise ValueError("proofs are in order of the log, and not endless")
        found[seq], last, at = proof[1], seq, proof.end()
        if data[at : at + 2] != b",{":
            break
        at += 1
    end = _PROOFS_END.fullmatch(data, at)
    if end is None:
        raise ValueError("not a list of proofs")
    return Proofs(int(end[2]), _steps(end[1])[0], found)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier head of the log, and the proof that the head of the pack continues it."""

    size: int
    root: bytes
    path: tuple[bytes, ...]


def write_history(earlier: Sequence[Earlier]) -> bytes:
    """Write the earlier heads, smallest first."""
    return plain.encode(
        {
            "v": 1,
            "checkpoints": [
                {"size": one.size, "root": note.encode64(one.root), "path": [note.encode64(step) for step in one.path]}
                for one in earlier
            ],
        }
    )


def read_history(data: bytes) -> tuple[Earlier, ...]:
    """Read the earlier heads. Raises ValueError."""
    told = strict.decode(data)
    if not isinstance(told, dict):
        raise ValueError("not a list of heads")  # noqa: TRY004 - one error for all that is not one
    try:
        earlier = tuple(
            Earlier(
                _number(one["size"]),
                note.decode64(_text(one["root"])),
                tuple(note.decode64(_text(step)) for step in one["path"]),
            )
            for one in told["checkpoints"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not a list of heads") from error
    sizes = [one.size for one in earlier]
    if sizes != sorted(set(sizes)) or write_history(earlier) != data:
        raise ValueError("not a list of heads of this format")
    return earlier


@dataclass(frozen=True, slots=True)
class LogProof:
    """The proof that the sealing of this pack was itself recorded: C2SP tlog-proof, the entry and its salt as extra."""

    entry: bytes
    salt: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def encode(self) -> bytes:
        """Write it in the format of C2SP tlog-proof."""
        extra = plain.encode({"entry": plain.decode(self.entry), "salt": self.salt.hex()})
        head = [TLOG_PROOF, f"extra {note.encode64(extra)}", f"index {self.index}"]
        return "\n".join([*head, *(note.encode64(one) for one in self.path), "", self.checkpoint]).encode()


def read_log_proof(data: bytes) -> LogProof:
    """Read a proof as ``LogProof.encode`` writes it. Raises ValueError."""
    head, _, checkpoint = data.decode().partition("\n\n")
    lines = head.split("\n")
    if len(lines) < 3 or not lines[1].startswith("extra ") or not lines[2].startswith("index "):  # noqa: PLR2004
        raise ValueError("not a tlog-proof")
    extra = strict.decode(note.decode64(lines[1].removeprefix("extra ")))
    if not isinstance(extra, dict) or extra.keys() != {"entry", "salt"}:
        raise ValueError("the extra data are an entry and a salt")
    proof = LogProof(
        entry=plain.encode(extra["entry"]),
        salt=bytes.fromhex(str(extra["salt"])),
        index=_decimal(lines[2].removeprefix("index ")),
        path=tuple(note.decode64(one) for one in lines[3:]),
        checkpoint=checkpoint,
    )
    if proof.encode() != data:
        raise ValueError("not a tlog-proof of this format")
    return proof


def _decimal(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 16:  # noqa: PLR2004 - as many digits as 2^53 has
        raise ValueError("a whole number was expected")
    return int(text)


def as_exported(data: bytes) -> list[bytes]:
    """Return what a note, or a proof that ends in one, may have been before others added their signatures to it.

    Whoever cosigns adds lines at the end; taking them away again, one by one, gives the bytes that were listed.
    """
    try:
        _, signatures = note.split(data.decode())
    except (note.BadNote, UnicodeDecodeError):
        return [data]
    head, mark, _ = data.rpartition(b"\n\n")
    lines = data[len(head) + len(mark) :].splitlines(keepends=True)
    return [data, *(head + mark + b"".join(lines[:count]) for count in range(len(signatures) - 1, 0, -1))]


def exported(data: bytes, sha256: str) -> bytes:
    """Return the note as it was listed, without signatures added later; as it is when no such form has this hash."""
    return next((one for one in as_exported(data) if hashlib.sha256(one).hexdigest() == sha256), data)
'''

# ──── cardcase.packs.rules.stamping · src/cardcase/packs/rules/stamping.py ────
MODULES['cardcase.packs.rules.stamping'] = r'''"""The list of time-stamps and cosigned heads in a pack (``data/tsa/stamps.json``): its form, read strictly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cardcase.custody.rules import note, plain

from . import form, strict

LIST: Final = f"{form.STAMPS}stamps.json"
MAX_BYTES: Final = 8 * 1024 * 1024
MOST: Final = 512
SLACK: Final = timedelta(minutes=2)
"""How far a record's own time may lie outside of its bounds before it is reported: clocks drift. Our own choice."""
_STAMP_KEYS: Final = frozenset(
    {"authority", "size", "note", "token", "certificates", "over", "consistency", "entry", "path"}
)
_HEAD_KEYS: Final = frozenset({"size", "note", "own", "consistency"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One token.

    ``over`` is the path of the token that it renews, empty for one over a head. ``entry`` are the bytes of the entry
    of the record that names it, empty when that lies beyond the head of the pack.
    """

    authority: str
    size: int
    note: str
    token: str
    certificates: str
    over: str
    consistency: tuple[bytes, ...]
    entry: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """A head with the lines of witnesses under it. ``own`` are key ids of witnesses that the exporter says are his."""

    size: int
    note: str
    own: tuple[str, ...]
    consistency: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class StampList:
    """Everything that third parties said of the record, and who had been asked and had not answered."""

    stamps: tuple[Listed, ...]
    heads: tuple[CosignedHead, ...]
    pending: tuple[str, ...]

    def encode(self) -> bytes:
        """Write it."""
        return plain.encode(
            {
                "v": 1,
                "stamps": [
                    {
                        "authority": one.authority,
                        "size": one.size,
                        "note": one.note,
                        "token": one.token,
                        "certificates": one.certificates,
                        "over": one.over,
                        "consistency": _hashes(one.consistency),
                        "entry": plain.decode(one.entry) if one.entry else None,
                        "path": _hashes(one.path),
                    }
                    for one in self.stamps
                ],
                "heads": [
                    {
                        "size": one.size,
                        "note": one.note,
                        "own": list(one.own),
                        "consistency": _hashes(one.consistency),
                    }
                    for one in self.heads
                ],
                "pending": list(self.pending),
            }
        )


def _hashes(values: Sequence[bytes]) -> list[str]:
    return [note.encode64(one) for one in values]


def read(data: bytes) -> StampList:
    """Read a list, refusing every byte that ``encode`` would not have written. Raises ValueError."""
    told = strict.decode(data)
    try:
        found = _read(told)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a list of stamps") from error
    if found.encode() != data or len(found.stamps) + len(found.heads) > MOST:
        raise ValueError("not a list of stamps of this format")
    return found


def _read(told: Any) -> StampList:
    return StampList(
        stamps=tuple(_stamp(one) for one in told["stamps"]),
        heads=tuple(_head(one) for one in told["heads"]),
        pending=tuple(_text(one) for one in told["pending"]),
    )


def _stamp(one: Any) -> Listed:
    if one.keys() != _STAMP_KEYS:
        raise TypeError("a stamp has its fields")
    return Listed(
        authority=_text(one["authority"]),
        size=_size(one["size"]),
        note=_text(one["note"]),
        token=_text(one["token"]),
        certificates=_text(one["certificates"]),
        over=_text(one["over"]),
        consistency=_steps(one["consistency"]),
        entry=plain.encode(one["entry"]) if one["entry"] is not None else b"",
        path=_steps(one["path"]),
    )


def _head(one: Any) -> CosignedHead:
    if one.keys() != _HEAD_KEYS:
        raise TypeError("a head has its fields")
    own = tuple(_text(key) for key in one["own"])
    return CosignedHead(_size(one["size"]), _text(one["note"]), own, _steps(one["consistency"]))


def _steps(value: Any) -> tuple[bytes, ...]:
    return tuple(note.decode64(_text(one)) for one in value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _size(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("a size was expected")
    return value


def is_outside(own: datetime, not_before: datetime | None, not_after: datetime | None) -> bool:
    """Tell whether the time that a record states of itself contradicts what third parties' clocks bound it by."""
    is_late = not_after is not None and own > not_after + SLACK
    return is_late or (not_before is not None and own < not_before - SLACK)
'''

# ──── cardcase.packs.rules.trust · src/cardcase/packs/rules/trust.py ────
MODULES['cardcase.packs.rules.trust'] = r'''"""What a reader brings along to judge a pack by: keys, roots, a policy. None of it ever comes out of the pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardcase.anchors.rules.policy import Policy
from cardcase.custody.rules import note


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything that the reader brings. ``roots`` are certificates of time-stamping authorities, PEM or DER."""

    keys: tuple[note.Verifier, ...] = ()
    policy: Policy = field(default_factory=Policy)
    roots: tuple[bytes, ...] = ()
    previous: str = ""
    """A signed head of the log that somebody was given earlier, as the text of its note."""

    @property
    def known(self) -> tuple[note.Verifier, ...]:
        """The keys of signers that the reader believes."""
        return (*self.keys, *self.policy.logs.values())


@dataclass(frozen=True, slots=True)
class Stamped:
    """What third parties say of the record in a pack, as far as the reader's roots and keys prove it."""

    authorities: frozenset[str] = frozenset()
    """Time-stamping authorities under the reader's roots whose tokens hold."""
    witnesses: frozenset[str] = frozenset()
    """Names, in the reader's policy, of witnesses whose cosignatures hold; never one with the log's own key."""
    is_pending: bool = False
    """The exporter says that a token was asked for and had not come."""
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
'''

# ──── cardcase.packs.check_stamps · src/cardcase/packs/check_stamps.py ────
MODULES['cardcase.packs.check_stamps'] = r'''"""One step of the check of a pack: tokens and cosignatures, judged by the reader's roots and witnesses alone.

What a pack says of itself is never trusted here; what it says against itself (a witness of the exporter's own) is.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from cryptography import x509

from cardcase.anchors.rules import cosign, plan, stamp
from cardcase.anchors.rules.stamp import BadStamp, Checked, Fault, Token
from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note
from cardcase.custody.rules.note import BadNote, Checkpoint
from cardcase.kit import clock

from .bag import Bag
from .findings import Findings, shown
from .rules import form, stamping
from .rules.form import Manifest
from .rules.stamping import CosignedHead, Listed, StampList
from .rules.trust import Stamped, Trust

_OURS: Final = frozenset({Fault.CHAIN, Fault.NO_ROOTS, Fault.UNVERIFIABLE})
"""What may be for want of the right root, and says nothing against the pack."""
_SECONDS: Final = "%Y-%m-%d %H:%M:%S"
_BEIJING: Final = timezone(timedelta(hours=8))
"""Beijing time without a database of zones, which a reader's machine may lack."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Between which moments a record came to be; None where nobody vouches."""

    not_before: datetime | None
    not_after: datetime | None


def check(bag: Bag, manifest: Manifest, head: Checkpoint, trust: Trust, findings: Findings) -> Stamped:
    """Check what third parties said of the record in a pack. Raises what the bag and the findings raise."""
    return _Check(bag, {one.path: one.sha256 for one in manifest.files}, head, trust, findings).run()


def pinned(roots: Sequence[bytes]) -> tuple[list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """Read the reader's files: certificates and lists of revocations, PEM or DER; what is neither is left aside."""
    found: list[x509.Certificate] = []
    lists: list[x509.CertificateRevocationList] = []
    for data in roots:
        with suppress(ValueError):
            found.extend(x509.load_pem_x509_certificates(data))
        with suppress(ValueError):
            found.append(x509.load_der_x509_certificate(data))
        with suppress(ValueError):
            lists.append(stamp.read_revocations(data))
    return found, lists


@dataclass(slots=True)
class _Held:
    """A token that holds, with what is needed to bound records by it."""

    listed: Listed
    checked: Checked
    root: str
    entry_seq: int | None


@dataclass(slots=True)
class _Check:
    bag: Bag
    hashes: Mapping[str, str]
    head: Checkpoint
    trust: Trust
    findings: Findings
    _notes: dict[str, bytes] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)

    def run(self) -> Stamped:
        if stamping.LIST not in self.bag:
            return Stamped(is_pending=False)
        try:
            told = stamping.read(self.bag.read(stamping.LIST, stamping.MAX_BYTES))
        except ValueError:
            self._fault(
                "stamps_unreadable", stamping.LIST, "时间戳清单不是规范的格式", "The list of stamps is not in its form"
            )
            return Stamped()
        held = list(self._stamps(told))
        bounds = self._bounds(held)
        witnesses = self._witnesses(told, max(bounds, default=-1))
        authorities = frozenset(one.root for one in held if not one.listed.over and self._covers(one, bounds))
        uncovered = [seq for seq, bound in bounds.items() if bound.not_after is None]
        facts: dict[str, str | int | bool] = {"stamps": len(told.stamps), "stamps_that_hold": len(held)}
        if held:
            facts["records_not_after"] = len(bounds) - len(uncovered)
            facts["records_not_before"] = sum(bound.not_before is not None for bound in bounds.values())
        self._say_bounds(bounds)
        return Stamped(authorities, witnesses, bool(told.pending) or bool(held and uncovered), facts)

    def _fault(self, code: str, place: str, zh: str, en: str) -> None:
        self.findings.fault(code, place, zh, en)

    # ---- tokens ------------------------------------------------------------------------------------------------------

    def _stamps(self, told: StampList) -> Iterator[_Held]:
        roots, lists = pinned(self.trust.roots)
        tokens = {one.token: one for one in told.stamps}
        for one in told.stamps:
            message = self._message(one, tokens)
            token = self._token(one.token)
            if message is None or token is None or not self._is_continued(one):
                continue
            seq = self._entry_seq(one, token)
            if seq is None and one.entry:
                continue
            found = self._judge(one, token, message, roots, lists)
            if found is not None:
                checked, root = found
                yield _Held(one, checked, root, seq)

    def _member(self, path: str) -> bytes | None:
        """Read a small member that the list names."""
        if path not in self._notes:
            if path not in self.bag or not path.startswith((form.STAMPS, form.CHECKPOINTS)):
                self._fault(
                    "stamp_member_missing", shown(path), "清单提到的文件不在包里", "A listed file is not in the pack"
                )
                return None
            self._notes[path] = self.bag.read(path, note.MAX_NOTE_BYTES)
        return self._notes[path]

    def _token(self, path: str) -> Token | None:
        raw = self._member(path)
        if raw is None or path in self._tokens:
            return self._tokens.get(path)
        try:
            self._tokens[path] = stamp.read(raw)
        except BadStamp as bad:
            self._fault(bad.fault.value, path, bad.text.zh, bad.text.en)
        return self._tokens.get(path)

    def _stamped_note(self, path: str) -> bytes | None:
        """Read a note as it was stamped: without the lines of those who cosigned it in the pack later."""
        text = self._member(path)
        return None if text is None else form.exported(text, self.hashes.get(path, ""))

    def _message(self, one: Listed, tokens: Mapping[str, Listed]) -> bytes | None:
        text = self._stamped_note(one.note)
        if text is None or not one.over:
            return text
        over = tokens.get(one.over)
        old, signed = self._member(one.over), self._stamped_note(over.note) if over else None
        return None if old is None or signed is None else stamp.archive_message(signed, old)

    def _is_continued(self, one: Listed) -> bool:
        """Tell whether the stamped head is the beginning of the record of the pack."""
        text = self._member(one.note)
        try:
            stamped = Checkpoint.parse(note.split((text or b"").decode())[0])
        except (BadNote, UnicodeDecodeError):
            self._fault(
                "stamp_note_unreadable",
                one.note,
                "被盖戳的校验点读不出来",
                "The stamped checkpoint cannot be read",
            )
            return False
        if one.size == stamped.size and merkle.is_consistent(
            stamped.size, self.head.size, stamped.root, self.head.root, one.consistency
        ):
            return True
        self._fault(
            "stamp_inconsistent",
            one.note,
            "被盖戳的校验点不是这份记录的开头",
            "The stamped checkpoint is not the beginning of this record",
        )
        return False

    def _entry_seq(self, one: Listed, token: Token) -> int | None:
        """Return the number of the entry that names this token; None when it lies beyond the head, or does not hold."""
        if not one.entry:
            return None
        kind = plan.RENEWED if one.over else plan.STAMPED
        try:
            told = entries.decode(one.entry)
            fits = (told.kind, told.refs.get("token")) == (kind, token.sha256)
            fits = fits and told.refs.get("time") == clock.iso(token.gen_time)
            leaf = merkle.leaf_hash(one.entry)
            if fits and merkle.is_included(leaf, told.seq, self.head.size, one.path, self.head.root):
                return told.seq
        except ValueError:
            pass
        self._fault(
            "stamp_entry_broken",
            one.token,
            "记录里写下这枚时间戳的那一条对不上",
            "The entry that names this token does not fit",
        )
        return None

    def _judge(
        self,
        one: Listed,
        token: Token,
        message: bytes,
        roots: Sequence[x509.Certificate],
        lists: Sequence[x509.CertificateRevocationList],
    ) -> tuple[Checked, str] | None:
        """Check a token, and name the root it leads to, so that two names of one authority count once."""
        try:
            checked = stamp.check(token, message, roots, revoked=lists)
        except BadStamp as bad:
            self._say_refused(one, bad)
            return None
        if not checked.is_revocation_known:
            self.findings.note(
                "stamp_revocation_unknown",
                one.token,
                "没有吊销清单，未核对签名证书是否被吊销",
                "Without a list of revocations it was not looked up whether the certificate was revoked",
            )
        return checked, checked.root.subject.rfc4514_string()

    def _say_refused(self, one: Listed, refused: BadStamp) -> None:
        say = self.findings.note if refused.fault in _OURS else self._fault
        if refused.fault in (Fault.EXPIRED, Fault.REVOKED, Fault.USAGE):
            say = self.findings.weakness  # the bytes are whole; the authority's word is worth nothing
        say(refused.fault.value, one.token, refused.text.zh, refused.text.en)

    # ---- bounds ------------------------------------------------------------------------------------------------------

    def _bounds(self, held: Sequence[_Held]) -> dict[int, Bound]:
        """Bound every record of the pack by the tokens that hold, and report those whose own time lies outside."""
        own = dict(self._moments())
        heads = [one for one in held if not one.listed.over]
        ends = [(one.listed.size, one.checked.token) for one in heads]
        starts = [(one.entry_seq, one.checked.token) for one in heads if one.entry_seq is not None]
        found: dict[int, Bound] = {}
        for seq, at in own.items():
            after = [token.gen_time + token.accuracy for size, token in ends if size > seq]
            before = [token.gen_time - token.accuracy for entry, token in starts if entry < seq]
            bound = found[seq] = Bound(max(before, default=None), min(after, default=None))
            if stamping.is_outside(at, bound.not_before, bound.not_after):
                self.findings.weakness(
                    "clock_outside_bounds",
                    f"{form.RECORDS} {seq}",
                    f"第 {seq} 条自己写的时间不在第三方时间戳的范围内：当时的系统时钟不准，或时间是倒填的",
                    f"The time that record {seq} states lies outside of its time-stamps: a wrong clock, or back-dating",
                )
        return found

    def _moments(self) -> Iterator[tuple[int, datetime]]:
        rest = b""
        for piece in self.bag.stream(form.RECORDS) if form.RECORDS in self.bag else ():
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            if len(rest) > form.MAX_LINE_BYTES:
                return
            for raw in lines:
                try:
                    _, entry = form.read_line(raw)
                except ValueError:
                    continue  # said by the check of the records
                yield entry.seq, entries.moment_of(entry)

    @staticmethod
    def _covers(one: _Held, bounds: Mapping[int, Bound]) -> bool:
        return any(seq < one.listed.size for seq in bounds)

    def _say_bounds(self, bounds: Mapping[int, Bound]) -> None:
        """Say the bounds, one line for each run of records that share them."""
        runs: list[tuple[int, int, Bound]] = []
        for seq in sorted(bounds):
            if runs and runs[-1][2] == bounds[seq]:
                runs[-1] = (runs[-1][0], seq, bounds[seq])
            else:
                runs.append((seq, seq, bounds[seq]))
        for first, last, bound in runs:
            if bound == Bound(None, None):
                continue
            zh, en = _span(bound)
            self.findings.note(
                "record_bounded",
                f"{form.RECORDS} {first}-{last}",
                f"第 {first}–{last} 条里的记录{zh}",
                f"Records {first} to {last}: {en}",
            )

    # ---- witnesses ---------------------------------------------------------------------------------------------------

    def _witnesses(self, told: StampList, last: int) -> frozenset[str]:
        """Return the reader's witnesses that cosigned a head holding every record of the pack.

        The exporter's own are none of them: where the reader knew, it is noted; where not, the reader is warned.
        """
        policy = self.trust.policy
        keys = {name: listed.witness for name, listed in policy.witnesses.items()}
        found: set[str] = set()
        for one in told.heads:
            by_key = {held.witness: held for held in self._cosigned(one, list(keys.values()))}
            for name, witness in keys.items():
                if witness not in by_key:
                    continue
                is_known = policy.witnesses[name].is_own
                if is_known or witness.ident.hex() in one.own or self._is_logs_own(witness):
                    say = self.findings.note if is_known else self.findings.weakness
                    say(
                        "witness_is_own",
                        one.note,
                        "这个见证方由导出方自己控制，按没有见证算",
                        "This witness is under the exporter's own control and counts as zero",
                    )
                elif one.size <= last:
                    self.findings.note(
                        "witness_partial",
                        one.note,
                        f"见证只到第 {one.size} 条，后面的记录还没有见证",
                        f"The cosignature covers the first {one.size} entries, not the records after them",
                    )
                else:
                    found.add(name)
        return frozenset(found)

    def _is_logs_own(self, witness: cosign.Witness) -> bool:
        return any(one.public == witness.public for one in self.trust.known)

    def _cosigned(self, one: CosignedHead, known: Sequence[cosign.Witness]) -> list[cosign.Cosignature]:
        raw = self._member(one.note)
        try:
            text = (raw or b"").decode()
            head = Checkpoint.parse(note.split(text)[0])
            held = cosign.holding(text, known)
        except (BadNote, UnicodeDecodeError):
            self._fault("cosignature_broken", one.note, "见证方的签名不成立", "A cosignature does not hold")
            return []
        if head.size == one.size and merkle.is_consistent(
            head.size, self.head.size, head.root, self.head.root, one.consistency
        ):
            return held
        self._fault(
            "cosigned_inconsistent",
            one.note,
            "见证过的校验点不是这份记录的开头",
            "The cosigned checkpoint is not the beginning of this record",
        )
        return []


def _span(bound: Bound) -> tuple[str, str]:
    def said(at: datetime) -> str:
        return at.astimezone(_BEIJING).strftime(_SECONDS)

    zh, en = [], []
    if bound.not_before is not None:
        zh.append(f"不早于 {said(bound.not_before)}")
        en.append(f"not before {bound.not_before.strftime(_SECONDS)}Z")
    if bound.not_after is not None:
        zh.append(f"不晚于 {said(bound.not_after)}")
        en.append(f"not after {bound.not_after.strftime(_SECONDS)}Z")
    return "，".join(zh) + "（北京时间，第三方时间戳）", ", ".join(en) + " (third parties' time-stamps)"
'''

# ──── cardcase.packs.rules.succession · src/cardcase/packs/rules/succession.py ────
MODULES['cardcase.packs.rules.succession'] = r'''"""How the present key of a log followed those before it (``data/keys.json``, custody.md §7.3): its form and its proof.

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
'''

# ──── cardcase.packs.check_keys · src/cardcase/packs/check_keys.py ────
MODULES['cardcase.packs.check_keys'] = r'''"""One step of the check of a pack: whether the key that sealed it follows an earlier one, which the reader holds."""

from collections.abc import Sequence

from cardcase.custody.rules import note

from .bag import Bag
from .findings import Findings
from .rules import form, succession
from .rules.form import Manifest


def follows(bag: Bag, manifest: Manifest, known: Sequence[note.Verifier]) -> note.Verifier | None:
    """Return the sealing key when the pack claims that it follows one of these; nothing is proved by that yet."""
    try:
        names = succession.names(succession.read(bag.read(form.KEYS, succession.MAX_BYTES)))
        heir = note.Verifier.parse(names[-1])
    except (KeyError, ValueError):
        return None
    is_claimed = heir.vkey == manifest.vkey and any(one.vkey in names[:-1] for one in known)
    return heir if is_claimed else None


def check(bag: Bag, manifest: Manifest, head: note.Checkpoint, findings: Findings) -> list[note.Verifier]:
    """Return the keys that lead to the one of the manifest, oldest first; none, and a fault, when one does not hold."""
    try:
        changes = succession.read(bag.read(form.KEYS, succession.MAX_BYTES))
        return succession.prove(changes, head, manifest.vkey)
    except ValueError:
        findings.fault(
            "succession_broken",
            form.KEYS,
            "换钥的证明不成立：不是旧公钥签的、不在记录里，或次序不对",
            "The change of keys is not proved: not signed by the old key, not in the record, or out of order",
        )
        return []
'''

# ──── cardcase.packs.check_records · src/cardcase/packs/check_records.py ────
MODULES['cardcase.packs.check_records'] = r'''"""Go once through the records of a pack: each against its proof, its place in its chain, and what it committed to."""

import hmac
from collections.abc import Iterator

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note

from .archive import MAX_ARCHIVE_BYTES, refuse
from .bag import Bag
from .findings import Findings
from .rules import form
from .rules.form import Line, Opening, Proofs, State

_MOST_HASHED = 2 * MAX_ARCHIVE_BYTES
"""Bytes of originals that are hashed for commitments: every file once and again, whatever the records ask for."""


class RecordsCheck:
    """One pass over ``records.jsonl``, a line at a time, so that memory does not grow with the case."""

    def __init__(self, bag: Bag, findings: Findings, head: note.Checkpoint | None) -> None:
        """Take the bag and the head whose signature held, if any."""
        self._bag = bag
        self._findings = findings
        self._head = head
        self._proofs: Proofs | None = None
        self._tips: dict[str, tuple[int, str | None]] = {}
        self._latest = ""
        self._hashed = 0
        self.counts = {"entries": 0, "contents": 0, **{state.value: 0 for state in State}}

    @property
    def subjects(self) -> dict[str, int]:
        """How many entries of each subject there were."""
        return {subject: count for subject, (count, _) in self._tips.items()}

    def run(self) -> None:
        """Check proofs and records. Raises UnsafeArchive, TooMuch."""
        self._read_proofs()
        last, seen = -1, 0
        for number, raw in enumerate(self._lines(), 1):
            if number > form.MAX_ENTRIES:
                raise refuse("archive_bomb", form.RECORDS, "记录太多，没有读完", "There are too many records; not read")
            try:
                line, entry = form.read_line(raw)
            except ValueError:
                self._findings.fault(
                    "line_unreadable",
                    f"{form.RECORDS}:{number}",
                    f"第 {number} 行不是规范的记录",
                    f"Line {number} is not a well-formed record",
                )
                continue
            if entry.seq <= last:
                self._findings.fault(
                    "order_broken",
                    f"{form.RECORDS}:{number}",
                    f"第 {number} 行的记录次序被打乱或重复",
                    f"The record in line {number} is out of order or doubled",
                )
            last, seen = max(last, entry.seq), seen + 1
            self._check_entry(line, entry)
        if not seen:
            self._findings.fault("no_records", form.RECORDS, "没有一条记录", "There is not one record")
        if self._proofs and len(self._proofs.raw) != seen:
            self._findings.fault(
                "proofs_incomplete", form.PROOFS, "证明与记录不是一一对应", "Proofs and records do not pair up"
            )

    def _read_proofs(self) -> None:
        if form.PROOFS not in self._bag:
            return
        try:
            self._proofs = proofs = form.read_proofs(self._bag.read(form.PROOFS, form.MAX_PROOFS_BYTES))
        except ValueError:
            self._findings.fault(
                "proofs_unreadable", form.PROOFS, "证明文件不是规范的格式", "The proofs are not in their one form"
            )
            return
        if self._head and (proofs.size, proofs.root) != (self._head.size, self._head.root):
            self._findings.fault(
                "proofs_differ", form.PROOFS, "证明不是对着这个校验点的", "The proofs are of another checkpoint"
            )

    def _lines(self) -> Iterator[bytes]:
        """Go through the lines without their ends; what the last one lacks makes it a line that cannot be read."""
        if form.RECORDS not in self._bag:
            return
        rest = b""
        for piece in self._bag.stream(form.RECORDS):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > form.MAX_LINE_BYTES:
                raise refuse(
                    "archive_bomb",
                    form.RECORDS,
                    "有一行记录过长，没有读",
                    "A line of the records is too long; not read",
                )
        if rest:
            yield rest + b"\n"

    def _check_entry(self, line: Line, entry: entries.Entry) -> None:
        place, leaf = f"entry {entry.seq}", merkle.leaf_hash(line.data)
        proofs = self._proofs
        if proofs and not merkle.is_included(leaf, entry.seq, proofs.size, proofs.path(entry.seq), proofs.root):
            self._findings.fault(
                "not_included",
                place,
                f"第 {entry.seq} 条记录不在签名的记录树里：被改动或伪造",
                f"Entry {entry.seq} is not in the signed tree: altered or made up",
            )
        count, previous = self._tips.get(entry.subject, (0, None))
        if (entry.cseq, entry.cprev) != (count + 1, previous):
            self._findings.fault(
                "chain_gap",
                place,
                f"第 {entry.seq} 条之前，同一对象的记录缺了或换了",
                f"Before entry {entry.seq}, an entry of the same subject is missing or exchanged",
            )
        self._tips[entry.subject] = (entry.cseq, leaf.hex())
        if entry.at < self._latest:
            self._findings.note(
                "clock_went_back",
                place,
                f"第 {entry.seq} 条写的时间早于前一条：时钟不准，或是补记",
                f"Entry {entry.seq} tells an earlier time than the one before: the clock, or told later",
            )
        self._latest = max(self._latest, entry.at)
        self.counts["entries"] += 1
        for position, (opening, told) in enumerate(zip(line.openings, entry.contents, strict=True)):
            self.counts["contents"] += 1
            self.counts[opening.state.value] += 1
            if opening.state is State.OPENED:
                self._check_opening(f"{place} content {position}", opening, told)

    def _check_opening(self, place: str, opening: Opening, told: entries.Committed) -> None:
        if opening.body is not None:
            size, made = len(opening.body), entries.commit(opening.salt, told.role, opening.body)
        elif opening.path.startswith(form.FILES) and opening.path in self._bag:
            size = self._bag.sizes[opening.path]
            self._hashed += size
            if self._hashed > _MOST_HASHED:
                raise refuse(
                    "archive_bomb", place, "要核对的内容过多，没有读完", "There is too much to check; not read"
                )
            made = entries.commit_to_pieces(opening.salt, told.role, self._bag.stream(opening.path))
        else:
            self._findings.fault(
                "opening_unfounded", place, "公开的文件不在包里", "The file that is opened is not in the pack"
            )
            return
        if size != told.size or not hmac.compare_digest(made, told.commit):
            self._findings.fault(
                "opening_false",
                place,
                "公开的内容不是当初记下的",
                "What the entry is said to hold is not what was committed to",
            )


def count(lines: Iterator[Line]) -> dict[str, int]:
    """Count the entries and what became of their contents."""
    counts = {"entries": 0, "contents": 0, **{state.value: 0 for state in State}}
    for line in lines:
        counts["entries"] += 1
        counts["contents"] += len(line.openings)
        for opening in line.openings:
            counts[opening.state.value] += 1
    return counts
'''

# ──── cardcase.packs.checks · src/cardcase/packs/checks.py ────
MODULES['cardcase.packs.checks'] = r'''"""The steps of checking a pack, each noting what does not hold. ``verifier`` runs them and gives the verdict."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives import hashes

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note

from . import check_keys, check_stamps
from .bag import Bag
from .check_records import RecordsCheck
from .findings import Findings, shown
from .rules import bagit, form, strict
from .rules.form import Listed, Manifest
from .rules.trust import Stamped, Trust

_ENDING_AT = 64  # data/files/<64 hex digits>.<ending>
_MOST_PROOF = 2 * note.MAX_NOTE_BYTES
_MOST_LIST = 1024 * 1024

StampStep = Callable[[Bag, Manifest, note.Checkpoint, Trust, Findings], Stamped]
"""Checks the tokens and cosignatures of a pack against the reader's roots and policy, and says what they prove."""


class Checker:
    """One check of one pack. ``findings`` and ``facts`` fill up as the steps run."""

    def __init__(self, bag: Bag, trust: Trust, stamps: StampStep = check_stamps.check) -> None:
        """Take a bag that was looked through, and what the reader brings."""
        self._bag = bag
        self._trust = trust
        self._stamps = stamps
        self._signer: note.Verifier | None = None
        self._is_known = False
        self._is_heir = False
        self._head: note.Checkpoint | None = None
        self._hashes: dict[str, set[str]] = {}
        self.findings = Findings()
        self.facts: dict[str, str | int | bool] = {}

    def run(self) -> bool:
        """Run every step. Returns False when this is no pack at all. Raises UnsafeArchive, TooMuch."""
        if form.MANIFEST not in self._bag and form.SEAL not in self._bag:
            self.findings.fault("not_a_pack", "archive", "这不是 Cardcase 证据包", "This is no Cardcase pack")
            return False
        raw = self._read(form.MANIFEST, form.MAX_MANIFEST_BYTES)
        manifest = self._manifest(raw)
        self._check_seal(manifest, raw)
        if manifest is None or raw is None:
            return True
        self._tell(manifest)
        self._check_files(manifest)
        self._check_head(manifest)
        self._check_keys(manifest)
        records = RecordsCheck(self._bag, self.findings, self._head)
        records.run()
        self._check_counts(manifest, records)
        self._check_log_proof(manifest, raw)
        self._check_bag()
        self._check_history()
        self._say_who(manifest)
        self._check_policy(manifest)
        return True

    def _read(self, name: str, most: int) -> bytes | None:
        if name not in self._bag:
            self.findings.fault("member_missing", name, f"缺少 {name}", f"{name} is missing")
            return None
        data = self._bag.read(name, most)
        self._hashes.setdefault(name, {hashlib.sha256(one).hexdigest() for one in form.as_exported(data)})
        return data

    # ---- manifest and seal -----------------------------------------------------------------------------------------

    def _manifest(self, raw: bytes | None) -> Manifest | None:
        try:
            return None if raw is None else form.read_manifest(raw)
        except ValueError:
            self.findings.fault(
                "manifest_unreadable", form.MANIFEST, "清单不是规范的格式", "The manifest is not in its one right form"
            )
            return None

    def _check_seal(self, manifest: Manifest | None, raw: bytes | None) -> None:
        self._choose_key(manifest)
        data = self._read(form.SEAL, note.MAX_NOTE_BYTES)
        if data is None:
            return
        if self._signer is None:
            self.findings.fault(
                "seal_unchecked", form.SEAL, "没有公钥，签名无从核对", "Without a key the seal cannot be checked"
            )
            return
        try:
            text = note.open_note(data.decode(), self._signer)
        except (note.BadNote, UnicodeDecodeError):
            self.findings.fault(
                "seal_broken",
                form.SEAL,
                "清单的签名不成立，或不是这把公钥所签",
                "The seal does not hold, or another key made it",
            )
            return
        self._say_cosigned(form.SEAL, data)
        expected = (form.FORMAT, *form.seal_lines(manifest.pack if manifest else "", raw or b""))
        if text != "".join(f"{line}\n" for line in expected):
            self.findings.fault("seal_differs", form.SEAL, "签名签的不是这份清单", "The seal is of another manifest")

    def _choose_key(self, manifest: Manifest | None) -> None:
        """Take the reader's key, or the one that is said to follow it, for ``_check_keys`` to prove.

        Only where the reader brings none, the pack's own, which proves no more than agreement.
        """
        told = manifest.vkey if manifest else ""
        known = self._trust.known
        self._is_known = bool(known)
        if known:
            self._signer = next((one for one in known if one.vkey == told), known[0])
            if manifest and self._signer.vkey != told and form.KEYS in self._bag:
                heir = check_keys.follows(self._bag, manifest, known)
                self._signer, self._is_heir = heir or self._signer, heir is not None
        elif manifest:
            try:
                self._signer = note.Verifier.parse(told)
            except note.BadNote:
                self.findings.fault(
                    "key_unreadable", form.MANIFEST, "清单里的公钥不成立", "The key in the manifest is none"
                )

    def _say_cosigned(self, place: str, data: bytes) -> None:
        _, signatures = note.split(data.decode())
        others = len(signatures) - 1
        if others > 0:
            self.findings.note(
                "cosigned",
                place,
                f"另有 {others} 个签名；不影响核对，也未凭它作任何认定",
                f"{others} more signatures stand there; they disturb nothing, and nothing was concluded from them here",
            )

    def _tell(self, manifest: Manifest) -> None:
        self.facts = {
            "pack": shown(manifest.pack),
            "case": shown(manifest.case_number),
            "shop": shown(manifest.shop),
            "made_at": shown(manifest.made_at),
            "tool": shown(manifest.tool),
            "log": shown(manifest.origin),
            "log_size": manifest.size,
            "vkey": shown(manifest.vkey),
        }

    def _say_who(self, manifest: Manifest) -> None:
        fingerprint = self._signer.fingerprint if self._signer else ""
        self.facts["fingerprint"] = fingerprint
        self.facts["is_signer_known"] = self._is_known
        if not self._is_known:
            self.findings.weakness(
                "signer_unknown",
                form.SEAL,
                f"只能确认前后一致，不知道是谁签的；请用包以外得来的公钥再核对（--vkey）。公钥指纹 {fingerprint}",
                f"Self-consistent, signer unknown; check again with a key had from outside the pack (--vkey). "
                f"Fingerprint {fingerprint}",
            )
        elif self._signer and self._signer.vkey != manifest.vkey:
            self.findings.fault(
                "key_differs", form.MANIFEST, "清单写的公钥与您给的不同", "The manifest names another key than yours"
            )

    # ---- files -----------------------------------------------------------------------------------------------------

    def _check_files(self, manifest: Manifest) -> None:
        listed = {one.path: one for one in manifest.files}
        if len(listed) != len(manifest.files) or listed.keys() & form.OUTSIDE:
            self.findings.fault(
                "manifest_twice", form.MANIFEST, "清单里有重复的文件", "The manifest lists a file twice"
            )
        if self._bag.droppings:
            self.findings.note(
                "left_behind",
                self._bag.droppings[0],
                f"有 {len(self._bag.droppings)} 个文件管理器留下的文件，不属于证据包，没有读",
                f"{len(self._bag.droppings)} files were left behind by file managers; they are no part of the pack "
                f"and were not read",
            )
        for path in sorted(self._bag.sizes.keys() - listed.keys() - form.OUTSIDE):
            self.findings.fault("member_unexpected", path, f"清单里没有 {path}", f"{path} is not in the manifest")
        for path in sorted((form.REQUIRED | {form.checkpoint_path(manifest.size)}) - listed.keys()):
            self.findings.fault("part_missing", path, f"清单里缺少 {path}", f"The manifest lacks {path}")
        for one in listed.values():
            if one.path in self._bag:
                self._check_file(one)
            else:
                self.findings.fault(
                    "member_missing", one.path, "清单上的文件不在包里", "A file of the manifest is not in the pack"
                )

    def _check_file(self, listed: Listed) -> None:
        told = (listed.size, listed.sha256, listed.sm3)
        if listed.path.startswith(form.CHECKPOINTS):
            data = self._read(listed.path, note.MAX_NOTE_BYTES) or b""
            found = {(len(one), hashlib.sha256(one).hexdigest(), form.sm3(one)) for one in form.as_exported(data)}
        else:
            found = {self._hash(listed.path)} if self._bag.sizes[listed.path] == listed.size else set()
        if told not in found:
            self.findings.fault(
                "file_altered",
                listed.path,
                f"{listed.path} 与清单上的散列不符：被改动过",
                f"{listed.path} does not match the hash in the manifest: altered",
            )
        name = listed.path.removeprefix(form.FILES)
        if name != listed.path and name[:_ENDING_AT] != listed.sha256:
            self.findings.fault(
                "file_misnamed", listed.path, "文件名不是内容的散列", "The file is not named after its hash"
            )

    def _hash(self, path: str) -> tuple[int, str, str]:
        sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
        for piece in self._bag.stream(path):
            sha256.update(piece)
            sm3.update(piece)
            size += len(piece)
        self._hashes[path] = {sha256.hexdigest()}
        return size, sha256.hexdigest(), sm3.finalize().hex()

    def _check_bag(self) -> None:
        """Hold the bag's own lists against what is there: they sign nothing, but a false one misleads other tools."""
        if self.findings.has_fault:
            return  # what was altered was said already; saying it again for each list helps nobody
        for name in (bagit.PAYLOAD_HASHES, bagit.TAG_HASHES):
            data = self._read(name, _MOST_LIST)
            is_payload = name == bagit.PAYLOAD_HASHES
            inside = self._bag.sizes.keys()
            wanted = {one for one in inside if bagit.is_payload(one)} if is_payload else set(bagit.tags_of(inside))
            try:
                listed = bagit.read_hashes(data or b"")
                holds = listed.keys() == wanted and all(listed[one] in self._hashes.get(one, ()) for one in wanted)
            except ValueError:
                holds = False
            if not holds:
                self.findings.fault(
                    "bag_differs",
                    name,
                    f"{name} 与包里的文件不符",
                    f"{name} does not agree with the files of the pack",
                )

    # ---- head of the log -------------------------------------------------------------------------------------------

    def _check_head(self, manifest: Manifest) -> None:
        path = form.checkpoint_path(manifest.size)
        data = self._read(path, note.MAX_NOTE_BYTES)
        if data is None or self._signer is None:
            return
        try:
            head = note.open_checkpoint(data.decode(), self._signer)
        except (note.BadNote, UnicodeDecodeError):
            self.findings.fault(
                "checkpoint_broken", path, "校验点的签名不成立", "The signature of the checkpoint does not hold"
            )
            return
        self._say_cosigned(path, data)
        if (head.origin, head.size, head.root.hex()) != (manifest.origin, manifest.size, manifest.root):
            self.findings.fault("checkpoint_differs", path, "校验点与清单不符", "The checkpoint is not the manifest's")
        self._head = head

    def _check_keys(self, manifest: Manifest) -> None:
        """Prove how the key followed others; without that, a key that is only said to follow the reader's is none."""
        keys: list[note.Verifier] = []
        if form.KEYS in self._bag and self._head is not None:
            keys = check_keys.check(self._bag, manifest, self._head, self.findings)
        if not self._is_heir:
            return
        old = next((one for one in reversed(keys) if one in self._trust.known), None)
        if old is None:
            self._signer, self._head = self._trust.known[0], None  # whatever it signed, the reader does not know it
            return
        self._trust = replace(self._trust, keys=(*self._trust.keys, *keys[keys.index(old) + 1 :]))
        self.facts["follows_key"] = old.fingerprint
        self.findings.note(
            "key_followed",
            form.KEYS,
            f"签名的公钥不是您给的那一把，而是它的后继：每次换钥都写在记录里，并由新旧两把共同签名。"
            f"您给的公钥指纹 {old.fingerprint}；今后请用包里这把新的",
            f"The sealing key is not yours but follows it: each change stands in the record, and the old key and the "
            f"new one signed for it. Fingerprint of yours {old.fingerprint}; use the new one from now on",
        )

    def _check_counts(self, manifest: Manifest, records: RecordsCheck) -> None:
        if records.subjects != dict(manifest.subjects):
            self.findings.fault(
                "chain_cut",
                form.RECORDS,
                "各对象的记录条数与清单不符：有缺",
                "Some subject has not as many records as listed",
            )
        counts = {**records.counts, "files": sum(one.path.startswith(form.FILES) for one in manifest.files)}
        if counts != dict(manifest.counts):
            self.findings.fault(
                "counts_differ", form.MANIFEST, "条数与清单不符", "The counts differ from the manifest's"
            )
        self.facts.update(counts)

    # ---- the sealing in the log ------------------------------------------------------------------------------------

    def _check_log_proof(self, manifest: Manifest, raw: bytes) -> None:
        data = self._read(form.LOG_PROOF, _MOST_PROOF)
        if data is None or self._signer is None:
            return
        try:
            proof = form.read_log_proof(data)
            head = note.open_checkpoint(proof.checkpoint, self._signer)
            holds = self._is_in_log(proof, head, manifest) and _is_of(proof, manifest, raw)
        except ValueError:
            holds = False
        if holds:
            self._say_cosigned(form.LOG_PROOF, proof.checkpoint.encode())
        else:
            self.findings.fault(
                "export_unproved",
                form.LOG_PROOF,
                "这次导出没有记在记录里，或证明被改过",
                "This export is not in the record, or its proof was altered",
            )

    @staticmethod
    def _is_in_log(proof: form.LogProof, head: note.Checkpoint, manifest: Manifest) -> bool:
        leaf = merkle.leaf_hash(proof.entry)
        return (
            head.origin == manifest.origin
            and head.size > manifest.size
            and merkle.is_included(leaf, proof.index, head.size, proof.path, head.root)
        )

    # ---- what was given out earlier --------------------------------------------------------------------------------

    def _check_history(self) -> None:
        data = self._bag.read(form.HISTORY, _MOST_LIST) if form.HISTORY in self._bag else None
        if data is None or self._head is None:
            return
        head = self._head
        try:
            earlier = {one.size: one for one in form.read_history(data)}
        except ValueError:
            self.findings.fault(
                "history_unreadable",
                form.HISTORY,
                "早先校验点的证明不是规范的格式",
                "The proofs of earlier checkpoints are not in their one form",
            )
            return
        for one in earlier.values():
            if not merkle.is_consistent(one.size, head.size, one.root, head.root, one.path):
                self.findings.fault(
                    "history_broken",
                    f"checkpoint {one.size}",
                    "早先的校验点与现在的记录接不上",
                    "An earlier checkpoint is not continued by the present record",
                )
        if self._trust.previous:
            self._check_previous(earlier, head)

    def _check_previous(self, earlier: dict[int, form.Earlier], head: note.Checkpoint) -> None:
        place = "--previous"
        told = self._open_previous()
        if told is None or told.origin != head.origin:
            self.findings.weakness(
                "previous_of_another",
                place,
                "您给的早先校验点不是这本记录的，或不是您认可的公钥签的，没有用上",
                "The earlier checkpoint is of another record, or signed by no key that you trust; it was not used",
            )
            return
        known = {**{size: one.root for size, one in earlier.items()}, head.size: head.root}.get(told.size)
        if known is None:
            self.findings.weakness(
                "previous_unproved",
                place,
                f"包里没有从第 {told.size} 条接到现在的证明，无从比对；可请对方重新导出",
                f"The pack does not prove that the record continues from entry {told.size}: nothing to compare; "
                f"ask for a pack that was exported anew",
            )
        elif known != told.root:
            self.findings.fault(
                "history_rewritten",
                place,
                "与您早先得到的校验点矛盾：同一本记录有两个版本",
                "It contradicts the checkpoint that you were given earlier: there are two versions of this record",
            )
        else:
            self.facts["continues_previous"] = told.size

    def _open_previous(self) -> note.Checkpoint | None:
        """Open the earlier checkpoint with any key that is believed: the log may have changed its key since."""
        for one in self._trust.known or ((self._signer,) if self._signer else ()):
            try:
                return note.open_checkpoint(self._trust.previous, one)
            except note.BadNote:
                continue
        return None

    # ---- what the reader asks for ----------------------------------------------------------------------------------

    def _check_policy(self, manifest: Manifest) -> None:
        policy, withheld = self._trust.policy, int(self.facts.get("withheld", 0))
        if withheld:
            say = self.findings.note if policy.may_withhold else self.findings.weakness
            say(
                "withheld",
                form.RECORDS,
                f"{withheld} 项内容未公开，只有承诺值；如有争议可要求对方当面揭示",
                f"{withheld} contents are withheld, only committed to; they may be asked for if it matters",
            )
        if self._head is None:
            return
        stamped = self._stamps(self._bag, manifest, self._head, self._trust, self.findings)
        self.facts.update(stamped.facts)
        self.facts["trusted_times"] = len(stamped.authorities)
        self.facts["witnesses"] = len(stamped.witnesses)
        if len(stamped.authorities) < max(policy.times, 1):
            say = self.findings.weakness if len(stamped.authorities) < policy.times else self.findings.note
            say(
                "no_trusted_time",
                form.STAMPS,
                "没有您认可的第三方时间戳：时间只出自导出方的时钟",
                "No time-stamp of a third party that you trust: times come from the exporter's own clock",
            )
        if stamped.is_pending:
            say = self.findings.note if policy.may_be_pending else self.findings.weakness
            say("time_pending", form.STAMPS, "有时间戳还在申请中", "A time-stamp had been asked for and had not come")
        if not stamped.witnesses or not policy.is_met(stamped.witnesses):
            say = self.findings.note if policy.is_met(stamped.witnesses) else self.findings.weakness
            say(
                "no_witness",
                form.CHECKPOINTS,
                "没有您认可的独立见证人签名：看不出导出方有没有另一本记录",
                "No cosignature of a witness that you trust: another version of the record would not be seen",
            )


def _is_of(proof: form.LogProof, manifest: Manifest, raw: bytes) -> bool:
    """Tell whether the recorded export is that of this very manifest."""
    entry = entries.read(strict.decode(proof.entry))
    told = [one for one in entry.contents if one.role == form.MANIFEST_ROLE]
    body = form.seal_lines(manifest.pack, raw)[1].encode()
    return (
        (entry.kind, entry.subject, entry.seq) == (form.SEALED_KIND, manifest.case_id, proof.index)
        and entry.cseq > manifest.subjects.get(manifest.case_id, 0)
        and len(told) == 1
        and entries.opens(proof.salt, form.MANIFEST_ROLE, body, told[0].commit)
    )
'''

# ──── cardcase.packs.verifier · src/cardcase/packs/verifier.py ────
MODULES['cardcase.packs.verifier'] = r'''"""Check a pack with nothing but the pack: no database, no network, no Django, and no trust in what lies inside it.

Trust comes from the arguments that the caller brings. Without a key, the best that can be said is that the pack agrees
with itself; whose it is stays open. Usable as ``python -m cardcase.packs.verifier PACK --vkey KEY`` too.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

from cardcase.anchors.rules import policy as policies
from cardcase.custody.rules import note
from cardcase.custody.rules.report import Fault, Level
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from . import bag, check_stamps
from .archive import UnsafeArchive
from .checks import Checker, StampStep
from .findings import Findings, TooMuch
from .rules.trust import Trust

USAGE: Final = 64
"""Exit code of wrong arguments (EX_USAGE of sysexits.h): 2 already says something of the pack."""
_MOST_ROOTS: Final = 64
_MOST_ROOT_BYTES: Final = 1024 * 1024


class Verdict(StrEnum):
    """The one word on a pack."""

    VALID = "valid"
    BELOW_POLICY = "below_policy"
    TAMPERED = "tampered"
    MALFORMED = "malformed"
    INTERNAL = "internal"


EXIT: Final = {
    Verdict.VALID: 0,
    Verdict.TAMPERED: 1,
    Verdict.BELOW_POLICY: 2,
    Verdict.MALFORMED: 3,
    Verdict.INTERNAL: 4,
}
WORDS: Final = {
    Verdict.VALID: Text(
        "有效：包内每一项都对得上，也达到了您的要求。", "Valid: everything fits, and it is what you ask for."
    ),
    Verdict.BELOW_POLICY: Text(
        "前后一致，但没有达到您的要求，见下面标 ? 的各条。",
        "Everything fits together, but it is less than you ask for: see the lines marked ?.",
    ),
    Verdict.TAMPERED: Text("不完好：有被改动的痕迹。", "Tampered: something was changed after sealing."),
    Verdict.MALFORMED: Text("不是可以打开的证据包。", "Malformed: this is no pack that can be opened."),
    Verdict.INTERNAL: Text(
        "核对程序自身出错，对这个包没有结论。", "The checking program itself failed; nothing is said of the pack."
    ),
}
_ORDER: Final = (Level.FAULT, Level.WEAKNESS, Level.NOTE)
_MARKS: Final = {Level.FAULT: "!", Level.WEAKNESS: "?", Level.NOTE: "·"}

LIMITS: Final = (
    Text(
        "不证明记录在写下时属实；只证明写下后没有改动。",
        "It does not prove that the entries were true when written, only that they have not changed since.",
    ),
    Text(
        "没有您认可的第三方时间戳时，时间只出自导出方的时钟；先后次序由编号证明，与时钟无关。",
        "Without a time-stamp of a third party that you trust, times come from the exporter's own clock; the order is "
        "proved by the numbers.",
    ),
    Text(
        "不证明导出方没有另一份不同的记录；把校验点与对方早先发给别人的比对（--previous），或有独立见证人签名，才能看出。",
        "It does not prove that the exporter keeps no other record; compare the checkpoint with those given to others "
        "(--previous), or look for the cosignature of an independent witness.",
    ),
    Text(
        "只涵盖清单列出的对象；别处还有什么，这里看不出。",
        "It covers the listed subjects only; what exists elsewhere cannot be seen here.",
    ),
    Text(
        "PDF 是便于阅读的视图，由签名绑定字节，但未逐字与记录比对；图片里的文字也未检查。",
        "The PDF is a view for reading: its bytes are bound by the seal, but it was not compared with the records word "
        "by word; nor was the text inside pictures checked.",
    ),
)


class WrongArgument(WrongUse):
    """What the reader brings along cannot be read: a key, a policy, roots, an earlier checkpoint. Exit 64."""

    code = "wrong_argument"
    exit_code = USAGE


@dataclass(frozen=True, slots=True)
class Report:
    """What the check of a pack found: the verdict, every finding, and what the pack says it is."""

    verdict: Verdict
    findings: tuple[Fault, ...]
    facts: dict[str, str | int | bool] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """Exit code: 0 valid, 1 tampered, 2 valid but below the policy, 3 malformed or unsafe, 4 internal."""
        return EXIT[self.verdict]

    @property
    def is_intact(self) -> bool:
        """Tell whether the pack was checked to its end and nothing was found that breaks the proof."""
        return self.verdict in (Verdict.VALID, Verdict.BELOW_POLICY)

    def document(self) -> dict[str, object]:
        """Return the report for programs."""
        return {
            "verdict": self.verdict.value,
            "exit_code": self.exit_code,
            "facts": dict(self.facts),
            "findings": [
                {"level": one.level.value, "code": one.code, "place": one.place, "zh": one.text.zh, "en": one.text.en}
                for one in self.findings
            ],
            "does_not_prove": [{"zh": one.zh, "en": one.en} for one in LIMITS],
        }

    def as_text(self) -> str:
        """Return the report for people, in both languages, ending with what it does not prove."""
        words = WORDS[self.verdict]
        lines = [f"{words.zh} / {words.en}"]
        lines += [f"  {name}: {value}" for name, value in self.facts.items()]
        for one in self.findings:
            lines += [f"{_MARKS[one.level]} [{one.code}] {one.place}", f"    {one.text.zh}", f"    {one.text.en}"]
        lines.append("不能证明 / What this does not prove:")
        for limit in LIMITS:
            lines += [f"  - {limit.zh}", f"    {limit.en}"]
        return "\n".join(lines)


# ---- what the reader brings ---------------------------------------------------------------------------------------


def trust_of(
    *,
    vkey: str | None = None,
    policy: Path | None = None,
    tsa_roots: Path | None = None,
    previous: Path | None = None,
) -> Trust:
    """Read the reader's arguments. Raises WrongArgument naming the one that cannot be used."""
    return trust_from(
        vkey=vkey or "",
        policy=_words(policy, policies.MOST_BYTES) if policy else "",
        roots=_roots(tsa_roots) if tsa_roots else (),
        previous=_words(previous, note.MAX_NOTE_BYTES) if previous else "",
    )


def trust_from(*, vkey: str = "", policy: str = "", roots: tuple[bytes, ...] = (), previous: str = "") -> Trust:
    """Read what the reader brings, given as texts. Raises WrongArgument naming the one that cannot be used."""
    return Trust(
        keys=(_key(vkey),) if vkey.strip() else (),
        policy=_policy(policy),
        roots=roots,
        previous=_note(previous) if previous.strip() else "",
    )


def _key(vkey: str) -> note.Verifier:
    try:
        return note.Verifier.parse(vkey)
    except ValueError as error:
        raise WrongArgument(
            "这不是验证公钥",
            "This is no verifier key",
            next=Text(
                "公钥形如 名称+8 位十六进制+base64，整行照抄。",
                "A key reads name+8 hex digits+base64; copy the whole line.",
            ),
            code="bad_vkey",
        ) from error


def _policy(text: str) -> policies.Policy:
    try:
        return policies.read(text.encode("utf-8", "surrogatepass"))
    except policies.BadPolicy as error:
        raise WrongArgument(
            f"核对要求第 {error.line} 行看不懂" if error.line else "核对要求看不懂",
            f"The policy cannot be read: {error}",
            next=Text("写法见手册“记录与证据包”。", "The handbook, page record-and-packs, says how it is written."),
            code="bad_policy",
        ) from error


def _note(text: str) -> str:
    whole = f"{text.strip()}\n"
    try:
        note.Checkpoint.parse(note.split(whole)[0])
    except ValueError as error:
        raise WrongArgument(
            "这不是校验点",
            "This is no checkpoint",
            next=Text(
                "整段照抄：三行文字、一个空行、签名行。", "Copy all of it: three lines, an empty one, the signatures."
            ),
            code="bad_previous",
        ) from error
    return whole


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise _unreadable(path, Text("读不了", "cannot be read")) from error
    if len(data) > most:
        raise _unreadable(path, Text("太大", "is too large"))
    return data


def _words(path: Path, most: int) -> str:
    try:
        return _bytes(path, most).decode()
    except UnicodeDecodeError as error:
        raise _unreadable(path, Text("不是 UTF-8 文本", "is no UTF-8 text")) from error


def _unreadable(path: Path, why: Text) -> WrongArgument:
    return WrongArgument(
        f"用不了 {path}：{why.zh}",
        f"{path} {why.en}",
        next=Text("检查路径和文件。", "Check the path and the file."),
        code="argument_unreadable",
    )


def _roots(folder: Path) -> tuple[bytes, ...]:
    files = sorted(one for one in folder.glob("*") if one.suffix.lower() in (".pem", ".crt", ".cer", ".der", ".crl"))
    if not files or len(files) > _MOST_ROOTS:
        raise WrongArgument(
            f"{folder} 里没有（或有太多）根证书",
            f"{folder} holds no root certificates, or too many",
            next=Text("放入 .pem、.crt、.cer 或 .der 文件。", "Put .pem, .crt, .cer or .der files there."),
            code="no_roots",
        )
    return tuple(_bytes(one, _MOST_ROOT_BYTES) for one in files)


# ---- the check ------------------------------------------------------------------------------------------------------


def verify(path: Path | str, *, vkey: str | None = None, trust: Trust | None = None) -> Report:
    """Check a pack, an archive or the folder that it was unpacked into. Never raises for what the pack holds.

    ``vkey`` is the signer's C2SP verifier key, had from anywhere but the pack; ``trust`` says more than that. Raises
    WrongArgument for a key that is none. Members are streamed: memory does not grow with the pack.
    """
    return check(Path(path), trust or trust_of(vkey=vkey), check_stamps.check)


def check(path: Path, trust: Trust, stamps: StampStep) -> Report:
    """Check a pack with a step of one's own for tokens and cosignatures."""
    try:
        opened = bag.open_bag(path)
    except UnsafeArchive as unsafe:
        return _malformed(unsafe)
    except Exception as error:  # noqa: BLE001 - whatever breaks here is our own fault, and not the pack's
        return _internal(error)
    checker = Checker(opened, trust, stamps)
    is_pack = True
    try:
        is_pack = checker.run()
    except UnsafeArchive as unsafe:
        return _malformed(unsafe, *checker.findings.all)
    except TooMuch:
        pass
    except Exception as error:  # noqa: BLE001 - as above
        return _internal(error)
    finally:
        opened.close()
    found = sorted(checker.findings.all, key=lambda one: _ORDER.index(one.level))  # what weighs most comes first
    return Report(_verdict(checker.findings, is_pack=is_pack), tuple(found), checker.facts)


def _verdict(findings: Findings, *, is_pack: bool) -> Verdict:
    if not is_pack:
        return Verdict.MALFORMED
    if findings.has_fault:
        return Verdict.TAMPERED
    is_weak = any(one.level is Level.WEAKNESS for one in findings.all)
    return Verdict.BELOW_POLICY if is_weak else Verdict.VALID


def _malformed(unsafe: UnsafeArchive, *before: Fault) -> Report:
    return Report(Verdict.MALFORMED, (*before, Fault(unsafe.code, unsafe.place, unsafe.text)))


def _internal(error: Exception) -> Report:
    kind = type(error).__name__
    fault = Fault(
        "internal",
        "verifier",
        Text(f"核对时出了意外（{kind}）；请报告这个问题", f"The check broke down ({kind}); please report it"),
    )
    return Report(Verdict.INTERNAL, (fault,))


# ---- as a program ---------------------------------------------------------------------------------------------------


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the pack named on the command line and print the report; return the exit code."""
    parser = _Arguments(
        prog="cardcase-verify",
        description="离线核对证据包 / check an evidence pack offline. "
        "Exit: 0 valid, 1 tampered, 2 valid but below policy, 3 malformed or unsafe, 4 internal, 64 wrong use.",
    )
    parser.add_argument("pack", type=Path, help="ZIP 或已解开的目录 / ZIP file or unpacked folder")
    parser.add_argument("--vkey", help="对方公布的验证公钥 / the signer's published verifier key")
    parser.add_argument("--policy", type=Path, help="您的要求（文本文件） / what you ask for, a text file")
    parser.add_argument("--tsa-roots", type=Path, help="您认可的时间戳根证书目录 / folder of roots that you trust")
    parser.add_argument("--previous", type=Path, help="早先得到的校验点 / a checkpoint that you were given earlier")
    parser.add_argument("--json", action="store_true", help="只输出 JSON / print JSON and nothing else")
    told = parser.parse_args(arguments)
    try:
        trust = trust_of(vkey=told.vkey, policy=told.policy, tsa_roots=told.tsa_roots, previous=told.previous)
    except WrongUse as wrong:
        sys.stderr.write(f"{wrong}\n")
        return wrong.exit_code
    report = verify(told.pack, trust=trust)
    said = json.dumps(report.document(), ensure_ascii=False, indent=2) if told.json else report.as_text()
    sys.stdout.write(f"{said}\n")
    return report.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
'''


def _load():
    """Bring the modules up in their order, under their own names."""
    for name, source in MODULES.items():
        module = types.ModuleType(name)
        if name in PACKAGES:
            module.__path__ = []
        module.__package__ = name if name in PACKAGES else name.rpartition(".")[0]
        module.__file__ = f"<{name}>"
        sys.modules[name] = module
        linecache.cache[f"<{name}>"] = (len(source), None, source.splitlines(True), f"<{name}>")
        exec(compile(source, f"<{name}>", "exec"), module.__dict__)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
    return sys.modules[ENTRY]


def _require():
    """Say in both languages what is missing on this machine."""
    if sys.version_info < (3, 11):
        sys.stderr.write("需要 Python 3.11 或更新版本 / Python 3.11 or later is needed\n")
        sys.exit(4)
    try:
        import cryptography
    except ImportError:
        sys.stderr.write("缺少 cryptography：pip install cryptography / The package cryptography is missing\n")
        sys.exit(4)
    if int(cryptography.__version__.partition(".")[0]) < OLDEST:
        sys.stderr.write(f"cryptography 太旧，需要 {OLDEST} 或更新 / cryptography {OLDEST} or later is needed\n")
        sys.exit(4)


_require()
_verifier = _load()
verify, trust_of, main = _verifier.verify, _verifier.trust_of, _verifier.main

if __name__ == "__main__":
    for _stream in (sys.stdout, sys.stderr):
        _stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())
