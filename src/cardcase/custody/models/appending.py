"""What an append asks of the database and writes into it: few statements, each prepared once.

On SQLite they go to the driver itself: of a durable append of one entry, Django's cursors took more time than the
database. Whoever listens to the statements of a connection hears these too; then they go through Django.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import transaction

from .tables import Head

_HEAD = "SELECT origin, vkey, size, peaks, pseudonym_key FROM custody_head WHERE id = 1"
_HEAD_LOCKED = f"{_HEAD} FOR UPDATE"
_TIP = "SELECT subject, cseq, leaf FROM custody_entry WHERE subject = %s ORDER BY cseq DESC LIMIT 1"
_TIPS = """
    SELECT subject, cseq, leaf FROM custody_entry
    WHERE seq IN (SELECT MAX(seq) FROM custody_entry WHERE subject IN ({marks}) GROUP BY subject)
"""
_SUBJECTS_AT_ONCE = 500


@dataclass(slots=True)
class HeadRow:
    """The growing end of the log as it was read. Only who read it with ``lock_head`` may move it."""

    origin: str
    vkey: str
    size: int
    peaks: bytes
    pseudonym_key: bytes


class Pen:
    """The connection of the caller's transaction, as one append uses it; never kept for the next.

    Speaks to SQLite's driver itself when the transaction is whole and nobody listens to the connection, else through a
    cursor of Django's. Errors are Django's both ways. Raises TransactionManagementError in a broken transaction.
    """

    __slots__ = ("_database", "_driver", "is_postgresql")

    def __init__(self) -> None:
        """Take up the connection of this thread."""
        self._database: Any = transaction.get_connection()
        self.is_postgresql = self._database.vendor == "postgresql"
        self._driver: Any = None
        if self._database.in_atomic_block:  # it is open, then, and this thread's own
            self._database.validate_no_broken_transaction()
            is_heard = self._database.execute_wrappers or self._database.queries_logged
            if self._database.vendor == "sqlite" and not is_heard:
                self._driver = self._database.connection

    def ask(self, question: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows that answer a question; blanks are written ``%s``."""
        if self._driver is not None:
            with self._database.wrap_database_errors:
                found: list[Any] = self._driver.execute(_for_driver(question), values).fetchall()
                return found
        with self._database.cursor() as cursor:
            cursor.execute(question, values)
            rows: list[Any] = cursor.fetchall()
            return rows

    def tell(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry out a statement for each row."""
        if self._driver is not None:
            with self._database.wrap_database_errors:
                self._driver.executemany(_for_driver(statement), rows)
            return
        with self._database.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(statement, rows[0])
            else:
                cursor.executemany(statement, rows)

    def copy(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Hand PostgreSQL rows in one stream."""
        with self._database.cursor() as cursor, cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)


@lru_cache(maxsize=64)
def _for_driver(statement: str) -> str:
    return statement.replace("%s", "?")


class Table(NamedTuple):
    """A table that is written past Django's row objects, and its columns in the order of the rows."""

    name: str
    columns: tuple[str, ...]


ENTRIES = Table("custody_entry", ("seq", "data", "leaf", "subject", "cseq", "kind", "at", "shop_id"))
CONTENTS = Table("custody_content", ("entry_id", "position", "role", "mime", "salt", "commit", "body"))
NODES = Table("custody_node", ("level", "idx", "hash"))
_FEW = 16
"""Rows for which PostgreSQL takes one statement with all of them more quickly than a COPY."""


def read_head() -> HeadRow | None:
    """Return the growing end of the log as it stands, or None before the first entry."""
    return _head(Pen().ask(_HEAD))


def lock_head() -> HeadRow | None:
    """Return the growing end, held until the transaction ends; None before the first entry.

    On SQLite the transaction itself is alone from its beginning.
    """
    pen = Pen()
    return _head(pen.ask(_HEAD_LOCKED if pen.is_postgresql else _HEAD))


def _head(rows: list[Any]) -> HeadRow | None:
    for origin, vkey, size, peaks, pseudonym_key in rows:
        return HeadRow(origin, vkey, size, bytes(peaks), bytes(pseudonym_key))
    return None


def make_head(origin: str, vkey: str, pseudonym_key: bytes) -> tuple[HeadRow, bool]:
    """Make the growing end unless somebody else just did; return it, held, and whether it was us."""
    defaults = {"origin": origin, "vkey": vkey, "pseudonym_key": pseudonym_key}
    _, is_ours = Head.objects.get_or_create(pk=1, defaults=defaults)
    head = lock_head()
    assert head is not None
    return head, is_ours


def rename_head(head: HeadRow) -> None:
    """Write back the name and the key under which the log is signed from now on."""
    Head.objects.filter(pk=1).update(origin=head.origin, vkey=head.vkey)


def move_head(pen: Pen, head: HeadRow) -> None:
    """Write back how far the log has grown."""
    pen.tell("UPDATE custody_head SET size = %s, peaks = %s WHERE id = 1", [(head.size, head.peaks)])


def tips(pen: Pen, subjects: Collection[str]) -> dict[str, tuple[int, str]]:
    """Return, for subjects that have entries, how many there are and the leaf hash of the last, in hex."""
    if len(subjects) == 1:
        rows = pen.ask(_TIP, tuple(subjects))
    else:
        rows, names = [], sorted(subjects)
        for start in range(0, len(names), _SUBJECTS_AT_ONCE):
            some = names[start : start + _SUBJECTS_AT_ONCE]
            rows += pen.ask(_TIPS.format(marks=", ".join(["%s"] * len(some))), some)
    return {subject: (cseq, bytes(leaf).hex()) for subject, cseq, leaf in rows}


def moment_value(pen: Pen, moment: datetime) -> object:
    """Return a moment as the database takes it past Django; ``stored.moment_text`` reads it back. SQLite keeps text."""
    return moment if pen.is_postgresql else str(moment.replace(tzinfo=None))


def insert(pen: Pen, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, by the thousand: COPY on PostgreSQL, one prepared statement on SQLite.

    The rows hold what the database takes: byte arrays, integers, texts, and what ``moment_value`` returns.
    """
    if not rows:
        return
    if not pen.is_postgresql:
        pen.tell(_insertion(table, 1), rows)
    elif len(rows) <= _FEW:
        pen.tell(_insertion(table, len(rows)), [[value for row in rows for value in row]])
    else:
        names = ", ".join(f'"{column}"' for column in table.columns)
        pen.copy(f'COPY "{table.name}" ({names}) FROM STDIN', rows)


@lru_cache(maxsize=256)
def _insertion(table: Table, count: int) -> str:
    names = ", ".join(f'"{column}"' for column in table.columns)
    blanks = "(" + ", ".join(["%s"] * len(table.columns)) + ")"
    return f'INSERT INTO "{table.name}" ({names}) VALUES ' + ", ".join([blanks] * count)  # noqa: S608 - our own names
