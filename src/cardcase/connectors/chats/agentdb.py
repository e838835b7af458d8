"""XianyuAutoAgent's chat database: one table `messages`, read without ever letting the file run anything.

The database is a stranger's file. It is opened from memory, so no plain text is written to disk; a fixed SELECT is the
only statement, an authoriser denies everything else, and a progress handler stops a file that is made to loop.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cardcase.connectors.limits import TEXT_ROWS

MAGIC: Final = b"SQLite format 3\0"
_WRITE_VERSION, _READ_VERSION = 18, 19
_STEPS: Final = 200_000
"""Virtual-machine steps between two looks of the progress handler."""
_LOOKS: Final = 2_000
"""Looks after which reading is stopped: 400 million steps, minutes of work; 200,000 honest rows need 20 million."""
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA})
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
    connection = sqlite3.connect(":memory:", cached_statements=0)
    try:
        _open(connection, data)
        for saved in _select(connection):
            found.append(saved)  # noqa: PERF402 - what was read before an error must stay
    except DatabaseTrouble as trouble:
        return [], trouble.code
    except (sqlite3.Error, OverflowError, MemoryError):
        return found, "database_broken"
    finally:
        connection.close()
    return found, ""


def _open(connection: sqlite3.Connection, data: bytes) -> None:
    image = bytearray(data)
    if len(image) > _READ_VERSION:
        # A copy taken while WAL was on says so in its header; from memory it can only be opened as a plain database.
        image[_WRITE_VERSION] = image[_READ_VERSION] = 1
    connection.deserialize(bytes(image))
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA query_only = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1_000_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_VDBE_OP, 25_000)
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    looks = 0

    def stop() -> int:
        nonlocal looks
        looks += 1
        return int(looks > _LOOKS)

    connection.set_progress_handler(stop, _STEPS)
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)


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
    for number, (_, user_id, item_id, role, content, timestamp, chat_id) in enumerate(connection.execute(query), 1):
        if number > TEXT_ROWS:
            raise DatabaseTrouble("too_many_rows")
        yield Saved(number, user_id, item_id, role, content, timestamp, chat_id)
