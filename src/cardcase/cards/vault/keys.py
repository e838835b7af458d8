"""The ring put to use: which provider holds which version, adding a key, taking one out, and the keyed hashes' keys."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.conf import settings

from cardcase.kit.errors import Refused
from cardcase.kit.text import Text

from . import ring as rings
from . import transit
from .errors import SealBroken, VaultKeyMissing, unreadable_ring
from .filekeys import FileKeys
from .port import KeyWrapper
from .ring import KEY, Exported, KeyRing
from .transit import TransitKeys

FILE: Final = "file"
TRANSIT: Final = "transit"


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of the ring as people may see it: where its key lives, and whether it seals."""

    version: int
    provider: str
    where: str
    is_current: bool


def ring() -> KeyRing:
    """Return the ring, made on first use. Raises Unavailable when it is unreadable, VaultAway when transit is."""
    found = rings.present()
    if found is None:
        with rings.alone():
            if rings.present() is None:
                rings.make(_first())
        found = rings.present()
    if found is None:  # somebody took it away within the same breath
        raise unreadable_ring()
    return found


@lru_cache(maxsize=4)
def wrappers(of: KeyRing) -> tuple[KeyWrapper, ...]:
    """Return the providers, each with the keys that it holds of a ring."""
    return FileKeys(of), TransitKeys(of)


@lru_cache(maxsize=4)
def sealer(of: KeyRing) -> KeyWrapper:
    """Return the provider that wraps now."""
    return next(wrapper for wrapper in wrappers(of) if wrapper.current is not None)


def held_by(of: KeyRing, mark: bytes, version: int, fingerprint: bytes) -> KeyWrapper | None:
    """Return the provider of the key that a value's head names, None when the ring lacks it."""
    for wrapper in wrappers(of):
        if wrapper.mark == mark and wrapper.versions.get(version) == fingerprint:
            return wrapper
    return None


def holder(of: KeyRing, mark: bytes, version: int, fingerprint: bytes) -> KeyWrapper:
    """Return the provider of the key that a value's head names. Raises VaultKeyMissing when the ring lacks it."""
    found = held_by(of, mark, version, fingerprint)
    if found is None:
        raise VaultKeyMissing(version)
    return found


def key_versions() -> list[KeyVersion]:
    """Describe the keys of the ring, without them."""
    held = ring()
    return [
        KeyVersion(
            version,
            FILE if version in held.own else TRANSIT,
            "vault.json"
            if version in held.own
            else f"{held.transit[version].mount}/{held.transit[version].name}:v{held.transit[version].version}",
            version == held.current,
        )
        for version in held.versions
    ]


def key_version() -> int:
    """Return the version of the key that seals now."""
    return ring().current


def retired() -> list[int]:
    """Return the versions whose keys were taken out of the ring."""
    return sorted(ring().retired)


def exported() -> Exported | None:
    """Return when the ring was last exported and which versions that copy holds, None if it never was."""
    return ring().exported


def note_exported(*, at: datetime) -> None:
    """Remember in the ring that a copy of all its keys was made."""
    with rings.alone():
        held = _held()
        rings.replace(replace(held, exported=Exported(at, held.versions)))


def begin_rotation() -> tuple[int, bool]:
    """Add a key of the provider of the settings and make it current; return its version and whether it is new.

    While older keys are still in the ring the rotation before has not ended, and no further key is added. Old values
    open as before. Raises VaultAway.
    """
    ring()  # made before the lock is taken: making one takes it too
    with rings.alone():
        held = _held()
        if held.leaving:
            return held.current, False
        return _add_key(held), True


def _add_key(held: KeyRing) -> int:
    """Add a wrapping key and make it current; the keys of the keyed hashes are wrapped by it where it is transit's."""
    version = held.next_version()
    index, digest = hash_keys(held)
    if settings.CARDCASE.vault_provider == TRANSIT:
        name = transit.newest(list(held.transit.values()), make=True)
        index, digest = transit.wrap(name, [index, digest])
        grown = replace(
            held,
            transit={**held.transit, version: name},
            current=version,
            index=index,
            digest=digest,
            hashing_by=version,
        )
    else:
        fresh = {**held.own, version: secrets.token_bytes(KEY)}
        grown = replace(held, own=fresh, current=version, index=index, digest=digest, hashing_by=0)
    rings.replace(grown)
    return version


def retire(versions: Collection[int]) -> None:
    """Take keys out of the ring for good. Raises Refused for a key in use.

    Only for a caller that has seen that nothing is under them, and keeps others from sealing (``guard.wait``).
    """
    with rings.alone():
        held = _held()
        if held.current in versions or held.hashing_by in versions:
            raise Refused(
                "正在使用的密钥不能停用",
                "A key in use is not retired",
                next=Text("先运行 cardcase vault rotate。", "Run cardcase vault rotate first."),
                code="vault_key_in_use",
            )
        marks = {version: mark for wrapper in wrappers(held) for version, mark in wrapper.versions.items()}
        rings.replace(
            replace(
                held,
                own={version: key for version, key in held.own.items() if version not in versions},
                transit={version: key for version, key in held.transit.items() if version not in versions},
                retired={**held.retired, **{version: marks[version] for version in versions if version in marks}},
            )
        )


def index_key() -> bytes:
    """Return the key of the blind index."""
    return hash_keys(ring())[0]


def digest_key() -> bytes:
    """Return the key of keyed digests."""
    return hash_keys(ring())[1]


@lru_cache(maxsize=4)
def hash_keys(held: KeyRing) -> tuple[bytes, bytes]:
    """Return the keys of blind index and digest of a ring. Raises VaultAway, VaultKeyMissing, SealBroken."""
    if not held.hashing_by:
        return held.index, held.digest
    name = held.transit.get(held.hashing_by)
    if name is None:
        raise VaultKeyMissing(held.hashing_by)
    index, digest = transit.unwrap(name, [held.index, held.digest], held.hashing_by)
    if index is None or digest is None:
        raise SealBroken
    return index, digest


def _held() -> KeyRing:
    """Return the ring under the lock of ``rings.alone``."""
    found = rings.present()
    if found is None:
        raise unreadable_ring()
    return found


def _first() -> KeyRing:
    index, digest = secrets.token_bytes(KEY), secrets.token_bytes(KEY)
    if settings.CARDCASE.vault_provider == TRANSIT:
        name = transit.newest([], make=True)
        index, digest = transit.wrap(name, [index, digest])
        return KeyRing({}, 1, index, digest, transit={1: name}, hashing_by=1)
    return KeyRing({1: secrets.token_bytes(KEY)}, 1, index, digest)
