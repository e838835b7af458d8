"""The log's signing key and the small files beside the database: written whole or not at all, readable by us only."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from cardcase.kit.errors import Unavailable
from cardcase.kit.text import Text

from .rules import note

KEY_FILE = "log.key"
NEXT_FILE = "log.next.key"
"""The key that a rotation brings, until a head that both keys signed is on the disk; then it takes the place of the
old one, whose private half is gone with that."""


class NoSigningKey(Unavailable):
    """The key file of the log cannot be read. Reading and appending go on; signing does not."""

    code = "no_signing_key"


def signer(origin: str, *, make: bool = False) -> note.Signer:
    """Return the log's signer under its origin; with ``make``, its key (PKCS 8 PEM, mode 0600) is made when missing.

    Raises NoSigningKey when there is no readable key.
    """
    return _signer(KEY_FILE, origin, make=make)


def next_signer(origin: str, *, make: bool = False) -> note.Signer | None:
    """Return the signer of the key that is to come; None without one, unless ``make`` makes it.

    Raises NoSigningKey when its file is there and cannot be read.
    """
    if not make and not _path(NEXT_FILE).exists():
        return None
    return _signer(NEXT_FILE, origin, make=make)


def signers(origin: str) -> list[note.Signer]:
    """Return every signer whose key can be read here, the one to come first. Never both gone while one takes over."""
    found = []
    for name in (NEXT_FILE, KEY_FILE):  # in this order: what has left the first name stands under the second already
        with contextlib.suppress(NoSigningKey):
            found.append(_signer(name, origin))
    return found


def promote_next() -> None:
    """Put the next key in the place of the present one, in one step; nothing when somebody else just did."""
    path = _path(KEY_FILE)
    with contextlib.suppress(FileNotFoundError):
        _path(NEXT_FILE).replace(path)
    _sync_folder(path.parent)


def discard_next() -> None:
    """Remove a next key that nothing will be signed with."""
    _path(NEXT_FILE).unlink(missing_ok=True)


def _path(name: str) -> Path:
    return Path(settings.CARDCASE.keys) / name


def _signer(name: str, origin: str, *, make: bool = False) -> note.Signer:
    path = _path(name)
    if make and not path.exists():
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_once(path, pem)
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise NoSigningKey(
            f"读不了签名密钥 {path.name}",
            f"The signing key {path.name} cannot be read",
            next=Text(
                "从密钥备份恢复这个文件；找不回来，就由店主运行 cardcase ledger continue。",
                "Restore this file from a backup of the keys; if it is lost, the owner runs cardcase ledger continue.",
            ),
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise NoSigningKey(f"{path.name} 不是 Ed25519 密钥", f"{path.name} is not an Ed25519 key")
    return note.Signer(origin, private)


def write_once(path: Path, data: bytes) -> bool:
    """Create a file with its whole content, durable, mode 0600; tell whether it was us, False when it was there."""
    temporary = write_pieces(path, (data,))
    try:
        return link_once(temporary, path)
    finally:
        temporary.unlink()


def link_once(temporary: Path, path: Path) -> bool:
    """Give a finished file its name, durable; tell whether it was us, False when something has that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    _sync_folder(path.parent)
    return True


def overwrite(path: Path) -> None:
    """Overwrite a file with zeros, durable, and remove it. Nothing happens when it is not there."""
    with contextlib.suppress(FileNotFoundError):
        with path.open("r+b") as file:
            left = file.seek(0, os.SEEK_END)
            file.seek(0)
            while left > 0:
                left -= file.write(_ZEROS[: min(left, len(_ZEROS))])
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _sync_folder(path.parent)


_ZEROS = bytes(1024 * 1024)


def replace(path: Path, data: bytes) -> None:
    """Put a whole new content in the place of a file, durable: a reader sees the old or the new, never a part."""
    write_pieces(path, (data,)).replace(path)
    _sync_folder(path.parent)


def write_pieces(path: Path, pieces: Iterable[bytes]) -> Path:
    """Write a finished file beside a path, durable, mode 0600, under a name of its own; return that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows opens no folders; the rename itself is durable there
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
