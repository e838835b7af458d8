"""The plain text of a PDF, as far as it can be had without a PDF library: to look for codes in it, never to show it.

What is read: literal and hexadecimal strings of text operators, in streams that are plain or deflated. What is not:
encrypted files, strings written in the glyph numbers of an embedded font (most Chinese ones), and pictures of text. So
nothing found proves nothing, which the handbook says.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final

LARGEST_TEXT: Final = 4 * 1024 * 1024
"""Bytes of streams that are looked through at most: a page has some 3 kB, and a small file may inflate without end.
Our own choice."""

_STREAM: Final = re.compile(rb"stream\r?\n")
_SHOWN: Final = re.compile(
    rb"\[((?:\\.|[^\]\\])*)\]\s*TJ|((?:\((?:\\.|[^()\\])*\)|<[0-9A-Fa-f\s]*>))\s*(?:Tj|'|\")", re.DOTALL
)
_STRING: Final = re.compile(rb"\(((?:\\.|[^()\\])*)\)|<([0-9A-Fa-f\s]*)>", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)


def lines_of(data: bytes) -> Iterator[str]:
    """Return each piece of text that a PDF shows, in the order of the file."""
    left = LARGEST_TEXT
    for stream in _streams(data):
        part = stream[:left]
        left -= len(part)
        for shown in _SHOWN.finditer(part):
            yield "".join(_string(piece) for piece in _STRING.finditer(shown.group(1) or shown.group(2)))
        if left <= 0:
            return


def _streams(data: bytes) -> Iterator[bytes]:
    for start in _STREAM.finditer(data):
        end = data.find(b"endstream", start.end())
        raw = data[start.end() : end if end >= 0 else None]
        try:
            yield zlib.decompressobj().decompress(raw, LARGEST_TEXT)
        except zlib.error:
            if b"BT" in raw:
                yield raw


def _string(piece: re.Match[bytes]) -> str:
    literal, digits = piece.group(1), piece.group(2)
    if literal is None:
        even = re.sub(rb"\s", b"", digits)
        return bytes.fromhex((even + b"0" * (len(even) % 2)).decode()).decode("latin-1")
    return _ESCAPE.sub(_unescaped, literal).decode("latin-1")


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign: bytes = found.group(1)
    return bytes([int(sign, 8) & 0xFF]) if sign.isdigit() and sign < b"8" else sign
