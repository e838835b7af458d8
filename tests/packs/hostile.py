"""Archives that somebody made to harm whoever opens them. Each maker takes a good pack's members and returns a file."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from cardcase.custody.rules import plain
from cardcase.packs.rules import bagit, form
from packs.packing import FOLDER, bagged, forged, relisted, zipped

Members = dict[str, bytes]
Maker = Callable[[Members], bytes]
MIB = 1 << 20


def deflated(members: list[tuple[str, bytes]], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack with Python's zipfile, which writes whatever it is told."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return buffer.getvalue()


def _in_folder(members: Members) -> list[tuple[str, bytes]]:
    return [(f"{FOLDER}/{name}", data) for name, data in members.items()]


def _with(members: Members, extra: list[tuple[str, bytes]]) -> bytes:
    return deflated([*_in_folder(members), *extra])


def _replaced(name: str, make: Callable[[bytes], bytes]) -> Maker:
    """Replace a member and make every list and seal right again, with a key of one's own."""

    def maker(members: Members) -> bytes:
        changed = {**members, name: make(members[name])}
        return deflated(_in_folder(forged(changed, relisted(changed))))

    return maker


def _manifest(make: Callable[[bytes], bytes]) -> Maker:
    def maker(members: Members) -> bytes:
        return deflated(_in_folder(bagged({**members, form.MANIFEST: make(members[form.MANIFEST])})))

    return maker


# ---- the archive -----------------------------------------------------------------------------------------------------


def _overlapping(members: Members, *, quoted: bool) -> bytes:
    """Many names for one body after Fifield (2019): 'quoted' puts each local part into the body of the one before."""
    body = zlib.compress(bytes(50 * MIB), 9)[2:-4]
    crc, size = zlib.crc32(bytes(50 * MIB)), 50 * MIB
    names = [f"{FOLDER}/data/files/{at:064x}.bin".encode() for at in range(200)]
    kernel = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 33, crc, len(body), size, len(names[-1]), 0) + names[-1] + body  # fmt: skip
    heads = b""
    offsets = []
    if quoted:
        for name in names[:-1]:
            offsets.append(len(heads))
            heads += struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 33, crc, len(body), size, len(name), 0) + name + b"\x00" * 5  # fmt: skip
        offsets.append(len(heads))
    else:
        offsets = [0] * len(names)
    file = heads + kernel
    directory = b"".join(
        struct.pack(
            "<4s6H3I5H2I",
            b"PK\x01\x02",
            788,
            20,
            0,
            8,
            0,
            33,
            crc,
            len(body),
            size,
            len(name),
            0,
            0,
            0,
            0,
            0o100644 << 16,
            offset,
        )
        + name
        for name, offset in zip(names, offsets, strict=True)
    )
    return file + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), len(file), 0)  # fmt: skip


def _zip64(members: Members) -> bytes:
    data = bytearray(zipped(members))
    end = len(data) - 22
    count, length, start = struct.unpack_from("<H2I", data, end + 10)
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return bytes(data[:end]) + record + locator + tail


def _zip64_in_member(members: Members) -> bytes:
    info = zipfile.ZipInfo(f"{FOLDER}/data/x.bin")
    info.extra = struct.pack("<HHQQ", 1, 16, 2**40, 2**40)
    buffer = io.BytesIO(zipped(members))
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr(info, b"x")
    return buffer.getvalue()


def _matryoshka(members: Members) -> bytes:
    inner = deflated([("0.bin", bytes(20 * MIB))])
    for depth in range(6):
        inner = deflated([(f"{depth}-{at}.zip", inner) for at in range(10)])
    return _with(members, [(f"{FOLDER}/data/files/nested.zip", inner)])


def _huge_numbers(offset: int, form_: str, value: int) -> Maker:
    def maker(members: Members) -> bytes:
        data = bytearray(zipped(members))
        struct.pack_into(form_, data, len(data) - 22 + offset, value)
        return bytes(data)

    return maker


def _many(members: Members) -> bytes:
    return _with(members, [(f"{FOLDER}/data/files/{at}", b"") for at in range(60_000)])


def _listed_bombs(members: Members) -> bytes:
    """Four originals of 60 MiB of nothing, properly listed: as much as may be unpacked at all."""
    zeros = bytes(60 * MIB)
    one = form.list_file("x", zeros)
    names = [f"{form.FILES}{one.sha256}.{ending}" for ending in ("a", "b", "c", "d")]
    told = json.loads(relisted(members))
    told["files"] += [{"path": name, "size": one.size, "sha256": one.sha256, "sm3": one.sm3} for name in names]
    sealed = forged(members, plain.encode(told))
    return deflated([*_in_folder(sealed), *((f"{FOLDER}/{name}", zeros) for name in names)])


def _opened_again_and_again(members: Members) -> bytes:
    """One large original that ten thousand contents claim to open."""
    zeros = bytes(60 * MIB)
    name = form.FILES + form.list_file("x", zeros).sha256 + ".bin"
    first = json.loads(members[form.RECORDS].splitlines()[0])
    first["entry"]["content"] = [first["entry"]["content"][0]] * 60
    first["contents"] = [{"state": "opened", "salt": "00" * 32, "path": name}] * 60
    changed = {**members, name: zeros, form.RECORDS: (plain.encode(first) + b"\n") * 200}
    return deflated(_in_folder(forged(changed, relisted(changed))))


ESCAPES = ("../../etc/passwd", "/etc/passwd", "C:/x", "a/../../b", "a\\..\\b", "data/./x", "data//x", "data/\x1b[2Jx", "data/\u202etxt.exe", "con:x")  # fmt: skip


def archives() -> Iterator[tuple[str, Maker]]:
    yield "flat bomb", lambda members: _with(members, [(f"{FOLDER}/data/files/x", bytes(80 * MIB))])
    yield "five members of 60 MiB", lambda members: _with(members, [(f"{FOLDER}/data/{at}", bytes(60 * MIB)) for at in range(5)])  # fmt: skip
    yield "listed bombs", _listed_bombs
    yield "opened again and again", _opened_again_and_again
    yield "overlapping bodies", lambda members: _overlapping(members, quoted=False)
    yield "quoted bodies", lambda members: _overlapping(members, quoted=True)
    yield "archives in archives", _matryoshka
    yield "zip64 end", _zip64
    yield "zip64 member", _zip64_in_member
    yield "sixty thousand members", _many
    yield "count that lies", _huge_numbers(10, "<H", 65_535)
    yield "directory that is huge", _huge_numbers(12, "<I", 2**32 - 2)
    yield "directory that starts beyond", _huge_numbers(16, "<I", 2**31)
    yield "two disks", _huge_numbers(4, "<H", 1)
    for name in ESCAPES:
        yield f"escape {name!a}", lambda members, name=name: _with(members, [(name, b"x")])
    yield "twice the same name", lambda members: _with(members, [(f"{FOLDER}/README.txt", b"other")])
    yield "the same name in other case", lambda members: _with(members, [(f"{FOLDER}/readme.TXT", b"other")])
    yield "file and folder of one name", lambda members: _with(members, [(f"{FOLDER}/README.txt/", b"")])
    yield "bzip2", lambda members: deflated(_in_folder(members), method=zipfile.ZIP_BZIP2)
    yield "lzma", lambda members: deflated(_in_folder(members), method=zipfile.ZIP_LZMA)
    yield "bytes before", lambda members: b"#!/bin/sh\n" + zipped(members)
    yield "bytes after", lambda members: zipped(members) + b"\0"
    yield "two archives", lambda members: zipped(members) + zipped(members)
    yield "nothing", lambda members: b""
    yield "ends only", lambda members: b"PK\x05\x06" + bytes(18)
    yield "all ones", lambda members: b"\xff" * 5000
    for part in range(1, 20):
        yield f"cut at {part}/20", lambda members, part=part: zipped(members)[: len(zipped(members)) * part // 20]


# ---- what is inside ---------------------------------------------------------------------------------------------------

DEEP, WIDE = b"[" * 900_000 + b"]" * 900_000, b"[" + b"[]," * 600_000 + b"[]]"
HUGE, TWICE = b'{"v":' + b"9" * 1_900_000 + b"}", b'{"v":1,"v":1}'
NOT_UTF8, BOM = b'{"v":"\xff\xfe\xc0\xaf"}', b"\xef\xbb\xbf{}"
DOCUMENTS = {
    "deep": DEEP,
    "wide": WIDE,
    "huge number": HUGE,
    "a name twice": TWICE,
    "no UTF-8": NOT_UTF8,
    "BOM": BOM,
    "not a number": b'{"v":NaN}',
    "lone surrogate": b'{"v":"\\ud800"}',
    "fraction": b'{"v":1.0}',
    "one long text": b'{"v":"' + b"\\u0041" * 300_000 + b'"}',
    "quotes only": b'"' * 1_900_000,
    "backslashes only": b"\\" * 1_900_000,
    "empty": b"",
    "zeros": bytes(1_900_000),
}


def insides() -> Iterator[tuple[str, Maker]]:
    for name, document in DOCUMENTS.items():
        yield f"manifest: {name}", _manifest(lambda _data, document=document: document)
        yield f"history: {name}", _replaced(form.HISTORY, lambda _data, document=document: document[:MIB])
        yield f"proofs: {name}", _replaced(form.PROOFS, lambda _data, document=document: document)
        yield f"records: {name}", _replaced(form.RECORDS, lambda data, document=document: data + document + b"\n")
    yield "manifest too large", _manifest(lambda data: data + b" " * 3 * MIB)
    yield "records: only line ends", _replaced(form.RECORDS, lambda _data: b"\n" * 60 * MIB)
    yield "records: one line", _replaced(form.RECORDS, lambda _data: b"[" * 60 * MIB)
    yield "records: a wide line", _replaced(form.RECORDS, lambda _data: b"[" + b"[]," * (2 * MIB) + b"[]]\n")
    yield "records: small lines", _replaced(form.RECORDS, lambda _data: b"{}\n" * 10 * MIB)
    yield "records: one good line for ever", _replaced(form.RECORDS, lambda data: data.splitlines(keepends=True)[0] * 50_000)  # fmt: skip
    yield "proofs: a million", _replaced(
        form.PROOFS,
        lambda _data: b'{"proofs":[' + b",".join(b'{"path":[],"seq":%d}' % at for at in range(10**6)) + b'],"root":"","size":1,"v":1}',
    )  # fmt: skip
    yield "proofs: endless path", _replaced(form.PROOFS, lambda _data: b'{"proofs":[{"path":[' + b'"' + b"A" * 43 + b'=",' * 600_000)  # fmt: skip
    yield "seal: many signatures", lambda members: zipped({**members, form.SEAL: members[form.SEAL] + "— x AAAAAAAA\n".encode() * 4000})  # fmt: skip
    yield "log proof: deep", lambda members: zipped({**members, form.LOG_PROOF: b"c2sp.org/tlog-proof@v1\nextra " + b"W1tb" * 25_000 + b"\nindex 1\n\nx"})  # fmt: skip
    yield "log proof: endless index", lambda members: zipped({**members, form.LOG_PROOF: b"c2sp.org/tlog-proof@v1\nextra e30=\nindex " + b"9" * 60_000 + b"\n\nx"})  # fmt: skip
    yield "bag list: endless", lambda members: zipped({**members, bagit.PAYLOAD_HASHES: b"0" * 900_000})
    yield "bag list: escapes", lambda members: zipped({**members, bagit.PAYLOAD_HASHES: b"0" * 64 + b"  ../../x\n"})


# ---- folders ----------------------------------------------------------------------------------------------------------


def folders(root: Path) -> Iterator[tuple[str, Path]]:
    """Make folders that a pack was said to be unpacked into."""
    deep = root / "deep"
    (deep / "/".join("d" * 60)).mkdir(parents=True)
    yield "deep", deep
    linked = root / "linked"
    linked.mkdir()
    (linked / "bagit.txt").symlink_to("/dev/zero")
    yield "linked", linked
    around = root / "around"
    around.mkdir()
    (around / "data").symlink_to(around, target_is_directory=True)
    yield "around", around
    many = root / "many"
    many.mkdir()
    for at in range(2100):
        (many / f"{at}.txt").touch()
    yield "many", many
    sparse = root / "sparse"
    sparse.mkdir()
    with (sparse / "report.pdf").open("wb") as file:
        file.truncate(2**40)
    yield "sparse", sparse
