"""The form of the reader's files: a magic line, then, compressed, a JSON head and the bytes of arrays. Pure."""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

_LENGTH: Final = struct.Struct("<I")


def pack(magic: bytes, head: Mapping[str, Any], arrays: bytes) -> bytes:
    """Write a file. The same head and arrays, the same bytes."""
    told = json.dumps(head, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return magic + zlib.compress(_LENGTH.pack(len(told)) + told + arrays, 9)


def unpack(magic: bytes, data: bytes, *, most: int, what: str) -> tuple[Mapping[str, Any], bytes]:
    """Return head and arrays of what ``pack`` wrote, of ``most`` bytes at the most.

    Raises ValueError for all else, naming ``what`` it should have been.
    """
    if not data.startswith(magic):
        raise ValueError(f"not a {what} of this form")
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(data[len(magic) :], most)
    except zlib.error as error:
        raise ValueError(f"a damaged {what}") from error
    if unpacker.unconsumed_tail or not unpacker.eof or len(raw) < _LENGTH.size:
        raise ValueError(f"a damaged {what}")
    (length,) = _LENGTH.unpack_from(raw)
    head = json.loads(raw[_LENGTH.size : _LENGTH.size + length])
    if not isinstance(head, dict):
        raise ValueError(f"a {what} without its head")  # noqa: TRY004 - what is wrong is the file, no argument's type
    return head, raw[_LENGTH.size + length :]
