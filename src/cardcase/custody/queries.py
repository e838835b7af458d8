"""Histories for people, entries with their openings and proofs for packs."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import head as heads
from . import openings, sealing, subject_keys, succession, tree
from .models import Checkpoint, Entry, appending, stored
from .rules import entry as form
from .rules import merkle, note, plain
from .rules.entry import LONGEST_REASON
from .rules.report import LedgerReport
from .verification import verify_all

__all__ = [
    "LONGEST_REASON",
    "HistoryItem",
    "KeptContent",
    "KeptEntry",
    "KeyChange",
    "LedgerReport",
    "RecordState",
    "SigningKey",
    "born",
    "consistency_proof",
    "earlier_heads",
    "entries",
    "has_entries",
    "head_over",
    "history",
    "inclusion_proofs",
    "key_changes",
    "latest_checkpoint",
    "missing_sheets",
    "named_between",
    "newest",
    "note_at",
    "own_entries",
    "record_state",
    "signing_keys",
    "verify_all",
    "vkey",
]


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One entry as people read it. Facts and label are empty once their content has been erased."""

    seq: int
    at: datetime
    subject: str
    kind: str
    actor_kind: str
    actor_label: str
    facts: Mapping[str, plain.JSON]


@dataclass(frozen=True, slots=True)
class KeptContent:
    """One content of an entry with what is left to open it: ``body`` is None when the bytes live elsewhere."""

    role: str
    mime: str
    commit: bytes
    salt: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """One entry as it lies in the log, with its contents in order."""

    seq: int
    kind: str
    at: datetime
    subject: str
    data: bytes
    leaf: bytes
    contents: tuple[KeptContent, ...]


def history(actor: Actor, subjects: Sequence[str]) -> list[HistoryItem]:
    """Return what the record says of these subjects, oldest first, in the actor's shop."""
    items: list[HistoryItem] = []
    for entry in entries(actor, subjects):
        told = _told(entry)
        who, facts = told.get("actor"), told.get("facts")
        who = who if isinstance(who, dict) else {}
        items.append(
            HistoryItem(
                seq=entry.seq,
                at=entry.at,
                subject=entry.subject,
                kind=entry.kind,
                actor_kind=str(who.get("kind", "")),
                actor_label=str(who.get("label", "")),
                facts=facts if isinstance(facts, dict) else {},
            )
        )
    return items


def born(actor: Actor, kinds: Sequence[str], *, listed_as: str) -> set[str]:
    """Return what entries of these kinds tell of: the names listed in one of their facts, else their subjects."""
    names: set[str] = set()
    visible = Entry.objects.visible_to(actor).filter(kind__in=kinds).order_by("seq").values_list("seq", "subject")
    for rows in stored.chunks(list(visible)):
        opened = openings.of([seq for seq, _ in rows])
        for seq, subject in rows:
            body = opened[seq][0].body
            facts = json.loads(body).get("facts", {}) if body else {}
            names.update(facts.get(listed_as, [subject]))
    return names


def _told(entry: KeptEntry) -> Mapping[str, plain.JSON]:
    body = entry.contents[0].body if entry.contents else None
    value = json.loads(body) if body else {}
    return value if isinstance(value, dict) else {}


def entries(actor: Actor, subjects: Sequence[str], *, below: int | None = None) -> list[KeptEntry]:
    """Return the entries of these subjects in order of the log, only those numbered under ``below`` when given.

    Raises NoSubjectKey when half of a key they lie under is missing.
    """
    rows: list[Entry] = []
    visible = Entry.objects.visible_to(actor)
    if below is not None:
        visible = visible.filter(seq__lt=below)
    for names in stored.chunks(sorted(set(subjects))):
        rows.extend(visible.filter(subject__in=names))
    rows.sort(key=lambda row: row.seq)
    opened = openings.of([row.seq for row in rows])
    return [
        KeptEntry(
            seq=row.seq,
            kind=row.kind,
            at=row.at,
            subject=row.subject,
            data=bytes(row.data),
            leaf=bytes(row.leaf),
            contents=_kept(form.decode(bytes(row.data)), opened.get(row.seq, {})),
        )
        for row in rows
    ]


def _kept(entry: form.Entry, opened: Mapping[int, sealing.Opened]) -> tuple[KeptContent, ...]:
    return tuple(
        KeptContent(role, mime, commit, *opened.get(position, sealing.TAKEN_OUT))
        for position, (role, mime, _, commit) in enumerate(entry.contents)
    )


def vkey(actor: Actor) -> str:
    """Return the log's public key as C2SP text, the same for every shop; nothing before the first entry."""
    actor.require(Permission.READ)
    head = appending.read_head()
    return head.vkey if head else ""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs, or signed, the record, as entry ``seq`` names it.

    ``crossed`` is the head that it and the key before it both signed; empty for the first key of a name and until
    that head is signed.
    """

    seq: int
    at: str
    origin: str
    vkey: str
    fingerprint: str
    follows: str
    crossed: str
    state: str

    @property
    def state_text(self) -> Text:
        """What the key is for, as a sentence."""
        return _KEY_STATES[self.state]


_KEY_STATES = {
    "present": Text("正在使用", "in use"),
    "pending": Text("已记录，等下一个校验点由新旧两把共同签名", "named; it and the old one sign the next checkpoint"),
    "former": Text("已停用，旧的校验点仍由它核对", "no longer used; older checkpoints are checked with it"),
}


def missing_sheets(actor: Actor) -> list[str]:
    """Name the files of halves of subjects' keys that are missing here; without them contents cannot be opened."""
    actor.require(Permission.READ)
    return subject_keys.missing_sheets()


def signing_keys(actor: Actor) -> list[SigningKey]:
    """Return the keys of the record and of those it continues, oldest first, the same for every shop."""
    actor.require(Permission.READ)
    found = succession.all_keys()
    last = len(found) - 1
    return [
        SigningKey(
            seq=key.seq,
            at=key.at,
            origin=key.verifier.name,
            vkey=key.verifier.vkey,
            fingerprint=key.verifier.fingerprint,
            follows=key.follows.vkey if key.follows else "",
            crossed=key.crossed,
            state="former" if number < last else ("pending" if key.is_pending else "present"),
        )
        for number, key in enumerate(found)
    ]


@dataclass(frozen=True, slots=True)
class RecordState:
    """Where the record stands: how the database continues what was signed, the last signed head, and the keys."""

    status: str
    may_sign: bool
    text: Text
    next: Text
    size: int
    signed_size: int
    vkey: str
    checkpoint: str
    keys: list[SigningKey]


def record_state(actor: Actor) -> RecordState:
    """Return where the record stands, the same for every shop. Costs a few rows, not the whole record."""
    actor.require(Permission.READ)
    found = heads.check()
    return RecordState(
        status=found.status.value,
        may_sign=found.may_sign,
        text=found.text,
        next=found.next,
        size=found.size,
        signed_size=found.signed_size,
        vkey=vkey(actor),
        checkpoint=latest_checkpoint(actor),
        keys=signing_keys(actor),
    )


def latest_checkpoint(actor: Actor) -> str:
    """Return the last signed note, or nothing when none was signed yet."""
    actor.require(Permission.READ)
    return stored.last_note() or ""


def note_at(actor: Actor, size: int) -> str:
    """Return the note that was signed at this size, or nothing when none was."""
    actor.require(Permission.READ)
    return stored.note_at(size) or ""


def head_over(actor: Actor, seq: int, verifier: note.Verifier) -> str:
    """Return the first signed head over an entry that this key signed, be it with another. Raises BadNote for none."""
    actor.require(Permission.READ)
    for text in stored.notes(over=seq).values():
        try:
            note.open_checkpoint(text, verifier)
        except note.BadNote:
            continue
        return text
    raise note.BadNote("no head over the entry is signed by this key")


def own_entries(actor: Actor, kinds: Collection[str], seqs: Collection[int] | None = None) -> Mapping[int, bytes]:
    """Return the log's own entries of these kinds by their number, all of them or those asked for.

    They are of no shop and hold nothing of one.
    """
    actor.require(Permission.READ)
    rows = Entry.objects.filter(kind__in=kinds, shop=None)
    if seqs is not None:
        rows = rows.filter(seq__in=seqs)
    return {seq: bytes(data) for seq, data in rows.values_list("seq", "data").iterator()}


def has_entries(actor: Actor, *, since: int, without: Collection[str], kinds: Collection[str] | None = None) -> bool:
    """Tell whether the log holds entries from a number on, of any shop, kinds ``without`` left aside.

    With ``kinds`` only those count.
    """
    actor.require(Permission.READ)
    rows = Entry.objects.filter(seq__gte=since).exclude(kind__in=without)
    return (rows if kinds is None else rows.filter(kind__in=kinds)).exists()


def newest(actor: Actor) -> int:
    """Return the number of the shop's newest entry, 0 before the first."""
    newest: int | None = Entry.objects.visible_to(actor).order_by("-seq").values_list("seq", flat=True).first()
    return newest or 0


def named_between(actor: Actor, *, after: int, upto: int, but: str, most: int) -> list[tuple[str, ...]]:
    """Return the public ids that each of the shop's entries names, its subject first, in the order of the log.

    Of the entries from ``after`` (left out) to ``upto``, those of the room ``but`` left aside; no more than ``most``.
    """
    rows = Entry.objects.visible_to(actor).filter(seq__gt=after, seq__lte=upto).exclude(kind__startswith=f"{but}.")
    told = rows.order_by("seq").values_list("subject", "data")[:most]
    return [(subject, *form.decode(bytes(data)).refs.values()) for subject, data in told]


def inclusion_proofs(actor: Actor, seqs: Sequence[int], size: int) -> dict[int, list[bytes]]:
    """Prove for each entry that it is in the tree of ``size`` entries. All nodes are fetched at once."""
    actor.require(Permission.READ)
    wanted = {
        coordinate
        for seq in seqs
        for start, end in merkle.inclusion_ranges(seq, size)
        for coordinate in merkle.cover(start, end)
    }
    read = tree.fetch(wanted)
    return {seq: merkle.prove_inclusion(seq, size, read) for seq in seqs}


def consistency_proof(actor: Actor, old: int, new: int) -> list[bytes]:
    """Prove that the log of ``old`` entries is the beginning of the log of ``new`` entries."""
    actor.require(Permission.READ)
    ranges = merkle.consistency_ranges(old, new)
    read = tree.fetch({coordinate for start, end in ranges for coordinate in merkle.cover(start, end)})
    return merkle.prove_consistency(old, new, read)


def earlier_heads(
    actor: Actor, head: note.Checkpoint, *, above: int, most: int
) -> list[tuple[note.Checkpoint, list[bytes]]]:
    """Return signed heads larger than ``above`` and smaller than ``head``, and proofs that ``head`` continues them.

    The last ``most`` of them, smallest first; heads under another name of the log are left out.
    """
    actor.require(Permission.READ)
    notes = (
        Checkpoint.objects.filter(size__gt=above, size__lt=head.size).order_by("-size").values_list("note", flat=True)
    )
    known = [note.Checkpoint.parse(note.split(text)[0]) for text in notes[:most]]
    heads = [one for one in reversed(known) if one.origin == head.origin]
    wanted = {
        coordinate
        for one in heads
        for start, end in merkle.consistency_ranges(one.size, head.size)
        for coordinate in merkle.cover(start, end)
    }
    read = tree.fetch(wanted)
    return [(one, merkle.prove_consistency(one.size, head.size, read)) for one in heads]


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key that followed another: the bytes of the entry that names both, and the first head after it, signed by both.

    ``path`` proves the entry, and ``consistency`` the beginning that the note signs, under the head that was asked for.
    """

    data: bytes
    path: tuple[bytes, ...]
    note: str
    consistency: tuple[bytes, ...]


def key_changes(actor: Actor, head: note.Checkpoint, *, most: int) -> list[KeyChange]:
    """Return the last ``most`` changes of the key under this head's name that were complete by this head, in order.

    The same for every shop: entries about keys belong to none.
    """
    actor.require(Permission.READ)
    whole = [
        (one, crossed.size)
        for one in succession.keys_of(head.origin)
        if one.crossed and (crossed := note.Checkpoint.parse(note.split(one.crossed)[0])).size <= head.size
    ][-most:]
    paths = inclusion_proofs(actor, [one.seq for one, _ in whole], head.size)
    return [
        KeyChange(one.data, tuple(paths[one.seq]), one.crossed, tuple(consistency_proof(actor, size, head.size)))
        for one, size in whole
    ]
