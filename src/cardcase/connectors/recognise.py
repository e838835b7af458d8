"""One file in, one `Reading` out. The file is recognised by looking into it; its name and ending decide nothing.

Total: whatever the bytes are, the answer is a Reading. Rows that cannot be read are findings, and every row is counted.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from cardcase.kit.errors import Finding

from . import encoding as encodings
from .documents import longest_list, looks_like_json
from .findings import finding
from .limits import FILE_BYTES, TEXT_ROWS
from .ports import FileKind, Reading
from .reader import Draft, Reader, Source

_BINARY: Final = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM6", b"%PDF"),
    *(b"\x00\x00\x00\x18ftyp", b"\x00\x00\x00\x1cftyp", b"\x00\x00\x00 ftyp"),
    *(b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x7fELF", b"MZ\x90"),
)
"""How pictures, films, archives and programs begin."""
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_SQLITE: Final = b"SQLite format 3\0"
_BEYOND_DOUBT: Final = 92
"""A claim after which nobody else is asked."""
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def recognise(
    readers: Sequence[Reader],
    name: str,
    data: bytes,
    *,
    kind: FileKind | None = None,
    encoding: str | None = None,
    seller_names: Sequence[str] = (),
    order_no: str = "",
    copied_on: date | None = None,
) -> Reading:
    """Read one file with whichever reader is surest. Never raises for what is in the file.

    ``kind`` and ``encoding`` override what would be found out. ``seller_names`` are the shop's own nicknames.
    ``order_no`` says which order a chat or a list of delivered cards belongs to, when the file does not.
    ``copied_on`` is the day on which a chat was copied, so that 昨天 in it can be understood.
    """
    label = display_name(name)
    digest = hashlib.sha256(data).hexdigest()
    source = Source(
        name=label,
        data=data,
        sha256=digest,
        wanted=kind if kind is not FileKind.UNKNOWN else None,
        seller_names=tuple(seller_names),
        order_no=order_no.strip(),
        copied_on=copied_on,
    )
    try:
        problem = _opened(source, encoding)
        return _nothing(source, problem) if problem is not None else _recognised(readers, source)
    except Exception:  # noqa: BLE001 - the promise is that a file never stops an import; tests prove that this stays unused
        return _nothing(source, finding("reader_failed", file=label))


def display_name(name: str) -> str:
    """Return the bare name of a file without folders and unseen characters, for showing only: never a path."""
    bare = PurePosixPath(name.replace("\\", "/")).name
    return _UNSEEN.sub("", bare.encode("utf-8", "replace").decode("utf-8"))[:255] or "-"


def _opened(source: Source, encoding: str | None) -> Finding | None:
    """Decode the file into ``source``; return the finding when it is not readable at all."""
    data = source.data
    refusals = (
        ("empty_file", not data.strip()),
        ("file_too_large", len(data) > FILE_BYTES),
        ("xls_old", data.startswith(_OLD_OFFICE)),
        ("binary_unknown", data.startswith(_BINARY)),
    )
    for code, holds in refusals:
        if holds:
            return finding(code, file=source.name)
    if data.startswith((_SQLITE, *_ZIP)):
        source.encoding = "binary"
        return None
    decoded = encodings.decode(data, encoding)
    source.encoding = decoded.encoding
    if decoded.problem:
        return finding(decoded.problem, file=source.name, encoding=decoded.encoding)
    source.text = decoded.text
    if not decoded.text.strip("\ufeff\0 \t\r\n"):
        return finding("empty_file", file=source.name)
    if len(source.lines) > TEXT_ROWS + 1 or longest_list(source.document) > TEXT_ROWS:
        return finding("too_many_rows", file=source.name, limit=TEXT_ROWS)
    return None


def _recognised(all_readers: Sequence[Reader], source: Source) -> Reading:
    readers = [reader for reader in all_readers if source.wanted is None or source.wanted in reader.kinds]
    best: tuple[int, Reader] | None = None
    for reader in readers:
        claim = reader.claim(source)
        if claim and (best is None or claim > best[0]):
            best = (claim, reader)
        if claim >= _BEYOND_DOUBT:
            break
    if best is None:
        return _nothing(source, _why_nothing(source))
    return _reading(best[1].read(source))


def _why_nothing(source: Source) -> Finding:
    """Say why no reader wanted the file, as exactly as is known."""
    if source.text is None:
        problem = source.sheets.problem
        if problem:
            return finding(problem, file=source.name, limit=source.sheets.limit)
        return finding("header_missing" if source.data.startswith(_ZIP) else "binary_unknown", file=source.name)
    if looks_like_json(source.text) and source.document is None and not source.records:
        trouble = source.document_problem
        if trouble is not None:
            return finding(trouble.code, file=source.name)
    if source.wanted is not None:
        is_table = source.wanted in {FileKind.ORDERS, FileKind.REFUNDS}
        return finding(
            "header_missing" if is_table and not looks_like_json(source.text) else "kind_mismatch", file=source.name
        )
    return finding("kind_unclear", file=source.name)


def _reading(draft: Draft) -> Reading:
    source = draft.source
    return Reading(
        file=source.name,
        sha256=source.sha256,
        kind=draft.kind,
        encoding=source.encoding,
        notices=tuple(draft.notices),
        refused=tuple(draft.refused),
        rows=draft.rows,
        notes=tuple(draft.notes),
    )


def _nothing(source: Source, problem: Finding) -> Reading:
    return Reading(source.name, source.sha256, source.wanted or FileKind.UNKNOWN, source.encoding, (), (problem,), 0)
