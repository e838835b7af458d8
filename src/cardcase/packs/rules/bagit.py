"""The outside of a pack: a bag after RFC 8493 (BagIt 1.0), which archives and ``sha256sum -c`` read without us.

A bag only shows that files have not changed by accident: anybody can write its manifests anew. What is signed is
``data/manifest.json``; the tag files that say something stand in it as well.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
PAYLOAD_HASHES, TAG_HASHES = "manifest-sha256.txt", "tagmanifest-sha256.txt"
PAYLOAD: Final = "data/"

DECLARED: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LINE: Final = re.compile(rb"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]{0,399})\n")
_MOST_LINES: Final = 2100


def write_info(told: Sequence[tuple[str, str]]) -> bytes:
    """Write bag-info.txt: one ``Name: value`` a line, so values lose their line breaks (RFC 8493 §2.2.2)."""
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in told).encode()


def write_hashes(hashes: Mapping[str, str]) -> bytes:
    """Write a manifest of SHA-256 hashes by path, as RFC 8493 §2.1.3 and ``sha256sum`` both have it."""
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes)).encode()


def read_hashes(data: bytes) -> dict[str, str]:
    """Read what ``write_hashes`` wrote, in any order of lines. Raises ValueError for anything else."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        line = _LINE.match(data, at)
        if line is None or len(found) >= _MOST_LINES:
            raise ValueError("not a list of hashes")
        path = line[2].decode()
        if path in found:
            raise ValueError("a path is listed twice")
        found[path] = line[1].decode()
        at = line.end()
    return found


def is_payload(path: str) -> bool:
    """Tell whether a member belongs to the payload; the others are tag files."""
    return path.startswith(PAYLOAD)


def tags_of(paths: Iterable[str]) -> list[str]:
    """Return the tag files that the tag manifest lists: all but itself."""
    return sorted(path for path in paths if not is_payload(path) and path != TAG_HASHES)
