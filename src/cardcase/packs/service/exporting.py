"""The export of a pack in the record: one key from the first head to the last, one entry, one new version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cardcase.cases.service.rows import take
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.custody.rules import note
from cardcase.kit.errors import Conflict
from cardcase.kit.text import Text
from cardcase.packs import sealed
from cardcase.packs.models import Pack, PackDraft
from cardcase.packs.rules import form
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Made:
    """A pack that is sealed and not yet recorded."""

    pack: str
    number: str
    case_id: str
    manifest: bytes
    counts: Mapping[str, int]
    recipient: str


def key_of(actor: Actor, head_note: str) -> note.Verifier:
    """Return the present key, which signed this head: all of a pack is signed by one key. Raises Conflict."""
    verifier = note.Verifier.parse(ledger.vkey(actor))
    try:
        note.open_checkpoint(head_note, verifier)
    except note.BadNote:
        raise _key_changed() from None
    return verifier


def record(actor: Actor, made: Made, verifier: note.Verifier, *, at: datetime) -> tuple[Pack, bytes]:
    """Record that this pack was exported, sign the record, and return the pack's row and the proof of it.

    Raises Conflict, and records nothing, when another key has followed the one that sealed the pack.
    """
    digest = form.seal_lines(made.pack, made.manifest)[1].encode()
    content = custody.Content(form.MANIFEST_ROLE, digest)
    with transaction.atomic():
        row = _next_version(actor, made, digest.decode(), at=at)
        facts: dict[str, custody.JSON] = {
            "pack": made.pack,
            "case": made.number,
            "n": row.number,
            "recipient": made.recipient,
            "counts": dict(made.counts),
        }
        ref = custody.append(actor, custody.Record(form.SEALED_KIND, made.case_id, at, facts, (content,)))
        assert ref is not None, "a pack is sealed by itself"
        if ledger.vkey(actor) != verifier.vkey:  # asked while the entry holds the record: no key follows meanwhile
            raise _key_changed()
    custody.checkpoint(actor, at=at)
    # A key that follows right now has signed that head together with the one before it.
    signed = ledger.head_over(actor, ref.seq, verifier)
    size = note.Checkpoint.parse(note.split(signed)[0]).size
    path = ledger.inclusion_proofs(actor, [ref.seq], size)[ref.seq]
    entry = next(one for one in ledger.entries(actor, [made.case_id]) if one.seq == ref.seq)
    salt = next(one.salt for one in entry.contents if one.role == form.MANIFEST_ROLE)
    assert salt is not None  # written a moment ago
    return row, form.LogProof(entry.data, salt, ref.seq, tuple(path), signed).encode()


def _key_changed() -> Conflict:
    return Conflict(
        "打包时记录的签名密钥换了，没有封存",
        "The signing key of the record changed while the pack was made; nothing was sealed",
        next=Text("再封存一次。", "Seal it again."),
        code="key_changed",
    )


def _next_version(actor: Actor, made: Made, manifest_sha256: str, *, at: datetime) -> Pack:
    """Number the new version; the draft is used up, and the version before it no longer counts unless handed in."""
    case = take(actor, made.number)
    known = Pack.objects.visible_to(actor).filter(case=case)
    before = max([one.number for one in known] + [len(sealed.sealed(actor, case))])
    known.filter(state=sealed.PackState.SEALED.value).update(state=sealed.PackState.SUPERSEDED.value, superseded_at=at)
    PackDraft.objects.visible_to(actor).filter(case=case).delete()
    return Pack.objects.create(
        shop_id=actor.shop_id,
        public_id=made.pack,
        case=case,
        number=before + 1,
        state=sealed.PackState.SEALED.value,
        recipient=made.recipient,
        manifest_sha256=manifest_sha256,
        sealed_at=at,
        sealed_by=actor.label or actor.kind.value,
    )
