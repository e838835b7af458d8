"""The only way to add to the record and to sign it.

Append last in a verb: the head of the log is held until the transaction ends, and on PostgreSQL locks that are taken
later could cross. Sign after the verb: only what is committed is signed.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import groupby

from django.db import connection, transaction

from cardcase.kit.errors import Problem, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import head as heads
from . import keys, log, signing
from .head import HeadCheck, HeadStatus
from .head import check as check_head
from .log import EntryRef
from .models import HeadRow, appending, stored
from .rules import entry as form
from .rules import note, plain
from .rules.entry import BadEntry, Content, Record
from .rules.plain import JSON

__all__ = [
    "JSON",
    "BadEntry",
    "Content",
    "EntryRef",
    "HeadCheck",
    "HeadStatus",
    "NotContinuous",
    "OutsideTransaction",
    "Record",
    "append",
    "append_many",
    "check_head",
    "checkpoint",
    "continue_as_new_log",
    "rotate_key",
    "sign_statement",
    "together",
]


class OutsideTransaction(Problem):
    """Somebody appends without a transaction that also holds the fact. A mistake in the program."""

    code = "outside_transaction"
    status = 500


_gathered: ContextVar[list[tuple[Actor, Record]] | None] = ContextVar("cardcase_gathered_records", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Gather what is appended within, and write it in one go at the end: for work on many cases at once.

    Order and contents are those of single appends; the head of the log is held only for the last moment. Use it around
    verbs that all succeed or all fail: an exception that is caught inside would undo a fact and keep its entry.
    Raises OutsideTransaction when there is none.
    """
    _require_transaction()
    if _gathered.get() is not None:
        yield
        return
    told: list[tuple[Actor, Record]] = []
    token = _gathered.set(told)
    try:
        yield
    finally:
        _gathered.reset(token)
    for actor, run in groupby(told, key=lambda pair: pair[0]):
        append_many(actor, [record for _, record in run])


def append(actor: Actor, record: Record) -> EntryRef | None:
    """Add one entry in the caller's transaction; None while ``together`` gathers.

    Raises OutsideTransaction without a transaction, BadEntry for a bad record.
    """
    refs = append_many(actor, [record])
    return refs[0] if refs else None


def append_many(actor: Actor, records: Sequence[Record]) -> list[EntryRef]:
    """Add entries in order, in the caller's transaction. Takes thousands a second; nothing is written on an error."""
    _require_transaction()
    for record in records:
        form.check_record(record)
    gathered = _gathered.get()
    if gathered is not None:
        gathered.extend((actor, record) for record in records)
        return []
    if not records:
        return []
    head = log.locked_head(records[0].at)
    return log.write(actor, head, records, shop_id=actor.shop_id)


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction(
            "记录必须与事实写在同一个事务里", "An entry is written in the transaction that writes the fact"
        )


class NotContinuous(Refused):
    """The present record does not continue what was signed. Appending goes on, signing does not."""

    code = "record_not_continuous"


def _require_continuous() -> None:
    found = heads.check()
    if not found.may_sign:
        raise NotContinuous(found.text.zh, found.text.en, next=found.next, status=found.status.value)


def checkpoint(actor: Actor, *, at: datetime) -> str:
    """Sign the present head and return the note; at an unchanged size the note that was signed before.

    After a rotation was begun, the note carries the signatures of both keys, and the old key is destroyed. Signs only
    what is committed: raises RuntimeError inside another transaction, whose end nobody knows yet. Raises NotContinuous
    when the record is smaller than, or differs from, what was signed, NoSigningKey without the key.
    """
    actor.require(Permission.READ)
    if appending.read_head() is None:
        with transaction.atomic(durable=True):
            log.locked_head(at)  # its first entry is committed before it is signed
    with transaction.atomic(durable=True):
        head = log.locked_head(at)
        _require_continuous()
        text = signing.signed_note(head, at)
    heads.add_up_notes(head.origin)
    signing.end_rotation(head)
    return text


def sign_statement(actor: Actor, title: str, lines: Sequence[str]) -> str:
    """Sign a statement that is no head of the log, such as the seal of a pack, and return it as a note.

    ``title`` is its first line and says what it is. Raises NoSigningKey; NotContinuous as ``checkpoint`` does.
    """
    actor.require(Permission.EXPORT)
    _require_continuous()
    head = appending.read_head()
    assert head is not None, "a statement is about something that was recorded"
    if title.startswith(form.HOST):
        raise ValueError("a statement must not look like a head of the log")
    return note.sign("".join(f"{line}\n" for line in (title, *lines)), signing.signer(head))


def rotate_key(actor: Actor, reason: str, *, at: datetime) -> str:
    """Let a fresh key follow the present one, sign a head with both, destroy the old one; return the new vkey.

    For the owner. When a rotation was begun and not ended, this ends that one. Raises NotContinuous as ``checkpoint``
    does, NoSigningKey without the present key: a lost key is followed by ``continue_as_new_log`` only.
    """
    actor.require(Permission.MANAGE_SHOP)
    reason = _reasoned(reason)
    with transaction.atomic(durable=True):
        head = log.locked_head(at)
        _require_continuous()
        if not signing.is_rotating(head):
            _name_next_key(actor, head, reason, at)
    checkpoint(actor, at=at)
    return head.vkey


def _reasoned(reason: str) -> str:
    told = reason.strip()
    if not 0 < len(told) <= form.LONGEST_REASON:
        raise WrongUse(
            f"写明原因，最多 {form.LONGEST_REASON} 字",
            f"Say why, in at most {form.LONGEST_REASON} characters",
            next=Text("原因会写进记录。", "The reason is kept in the record."),
            code="reason_needed",
        )
    return told


def _name_next_key(actor: Actor, head: HeadRow, reason: str, at: datetime) -> None:
    old = signing.signer(head).verifier.vkey
    coming = keys.next_signer(head.origin, make=True)
    assert coming is not None
    head.vkey = coming.verifier.vkey
    appending.rename_head(head)
    refs = {"origin": head.origin, "vkey": head.vkey, "prev_vkey": old}
    log.write_own(head, form.KEY_ROTATED, at, {"reason": reason, "by": actor.label}, refs)


@transaction.atomic
def continue_as_new_log(actor: Actor, reason: str, *, at: datetime) -> str:
    """Let the record go on under a new name, naming the last head that was signed; return the new vkey.

    For the owner, and only when ``check_head`` says that the record does not continue what was signed, or when the
    signing key is lost. Nothing is ever signed again under the old name, so no two heads of one name can contradict
    each other (custody.md §7.2). Raises Refused when there is no need, or when the database itself is damaged.
    """
    actor.require(Permission.MANAGE_SHOP)
    reason = _reasoned(reason)
    head = log.locked_head(at)
    found = heads.check()
    if found.status is HeadStatus.BROKEN or (found.may_sign and signing.can_sign(head)):
        raise Refused(
            "记录不需要、或不能以新记录继续",
            "The record need not, or cannot, go on as a new one",
            next=found.text,
            status=found.status.value,
        )
    head.origin = form.origin_of(f"log_{secrets.token_hex(16)}")
    head.vkey = keys.signer(head.origin, make=True).verifier.vkey
    appending.rename_head(head)
    refs = {"origin": head.origin, "vkey": head.vkey}
    if kept := heads.kept_note() or (stored.last_note() or "").encode():
        refs["prev_head"] = heads.digest(kept)
    facts: dict[str, plain.JSON] = {"reason": reason, "by": actor.label, "status": found.status.value}
    log.write_own(head, form.CONTINUED, at, facts, refs)
    transaction.on_commit(keys.discard_next)  # a key to come was named in what was lost, if anywhere
    return head.vkey
