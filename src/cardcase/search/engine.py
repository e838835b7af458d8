"""The index on both databases: write, remove, look. Knows words and numbers, nothing of shops' rights or of facts.

SQLite: FTS5 with ``unicode61`` over words of one character each (``rules.tokens``), asked by phrase. Its rows are told
apart by number only, so each carries its shop as one more word. PostgreSQL: the same words as a tsvector under GIN;
texts too long for its places are kept folded and compared themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from .rules import Question, fold, is_long, tsvector, words_of

TABLE = "search_doc"
_AT_ONCE = 500

_SQLITE = (
    f'CREATE VIRTUAL TABLE {TABLE} USING fts5(words, columnsize=0, tokenize="unicode61 remove_diacritics 0")',
    # What is deleted is taken out of the index at once, not only marked: an erased buyer's words must not be left.
    f"INSERT INTO {TABLE}({TABLE}, rank) VALUES('secure-delete', 1)",
)
_POSTGRESQL = (
    f"CREATE TABLE {TABLE} (rowid bigint PRIMARY KEY, shop_id bigint NOT NULL, words tsvector NOT NULL, whole text)",
    f"CREATE INDEX {TABLE}_words ON {TABLE} USING gin (words) WITH (fastupdate = off)",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the index to be: its number, its shop, its text as it was written."""

    number: int
    shop_id: int
    text: str


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Create the table. For migrations."""
    for statement in _POSTGRESQL if editor.connection.vendor == "postgresql" else _SQLITE:
        editor.execute(statement)


def remove_table(editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the table. For migrations backwards."""
    editor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def write(entries: Iterable[Entry]) -> None:
    """Add rows. Their numbers must not be there. The caller holds the transaction."""
    rows = sorted((entry.number, entry.shop_id, folded) for entry in entries if (folded := fold(entry.text)))
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # in order: FTS5 writes its terms out whenever numbers go down
            cursor.executemany(
                f"INSERT INTO {TABLE} (rowid, words) VALUES (%s, %s)",  # noqa: S608 - own name
                [(number, f"s{shop_id} {words_of(folded)}") for number, shop_id, folded in rows],
            )
        else:
            cursor.executemany(
                f"INSERT INTO {TABLE} (rowid, shop_id, words, whole) VALUES (%s, %s, %s::tsvector, %s)",  # noqa: S608 - own name
                [_row(*row) for row in rows],
            )


def _row(number: int, shop_id: int, folded: str) -> tuple[int, int, str, str | None]:
    words = words_of(folded)
    return number, shop_id, tsvector(words), folded.replace("\0", "\ufffd") if is_long(words) else None


def remove(numbers: Iterable[int]) -> None:
    """Remove rows. One that is not there is no error. The caller holds the transaction."""
    told = sorted(set(numbers))
    with connection.cursor() as cursor:
        for start in range(0, len(told), _AT_ONCE):
            some = told[start : start + _AT_ONCE]
            cursor.execute(f"DELETE FROM {TABLE} WHERE rowid IN ({_blanks(some)})", some)  # noqa: S608 - own name


def empty() -> None:
    """Remove all rows. The caller holds the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 - own name


def standing(entries: Sequence[Entry]) -> set[int]:
    """Return the numbers of those entries that stand in the index exactly as they should."""
    if not entries:
        return set()
    numbers = [entry.number for entry in entries]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found: dict[int, str] = {}
            for start in range(0, len(numbers), _AT_ONCE):
                some = numbers[start : start + _AT_ONCE]
                cursor.execute(f"SELECT rowid, words FROM {TABLE} WHERE rowid IN ({_blanks(some)})", some)  # noqa: S608 - own name
                found |= dict(cursor.fetchall())
            return {
                entry.number
                for entry in entries
                if found.get(entry.number) == f"s{entry.shop_id} {words_of(fold(entry.text))}"
            }
        rows = [_row(entry.number, entry.shop_id, fold(entry.text)) for entry in entries]
        cursor.execute(
            f"SELECT d.rowid FROM {TABLE} d JOIN unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[])"  # noqa: S608 - own name
            " AS w(rowid, shop_id, words, whole) ON d.rowid = w.rowid AND d.shop_id = w.shop_id"
            " AND d.words = w.words::tsvector AND d.whole IS NOT DISTINCT FROM w.whole",
            [list(column) for column in zip(*rows, strict=True)],
        )
        return {number for (number,) in cursor.fetchall()}


def numbers(*, after: int, limit: int) -> list[int]:
    """Return numbers that stand in the index behind one, upwards: to find those whose row is gone."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid FROM {TABLE} WHERE rowid > %s ORDER BY rowid LIMIT %s", [after, limit])  # noqa: S608 - own name
        return [number for (number,) in cursor.fetchall()]


def look(shop_id: int, question: Question, span: tuple[int, int], *, limit: int) -> list[int]:
    """Return the numbers of what answers a question in a span of numbers, the highest first."""
    first, behind = span
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s AND rowid BETWEEN %s AND %s"  # noqa: S608 - own name
                " ORDER BY rowid DESC LIMIT %s",
                [question.fts5(also=[f"s{shop_id}"]), first, behind - 1, limit],
            )
        else:
            conditions = ["shop_id = %s", "words @@ %s::tsquery", "rowid BETWEEN %s AND %s"]
            values: list[object] = [shop_id, question.tsquery_anywhere(), first, behind - 1]
            literal = " AND ".join(["strpos(whole, %s) > 0"] * len(question.terms))
            conditions.append(f"CASE WHEN whole IS NULL THEN words @@ %s::tsquery ELSE {literal} END")
            values += [question.tsquery(), *(term.replace("\0", "\ufffd") for term in question.terms), limit]
            cursor.execute(
                f"SELECT rowid FROM {TABLE} WHERE {' AND '.join(conditions)} ORDER BY rowid DESC LIMIT %s",  # noqa: S608 - own names
                values,
            )
        return [number for (number,) in cursor.fetchall()]


def _blanks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
