"""The row of an import: opened, moved on, closed; and the entries of the record that say so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from cardcase.cards import vault
from cardcase.connectors.ports import CardNotice, DeliveryNotice, FileKind, Reading
from cardcase.custody import files as originals
from cardcase.custody import service as custody
from cardcase.intake import rules
from cardcase.intake.models import ImportedFile, ImportRun
from cardcase.intake.rules import RunState
from cardcase.kit.errors import Finding, Problem
from cardcase.staff.rules import Actor


def begin(
    actor: Actor,
    report: rules.ImportReport,
    uploads: Sequence[rules.Upload],
    readings: Sequence[Reading],
    *,
    at: datetime,
    keeps: bool = True,
) -> None:
    """Open the run, or take on the one that was promised as a job. Keep the originals, sealed, and say that they came.

    A run that takes nothing (``keeps`` False) keeps no original. A card file has no plain hash: a short one could be
    guessed back from it. A second call for one run, after a kill, changes nothing.
    """
    with transaction.atomic():
        run, _ = ImportRun.objects.get_or_create(
            shop_id=actor.shop_id, public_id=report.run, defaults={"by": actor.label, "started_at": at}
        )
        if run.state == RunState.WAITING:
            run.state = RunState.RUNNING.value
            run.save(update_fields=["state"])
        if run.files.exists():
            return
        rows = []
        for upload, reading in zip(uploads, readings, strict=True):
            digest = vault.keyed_digest(upload.data) if _holds_codes(reading) else reading.sha256
            kept = originals.keep(vault.seal(upload.data, context=f"import:{digest}")) if keeps else ""
            rows.append(
                ImportedFile(
                    shop_id=actor.shop_id,
                    run=run,
                    name=upload.name[:255],
                    digest=digest,
                    kept_sha256=kept,
                    size=len(upload.data),
                    kind=reading.kind.value,
                    encoding=reading.encoding,
                )
            )
        ImportedFile.objects.bulk_create(rows)
        if keeps:
            facts: dict[str, custody.JSON] = {
                "files": [{"name": row.name, "digest": row.digest, "kind": row.kind, "size": row.size} for row in rows]
            }
            custody.append(actor, custody.Record("import.started", report.run, at, facts))


@transaction.atomic
def close(actor: Actor, report: rules.ImportReport, *, at: datetime) -> None:
    """Write what became of every row, and say in the record how the import ended; a look at files is no entry."""
    run = ImportRun.objects.get(shop_id=actor.shop_id, public_id=report.run)
    run.finished_at = at
    run.state = report.state.value
    run.cards = report.account.document() if report.account else {}
    run.save(update_fields=["finished_at", "state", "cards"])
    for row, file in zip(run.files.order_by("pk"), report.files, strict=True):
        row.new, row.known, row.changed = file.new, file.known, file.changed
        row.refused = [_kept(finding) for finding in file.refused]
        row.notes = [_kept(finding) for finding in file.notes]
        row.save(update_fields=["new", "known", "changed", "refused", "notes"])
    if report.is_dry_run:
        return
    totals = {
        "new": sum(file.new for file in report.files),
        "known": sum(file.known for file in report.files),
        "changed": sum(file.changed for file in report.files),
        "refused": sum(len(file.refused) for file in report.files),
    }
    kind = "import.refused" if report.state is RunState.REFUSED else "import.finished"
    custody.append(actor, custody.Record(kind, report.run, at, totals))


def move_on(actor: Actor, run: str, *, stage: str, done: int, total: int) -> None:
    """Note how far a run is, for whoever looks at its page."""
    ImportRun.objects.filter(shop_id=actor.shop_id, public_id=run).update(stage=stage[:20], done=done, total=total)


def fail(actor: Actor, run: str, problem: Problem, *, at: datetime) -> None:
    """Note that a run cannot be done, and why."""
    trouble = {
        "code": problem.problem_code,
        "zh": problem.message.zh,
        "en": problem.message.en,
        "next_zh": problem.next.zh,
        "next_en": problem.next.en,
    }
    ImportRun.objects.filter(shop_id=actor.shop_id, public_id=run).update(
        state=RunState.FAILED.value, finished_at=at, trouble=trouble
    )


def _holds_codes(reading: Reading) -> bool:
    return reading.kind in (FileKind.CARDS, FileKind.DELIVERIES) or any(
        isinstance(notice, CardNotice | DeliveryNotice) for notice in reading.notices
    )


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
