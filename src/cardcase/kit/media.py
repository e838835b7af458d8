"""What a file is by its own first bytes, never by its name. Pure."""

from types import MappingProxyType
from typing import Final

HEAD: Final = 32
"""Bytes that are enough to tell."""

JPEG, PNG, WEBP, HEIC, GIF = "image/jpeg", "image/png", "image/webp", "image/heic", "image/gif"
MP4, MOV, PDF = "video/mp4", "video/quicktime", "application/pdf"
UNKNOWN: Final = "application/octet-stream"
ENDINGS: Final = MappingProxyType(
    {
        JPEG: "jpg",
        PNG: "png",
        WEBP: "webp",
        HEIC: "heic",
        GIF: "gif",
        MP4: "mp4",
        MOV: "mov",
        PDF: "pdf",
        UNKNOWN: "bin",
    }
)

_STARTS: Final = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
)
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_MP4_BRANDS: Final = (b"isom", b"iso", b"mp4", b"avc1", b"M4V", b"MSNV", b"dash")
"""Major brands of ISO base media files that phones and WeChat write (ISO/IEC 14496-12, annex E; mp4ra.org)."""


def media_of(head: bytes) -> str:
    """Tell the media type by the first HEAD bytes; UNKNOWN for what is none of the above."""
    for start, mime in _STARTS:
        if head.startswith(start):
            return mime
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return _boxed(head[8:12]) if head[4:8] == b"ftyp" else UNKNOWN


def _boxed(brand: bytes) -> str:
    if brand in _HEIC_BRANDS:
        return HEIC
    if brand == b"qt  ":
        return MOV
    return MP4 if brand.startswith(_MP4_BRANDS) else UNKNOWN
