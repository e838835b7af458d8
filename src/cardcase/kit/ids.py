"""Identifiers: public ids such as ``case_0190…``, a prefix and a time-ordered UUID (RFC 9562 version 7)."""

import hashlib
import secrets
from datetime import datetime

from . import clock

_RANDOM_BYTES = 10
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""A random digit as the one that names the variant: its two lower bits stay random."""


def public_id(prefix: str) -> str:
    """Make an id that may be shown and linked: a short prefix naming the thing, then 32 hex digits."""
    return public_ids(prefix, 1)[0]


def public_ids(prefix: str, count: int) -> list[str]:
    """Make many ids of one moment, for rows by the thousand: the clock and the source of chance are asked once.

    The digits are a version 7 UUID: 48 bits of milliseconds, 74 random bits. Python 3.11 has none of its own.
    """
    return _ids(prefix, clock.now(), secrets.token_bytes(_RANDOM_BYTES * count).hex())


def derived_id(prefix: str, at: datetime, material: bytes) -> str:
    """Make an id out of a moment and of what it names, without chance: the same twice for the same thing.

    Whoever knows the material can tell the id, so it must never be what keeps a thing from strangers.
    """
    return _ids(prefix, at, hashlib.sha256(material).hexdigest()[: 2 * _RANDOM_BYTES])[0]


def _ids(prefix: str, at: datetime, digits: str) -> list[str]:
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    head = f"{prefix}_{millis:012x}7"
    return [
        f"{head}{digits[here : here + 3]}{_VARIANT[digits[here + 3]]}{digits[here + 4 : here + 19]}"
        for here in range(0, len(digits), 2 * _RANDOM_BYTES)
    ]
