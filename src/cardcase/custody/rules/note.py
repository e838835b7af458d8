"""Signed notes and checkpoints after C2SP (signed-note, tlog-checkpoint, read at 5ba5ee83), Ed25519 only.

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
