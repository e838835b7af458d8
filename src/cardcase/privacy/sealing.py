"""Locking away under a key of two halves, so that destroying either makes what is locked away unreadable for ever.

One half is sealed by the vault and stands in the row; the other is a file in the folder of the keys. A copy of the
database holds only the first, a copy of the keys only the second: when the file is destroyed, no old copy of the
database opens what was locked away when it was made (custody.md §5, crypto-shredding).
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from cardcase.cards import vault
from cardcase.custody import keys
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text

FOLDER: Final = "privacy"
_NONCE: Final = 12
_ABOUT: Final = b"cardcase-privacy/1|"


class LockedForGood(Problem):
    """What was locked away cannot be opened: half of its key is gone, or it was changed."""

    code = "locked_for_good"
    status = 500


def new_key(shop_id: int, removal: str) -> tuple[bytes, bytes]:
    """Make a key; return it and its sealed half. The other half is on the disk before this returns."""
    mine, other = os.urandom(32), os.urandom(32)
    keys.replace(half_of(removal), other)  # one that lies there is of an attempt that was never committed
    return _joined(mine, other), vault.seal(mine, context=_context(shop_id, removal))


def key_of(shop_id: int, removal: str, key_half: bytes) -> bytes:
    """Return the key again. Raises LockedForGood without the other half, and what opening raises."""
    try:
        other = half_of(removal).read_bytes()
    except FileNotFoundError:
        raise locked() from None
    return _joined(vault.open_sealed(bytes(key_half), context=_context(shop_id, removal)), other)


def half_of(removal: str) -> Path:
    """Return where the file half of a key lies."""
    return Path(settings.CARDCASE.keys) / FOLDER / f"{removal}.half"


def halves() -> Iterator[tuple[str, float]]:
    """Go through the file halves there are: of which removal, and when it was written (seconds)."""
    for path in sorted((Path(settings.CARDCASE.keys) / FOLDER).glob("*.half")):
        yield path.stem, path.stat().st_mtime


def destroy(removal: str) -> None:
    """Destroy the file half of a key. Again is no error."""
    keys.overwrite(half_of(removal))


def lock(key: bytes, data: bytes, *, about: str) -> bytes:
    """Encrypt bytes (AES-256-GCM); ``about`` says what they are and must be the same when they are opened."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, _ABOUT + about.encode())


def unlock(key: bytes, locked_data: bytes, *, about: str) -> bytes:
    """Open what ``lock`` made. Raises LockedForGood."""
    try:
        return AESGCM(key).decrypt(locked_data[:_NONCE], locked_data[_NONCE:], _ABOUT + about.encode())
    except InvalidTag:
        raise locked() from None


def locked() -> LockedForGood:
    """Return the refusal of what cannot be opened any more."""
    return LockedForGood(
        "限制处理的资料打不开：密钥缺了一半，或者内容变了",
        "What was locked away cannot be opened: half of its key is missing, or it was changed",
        next=Text(
            "从密钥目录的备份恢复 privacy/ 里的文件；没有备份就只能删除。",
            "Restore the file in privacy/ from a backup of the folder of the keys; without one it can only be erased.",
        ),
    )


def _joined(mine: bytes, other: bytes) -> bytes:
    return hashlib.sha256(_ABOUT + mine + other).digest()


def _context(shop_id: int, removal: str) -> str:
    return f"{shop_id}|{removal}|privacy|1"
