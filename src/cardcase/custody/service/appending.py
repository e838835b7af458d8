"""Adding to the record. Whatever appends holds the head of the log until its transaction ends.

So append last in a verb: on PostgreSQL other writers wait from here on, and locks taken later could cross.
"""

import hmac
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

import cardcase
from cardcase.custody import keys
from cardcase.custody.models import Content as ContentRow
from cardcase.custody.models import Entry, Head, Node, insert
from cardcase.custody.queries import head as heads
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import merkle, plain
from cardcase.custody.rules.entry import Content, Record
from cardcase.kit import clock
from cardcase.kit.errors import Problem
from cardcase.staff.rules import Actor

_SOURCE = {"tool": f"cardcase/{cardcase.__version__}"}
_AT_ONCE = 500
_PSEUDONYM_DIGITS = 16


class EntryRef(NamedTuple):
    """Where an entry stands: its number in the log and its leaf hash in hex."""

    seq: int
    leaf: str


class OutsideTransaction(Problem):
    """Somebody appends without a transaction that also holds the fact. A mistake in the program."""

    code = "outside_transaction"
    status = 500


def append(actor: Actor, record: Record) -> EntryRef:
    """Add one entry in the caller's transaction. Raises OutsideTransaction without one, BadEntry for a bad record."""
    return append_many(actor, [record])[0]


def append_many(actor: Actor, records: Sequence[Record]) -> list[EntryRef]:
    """Add entries in order, in the caller's transaction. Takes thousands a second; nothing is written on an error."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(
            "记录必须与事实写在同一个事务里", "An entry is written in the transaction that writes the fact"
        )
    if not records:
        return []
    for record in records:
        form.check_record(record)
    head = locked_head(records[0].at)
    return _write(actor, head, records, shop_id=actor.shop_id)


def locked_head(at: datetime) -> Head:
    """Return the head row, held until the transaction ends; opens the log when there is none."""
    head = Head.objects.select_for_update().filter(pk=1).first()
    return head or _open_log(at)


def _open_log(at: datetime) -> Head:
    """Begin the log. Its first entry names its key and, when a former log was signed here, that log's last head."""
    origin = form.origin_of(f"log_{secrets.token_hex(16)}")
    vkey = keys.signer(origin, make=True).verifier.vkey
    _, is_ours = Head.objects.get_or_create(
        pk=1, defaults={"origin": origin, "vkey": vkey, "pseudonym_key": secrets.token_bytes(form.SALT_BYTES)}
    )
    head = Head.objects.select_for_update().get(pk=1)
    if is_ours:
        former = heads.kept_note()
        refs = {"origin": origin, "vkey": vkey, **({"prev_head": heads.digest(former)} if former else {})}
        write_own(head, form.GENESIS, at, {}, refs)
    return head


def write_own(head: Head, kind: str, at: datetime, facts: dict[str, plain.JSON], refs: dict[str, str]) -> None:
    """Add an entry of the log about itself, under the log's own subject and no shop."""
    record = Record(kind, form.log_subject(head.origin), at, facts, refs=refs)
    form.check_record(record)
    _write(Actor.system(0), head, [record], shop_id=None)


class _Batch:
    """The rows of one call, built entry by entry. Kept apart so that the loop below stays readable."""

    def __init__(self, actor: Actor, head: Head, tips: dict[str, tuple[int, str]], shop_id: int | None) -> None:
        self._actor = actor
        self._head = head
        self._tips = tips
        self._shop_id = shop_id
        self._role = f"{actor.kind.value}:{actor.role.value}" if actor.role else actor.kind.value
        self._who: dict[str, plain.JSON] = {
            "kind": actor.kind.value,
            "label": actor.label,
            "role": actor.role.value if actor.role else None,
            "staff": actor.staff_id,
            "shop": shop_id,
        }
        self._person = f"{actor.kind.value}|{actor.staff_id or actor.label}".encode()
        self._pseudonym_key = bytes(head.pseudonym_key)
        self._pseudonyms: dict[str, str] = {}
        self._moments: dict[datetime, tuple[str, object]] = {}
        self.entries: list[tuple[object, ...]] = []
        self.contents: list[tuple[object, ...]] = []
        self.leaves: list[bytes] = []

    def add(self, record: Record) -> EntryRef:
        seq = self._head.size + len(self.leaves)
        facts = plain.encode({"actor": self._who, "facts": dict(record.facts)})
        contents = (Content(form.FACTS_ROLE, facts, "application/json"), *record.contents)
        committed = tuple(self._commit(seq, at, content) for at, content in enumerate(contents))
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
                source={**_SOURCE, **record.source},
                contents=committed,
                refs=record.refs,
            )
        )
        leaf = merkle.leaf_hash(data)
        self.entries.append((seq, data, leaf, record.subject, count + 1, record.kind, moment, self._shop_id))
        self.leaves.append(leaf)
        self._tips[record.subject] = (count + 1, leaf.hex())
        return EntryRef(seq, leaf.hex())

    def _moment(self, at: datetime) -> tuple[str, object]:
        """Return a moment as the leaf and as the database write it. An import tells one moment a thousand times."""
        known = self._moments.get(at)
        if known is None:
            known = self._moments[at] = (clock.iso(at), connection.ops.adapt_datetimefield_value(at))
        return known

    def _commit(self, seq: int, position: int, content: Content) -> form.Committed:
        salt = os.urandom(form.SALT_BYTES)
        commitment = form.commit(salt, content.role, content.body)
        body = content.body if content.keep else None
        self.contents.append((seq, position, content.role, content.mime, salt, commitment, body))
        return form.Committed(content.role, content.mime, len(content.body), commitment)

    def _pseudonym(self, subject: str) -> str:
        known = self._pseudonyms.get(subject)
        if known is None:
            digest = hmac.digest(self._pseudonym_key, subject.encode() + b"|" + self._person, "sha256")
            known = self._pseudonyms[subject] = digest.hex()[:_PSEUDONYM_DIGITS]
        return known


def _write(actor: Actor, head: Head, records: Sequence[Record], *, shop_id: int | None) -> list[EntryRef]:
    batch = _Batch(actor, head, _tips({record.subject for record in records}), shop_id)
    refs = [batch.add(record) for record in records]
    peaks = bytes(head.peaks)
    width = merkle.HASH_BYTES
    grown, nodes = merkle.extend(
        head.size, [peaks[at : at + width] for at in range(0, len(peaks), width)], batch.leaves
    )
    insert(Entry, ("seq", "data", "leaf", "subject", "cseq", "kind", "at", "shop_id"), batch.entries)
    insert(ContentRow, ("entry_id", "position", "role", "mime", "salt", "commit", "body"), batch.contents)
    insert(Node, ("level", "idx", "hash"), nodes)
    head.size += len(records)
    head.peaks = b"".join(grown)
    head.save(update_fields=["size", "peaks"])
    return refs


def _tips(subjects: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Return, for subjects that have entries, how many there are and the leaf hash of the last."""
    names = sorted(subjects)
    tips: dict[str, tuple[int, str]] = {}
    for start in range(0, len(names), _AT_ONCE):
        last = Entry.objects.last_of(names[start : start + _AT_ONCE])
        tips.update({subject: (cseq, bytes(leaf).hex()) for subject, cseq, leaf in last})
    return tips
