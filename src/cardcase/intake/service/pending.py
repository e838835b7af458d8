"""Between a preview and its yes: the uploaded bytes, sealed, so that nobody has to choose the files twice."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from cardcase.cards import vault
from cardcase.intake.models import PendingFile, PendingImport
from cardcase.intake.rules import Upload
from cardcase.kit import ids
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

KEPT_FOR = timedelta(days=1)


@transaction.atomic
def hold_uploads(actor: Actor, uploads: Sequence[Upload], *, kind: str, batch: str, at: datetime) -> str:
    """Keep previewed files for a day, sealed; return the key to them. Older ones of the shop are thrown away."""
    actor.require(Permission.IMPORT)
    PendingImport.objects.filter(shop_id=actor.shop_id, created_at__lt=at - KEPT_FOR).delete()
    pending = PendingImport.objects.create(
        shop_id=actor.shop_id, key=ids.public_id("hold"), by=actor.label, created_at=at, kind=kind, batch=batch
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


@transaction.atomic
def take_uploads(actor: Actor, key: str) -> tuple[list[Upload], str, str]:
    """Give the held files back, with their kind and batch, and forget them. Raises NotFound when they are gone."""
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
    kind, batch = pending.kind, pending.batch
    pending.delete()
    return uploads, kind, batch
