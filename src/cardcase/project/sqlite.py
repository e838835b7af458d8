"""Put a SQLite that is free of the WAL-reset bug (3.7.0-3.51.2) in the place of the system's, where a wheel exists."""

import sys


def use_bundled() -> str:
    """Swap ``sqlite3`` for ``pysqlite3`` when it is installed; return the version that will be used."""
    try:
        import pysqlite3  # type: ignore[import-untyped,unused-ignore]
        from pysqlite3 import dbapi2
    except ImportError:
        import sqlite3

        return sqlite3.sqlite_version
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = dbapi2
    return str(dbapi2.sqlite_version)


def is_affected(version: str) -> bool:
    """Tell whether a version lies in the range of the WAL-reset corruption bug."""
    parts = tuple(int(part) for part in version.split("."))
    return (3, 7, 0) <= parts <= (3, 51, 2)
