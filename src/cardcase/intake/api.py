"""JSON entrance of imports."""

from typing import Any

from django.http import HttpRequest
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from cardcase.connectors.ports import FileKind
from cardcase.intake import service
from cardcase.intake.rules import CardDefaults, Upload, files_document
from cardcase.kit import clock

router = Router()


class RowFinding(Schema):
    """One row that was not taken, or was taken but is worth a look: where, why, what to do."""

    row: int | None
    column: str | None
    code: str
    reason: str
    next: str
    reason_en: str
    next_en: str


class FileReport(Schema):
    """What became of every row of one file."""

    file: str
    kind: str
    encoding: str
    new: int
    known: int
    changed: int
    refused: list[RowFinding]
    notes: list[RowFinding]


class ImportReport(Schema):
    """What became of all files, and the cases concerned."""

    run: str
    is_dry_run: bool
    files: list[FileReport]
    cases: list[str]


@router.post("", response=ImportReport, summary="Import files of any accepted form")
def import_files(
    request: HttpRequest,
    files: File[list[UploadedFile]],
    kind: Form[str] = "auto",
    encoding: Form[str] = "",
    batch: Form[str] = "",
    *,
    dry_run: Form[bool] = False,
) -> dict[str, Any]:
    """Take files as multipart; every row is accounted for. A dry run changes nothing."""
    report = service.import_files(
        request.auth,  # type: ignore[attr-defined]  # ninja puts the actor there
        [Upload(file.name or "upload", file.read()) for file in files],
        kind=FileKind(kind) if kind in {item.value for item in FileKind} else None,
        encoding=encoding or None,
        cards_are=CardDefaults(batch=batch),
        dry_run=dry_run,
        at=clock.now(),
    )
    return {
        "run": report.run,
        "is_dry_run": report.is_dry_run,
        "cases": report.cases,
        "files": files_document(report.files),
    }
