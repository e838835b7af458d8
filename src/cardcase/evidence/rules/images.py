"""Look at the head of a file before a picture library does: what it is and how large, without unpacking it."""

import struct
from dataclasses import dataclass

MAX_PIXELS = 40_000_000
"""Pictures with more pixels are attached but not printed (reliability.md §3: 688 kB became 735 MB of memory)."""

_PNG, _GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
_START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be printed: its kind as a file ending, and its size in pixels."""

    ending: str
    width: int
    height: int

    @property
    def is_printable(self) -> bool:
        """Tell whether it is of a size that is worth and safe to print."""
        return 0 < self.width * self.height <= MAX_PIXELS


def look(data: bytes) -> Picture | None:
    """Recognise a PNG, JPEG, GIF or WebP by its own bytes, not by its name; None for everything else."""
    try:
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            return Picture("png", *struct.unpack(">2I", data[16:24]))
        if data.startswith(_GIF):
            return Picture("gif", *struct.unpack("<2H", data[6:10]))
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except (struct.error, IndexError):
        return None
    return None


def _jpeg(data: bytes) -> Picture | None:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:  # noqa: PLR2004 - every marker of a JPEG begins with 0xFF
            return None
        marker = data[at + 1]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack(">2H", data[at + 5 : at + 9])
            return Picture("jpg", width, height)
        at += 1 if marker == 0xFF else 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])  # noqa: PLR2004 - padding
    return None


def _webp(data: bytes) -> Picture | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return Picture("webp", width, height)
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return Picture("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        width, height = struct.unpack("<2H", data[26:30])
        return Picture("webp", width & 0x3FFF, height & 0x3FFF)
    return None
