"""How entries come to be: numbered, chained, hashed into the tree, and written a thousand at a time.

The head of the log is held until the transaction ends, so there is one writer at a time.
"""

import hmac
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

import cardcase
from cardcase.kit import clock
from cardcase.staff.rules import Actor

from . import head as heads
from . import keys
from .models import Head, stored
from .rules import entry as form
from .rules import merkle, plain
from .rules.entry import Content, Record

_SOURCE = {"tool": f"cardcase/{cardcase.__version__}"}
_PSEUDONYM_DIGITS = 16


class EntryRef(NamedTuple):
    """Where an entry stands: its number in the log and its leaf hash in hex."""

    seq: int
    leaf: str


def locked_head(at: datetime) -> Head:
    """Return the head row, held until the transaction ends; opens the log when there is none."""
    return stored.lock_head() or _open_log(at)


def _open_log(at: datetime) -> Head:
    """Begin the log. Its first entry names its key and, when a former log was signed here, that log's last head."""
    origin = form.origin_of(f"log_{secrets.token_hex(16)}")
    vkey = keys.signer(origin, make=True).verifier.vkey
    head, is_ours = stored.make_head(origin, vkey, secrets.token_bytes(form.SALT_BYTES))
    if is_ours:
        former = heads.kept_note()
        refs = {"origin": origin, "vkey": vkey, **({"prev_head": heads.digest(former)} if former else {})}
        write_own(head, form.GENESIS, at, {}, refs)
    return head


def write_own(head: Head, kind: str, at: datetime, facts: dict[str, plain.JSON], refs: dict[str, str]) -> None:
    """Add an entry of the log about itself, under the log's own subject and no shop."""
    record = Record(kind, form.log_subject(head.origin), at, facts, refs=refs)
    form.check_record(record)
    write(Actor.system(0), head, [record], shop_id=None)


class _Batch:
    """The rows of one call, built entry by entry. Kept apart so that the loop below stays readable.

    Bytes go into rows as bytearray: SQLite's driver asks around for an adapter of every value of type bytes, and takes
    a bytearray as it is.
    """

    def __init__(
        self, actor: Actor, head: Head, tips: dict[str, tuple[int, str]], salts: Iterator[bytes], shop_id: int | None
    ) -> None:
        self._head = head
        self._tips = tips
        self._salts = salts
        self._shop_id = shop_id
        self._role = f"{actor.kind.value}:{actor.role.value}" if actor.role else actor.kind.value
        self._who = plain.encode(
            {
                "kind": actor.kind.value,
                "label": actor.label,
                "role": actor.role.value if actor.role else None,
                "staff": actor.staff_id,
                "shop": shop_id,
            }
        )
        self._person = f"{actor.kind.value}|{actor.staff_id or actor.label}".encode()
        self._pseudonym_key = bytes(head.pseudonym_key)
        self._pseudonyms: dict[str, str] = {}
        self._moments: dict[datetime, tuple[str, object]] = {}
        self.entries: list[tuple[object, ...]] = []
        self.contents: list[tuple[object, ...]] = []
        self.leaves: list[bytes] = []

    def add(self, record: Record) -> EntryRef:
        seq = self._head.size + len(self.leaves)
        told = record.facts if type(record.facts) is dict else dict(record.facts)
        facts = b'{"actor":%b,"facts":%b}' % (self._who, plain.encode(told))
        contents = (Content(form.FACTS_ROLE, facts, "application/json"), *record.contents)
        committed = self._commit(seq, contents)
        count, previous = self._tips.get(record.subject, (0, None))
        at, moment = self._moment(record.at)
        data = form.encode(
            form.Entry(
                log=self._head.origin,
                seq=seq,
                at=at,
                kind=record.kind,
                subject=record.subject,
                cseq=count + 1,
                cprev=previous,
                actor_role=self._role,
                actor_id=self._pseudonym(record.subject),
                source={**_SOURCE, **record.source} if record.source else _SOURCE,
                contents=committed,
                refs=record.refs,
            )
        )
        leaf = merkle.leaf_hash(data)
        self.entries.append(
            (seq, bytearray(data), bytearray(leaf), record.subject, count + 1, record.kind, moment, self._shop_id)
        )
        self.leaves.append(leaf)
        ref = EntryRef(seq, leaf.hex())
        self._tips[record.subject] = (count + 1, ref.leaf)
        return ref

    def _moment(self, at: datetime) -> tuple[str, object]:
        """Return a moment as the leaf and as the database write it. An import tells one moment a thousand times."""
        known = self._moments.get(at)
        if known is None:
            known = self._moments[at] = (clock.iso(at), connection.ops.adapt_datetimefield_value(at))
        return known

    def _commit(self, seq: int, contents: Sequence[Content]) -> tuple[form.Committed, ...]:
        committed = []
        for position, content in enumerate(contents):
            role, body, mime, is_kept = content
            salt = next(self._salts)
            commitment = form.commit(salt, role, body)
            kept = bytearray(body) if is_kept else None
            self.contents.append((seq, position, role, mime, bytearray(salt), bytearray(commitment), kept))
            committed.append(form.Committed(role, mime, len(body), commitment))
        return tuple(committed)

    def _pseudonym(self, subject: str) -> str:
        known = self._pseudonyms.get(subject)
        if known is None:
            digest = hmac.digest(self._pseudonym_key, subject.encode() + b"|" + self._person, "sha256")
            known = self._pseudonyms[subject] = digest.hex()[:_PSEUDONYM_DIGITS]
        return known


def _salts(count: int) -> Iterator[bytes]:
    """Draw the salts of so many contents at once; a call to the system for each costs as much as the hash."""
    drawn = secrets.token_bytes(form.SALT_BYTES * count)
    return (drawn[at : at + form.SALT_BYTES] for at in range(0, len(drawn), form.SALT_BYTES))


def write(actor: Actor, head: Head, records: Sequence[Record], *, shop_id: int | None) -> list[EntryRef]:
    """Write checked records behind the held head, in order, and move the head."""
    salts = _salts(sum(1 + len(record.contents) for record in records))
    batch = _Batch(actor, head, stored.tips({record.subject for record in records}), salts, shop_id)
    refs = [batch.add(record) for record in records]
    peaks = bytes(head.peaks)
    width = merkle.HASH_BYTES
    grown, nodes = merkle.extend(
        head.size, [peaks[at : at + width] for at in range(0, len(peaks), width)], batch.leaves
    )
    head.size += len(records)
    head.peaks = b"".join(grown)
    with connection.cursor() as cursor:
        stored.insert(cursor, stored.ENTRIES, batch.entries)
        stored.insert(cursor, stored.CONTENTS, batch.contents)
        stored.insert(cursor, stored.NODES, [(level, index, bytearray(digest)) for level, index, digest in nodes])
        stored.move_head(cursor, head)
    return refs
