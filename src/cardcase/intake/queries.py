"""Reading back what was imported."""

from collections.abc import Mapping, Sequence
from typing import Any

from cardcase.cases import queries as cases
from cardcase.connectors.ports import FileKind
from cardcase.intake.models import Channel, ImportedFile, ImportRun
from cardcase.intake.rules import FileReport
from cardcase.kit.errors import Finding, NotFound
from cardcase.kit.text import Text
from cardcase.orders import queries as orders
from cardcase.staff.rules import Actor


def recent_runs(actor: Actor, *, limit: int = 10) -> Sequence[ImportRun]:
    """Return the latest imports of the shop, newest first, with their files; mere looks at files are left out."""
    rows = (
        ImportRun.objects.visible_to(actor).filter(is_dry_run=False).order_by("-pk").prefetch_related("files")[:limit]
    )
    return list(rows)


def run_with_files(actor: Actor, public_id: str) -> tuple[ImportRun, list[ImportedFile]]:
    """Return one import and its files. Raises NotFound."""
    run = ImportRun.objects.visible_to(actor).filter(public_id=public_id).first()
    if run is None:
        raise NotFound("没有这次导入", "There is no such import")
    return run, list(run.files.order_by("pk"))


def channels(actor: Actor) -> list[Channel]:
    """Return the shop's channels."""
    return list(Channel.objects.visible_to(actor).order_by("pk"))


def cases_of_capture(actor: Actor, order_no: str) -> tuple[str, ...]:
    """Return the numbers of the cases of the order that screenshots show, none when there is no such order."""
    order = orders.order_by_no(actor, order_no) if order_no else None
    if order is None:
        return ()
    return tuple(cases.numbers_of_orders(actor, [order.pk]).get(order.pk, ()))


def file_report(row: ImportedFile) -> FileReport:
    """Return what became of a file, as it was told when it was imported."""
    told = FileReport(row.name, FileKind(row.kind), row.encoding, row.new, row.known, row.changed)
    told.refused, told.notes = _findings(row, row.refused), _findings(row, row.notes)
    return told


def _findings(row: ImportedFile, kept: Sequence[Mapping[str, Any]]) -> list[Finding]:
    return [
        Finding(
            item["code"],
            Text(item["zh"], item["en"]),
            Text(item["next_zh"], item["next_en"]),
            row.name,
            item["row"],
            item["column"],
        )
        for item in kept
    ]
