"""Keys of the record's subjects: what is told of one case lies under a key of its own that can be destroyed.

Such a key has two halves. One stands in the database (``models.SubjectKey``), the other in a sheet of random bytes in
the folder of the keys. A copy of the database opens nothing by itself; once the half on the sheet is overwritten, no
older copy of the database opens what it held of that subject (custody.md §5, crypto-shredding; decision 0024).

A sheet is written whole, for many subjects to come: the folder of the keys changes only when a sheet is full or a half
is destroyed, so that a copy of it made once a week is good enough to restore from.
"""

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from cardcase.kit.errors import Unavailable
from cardcase.kit.text import Text

from . import keys
from .rules import entry as form

FOLDER: Final = "record"
HALF_BYTES: Final = 32
HALVES: Final = 16_384
"""Halves on a sheet: 512 KiB, written in a few milliseconds. Judgement."""

_ABOUT: Final = b"cardcase-record/1"
_DESTROYED: Final = bytes(HALF_BYTES)
_NONCE: Final = 12
_WITH_BODY: Final = b"\x01"


class NoSubjectKey(Unavailable):
    """Contents of the record cannot be opened: half of their key is not here, or they were changed."""

    code = "no_subject_key"

    def __init__(self) -> None:
        """Say it, and the way out."""
        super().__init__(
            "记录里的一段内容打不开：密钥缺了一半，或者内容变了",
            "A content of the record cannot be opened: half of its key is missing, or it was changed",
            next=Text(
                "从密钥目录的备份恢复 record/ 里的文件，再运行 cardcase ledger verify。",
                "Restore the files in record/ of the folder of the keys from a backup; run cardcase ledger verify.",
            ),
        )


class Opened(NamedTuple):
    """What opens a commitment. ``body`` is None when the bytes live elsewhere, both when the content was taken out."""

    salt: bytes | None
    body: bytes | None


TAKEN_OUT: Final = Opened(None, None)


def sheet_of(key_id: int) -> Path:
    """Return the file in which the other half of a key lies."""
    return Path(settings.CARDCASE.keys) / FOLDER / f"{key_id // HALVES:06d}.halves"


def first_on_sheet(key_id: int) -> int:
    """Return the first number whose half lies on the sheet of this one."""
    return key_id - key_id % HALVES


def is_whole(key_id: int) -> bool:
    """Tell whether the sheet of a key is here, with all its halves."""
    try:
        return sheet_of(key_id).stat().st_size == HALVES * HALF_BYTES
    except FileNotFoundError:
        return False


def prepare(key_id: int) -> None:
    """Write the sheet of a key, durable, unless it is there. Its halves are on the disk before a row names one."""
    path = sheet_of(key_id)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys.write_once(path, os.urandom(HALVES * HALF_BYTES))


def destroy(key_id: int) -> bool:
    """Overwrite the half of a key on its sheet, durable; False when the sheet is not here. Again is no error."""
    try:
        with sheet_of(key_id).open("r+b") as file:
            file.seek(_place(key_id))
            file.write(_DESTROYED)
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return False
    forget()
    return True


def forget() -> None:
    """Let go of the halves and keys that this process has read."""
    _sheet.cache_clear()
    cipher.cache_clear()


def _place(key_id: int) -> int:
    return key_id % HALVES * HALF_BYTES


@lru_cache(maxsize=16)
def _sheet(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoSubjectKey from error


@lru_cache(maxsize=4096)
def cipher(key_id: int, half: bytes) -> AESGCM:
    """Return the cipher of a key whose half in the database is this. Raises NoSubjectKey without the other half."""
    place = _place(key_id)
    other = _sheet(sheet_of(key_id))[place : place + HALF_BYTES]
    if len(other) != HALF_BYTES or other == _DESTROYED:
        raise NoSubjectKey
    return AESGCM(hashlib.sha256(_ABOUT + half + other).digest())


def seal(key: AESGCM, opening_id: int, salt: bytes, body: bytes | None) -> bytes:
    """Encrypt what opens a commitment (AES-256-GCM), to be opened under the same number only.

    The nonce is drawn: a database from yesterday, or a transaction that was undone, gives a number twice.
    """
    nonce = os.urandom(_NONCE)
    told = salt if body is None else b"".join((salt, _WITH_BODY, body))
    return nonce + key.encrypt(nonce, told, _about(opening_id))


def unseal(key: AESGCM, opening_id: int, sealed: bytes) -> Opened:
    """Open what ``seal`` made. Raises NoSubjectKey for what was made otherwise."""
    try:
        told = key.decrypt(sealed[:_NONCE], sealed[_NONCE:], _about(opening_id))
    except (InvalidTag, ValueError) as error:  # cut shorter than a nonce
        raise NoSubjectKey from error
    salt, rest = told[: form.SALT_BYTES], told[form.SALT_BYTES :]
    return Opened(salt, rest[1:] if rest else None)


def _about(opening_id: int) -> bytes:
    return b"%b|%d" % (_ABOUT, opening_id)
