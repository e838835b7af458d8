"""The ZIP of a pack: written one way only, and read by walking it byte by byte, trusting no library to be strict.

Python's zipfile opens archives with doubled names, bytes before and after, and sizes that lie (custody.md §4); here
every byte of the file belongs to exactly one known part, or the archive is not opened at all.
"""

import re
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cardcase.kit.text import Text

MAX_ARCHIVE_BYTES = 512 * 1024 * 1024
MAX_MEMBER_BYTES = 64 * 1024 * 1024
MAX_MEMBERS = 2000
"""Caps of what is written and read: our own choice, far over a real case and far under what hurts a small machine."""

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _MADE_BY = 20, 3 << 8 | 20  # 2.0; made on Unix, so that unpacked files get sane permissions
_TIME, _DATE = 0, 0x21  # 1980-01-01, the first day that ZIP knows: times live in the records, not here
_MODE = (stat.S_IFREG | 0o644) << 16
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF8 = 0x0001, 0x0800
_ZIP64 = 0xFFFFFFFF
_MOST_EXTRA = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}(/[A-Za-z0-9][A-Za-z0-9._-]{0,79}){0,3}")
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

    Raises ValueError for names that ``walk`` would refuse and for more than the caps allow.
    """
    if len(members) > MAX_MEMBERS or sum(map(len, members.values())) > MAX_ARCHIVE_BYTES // 2:
        raise ValueError("too much for one pack")
    body, directory = bytearray(), bytearray()
    for name in sorted(members):
        data = members[name]
        if _NAME.fullmatch(name) is None or len(data) > MAX_MEMBER_BYTES:
            raise ValueError(f"{name} cannot be a member of a pack")
        raw, crc, at = name.encode("ascii"), zlib.crc32(data), len(body)
        size = len(data)
        body += _LOCAL.pack(_LOCAL_SIGN, _VERSION, 0, _STORED, _TIME, _DATE, crc, size, size, len(raw), 0)
        body += raw + data
        directory += _CENTRAL.pack(
            _CENTRAL_SIGN,
            _MADE_BY,
            _VERSION,
            0,
            _STORED,
            _TIME,
            _DATE,
            crc,
            size,
            size,
            len(raw),
            0,
            0,
            0,
            0,
            _MODE,
            at,
        )
        directory += raw
    count = len(members)
    end = _END.pack(_END_SIGN, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the archive declares it; ``start`` is where its bytes begin."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    start: int
    is_as_written: bool


class Archive:
    """An archive that was walked and found safe. Its members are read one at a time, never over their caps."""

    def __init__(self, file: BinaryIO, members: Iterable[Member]) -> None:
        """Hold the open file and what the walk found."""
        self._file = file
        self.members = {member.name: member for member in members}

    @property
    def is_as_written(self) -> bool:
        """Tell whether every byte outside the members is what ``write`` writes, the order of members included."""
        names = list(self.members)
        return names == sorted(names) and all(member.is_as_written for member in self.members.values())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, name: str) -> bytes:
        """Return the bytes of a member. Raises KeyError without it, UnsafeArchive when they are not as declared."""
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Go through the bytes of a member in pieces. Raises as ``read`` does, at the latest at its end."""
        member = self.members[name]
        crc = size = 0
        for piece in self._unpack(member):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > member.size:
                break
            yield piece
        if size != member.size or crc != member.crc:
            raise UnsafeArchive(
                "member_damaged", name, f"{name} 的字节与压缩包里写的不符", f"The bytes of {name} are not as declared"
            )

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
                return
        if inflate is not None:
            if not inflate.eof or inflate.unused_data:
                yield b"\0" * (member.size + 1)  # more or less than one stream: as wrong as a wrong size
            else:
                yield inflate.flush()


def _refuse(code: str, place: str, zh: str, en: str) -> UnsafeArchive:
    return UnsafeArchive(code, place, zh, en)


def open_archive(path: Path) -> Archive:
    """Open a file and walk it. Raises UnsafeArchive for whatever is not plainly a small, flat, honest ZIP."""
    file = path.open("rb")
    try:
        return walk(file)
    except BaseException:
        file.close()
        raise


def walk(file: BinaryIO) -> Archive:
    """Account for every byte of the archive: local parts from the first byte on, directory, end, nothing else."""
    size = file.seek(0, 2)
    if not _END.size <= size <= MAX_ARCHIVE_BYTES:
        raise _refuse("archive_size", "archive", "压缩包大小不合理", "The size of the archive is not plausible")
    count, start, length = _end(file, size)
    file.seek(start)
    directory = file.read(length)
    members, at, expected = [], 0, 0
    for _ in range(count):
        member, at = _central(directory, at)
        members.append(_local(file, member, expected))
        expected = members[-1].start + member.packed
    if at != length or expected != start:
        raise _refuse(
            "archive_gap", "archive", "压缩包里夹有不明字节", "The archive holds bytes that belong to nothing"
        )
    _check_names([member.name for member in members])
    if sum(member.size for member in members) > MAX_ARCHIVE_BYTES:
        raise _refuse("archive_bomb", "archive", "解压后过大，没有打开", "It would unpack to too much; not opened")
    return Archive(file, members)


def _end(file: BinaryIO, size: int) -> tuple[int, int, int]:
    file.seek(size - _END.size)
    sign, disk, first, here, count, length, start, comment = _END.unpack(file.read(_END.size))
    if sign != _END_SIGN or comment:
        raise _refuse(
            "archive_end",
            "archive",
            "压缩包末尾不对或附加了字节",
            "The end of the archive is wrong or has bytes after it",
        )
    if disk or first or here != count or count > MAX_MEMBERS or _ZIP64 in (start, length):
        raise _refuse(
            "archive_directory", "archive", "压缩包目录不合规", "The directory of the archive is not acceptable"
        )
    if start + length + _END.size != size:
        raise _refuse(
            "archive_gap", "archive", "压缩包里夹有不明字节", "The archive holds bytes that belong to nothing"
        )
    return count, start, length


def _central(directory: bytes, at: int) -> tuple[Member, int]:
    if at + _CENTRAL.size > len(directory):
        raise _refuse("archive_directory", "archive", "压缩包目录不完整", "The directory of the archive is cut short")
    fields = _CENTRAL.unpack_from(directory, at)
    sign, made, needed, flags, method, clock, date, crc, packed, size, *lengths, disk, inner, mode, offset = fields
    name_length, extra, comment = lengths
    end = at + _CENTRAL.size + name_length + extra + comment
    if sign != _CENTRAL_SIGN or end > len(directory) or disk:
        raise _refuse(
            "archive_directory", "archive", "压缩包目录不合规", "The directory of the archive is not acceptable"
        )
    name = directory[at + _CENTRAL.size :][:name_length].decode("utf-8", "replace")
    _check_member(name, flags, method, packed, size)
    if extra > _MOST_EXTRA or comment > _MOST_EXTRA or stat.S_ISLNK(mode >> 16) or _ZIP64 in (packed, size, offset):
        raise _refuse("member_odd", name, f"{name} 不是普通文件", f"{name} is not a plain file")
    ours = (_MADE_BY, _VERSION, 0, _STORED, _TIME, _DATE, 0, 0, 0, _MODE)
    as_written = (made, needed, flags, method, clock, date, extra, comment, inner, mode) == ours
    return Member(name, method, crc, packed, size, offset, 0, as_written), end


def _check_member(name: str, flags: int, method: int, packed: int, size: int) -> None:
    if flags & _ENCRYPTED:
        raise _refuse("member_encrypted", name, f"{name} 加了密", f"{name} is encrypted")
    if flags & ~_UTF8 or method not in (_STORED, _DEFLATED):
        raise _refuse("member_odd", name, f"{name} 的压缩方式不支持", f"{name} is packed in a way that is not accepted")
    if size > MAX_MEMBER_BYTES or packed > MAX_MEMBER_BYTES or (method == _STORED and packed != size):
        raise _refuse("archive_bomb", name, f"{name} 过大，没有打开", f"{name} is too large; not opened")


def _local(file: BinaryIO, member: Member, expected: int) -> Member:
    """Check the part before a member's bytes against the directory; return the member knowing where they begin."""
    file.seek(member.offset)
    raw = file.read(_LOCAL.size)
    if member.offset != expected or len(raw) != _LOCAL.size:
        raise _refuse(
            "archive_gap", member.name, "压缩包里夹有不明字节", "The archive holds bytes that belong to nothing"
        )
    sign, needed, flags, method, clock, date, crc, packed, size, name_length, extra = _LOCAL.unpack(raw)
    name = file.read(name_length).decode("utf-8", "replace")
    told = (name, method, crc, packed, size)
    if sign != _LOCAL_SIGN or told != (member.name, member.method, member.crc, member.packed, member.size):
        raise _refuse(
            "member_contradicts",
            member.name,
            f"{member.name} 的两处说明互相矛盾",
            f"{member.name} is described in two ways",
        )
    _check_member(name, flags, method, packed, size)
    if extra > _MOST_EXTRA:
        raise _refuse("member_odd", name, f"{name} 不是普通文件", f"{name} is not a plain file")
    ours = (needed, flags, clock, date, extra) == (_VERSION, 0, _TIME, _DATE, 0)
    start = member.offset + _LOCAL.size + name_length + extra
    return Member(name, method, crc, packed, size, member.offset, start, is_as_written=member.is_as_written and ours)


def _check_names(names: list[str]) -> None:
    for name in names:
        if name.startswith("/") or "\\" in name or ".." in name.split("/") or ":" in name or "\0" in name:
            raise _refuse("name_escapes", name, f"成员名 {name!r} 想写到别处去", f"The name {name!r} points elsewhere")
        if _NAME.fullmatch(name) is None:
            raise _refuse("name_odd", name, f"成员名 {name!r} 不合规", f"The name {name!r} is not acceptable")
    folded = [name.casefold() for name in names]
    if len(set(folded)) != len(folded):
        twice = next(name for name in names if folded.count(name.casefold()) > 1)
        raise _refuse("name_twice", twice, f"成员 {twice} 出现两次", f"The member {twice} is there twice")
