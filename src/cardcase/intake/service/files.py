"""Files in: read, take every good row in batches, account for every bad one, then look after the cases concerned."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any

from django.db import transaction

from cardcase.cards import notices, vault
from cardcase.cards import service as cards
from cardcase.connectors import registry
from cardcase.connectors.ports import (
    CardNotice,
    DeliveryNotice,
    FileKind,
    MessageNotice,
    Notice,
    OrderNotice,
    Reading,
    RefundNotice,
)
from cardcase.custody import files as originals
from cardcase.custody import service as custody
from cardcase.inbox import service as inbox
from cardcase.intake import rules
from cardcase.intake.models import ImportedFile, ImportRun
from cardcase.kit import ids
from cardcase.kit.errors import Finding
from cardcase.orders import queries as order_queries
from cardcase.orders import service as orders
from cardcase.orders.service import Taken
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from . import casework

Progress = Callable[[int, int, str], None]
"""Told done, total and the stage, after each batch."""


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the collector of cycles from walking through all that was read, again and again: it holds no cycles.

    A tenth of the time of a large import. Of imports side by side the first one to begin wakes it.
    """
    was_awake = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_awake:
            gc.enable()


@_collector_at_rest()
def import_files(
    actor: Actor,
    uploads: Sequence[rules.Upload],
    *,
    at: datetime,
    kind: FileKind | None = None,
    encoding: str | None = None,
    cards_are: rules.CardDefaults = rules.NOTHING_TOLD,
    dry_run: bool = False,
    seller_names: tuple[str, ...] = (),
    progress: Progress = _silent,
) -> rules.ImportReport:
    """Import files of any accepted form, mixed; return what became of every row and which cases it concerns.

    The same rows twice, late or in another order lead to the same state. Each batch of rows is one transaction, so a
    kill between two batches loses nothing that was taken and doubles nothing when the import is run again. A dry run
    does the whole work in one transaction and rolls it back. ``seller_names`` are nicks of the seller beside the
    shop's name, by which a chat tells who is who. Raises NotAllowed without the import permission.
    """
    actor.require(Permission.IMPORT)
    sellers = (*seller_names, staff.shop_of(actor).name, *rules.SELLER_CALLS_HIMSELF)
    readings = [
        registry.read_file(upload.name, upload.data, kind=kind, encoding=encoding, seller_names=sellers)
        for upload in uploads
    ]
    report = rules.ImportReport(run=ids.public_id("imp"), is_dry_run=dry_run)
    report.files = [
        rules.FileReport(
            reading.file, reading.kind, reading.encoding, refused=list(reading.refused), notes=list(reading.notes)
        )
        for reading in readings
    ]
    whole: AbstractContextManager[Any] = transaction.atomic() if dry_run else nullcontext()
    with whole:
        if not dry_run:
            _note_run(actor, report, uploads, readings, at=at)
        _take(actor, report, readings, at=at, cards_are=cards_are, progress=progress)
        if dry_run:
            transaction.set_rollback(True)
    if not dry_run:
        _finish_run(actor, report, at=at)
    return report


def _take(
    actor: Actor,
    report: rules.ImportReport,
    readings: Sequence[Reading],
    *,
    at: datetime,
    cards_are: rules.CardDefaults,
    progress: Progress,
) -> None:
    touched: set[int] = set()
    for stage in rules.STAGES:
        mine = [
            (
                file,
                _in_batches_that_belong_together([notice for notice in reading.notices if isinstance(notice, stage)]),
            )
            for file, reading in zip(report.files, readings, strict=True)
        ]
        total = sum(len(told) for _, told in mine)
        done, at_once = 0, rules.rows_at_once(stage)
        for file, told in mine:
            for start in range(0, len(told), at_once):
                part = told[start : start + at_once]
                with transaction.atomic():
                    outcomes = _take_batch(actor, stage, part, touched, at=at, cards_are=cards_are, file=file.file)
                for notice, outcome in zip(part, outcomes, strict=True):
                    file.count(notice.origin, outcome.value)
                done += len(part)
                progress(done, total, stage.__name__.removesuffix("Notice").lower())
    talks = [notice for reading in readings for notice in reading.notices if isinstance(notice, MessageNotice)]
    touched.update(casework.hang_conversations(actor, talks, at=at))
    touched |= casework.adopt_chats(actor, sorted(touched), at=at)
    report.cases = casework.refresh(actor, sorted(touched), at=at, progress=progress)


def _in_batches_that_belong_together(told: list[Any]) -> list[Any]:
    """Bring the messages of one conversation side by side: a batch then touches few conversations, not all of them."""
    if told and isinstance(told[0], MessageNotice):
        told.sort(key=lambda notice: (notice.channel, notice.conversation_id))
    return told


def _take_batch(
    actor: Actor,
    stage: type[Notice],
    part: Sequence[Any],
    touched: set[int],
    *,
    at: datetime,
    cards_are: rules.CardDefaults,
    file: str,
) -> list[Taken]:
    if stage is CardNotice:
        filled = [cards_are.fill(notice) for notice in part]
        return cards.stock(actor, filled, batch=cards_are.batch_for(file), supplier=cards_are.supplier, at=at)
    if stage is OrderNotice:
        taken = orders.ingest_orders(actor, notices.mask_orders(actor, part), at=at)
        touched.update(order.pk for order, _ in taken)
        return [outcome for _, outcome in taken]
    if stage is RefundNotice:
        refunds = orders.ingest_refunds(actor, notices.mask_refunds(actor, part), at=at)
        touched.update(refund.order_id for refund, _ in refunds)
        return [outcome for _, outcome in refunds]
    if stage is DeliveryNotice:
        outcomes = cards.record_deliveries(actor, part, at=at)
        named = order_queries.orders_by_nos(actor, {notice.order_no for notice in part})
        touched.update(order.pk for order in named.values())
        return outcomes
    return inbox.ingest_messages(actor, part, at=at)


def _holds_codes(reading: Reading) -> bool:
    return reading.kind in (FileKind.CARDS, FileKind.DELIVERIES) or any(
        isinstance(notice, CardNotice | DeliveryNotice) for notice in reading.notices
    )


@transaction.atomic
def _note_run(
    actor: Actor,
    report: rules.ImportReport,
    uploads: Sequence[rules.Upload],
    readings: Sequence[Reading],
    *,
    at: datetime,
) -> None:
    """Keep the originals, sealed, and say in the record that they came.

    A card file has no plain hash: a short one could be guessed back from it.
    """
    run = ImportRun.objects.create(shop_id=actor.shop_id, public_id=report.run, by=actor.label, started_at=at)
    rows = []
    for upload, reading in zip(uploads, readings, strict=True):
        digest = vault.keyed_digest(upload.data) if _holds_codes(reading) else reading.sha256
        originals.keep(vault.seal(upload.data, context=f"import:{digest}"))
        rows.append(
            ImportedFile(
                shop_id=actor.shop_id,
                run=run,
                name=upload.name[:255],
                digest=digest,
                size=len(upload.data),
                kind=reading.kind.value,
                encoding=reading.encoding,
            )
        )
    ImportedFile.objects.bulk_create(rows)
    facts: dict[str, custody.JSON] = {
        "files": [{"name": row.name, "digest": row.digest, "kind": row.kind, "size": row.size} for row in rows]
    }
    custody.append(actor, custody.Record("import.started", report.run, at, facts))


@transaction.atomic
def _finish_run(actor: Actor, report: rules.ImportReport, *, at: datetime) -> None:
    run = ImportRun.objects.get(shop_id=actor.shop_id, public_id=report.run)
    run.finished_at = at
    run.save(update_fields=["finished_at"])
    for row, file in zip(run.files.order_by("pk"), report.files, strict=True):
        row.new, row.known, row.changed = file.new, file.known, file.changed
        row.refused = [_kept(finding) for finding in file.refused]
        row.notes = [_kept(finding) for finding in file.notes]
        row.save(update_fields=["new", "known", "changed", "refused", "notes"])
    totals = {
        "new": sum(file.new for file in report.files),
        "known": sum(file.known for file in report.files),
        "changed": sum(file.changed for file in report.files),
        "refused": sum(len(file.refused) for file in report.files),
    }
    custody.append(actor, custody.Record("import.finished", report.run, at, totals))


def _kept(finding: Finding) -> dict[str, Any]:
    return {
        "row": finding.row,
        "column": finding.column,
        "code": finding.code,
        "zh": finding.message.zh,
        "en": finding.message.en,
        "next_zh": finding.next.zh,
        "next_en": finding.next.en,
    }
