"""What the log reads and writes for itself: across shops, for nobody. Only this room calls it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from cardcase.custody.rules import entry as form
from cardcase.custody.rules import merkle
from cardcase.kit import clock

from .tables import Checkpoint, Entry, Opening, SubjectKey

_AT_ONCE = 500
"""How many ids go into one question: old SQLite took 999, and longer lists gain nothing."""

EntryRow = tuple[int, bytes, bytes, bytes, str, int, str, Any, int | None]
"""(seq, data, leaf, nodes, subject, cseq, kind, moment, shop id) of an entry; ``moment_text`` reads the moment."""


class SealedRow(NamedTuple):
    """An opening as it lies in its table, with the half of its key that lies beside it."""

    id: int
    key_id: int
    sealed: bytes | None
    half: bytes | None


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut a long list into pieces that fit into one question."""
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))


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
        f"SELECT seq, data, leaf, nodes, subject, cseq, kind, {at}, shop_id FROM custody_entry "  # noqa: S608 - our own words
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


_SEALED = "SELECT o.id, o.key_id, o.sealed, k.half FROM {rows} LEFT JOIN custody_subjectkey k ON k.id = o.key_id"
_BETWEEN = f"{_SEALED.format(rows='custody_opening o')} WHERE o.id BETWEEN %s AND %s ORDER BY o.id"
_OF_ENTRIES = (
    f"{_SEALED.format(rows='custody_entry e JOIN custody_opening o ON o.id BETWEEN e.seq * %s AND e.seq * %s + %s')} "
    "WHERE e.seq IN ({marks}) ORDER BY o.id"
)


def sealed_between(first: int, last: int) -> list[SealedRow]:
    """Return the openings of entries ``first`` to ``last``, in order."""
    return _sealed(_BETWEEN, [form.opening_id(first, 0), form.opening_id(last, form.PLACES - 1)])


def sealed_of(seqs: Sequence[int]) -> Iterator[SealedRow]:
    """Go through the openings of these entries, in order of the entries' numbers."""
    for some in chunks(sorted(set(seqs))):
        question = _OF_ENTRIES.format(marks=", ".join(["%s"] * len(some)))
        yield from _sealed(question, [form.PLACES, form.PLACES, form.PLACES - 1, *some])


def _sealed(question: str, values: Sequence[int]) -> list[SealedRow]:
    return list(map(SealedRow._make, _fetch(question, values)))


def stray_entries() -> list[int]:
    """Return the numbers of the first few entries that lie outside the head: of one moment."""
    return _stray("SELECT seq FROM custody_entry WHERE seq < 0 OR seq >= ({size}) ORDER BY seq LIMIT 5")


def stray_openings() -> list[int]:
    """Return the numbers of the first few entries that have openings and lie outside the head: of one moment."""
    end = form.opening_id(1, 0)
    found = _stray(f"SELECT id FROM custody_opening WHERE id < 0 OR id >= {end} * ({{size}}) ORDER BY id LIMIT 5")  # noqa: S608 - our own number
    return sorted({form.place_of(opening)[0] for opening in found})


def _stray(sql: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(size="SELECT COALESCE(MAX(size), 0) FROM custody_head WHERE id = 1"))
        return [row[0] for row in cursor.fetchall()]


def kinds_of(shop_id: int, seqs: Sequence[int]) -> dict[int, str]:
    """Return the kinds of those of these entries that belong to a shop, by number."""
    found: dict[int, str] = {}
    for some in chunks(sorted(set(seqs))):
        found |= dict(Entry.objects.filter(shop=shop_id, seq__in=some).values_list("seq", "kind"))
    return found


def data_of(seqs: Sequence[int]) -> dict[int, bytes]:
    """Return the bytes of these entries, by number."""
    return _column("data", seqs)


def seqs_of(subject: str) -> list[int]:
    """Return the numbers of a subject's entries, in order."""
    return list(Entry.objects.filter(subject=subject).order_by("cseq").values_list("seq", flat=True))


def put(openings: Sequence[tuple[int, int, bytes | None]]) -> None:
    """Write openings anew: (number, key, what is sealed; None takes it out)."""
    rows = [Opening(id=opening, key_id=key_id, sealed=sealed) for opening, key_id, sealed in openings]
    Opening.objects.bulk_update(rows, ["key_id", "sealed"], batch_size=_AT_ONCE)


def has_keys_between(first: int, last: int) -> bool:
    """Tell whether any key from ``first`` to ``last`` is in use."""
    return SubjectKey.objects.filter(id__range=(first, last), half__isnull=False).exists()


def subjects_of_keys(key_ids: Sequence[int]) -> dict[int, str]:
    """Return the subjects of keys, by number."""
    found: dict[int, str] = {}
    for some in chunks(key_ids):
        found |= dict(SubjectKey.objects.filter(id__in=some).values_list("id", "subject"))
    return found


def give_up_keys(key_ids: Sequence[int]) -> None:
    """Forget the halves of keys that lie in the database."""
    for some in chunks(key_ids):
        SubjectKey.objects.filter(id__in=some).update(half=None)


def keys_given_up() -> list[int]:
    """Return the numbers of keys that were given up and whose other half was not destroyed yet."""
    return list(SubjectKey.objects.filter(half=None, is_destroyed=False).order_by("id").values_list("id", flat=True))


def keys_destroyed(key_ids: Sequence[int]) -> None:
    """Note that the other halves of keys are gone."""
    for some in chunks(key_ids):
        SubjectKey.objects.filter(id__in=some).update(is_destroyed=True)


def hashes(level: int, indexes: Sequence[int]) -> dict[int, bytes]:
    """Return the stored hashes of these full nodes, by index; level 0 are the leaves."""
    if level == 0:
        return _column("leaf", indexes)
    by_leaf = {merkle.completed_by(level, index): index for index in indexes}
    found = _column("nodes", list(by_leaf))
    wanted = {by_leaf[seq]: merkle.among_completed(level, nodes) for seq, nodes in found.items()}
    return {index: digest for index, digest in wanted.items() if digest}


def _column(name: str, seqs: Sequence[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for some in chunks(seqs):
        rows = Entry.objects.filter(seq__in=some).values_list("seq", name)
        found |= {seq: bytes(value) for seq, value in rows}
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
