"""What opens the commitments of entries, read back out of their keys."""

from collections.abc import Iterable, Mapping, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import sealing
from .models import appending, stored
from .rules import entry as form
from .sealing import TAKEN_OUT, NoSubjectKey, Opened
from .subject_keys import locks as locks_of
from .subject_keys import new_locks


def of(seqs: Sequence[int]) -> dict[int, dict[int, Opened]]:
    """Return what opens the contents of these entries, by number of the entry and position. Raises NoSubjectKey."""
    found: dict[int, dict[int, Opened]] = {}
    for row in stored.sealed_of(seqs):
        seq, position = form.place_of(row.id)
        found.setdefault(seq, {})[position] = opened(row)
    return found


def opened(row: stored.SealedRow) -> Opened:
    """Open a row. Raises NoSubjectKey when half of its key is missing, or when it was changed."""
    if row.sealed is None:
        return TAKEN_OUT
    return sealing.unseal(_cipher(row), row.id, row.sealed)


def _cipher(row: stored.SealedRow) -> AESGCM:
    if row.half is None:
        raise NoSubjectKey
    return sealing.cipher(row.key_id, row.half)


def take_out(seqs: Sequence[int]) -> dict[int, list[int]]:
    """Take the openings of these entries out for good; return their positions by entry. The log's head is held.

    Their keys are given up, and what else lay under those is locked under new ones: no older copy of the database
    opens what was taken out, once ``destroy_keys`` has run after the commit. Raises NoSubjectKey.
    """
    rows = list(stored.sealed_of(seqs))
    stored.put([(row.id, row.key_id, None) for row in rows])
    _change_keys(sorted({row.key_id for row in rows if row.sealed is not None}))
    positions: dict[int, list[int]] = {}
    for row in rows:
        seq, position = form.place_of(row.id)
        positions.setdefault(seq, []).append(position)
    return positions


def _change_keys(key_ids: Sequence[int]) -> None:
    given_up = set(key_ids)
    subjects = stored.subjects_of_keys(key_ids)
    rest = {subject: _under(given_up, stored.seqs_of(subject)) for subject in sorted(set(subjects.values()))}
    fresh = new_locks(appending.Pen(), [subject for subject, rows in rest.items() if rows])
    stored.put(
        [
            (row.id, fresh[subject].key_id, sealing.seal(fresh[subject].cipher, row.id, *_kept(row)))
            for subject, rows in rest.items()
            for row in rows
        ]
    )
    stored.give_up_keys(key_ids)


def _under(key_ids: set[int], seqs: Sequence[int]) -> list[stored.SealedRow]:
    return [row for row in stored.sealed_of(seqs) if row.sealed is not None and row.key_id in key_ids]


def _kept(row: stored.SealedRow) -> tuple[bytes, bytes | None]:
    salt, body = opened(row)
    assert salt is not None, "a row that is sealed holds a salt"
    return salt, body


def give_back(subjects: Mapping[int, str], given: Iterable[tuple[int, int, bytes, bytes | None]]) -> None:
    """Put openings back, (entry, position, salt, body), unless they are there. The log's head is held."""
    told = [(form.opening_id(seq, position), subjects[seq], salt, body) for seq, position, salt, body in given]
    gone = {row.id for row in stored.sealed_of(list(subjects)) if row.sealed is None}
    wanted = [one for one in told if one[0] in gone]
    locks = locks_of(appending.Pen(), {subject for _, subject, _, _ in wanted})
    stored.put(
        [
            (opening, locks[subject].key_id, sealing.seal(locks[subject].cipher, opening, salt, body))
            for opening, subject, salt, body in wanted
        ]
    )


def destroy_keys() -> int:
    """Destroy the outer halves of all keys that were given up and committed so; return how many. Again is no error.

    One whose sheet is not here waits for it: the sheet may come back with a backup.
    """
    destroyed = [key_id for key_id in stored.keys_given_up() if sealing.destroy(key_id)]
    stored.keys_destroyed(destroyed)
    return len(destroyed)
