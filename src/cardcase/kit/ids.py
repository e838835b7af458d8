"""Identifiers: time-ordered UUIDs (RFC 9562 version 7) and prefixed public ids such as ``case_0190…``."""

import secrets
from uuid import UUID

from . import clock


def uuid7() -> UUID:
    """Make a version 7 UUID: 48 bits of milliseconds, 74 random bits. Python 3.11 has none of its own."""
    millis = int(clock.now().timestamp() * 1000) & ((1 << 48) - 1)
    value = millis << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


def public_id(prefix: str) -> str:
    """Make an id that may be shown and linked: a short prefix naming the thing, then 32 hex digits."""
    return f"{prefix}_{uuid7().hex}"
