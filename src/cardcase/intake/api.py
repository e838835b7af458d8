"""JSON entrance of imports."""

from typing import Any

from django.http import HttpRequest
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from cardcase.connectors.ports import FileKind
from cardcase.intake import queries, service
from cardcase.intake.queries import file_report
from cardcase.intake.rules import CardDefaults, Upload, files_document
from cardcase.kit import clock
from cardcase.staff.gate import caller
from cardcase.staff.rules import Actor

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


class CardKind(Schema):
    """Cards of one kind in the files, and the format that was recognised: looks_like, does_not_match or unknown."""

    brand: str
    face_fen: int | None
    spec: str
    format: str
    outcome: str
    count: int


class RepeatedRow(Schema):
    """A row that repeats an earlier one of this import."""

    file: str
    row: int | None
    of_file: str
    of_row: int | None


class KnownRow(Schema):
    """A row whose card the stock held already: its last four characters, its batch, whether it was sold."""

    file: str
    row: int | None
    tail4: str
    batch: str
    is_sold: bool


class OddRows(Schema):
    """How many cards have one warning, and the first rows of them. A warning is no proof."""

    code: str
    count: int
    rows: list[int]


class CardAccount(Schema):
    """What came in the card files, without a character of a code but the tails of cards that the stock holds.

    Lists name the first 200; the counts beside them count all.
    """

    kinds: list[CardKind]
    kinds_more: int
    repeated: int
    repeats: list[RepeatedRow]
    in_stock: int
    in_stock_rows: list[KnownRow]
    warnings: list[OddRows]


class Trouble(Schema):
    """Why an import cannot be done."""

    code: str
    reason: str
    next: str
    reason_en: str
    next_en: str


class ImportReport(Schema):
    """What became of all files, and the cases concerned.

    ``state``: waiting, running, done, refused (all or nothing, and it is nothing) or failed. While it is one of the
    first two, ask ``url`` again; ``done`` of ``total`` rows of the present ``stage`` are through. ``cases`` is told in
    the answer to the import itself only.
    """

    run: str
    url: str
    state: str
    is_dry_run: bool
    files: list[FileReport]
    cases: list[str]
    cards: CardAccount | None
    stage: str
    done: int
    total: int
    trouble: Trouble | None


@router.post("", response=ImportReport, summary="Import files of any accepted form")
def import_files(
    request: HttpRequest,
    files: File[list[UploadedFile]],
    kind: Form[str] = "auto",
    encoding: Form[str] = "",
    batch: Form[str] = "",
    *,
    dry_run: Form[bool] = False,
    all_or_nothing: Form[bool] = False,
    background: Form[bool] = False,
) -> dict[str, Any]:
    """Take files as multipart; every row is accounted for. A dry run changes nothing.

    With ``all_or_nothing`` one bad or doubled row means that nothing is taken. Files of more than some 5,000 rows, and
    any with ``background``, are imported as a job: the answer then has the state "waiting" and the address to ask.
    """
    actor = caller(request)
    uploads = [Upload(file.name or "upload", file.read()) for file in files]
    if background or service.is_large(uploads):
        run = service.promise_import(
            actor,
            uploads,
            kind=kind,
            batch=batch,
            encoding=encoding,
            all_or_nothing=all_or_nothing,
            dry_run=dry_run,
            at=clock.now(),
        )
        return _kept(actor, run)
    report = service.import_files(
        actor,
        uploads,
        kind=FileKind(kind) if kind in {item.value for item in FileKind} else None,
        encoding=encoding or None,
        cards_are=CardDefaults(batch=batch),
        dry_run=dry_run,
        all_or_nothing=all_or_nothing,
        at=clock.now(),
    )
    return {
        "run": report.run,
        "url": "" if dry_run else _url(report.run),
        "state": report.state.value,
        "is_dry_run": report.is_dry_run,
        "cases": report.cases,
        "files": files_document(report.files),
        "cards": report.account.document() if report.account else None,
        "stage": "",
        "done": 0,
        "total": 0,
        "trouble": None,
    }


@router.get("/{run}", response=ImportReport, summary="How far an import is, and what became of it")
def import_report(request: HttpRequest, run: str) -> dict[str, Any]:
    """Return the report of an import that was asked for here, on the pages or by a program."""
    return _kept(caller(request), run)


def _url(run: str) -> str:
    return f"/api/v1/imports/{run}"


def _kept(actor: Actor, public_id: str) -> dict[str, Any]:
    run, files = queries.run_with_files(actor, public_id)
    trouble = run.trouble
    return {
        "run": run.public_id,
        "url": _url(run.public_id),
        "state": run.state,
        "is_dry_run": run.is_dry_run,
        "cases": [],
        "files": files_document([file_report(file) for file in files]) if run.finished_at else [],
        "cards": run.cards or None,
        "stage": run.stage,
        "done": run.done,
        "total": run.total,
        "trouble": {
            "code": trouble["code"],
            "reason": trouble["zh"],
            "next": trouble["next_zh"],
            "reason_en": trouble["en"],
            "next_en": trouble["next_en"],
        }
        if trouble
        else None,
    }
