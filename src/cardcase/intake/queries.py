"""Reading back what was imported."""

from collections.abc import Sequence

from cardcase.intake.models import Channel, ImportedFile, ImportRun
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor


def recent_runs(actor: Actor, *, limit: int = 10) -> Sequence[ImportRun]:
    """Return the latest imports of the shop, newest first, with their files."""
    rows = ImportRun.objects.visible_to(actor).order_by("-pk").prefetch_related("files")[:limit]
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
