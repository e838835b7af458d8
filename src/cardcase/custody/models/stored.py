"""What the log reads and writes for itself: across shops, for nobody. Only this room calls it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from cardcase.kit import clock

from .appending import HeadRow
from .tables import Checkpoint, Content, Entry, Node

_AT_ONCE = 500
"""How many ids go into one question: old SQLite took 999, and longer lists gain nothing."""

EntryRow = tuple[int, bytes, bytes, str, int, str, Any, int | None]
"""(seq, data, leaf, subject, cseq, kind, moment, shop id) of an entry; ``moment_text`` reads the moment."""


class ContentRow(NamedTuple):
    """A content as it lies in its table."""

    entry_id: int
    position: int
    role: str
    mime: str
    salt: bytes | None
    commit: bytes
    body: bytes | None


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut a long list into pieces that fit into one question."""
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))


def head_and_last_seq() -> tuple[HeadRow | None, int | None]:
    """Return the growing end and the number of the last entry, as of one moment."""
    rows = _fetch(
        "SELECT h.origin, h.vkey, h.size, h.peaks, h.pseudonym_key, (SELECT MAX(seq) FROM custody_entry) "
        "FROM custody_head h WHERE h.id = 1",
        (),
    )
    if not rows:
        return None, _fetch("SELECT MAX(seq) FROM custody_entry", ())[0][0]
    *(origin, vkey, size, peaks, pseudonym_key), last = rows[0]
    return HeadRow(origin, vkey, size, bytes(peaks), bytes(pseudonym_key)), last


def last_of_kind(kinds: Sequence[str], subject: str) -> bytes | None:
    """Return the bytes of the last entry of these kinds on a subject."""
    rows = Entry.objects.filter(kind__in=kinds, subject=subject).order_by("-seq")
    data = rows.values_list("data", flat=True).first()
    return None if data is None else bytes(data)


def of_kinds(kinds: Sequence[str], subject: str | None = None) -> list[bytes]:
    """Return the bytes of all entries of these kinds, on one subject or on any, in order."""
    rows = Entry.objects.filter(kind__in=kinds).order_by("seq")
    if subject is not None:
        rows = rows.filter(subject=subject)
    return [bytes(data) for data in rows.values_list("data", flat=True)]


def all_entries(at_once: int) -> Iterator[list[EntryRow]]:
    """Go through the whole log in order, so many entries at a time, past Django's row objects."""
    at = "CAST(at AS text)" if connection.vendor == "sqlite" else "at"
    question = (
        f"SELECT seq, data, leaf, subject, cseq, kind, {at}, shop_id FROM custody_entry "  # noqa: S608 - our own words
        "WHERE seq > %s ORDER BY seq LIMIT %s"
    )
    last = -(2**62)
    while rows := _fetch(question, [last, at_once]):
        yield rows
        last = rows[-1][0]


def moment_text(moment: Any) -> str:
    """Write a moment of ``all_entries`` as a leaf writes it; SQLite keeps it as text, in UTC."""
    if not isinstance(moment, str):
        return clock.iso(moment)
    text = moment.replace(" ", "T")
    return f"{text}Z" if "." in text else f"{text}.000000Z"


def _fetch(question: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        rows: list[Any] = cursor.fetchall()
        return rows


def content_rows(first: int, last: int) -> dict[int, list[ContentRow]]:
    """Return the contents of entries ``first`` to ``last``, in order, by entry."""
    found: dict[int, list[ContentRow]] = {}
    question = (
        'SELECT entry_id, position, role, mime, salt, "commit", body FROM custody_content '
        "WHERE entry_id BETWEEN %s AND %s ORDER BY entry_id, position"
    )
    for row in map(ContentRow._make, _fetch(question, [first, last])):
        found.setdefault(row.entry_id, []).append(row)
    return found


def node_counts() -> tuple[int, dict[int, tuple[int, int]]]:
    """Return the size of the log and, by level, how many nodes are stored and the highest index: of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT size FROM custody_head WHERE id = 1), level, COUNT(*), MAX(idx) "
            "FROM custody_node GROUP BY level ORDER BY level"
        )
        rows = cursor.fetchall()
    return (rows[0][0] or 0 if rows else 0), {level: (count, highest) for _, level, count, highest in rows}


def stray_entries() -> list[int]:
    """Return the numbers of the first few entries that lie outside the head: of one moment."""
    return _stray("SELECT seq FROM custody_entry WHERE seq < 0 OR seq >= ({size}) ORDER BY seq LIMIT 5")


def stray_contents() -> list[int]:
    """Return the numbers of the first few entries that have contents and lie outside the head: of one moment."""
    return _stray(
        "SELECT DISTINCT entry_id FROM custody_content WHERE entry_id < 0 OR entry_id >= ({size}) "
        "ORDER BY entry_id LIMIT 5"
    )


def _stray(sql: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(size="SELECT COALESCE(MAX(size), 0) FROM custody_head WHERE id = 1"))
        return [row[0] for row in cursor.fetchall()]


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
    return dict(
        _fetch("SELECT idx, hash FROM custody_node WHERE level = %s AND idx BETWEEN %s AND %s", [level, first, last])
    )


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


def notes(*, over: int = -1) -> Mapping[int, str]:
    """Return the signed notes by size, in order: all of them, or those of more than ``over`` entries."""
    return dict(Checkpoint.objects.filter(size__gt=over).order_by("size").values_list("size", "note"))


def note_at(size: int) -> str | None:
    """Return the note that was signed at this size."""
    return Checkpoint.objects.filter(size=size).values_list("note", flat=True).first()


def last_note() -> str | None:
    """Return the note of the largest signed head."""
    return Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()


def first_note_over(size: int) -> str | None:
    """Return the note of the smallest signed head with more entries than this."""
    return Checkpoint.objects.filter(size__gt=size).order_by("size").values_list("note", flat=True).first()


def keep_note(size: int, note: str, *, at: datetime) -> None:
    """Keep a signed note."""
    Checkpoint.objects.create(size=size, note=note, signed_at=at)
