"""What packs, buyers and readers take along: bounds, the newest head, stamps with their bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cardcase.anchors.models import Copies, Cosignature, Stamp
from cardcase.anchors.rules.plan import StampState
from cardcase.anchors.rules.stamp import archive_message
from cardcase.custody import queries as ledger
from cardcase.custody.rules import note
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

GROUPS = 6
"""Groups of four hex digits of a root that are shown to be compared by eye: 96 bits, more than anybody can aim at.

Dots stand between them, because digits and letters in a row are taken for a card code, and masked.
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which moments an entry came to be, by third parties' clocks; None where nobody vouches."""

    not_before: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Copy:
    """The newest signed head as it is given to buyers: its size, the beginning of its root, and the note itself."""

    size: int
    root_short: str
    note: str

    @property
    def base64(self) -> str:
        """The note in base64, for a link that downloads it without another request."""
        return note.encode64(self.note.encode())

    @property
    def line(self) -> Text:
        """Say it in one line, to be put under a message."""
        return Text(
            f"记录校验点：第 {self.size} 条，{self.root_short}（请留存，可证明此前记录未被改动）",
            f"Checkpoint of our record: {self.size} entries, {self.root_short} (keep it: it shows later changes)",
        )


@dataclass(frozen=True, slots=True)
class KeptStamp:
    """A stamp as packs choose among them: thousands a year, so without its bytes."""

    pk: int
    authority: str
    size: int
    token_sha256: str
    over_sha256: str
    entry_seq: int


@dataclass(frozen=True, slots=True)
class StampBytes:
    """The bytes of a stamp: the note that was stamped, and the reply as it came."""

    note: str
    reply: bytes


def bounds(actor: Actor, seqs: Sequence[int], *, up_to: int | None = None) -> Mapping[int, Bounds]:
    """Return for each entry between which moments it came to be, by verified time-stamps.

    Not after: the earliest genTime (plus its accuracy) of a stamp over a head that holds the entry. Not before: the
    latest genTime (minus its accuracy) of a token whose hash stands in the record before the entry. ``up_to`` leaves
    stamps over larger heads aside.
    """
    actor.require(Permission.READ)
    ends: list[tuple[int, datetime]] = []
    starts: list[tuple[int, datetime]] = []
    columns = ("size", "entry_seq", "gen_time", "accuracy_ms")
    rows = Stamp.objects.filter(state=StampState.VERIFIED.value, over=None)
    if up_to is not None:
        rows = rows.filter(size__lte=up_to)
    for size, entry, at, off in rows.values_list(*columns):
        if at is None:
            continue
        ends.append((size, at + timedelta(milliseconds=off)))
        if entry is not None:
            starts.append((entry, at - timedelta(milliseconds=off)))
    ends.sort(reverse=True)
    starts.sort()
    found: dict[int, Bounds] = {}
    latest: datetime | None = None
    place = 0
    for seq in sorted(set(seqs)):
        while place < len(starts) and starts[place][0] < seq:
            latest = max(latest, starts[place][1]) if latest else starts[place][1]
            place += 1
        found[seq] = Bounds(latest, None)
    earliest: datetime | None = None
    place = 0
    for seq in sorted(set(seqs), reverse=True):
        while place < len(ends) and ends[place][0] > seq:
            earliest = min(earliest, ends[place][1]) if earliest else ends[place][1]
            place += 1
        found[seq] = Bounds(found[seq].not_before, earliest)
    return found


def has_unchecked_stamps(actor: Actor, *, up_to: int | None = None) -> bool:
    """Tell whether stamps are kept that bound nothing because they cannot be checked here: SM2, or no root pinned."""
    actor.require(Permission.READ)
    rows = Stamp.objects.filter(state=StampState.UNVERIFIED.value, over=None)
    return (rows if up_to is None else rows.filter(size__lte=up_to)).exists()


def copies(actor: Actor) -> tuple[bool, bool]:
    """Tell whether the shop gives the head to buyers (on the claim page, under messages). On and off by default."""
    row = Copies.objects.visible_to(actor).values_list("on_claim_page", "in_chat").first()
    return row or (True, False)


def copy_for_claims(actor: Actor) -> Copy | None:
    """Return what the claim page of the shop gives its buyer, None when the shop does not want it."""
    return copy(actor) if copies(actor)[0] else None


def copy_for_chat(actor: Actor) -> Copy | None:
    """Return what the shop puts under its replies, None unless the shop wants that."""
    return copy(actor) if copies(actor)[1] else None


def copy(actor: Actor) -> Copy | None:
    """Return the newest signed head with the cosignatures that stand under it, None before the first."""
    text = ledger.latest_checkpoint(actor)
    if not text:
        return None
    head = note.Checkpoint.parse(note.split(text)[0])
    digits = head.root.hex()
    short = "·".join(digits[at : at + 4] for at in range(0, 4 * GROUPS, 4))
    return Copy(head.size, short, cosigned(actor, text))


def cosigned(actor: Actor, signed: str) -> str:
    """Return a note with the lines of its witnesses under it. The text that is signed stays as it is."""
    actor.require(Permission.READ)
    size = note.Checkpoint.parse(note.split(signed)[0]).size
    lines = Cosignature.objects.filter(size=size).order_by("key_id").values_list("line", flat=True)
    return signed + "".join(line for line in lines if line not in signed)


def kept_stamps(actor: Actor, *, up_to: int) -> list[KeptStamp]:
    """Return every stamp over a head of at most so many entries that was kept, oldest head first. For packs."""
    actor.require(Permission.READ)
    settled = [StampState.VERIFIED.value, StampState.UNVERIFIED.value]
    rows = Stamp.objects.filter(state__in=settled, size__lte=up_to, entry_seq__isnull=False)
    columns = ("pk", "authority", "size", "token_sha256", "over__token_sha256", "entry_seq")
    return [
        KeptStamp(pk, authority, size, token, over or "", seq)
        for pk, authority, size, token, over, seq in rows.order_by("size", "authority", "pk").values_list(*columns)
    ]


def stamp_bytes(actor: Actor, pks: Sequence[int]) -> dict[int, StampBytes]:
    """Return the bytes of these stamps."""
    actor.require(Permission.READ)
    rows = Stamp.objects.filter(pk__in=list(pks)).values_list("pk", "note", "reply__body")
    return {pk: StampBytes(text, bytes(body)) for pk, text, body in rows}


def cosigned_heads(actor: Actor, *, up_to: int) -> list[tuple[int, str, list[str]]]:
    """Return (size, note with its cosignatures, key ids of the seller's own witnesses) of the newest cosigned head."""
    actor.require(Permission.READ)
    rows = Cosignature.objects.filter(size__lte=up_to).order_by("-size")
    first = rows.first()
    signed = ledger.note_at(actor, first.size) if first else ""
    if first is None or not signed:
        return []
    own = sorted(rows.filter(size=first.size, is_own=True).values_list("key_id", flat=True))
    return [(first.size, cosigned(actor, signed), own)]


def awaited(actor: Actor) -> list[str]:
    """Name the authorities from which a stamp of a present head is still owed."""
    actor.require(Permission.READ)
    waiting = Stamp.objects.filter(state=StampState.WAITING.value, over=None)
    return sorted(set(waiting.values_list("authority", flat=True)))


def copy_file(actor: Actor) -> bytes:
    """Return the newest signed head with its cosignatures. Raises NotFound before the first."""
    told = copy(actor)
    if told is None:
        raise NotFound("还没有签过校验点", "No checkpoint was signed yet")
    return told.note.encode()


def token_file(actor: Actor, sha256: str) -> bytes:
    """Return a kept reply as it came. Raises NotFound."""
    return bytes(_kept(actor, sha256).reply.body)


def stamped_file(actor: Actor, sha256: str) -> bytes:
    """Return the bytes that a kept reply is over. Raises NotFound."""
    row = _kept(actor, sha256)
    if row.over is None:
        return str(row.note).encode()
    return archive_message(row.over.note.encode(), bytes(row.over.reply.body))


def _kept(actor: Actor, sha256: str) -> Any:
    actor.require(Permission.READ)
    rows = Stamp.objects.select_related("reply", "over__reply").exclude(reply=None)
    row = rows.filter(token_sha256=sha256).first() if sha256 else None
    if row is None:
        raise NotFound("没有这枚时间戳", "There is no such time-stamp")
    return row
