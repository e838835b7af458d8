"""Turning the key under every sealed value, without opening any, and taking the old one away when nothing needs it.

``rotate`` can be killed anywhere and run again: a ring with older keys in it is a rotation that has not ended, values
under the new key are passed over, and the old key goes last. Other processes go on meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from cardcase.cards.models import KeptWrapping
from cardcase.cards.queries import sealed as queries
from cardcase.cards.queries.sealed import SealedPlace
from cardcase.cards.vault import envelope, export, guard, keys
from cardcase.cards.vault.ring import KeyRing
from cardcase.custody import queries as record
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.staff.rules import Actor, Permission

MOST_PASSES: Final = 10
"""Times that all places are gone through: once, and once more for what was written meanwhile under the old key."""

KEPT_AT_ONCE: Final = 200
"""Kept files in one transaction."""

Step = Callable[[int, int, str], None]
"""Called with how many values were looked at, how many there are, and in which place."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: the key that seals now, whether it is new, values moved, keys taken out and left in.

    ``left`` are values that stayed under an old key because they are damaged: their key stays in the ring.
    """

    version: int
    is_new: bool
    moved: int
    retired: tuple[int, ...]
    kept: tuple[int, ...]
    left: int


def rotate(actor: Actor, places: Sequence[SealedPlace], *, at: datetime, step: Step | None = None) -> Rotation:
    """Add a key, make it current, wrap every value's key anew under it, and take the old keys away. For the owner.

    Goes on with a rotation that did not end, without adding a further key. Not one transaction but many: a batch each,
    in which no value is overwritten that somebody else has changed since. Raises NotAllowed, VaultAway.
    """
    actor.require(Permission.MANAGE_SHOP)
    version, is_new = keys.begin_rotation()
    _tell(actor, "vault.rotated", version, at)
    every = [*places, queries.WRAPPINGS]
    moved = 0
    for _ in range(MOST_PASSES):
        wrapped, more = _pass(actor, every, step)
        moved += wrapped
        if not more:
            break
    retired = _retire(actor, every)
    for old in keys.retired():
        _tell(actor, "vault.key_retired", old, at)
    leaving = tuple(key.version for key in keys.key_versions() if not key.is_current)
    return Rotation(version, is_new, moved, retired, leaving, _under(actor, every, leaving) if leaving else 0)


def export_made(actor: Actor, *, to: str, at: datetime) -> None:
    """Note that an encrypted copy of the ring was made: when, which versions, for whom. No key is in the entry."""
    actor.require(Permission.MANAGE_SHOP)
    keys.note_exported(at=at)
    with transaction.atomic():
        versions: list[custody.JSON] = [key.version for key in keys.key_versions()]
        custody.append(actor, Record("vault.exported", "vault_ring", at, {"versions": versions, "to": to[:120]}))


def bring_back(
    actor: Actor, places: Sequence[SealedPlace], found: KeyRing, *, replace_other: bool, at: datetime
) -> tuple[int, ...]:
    """Take the keys of an encrypted copy into the ring; return the versions that came.

    Raises Refused for a copy of another ring unless told to ``replace_other``: it says how many values would be lost.
    """
    actor.require(Permission.MANAGE_SHOP)
    is_other = not export.compare(found).is_same_family
    counts = queries.sealed_counts(actor, [*places, queries.WRAPPINGS]) if is_other else []
    values = sum(sum(count.by_version.values()) for count in counts)
    versions = export.take(found, replace_other=replace_other, values=values)
    with transaction.atomic():
        facts: dict[str, custody.JSON] = {"versions": list(versions), "replaced": is_other}
        custody.append(actor, Record("vault.imported", "vault_ring", at, facts))
    return versions


def _tell(actor: Actor, kind: str, version: int, at: datetime) -> None:
    """Write the entry of a change of the ring, once, however often a killed rotation is begun again.

    The ring is a file and goes first: what is in force must be found by whoever opens values. No key is in the entry.
    """
    subject = f"vault_key_{version}"
    with transaction.atomic():
        if all(item.kind != kind for item in record.history(actor, [subject])):
            provider = next((key.provider for key in keys.key_versions() if key.version == version), "")
            custody.append(actor, Record(kind, subject, at, {"version": version, "provider": provider}))


def _pass(actor: Actor, places: Sequence[SealedPlace], step: Step | None) -> tuple[int, bool]:
    """Go through all places once; return how many values were moved, and whether another pass may find more."""
    moved, missed = 0, False
    for place in places:
        for changed, lost in _through(place, step):
            moved, missed = moved + changed, missed or lost
    changed = _kept_files(actor)
    return moved + changed, missed or moved + changed > 0


def _through(place: SealedPlace, step: Step | None) -> Iterator[tuple[int, bool]]:
    """Move the values of one column, a batch a transaction; yield how many moved and whether any changed meanwhile."""
    rows = place.rows().order_by("pk")
    total, done, last = rows.count(), 0, None
    while True:
        after = rows if last is None else rows.filter(pk__gt=last)
        heads = list(after.values_list("pk", "sealed_head")[: queries.HEADS_AT_ONCE])
        if not heads:
            return
        old = [pk for pk, head in heads if _is_old(bytes(head))]
        for start in range(0, len(old), place.at_once):
            some = old[start : start + place.at_once]
            values = [(pk, bytes(value)) for pk, value in rows.filter(pk__in=some).values_list("pk", place.field)]
            fresh = envelope.rewrap_many([value for _, value in values])
            pairs = [(pk, value, new) for (pk, value), new in zip(values, fresh, strict=True) if new is not None]
            changed = _write(place, pairs)
            yield changed, changed < len(pairs)
        last, done = heads[-1][0], done + len(heads)
        if step is not None:
            step(done, max(total, done), place.name)


def _is_old(raw: bytes) -> bool:
    head = envelope.head_of(raw)
    return head is not None and head.version != keys.key_version()


def _write(place: SealedPlace, pairs: Sequence[tuple[Any, bytes, bytes]]) -> int:
    """Put fresh values where the old ones still stand; return how many stood. One transaction, one statement a value.

    Written out, because a hundred thousand updates through Django take ten times as long.
    """
    model, quote = place.table(), connection.ops.quote_name
    meta = model._meta  # noqa: SLF001 - Django's documented model API
    column, key = quote(place.field), quote(str(meta.pk and meta.pk.column))
    also = f", {quote(place.version_field)} = {keys.key_version():d}" if place.version_field else ""
    statement = f"UPDATE {quote(meta.db_table)} SET {column} = %s{also} WHERE {key} = %s AND {column} = %s"  # noqa: S608 - our own names
    if not pairs:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(statement, [(new, pk, old) for pk, old, new in pairs])
        return int(cursor.rowcount)


def _kept_files(actor: Actor) -> int:
    """Give a row to every kept original whose own wrapping is under an old key; those with a row are moved by it."""
    known = set(KeptWrapping.objects.values_list("sha256", flat=True))
    old = [path for path, head in queries.kept_heads(actor) if path.name not in known and _is_old(head)]
    made = 0
    for start in range(0, len(old), KEPT_AT_ONCE):
        some = old[start : start + KEPT_AT_ONCE]
        beginnings = []
        for path in some:
            with path.open("rb") as file:
                beginnings.append(file.read(envelope.LONGEST_WRAPPING))
        fresh = envelope.rewrap_many(beginnings)
        with transaction.atomic():
            KeptWrapping.objects.bulk_create(
                [
                    KeptWrapping(sha256=path.name, wrapping=envelope.wrapping_of(one))
                    for path, one in zip(some, fresh, strict=True)
                    if one is not None
                ],
                ignore_conflicts=True,
            )
        made += sum(one is not None for one in fresh)
    return made


def _retire(actor: Actor, places: Sequence[SealedPlace]) -> tuple[int, ...]:
    """Look once more, while nobody can be about to write under an old key, and take out the keys that nothing needs.

    No row is locked in it, and no entry is appended: whoever waits to seal may hold the head of the record.
    """
    with transaction.atomic():
        guard.wait()
        leaving = [key.version for key in keys.key_versions() if not key.is_current]
        seen = queries.sealed_counts(actor, places) if leaving else []
        empty = tuple(version for version in leaving if not any(count.by_version.get(version) for count in seen))
        if empty:
            keys.retire(empty)
    return empty


def _under(actor: Actor, places: Sequence[SealedPlace], versions: Sequence[int]) -> int:
    return sum(
        count.by_version.get(version, 0) for count in queries.sealed_counts(actor, places) for version in versions
    )
