"""Files of steps that never came to be: removed at once when a step is refused, and swept after a crash.

A file is known by a row from before it gets its name until its step is on record. Whoever removes it holds that row and
has seen that no step refers to the file; a step that finds its row gone does not come to be.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from cardcase.custody import files
from cardcase.delivery.models import ParcelFile, ParcelUpload
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

LEFT_OVER: Final = timedelta(days=1)
"""After which a file without a step is of a request that died. Our own choice: no upload takes a day."""


def announce(actor: Actor, sealed_sha256: str, *, at: datetime) -> None:
    """Note that a file is about to be kept for a step."""
    actor.require(Permission.WORK)
    ParcelUpload.objects.create(shop_id=actor.shop_id, sealed_sha256=sealed_sha256, kept_at=at)


def claim(actor: Actor, sealed: Collection[str]) -> None:
    """Take kept files for a step, in the transaction that puts it on record. Raises Refused when they were swept."""
    actor.require(Permission.WORK)
    mine = ParcelUpload.objects.visible_to(actor).filter(sealed_sha256__in=sealed)
    if mine.delete()[0] != len(set(sealed)):
        raise Refused(
            "上传太久，文件已经清掉了",
            "The upload took too long and its files were cleared away",
            next=Text("再传一次。", "Send them again."),
            code="upload_expired",
        )


def drop(actor: Actor, sealed: Collection[str]) -> int:
    """Remove the files of a step that was refused; one that a step refers to stays. Returns how many went."""
    actor.require(Permission.WORK)
    return sum(_drop(actor, one) for one in sealed)


def sweep_uploads(actor: Actor, *, at: datetime) -> int:
    """Remove the files of steps that a crash cut off, a day later. Returns how many. A second run finds nothing."""
    actor.require(Permission.WORK)
    old = ParcelUpload.objects.visible_to(actor).filter(kept_at__lt=at - LEFT_OVER)
    return sum(_drop(actor, one) for one in list(old.order_by("pk").values_list("sealed_sha256", flat=True)))


def sweep_broken_off(*, at: datetime) -> int:
    """Remove unfinished files that no process writes any more; nothing can refer to them. Of the installation."""
    found = files.broken_off(before=(at - LEFT_OVER).timestamp())
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


@transaction.atomic
def _drop(actor: Actor, sealed_sha256: str) -> bool:
    """Remove one file under its row. Dying in between leaves the row, and the next sweep ends it."""
    mine = ParcelUpload.objects.visible_to(actor).filter(sealed_sha256=sealed_sha256)
    row = mine.select_for_update(of=("self",)).first()
    if row is None:
        return False
    is_used = ParcelFile.objects.filter(sealed_sha256=sealed_sha256).exists()
    if not is_used:
        files.remove(sealed_sha256)
    row.delete()
    return not is_used
