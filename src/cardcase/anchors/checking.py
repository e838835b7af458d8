"""The check of everything that others said: kept replies, their columns, their entries, cosignatures, looked at again.

For the keeper of the installation, as ``custody.queries.verify_all`` is for the record: a database can be changed by
whoever owns its file, and bounds are read from its columns.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping

from cryptography import x509

from cardcase.custody import queries as ledger
from cardcase.custody import tree
from cardcase.custody.rules import entry as form
from cardcase.custody.rules import note
from cardcase.custody.rules.note import BadNote, Checkpoint
from cardcase.custody.rules.report import Fault, Level
from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .models import stored
from .models.tables import Cosignature, Stamp
from .rules import cosign, plan, stamp
from .rules.stamp import BadStamp, Token

_NO_SHOP = 0  # there is one record for all of them
_UNJUDGED = frozenset({stamp.Fault.NO_ROOTS, stamp.Fault.UNVERIFIABLE})
RootsOf = Callable[[str], list[x509.Certificate]]
"""Gives the pinned roots of an authority by its name; none when it is no longer configured."""


def check_all(roots_of: RootsOf) -> Iterator[Fault]:
    """Check every kept stamp and cosignature; yield what does not hold. Stamps are checked at their own genTime."""
    us = Actor.system(_NO_SHOP, "anchors")
    entries = ledger.own_entries(us, [plan.STAMPED, plan.RENEWED])
    for row in stored.settled_stamps():
        yield from _check_stamp(row, entries, roots_of(row.authority))
    for line in stored.cosignatures():
        yield from _check_cosignature(line, ledger.note_at(us, line.size))


def _fault(code: str, place: str, zh: str, en: str, level: Level = Level.FAULT) -> Fault:
    return Fault(code, place, Text(zh, en), level)


def _check_stamp(row: Stamp, entries: Mapping[int, bytes], roots: list[x509.Certificate]) -> Iterator[Fault]:
    place = f"stamp {row.authority} {row.size}"
    raw = bytes(row.reply.body) if row.reply else b""
    if hashlib.sha256(raw).hexdigest() != row.token_sha256:
        yield _fault("stamp_altered", place, "保存的时间戳被改动过", "The kept reply was altered")
        return
    try:
        token = stamp.read(raw)
    except BadStamp as bad:
        yield Fault(bad.fault.value, place, bad.text)
        return
    if token.gen_time != row.gen_time:
        yield _fault("stamp_columns_differ", place, "时间与时间戳里写的不同", "The time is not that of the token")
    yield from _check_entry(row, token, entries.get(-1 if row.entry_seq is None else row.entry_seq), place)
    yield from _check_note(row, place)
    message = row.note.encode()
    if row.over is not None:
        message = stamp.archive_message(row.over.note.encode(), bytes(row.over.reply.body) if row.over.reply else b"")
    try:
        stamp.check(token, message, roots)
    except BadStamp as bad:
        level = Level.NOTE if bad.fault in _UNJUDGED else Level.FAULT
        yield Fault(bad.fault.value, place, bad.text, level)


def _check_entry(row: Stamp, token: Token, data: bytes | None, place: str) -> Iterator[Fault]:
    told = form.decode(data) if data else None
    kind = plan.RENEWED if row.over_id is not None else plan.STAMPED
    wanted = {"token": token.sha256, "time": clock.iso(token.gen_time), "size": str(row.size), "check": row.state}
    if told is None or told.kind != kind or any(told.refs.get(name) != value for name, value in wanted.items()):
        yield _fault("stamp_entry_broken", place, "记录里没有与它相符的一条", "No entry of the record fits it")


def _check_note(row: Stamp, place: str) -> Iterator[Fault]:
    try:
        head = Checkpoint.parse(note.split(row.note)[0])
        holds = head.size == row.size and tree.root_at(head.size) == head.root
    except (BadNote, tree.BrokenTree):
        holds = False
    if not holds:
        yield _fault(
            "stamp_inconsistent", place, "被盖戳的校验点与记录不符", "The stamped checkpoint does not fit the record"
        )


def _check_cosignature(row: Cosignature, signed: str) -> Iterator[Fault]:
    try:
        witness = cosign.Witness.parse(row.vkey)
        held = cosign.holding(signed + row.line, [witness])
        holds = len(held) == 1 and witness.ident.hex() == row.key_id
    except BadNote:
        holds = False
    if not holds:
        yield _fault(
            "cosignature_broken",
            f"cosignature {row.name} {row.size}",
            "见证签名不成立",
            "The cosignature does not hold",
        )
