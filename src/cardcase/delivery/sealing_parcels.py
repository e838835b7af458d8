"""Encrypting photos and videos piece by piece: a picture of a scratched card shows its secret.

Each file has a key of its own (AES-256-GCM), which the vault seals for its row. The body is cut into frames; the nonce
of a frame is its number and whether it is the last, so none can be left out, moved or cut off (the STREAM construction:
Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015).
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardcase.cards import vault
from cardcase.cards.vault import SealBroken
from cardcase.custody import files

FRAME: Final = 1024 * 1024
"""Bytes of a frame: what is in memory at a time."""
_TAG: Final = 16
_ABOUT: Final = b"cardcase-parcel-file/1"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file that was kept: hashes of what came and of what lies on the disk, its key under seal, its first bytes."""

    sha256: str
    sealed_sha256: str
    key_sealed: bytes
    size: int


def keep(
    shop_id: int,
    chunks: Iterable[bytes],
    *,
    check: Callable[[bytes, int], None],
    announce: Callable[[str], None],
) -> SealedFile:
    """Encrypt and keep a file that comes in pieces. ``check`` gets its first bytes and, again and again, its size.

    Whatever ``check`` raises ends it, and nothing stays. ``announce`` gets the hash of what will lie on the disk before
    it lies there.
    """
    key, digest, size = os.urandom(32), hashlib.sha256(), 0

    def frames() -> Iterator[bytes]:
        nonlocal size
        for frame in _even(chunks):
            digest.update(frame)
            size += len(frame)
            check(frame, size)
            yield frame

    sealed = files.keep_stream(_encrypted(AESGCM(key), frames()), announce=announce)
    return SealedFile(digest.hexdigest(), sealed, vault.seal(key, context=_context(shop_id, sealed)), size)


def opened(shop_id: int, sealed_sha256: str, key_sealed: bytes) -> Iterator[bytes]:
    """Open a kept file piece by piece. Only after the record of it is committed. Raises SealBroken, NotFound."""
    key = AESGCM(vault.open_sealed(bytes(key_sealed), context=_context(shop_id, sealed_sha256)))
    pieces = files.pieces(sealed_sha256, FRAME + _TAG)

    def reading() -> Iterator[bytes]:
        try:
            for place, (piece, is_last) in enumerate(_marked(pieces)):
                yield key.decrypt(_nonce(place, is_last=is_last), piece, _ABOUT)
        except InvalidTag:
            raise SealBroken from None

    return reading()


def _encrypted(key: AESGCM, frames: Iterable[bytes]) -> Iterator[bytes]:
    for place, (frame, is_last) in enumerate(_marked(frames)):
        yield key.encrypt(_nonce(place, is_last=is_last), frame, _ABOUT)


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


def _context(shop_id: int, sealed_sha256: str) -> str:
    return f"{shop_id}|{sealed_sha256}|parcel|1"
