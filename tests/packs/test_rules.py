"""The pure parts: visible characters, pictures by their own bytes, what is opened, the forms of a pack."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cardcase
from cardcase.evidence.rules import images
from cardcase.evidence.rules.matrix import read_matrix
from cardcase.packs.rules import catalogues, disclosure, form
from cardcase.packs.rules.dossier import Row, Said, said_in, with_said
from cardcase.packs.rules.visible import make_visible, marks_in, read_visible
from packs import builders

LATIN = frozenset(range(0x20, 0x7F))
AT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(("text", "shown"), [
    ("plain", "plain"), ("two\nlines", "two\nlines"), ("a\r\nb", "a\nb"), ("a\tb", "a[U+0009]b"), ("[U+4E2D]", "[U+005B]U+4E2D]"), ("[U+]", "[U+]"),
    ("angry 😡😡!", "angry [U+1F621 U+1F621]!"), ("a\u202eb", "a[U+202E]b"), ("a\u200bb", "a[U+200B]b"),
    ("a\ufe0f", "a[U+FE0F]"), ("\x00", "[U+0000]"), ("中", "[U+4E2D]"), ("\U000e0100", "[U+E0100]"),
])  # fmt: skip
def test_what_cannot_be_seen_is_marked(text, shown):
    assert make_visible(text, LATIN)[0] == shown


LOOKALIKES = st.text(alphabet="[]U+ 0129ABF\u200b\u4e2d\U0001f621x\n")


@given(st.text() | LOOKALIKES)
def test_the_print_can_be_read_back_and_nothing_invisible_is_left(text):
    shown, replaced = make_visible(text, LATIN)
    assert all(char == "\n" or char in map(chr, LATIN) for char in shown)
    assert read_visible(shown) == text.replace("\r\n", "\n").replace("\r", "\n")
    assert set(marks_in(shown)) == replaced


@pytest.mark.parametrize("char", [
    "\u202e", "\u2066", "\u200d", "\u200b", "\ufe0f", "\U000e0100", "\u00ad", "\u3164", "\u115f", "\uffa0", "\u2800", "\u034f",
    "\u00a0", "\u2003", "\u0301", "\u3099", "\u05d0", "\u0627", "\ue000", "\ufdd0", "\ud800", "\u0f72", "\u180e", "\ufeff", "\x1b",
])  # fmt: skip
def test_even_a_font_that_claims_everything_does_not_hide_a_character(char):
    assert make_visible(f"a{char}b", range(0x110000))[0] == f"a[U+{ord(char):04X}]b"


@pytest.mark.parametrize(("data", "ending", "size"), [
    (builders.png(7, 9), "png", (7, 9)),
    (b"GIF89a" + bytes([4, 0, 5, 0]) + b"\0" * 9, "gif", (4, 5)),
    (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x05\x00\x04" + b"\0" * 9, "jpg", (4, 5)),
    (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x03\0\0\x04\0\0", "webp", (4, 5)),
    (b"RIFF\0\0\0\0WEBPVP8L" + b"\0\0\0\0\x2f" + (3 | 4 << 14).to_bytes(4, "little"), "webp", (4, 5)),
    (b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + b"\x04\0\x05\0", "webp", (4, 5)),
])  # fmt: skip
def test_pictures_are_known_by_their_bytes(data, ending, size):
    picture = images.look(data)
    assert picture is not None
    assert (picture.ending, (picture.width, picture.height)) == (ending, size)


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"GIF89a"]),
)
def test_looking_at_any_bytes_is_safe(data, start):
    images.look(start + data)


def test_a_picture_of_too_many_pixels_is_not_printable():
    assert not images.Picture("png", 13_300, 13_300).is_printable
    assert not images.Picture("png", 0, 5).is_printable
    assert images.Picture("png", 1080, 2340).is_printable


@pytest.mark.parametrize(("kind", "facts", "opened"), [
    ("case.opened", {"order_no": "1"}, True),
    ("case.noted", {"text": "intern"}, False),
    ("case.unheard_of", {}, False),
    ("order.seen", {"told": {"seller_remark": "成本 180"}}, False),
    ("order.seen", {"told": {"seller_remark": ""}}, True),
    ("card.checked", {"lots": [{"unit_cost_fen": 1}]}, False),
])  # fmt: skip
def test_what_concerns_only_the_shop_is_not_opened(kind, facts, opened):
    assert disclosure.is_opened(kind, json.dumps(facts).encode(), "application/json") is opened


def test_words_are_found_wherever_they_hide_and_ids_are_no_words():
    body = json.dumps({"a": ["x", {"b": [["y"]]}], "id": "case_" + "0a" * 16, "hash": "ab" * 32}).encode()
    assert [word.strip() for word in disclosure.words_in(body, "application/json")] == ["x", "y", "", ""]
    assert disclosure.words_in(b"z", "text/plain") == ["z"]
    assert disclosure.words_in(b"z", "image/png") == []
    assert disclosure.words_in(b"not json", "application/json") == []


def test_said_words_are_found_and_changed_in_every_depth():
    told = (Row("a", Said("x")), (Row("b", "fixed"), Said("y")))
    assert list(said_in(told)) == ["x", "y"]
    assert with_said(told, str.upper) == (Row("a", Said("X")), (Row("b", "fixed"), Said("Y")))


@pytest.mark.parametrize("opening", [
    form.Opening(form.State.OPENED, bytes(32), "words 中".encode()), form.Opening(form.State.OPENED, bytes(32), b"\xff\x00"),
    form.Opening(form.State.OPENED, bytes(32), path="files/x"), form.Opening(form.State.WITHHELD),
    form.Opening(form.State.ERASED),
])  # fmt: skip
def test_openings_come_back_as_written(opening):
    assert form.read_opening(opening.document()) == opening


@pytest.mark.parametrize("value", [
    None, {}, {"state": "shown"}, {"state": "withheld", "salt": "00"}, {"state": "opened"},
    {"state": "opened", "salt": "00" * 32}, {"state": "opened", "salt": "zz" * 32, "text": ""},
    {"state": "opened", "salt": "00" * 32, "text": "a", "path": "b"}, {"state": "opened", "salt": "00" * 32, "word": "a"},
])  # fmt: skip
def test_what_is_no_opening_is_refused(value):
    with pytest.raises(ValueError):
        form.read_opening(value)


@pytest.mark.parametrize("read", [form.read_manifest, form.read_proofs, form.read_log_proof, form.read_line])
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"1", b'"x"', b"\xff", b"[" * 9999, b'{"v":1}'])
def test_what_is_no_part_of_a_pack_is_refused(read, data):
    with pytest.raises(ValueError):
        read(data)


def test_sm3_is_that_of_the_standard():
    """GB/T 32905-2016, example 1."""
    assert form.sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_every_kind_of_entry_that_the_code_writes_has_a_name():
    source = Path(cardcase.__file__).parent
    written = {
        kind
        for path in source.rglob("*.py")
        for kind in re.findall(r'\bRecord\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text("utf-8"))
    }
    assert len(written) > 10
    assert sorted(kind for kind in written if catalogues.kind(kind).zh == kind) == []


def test_every_kind_of_exhibit_has_its_object_of_proof():
    unnamed = catalogues.purpose("nothing like it")
    assert [kind for kind in read_matrix().kinds if catalogues.purpose(kind) == unnamed] == []
