"""Covering a picture: the pixels are gone, everything else stays, and nothing that the original carried comes along."""

import struct

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

from cardcase.evidence import pixels
from cardcase.evidence.rules import covering, metadata
from cardcase.evidence.rules.covering import Area, BadArea, BadWords
from evidence.pictures import chunk, noise
from evidence.pictures import pixels as read

EXIF = (
    b"II*\0\x08\0\0\0"
    + struct.pack("<H", 1)
    + struct.pack("<HHII", 0x8825, 4, 1, 26)
    + b"\0\0\0\0"
    + b"Apple iPhone 15\0"
)


@pytest.mark.parametrize("areas", [
    (Area(20, 30, 50, 40),), (Area(0, 0, 1, 1),), (Area(150, 100, 500, 500),), (Area(5, 5, 10, 10), Area(12, 12, 30, 3)), (),
])  # fmt: skip
def test_exactly_the_pixels_of_the_areas_are_black(areas):
    original = noise(160, 120, chunk(b"tEXt", b"Comment\0secret"))
    made, mime = pixels.covered(original, "image/png", areas)
    width, height, rows, kinds = read(made)
    before = read(original)[2]
    assert (mime, width, height) == ("image/png", 160, 120)
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
    for y in range(height):
        for x in range(width):
            inside = any(a.x <= x < a.x + a.width and a.y <= y < a.y + a.height for a in areas)
            assert rows[y][x] == ((0, 0, 0) if inside else before[y][x]), (x, y)


def test_nothing_that_a_picture_carried_comes_along():
    original = noise(40, 30, chunk(b"tEXt", b"Author\0somebody"), chunk(b"eXIf", EXIF))
    assert metadata.has_place(original)
    assert "Author" in " ".join(metadata.words(original))
    made, _ = pixels.covered(original, "image/png", ())
    assert metadata.words(made) == []
    assert not metadata.has_place(made)


def test_a_large_photo_is_drawn_smaller_and_says_so_by_its_size():
    [page] = pixels.pages(noise(3000, 20), "image/png")
    assert (page.width, page.height) == (pixels.LONGEST, 17)


def pdf(*texts: str, folder) -> bytes:
    source = folder / "a.typ"
    source.write_text(
        "#set page(width: 100pt, height: 120pt, margin: 10pt)\n" + "\n#pagebreak()\n".join(texts), "utf-8"
    )
    return typst.compile(str(source), format="pdf")


def test_a_pdf_loses_its_text_layer_and_what_lies_under_the_bars(tmp_path):
    original = pdf("Hello K4RT", "second page", folder=tmp_path)
    sizes = [(page.width, page.height) for page in pixels.pages(original, pixels.PDF)]
    assert sizes == [(208, 250), (208, 250)]
    made, mime = pixels.covered(original, pixels.PDF, (Area(0, 0, 208, 60), Area(10, 10, 20, 20, page=2)))
    assert mime == pixels.PDF
    pypdf = pytest.importorskip("pypdf")
    import io

    assert "Hello" in "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(original)).pages)
    assert "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages).strip() == ""
    first, second = (read(page.png)[2] for page in pixels.pages(made, pixels.PDF))
    assert all(first[y][x] == (0, 0, 0) for x in range(5, 200) for y in range(5, 55))
    assert second[15][15] == (0, 0, 0)
    assert second[40][100] == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "mime"),
    [(b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-1.7 broken", "application/pdf"), (noise(9, 9)[:70], "image/png")],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(data, mime):
    with pytest.raises(pixels.NoPixels) as refusal:
        pixels.pages(data, mime)
    assert refusal.value.next.zh


@pytest.mark.parametrize(("text", "areas"), [
    ("1,2,3,4", (Area(1, 2, 3, 4),)), ("2:1，2, 3,4\n\n", (Area(1, 2, 3, 4, 2),)), ("", ()), ("1,2,3,4\n1,2,3,4", (Area(1, 2, 3, 4),)),
])  # fmt: skip
def test_rectangles_are_read(text, areas):
    assert covering.read_areas(text) == areas
    assert covering.stored_areas([one.document() for one in areas]) == areas


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "-1,2,3,4", "1,2,3,4,5", "1,2,3,4\nx"])
def test_what_is_no_rectangle_is_refused(text):
    with pytest.raises(BadArea):
        covering.read_areas(text)


@pytest.mark.parametrize(
    "area",
    [Area(0, 0, 0, 5), Area(100, 0, 5, 5), Area(0, 50, 5, 5), Area(0, 0, 5, 5, page=2), Area(0, 0, 5, 5, page=0)],
)
def test_a_rectangle_beside_the_picture_is_refused(area):
    with pytest.raises(BadArea) as refusal:
        covering.check_areas([area], [(100, 50)])
    assert "100×50" in refusal.value.next.zh


def test_words_are_covered_by_bars_that_do_not_tell_their_length():
    assert covering.cover("张三丰和张三", ["张三", "张三丰"]) == f"{covering.BAR}和{covering.BAR}"
    with pytest.raises(BadWords):
        covering.check_words(" 张 ")
    assert covering.read_span("12:5-15") == (12, 5, 15)
    with pytest.raises(BadWords):
        covering.read_span("12")


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1", b"RIFF\0\0\0\0WEBPEXIF"])
)
def test_looking_for_words_in_any_bytes_is_safe(data, start):
    metadata.words(start + data)
    metadata.has_place(start + data)


def test_words_are_found_in_every_kind_of_picture():
    jpeg = (
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xe1"
        + struct.pack(">H", len(EXIF) + 8)
        + b"Exif\0\0"
        + EXIF
        + b"\xff\xfe\x00\x0bcomment!!\xff\xda"
    )
    webp = b"RIFF\0\0\0\0WEBPEXIF" + struct.pack("<I", len(EXIF)) + EXIF
    assert "iPhone" in " ".join(metadata.words(jpeg))
    assert "comment" in " ".join(metadata.words(jpeg))
    assert metadata.has_place(jpeg)
    assert metadata.has_place(webp)
    wide = chunk(b"eXIf", "型号 Model X".encode("utf-16-le"))
    assert "Model X" in " ".join(metadata.words(noise(2, 2, wide)))
    import zlib

    assert "deep secret" in " ".join(
        metadata.words(noise(2, 2, chunk(b"zTXt", b"k\0\0" + zlib.compress(b"deep secret"))))
    )


@pytest.mark.parametrize(("top", "tall"), [(0, 30), (30, 30), (60, 20), (0, 80)])
def test_a_strip_shows_exactly_its_rows_with_the_areas_black_and_nothing_else_comes_along(top, tall):
    original = noise(60, 80, chunk(b"tEXt", b"Comment\0secret"))
    areas = (Area(10, 25, 20, 10), Area(50, 70, 10, 10))
    width, height, rows, kinds = read(pixels.window(original, (60, 80), areas, top=top, tall=tall))
    before = read(original)[2]
    assert (width, height, set(kinds)) == (60, tall, {b"IHDR", b"IDAT", b"IEND"})
    for y in range(tall):
        for x in range(width):
            inside = any(a.x <= x < a.x + a.width and a.y <= y + top < a.y + a.height for a in areas)
            assert rows[y][x] == ((0, 0, 0) if inside else before[y + top][x]), (x, y)


def test_a_strip_of_a_picture_that_stands_another_way_up_is_refused():
    with pytest.raises(pixels.NoPixels):
        pixels.window(noise(60, 80), (80, 60), (), top=0, tall=60)
