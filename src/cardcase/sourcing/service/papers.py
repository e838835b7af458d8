"""Verbs about papers: attach one to a supplier, a batch or a claim; replace one by saying why."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from cardcase.cards import vault
from cardcase.cards.masking import mask_text
from cardcase.cards.models import CardBatch, Supplier
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import clock, ids
from cardcase.kit.errors import NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.sourcing import queries, sealing
from cardcase.sourcing.models import SourceDocument, SupplierClaim
from cardcase.sourcing.rules import papers
from cardcase.staff.rules import Actor, Permission

from . import serials
from .following import ask_again

_TAIL = 4
_ODD = re.compile(r"[^\w.()（）\- ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTold:
    """What somebody tells of a paper beside its file. ``number`` is its own number; only its tail is kept."""

    kind: str
    name: str = ""
    issued_on: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    amount_fen: int | None = None
    counterparty: str = ""
    number: str = ""
    note: str = ""


@transaction.atomic
def attach(
    actor: Actor,
    data: bytes,
    told: PaperTold,
    *,
    at: datetime,
    supplier: str = "",
    batch: str = "",
    claim: str = "",
) -> SourceDocument:
    """Keep a paper of one supplier, batch or claim (public ids). The same bytes for the same thing are one paper.

    Its bytes are sealed. A list of serials is compared with its batch at once, and a PDF is looked through for codes of
    the stock as far as its text can be read. Raises NotAllowed, NotFound, BadPaper, WrongUse for an unknown
    kind, impossible dates, or anything but one thing that it belongs to.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    if told.kind not in papers.DOCUMENT_KINDS:
        known = papers.DOCUMENT_KINDS
        raise WrongUse(
            "没有这种单据",
            "There is no such kind of paper",
            next=Text(f"只能是：{'、'.join(known)}。", f"One of: {', '.join(known)}."),
        )
    papers.check_dates(told.issued_on, told.valid_from, told.valid_until, today=at.astimezone(clock.SHANGHAI).date())
    if told.amount_fen is not None and told.amount_fen < 0:
        raise WrongUse("金额不能是负数", "An amount is not negative")
    mime = papers.media_of(data)
    owner = _owner(actor, supplier=supplier, batch=batch, claim=claim)
    if told.kind == "serial_list" and (mime not in papers.TABLES or owner.batch is None):
        raise WrongUse(
            "序列号清单要是批次的 CSV、文本或 XLSX",
            "A list of serials is a CSV, text or XLSX of a batch",
            next=Text("在批次页上传表格文件。", "Add the table on the page of the batch."),
        )
    digest = vault.keyed_digest(data)
    owned = {"supplier": owner.supplier, "batch": owner.batch, "claim": owner.claim}
    mine = SourceDocument.objects.visible_to(actor).filter(sha256=digest, kind=told.kind, superseded_at=None, **owned)
    known_paper: SourceDocument | None = mine.first()
    if known_paper is not None:
        return known_paper
    document = SourceDocument(
        shop_id=actor.shop_id,
        public_id=ids.public_id("paper"),
        kind=told.kind,
        sha256=digest,
        mime=mime,
        size=len(data),
        name=_name(actor, told.name, mime),
        issued_on=told.issued_on,
        valid_from=told.valid_from,
        valid_until=told.valid_until,
        amount_fen=told.amount_fen,
        counterparty=mask_text(actor, told.counterparty.strip()).text[:120],
        number_tail=f"‥{told.number.strip()[-_TAIL:]}" if len(told.number.strip()) >= 2 * _TAIL else "",
        note=mask_text(actor, told.note.strip()).text[:300],
        added_by=actor.label[:80],
        added_at=at,
        **owned,
    )
    document.body_sealed = sealing.seal_paper(actor.shop_id, document.public_id, data)
    found = serials.read(actor, data, mime, owner.batch) if mime in serials.READABLE else None
    document.has_code = bool(found and found.codes)
    document.save(force_insert=True)
    facts: dict[str, custody.JSON] = {
        "kind": document.kind,
        "sha256": document.sha256,
        "mime": mime,
        "size": document.size,
        "issued_on": document.issued_on.isoformat() if document.issued_on else None,
        "amount_fen": document.amount_fen,
        "by": actor.label,
    }
    refs = {"of": owner.public_id}
    custody.append(actor, Record("paper.attached", document.public_id, at, facts, refs=refs))
    if told.kind == "serial_list" and owner.batch is not None and found is not None:
        serials.keep(actor, document, owner.batch, found, at=at)
    ask_again(actor, owner.batch, at=at)
    return document


@transaction.atomic
def open_paper(actor: Actor, document_id: str, *, at: datetime) -> tuple[bytes, str, str]:
    """Hand out bytes, media type and name of a paper, and write down who had it, as of everything sealed.

    Raises NotFound, NotAllowed (a table to who does not manage cards), Refused for one that holds a code, SealBroken.
    """
    actor.require(Permission.READ)
    data, mime, name = queries.paper_file(actor, document_id)
    custody.append(actor, Record("paper.opened", document_id, at, {"by": actor.label, "size": len(data)}))
    return data, mime, name


@transaction.atomic
def supersede(actor: Actor, document_id: str, *, reason: str, at: datetime) -> SourceDocument:
    """Say that a paper no longer counts, and why. It stays. Raises NotAllowed, NotFound, Refused, WrongUse."""
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    rows = SourceDocument.objects.visible_to(actor).select_for_update()
    document: SourceDocument | None = rows.filter(public_id=document_id).first()
    if document is None:
        raise NotFound("没有这份单据", "There is no such paper")
    if document.superseded_at is not None:
        raise Refused("这份单据已经作废", "This paper was superseded already", code="paper_superseded")
    document.superseded_at, document.superseded_by, document.superseded_reason = at, actor.label[:80], reason[:300]
    document.save(update_fields=["superseded_at", "superseded_by", "superseded_reason"])
    custody.append(actor, Record("paper.superseded", document.public_id, at, {"reason": reason, "by": actor.label}))
    batch: CardBatch | None = CardBatch.objects.visible_to(actor).filter(pk=document.batch_id).first()
    ask_again(actor, batch, at=at)
    return document


@dataclass(frozen=True, slots=True)
class _Owner:
    """The one thing that a paper belongs to."""

    public_id: str
    supplier: Supplier | None = None
    batch: CardBatch | None = None
    claim: SupplierClaim | None = None


def _owner(actor: Actor, *, supplier: str, batch: str, claim: str) -> _Owner:
    if len([one for one in (supplier, batch, claim) if one]) != 1:
        raise WrongUse("单据要属于一个货源方、批次或索赔", "A paper belongs to one supplier, batch or claim")
    public_id = supplier or batch or claim
    found = None
    if supplier:
        giver: Supplier | None = Supplier.objects.visible_to(actor).filter(public_id=supplier).first()
        found = _Owner(public_id, supplier=giver) if giver else None
    elif batch:
        lot: CardBatch | None = CardBatch.objects.visible_to(actor).filter(public_id=batch).first()
        found = _Owner(public_id, batch=lot) if lot else None
    else:
        asked: SupplierClaim | None = SupplierClaim.objects.visible_to(actor).filter(public_id=claim).first()
        found = _Owner(public_id, claim=asked) if asked else None
    if found is None:
        raise NotFound("没有这个货源方、批次或索赔", "There is no such supplier, batch or claim")
    return found


def _name(actor: Actor, name: str, mime: str) -> str:
    """Return the file's own name without folders, odd signs or codes; the ending is that of its real type."""
    bare = re.split(r"[\\/]", name.strip())[-1]
    stem = _ODD.sub("_", bare.rpartition(".")[0] or bare).strip(" ._")[:120]
    return f"{mask_text(actor, stem).text or 'paper'}.{papers.ENDINGS[mime]}"
