"""Encrypting kept files piece by piece: a photo of a scratched card, a screenshot of a balance show the secret.

Each file has a key of its own (AES-256-GCM), which the vault seals for its row. The body is cut into frames; the nonce
of a frame is its number and whether it is the last, so none can be left out, moved or cut off (the STREAM construction:
Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015).
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardcase.cards import vault
from cardcase.cards.vault import SealBroken
from cardcase.custody import files

FRAME: Final = 1024 * 1024
"""Bytes of a frame: what is in memory at a time."""
_TAG: Final = 16


class Use(StrEnum):
    """What a file is kept as; one kept as the one does not open as the other. The values are in what was sealed."""

    PARCEL = "parcel"
    PROOF = "proof"
    EXHIBIT = "exhibit"
    COPY = "copy"  # of an exhibit, covered
    PACK = "pack"

    @property
    def about(self) -> bytes:
        """Return what is authenticated beside each frame."""
        return f"cardcase-{self.value}-file/1".encode()


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file that was kept: hashes of what came and of what lies on the disk, its key under seal, its first bytes."""

    sha256: str
    sealed_sha256: str
    key_sealed: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Lies:
    """Where a sealed file lies, and under what: the hash of what lies on the disk, its key under seal."""

    shop_id: int
    sealed_sha256: str
    key_sealed: bytes
    use: Use


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that was opened: its type, a harmless name, its size, and its bytes in pieces."""

    mime: str
    name: str
    size: int
    pieces: Iterator[bytes]


def keep(
    shop_id: int,
    chunks: Iterable[bytes],
    use: Use,
    *,
    check: Callable[[bytes, int], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> SealedFile:
    """Encrypt and keep a file that comes in pieces. ``check`` gets each frame of it and its size so far.

    Whatever ``check`` raises ends it, and nothing stays. ``announce`` gets the hash of what will lie on the disk before
    it lies there.
    """
    key, digest, size = os.urandom(32), hashlib.sha256(), 0

    def frames() -> Iterator[bytes]:
        nonlocal size
        for frame in _even(chunks):
            digest.update(frame)
            size += len(frame)
            if check is not None:
                check(frame, size)
            yield frame

    sealed = files.keep_stream(_encrypted(AESGCM(key), frames(), use), announce=announce)
    return SealedFile(digest.hexdigest(), sealed, vault.seal(key, context=_context(shop_id, sealed, use)), size)


def opened(shop_id: int, sealed_sha256: str, key_sealed: bytes, use: Use) -> Iterator[bytes]:
    """Open a kept file piece by piece. Only after the record of it is committed. Raises SealBroken, NotFound."""
    return opened_many([Lies(shop_id, sealed_sha256, key_sealed, use)])[0]


def opened_many(lying: Sequence[Lies]) -> list[Iterator[bytes]]:
    """Open several files, each piece by piece: one question to the vault. Raises as ``opened``."""
    contexts = [_context(one.shop_id, one.sealed_sha256, one.use) for one in lying]
    keys = vault.open_many([bytes(one.key_sealed) for one in lying], contexts)
    return [
        _decrypted(AESGCM(key), files.pieces(one.sealed_sha256, FRAME + _TAG), one.use)
        for one, key in zip(lying, keys, strict=True)
    ]


def _decrypted(key: AESGCM, pieces: Iterable[bytes], use: Use) -> Iterator[bytes]:
    try:
        for place, (piece, is_last) in enumerate(_marked(pieces)):
            yield key.decrypt(_nonce(place, is_last=is_last), piece, use.about)
    except InvalidTag:
        raise SealBroken from None


def _encrypted(key: AESGCM, frames: Iterable[bytes], use: Use) -> Iterator[bytes]:
    for place, (frame, is_last) in enumerate(_marked(frames)):
        yield key.encrypt(_nonce(place, is_last=is_last), frame, use.about)


def _even(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut what comes into frames of one size; the last may be shorter. An empty file is one empty frame."""
    held = bytearray()
    has_any = False
    for chunk in chunks:
        held += chunk
        while len(held) >= FRAME:
            yield bytes(held[:FRAME])
            has_any = True
            del held[:FRAME]
    if held or not has_any:
        yield bytes(held)


def _marked(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Tell of each piece whether it is the last."""
    before: bytes | None = None
    for piece in pieces:
        if before is not None:
            yield before, False
        before = piece
    if before is not None:
        yield before, True


def _nonce(place: int, *, is_last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes((is_last,))


def _context(shop_id: int, sealed_sha256: str, use: Use) -> str:
    return f"{shop_id}|{sealed_sha256}|{use.value}|1"
