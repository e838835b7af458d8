"""The key ring of one installation: ``vault.json`` in the folder of keys, read whole, replaced whole, mode 0600.

It names every key-encryption key by version. A key of the provider ``file`` stands in it; of a key of ``transit`` it
holds only the name. The two keys behind blind index and digest never change; where ``transit`` is current, they lie
in it wrapped by transit, so that the file alone opens nothing.
"""

import base64
import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from cardcase.kit.errors import Refused
from cardcase.kit.text import Text

from .errors import unreadable_ring

KEY: Final = 32
FINGERPRINT: Final = 4
MOST_VERSIONS: Final = 0xFFFF
"""A version takes two bytes in the head of a value."""


@dataclass(frozen=True, slots=True)
class TransitKey:
    """One version of a key that Vault or OpenBao keeps: where the engine is mounted, the key's name, its version."""

    mount: str
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Exported:
    """The last encrypted copy of the ring that was made: when, and which versions it holds."""

    at: datetime
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class KeyRing:
    """The keys of one installation.

    ``index`` and ``digest`` are the keys of the keyed hashes; ``hashing_by`` is the transit version that wraps them, 0
    when they stand here as they are. ``retired`` keeps the fingerprints of keys that were taken out.
    """

    own: Mapping[int, bytes]
    current: int
    index: bytes
    digest: bytes
    transit: Mapping[int, TransitKey] = field(default_factory=dict)
    hashing_by: int = 0
    retired: Mapping[int, bytes] = field(default_factory=dict)
    exported: Exported | None = None

    def __repr__(self) -> str:
        return f"<KeyRing, versions {list(self.versions)}, current {self.current}>"

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions that open values, in order."""
        return tuple(sorted({*self.own, *self.transit}))

    @property
    def leaving(self) -> tuple[int, ...]:
        """Versions that seal nothing any more and are there only for values that were not moved yet."""
        return tuple(version for version in self.versions if version != self.current)

    def next_version(self) -> int:
        """Return a number that no key of this ring ever had. Raises Refused when they are used up."""
        version = max({*self.versions, *self.retired}, default=0) + 1
        if version > MOST_VERSIONS:
            raise Refused(
                "密钥版本号用完了",
                "The numbers of key versions are used up",
                next=Text("请向开发者报告。", "Please report this."),
                code="vault_versions_used_up",
            )
        return version


def path() -> Path:
    """Return where the ring lies."""
    folder: Path = settings.CARDCASE.keys
    return folder / "vault.json"


def present() -> KeyRing | None:
    """Return the ring as it lies on the disk now, None when there is none. Raises Unavailable when it is unreadable.

    Asked anew each time (one ``stat``): another process may have rotated, and a key that has left must not seal.
    """
    where = path()
    try:
        seen = where.stat()
    except FileNotFoundError:
        return None
    return _read(where, seen.st_ino, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4)
def _read(where: Path, _inode: int, _changed: int, _size: int) -> KeyRing:
    try:
        return from_document(json.loads(where.read_text("utf-8")))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        # "from None": a traceback of the JSON reader quotes the document, and the document is keys.
        raise unreadable_ring() from None


def from_document(raw: Mapping[str, Any]) -> KeyRing:
    """Read a ring from its JSON. Raises ValueError, KeyError, TypeError or AttributeError for what is none."""
    exported = raw.get("exported")
    ring = KeyRing(
        own={int(version): base64.b64decode(key, validate=True) for version, key in raw["wrapping"].items()},
        current=int(raw["current"]),
        index=base64.b64decode(raw["index"], validate=True),
        digest=base64.b64decode(raw["digest"], validate=True),
        transit={int(version): TransitKey(**key) for version, key in raw.get("transit", {}).items()},
        hashing_by=int(raw.get("hashing_by", 0)),
        retired={int(version): bytes.fromhex(mark) for version, mark in raw.get("retired", {}).items()},
        exported=Exported(datetime.fromisoformat(exported["at"]), tuple(exported["versions"])) if exported else None,
    )
    if ring.current not in ring.versions or any(len(key) != KEY for key in ring.own.values()):
        raise ValueError("not a key ring")
    return ring


def document(ring: KeyRing) -> dict[str, Any]:
    """Write a ring as JSON. Nothing but its file and its encrypted export may take this."""
    return {
        "wrapping": {str(version): base64.b64encode(key).decode() for version, key in ring.own.items()},
        "transit": {
            str(version): {"mount": key.mount, "name": key.name, "version": key.version}
            for version, key in ring.transit.items()
        },
        "current": ring.current,
        "index": base64.b64encode(ring.index).decode(),
        "digest": base64.b64encode(ring.digest).decode(),
        "hashing_by": ring.hashing_by,
        "retired": {str(version): mark.hex() for version, mark in ring.retired.items()},
        "exported": {"at": ring.exported.at.isoformat(), "versions": list(ring.exported.versions)}
        if ring.exported
        else None,
    }


def make(ring: KeyRing) -> None:
    """Write the first ring. Of two first starts one wins and both read the winner's: a link never overwrites."""
    where = path()
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = _write_aside(where, ring)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(aside, where)
    finally:
        aside.unlink()
    _sync_folder(where.parent)


def replace(ring: KeyRing) -> None:
    """Put a ring in the place of the present one: a reader sees the old or the new, never a part."""
    where = path()
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_aside(where, ring).replace(where)
    _sync_folder(where.parent)


def set_aside() -> Path | None:
    """Keep the present ring under another name beside it, before a foreign one takes its place."""
    where = path()
    if not where.exists():
        return None
    kept = where.with_name(f"vault.replaced.{secrets.token_hex(4)}.json")
    os.link(where, kept)
    _sync_folder(where.parent)
    return kept


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time change the ring; the others wait. Sweeps away what a killed one left half written."""
    folder = path().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        import fcntl
    except ImportError:  # Windows: one seller, one process
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for left in folder.glob("vault.json.*"):
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


def _write_aside(where: Path, ring: KeyRing) -> Path:
    """Write a ring to a file of its own beside the place, readable by its owner only, and flush it to disk."""
    aside = where.with_name(f"{where.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump(document(ring), file)
        file.flush()
        os.fsync(file.fileno())
    return aside


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
