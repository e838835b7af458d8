"""Which key the contents of a subject lie under: found, made, and given up for a new one."""

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import sealing
from .models import appending, stored


class Lock(NamedTuple):
    """The key under which a subject's contents are written now."""

    key_id: int
    cipher: AESGCM


def locks(pen: appending.Pen, subjects: Collection[str]) -> Mapping[str, Lock]:
    """Return the lock of each subject, made where there is none that can be used. The caller holds the log's head.

    A key whose other half is not here is let be: it may come back with a backup, and what is told now goes on.
    """
    found: dict[str, Lock] = {}
    for subject, (key_id, half) in appending.subject_keys(pen, subjects).items():
        if half is not None and (cipher := _usable(key_id, half)) is not None:
            found[subject] = Lock(key_id, cipher)
    if len(found) < len(subjects):
        found |= new_locks(pen, [subject for subject in subjects if subject not in found])
    return found


def missing_sheets() -> list[str]:
    """Name the sheets of halves that keys in use need and that are not here, whole."""
    last = appending.last_subject_key(appending.Pen())
    firsts = [first for first in range(0, last + 1, sealing.HALVES) if not sealing.is_whole(first)]
    return [
        sealing.sheet_of(first).name for first in firsts if stored.has_keys_between(first, first + sealing.HALVES - 1)
    ]


def _usable(key_id: int, half: bytes) -> AESGCM | None:
    try:
        return sealing.cipher(key_id, half)
    except sealing.NoSubjectKey:
        return None


def new_locks(pen: appending.Pen, subjects: Collection[str]) -> Mapping[str, Lock]:
    """Give each subject a fresh key, which is its key from now on. The caller holds the log's head."""
    if not subjects:
        return {}
    next_id = appending.last_subject_key(pen) + 1
    made: dict[str, tuple[int, bytes]] = {}
    found: dict[str, Lock] = {}
    for subject in sorted(subjects):
        half = os.urandom(sealing.HALF_BYTES)
        found[subject] = lock = _new(next_id, half)
        made[subject] = lock.key_id, half
        next_id = lock.key_id + 1
    appending.add_subject_keys(pen, made)
    return found


def _new(key_id: int, half: bytes) -> Lock:
    """Take the first number from this one on whose other half is here: a sheet may be lost, a half destroyed."""
    while True:
        if key_id == sealing.first_on_sheet(key_id):
            sealing.prepare(key_id)
        cipher = _usable(key_id, half)
        if cipher is not None:
            return Lock(key_id, cipher)
        key_id = key_id + 1 if sealing.sheet_of(key_id).exists() else sealing.first_on_sheet(key_id + sealing.HALVES)
