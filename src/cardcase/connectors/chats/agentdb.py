"""XianyuAutoAgent's chat database: one table `messages`, read without ever letting the file run anything.

The database is a stranger's file. It is opened read-only from a private copy (on Linux in memory, so that no plain
text reaches a disk); a fixed SELECT is the only statement, an authoriser denies everything else, a progress handler
stops a file that is made to loop, and the text taken out of it is capped.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from cardcase.connectors.limits import FILE_BYTES, TEXT_ROWS

MAGIC: Final = b"SQLite format 3\0"
_WRITE_VERSION, _READ_VERSION = 18, 19
_STEPS: Final = 200_000
"""Virtual-machine steps between two looks of the progress handler."""
_LOOKS: Final = 2_000
"""Looks after which reading is stopped: 400 million steps, minutes of work; 200,000 honest rows need 20 million."""
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA})
_IN_MEMORY: Final = "/dev/shm"  # noqa: S108 - a private folder with a random name is made in it
_COLUMNS: Final = ("id", "user_id", "item_id", "role", "content", "timestamp", "chat_id")


@dataclass(frozen=True, slots=True)
class Saved:
    """One row of the table, as it came. ``row`` counts in the order of the table."""

    row: int
    user_id: Any
    item_id: Any
    role: Any
    content: Any
    timestamp: Any
    chat_id: Any


class DatabaseTrouble(Exception):  # noqa: N818 - the caller turns it into a finding
    """The database cannot be read. ``code`` is a key of `findings.WORDS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def rows(data: bytes) -> tuple[list[Saved], str]:
    """Return the rows of the messages table in their order, and the code of what kept the rest from being read.

    A damaged page costs the rows on it and behind it, not those before; a table of too many rows gives none.
    """
    found: list[Saved] = []
    image = bytearray(data)
    if len(image) > _READ_VERSION:
        # A copy taken while WAL was on says so in its header; without its -wal file it opens as a plain database only.
        image[_WRITE_VERSION] = image[_READ_VERSION] = 1
    try:
        with _opened(bytes(image)) as connection:
            for saved in _select(connection):
                found.append(saved)  # noqa: PERF402 - what was read before an error must stay
    except DatabaseTrouble as trouble:
        return [], trouble.code
    except (sqlite3.Error, OSError, OverflowError, MemoryError):
        return found, "database_broken"
    return found, ""


@contextmanager
def _opened(image: bytes) -> Iterator[sqlite3.Connection]:
    """Open a database read-only, immutable, and with everything switched off that a SELECT does not need."""
    with _as_file(image) as path:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA query_only = ON")
            connection.text_factory = _text
            connection.set_progress_handler(_Stopper().look, _STEPS)
            connection.set_authorizer(_allow)
            yield connection
        finally:
            connection.close()


@contextmanager
def _as_file(image: bytes) -> Iterator[str]:
    """Give bytes a path: a private file in memory where the system has such a folder, removed at once afterwards."""
    folder = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=folder) as private:
        path = os.path.join(private, "chat.db")  # noqa: PTH118 - goes into a URI as text
        with open(path, "wb", opener=_private) as stream:
            stream.write(image)
        yield path.replace("\\", "/").replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _allow(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


class _Stopper:
    """Counts the looks of the progress handler and stops the statement when there are too many."""

    def __init__(self) -> None:
        self._looks = 0

    def look(self) -> int:
        """Return 1 to stop."""
        self._looks += 1
        return int(self._looks > _LOOKS)


def _select(connection: sqlite3.Connection) -> Iterator[Saved]:
    found = connection.execute(
        "SELECT type, sql FROM sqlite_master WHERE name = 'messages'"  # a view or virtual table could run anything
    ).fetchall()
    if len(found) != 1 or found[0][0] != "table" or str(found[0][1]).lstrip().lower().startswith("create virtual"):
        raise DatabaseTrouble("database_unknown")
    present = [row[1] for row in connection.execute("PRAGMA table_info('messages')")]
    if not {"user_id", "role", "content"} <= set(present):
        raise DatabaseTrouble("database_unknown")
    wanted = ", ".join(name if name in present else f"NULL AS {name}" for name in _COLUMNS)
    order = "id" if "id" in present else "rowid"
    query = f"SELECT {wanted} FROM messages ORDER BY {order} LIMIT {TEXT_ROWS + 1}"  # noqa: S608 - names of our own list
    size = 0
    for number, (_, user_id, item_id, role, content, timestamp, chat_id) in enumerate(connection.execute(query), 1):
        if number > TEXT_ROWS:
            raise DatabaseTrouble("too_many_rows")
        size += len(content) if isinstance(content, str | bytes) else 0
        if size > FILE_BYTES * 2:  # pages that point at each other give out more than the file holds
            raise sqlite3.DatabaseError
        yield Saved(number, user_id, item_id, role, content, timestamp, chat_id)
