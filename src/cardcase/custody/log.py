"""How entries come to be: numbered, chained, hashed into the tree, and written a thousand at a time.

The head of the log is held until the transaction ends, so there is one writer at a time.
"""

import hmac
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import cardcase
from cardcase.kit import clock, collector
from cardcase.staff.rules import Actor

from . import head as heads
from . import keys, sealing, subject_keys
from .models import HeadRow, appending
from .rules import entry as form
from .rules import merkle, plain
from .rules.entry import Record

_SOURCE = {"tool": f"cardcase/{cardcase.__version__}"}
_PSEUDONYM_DIGITS = 16
_MANY = 500
"""Entries from which on the collector of cycles would walk through them while they are written."""


class EntryRef(NamedTuple):
    """Where an entry stands: its number in the log and its leaf hash in hex."""

    seq: int
    leaf: str


def locked_head(at: datetime) -> HeadRow:
    """Return the head row, held until the transaction ends; opens the log when there is none."""
    return appending.lock_head() or _open_log(at)


def _open_log(at: datetime) -> HeadRow:
    """Begin the log. Its first entry names its key and, when a former log was signed here, that log's last head."""
    origin = form.origin_of(f"log_{secrets.token_hex(16)}")
    vkey = keys.signer(origin, make=True).verifier.vkey
    head, is_ours = appending.make_head(origin, vkey, secrets.token_bytes(form.SALT_BYTES))
    if is_ours:
        former = heads.kept_note()
        refs = {"origin": origin, "vkey": vkey, **({"prev_head": heads.digest(former)} if former else {})}
        write_own(head, form.GENESIS, at, {}, refs)
    return head


def write_own(head: HeadRow, kind: str, at: datetime, facts: dict[str, plain.JSON], refs: dict[str, str]) -> None:
    """Add an entry of the log about itself, under the log's own subject and no shop."""
    record = Record(kind, form.log_subject(head.origin), at, facts, refs=refs)
    form.check_record(record)
    write(Actor.system(0), head, [record], shop_id=None)


@lru_cache(maxsize=256)
def _told(actor: Actor, shop_id: int | None) -> tuple[str, bytes, bytes]:
    """Return how an actor is told: the role for the leaf, who it was for the facts, what its pseudonyms are made of."""
    who = {
        "kind": actor.kind.value,
        "label": actor.label,
        "role": actor.role.value if actor.role else None,
        "staff": actor.staff_id,
        "shop": shop_id,
    }
    role = f"{actor.kind.value}:{actor.role.value}" if actor.role else actor.kind.value
    return role, plain.encode(who), f"{actor.kind.value}|{actor.staff_id or actor.label}".encode()


class _Batch:
    """The rows of one call, built entry by entry. Kept apart so that the loop below stays readable.

    Bytes go into rows as bytearray: SQLite's driver asks around for an adapter of every value of type bytes, and takes
    a bytearray as it is.
    """

    def __init__(self, actor: Actor, head: HeadRow, records: Sequence[Record], shop_id: int | None) -> None:
        self._head = head
        subjects = {record.subject for record in records}
        self._tips = appending.tips(head.pen, subjects)
        self._locks = subject_keys.locks(head.pen, subjects)
        self._salts = _salts(sum([1 + len(record.contents) for record in records]))
        self._shop_id = shop_id
        self._role, self._who, self._person = _told(actor, shop_id)
        self._pseudonyms: dict[str, str] = {}
        self._moments: dict[datetime, tuple[str, object]] = {}
        self._tree = merkle.Growth(head.size, head.peaks)
        self.entries: list[tuple[object, ...]] = []
        self.openings: list[tuple[object, ...]] = []

    def add(self, record: Record) -> EntryRef:
        seq, subject, told = self._tree.size, record.subject, record.facts
        facts = b'{"actor":%b,"facts":%b}' % (self._who, plain.encode(told if type(told) is dict else dict(told)))
        key_id, key = self._locks[subject]
        committed = []
        contents = ((form.FACTS_ROLE, facts, "application/json", True), *record.contents)
        for opening_id, (role, body, mime, is_kept) in enumerate(contents, form.opening_id(seq, 0)):
            salt = next(self._salts)
            sealed = sealing.seal(key, opening_id, salt, body if is_kept else None)
            self.openings.append((opening_id, key_id, bytearray(sealed)))
            committed.append(form.Committed(role, mime, len(body), form.commit(salt, role, body)))
        count, previous = self._tips.get(subject, (0, None))
        at, moment = self._moment(record.at)
        data = form.encode(
            form.Entry(
                self._head.origin, seq, at, record.kind, subject, count + 1, previous, self._role,
                self._pseudonym(subject), {**_SOURCE, **record.source} if record.source else _SOURCE,
                tuple(committed), record.refs,
            )
        )  # fmt: skip
        leaf = merkle.leaf_hash(data)
        nodes = self._tree.add(leaf)
        self.entries.append(
            (
                seq, bytearray(data), bytearray(leaf), bytearray(nodes), subject, count + 1, record.kind, moment,
                self._shop_id,
            )
        )  # fmt: skip
        ref = EntryRef(seq, leaf.hex())
        self._tips[subject] = (count + 1, ref.leaf)
        return ref

    @property
    def end(self) -> tuple[int, bytes]:
        """Return the size of the log after these rows, and its peaks."""
        return self._tree.size, self._tree.peaks

    def _moment(self, at: datetime) -> tuple[str, object]:
        """Return a moment as the leaf and as the database write it. An import tells one moment a thousand times."""
        known = self._moments.get(at)
        if known is None:
            utc = at.astimezone(UTC)
            known = self._moments[at] = (clock.iso(utc), appending.moment_value(self._head.pen, utc))
        return known

    def _pseudonym(self, subject: str) -> str:
        known = self._pseudonyms.get(subject)
        if known is None:
            digest = hmac.digest(self._head.pseudonym_key, subject.encode() + b"|" + self._person, "sha256")
            known = self._pseudonyms[subject] = digest.hex()[:_PSEUDONYM_DIGITS]
        return known


def _salts(count: int) -> Iterator[bytes]:
    """Draw the salts of so many contents at once; a call to the system for each costs as much as the hash."""
    drawn = secrets.token_bytes(form.SALT_BYTES * count)
    return (drawn[at : at + form.SALT_BYTES] for at in range(0, len(drawn), form.SALT_BYTES))


def write(actor: Actor, head: HeadRow, records: Sequence[Record], *, shop_id: int | None) -> list[EntryRef]:
    """Write checked records behind the held head, in order, and move the head."""
    if len(records) < _MANY:
        return _write(actor, head, records, shop_id)
    with collector.at_rest():
        return _write(actor, head, records, shop_id)


def _write(actor: Actor, head: HeadRow, records: Sequence[Record], shop_id: int | None) -> list[EntryRef]:
    batch = _Batch(actor, head, records, shop_id)
    refs = [batch.add(record) for record in records]
    head.size, head.peaks = batch.end
    appending.insert(head.pen, appending.ENTRIES, batch.entries)
    appending.insert(head.pen, appending.OPENINGS, batch.openings)
    appending.move_head(head)
    return refs
