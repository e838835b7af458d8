"""Build and seal the evidence pack of a case."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db import transaction

import cardcase
from cardcase.cards import masking
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event
from cardcase.cases.service.rows import take
from cardcase.custody import files as originals
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.custody.rules import note
from cardcase.kit import clock, ids
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.remedies import queries as remedies
from cardcase.remedies.rules import phrase, require_typed
from cardcase.staff.rules import Actor, Permission

from . import archive, layout, queries, report, sealed, stamps
from .check_records import count
from .openings import Opened, Original, open_entries
from .rules import catalogues, disclosure, form, images
from .rules.dossier import Dossier, said_in, with_said
from .rules.form import Line, State
from .rules.wording import moment

__all__ = ["CodeInPack", "NothingRecorded", "PackTooLarge", "build", "submit"]

TOOL: Final = f"cardcase/{cardcase.__version__}"
_MOST_HEADS: Final = 256
"""Earlier signed heads of which a pack proves that its own continues them: those since the case began, the latest."""
_ENDINGS: Final = {
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "text/plain": "txt",
    "text/csv": "csv",
    "application/json": "json",
}

CodeTest = Callable[[str], bool]
"""Tells whether a text holds a card code."""


class CodeInPack(Refused):
    """Something that would go into the pack holds a card code. Nothing was sealed."""

    code = "code_in_pack"


class NothingRecorded(Refused):
    """The record has no entry for this case, so a pack would prove nothing."""

    code = "nothing_recorded"


class PackTooLarge(Refused):
    """The originals are more than one pack can hold."""

    code = "pack_too_large"


def build(actor: Actor, number: str, *, at: datetime, contains_code: CodeTest | None = None) -> bytes:
    """Build, seal and record the pack of a case and return its ZIP.

    Signs the record before and after, so it must not be called inside a transaction. ``contains_code`` is asked about
    every text before sealing; the stock's own masking when not given. Raises NotAllowed, NotFound, NothingRecorded,
    CodeInPack, PackTooLarge, the refusals of ``custody.checkpoint``, NoFont, ReportFailed.
    """
    actor.require(Permission.EXPORT)
    told = _masked(actor, queries.dossier(actor, number))
    head_note = custody.checkpoint(actor, at=at)
    head = note.Checkpoint.parse(note.split(head_note)[0])
    kept = ledger.entries(actor, told.subjects, below=head.size)
    if not any(entry.subject == told.case_id for entry in kept):
        raise NothingRecorded(
            "这个售后单还没有记录，导出了也证明不了什么",
            "Nothing is recorded of this case; a pack would prove nothing",
            next=Text(
                "先导入订单和退款，让售后单由系统建立。", "Import the order and refund so that the case is opened."
            ),
        )
    kept_files = _originals(actor, told)
    opened = open_entries(kept, told.texts, kept_files.values(), lambda texts: _have_codes(actor, texts))
    _refuse_codes(actor, told, opened, kept_files, contains_code)
    lines = opened.lines
    pack = _name(head, told.case_id, at)
    files = {one.path: one.data for one in kept_files.values() if not one.is_withheld}
    records = b"".join(form.write_line(line) for line in lines)
    proofs = ledger.inclusion_proofs(actor, [entry.seq for entry in kept], head.size)
    verifier = note.Verifier.parse(ledger.vkey(actor))
    counts = {**count(iter(lines)), "files": len(files)}
    pdf = report.make(
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
        ),
        files,
    )
    began = min(entry.seq for entry in kept)
    earlier = ledger.earlier_heads(actor, head, above=began, most=_MOST_HEADS)
    names = layout.Names(pack, told.number, told.shop, TOOL, at, verifier, head.size)
    members = {
        **files,
        **layout.tag_files(names, lines),
        form.REPORT: pdf,
        form.RECORDS: records,
        form.PROOFS: form.write_proofs(head.size, head.root, proofs),
        form.HISTORY: form.write_history([form.Earlier(one.size, one.root, tuple(path)) for one, path in earlier]),
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
    members[form.LOG_PROOF] = _record_export(actor, told, pack, manifest, counts, at=at)
    stamps.deposit(actor, pack, manifest, at=at)
    return _zip(layout.close_bag(members, told.number))


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
    named = [one.pack for one in sealed.sealed(actor, case) if not pack or one.pack == pack]
    chosen = named[-1] if named else ""
    told: dict[str, custody.JSON] = {"pack": chosen, "is_once": is_once}
    case = cases.advance(actor, case, Event.PACK_SUBMITTED, facts=facts, revision=revision, details=told, at=at)
    custody.append(actor, custody.Record(sealed.SUBMITTED_KIND, case.public_id, at, told))
    return case


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


# ---- words and codes -----------------------------------------------------------------------------------------------


def _masked(actor: Actor, told: Dossier) -> Dossier:
    """Take card codes out of every text that a person wrote: channels and forms pass on what buyers paste into them."""
    texts = sorted(set(said_in(told)))
    masked = dict(zip(texts, (one.text for one in masking.mask_texts(actor, texts)), strict=True))
    return with_said(told, masked.__getitem__)


def _have_codes(actor: Actor, texts: Sequence[str], test: CodeTest | None = None) -> list[bool]:
    if test is not None:
        return [test(text) for text in texts]
    return [one.had_code for one in masking.mask_texts(actor, texts)]


def _refuse_codes(
    actor: Actor, told: Dossier, opened: Opened, kept_files: Mapping[str, Original], test: CodeTest | None
) -> None:
    """Ask about every text that goes in, once more and all at once. The last door before the seal."""
    places = [(form.REPORT, text) for text in said_in(told)]
    places += [(f"{form.RECORDS} {seq}", text) for seq, text in opened.words()]
    for one in kept_files.values():
        if not one.is_withheld:
            places += [(one.path, text) for text in disclosure.words_in(one.data, one.mime)]
    found = _have_codes(actor, [text for _, text in places], test)
    hit = next((place for (place, _), is_hit in zip(places, found, strict=True) if is_hit), None)
    if hit is not None:
        raise CodeInPack(
            f"证据包的 {hit} 里会出现卡密，没有导出",
            f"A card code would stand in {hit} of the pack; nothing was exported",
            next=Text("在来源里遮蔽卡密后再导出。", "Mask the code where it comes from, then export again."),
            place=hit,
        )


# ---- originals and openings ----------------------------------------------------------------------------------------


def _originals(actor: Actor, told: Dossier) -> dict[str, Original]:
    """Read the exhibits' files. One whose own words hold a code stays out of the pack."""
    found: dict[str, Original] = {}
    for exhibit in told.exhibits:
        if not exhibit.sha256 or exhibit.sha256 in found:
            continue
        data = originals.read(exhibit.sha256)
        picture = images.look(data)
        ending = picture.ending if picture else _ENDINGS.get(exhibit.mime.partition(";")[0], "bin")
        words = disclosure.words_in(data, exhibit.mime)
        path = f"{form.FILES}{exhibit.sha256}.{ending}"
        found[exhibit.sha256] = Original(data, path, exhibit.mime, is_withheld=any(_have_codes(actor, words)))
    return found


def _record_row(entry: ledger.KeptEntry, line: Line) -> dict[str, str | int]:
    opened = sum(one.state is State.OPENED for one in line.openings)
    rest = len(line.openings) - opened
    contents = "，".join(
        text for text in (f"公开 {opened} 项" if opened else "", f"只留承诺值 {rest} 项" if rest else "") if text
    )
    return {
        "seq": entry.seq,
        "at": moment(entry.at),
        "kind": catalogues.kind(entry.kind).zh,
        "contents": contents,
        "leaf": entry.leaf.hex()[:12],
    }


# ---- the export in the record --------------------------------------------------------------------------------------


def _record_export(
    actor: Actor, told: Dossier, pack: str, manifest: bytes, counts: Mapping[str, int], *, at: datetime
) -> bytes:
    """Record that this pack was exported, sign the record, and return the proof of it."""
    digest = form.seal_lines(pack, manifest)[1].encode()
    facts: dict[str, custody.JSON] = {"pack": pack, "case": told.number, "counts": dict(counts)}
    content = custody.Content(form.MANIFEST_ROLE, digest)
    with transaction.atomic():
        ref = custody.append(actor, custody.Record(form.SEALED_KIND, told.case_id, at, facts, (content,)))
        assert ref is not None, "a pack is sealed by itself"
    signed = custody.checkpoint(actor, at=at)
    size = note.Checkpoint.parse(note.split(signed)[0]).size
    path = ledger.inclusion_proofs(actor, [ref.seq], size)[ref.seq]
    entry = next(one for one in ledger.entries(actor, [told.case_id]) if one.seq == ref.seq)
    salt = next(one.salt for one in entry.contents if one.role == form.MANIFEST_ROLE)
    assert salt is not None  # written a moment ago
    return form.LogProof(entry.data, salt, ref.seq, tuple(path), signed).encode()
