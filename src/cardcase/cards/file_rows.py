"""Rows that have a file: it lies encrypted under a key of its own, and nobody opens it when that key is gone."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.apps import apps
from django.db import models

from cardcase.cards import sealed_files
from cardcase.cards.sealed_files import Lies, Use
from cardcase.cards.vault import SealBroken
from cardcase.custody import files
from cardcase.custody.files import DamagedFile
from cardcase.kit.text import Text
from cardcase.staff.models import ShopOwned


class FileRow(ShopOwned):
    """A row that has a file, or none: then all three are empty.

    ``file_sha256`` says which bytes they are, to people, packs and the record. ``kept_sha256`` names the kept file in
    which they lie, ``key_sealed`` is its key. Without a key they lie readable, from before files were sealed (decision
    0025), until ``service.seal_files`` comes to them.
    """

    USE: ClassVar[Use]
    PLAIN_FILE: ClassVar[str] = "kept_sha256"

    file_sha256 = models.CharField(max_length=64, blank=True, default="")
    kept_sha256 = models.CharField(max_length=64, blank=True, default="")
    key_sealed = models.BinaryField(null=True)

    class Meta:
        abstract = True


def tables() -> list[type[FileRow]]:
    """Return every table whose rows have files."""
    return [model for model in apps.get_models() if issubclass(model, FileRow)]


def keep(table: type[FileRow], shop_id: int, data: bytes) -> dict[str, Any]:
    """Keep bytes for a row that is about to be written; return the columns that say so.

    Call it inside the transaction of the row. Raises what the vault raises.
    """
    kept = sealed_files.keep(shop_id, [data], table.USE)
    return {"file_sha256": kept.sha256, "kept_sha256": kept.sealed_sha256, "key_sealed": kept.key_sealed}


def fill(row: FileRow, data: bytes) -> list[str]:
    """Keep bytes for a row that is there, on the object alone; return the columns to be saved. As ``keep``."""
    columns = keep(type(row), row.shop_id, data)
    for name, value in columns.items():
        setattr(row, name, value)
    return list(columns)


def read(row: FileRow) -> bytes:
    """Return the bytes of a row's file. Raises NotFound without one, DamagedFile, and what the vault raises."""
    return next(read_many([row]))


def read_many(rows: Sequence[FileRow]) -> Iterator[bytes]:
    """Return the bytes of the files of rows, one after the other: one question to the vault. Raises as ``read``."""
    lying = [
        Lies(row.shop_id, row.kept_sha256, bytes(row.key_sealed), row.USE) for row in rows if row.key_sealed is not None
    ]
    opened = iter(sealed_files.opened_many(lying))
    return (_readable(row) if row.key_sealed is None else _whole(row, next(opened)) for row in rows)


def _readable(row: FileRow) -> bytes:
    """Read a file from before; where a sealed one lies whose key is gone there is nothing to be read."""
    return files.read(row.file_sha256 if row.kept_sha256 == row.file_sha256 else "")


def _whole(row: FileRow, pieces: Iterator[bytes]) -> bytes:
    """Put a file together, and see that it is what its row says: packs and people go by that hash."""
    whole, digest = io.BytesIO(), hashlib.sha256()
    try:
        for piece in pieces:
            digest.update(piece)
            whole.write(piece)
    except SealBroken:
        raise _damaged(row) from None
    if digest.hexdigest() != row.file_sha256:
        raise _damaged(row)
    return whole.getvalue()


def _damaged(row: FileRow) -> DamagedFile:
    return DamagedFile(
        f"附件 {row.file_sha256[:12]}… 已损坏",
        f"The file {row.file_sha256[:12]}… is damaged",
        next=Text("从备份恢复附件目录。", "Restore the folder of files from a backup."),
    )
