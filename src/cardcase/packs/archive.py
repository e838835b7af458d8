"""The ZIP of a pack: written one way only, and read by walking it byte by byte, trusting no library to be strict.

Python's zipfile opens archives with doubled names, bytes before and after, and sizes that lie (custody.md §4); here
every byte of the file belongs to exactly one known part, or the archive is not opened at all.
"""

import re
import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from cardcase.kit.text import Text

MAX_ARCHIVE_BYTES = 264 * 1024 * 1024
MAX_MEMBER_BYTES = 64 * 1024 * 1024
MAX_MEMBERS = 2000
MAX_FOLDERS = 100
"""Caps of what is written and read: our own choice, far over a real case and far under what hurts a small machine."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_SIZES = struct.Struct("<3I")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN, _SIZES_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
_VERSION, _MADE_BY = 20, 3 << 8 | 20  # 2.0; made on Unix, so that unpacked files get sane permissions
_TIME, _DATE = 0, 0x21  # 1980-01-01, the first day that ZIP knows: times live in the records, not here
_MODE = (stat.S_IFREG | 0o644) << 16
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _EFFORT, _SIZES_AFTER, _UTF8 = 0x0001, 0x0006, 0x0008, 0x0800
_MOST_EXTRA, _MOST_NAME = 256, 512
_MOST_DIRECTORY = (MAX_MEMBERS + MAX_FOLDERS) * (_CENTRAL.size + _MOST_NAME + 2 * _MOST_EXTRA)
_RENAMING = frozenset({0x0001, 0x6375, 0x7075, 0x9901})
"""Extra fields that say for some readers something else than the plain ones: ZIP64, Unicode comment and path, AES."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}(/[A-Za-z0-9][A-Za-z0-9._-]{0,79}){0,4}")
"""What a member is called inside a pack."""
_CHUNK = 1 << 20


class UnsafeArchive(Exception):  # noqa: N818 - named like every refusal here, after what is wrong
    """The archive is damaged, or built to harm whoever opens it. Nothing in it is read further."""

    def __init__(self, code: str, place: str, zh: str, en: str) -> None:
        """Say what is wrong with which part."""
        super().__init__(f"{place}: {en}")
        self.code = code
        self.place = place
        self.text = Text(zh, en)


def write(members: Mapping[str, bytes]) -> bytes:
    """Write a ZIP: stored, sorted by name, no times, so that the same members always give the same bytes.

    Raises ValueError for names that no pack has and for more than the caps allow.
    """
    total = sum(len(data) + 2 * len(name) + _LOCAL.size + _CENTRAL.size for name, data in members.items())
    if len(members) > MAX_MEMBERS or total + _END.size > MAX_ARCHIVE_BYTES:
        raise ValueError("too much for one pack")
    body, directory = bytearray(), bytearray()
    for name in sorted(members):
        data = members[name]
        if NAME.fullmatch(name) is None or len(data) > MAX_MEMBER_BYTES:
            raise ValueError(f"{name} cannot be a member of a pack")
        raw, at = name.encode("ascii"), len(body)
        told = (0, _STORED, _TIME, _DATE, zlib.crc32(data), len(data), len(data), len(raw), 0)
        body += _LOCAL.pack(_LOCAL_SIGN, _VERSION, *told) + raw + data
        directory += _CENTRAL.pack(_CENTRAL_SIGN, _MADE_BY, _VERSION, *told, 0, 0, 0, _MODE, at) + raw
    count = len(members)
    end = _END.pack(_END_SIGN, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the archive declares it; its bytes are from ``start`` to ``end``."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    start: int = 0

    @property
    def end(self) -> int:
        """Where the packed bytes end."""
        return self.start + self.packed


class Source(Protocol):
    """Where the members of a pack are read from: an archive, or the folder that it was unpacked into."""

    sizes: Mapping[str, int]
    """The size that each member is declared to have, by name."""

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a member. Raises KeyError without it, UnsafeArchive when they are not as declared."""

    def close(self) -> None:
        """Let go of what is open."""


class Archive:
    """An archive that was walked and found safe. Its members are read one at a time, never over their caps."""

    def __init__(self, file: BinaryIO, members: Iterable[Member]) -> None:
        """Hold the open file and what the walk found."""
        self._file = file
        self._members = {member.name: member for member in members}
        self.sizes: Mapping[str, int] = {member.name: member.size for member in self._members.values()}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a member in pieces. Raises UnsafeArchive at the latest at their end."""
        member = self._members[name]
        crc = size = 0
        for piece in self._unpack(member):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > member.size:
                break
            yield piece
        if size != member.size or crc != member.crc:
            raise damaged(name)

    def _unpack(self, member: Member) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == _DEFLATED else None
        left = member.packed
        self._file.seek(member.start)
        while left > 0:
            raw = self._file.read(min(left, _CHUNK))
            left -= len(raw)
            if not raw:
                return
            if inflate is None:
                yield raw
                continue
            try:
                while raw:
                    yield inflate.decompress(raw, _CHUNK)
                    raw = inflate.unconsumed_tail
            except zlib.error:
                raise damaged(member.name) from None
        if inflate is not None:
            yield inflate.flush()
            if not inflate.eof or inflate.unused_data:
                raise damaged(member.name)  # more or less than one stream: as wrong as a wrong size


def damaged(name: str) -> UnsafeArchive:
    """Say that the bytes of a member are not what was declared."""
    return refuse(
        "member_damaged", name, f"{name} 的字节与压缩包里写的不符", f"The bytes of {name} are not as declared"
    )


def refuse(code: str, place: str, zh: str, en: str) -> UnsafeArchive:
    """Say what is wrong with which part."""
    return UnsafeArchive(code, place, zh, en)


def _gap() -> UnsafeArchive:
    return refuse("archive_gap", "archive", "压缩包里夹有不明字节", "The archive holds bytes that belong to nothing")


def _bad_directory() -> UnsafeArchive:
    return refuse("archive_directory", "archive", "压缩包目录不合规", "The directory of the archive is not acceptable")


def _odd(name: str) -> UnsafeArchive:
    return refuse("member_odd", name, f"{name} 不是普通文件", f"{name} is not a plain file")


def open_archive(path: Path) -> Archive:
    """Open a file and walk it. Raises UnsafeArchive for whatever is not plainly a small, flat, honest ZIP."""
    file = path.open("rb")
    try:
        return walk(file)
    except BaseException:
        file.close()
        raise


def walk(file: BinaryIO) -> Archive:
    """Account for every byte of the archive: parts from the first byte on, directory, end, and nothing else.

    The members may lie in any order, compressed or not, with times and sizes where other programs put them: packing
    anew changes nothing that a pack says. Folders are passed over.
    """
    size = file.seek(0, 2)
    if not _END.size <= size <= MAX_ARCHIVE_BYTES:
        raise refuse("archive_size", "archive", "压缩包大小不合理", "The size of the archive is not plausible")
    count, start, length = _end(file, size)
    file.seek(start)
    directory = file.read(length)
    told, at = [], 0
    for _ in range(count):
        member, at = _central(directory, at)
        told.append(member)
    if at != length:
        raise _gap()
    expected, members = 0, []
    for member in sorted(told, key=lambda one: one.offset):
        if member.offset != expected:
            raise _gap()
        found = _local(file, member)
        members.append(found)
        expected = found.end + _sizes_after(file, found)
    if expected != start:
        raise _gap()
    check_names(member.name for member in members)
    files = [member for member in members if not member.name.endswith("/")]
    if len(files) > MAX_MEMBERS or sum(member.size for member in files) > MAX_ARCHIVE_BYTES:
        raise refuse("archive_bomb", "archive", "解压后过大，没有打开", "It would unpack to too much; not opened")
    return Archive(file, files)


def _end(file: BinaryIO, size: int) -> tuple[int, int, int]:
    file.seek(size - _END.size)
    sign, disk, first, here, count, length, start, comment = _END.unpack(file.read(_END.size))
    if sign != _END_SIGN or comment:
        raise refuse(
            "archive_end",
            "archive",
            "压缩包末尾不对或附加了字节",
            "The end of the archive is wrong or has bytes after it",
        )
    if disk or first or here != count or count > MAX_MEMBERS + MAX_FOLDERS or length > _MOST_DIRECTORY:
        raise _bad_directory()
    if start + length + _END.size != size:
        raise _gap()  # a ZIP64 end would stand here, too
    return count, start, length


def _central(directory: bytes, at: int) -> tuple[Member, int]:
    if at + _CENTRAL.size > len(directory):
        raise _bad_directory()
    fields = _CENTRAL.unpack_from(directory, at)
    sign, _, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, disk, _, mode, offset = fields
    name_at = at + _CENTRAL.size
    end = name_at + name_length + extra + comment
    if sign != _CENTRAL_SIGN or end > len(directory) or disk or name_length > _MOST_NAME:
        raise _bad_directory()
    name = _name(directory[name_at:][:name_length])
    _check_member(name, flags, method, packed, size)
    kind = stat.S_IFMT(mode >> 16)
    if comment > _MOST_EXTRA or kind not in (0, stat.S_IFDIR if name.endswith("/") else stat.S_IFREG):
        raise _odd(name)
    _check_extra(name, directory[name_at + name_length :][:extra])
    return Member(name, flags, method, crc, packed, size, offset), end


def _check_member(name: str, flags: int, method: int, packed: int, size: int) -> None:
    if flags & _ENCRYPTED:
        raise refuse("member_encrypted", name, f"{name} 加了密", f"{name} is encrypted")
    if flags & ~(_UTF8 | _EFFORT | _SIZES_AFTER) or method not in (_STORED, _DEFLATED):
        raise refuse(
            "member_odd",
            name,
            f"{name} 的压缩方式不支持；请用普通方式（deflate）重新打包",
            f"{name} is packed in a way that is not accepted; pack it anew with plain deflate",
        )
    if size > MAX_MEMBER_BYTES or packed > MAX_MEMBER_BYTES or (method == _STORED and packed != size):
        raise refuse("archive_bomb", name, f"{name} 过大，没有打开", f"{name} is too large; not opened")
    if name.endswith("/") and (size or packed > 2):  # noqa: PLR2004 - nothing, deflated, is two bytes
        raise _odd(name)


def _check_extra(name: str, extra: bytes) -> None:
    """Let times and owners pass, and nothing that gives the member another name or size for some readers."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        at += 4 + length
        if kind in _RENAMING:
            raise _odd(name)
    if at != len(extra) or at > _MOST_EXTRA:
        raise _odd(name)


def _local(file: BinaryIO, member: Member) -> Member:
    """Check the part before a member's bytes against the directory; return the member knowing where they begin."""
    file.seek(member.offset)
    raw = file.read(_LOCAL.size)
    if len(raw) != _LOCAL.size:
        raise _gap()
    sign, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack(raw)
    if name_length > _MOST_NAME or extra > _MOST_EXTRA:
        raise _odd(member.name)
    name = _name(file.read(name_length))
    known = (member.crc, member.packed, member.size)
    if flags & _SIZES_AFTER and (crc, packed, size) == (0, 0, 0):
        crc, packed, size = known
    if (sign, name, flags, method, crc, packed, size) != (
        _LOCAL_SIGN,
        member.name,
        member.flags,
        member.method,
        *known,
    ):
        raise _contradicts(member.name)
    _check_extra(name, file.read(extra))
    return replace(member, start=member.offset + _LOCAL.size + name_length + extra)


def _contradicts(name: str) -> UnsafeArchive:
    return refuse(
        "member_contradicts", name, f"{name} 的两处说明互相矛盾", f"{name} is described in two ways that differ"
    )


def _sizes_after(file: BinaryIO, member: Member) -> int:
    """Return how many bytes after a member tell its sizes once more, as programs do that pack while they read."""
    if not member.flags & _SIZES_AFTER:
        return 0
    file.seek(member.end)
    raw = file.read(_SIZES.size + len(_SIZES_SIGN))
    told = _SIZES.pack(member.crc, member.packed, member.size)
    for wanted in (_SIZES_SIGN + told, told):
        if raw.startswith(wanted):
            return len(wanted)
    raise _contradicts(member.name)


def _name(raw: bytes) -> str:
    """Read a name. Only the outermost folder may be called otherwise than we write it, and that in any usual coding."""
    for coding in ("utf-8", "gb18030", "latin-1"):
        try:
            name = raw.decode(coding)
        except UnicodeDecodeError:
            continue
        break
    check_name(name)
    return name


def check_name(name: str) -> None:
    """Refuse a name that points elsewhere, or that no terminal could show. Raises UnsafeArchive."""
    parts = name.removesuffix("/").split("/")
    if set(parts) & {"", ".", ".."} or set(name) & set('\\:*?"<>|') or not name.isprintable():
        shown = ascii(name)[:100]
        raise refuse(
            "name_escapes", shown, f"成员名 {shown} 想写到别处去", f"The name {shown} points elsewhere or is none"
        )


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are one and the same on some machine. Raises UnsafeArchive."""
    seen: set[str] = set()
    for name in names:
        folded = unicodedata.normalize("NFC", name.removesuffix("/")).casefold()
        if folded in seen:
            raise refuse("name_twice", name, f"成员 {name} 出现两次", f"The member {name} is there twice")
        seen.add(folded)
