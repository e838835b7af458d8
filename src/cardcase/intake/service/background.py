"""Imports too large for the one who waits: promised as a job, watched on the page of their run."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.connectors.ports import FileKind
from cardcase.custody import service as custody
from cardcase.intake import rules
from cardcase.intake.models import ImportRun
from cardcase.intake.rules import RunState
from cardcase.jobs import service as jobs
from cardcase.kit import ids
from cardcase.kit.errors import Problem
from cardcase.staff.rules import Actor, Permission

from . import pending, runs
from .files import import_files

JOB: Final = "intake.import"
_OPEN: Final = (RunState.WAITING.value, RunState.RUNNING.value)


def is_large(uploads: Sequence[rules.Upload]) -> bool:
    """Tell whether files are more than one should wait for in a request."""
    return sum(rules.rows_guessed(upload.data) for upload in uploads) > rules.MANY


def promise_import(
    actor: Actor,
    uploads: Sequence[rules.Upload],
    *,
    kind: str,
    batch: str,
    at: datetime,
    encoding: str = "",
    all_or_nothing: bool = False,
    dry_run: bool = False,
) -> str:
    """Keep files sealed and promise a job that imports them, or looks what an import would do; return the run's id.

    Who asked is said in the record here: the job works as the system. Raises NotAllowed without the import permission.
    """
    actor.require(Permission.IMPORT)
    with transaction.atomic():
        key = pending.hold_uploads(
            actor, uploads, kind=kind, batch=batch, encoding=encoding, all_or_nothing=all_or_nothing, at=at
        )
        run = ImportRun.objects.create(
            shop_id=actor.shop_id,
            public_id=ids.public_id("imp"),
            by=actor.label,
            started_at=at,
            state=RunState.WAITING.value,
            is_dry_run=dry_run,
            held_key=key,
        )
        if not dry_run:
            custody.append(actor, custody.Record("import.asked", run.public_id, at, {"files": len(uploads)}))
        jobs.enqueue(actor, JOB, {"run": run.public_id}, key=run.public_id, at=at)
    return run.public_id


def work_on_import(actor: Actor, run_id: str, *, at: datetime, still_ours: Callable[[], None]) -> None:
    """Do a promised import. Run again after a kill it doubles nothing and loses nothing; a run that ended stays so.

    ``still_ours`` is called after each batch of rows and raises when the job has become another worker's. What the
    files themselves make impossible is written into the run; anything else is raised, for the job to be tried again.
    """
    run = ImportRun.objects.filter(shop_id=actor.shop_id, public_id=run_id).first()
    if run is None or run.state not in _OPEN:
        return

    def progress(done: int, total: int, stage: str) -> None:
        still_ours()
        if not run.is_dry_run:
            runs.move_on(actor, run_id, stage=stage, done=done, total=total)

    try:
        held = pending.take_uploads(actor, run.held_key, forget=False)
        import_files(
            actor,
            held.uploads,
            kind=FileKind(held.kind) if held.kind in {item.value for item in FileKind} else None,
            encoding=held.encoding or None,
            cards_are=rules.CardDefaults(batch=held.batch),
            dry_run=run.is_dry_run,
            all_or_nothing=held.is_all_or_nothing,
            at=at,
            progress=progress,
            run=run_id,
        )
    except jobs.LostLease:
        raise
    except Problem as problem:
        if problem.status >= 500:  # noqa: PLR2004 - a server's fault may pass: the job is tried again
            raise
        runs.fail(actor, run_id, problem, at=at)
    if not run.is_dry_run:
        pending.forget_uploads(actor, run.held_key)
