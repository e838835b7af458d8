"""The ZIP of a pack: the same bytes every time, and nothing strange is ever opened."""

import contextlib
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.packs import archive, bag

MEMBERS = {"README.txt": b"read me\n", "files/a.png": bytes(range(256)), "records.jsonl": b"", "z.json": b"{}"}


def walked(data: bytes) -> archive.Archive:
    return archive.walk(io.BytesIO(data))


def read(opened: archive.Archive) -> dict[str, bytes]:
    return {name: b"".join(opened.stream(name)) for name in opened.sizes}


def refusal(data: bytes) -> str:
    with pytest.raises(archive.UnsafeArchive) as caught:
        read(bag.Bag(walked(data)))
    assert caught.value.text.zh
    assert caught.value.text.en
    return caught.value.code


def zipped(members: list[tuple[str, bytes]], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Write with Python's zipfile, which writes whatever it is told."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members:
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compress_type=compression)
    return buffer.getvalue()


def test_members_come_back_and_other_programs_read_them_too():
    data = archive.write(MEMBERS)
    opened = walked(data)
    assert read(opened) == MEMBERS
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist()} == MEMBERS


def test_the_order_in_which_members_are_given_does_not_show():
    assert archive.write(MEMBERS) == archive.write(dict(reversed(MEMBERS.items())))


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a\\b", "C:x", "", "名.txt", "a/../b", "a b", ".hidden"])
def test_names_that_could_harm_are_neither_written_nor_read(name):
    with pytest.raises(ValueError):
        archive.write({name: b""})
    # beside another member, for as the folder around a whole pack many names will do
    assert refusal(zipped([("a.txt", b"x"), (name or "/", b"x")])) in {"name_escapes", "name_odd"}


def test_bytes_before_between_and_after_are_refused():
    data = archive.write(MEMBERS)
    end = data.index(b"PK\x01\x02")
    assert refusal(b"MZ" + data) == "archive_gap"
    assert refusal(data + b"\0") in {"archive_end", "archive_gap"}
    assert refusal(data[:end] + b"more" + data[end:]) == "archive_gap"


def test_a_comment_at_the_end_is_refused():
    buffer = io.BytesIO(archive.write(MEMBERS))
    with zipfile.ZipFile(buffer, "a") as file:
        file.comment = b"hello"
    assert refusal(buffer.getvalue()) == "archive_end"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.txt", "A.TXT"])
def test_doubled_names_are_refused(second):
    assert refusal(zipped([("a.txt", b"1"), (second, b"2")])) == "name_twice"


def test_a_bomb_is_not_unpacked():
    data = zipped([("a.txt", b"\0" * (archive.MAX_MEMBER_BYTES + 1))], compression=zipfile.ZIP_DEFLATED)
    assert len(data) < 100_000
    assert refusal(data) == "archive_bomb"


def test_a_member_that_unpacks_to_more_than_it_says_is_refused():
    honest = zipped([("a.txt", b"\0" * 100_000)], compression=zipfile.ZIP_DEFLATED)
    size, lie = struct.pack("<I", 100_000), struct.pack("<I", 10)
    assert refusal(honest.replace(size, lie)) == "member_damaged"


def test_many_members_that_share_one_body_are_refused():
    """CVE-2024-0450: every local part must begin where the one before it ended."""
    body = zlib.compress(b"\0" * 1000)
    data = bytearray(zipped([("a.txt", body), ("b.txt", body)]))
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    assert refusal(bytes(data)) in {"archive_gap", "member_contradicts"}


def test_encrypted_members_are_refused():
    data = bytearray(archive.write(MEMBERS))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(sign) + offset] |= 1
    assert refusal(bytes(data)) == "member_encrypted"


def test_symbolic_links_are_refused():
    info = zipfile.ZipInfo("link.txt", (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(info, "/etc/passwd")
    assert refusal(buffer.getvalue()) == "member_odd"


def test_two_descriptions_that_differ_are_refused():
    data = bytearray(archive.write({"a.txt": b"x", "b.txt": b"y"}))
    data[data.index(b"a.txt")] = ord("c")
    assert refusal(bytes(data)) == "member_contradicts"


def test_a_repacked_archive_says_the_same():
    for data in (
        zipped(sorted(MEMBERS.items()), compression=zipfile.ZIP_DEFLATED),
        zipped(sorted(MEMBERS.items(), reverse=True)),
    ):
        assert read(walked(data)) == MEMBERS


class OneWay(io.BytesIO):
    """A pipe: who writes into it tells sizes after the bytes."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError

    def seek(self, *args: int) -> int:
        raise OSError


def piped() -> bytes:
    buffer = OneWay()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in MEMBERS.items():
            file.writestr(name, data)
    return buffer.getvalue()


def test_sizes_may_stand_after_the_bytes_and_must_be_right_there():
    data = piped()
    assert data[6] & 8
    assert read(walked(data)) == MEMBERS
    at = data.index(b"PK\x07\x08")
    for lie in (at + 4, at + 8, at + 12):
        bent = bytearray(data)
        bent[lie] ^= 1
        assert refusal(bytes(bent)) == "member_contradicts"
    assert refusal(data[:at] + data[at + 4 :]) in {"archive_gap", "archive_directory", "archive_end"}


@pytest.mark.parametrize("kind", [0x0001, 0x7075, 0x6375, 0x9901])
def test_extra_fields_that_rename_or_resize_are_refused(kind):
    info = zipfile.ZipInfo("a.txt", (1980, 1, 1, 0, 0, 0))
    info.extra = struct.pack("<HH", kind, 4) + b"abcd"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(info, b"x")
    assert refusal(buffer.getvalue()) == "member_odd"


def test_times_and_owners_in_extra_fields_are_passed_over():
    info = zipfile.ZipInfo("a.txt", (2026, 1, 1, 0, 0, 0))
    info.extra = struct.pack("<HHB", 0x5455, 5, 1) + b"abcd"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(info, b"x")
    assert read(walked(buffer.getvalue())) == {"a.txt": b"x"}


def test_the_folder_around_a_pack_and_what_file_managers_leave_are_looked_through():
    inside = [(f"我的 证据(1)/{name}", data) for name, data in MEMBERS.items()]
    around = [
        ("我的 证据(1)/", b""),
        *inside,
        ("我的 证据(1)/.DS_Store", b"x"),
        ("__MACOSX/我的 证据(1)/._a.png", b"x"),
    ]
    seen = bag.Bag(walked(zipped(around)))
    assert {name: b"".join(seen.stream(name)) for name in seen.sizes} == MEMBERS
    assert len(seen.droppings) == 2


def test_a_folder_is_read_like_an_archive(tmp_path):
    for name, data in MEMBERS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    seen = bag.open_bag(tmp_path)
    assert {name: seen.read(name, 1000) for name in seen.sizes} == MEMBERS
    with pytest.raises(archive.UnsafeArchive):
        seen.read("files/a.png", 10)
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(archive.UnsafeArchive) as refused:
        bag.open_bag(tmp_path)
    assert refused.value.code == "member_odd"


def test_a_file_that_grows_while_it_is_read_is_noticed(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"short")
    (tmp_path / "b.txt").write_bytes(b"x")
    seen = bag.open_bag(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"longer than it was")
    with pytest.raises(archive.UnsafeArchive):
        seen.read("a.txt", 1000)


@pytest.mark.parametrize("data", [b"", b"PK", b"\0" * 22, b"PK\x05\x06" + b"\xff" * 18, b"not a zip" * 10])
def test_what_is_no_archive_is_refused(data):
    assert refusal(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_read(data):
    with contextlib.suppress(archive.UnsafeArchive):
        read(walked(data))


@settings(max_examples=300)
@given(st.data())
def test_one_changed_byte_is_refused_or_changes_a_member_or_nothing(data):
    """Whatever byte of the file changes: no reading gives the names and sizes of these members with other bytes."""
    original = archive.write(MEMBERS)
    at = data.draw(st.integers(0, len(original) - 1))
    bent = bytearray(original)
    bent[at] ^= data.draw(st.integers(1, 255))
    try:
        found = read(walked(bytes(bent)))
    except archive.UnsafeArchive:
        return
    assert found == MEMBERS
