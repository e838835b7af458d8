"""Keeping the index in step, inside the transaction that writes the fact. Every verb that writes words calls one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

from django.db import transaction

from cardcase.search import engine
from cardcase.search.rules import Kind, place
from cardcase.search.sources import OF_TABLE, SOURCES

_AT_ONCE = 500


def add(kind: Kind, pks: Iterable[int]) -> None:
    """Let rows be found that were inserted just now. The caller holds the transaction."""
    for some in _batches(pks):
        engine.write(SOURCES[kind].entries(some))


def add_rows(shop_id: int, kind: Kind, rows: Iterable[tuple[int, datetime | None, str]]) -> None:
    """Do the same for (row id, when, text) that the caller has in hand: an import does not read back what it wrote.

    When and text must be what ``sources`` would read, and masked. The caller holds the transaction.
    """
    number = int(kind)
    engine.write_rows((place(number, pk, at), shop_id, text) for pk, at, text in rows)


@contextmanager
def changing(kind: Kind, pks: Iterable[int]) -> Iterator[None]:
    """Change rows inside this block: what the index said of them before goes, what they say afterwards comes in.

    A row that has lost its words is found no more; one that says the same costs two reads and nothing else. All of it
    is one transaction.
    """
    told, source = sorted(set(pks)), SOURCES[kind]
    with transaction.atomic():
        before = [entry for some in _batches(told) for entry in source.entries(some)]
        yield
        after = [entry for some in _batches(told) for entry in source.entries(some)]
        kept = set(before) & set(after)
        engine.remove(entry.number for entry in before if entry not in kept)
        engine.write(entry for entry in after if entry not in kept)


@contextmanager
def changing_tables(rows: Mapping[str, Iterable[int]]) -> Iterator[None]:
    """Do the same for rows of several tables, by label; tables that are not searched are passed over."""
    with ExitStack() as stack:
        for label, pks in rows.items():
            if label in OF_TABLE:
                stack.enter_context(changing(OF_TABLE[label], pks))
        yield


def _batches(pks: Iterable[int]) -> Iterator[Sequence[int]]:
    told = sorted(set(pks))
    for start in range(0, len(told), _AT_ONCE):
        yield told[start : start + _AT_ONCE]
