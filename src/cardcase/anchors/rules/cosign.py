"""Cosignatures and the words between a log and its witnesses, after C2SP tlog-cosignature and tlog-witness @5ba5ee83.

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
