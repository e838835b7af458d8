"""The last signed head, kept in a second file, so that a restored or exchanged database is not signed as if new."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from cardcase.kit.text import Text

from . import keys, succession, tree
from .models import HeadRow, appending, stored
from .rules import entry as form
from .rules import merkle, note

HEAD_FILE = "head.note"
SUM_FILE = "head.sum"


class HeadStatus(StrEnum):
    """How the database stands to the last head that was signed."""

    EMPTY = "empty"
    UNSIGNED = "unsigned"
    GOOD = "good"
    SUCCEEDED = "succeeded"
    SHRUNK = "shrunk"
    FORKED = "forked"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"
    LOST = "lost"
    BROKEN = "broken"


_SAYINGS = {
    HeadStatus.EMPTY: Text("还没有任何记录。", "Nothing has been recorded yet."),
    HeadStatus.UNSIGNED: Text("记录还没有签过名。", "The record has not been signed yet."),
    HeadStatus.GOOD: Text("记录延续自上次签名。", "The record continues the last signed head."),
    HeadStatus.SUCCEEDED: Text(
        "这是新的记录，首条已注明前一份记录的最后签名。",
        "This is a new record; its first entry names the last signed head of the one before.",
    ),
    HeadStatus.SHRUNK: Text(
        "数据库里的记录比已签名的少：可能恢复了旧备份。不再签名。",
        "The database holds fewer entries than were signed: perhaps an old backup was restored. Nothing is signed.",
    ),
    HeadStatus.FORKED: Text(
        "数据库里的记录与已签名的不同。不再签名。",
        "The entries in the database differ from those that were signed. Nothing is signed.",
    ),
    HeadStatus.FOREIGN: Text(
        "上次签名属于另一份记录。不再签名。", "The last signed head belongs to another record. Nothing is signed."
    ),
    HeadStatus.UNREADABLE: Text(
        "上次签名的文件读不出来，或不是本密钥所签。不再签名。",
        "The file of the last signed head cannot be read, or another key signed it. Nothing is signed.",
    ),
    HeadStatus.LOST: Text(
        "数据库里有签过名的校验点，但存放上次签名的文件不见了，或不是最后那一份。不再签名。",
        "The database holds signed heads, but the file of the last one is gone or older. Nothing is signed.",
    ),
    HeadStatus.BROKEN: Text(
        "记录末端与条目对不上：数据库受损。不再签名。",
        "The end of the record does not fit its entries: the database is damaged. Nothing is signed.",
    ),
}
_WAY_OUT = Text(
    "先运行 cardcase ledger verify。确实恢复了备份时，由店主运行 cardcase ledger continue；旧签名文件请保留。",
    "Run cardcase ledger verify first. If a backup was restored indeed, the owner runs cardcase ledger continue; keep "
    "the old file of the signed head.",
)
_SIGNABLE = frozenset({HeadStatus.EMPTY, HeadStatus.UNSIGNED, HeadStatus.GOOD, HeadStatus.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class HeadCheck:
    """What the start-up check saw. ``signed_size`` is 0 when no signed head is known."""

    status: HeadStatus
    size: int = 0
    signed_size: int = 0

    @property
    def may_sign(self) -> bool:
        """Tell whether signing the present head would contradict nothing that was signed before."""
        return self.status in _SIGNABLE

    @property
    def text(self) -> Text:
        """The finding as a sentence."""
        return _SAYINGS[self.status]

    @property
    def next(self) -> Text:
        """The way out, empty when all is well."""
        return Text("", "") if self.may_sign else _WAY_OUT


def file() -> Path:
    """Return where the last signed head is kept."""
    return Path(settings.CARDCASE.data) / HEAD_FILE


def kept_note() -> bytes:
    """Return the bytes of the last signed note, empty when nothing was signed here yet."""
    try:
        return file().read_bytes()
    except FileNotFoundError:
        return b""


def digest(kept: bytes) -> str:
    """Return the SHA-256 of a note in hex, by which a new log names the last head of the one before."""
    return hashlib.sha256(kept).hexdigest()


def parse(kept: bytes) -> note.Checkpoint | None:
    """Read the head in a note without trusting it; None when it cannot be read."""
    try:
        return note.Checkpoint.parse(note.split(kept.decode())[0])
    except (note.BadNote, UnicodeDecodeError):
        return None


def check() -> HeadCheck:
    """Compare the database with the last signed head (start-up check); ``may_sign`` is the answer. Raises nothing.

    Costs a few rows, not the whole record.
    """
    # In the order in which they are written backwards: each may have grown since the one before was read.
    last_row = parse((stored.last_note() or "").encode())
    kept = kept_note()
    head, last_seq = appending.read_head_and_last()
    signed = parse(kept)
    signed_size = signed.size if signed else 0
    if head is None:
        # Entries may begin: the first of them will name the head that is kept here.
        empty = HeadStatus.SUCCEEDED if kept else HeadStatus.EMPTY
        return HeadCheck(empty if last_seq is None else HeadStatus.BROKEN, 0, signed_size)
    try:
        status = _compare(head, signed, kept) if _fits(head, last_seq) else HeadStatus.BROKEN
    except tree.BrokenTree:
        status = HeadStatus.BROKEN
    # A head is kept in the file before its row is: a file that is gone or older was not left so by us.
    is_known = last_row is not None and last_row.origin == head.origin
    if status in _SIGNABLE and is_known and not _covers(signed, last_row):
        status = HeadStatus.LOST
    return HeadCheck(status, head.size, signed_size)


def _covers(signed: note.Checkpoint | None, row: note.Checkpoint | None) -> bool:
    return signed is not None and row is not None and signed.origin == row.origin and signed.size >= row.size


def _fits(head: HeadRow, last_seq: int | None) -> bool:
    if head.size != (0 if last_seq is None else last_seq + 1):
        return False
    return b"".join(tree.peaks_at(head.size)) == bytes(head.peaks)


def _compare(head: HeadRow, signed: note.Checkpoint | None, kept: bytes) -> HeadStatus:
    if not kept:
        return HeadStatus.UNSIGNED
    if signed is None or signed.origin != head.origin:
        if _named_predecessor(head) == digest(kept):
            return HeadStatus.SUCCEEDED
        return HeadStatus.FOREIGN if signed else HeadStatus.UNREADABLE
    if not _is_ours(head, kept.decode()):
        return HeadStatus.UNREADABLE
    if signed.size > head.size:
        return HeadStatus.SHRUNK
    return HeadStatus.GOOD if tree.root_at(signed.size) == signed.root else HeadStatus.FORKED


def _is_ours(head: HeadRow, text: str) -> bool:
    """Tell whether a key of this log signed the note: the present one, one before it, or one that only the file knows.

    The last is what an older copy of the database has not heard of; the sizes say then that it is older.
    """

    def verifiers() -> Iterator[note.Verifier]:
        with contextlib.suppress(note.BadNote):
            yield note.Verifier.parse(head.vkey)
        yield from (one.verifier for one in reversed(succession.keys_of(head.origin)))
        yield from (one.verifier for one in keys.signers(head.origin))

    for verifier in verifiers():
        with contextlib.suppress(note.BadNote):
            note.open_checkpoint(text, verifier)
            return True
    return False


def _named_predecessor(head: HeadRow) -> str:
    data = stored.last_of_kind([form.GENESIS, form.CONTINUED], form.log_subject(head.origin))
    return form.decode(data).refs.get("prev_head", "") if data else ""


def remember(text: str) -> None:
    """Keep a note as the last signed head, never going back; the last head of a former log is kept aside."""
    kept = kept_note()
    if kept:
        old, new = parse(kept), parse(text.encode())
        if old and new and old.origin == new.origin:
            if old.size >= new.size:
                return
        else:
            keys.replace(file().with_name(f"head.{digest(kept)[:12]}.note"), kept)
    keys.replace(file(), text.encode())


@dataclass(frozen=True, slots=True)
class NoteSum:
    """A sum over all signed heads up to ``size``, kept outside the database: none can be taken out unseen."""

    origin: str
    size: int
    digest: bytes

    def text(self) -> str:
        """Write it as its file has it."""
        return f"{self.origin}\n{self.size}\n{self.digest.hex()}\n"

    def holds(self, notes: Mapping[int, str]) -> bool:
        """Tell whether these notes, by size, are those that were added up."""
        added = _added_up(b"", (notes[size] for size in sorted(notes) if size <= self.size))
        return self.size in notes and added == self.digest


UNREADABLE_SUM = NoteSum("", -1, b"")


def kept_sum() -> NoteSum | None:
    """Return the sum over the signed heads; None when there is none, UNREADABLE_SUM when its file makes no sense."""
    try:
        told = _sum_file().read_bytes()
    except FileNotFoundError:
        return None
    try:
        origin, size, digest = told.decode("ascii").split("\n", 2)
        found = NoteSum(origin, int(size), bytes.fromhex(digest))
    except ValueError:
        return UNREADABLE_SUM
    return found if found.text().encode() == told else UNREADABLE_SUM


def add_up_notes(origin: str) -> None:
    """Add the heads that were signed since to the sum. What a crash leaves out is added the next time."""
    known = kept_sum()
    if known is None or known.origin != origin:
        known = NoteSum(origin, -1, b"")
    later = stored.notes(over=known.size)
    if later:
        told = NoteSum(origin, max(later), _added_up(known.digest, later.values()))
        keys.replace(_sum_file(), told.text().encode())


def _sum_file() -> Path:
    return Path(settings.CARDCASE.data) / SUM_FILE


def _added_up(digest: bytes, notes: Iterable[str]) -> bytes:
    for text in notes:
        digest = hashlib.sha256(digest + text.encode()).digest()
    return digest


def root_of(head: HeadRow) -> bytes:
    """Return the root over the peaks that the head row holds."""
    peaks = bytes(head.peaks)
    return merkle.fold([peaks[at : at + merkle.HASH_BYTES] for at in range(0, len(peaks), merkle.HASH_BYTES)])
