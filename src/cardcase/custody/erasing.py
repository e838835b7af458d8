"""Taking contents out of the record, and putting back what was only locked away. The entries themselves stay."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection

from cardcase.kit.errors import Refused
from cardcase.staff.rules import Actor, Permission

from . import log, openings, service
from .models import stored
from .rules import entry as form
from .rules import erasing, plain

Opening = tuple[int, int, bytes | None, bytes | None]
"""A content: (number of its entry, position, salt, body)."""


class OpensNothing(Refused):
    """What is to be put back is not what the record committed to."""

    code = "opens_nothing"


def withdraw(
    actor: Actor, subject: str, seqs: Sequence[int], *, kind: str, ground: str, at: datetime, refs: Mapping[str, str]
) -> int:
    """Destroy salts and bodies of all contents of these entries of the actor's shop and name them in new entries.

    The keys they lay under are given up: ``destroy_keys`` ends that after the commit. ``kind`` is ``erasing.ERASED`` or
    ``erasing.RESTRICTED``; entries that name others keep their contents. Returns how many contents were named. Call it
    last in the verb: it appends. Raises NotAllowed, OutsideTransaction, NoSubjectKey.
    """
    actor.require(Permission.WORK)
    log.locked_head(at)  # whoever gives a subject a key holds the head
    kinds = stored.kinds_of(actor.shop_id, seqs)
    wanted = [seq for seq, told in sorted(kinds.items()) if told not in erasing.KINDS]
    count = 0
    for start in range(0, len(wanted), erasing.AT_ONCE):
        positions = openings.take_out(wanted[start : start + erasing.AT_ONCE])
        count += sum(map(len, positions.values()))
        facts: dict[str, plain.JSON] = {
            "contents": erasing.named(positions),
            "ground": ground,
            "by": actor.label or actor.kind.value,
        }
        service.append(actor, form.Record(kind, subject, at, facts, refs=refs))
    return count


def put_back(
    actor: Actor, subject: str, given: Iterable[Opening], *, ground: str, at: datetime, refs: Mapping[str, str]
) -> int:
    """Put salts and bodies back that ``withdraw`` gave up for a time. Raises OpensNothing for what does not open."""
    actor.require(Permission.WORK)
    log.locked_head(at)
    wanted = list(given)
    told = {seq: form.decode(data) for seq, data in stored.data_of(sorted({seq for seq, *_ in wanted})).items()}
    positions: dict[int, list[int]] = {}
    for seq, position, salt, body in wanted:
        role, _, _, commit = told[seq].contents[position]
        if salt is not None and body is not None and not form.opens(salt, role, body, commit):
            raise OpensNothing("保存的内容与记录不符", "What was kept is not what the record committed to")
        positions.setdefault(seq, []).append(position)
    subjects = {seq: entry.subject for seq, entry in told.items()}
    openings.give_back(subjects, [(seq, place, salt, body) for seq, place, salt, body in wanted if salt is not None])
    numbers = sorted(positions)
    for start in range(0, len(numbers), erasing.AT_ONCE):
        part = {seq: positions[seq] for seq in numbers[start : start + erasing.AT_ONCE]}
        facts: dict[str, plain.JSON] = {
            "contents": erasing.named(part),
            "ground": ground,
            "by": actor.label or actor.kind.value,
        }
        service.append(actor, form.Record(erasing.RESTORED, subject, at, facts, refs=refs))
    return len(wanted)


def destroy_keys() -> int:
    """Destroy what is left of the keys that were given up, outside of the database; return how many. Again is no error.

    Only after the transaction that gave them up is committed: until then they still open what it might leave in place.
    """
    return openings.destroy_keys()


def leave_no_trace() -> bool:
    """Move what SQLite keeps in its write-ahead log into the database file, and empty the log; True when it is empty.

    Old pages stand there until then. Readers at work can prevent it: then it is False and the call is repeated later.
    PostgreSQL's own log and dead rows go by its vacuum and its settings; there it is True.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return connection.vendor != "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
    return row is None or row[0] == 0
