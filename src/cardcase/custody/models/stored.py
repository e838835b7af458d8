"""What the log reads and writes for itself: across shops, for nobody. Only this room calls it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from .tables import Checkpoint, Content, Entry, Head, Node

_AT_ONCE = 500
"""How many ids go into one question: old SQLite took 999, and longer lists gain nothing."""

_TIPS = """
    SELECT subject, cseq, leaf FROM custody_entry
    WHERE seq IN (SELECT MAX(seq) FROM custody_entry WHERE subject IN ({marks}) GROUP BY subject)
"""
"""Asked before every append: written out, because Django takes longer to put it together than a database to answer."""

EntryRow = tuple[int, bytes, bytes, str, int, str, int | None]
"""(seq, data, leaf, subject, cseq, kind, shop id) of an entry."""


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut a long list into pieces that fit into one question."""
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))


def head() -> Head | None:
    """Return the growing end of the log, or None before the first entry."""
    return Head.objects.filter(pk=1).first()


def lock_head() -> Head | None:
    """Return the growing end, held until the transaction ends."""
    return Head.objects.select_for_update().filter(pk=1).first()


def make_head(origin: str, vkey: str, pseudonym_key: bytes) -> tuple[Head, bool]:
    """Make the growing end unless somebody else just did; return it, held, and whether it was us."""
    defaults = {"origin": origin, "vkey": vkey, "pseudonym_key": pseudonym_key}
    _, is_ours = Head.objects.get_or_create(pk=1, defaults=defaults)
    return Head.objects.select_for_update().get(pk=1), is_ours


def move_head(head: Head) -> None:
    """Write back how far the log has grown. Stands behind every append, and so is written out as ``tips`` is."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE custody_head SET size = %s, peaks = %s WHERE id = 1", [head.size, bytes(head.peaks)])


def last_seq() -> int | None:
    """Return the number of the last entry."""
    return Entry.objects.order_by("-seq").values_list("seq", flat=True).first()


def last_of_kind(kinds: Sequence[str], subject: str) -> bytes | None:
    """Return the bytes of the last entry of these kinds on a subject."""
    rows = Entry.objects.filter(kind__in=kinds, subject=subject).order_by("-seq")
    data = rows.values_list("data", flat=True).first()
    return None if data is None else bytes(data)


def tips(subjects: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Return, for subjects that have entries, how many there are and the leaf hash of the last, in hex."""
    found: dict[str, tuple[int, str]] = {}
    with connection.cursor() as cursor:
        for names in chunks(sorted(subjects)):
            cursor.execute(_TIPS.format(marks=", ".join(["%s"] * len(names))), names)
            found.update({subject: (cseq, bytes(leaf).hex()) for subject, cseq, leaf in cursor.fetchall()})
    return found


def all_entries(at_once: int) -> Iterator[EntryRow]:
    """Go through the whole log in order, a piece at a time."""
    columns = ("seq", "data", "leaf", "subject", "cseq", "kind", "shop_id")
    return Entry.objects.order_by("seq").values_list(*columns).iterator(chunk_size=at_once)


def contents_between(first: int, last: int) -> dict[int, list[Content]]:
    """Return the contents of entries ``first`` to ``last``, in order, by entry."""
    found: dict[int, list[Content]] = {}
    rows = Content.objects.filter(entry__gte=first, entry__lte=last).order_by("entry_id", "position")
    for row in rows.iterator():
        found.setdefault(row.entry_id, []).append(row)
    return found


def contents_of(seqs: Sequence[int]) -> dict[int, list[Content]]:
    """Return the contents of these entries, in order, by entry."""
    found: dict[int, list[Content]] = {}
    for some in chunks(seqs):
        for row in Content.objects.filter(entry__in=some).order_by("entry_id", "position"):
            found.setdefault(row.entry_id, []).append(row)
    return found


def kinds_of(shop_id: int, seqs: Sequence[int]) -> dict[int, str]:
    """Return the kinds of those of these entries that belong to a shop, by number."""
    found: dict[int, str] = {}
    for some in chunks(sorted(set(seqs))):
        found |= dict(Entry.objects.filter(shop=shop_id, seq__in=some).values_list("seq", "kind"))
    return found


def take_out(seqs: Sequence[int]) -> dict[int, list[int]]:
    """Destroy salts and bodies of all contents of these entries; return their positions by entry."""
    positions: dict[int, list[int]] = {}
    for some in chunks(seqs):
        rows = Content.objects.filter(entry__in=some)
        for seq, position in rows.values_list("entry_id", "position"):
            positions.setdefault(seq, []).append(position)
        rows.update(salt=None, body=None)
    return positions


def give_back(seq: int, position: int, salt: bytes | None, body: bytes | None) -> None:
    """Put salt and body of a content back, unless they are there."""
    Content.objects.filter(entry=seq, position=position, salt=None).update(salt=salt, body=body)


def nodes_between(level: int, first: int, last: int) -> dict[int, bytes]:
    """Return the stored hashes of a level from ``first`` to ``last``, by index."""
    rows = Node.objects.filter(level=level, idx__range=(first, last)).values_list("idx", "hash")
    return {index: bytes(digest) for index, digest in rows}


def hashes(level: int, indexes: Sequence[int]) -> dict[int, bytes]:
    """Return the stored hashes of these full nodes, by index; level 0 are the leaves."""
    found: dict[int, bytes] = {}
    for some in chunks(indexes):
        rows = (
            Node.objects.filter(level=level, idx__in=some).values_list("idx", "hash")
            if level
            else Entry.objects.filter(seq__in=some).values_list("seq", "leaf")
        )
        found.update({index: bytes(digest) for index, digest in rows})
    return found


def notes() -> Mapping[int, str]:
    """Return all signed notes by size."""
    return dict(Checkpoint.objects.order_by("size").values_list("size", "note"))


def note_at(size: int) -> str | None:
    """Return the note that was signed at this size."""
    return Checkpoint.objects.filter(size=size).values_list("note", flat=True).first()


def last_note() -> str | None:
    """Return the note of the largest signed head."""
    return Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()


def keep_note(size: int, note: str, *, at: datetime) -> None:
    """Keep a signed note."""
    Checkpoint.objects.create(size=size, note=note, signed_at=at)


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows by the thousand, past Django's row objects: COPY on PostgreSQL, one prepared statement on SQLite.

    The rows hold what the database takes: bytes, integers, texts, and moments through ``adapt_moment``.
    """
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(quote(column) for column in columns)  # noqa: SLF001 - Django's documented model API
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        blanks = ", ".join(["%s"] * len(columns))
        # The driver asks around for an adapter of every value of type bytes, and takes a bytearray as it is: a sixth of
        # the time for rows of hashes.
        plain: list[list[Any]] = [[bytearray(one) if type(one) is bytes else one for one in row] for row in rows]
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({blanks})", plain)  # noqa: S608 - our own names
