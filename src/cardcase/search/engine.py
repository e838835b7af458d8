"""The index on both databases: write, remove, look. Knows words and numbers, nothing of people's rights or of facts.

SQLite: FTS5 with ``unicode61`` over words of two characters each (``rules.tokens``), without places: asked for the
rarest few words of a question, what has them is compared itself. PostgreSQL: the same words as a tsvector under GIN;
texts too long for its places are kept folded and compared themselves.

Both are slow where nearly everything answers: PostgreSQL reads all of it before it sorts, FTS5 collects all words that
begin with a character. So the newest rows are looked through first, in their order: what is that common stands there.
PostgreSQL then asks for a stretch of days (each row has its day and a half as one more word), and only then for all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper

from . import commonness
from .rules import Question, fold, is_long, tsvector, words_of

TABLE = "search_doc"
_AT_ONCE = 500

_NEWEST = {"sqlite": 3000, "postgresql": 500}
"""Rows that are looked through before the index is asked: about a millisecond."""

_STRETCH = 60
"""How many times as far the stretch of days goes that PostgreSQL is asked for first."""

_MOST_DAYS = 64

_MINUTE = 33 + 4
"""Bits of a number (``rules.places``) below its minute."""

_OF_TIME = (1 << 62) - 1
_DAY_MINUTES = 2048

_SQLITE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(shop_id UNINDEXED, words, columnsize=0, detail=none, tokenize=unicode61)",
    # What is deleted is taken out of the index at once, not only marked: an erased buyer's words must not be left.
    f"INSERT INTO {TABLE}({TABLE}, rank) VALUES('secure-delete', 1)",
)
_POSTGRESQL = (
    f"CREATE TABLE {TABLE} (rowid bigint PRIMARY KEY, shop_id bigint NOT NULL, words tsvector NOT NULL, whole text)",
    f"CREATE INDEX {TABLE}_words ON {TABLE} USING gin (words) WITH (gin_pending_list_limit = 256)",
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


def rename_days(editor: BaseDatabaseSchemaEditor) -> None:
    """Write the days of PostgreSQL's rows as they are written now: they began with a letter, and a term can, too."""
    if editor.connection.vendor == "postgresql":
        day = f"((rowid & {_OF_TIME}) >> {_MINUTE}) / {_DAY_MINUTES}"
        editor.execute(
            f"UPDATE {TABLE} SET words = ts_delete(words, 'd' || {day}) || quote_literal(' ' || {day})::tsvector"  # noqa: S608 - own names
        )


def remove_table(editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the table. For migrations backwards."""
    editor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def write(entries: Iterable[Entry]) -> None:
    """Add rows. Their numbers must not be there. The caller holds the transaction."""
    write_rows((entry.number, entry.shop_id, entry.text) for entry in entries)


def write_rows(told: Iterable[tuple[int, int, str]]) -> None:
    """Do the same with (number, shop, text) for each, where there are thousands."""
    rows = sorted([(number, shop_id, folded) for number, shop_id, text in told if (folded := fold(text))])
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # in order: FTS5 writes its terms out whenever numbers go down
            cursor.executemany(
                f"INSERT INTO {TABLE} (rowid, shop_id, words) VALUES (%s, %s, %s)",  # noqa: S608 - own name
                [(number, shop_id, words_of(folded)) for number, shop_id, folded in rows],
            )
        else:
            cursor.execute(
                f"INSERT INTO {TABLE} (rowid, shop_id, words, whole) SELECT rowid, shop_id, words::tsvector, whole"  # noqa: S608 - own name
                " FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS w(rowid, shop_id, words, whole)",
                [list(column) for column in zip(*[_row(*row) for row in rows], strict=True)],
            )


def _row(number: int, shop_id: int, folded: str) -> tuple[int, int, str, str | None]:
    return (
        number,
        shop_id,
        f"'{_day_word(_day(number))}' {tsvector(folded)}",
        folded.replace("\0", "\ufffd") if is_long(folded) else None,
    )


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
            found: dict[int, tuple[int, str]] = {}
            for start in range(0, len(numbers), _AT_ONCE):
                some = numbers[start : start + _AT_ONCE]
                cursor.execute(f"SELECT rowid, shop_id, words FROM {TABLE} WHERE rowid IN ({_blanks(some)})", some)  # noqa: S608 - own name
                found |= {number: (shop_id, words) for number, shop_id, words in cursor.fetchall()}
            return {
                entry.number
                for entry in entries
                if found.get(entry.number) == (entry.shop_id, words_of(fold(entry.text)))
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
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _in_sqlite(cursor, shop_id, question, span, limit)
        return _in_postgresql(cursor, shop_id, question, span, limit)


def _edge(cursor: CursorWrapper, first: int, behind: int) -> int | None:
    """Return the number down to which the newest rows of a span are looked through; None where that is all of it."""
    cursor.execute(
        f"SELECT rowid FROM {TABLE} WHERE rowid BETWEEN %s AND %s ORDER BY rowid DESC LIMIT 1 OFFSET %s",  # noqa: S608 - own name
        [first, behind - 1, _NEWEST[connection.vendor]],
    )
    row = cursor.fetchone()
    return row[0] if row else None


def _found(cursor: CursorWrapper, sql: str, values: Sequence[int | str]) -> list[int]:
    cursor.execute(sql, values)
    return [number for (number,) in cursor.fetchall()]


def _in_sqlite(cursor: CursorWrapper, shop_id: int, question: Question, span: tuple[int, int], limit: int) -> list[int]:
    first, behind = span
    if question.has_single:
        edge = _edge(cursor, first, behind)
        pieces = question.pieces()
        newest = _found(
            cursor,
            f"SELECT rowid FROM {TABLE} WHERE rowid BETWEEN %s AND %s AND shop_id = %s"  # noqa: S608 - own name
            f"{' AND instr(words, %s) > 0' * len(pieces)} ORDER BY rowid DESC LIMIT %s",
            [first if edge is None else edge, behind - 1, shop_id, *pieces, limit],
        )
        if edge is None or len(newest) == limit:
            return newest
    match, pieces = question.fts5(commonness.sample(cursor, TABLE))
    return _found(
        cursor,
        f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s AND rowid BETWEEN %s AND %s AND shop_id = %s"  # noqa: S608 - own name
        f"{' AND instr(words, %s) > 0' * len(pieces)} ORDER BY rowid DESC LIMIT %s",
        [match, first, behind - 1, shop_id, *pieces, limit],
    )


def _in_postgresql(
    cursor: CursorWrapper, shop_id: int, question: Question, span: tuple[int, int], limit: int
) -> list[int]:
    first, behind = span
    literal = " AND ".join(["strpos(whole, %s) > 0"] * len(question.terms))
    answers = (
        "shop_id = %s AND rowid BETWEEN %s AND %s"
        f" AND CASE WHEN whole IS NULL THEN words @@ %s::tsquery ELSE {literal} END"
    )
    terms = [question.tsquery(), *(term.replace("\0", "\ufffd") for term in question.terms)]
    edge = _edge(cursor, first, behind)
    newest = _found(
        cursor,
        f"SELECT rowid FROM {TABLE} WHERE {answers} ORDER BY rowid DESC LIMIT %s",  # noqa: S608 - own names
        [shop_id, first if edge is None else edge, behind - 1, *terms, limit],
    )
    if edge is None or len(newest) == limit:
        return newest
    # MATERIALIZED: sorted afterwards, never walked through in the hope of meeting something common.
    sql = (
        f"WITH found AS MATERIALIZED (SELECT rowid FROM {TABLE} WHERE words @@ %s::tsquery AND {answers})"  # noqa: S608 - own names
        " SELECT rowid FROM found ORDER BY rowid DESC LIMIT %s"
    )
    anywhere = question.tsquery_anywhere()
    top = _top(cursor, first, behind)
    minutes = (_time(top) - _time(edge)) * _STRETCH
    from_day = _day(top) - min(minutes // _DAY_MINUTES + 1, _MOST_DAYS)
    if from_day > _day(first):
        stretch = " | ".join(f"'{_day_word(day)}'" for day in range(from_day, _day(top) + 1))
        start = max(first, (first & ~_OF_TIME) | (from_day * _DAY_MINUTES << _MINUTE))
        found = _found(cursor, sql, [f"({anywhere}) & ({stretch})", shop_id, start, behind - 1, *terms, limit])
        if len(found) == limit:
            return found
    return _found(cursor, sql, [anywhere, shop_id, first, behind - 1, *terms, limit])


def _top(cursor: CursorWrapper, first: int, behind: int) -> int:
    cursor.execute(f"SELECT max(rowid) FROM {TABLE} WHERE rowid BETWEEN %s AND %s", [first, behind - 1])  # noqa: S608 - own name
    (top,) = cursor.fetchone()
    return int(top)


def _time(number: int) -> int:
    return (number & _OF_TIME) >> _MINUTE


def _day(number: int) -> int:
    return _time(number) // _DAY_MINUTES


def _day_word(day: int) -> str:
    """Write a day and a half as a word that no term begins like: terms have no white space at their edges."""
    return f" {day}"


def _blanks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))
