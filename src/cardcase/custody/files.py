"""Originals, kept by their SHA-256: the same bytes are kept once, and what is read back is what was kept."""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from cardcase.kit.errors import NotFound, Problem
from cardcase.kit.text import Text

from . import keys

_NAME = re.compile(r"[0-9a-f]{64}")


class DamagedFile(Problem):
    """A kept original no longer has the bytes that it was kept for."""

    code = "damaged_file"
    status = 500


def path_of(sha256: str) -> Path:
    """Return where the bytes with this hash lie. Raises NotFound for what is not a hash."""
    if _NAME.fullmatch(sha256) is None:
        raise NotFound("没有这个文件", "There is no such file")
    return Path(settings.CARDCASE.files) / sha256[:2] / sha256


def keep(data: bytes) -> str:
    """Keep bytes for good and return their SHA-256 in hex. On return they are on the disk, whole."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = path_of(sha256)
    if not _touch(path):
        keys.write_once(path, data)
    return sha256


def keep_stream(chunks: Iterable[bytes], *, announce: Callable[[str], None] | None = None) -> str:
    """Keep bytes that come piece by piece, never all in memory, and return their SHA-256 in hex.

    On return they are on the disk, whole; when a piece raises, nothing stays. ``announce`` gets the hash before they
    have their name: for whoever must find them again after a crash.
    """
    digest = hashlib.sha256()

    def counted() -> Iterator[bytes]:
        for chunk in chunks:
            digest.update(chunk)
            yield chunk

    folder = Path(settings.CARDCASE.files)
    temporary = keys.write_pieces(folder / "incoming", counted())
    path = path_of(digest.hexdigest())
    try:
        if announce is not None:
            announce(path.name)
        if not _touch(path):
            keys.link_once(temporary, path)
    finally:
        temporary.unlink()
    return digest.hexdigest()


def remove(sha256: str) -> None:
    """Remove the bytes with this hash, if they are there: nothing refers to them any more, or not in this form.

    The one exception to "for good"; the caller knows that nothing else names them.
    """
    path_of(sha256).unlink(missing_ok=True)


def broken_off(*, before: float) -> list[Path]:
    """Return the unfinished files of processes that died, last written before a moment (seconds since the epoch)."""
    return [
        path
        for path in Path(settings.CARDCASE.files).glob(".incoming.*")
        if path.is_file() and path.stat().st_mtime < before
    ]


def _touch(path: Path) -> bool:
    """Mark a kept file as wanted anew, so that ``shred`` lets it be; False when it is not there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


class Shredding(StrEnum):
    """What became of a file that was to be destroyed."""

    GONE = "gone"
    WAITS = "waits"  # it was kept, or kept anew, a moment ago: whoever did may not have written its row yet


SETTLED = timedelta(minutes=10)
"""How long after a file was kept its row is surely written: no verb takes as long. Judgement."""


def shred(sha256: str, *, at: datetime, settled: timedelta = SETTLED) -> Shredding:
    """Destroy the bytes with this hash: overwritten, then removed. Again is no error.

    Only for what no row names any more. A file that somebody kept within ``settled`` is left alone. Overwriting reaches
    the disk's own blocks where the file system writes in place; on others, and on flash, it is the removal that counts.
    """
    path = path_of(sha256)
    grave = path.with_name(f".{path.name}.shredding")
    with contextlib.suppress(FileNotFoundError):
        path.rename(grave)  # from here on whoever keeps these bytes writes them afresh
    if not grave.exists():
        return Shredding.GONE
    if grave.stat().st_mtime > (at - settled).timestamp():
        keys.link_once(grave, path)
        grave.unlink()
        return Shredding.WAITS
    keys.overwrite(grave)
    return Shredding.GONE


def pieces(sha256: str, size: int) -> Iterator[bytes]:
    """Return the bytes with this hash in pieces of ``size``. Raises NotFound without them.

    What they are is not checked here: for bodies that are authenticated piece by piece.
    """
    path = path_of(sha256)
    if not path.exists():
        raise NotFound("没有这个文件", "There is no such file")

    def reading() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(size):
                yield piece

    return reading()


def read(sha256: str) -> bytes:
    """Return the bytes with this hash. Raises NotFound without them, DamagedFile when they have changed."""
    try:
        data = path_of(sha256).read_bytes()
    except FileNotFoundError as error:
        raise NotFound("没有这个文件", "There is no such file") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedFile(
            f"附件 {sha256[:12]}… 已损坏",
            f"The file {sha256[:12]}… is damaged",
            next=Text("从备份恢复附件目录。", "Restore the folder of files from a backup."),
        )
    return data
