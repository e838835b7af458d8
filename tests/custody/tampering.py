"""A record to be tampered with, and hands that change it the way somebody with database and files would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from cardcase.custody import guards, queries, service
from cardcase.custody.models import Checkpoint, Entry, Head, Opening
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import merkle
from cardcase.custody.rules.report import LedgerReport

SIGNED, TURNED, LAST, SIZE = 25, 35, 44, 49
"""First signed size; the entry that turns the key; the last signed size; all entries."""
SEQS = (0, 7, SIGNED - 1, SIGNED, TURNED, LAST - 1, LAST, SIZE - 1)
"""Entries that every kind of change is tried on: ends, and both sides of each signed size."""


@dataclass(frozen=True)
class Change:
    """One thing done to the record: what, how, and the first entry that must be named (None: it is no entry's fault)."""

    what: str
    do: Callable[[], object]
    first: int | None = None
    is_noted: bool = False  # found, but no fault: it breaks no proof


def build(owner, noon) -> None:
    """Write 49 entries: 25 signed, a new key at 35, 44 signed, the rest not yet."""

    def fill(start: int, end: int) -> None:
        records = []
        for n in range(start, end):
            contents = [service.Content("note", f"第 {n} 条".encode())] if n % 3 == 0 else []
            contents += [service.Content(f"exhibit/ev_{n}", bytes(40), keep=False)] if n % 5 == 0 else []
            records.append(service.Record("case.opened", f"case_{n % 5}", noon, {"n": n}, contents))
        service.append_many(owner, records)

    fill(1, SIGNED)
    service.checkpoint(owner, at=noon)
    fill(SIGNED, TURNED)
    service.rotate_key(owner, "x", at=noon)
    fill(TURNED + 1, LAST)
    service.checkpoint(owner, at=noon)
    fill(LAST, SIZE)
    assert queries.verify_all().faults == ()
    assert [one.code for one in queries.verify_all().notes] == ["unanchored"]


def drop_guards() -> None:
    """Take away what guards against mistakes: triggers, and on PostgreSQL the foreign keys' too."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        for name, _, table, _ in guards._triggers(connection.vendor):
            cursor.execute(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {table}"))


@contextmanager
def undone(folder: Path) -> Iterator[None]:
    """Put database and files back afterwards."""
    kept = {path: path.read_bytes() for path in folder.glob("head.*")}
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    for path in folder.glob("head.*"):
        path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)


def judge(changes: Iterator[Change], folder: Path, *, copies: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """Make each change alone; return how many there were, and those that were missed or blamed on another entry."""
    count, missed = 0, []
    known = {one.code for one in queries.verify_all(copies=copies).notes} | {"guard_missing"}
    for change in changes:
        count += 1
        with undone(folder):
            change.do()
            report = queries.verify_all(copies=copies)
        if not is_found(change, report, known):
            codes = [one.code for one in (*report.faults, *report.notes)]
            missed.append(f"{change.what}: first bad {report.first_bad}, expected {change.first}; {codes}")
    return count, missed


def is_found(change: Change, report: LedgerReport, known: set[str]) -> bool:
    if change.is_noted:
        return bool({one.code for one in report.notes} - known) and report.faults == ()
    return not report.is_intact and report.first_bad == change.first


def sql(statement: str, *values: Any) -> Callable[[], object]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return run


def flipped(data: bytes, at: int, bit: int = 1) -> bytes:
    bent = bytearray(data)
    bent[at] ^= bit
    return bytes(bent)


def entry(seq: int) -> Entry:
    return Entry.objects.get(seq=seq)


def openings_of(seq: int):
    """The rows that open the contents of an entry."""
    return Opening.objects.filter(id__range=(form.opening_id(seq, 0), form.opening_id(seq, form.PLACES - 1)))


def data_of(seq: int) -> bytes:
    return bytes(entry(seq).data)


def rebuild(size: int) -> None:
    """Make leaves, nodes and head fit the entries below ``size`` again, as a careful forger does; drop the rest."""
    Opening.objects.filter(id__gte=form.opening_id(size, 0)).delete()
    Entry.objects.filter(seq__gte=size).delete()
    tree = merkle.Growth()
    for row in Entry.objects.order_by("seq"):
        row.leaf = merkle.leaf_hash(bytes(row.data))
        row.nodes = tree.add(row.leaf)
        row.save(update_fields=["leaf", "nodes"])
    Head.objects.update(size=size, peaks=tree.peaks)
    Checkpoint.objects.filter(size__gt=size).delete()
