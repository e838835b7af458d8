"""Pictures for tests, drawn and read with nothing but the standard library."""

import struct
import zlib
from collections.abc import Callable

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def draw(width: int, height: int, colour: Callable[[int, int], tuple[int, int, int]], *extra: bytes) -> bytes:
    """Draw a PNG; ``extra`` are further chunks."""
    raw = b"".join(b"\0" + b"".join(bytes(colour(x, y)) for x in range(width)) for y in range(height))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return SIGNATURE + head + b"".join(extra) + chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b"")


def noise(width: int, height: int, *extra: bytes) -> bytes:
    """Draw something that no two pixels of which are alike."""
    return draw(width, height, lambda x, y: ((x * 7 + y * 13) % 251, (x * 3 + y * 29) % 253, (x * x + y) % 255), *extra)


def pixels(data: bytes) -> tuple[int, int, list[list[tuple[int, int, int]]], list[bytes]]:
    """Read a PNG: width, height, its rows of colours, and the kinds of its chunks."""
    at, packed, kinds, width, height, per = 8, b"", [], 0, 0, 3
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + size]
        kinds.append(kind)
        at += 12 + size
        if kind == b"IHDR":
            width, height, _, colours = struct.unpack(">IIBB", body[:10])
            per = {2: 3, 6: 4}[colours]
        packed += body if kind == b"IDAT" else b""
    raw, before, rows = zlib.decompress(packed), bytearray(width * per), []
    for y in range(height):
        start = y * (width * per + 1)
        before = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + width * per]), before, per)
        rows.append([tuple(before[x * per : x * per + 3]) for x in range(width)])
    return width, height, rows, kinds


def _unfiltered(kind: int, line: bytearray, above: bytearray, per: int) -> bytearray:
    for at in range(len(line)):
        left, up, corner = (line[at - per], above[at], above[at - per]) if at >= per else (0, above[at], 0)
        line[at] = (line[at] + (0, left, up, (left + up) // 2, _nearest(left, up, corner))[kind]) & 255
    return line


def _nearest(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))
