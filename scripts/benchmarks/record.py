"""Benchmarks of the record: durable appends beside plain SQLite, turn by turn, and the check of all of it."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from measure import Row, boot, row

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
ENTRIES = 100_000
PLAIN = (
    "plain sqlite3, no framework: one row with the very same bytes (entry, hashes, sealed facts) and the index by "
    "subject and count, WAL, synchronous=FULL, one commit a batch; the middle one of the rounds, turn by turn"
)


class Plain:
    """A table without a record's proof: takes the rows that the record just took."""

    def __init__(self) -> None:
        from django.db import connection

        driver: Any = connection.Database  # type: ignore[attr-defined]  # the very SQLite that the product runs on
        self._file = driver.connect(str(Path(os.environ["CARDCASE_DATA"]) / "plain.sqlite3"), isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")
        self._file.execute(
            "CREATE TABLE plain (seq integer PRIMARY KEY, data blob, leaf blob, nodes blob, subject text, cseq integer,"
            " kind text, at text, shop integer, key_id integer, sealed blob)"
        )
        self._file.execute("CREATE UNIQUE INDEX counted ON plain (subject, cseq)")
        self._file.execute("CREATE INDEX by_shop ON plain (shop, seq)")
        self._last = -1

    def rows(self) -> list[tuple[Any, ...]]:
        """Return what the record took since the last call, as rows for the plain table."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e.seq, e.data, e.leaf, e.nodes, e.subject, e.cseq, e.kind, CAST(e.at AS text), e.shop_id,"
                " o.key_id, o.sealed FROM custody_entry e JOIN custody_opening o ON o.id = e.seq * 256"
                " WHERE e.seq > %s ORDER BY e.seq",
                [self._last],
            )
            found: list[tuple[Any, ...]] = cursor.fetchall()
        self._last = found[-1][0]
        return found

    def insert(self, rows: list[tuple[Any, ...]], batch: int) -> float:
        """Insert them, one commit a batch; return seconds."""
        statement = f"INSERT INTO plain VALUES ({','.join('?' * 11)})"
        started = time.perf_counter()
        for start in range(0, len(rows), batch):
            self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany(statement, rows[start : start + batch])
            self._file.execute("COMMIT")
        return time.perf_counter() - started


@contextmanager
def timed() -> Iterator[list[float]]:
    spent: list[float] = []
    started = time.perf_counter()
    yield spent
    spent.append(time.perf_counter() - started)


def append_record() -> list[Row]:
    """Append as the product's verbs do, a transaction each, beside plain inserts of the same bytes."""
    actor = boot()
    from django.db import transaction

    from cardcase.custody import service

    with transaction.atomic():
        service.append(actor, _record(service, 0))
    plain = Plain()
    plain.insert(plain.rows(), 1)
    told = []
    number = 0
    for batch, count, rounds, goal in ((1, 100, 31, 0.7), (10_000, 10_000, 9, 0.35)):
        seen = []
        for _ in range(rounds):
            records = [_record(service, number + n) for n in range(count)]
            number += count
            with timed() as ours:
                for start in range(0, count, batch):
                    with transaction.atomic():
                        service.append_many(actor, records[start : start + batch])
            theirs = plain.insert(plain.rows(), batch)
            seen.append((theirs / ours[0], count / ours[0], count / theirs))
        ratio, ours_rate, plain_rate = sorted(seen)[len(seen) // 2]
        told.append(
            row(
                f"Durable append to the record, batches of {batch:,}",
                f"{ours_rate:,.0f}/s, {ratio:.2f} of plain",
                f"≥ {goal} of plain",
                f"{plain_rate:,.0f}/s: {PLAIN}",
                met=ratio >= goal,
            )
        )
    return told


def _record(service: Any, number: int) -> Any:
    return service.Record("case.noted", f"case_{number % 997}", NOW, {"amount_fen": 19300, "note": f"第 {number} 次"})


def verify_record() -> list[Row]:
    """Check a record of 100,000 entries with their contents, signed every thousand."""
    actor = boot()
    from django.db import transaction

    from cardcase.custody import service
    from cardcase.custody.verification import verify_all

    for start in range(0, ENTRIES, 1000):
        with transaction.atomic():
            service.append_many(actor, [_record(service, start + n) for n in range(1000)])
        service.checkpoint(actor, at=NOW)
    import hashlib

    spent = []
    for _ in range(5):
        with timed() as one:
            report = verify_all()
        assert report.is_intact, report.faults
        spent.append(one[0])
    with timed() as bare:
        for n in range(2 * ENTRIES):
            hashlib.sha256(b"%0500d" % n).digest()
    best = min(spent)
    return [
        row(
            f"Check of the whole record: {report.size:,} entries, {report.checked_contents:,} contents, "
            f"{report.checked_checkpoints} signed heads",
            f"{median(spent):.2f} s (best {best:.2f} s)",
            "≤ 3 s",
            f"the middle one of five; as many hashes of 500 bytes alone: {bare[0]:.2f} s",
            met=median(spent) <= 3,
        )
    ]


BENCHMARKS = {one.__name__: one for one in (append_record, verify_record)}

if __name__ == "__main__":
    print(json.dumps(BENCHMARKS[sys.argv[1]](), ensure_ascii=False))
