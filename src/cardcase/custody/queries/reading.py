"""Histories for people, entries with their openings and proofs for packs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cardcase.custody.models import Checkpoint, Content, Entry, Head
from cardcase.custody.rules import merkle, plain
from cardcase.staff.rules import Actor

from . import tree

T = TypeVar("T", int, str)

_AT_ONCE = 500
"""How many ids go into one question: SQLite before 3.32 took 999, and long lists gain nothing."""


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


def _told(entry: KeptEntry) -> Mapping[str, plain.JSON]:
    body = entry.contents[0].body if entry.contents else None
    value = json.loads(body) if body else {}
    return value if isinstance(value, dict) else {}


def entries(actor: Actor, subjects: Sequence[str], *, below: int | None = None) -> list[KeptEntry]:
    """Return the entries of these subjects in order of the log, only those numbered under ``below`` when given."""
    rows: list[Entry] = []
    visible = Entry.objects.visible_to(actor)
    if below is not None:
        visible = visible.filter(seq__lt=below)
    for chunk in _chunks(sorted(set(subjects))):
        rows.extend(visible.filter(subject__in=chunk))
    rows.sort(key=lambda row: row.seq)
    contents: dict[int, list[KeptContent]] = {}
    for seqs in _chunks([row.seq for row in rows]):
        for one in Content.objects.filter(entry__in=seqs).order_by("entry_id", "position"):
            contents.setdefault(one.entry_id, []).append(
                KeptContent(one.role, one.mime, bytes(one.commit), _bytes(one.salt), _bytes(one.body))
            )
    return [
        KeptEntry(
            seq=row.seq,
            kind=row.kind,
            at=row.at,
            subject=row.subject,
            data=bytes(row.data),
            leaf=bytes(row.leaf),
            contents=tuple(contents.get(row.seq, ())),
        )
        for row in rows
    ]


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)


def _chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE))


def vkey() -> str:
    """Return the log's public key as C2SP text, or nothing before the first entry."""
    head = Head.objects.filter(pk=1).only("vkey").first()
    return head.vkey if head else ""


def latest_checkpoint() -> str:
    """Return the last signed note, or nothing when none was signed yet."""
    last = Checkpoint.objects.order_by("-size").only("note").first()
    return last.note if last else ""


def inclusion_proofs(seqs: Sequence[int], size: int) -> dict[int, list[bytes]]:
    """Prove for each entry that it is in the tree of ``size`` entries. All nodes are fetched at once."""
    wanted = {
        coordinate
        for seq in seqs
        for start, end in merkle.inclusion_ranges(seq, size)
        for coordinate in merkle.cover(start, end)
    }
    read = tree.fetch(wanted)
    return {seq: merkle.prove_inclusion(seq, size, read) for seq in seqs}


def consistency_proof(old: int, new: int) -> list[bytes]:
    """Prove that the log of ``old`` entries is the beginning of the log of ``new`` entries."""
    ranges = merkle.consistency_ranges(old, new)
    read = tree.fetch({coordinate for start, end in ranges for coordinate in merkle.cover(start, end)})
    return merkle.prove_consistency(old, new, read)
