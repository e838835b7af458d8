"""Identifiers: public ids such as ``case_0190…``, a prefix and a time-ordered UUID (RFC 9562 version 7)."""

import secrets

from . import clock

_RANDOM_BYTES = 10
"""Ten bytes hold the 74 random bits of an id."""


def public_id(prefix: str) -> str:
    """Make an id that may be shown and linked: a short prefix naming the thing, then 32 hex digits."""
    return public_ids(prefix, 1)[0]


def public_ids(prefix: str, count: int) -> list[str]:
    """Make many ids of one moment, for rows by the thousand: the clock and the source of chance are asked once."""
    return [f"{prefix}_{number:032x}" for number in _numbers(count)]


def _numbers(count: int) -> list[int]:
    """Make version 7 UUIDs as numbers: 48 bits of milliseconds, 74 random bits. Python 3.11 has none of its own."""
    millis = int(clock.now().timestamp() * 1000) & ((1 << 48) - 1)
    head = millis << 80 | 0x7 << 76
    chance = secrets.token_bytes(_RANDOM_BYTES * count)
    drawn = (int.from_bytes(chance[at : at + _RANDOM_BYTES]) for at in range(0, len(chance), _RANDOM_BYTES))
    return [head | (bits >> 62 & 0xFFF) << 64 | 0b10 << 62 | bits & ((1 << 62) - 1) for bits in drawn]
