"""Reading papers: what is kept, how lists of numbers agreed, and the file itself for who may have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from cardcase.cards.models import CardBatch, Supplier
from cardcase.custody import files
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.sourcing import sealing
from cardcase.sourcing.models import SerialReport, SourceDocument, SupplierClaim
from cardcase.sourcing.rules.papers import TABLES
from cardcase.staff.rules import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialView:
    """How a list of numbers agreed with its batch; ``rows`` are masked."""

    matched: int
    missing: int
    elsewhere: int
    unlisted: int
    codes: int
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperView:
    """One paper as it may be shown. ``may_fetch``: whether the actor may have the file."""

    public_id: str
    kind: str
    name: str
    mime: str
    size: int
    issued_on: date | None
    valid_from: date | None
    valid_until: date | None
    amount_fen: int | None
    counterparty: str
    number_tail: str
    note: str
    added_by: str
    added_at: datetime
    is_superseded: bool
    superseded_reason: str
    has_code: bool
    may_fetch: bool
    serials: SerialView | None


def papers_of_supplier(actor: Actor, supplier: Supplier) -> tuple[PaperView, ...]:
    """Return the papers of a supplier, oldest first, superseded ones too."""
    return _views(actor, SourceDocument.objects.visible_to(actor).filter(supplier=supplier))


def papers_of_batch(actor: Actor, batch: CardBatch) -> tuple[PaperView, ...]:
    """Return the papers of a batch, oldest first, superseded ones too."""
    return _views(actor, SourceDocument.objects.visible_to(actor).filter(batch=batch))


def papers_of_claim(actor: Actor, claim: SupplierClaim) -> tuple[PaperView, ...]:
    """Return the papers of a claim, oldest first, superseded ones too."""
    return _views(actor, SourceDocument.objects.visible_to(actor).filter(claim=claim))


def paper_file(actor: Actor, document_id: str) -> tuple[bytes, str, str]:
    """Return bytes, media type and name of a paper. Tables only to who manages cards, never one with a code in it.

    For ``service.open_paper``, which writes down who had it: no entrance calls this one.

    Raises NotFound, NotAllowed, Refused, SealBroken.
    """
    found: SourceDocument | None = SourceDocument.objects.visible_to(actor).filter(public_id=document_id).first()
    if found is None:
        raise NotFound("没有这份单据", "There is no such paper")
    if found.mime in TABLES:
        actor.require(Permission.MANAGE_CARDS)
    if found.has_code:
        raise Refused(
            "这份单据里有卡密，不能下载",
            "A card code stands in this paper; it is not handed out",
            next=Text("在卡的页面按理由查看明文。", "Look at a code on the page of its card, with a reason."),
            code="paper_holds_code",
        )
    if found.body_sealed is None:
        return files.read(found.sha256), found.mime, found.name
    return sealing.open_paper(found), found.mime, found.name


def unsealed(actor: Actor) -> int:
    """Count the papers of the shop from before 0002 whose bytes still lie unsealed among the kept files."""
    return int(SourceDocument.objects.visible_to(actor).filter(body_sealed=None).count())


def _views(actor: Actor, rows: QuerySet[SourceDocument]) -> tuple[PaperView, ...]:
    papers = list(rows.defer("body_sealed").order_by("pk"))
    reports = SerialReport.objects.visible_to(actor).filter(document__in=[paper.pk for paper in papers])
    by_paper = {report.document_id: report for report in reports}
    return tuple(_view(actor, paper, by_paper.get(paper.pk)) for paper in papers)


def _view(actor: Actor, paper: SourceDocument, report: SerialReport | None) -> PaperView:
    is_table = paper.mime in TABLES
    return PaperView(
        public_id=paper.public_id,
        kind=paper.kind,
        name=paper.name,
        mime=paper.mime,
        size=paper.size,
        issued_on=paper.issued_on,
        valid_from=paper.valid_from,
        valid_until=paper.valid_until,
        amount_fen=paper.amount_fen,
        counterparty=paper.counterparty,
        number_tail=paper.number_tail,
        note=paper.note,
        added_by=paper.added_by,
        added_at=paper.added_at,
        is_superseded=paper.superseded_at is not None,
        superseded_reason=paper.superseded_reason,
        has_code=paper.has_code,
        may_fetch=not paper.has_code and (not is_table or actor.may(Permission.MANAGE_CARDS)),
        serials=SerialView(
            matched=report.matched,
            missing=report.missing,
            elsewhere=report.elsewhere,
            unlisted=report.unlisted,
            codes=report.codes,
            rows=tuple(report.rows),
        )
        if report
        else None,
    )
