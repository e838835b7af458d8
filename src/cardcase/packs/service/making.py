"""Stage, preview, seal and submit the evidence packs of a case."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import transaction

import cardcase
from cardcase.cards import file_rows, masking
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event
from cardcase.cases.service.rows import take
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.custody.rules import note
from cardcase.evidence.rules.covering import cover
from cardcase.kit import clock, ids
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.packs import archive, layout, report, sealed, stamps
from cardcase.packs.bounding import bounding
from cardcase.packs.check_records import count
from cardcase.packs.gathering import CodeTest, Gathered, gather
from cardcase.packs.models import Pack, PackDraft
from cardcase.packs.rules import catalogues, form, succession
from cardcase.packs.rules.bounding import Bounding
from cardcase.packs.rules.form import Line, State
from cardcase.packs.rules.letter import default_letter
from cardcase.packs.rules.sealing import SEAL_PHRASE, Wanted, check_wanted, require_same
from cardcase.packs.rules.wording import moment
from cardcase.remedies import queries as remedies
from cardcase.remedies.rules import phrase, require_typed
from cardcase.staff.rules import Actor, Permission

from . import exporting

TOOL: Final = f"cardcase/{cardcase.__version__}"
_MOST_HEADS: Final = 256
"""Earlier signed heads of which a pack proves that its own continues them: those since the case began, the latest."""


class PackTooLarge(Refused):
    """The originals are more than one pack can hold."""

    code = "pack_too_large"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sealed now, and ``digest``, by which sealing knows that nothing has changed since.

    A stamp that comes in between is no change: it only says more of the same records.
    """

    gathered: Gathered
    wanted: Wanted
    letter: str
    digest: str
    bounding: Bounding


@transaction.atomic
def stage(actor: Actor, number: str, wanted: Wanted, *, at: datetime) -> PackDraft:
    """Choose for whom the next pack of a case is and how its letter reads. Codes in the letter are masked.

    Raises NotAllowed, NotFound, BadLetter.
    """
    actor.require(Permission.WORK)
    case = case_queries.by_number(actor, number)
    clean = check_wanted(wanted)
    [letter] = masking.mask_texts(actor, [clean.letter])
    told = {
        "shop_id": actor.shop_id,
        "recipient": clean.recipient,
        "letter": letter.text,
        "staged_at": at,
        "staged_by": actor.label or actor.kind.value,
    }
    draft, _ = PackDraft.objects.visible_to(actor).update_or_create(case=case, defaults=told)
    assert isinstance(draft, PackDraft)
    return draft


@transaction.atomic
def unstage(actor: Actor, number: str) -> None:
    """Drop the draft of a case's next pack. Nothing of it was recorded. Raises NotAllowed, NotFound."""
    actor.require(Permission.WORK)
    PackDraft.objects.visible_to(actor).filter(case=case_queries.by_number(actor, number)).delete()


def preview(actor: Actor, number: str, *, at: datetime) -> Preview:
    """Gather what would be sealed now, as it is staged. Changes nothing.

    Raises NotAllowed, NotFound, NothingRecorded, CodeInPack.
    """
    actor.require(Permission.EXPORT)
    gathered = gather(actor, number, at=at)
    return _preview(gathered, _staged(actor, number), bounding(actor, gathered.kept))


def _preview(gathered: Gathered, wanted: Wanted, bounded: Bounding) -> Preview:
    letter = cover(wanted.letter, gathered.told.covers) or default_letter(gathered.told, wanted.recipient)
    return Preview(gathered, wanted, letter, gathered.digest(wanted.recipient, letter), bounded)


def _staged(actor: Actor, number: str) -> Wanted:
    case = case_queries.by_number(actor, number)
    draft = PackDraft.objects.visible_to(actor).filter(case=case).first()
    return Wanted(draft.recipient, draft.letter) if draft else Wanted()


def seal(actor: Actor, number: str, *, confirmation: str, at: datetime, seen: str = "") -> Pack:
    """Seal the next pack of a case as it is staged: a new version, whose bytes are kept and never change.

    ``confirmation`` is ``SEAL_PHRASE``; ``seen`` the digest of the preview that the person looked at. The version
    before it is superseded unless it was handed in. Raises NotConfirmed, Conflict, NotLookedAt and what ``build`` does.
    """
    actor.require(Permission.EXPORT)
    require_typed(confirmation, SEAL_PHRASE)
    pack, _ = _build(actor, number, at=at, contains_code=None, seen=seen)
    return pack


def build(actor: Actor, number: str, *, at: datetime, contains_code: CodeTest | None = None) -> bytes:
    """Build, seal and record the pack of a case in one go, as it is staged, and return its ZIP.

    Signs the record before and after, so it must not be called inside a transaction. ``contains_code`` is asked about
    every text before sealing; the stock's own masking when not given. Raises NotAllowed, NotFound, NothingRecorded,
    CodeInPack, NotLookedAt, PackTooLarge, DataRestricted, the refusals of ``custody.checkpoint``, NoFont,
    ReportFailed.
    """
    actor.require(Permission.EXPORT)
    _, data = _build(actor, number, at=at, contains_code=contains_code)
    return data


def _build(
    actor: Actor, number: str, *, at: datetime, contains_code: CodeTest | None, seen: str = ""
) -> tuple[Pack, bytes]:
    head_note = custody.checkpoint(actor, at=at)
    head = note.Checkpoint.parse(note.split(head_note)[0])
    gathered = gather(actor, number, at=at, below=head.size, contains_code=contains_code)
    bounded = bounding(actor, gathered.kept, up_to=head.size)
    planned = _preview(gathered, _staged(actor, number), bounded)
    require_same(seen, planned.digest)
    gathered.require_sealable()
    told, kept, lines, kept_files = gathered.told, gathered.kept, gathered.opened.lines, gathered.files
    pack = _name(head, told.case_id, at)
    files = {one.path: one.data for one in kept_files.values() if not one.is_withheld}
    records = b"".join(form.write_line(line) for line in lines)
    proofs = ledger.inclusion_proofs(actor, [entry.seq for entry in kept], head.size)
    verifier = exporting.key_of(actor, head_note)
    counts = {**count(iter(lines)), "files": len(files)}
    made = report.make(
        told,
        report.Facts(
            pack=pack,
            made_at=at,
            tool=TOOL,
            vkey=verifier.vkey,
            fingerprint=verifier.fingerprint,
            origin=head.origin,
            log_size=head.size,
            records_sha256=hashlib.sha256(records).hexdigest(),
            counts=counts,
            records=[_record_row(entry, line) for entry, line in zip(kept, lines, strict=True)],
            paths={sha256: one.path for sha256, one in kept_files.items() if not one.is_withheld},
            withheld=frozenset(sha256 for sha256, one in kept_files.items() if one.is_withheld),
            letter=planned.letter,
            bounding=planned.bounding,
        ),
        files,
    )
    began = min(entry.seq for entry in kept)
    earlier = ledger.earlier_heads(actor, head, above=began, most=_MOST_HEADS)
    older = _keys(actor, head)
    names = layout.Names(
        pack=pack,
        number=told.number,
        shop=told.shop,
        tool=TOOL,
        made_at=at,
        signer=verifier,
        size=head.size,
        line=note.line_of(head_note, verifier),
        has_older_keys=bool(older),
    )
    members = {
        **files,
        **layout.tag_files(names, lines),
        form.REPORT: made.pdf,
        report.INDEX_PDF: made.index_pdf,
        report.INDEX_CSV: made.index_csv,
        form.RECORDS: records,
        form.PROOFS: form.write_proofs(head.size, head.root, proofs),
        form.HISTORY: form.write_history([form.Earlier(one.size, one.root, tuple(path)) for one, path in earlier]),
        **older,
        form.checkpoint_path(head.size): head_note.encode(),
        **stamps.members(actor, [entry.seq for entry in kept], head),
    }
    manifest = form.Manifest(
        pack=pack,
        made_at=clock.iso(at),
        tool=TOOL,
        shop=told.shop,
        case_number=told.number,
        case_id=told.case_id,
        origin=head.origin,
        size=head.size,
        root=head.root.hex(),
        vkey=verifier.vkey,
        subjects=Counter(entry.subject for entry in kept),
        counts=counts,
        files=[form.list_file(path, members[path]) for path in sorted(members)],
    ).encode()
    members[form.MANIFEST] = manifest
    members[form.SEAL] = custody.sign_statement(actor, form.FORMAT, form.seal_lines(pack, manifest)).encode()
    going = exporting.Made(pack, told.number, told.case_id, manifest, counts, planned.wanted.recipient)
    row, members[form.LOG_PROOF] = exporting.record(actor, going, verifier, at=at)
    stamps.deposit(actor, pack, manifest, at=at)
    data = _zip(layout.close_bag(members, told.number))
    _keep(row, data)
    return row, data


@transaction.atomic
def _keep(row: Pack, data: bytes) -> None:
    """Keep the bytes of a sealed pack: what is downloaded later is what was sealed."""
    row.size = len(data)
    row.save(update_fields=["size", *file_rows.fill(row, data)])


@transaction.atomic
def submit(
    actor: Actor,
    number: str,
    *,
    confirmation: str,
    revision: int,
    at: datetime,
    pack: str = "",
    is_once: bool = False,
) -> Case:
    """Note that a sealed pack is handed in on the platform now (T16): the latest, or the one named. A person does it.

    The same pack is handed in once; ``is_once``: the platform takes no second one unless it asks (T15).
    ``confirmation`` is the phrase of ``remedies.rules.phrase("submit")``. Raises Conflict, NotConfirmed, the refusals
    of T16.
    """
    actor.require(Permission.DECIDE)
    case = take(actor, number, revision=revision)
    require_typed(confirmation, phrase("submit"))
    known = remedies.standing(actor, case, at=at)
    facts = replace(sealed.with_packs(actor, case, known, pack=pack), is_confirmed=True)
    named = [one for one in sealed.sealed(actor, case) if not pack or one.pack == pack]
    written = [one for one in named if one.file_sha256]
    if named and not written:
        raise sealed.unfinished()
    chosen = written[-1].pack if written else ""
    told: dict[str, custody.JSON] = {"pack": chosen, "is_once": is_once}
    case = cases.advance(actor, case, Event.PACK_SUBMITTED, facts=facts, revision=revision, details=told, at=at)
    custody.append(actor, custody.Record(sealed.SUBMITTED_KIND, case.public_id, at, told))
    Pack.objects.visible_to(actor).filter(case=case, public_id=chosen).update(
        state=sealed.PackState.SUBMITTED.value, submitted_at=at, submitted_by=actor.label or actor.kind.value
    )
    return case


def _keys(actor: Actor, head: note.Checkpoint) -> dict[str, bytes]:
    """Return how the present key followed those before it, whenever: a reader may hold any that was ever published."""
    changes = [
        succession.Change(one.data, one.path, one.note, one.consistency)
        for one in ledger.key_changes(actor, head, most=succession.MOST)
    ]
    return {form.KEYS: succession.write(changes)} if changes else {}


def _name(head: note.Checkpoint, case_id: str, at: datetime) -> str:
    """Name a pack after what it is made of: the same state at the same moment gives the same name and bytes."""
    told = (head.origin, str(head.size), head.root.hex(), case_id, clock.iso(at))
    return ids.derived_id("pack", at, "\n".join(told).encode())


def _zip(members: Mapping[str, bytes]) -> bytes:
    try:
        return archive.write(members)
    except ValueError as error:
        most = archive.MAX_ARCHIVE_BYTES // 2**20
        raise PackTooLarge(
            f"原件太大，一个证据包最多 {most} MiB",
            f"The originals are too large; a pack holds at most {most} MiB",
            next=Text("压缩视频，或另行提交大文件。", "Compress videos, or hand in large files separately."),
        ) from error


def _record_row(entry: ledger.KeptEntry, line: Line) -> dict[str, str | int]:
    opened = sum(one.state is State.OPENED for one in line.openings)
    erased = sum(one.state is State.ERASED for one in line.openings)
    rest = len(line.openings) - opened - erased
    told = ((opened, "公开"), (rest, "只留承诺值"), (erased, "已删除"))
    contents = "，".join(f"{word} {number} 项" for number, word in told if number)
    return {
        "seq": entry.seq,
        "at": moment(entry.at),
        "kind": catalogues.kind(entry.kind).zh,
        "contents": contents,
        "leaf": entry.leaf.hex()[:12],
    }
