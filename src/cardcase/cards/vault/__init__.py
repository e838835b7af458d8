"""Where codes sleep: one random key a value (AES-256-GCM), wrapped by a versioned key-encryption key.

``envelope`` is the form of a sealed value, ``ring`` the file that names the keys, ``port`` what a provider of keys
does: ``filekeys`` (in the ring itself) and ``transit`` (Vault, OpenBao). ``index`` makes the keyed hashes, ``export``
the encrypted copy of the ring. Nothing here logs, and no error carries what it was given.
"""

from .envelope import (
    Head,
    fasten_many,
    head_of,
    loosen_many,
    open_many,
    open_sealed,
    rewrap,
    rewrap_many,
    seal,
    seal_many,
    sealing_head,
)
from .errors import SealBroken, VaultAway, VaultKeyMissing
from .index import blind_index, digester, indexer, keyed_digest
from .keys import key_version

__all__ = [
    "Head",
    "SealBroken",
    "VaultAway",
    "VaultKeyMissing",
    "blind_index",
    "digester",
    "fasten_many",
    "head_of",
    "indexer",
    "key_version",
    "keyed_digest",
    "loosen_many",
    "open_many",
    "open_sealed",
    "rewrap",
    "rewrap_many",
    "seal",
    "seal_many",
    "sealing_head",
]
