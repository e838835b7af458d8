"""Key-encryption keys in the ring file itself: AES key wrap (RFC 3394), which also notices what was changed."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from .errors import VaultKeyMissing
from .ring import FINGERPRINT, KeyRing

WRAPPED: Final = 40
"""RFC 3394 adds eight bytes to the thirty-two."""


class FileKeys:
    """The KeyWrapper of keys that stand in ``vault.json``."""

    mark = b"CV1"

    def __init__(self, ring: KeyRing) -> None:
        self._keys = ring.own
        self.current = ring.current if ring.current in ring.own else None
        self.versions: Mapping[int, bytes] = {version: fingerprint(key) for version, key in ring.own.items()}

    def wrap_many(self, keys: Sequence[bytes]) -> list[bytes]:
        """Wrap data keys under the current key."""
        wrapping = self._key(self.current or 0)
        return [aes_key_wrap(wrapping, key) for key in keys]

    def unwrap_many(self, version: int, wrapped: Sequence[bytes]) -> list[bytes | None]:
        """Unwrap data keys; the integrity check of RFC 3394 tells what was changed."""
        wrapping = self._key(version)
        return [_unwrap(wrapping, one) for one in wrapped]

    def renew_many(self, version: int, wrapped: Sequence[bytes]) -> list[bytes | None]:
        """Wrap anew: both keys are here."""
        old, new = self._key(version), self._key(self.current or 0)
        keys = [_unwrap(old, one) for one in wrapped]
        return [None if key is None else aes_key_wrap(new, key) for key in keys]

    def _key(self, version: int) -> bytes:
        if version not in self._keys:
            raise VaultKeyMissing(version)
        return self._keys[version]


def fingerprint(key: bytes) -> bytes:
    """Return the first bytes of the key's SHA-256: tells a lost or foreign key from a damaged value."""
    return sha256(key).digest()[:FINGERPRINT]


def _unwrap(wrapping: bytes, wrapped: bytes) -> bytes | None:
    if len(wrapped) != WRAPPED:
        return None
    try:
        return aes_key_unwrap(wrapping, wrapped)
    except InvalidUnwrap:
        return None
