"""Between those who seal and whoever takes a key away: nobody loses the key of a value that is about to be written.

A transaction that seals may be open for a while, and what it wrote is seen by others only afterwards. On PostgreSQL
it holds a shared advisory lock until its end, and the last look before a key is taken away waits for all of these. On
SQLite every writing transaction is alone from its beginning (BEGIN IMMEDIATE), so the last look only has to be one.
Those who come later read the ring anew and find the key that seals now.
"""

from typing import Final

from django.db import connection

_LOCK: Final = 0x43415244_5641554C
""""CARDVAUL": one number for all of Cardcase; advisory locks of PostgreSQL belong to one database."""


def sealing() -> None:
    """Say, in the transaction that will keep it, that something is about to be sealed."""
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])


def wait() -> None:
    """Wait until every transaction that has sealed is over, and keep new ones from sealing until this one ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
