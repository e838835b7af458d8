"""What an append asks of the database and writes into it: few statements, each prepared once.

On SQLite they go to the driver itself: of a durable append of one entry, Django's cursors took more time than the
database. Whoever listens to the statements of a connection hears these too; then they go through Django.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import transaction

from .tables import Head

_HEAD = "SELECT origin, vkey, size, peaks, pseudonym_key FROM custody_head WHERE id = 1"
_HEAD_AND_LAST = _HEAD.replace(" FROM", ", (SELECT MAX(seq) FROM custody_entry) FROM", 1)
_HEAD_LOCKED = f"{_HEAD} FOR UPDATE"
_TIP = "SELECT cseq, leaf FROM custody_entry WHERE subject = %s ORDER BY cseq DESC LIMIT 1"
_TIPS = """
    SELECT subject, cseq, leaf FROM custody_entry
    WHERE seq IN (SELECT MAX(seq) FROM custody_entry WHERE subject IN ({marks}) GROUP BY subject)
"""
_KEY = "SELECT id, half FROM custody_subjectkey WHERE subject = %s ORDER BY id DESC LIMIT 1"
_KEYS = """
    SELECT subject, id, half FROM custody_subjectkey
    WHERE id IN (SELECT MAX(id) FROM custody_subjectkey WHERE subject IN ({marks}) GROUP BY subject)
"""
_LAST_KEY = "SELECT COALESCE(MAX(id), -1) FROM custody_subjectkey"
_SUBJECTS_AT_ONCE = 500


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


ENTRIES = Table("custody_entry", ("seq", "data", "leaf", "nodes", "subject", "cseq", "kind", "at", "shop_id"))
OPENINGS = Table("custody_opening", ("id", "key_id", "sealed"))
_SUBJECT_KEYS = Table("custody_subjectkey", ("id", "subject", "half", "is_destroyed"))
_FEW = 16
"""Rows for which PostgreSQL takes one statement with all of them more quickly than a COPY."""


@dataclass(slots=True)
class HeadRow:
    """The growing end of the log as it was read, by which pen. Only who read it with ``lock_head`` may move it."""

    pen: Pen
    origin: str
    vkey: str
    size: int
    peaks: bytes
    pseudonym_key: bytes


def read_head() -> HeadRow | None:
    """Return the growing end of the log as it stands, or None before the first entry."""
    return _head(Pen(), _HEAD)


def read_head_and_last() -> tuple[HeadRow | None, int | None]:
    """Return the growing end and the number of the last entry, as of one moment."""
    pen = Pen()
    for *columns, last in pen.ask(_HEAD_AND_LAST):
        return _row(pen, columns), last
    return None, pen.ask("SELECT MAX(seq) FROM custody_entry")[0][0]


def lock_head() -> HeadRow | None:
    """Return the growing end, held until the transaction ends; None before the first entry.

    On SQLite the transaction itself is alone from its beginning.
    """
    pen = Pen()
    return _head(pen, _HEAD_LOCKED if pen.is_postgresql else _HEAD)


def _head(pen: Pen, question: str) -> HeadRow | None:
    for columns in pen.ask(question):
        return _row(pen, columns)
    return None


def _row(pen: Pen, columns: Sequence[Any]) -> HeadRow:
    origin, vkey, size, peaks, pseudonym_key = columns
    return HeadRow(pen, origin, vkey, size, bytes(peaks), bytes(pseudonym_key))


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


def move_head(head: HeadRow) -> None:
    """Write back how far the log has grown."""
    head.pen.tell("UPDATE custody_head SET size = %s, peaks = %s WHERE id = 1", [(head.size, head.peaks)])


def tips(pen: Pen, subjects: Collection[str]) -> dict[str, tuple[int, str]]:
    """Return, for subjects that have entries, how many there are and the leaf hash of the last, in hex."""
    return {subject: (cseq, bytes(leaf).hex()) for subject, cseq, leaf in _of_each(pen, _TIP, _TIPS, subjects)}


def subject_keys(pen: Pen, subjects: Collection[str]) -> dict[str, tuple[int, bytes | None]]:
    """Return, for subjects that ever had a key, the number of the last and its half; None once it was given up."""
    return {
        subject: (key_id, None if half is None else bytes(half))
        for subject, key_id, half in _of_each(pen, _KEY, _KEYS, subjects)
    }


def _of_each(pen: Pen, of_one: str, of_many: str, subjects: Collection[str]) -> list[Any]:
    if len(subjects) == 1:
        (subject,) = subjects
        return [(subject, *row) for row in pen.ask(of_one, (subject,))]
    rows, names = [], sorted(subjects)
    for start in range(0, len(names), _SUBJECTS_AT_ONCE):
        some = names[start : start + _SUBJECTS_AT_ONCE]
        rows += pen.ask(of_many.format(marks=", ".join(["%s"] * len(some))), some)
    return rows


def last_subject_key(pen: Pen) -> int:
    """Return the number of the last key that any subject got, -1 before the first."""
    last: int = pen.ask(_LAST_KEY)[0][0]
    return last


def add_subject_keys(pen: Pen, keys: Mapping[str, tuple[int, bytes]]) -> None:
    """Write new keys, by subject: (number, half)."""
    rows = [(key_id, subject, bytearray(half), False) for subject, (key_id, half) in keys.items()]
    insert(pen, _SUBJECT_KEYS, rows)


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
