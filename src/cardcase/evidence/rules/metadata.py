"""Words that a picture carries beside what it shows: EXIF, XMP, comments. Read from the bytes alone.

They tell where and with what a photo was taken and can hold whatever a program put there; a reader of the picture does
not see them, and so they are searched before the picture is given to anybody.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_WORDS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
_JPEG: Final = b"\xff\xd8"
_JPEG_WORDS: Final = frozenset({0xE1, 0xED, 0xFE})  # EXIF and XMP, Photoshop's block, comment
_SCAN: Final = 0xDA
_WEBP_WORDS: Final = frozenset({b"EXIF", b"XMP "})
_UNPACKED_MAX: Final = 1 << 20
_RUN: Final = re.compile(rb"[\x20-\x7e\x80-\xff]{4,}")
_WIDE: Final = re.compile(rb"(?:[\x20-\x7e]\x00){4,}")
_GPS: Final = struct.pack("<H", 0x8825), struct.pack(">H", 0x8825)


def blocks(data: bytes) -> list[bytes]:
    """Return the blocks of a PNG, JPEG or WebP that hold something else than pixels; damaged ones as far as they go."""
    try:
        return list(_blocks(data))
    except (struct.error, IndexError):
        return []


def words(data: bytes) -> list[str]:
    """Return the readable runs in these blocks, 8-bit and UTF-16."""
    found = []
    for block in blocks(data):
        found += [run.group().decode("utf-8", "replace") for run in _RUN.finditer(block)]
        found += [run.group().decode("utf-16-le") for run in _WIDE.finditer(block)]
    return found


def has_place(data: bytes) -> bool:
    """Tell whether a photo says where it was taken: an EXIF block with a GPS part."""
    return any((b"II*\0" in block or b"MM\0*" in block) and any(tag in block for tag in _GPS) for block in blocks(data))


def _blocks(data: bytes) -> Iterator[bytes]:
    if data.startswith(_PNG):
        yield from _of_png(data)
    elif data.startswith(_JPEG):
        yield from _of_jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _of_webp(data)


def _of_png(data: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + size]
        if kind in _PNG_WORDS:
            yield _unpacked(kind, body)
        at += 12 + size


def _unpacked(kind: bytes, body: bytes) -> bytes:
    """Return a text block of a PNG with its packed part unpacked, up to a limit."""
    name, _, rest = body.partition(b"\0")
    packed = (
        rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1] if kind == b"iTXt" and rest[:1] == b"\1" else b""
    )
    if not packed:
        return body
    try:
        return name + b"\0" + zlib.decompressobj().decompress(packed, _UNPACKED_MAX)
    except zlib.error:
        return body


def _of_jpeg(data: bytes) -> Iterator[bytes]:
    at = len(_JPEG)
    while at + 4 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - every marker of a JPEG begins with 0xFF
        marker = data[at + 1]
        if marker == _SCAN:
            return
        if marker == 0xFF:  # noqa: PLR2004 - padding
            at += 1
            continue
        (size,) = struct.unpack_from(">H", data, at + 2)
        if marker in _JPEG_WORDS:
            yield data[at + 4 : at + 2 + size]
        at += 2 + size


def _of_webp(data: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        if kind in _WEBP_WORDS:
            yield data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
