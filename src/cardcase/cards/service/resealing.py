"""Sealing files that lie readable from before. Each is a transaction of its own: a kill loses none."""

from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from cardcase.cards import file_rows, queries
from cardcase.cards.file_rows import FileRow
from cardcase.custody import files
from cardcase.jobs import service as jobs
from cardcase.kit.errors import Problem
from cardcase.staff.rules import Actor, Permission

log = structlog.get_logger("cardcase.cards")

DROP_PLAIN: Final = "cards.drop_plain"
AT_ONCE: Final = 100
"""Files that one call seals at most, one after the other: packs among them. Our own choice."""


def seal_files(actor: Actor, *, at: datetime, limit: int = AT_ONCE) -> int:
    """Seal some of the shop's files that lie readable; return how many. One that cannot be read is left and named.

    The record needs no word of it: the bytes are the same, and so is the hash by which all speak of them.
    """
    actor.require(Permission.WORK)
    sealed = 0
    for table in file_rows.tables():
        for pk in list(queries.readable_rows(actor, table).order_by("pk").values_list("pk", flat=True)):
            if sealed == limit:
                return sealed
            try:
                sealed += seal_file(actor, table, pk, at=at)
            except Problem as problem:
                log.warning(
                    "file_not_sealed", shop=actor.shop_id, table=table.__name__, row=pk, error=problem.problem_code
                )
    return sealed


@transaction.atomic
def seal_file(actor: Actor, table: type[FileRow], pk: int, *, at: datetime) -> bool:
    """Seal the file of one row; False when somebody else was first. Raises NotFound, DamagedFile, VaultAway.

    The readable bytes go only once the sealed ones are committed: the promise to take them away is in that transaction.
    """
    actor.require(Permission.WORK)
    row = queries.readable_rows(actor, table).select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        return False
    plain = row.kept_sha256
    row.save(update_fields=file_rows.fill(row, file_rows.read(row)))
    promise_drop(actor, plain, key=f"{table.__name__}.{pk}", at=at)
    return True


def promise_drop(actor: Actor, sha256: str, *, key: str, at: datetime) -> None:
    """Promise to take readable bytes away that were sealed in this transaction, by whom is ``key``."""
    jobs.enqueue(actor, DROP_PLAIN, {"shop": actor.shop_id, "sha256": sha256}, at=at, key=key)


def drop_plain(actor: Actor, sha256: str) -> bool:
    """Take away readable bytes that no row needs any more; tell whether they went. Again does nothing.

    An exhibit, a paper or a proof of the same bytes that is not sealed yet keeps them where they are.
    """
    actor.require(Permission.WORK)
    if queries.is_plain_needed(actor, sha256):
        return False
    is_there = files.path_of(sha256).exists()
    files.remove(sha256)
    return is_there
