"""Between a preview and its yes: the uploaded bytes, sealed, so that nobody has to choose the files twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from cardcase.cards import vault
from cardcase.intake.models import ImportedFile, ImportRun, PendingFile, PendingImport
from cardcase.intake.rules import Upload
from cardcase.kit import ids
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

KEPT_FOR = timedelta(days=1)


@transaction.atomic
def hold_uploads(
    actor: Actor,
    uploads: Sequence[Upload],
    *,
    kind: str,
    batch: str,
    at: datetime,
    encoding: str = "",
    all_or_nothing: bool = False,
) -> str:
    """Keep files for a day, sealed; return the key to them. Older ones are thrown away, with their looks."""
    actor.require(Permission.IMPORT)
    PendingImport.objects.filter(shop_id=actor.shop_id, created_at__lt=at - KEPT_FOR).delete()
    looks = ImportRun.objects.filter(shop_id=actor.shop_id, is_dry_run=True, started_at__lt=at - KEPT_FOR)
    ImportedFile.objects.filter(shop_id=actor.shop_id, run__in=looks).delete()
    looks.delete()
    pending = PendingImport.objects.create(
        shop_id=actor.shop_id,
        key=ids.public_id("hold"),
        by=actor.label,
        created_at=at,
        kind=kind,
        batch=batch,
        encoding=encoding[:20],
        is_all_or_nothing=all_or_nothing,
    )
    PendingFile.objects.bulk_create(
        PendingFile(
            shop_id=actor.shop_id,
            pending=pending,
            name=upload.name[:255],
            sealed=vault.seal(upload.data, context=pending.key),
        )
        for upload in uploads
    )
    return pending.key


@dataclass(frozen=True, slots=True)
class Held:
    """Files that waited, and what was said of them."""

    uploads: list[Upload] = field(repr=False)
    kind: str
    batch: str
    encoding: str
    is_all_or_nothing: bool


@transaction.atomic
def take_uploads(actor: Actor, key: str, *, forget: bool = True) -> Held:
    """Give the held files back and forget them, unless told not to. Raises NotFound when they are gone."""
    actor.require(Permission.IMPORT)
    pending = PendingImport.objects.filter(shop_id=actor.shop_id, key=key).first()
    if pending is None:
        raise NotFound(
            "预览已过期，请重新选择文件",
            "The preview has expired; choose the files again",
            next=Text("回到导入页，再选一次文件。", "Go back to the import page and choose the files again."),
            code="preview_expired",
        )
    uploads = [
        Upload(file.name, vault.open_sealed(bytes(file.sealed), context=key)) for file in pending.files.order_by("pk")
    ]
    held = Held(uploads, pending.kind, pending.batch, pending.encoding, pending.is_all_or_nothing)
    if forget:
        pending.delete()
    return held


def forget_uploads(actor: Actor, key: str) -> None:
    """Throw held files away: what they told has been taken."""
    PendingImport.objects.filter(shop_id=actor.shop_id, key=key).delete()
