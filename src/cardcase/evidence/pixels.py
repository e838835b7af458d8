"""The pixels of an exhibit: its pages as pictures without anything else, and copies in which places are painted over.

Typst does the drawing: its decoders are memory-safe, it is there for the packs, and a picture that it writes holds
pixels and nothing of what the original carried beside them.
"""

import json
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typst

from cardcase.evidence.rules import images
from cardcase.evidence.rules.covering import Area, check_areas
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text

PDF: Final = "application/pdf"
PNG: Final = "image/png"
LONGEST: Final = 2600
"""Pixels of the longer side of what is drawn: screenshots of phones stay as they are, photos of cameras shrink."""

_PDF_PPI: Final = 150
_POINTS: Final = 72
_TEMPLATES: Final = Path(__file__).parent / "data"
_MOST_PAGES: Final = 40


class NoPixels(Refused):
    """The file is no picture that can be drawn: damaged, too large, or of another kind."""

    code = "no_pixels"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an exhibit as PNG, with its size in pixels."""

    png: bytes
    width: int
    height: int


def pages(data: bytes, mime: str) -> list[Page]:
    """Draw the pages of a picture (one) or a PDF as people see them, without metadata. Raises NoPixels."""
    return [_page(png) for png in _draw(data, mime, ())]


def covered(data: bytes, mime: str, areas: Sequence[Area]) -> tuple[bytes, str]:
    """Return a copy in which these places are black, with its kind: PNG of a picture, PDF of a PDF.

    The pixels beneath are gone, and so are EXIF, XMP, names, text layers and whatever else the original carried; with
    no areas only that happens. Raises NoPixels, BadArea.
    """
    sizes = [(page.width, page.height) for page in pages(data, mime)]
    check_areas(areas, sizes)
    drawn = _draw(data, mime, areas)
    if mime != PDF:
        return drawn[0], PNG
    return _bound(drawn), PDF


def window(data: bytes, size: tuple[int, int], areas: Sequence[Area], *, top: int, tall: int) -> bytes:
    """Draw a strip of a picture as PNG: the picture ``size`` wide and tall, from ``top`` on, ``tall`` pixels of it.

    ``areas``, in pixels of the picture at that size, are black; nothing but pixels comes along. Raises NoPixels.
    """
    picture = images.look(data)
    if picture is None or not picture.is_printable:
        raise _no_pixels()
    with tempfile.TemporaryDirectory(prefix="cardcase-pixels-") as folder:
        root = Path(folder)
        name = f"one.{picture.ending}"
        (root / name).write_bytes(data)
        source = root / "window.typ"
        source.write_bytes((_TEMPLATES / "window.typ").read_bytes())
        bars = [{"x": one.x, "y": one.y - top, "width": one.width, "height": one.height} for one in areas]
        told = {"file": name, "width": size[0], "height": size[1], "top": top, "tall": tall, "bars": bars}
        try:
            made: Any = typst.compile(
                str(source), root=str(root), format="png", ppi=_POINTS, sys_inputs={"data": json.dumps(told)}
            )
        except typst.TypstError as error:
            raise _no_pixels() from error
        return bytes(made[0] if isinstance(made, list) else made)


def _page(png: bytes) -> Page:
    return Page(png, *struct.unpack(">2I", png[16:24]))


def _draw(data: bytes, mime: str, areas: Sequence[Area]) -> list[bytes]:
    """Draw all pages with the areas painted over."""
    with tempfile.TemporaryDirectory(prefix="cardcase-pixels-") as folder:
        root = Path(folder)
        if mime == PDF:
            (root / "one.pdf").write_bytes(data)
            told = {"is-pdf": True, "file": "one.pdf", "pages": _count(root), "long": 0, "short": 0}
            return _compile(root, told, areas, _PDF_PPI)
        picture = images.look(data)
        if picture is None or not picture.is_printable:
            raise _no_pixels()
        name = f"one.{picture.ending}"
        (root / name).write_bytes(data)
        short, long = sorted((picture.width, picture.height))
        scale = min(1, LONGEST / long)
        told = {"is-pdf": False, "file": name, "pages": 1, "long": round(long * scale), "short": round(short * scale)}
        return _compile(root, told, areas, _POINTS)


def _compile(root: Path, told: dict[str, Any], areas: Sequence[Area], ppi: int) -> list[bytes]:
    point = _POINTS / ppi
    bars = [
        {"page": one.page, **{side: getattr(one, side) * point for side in ("x", "y", "width", "height")}}
        for one in areas
    ]
    source = root / "pixels.typ"
    source.write_bytes((_TEMPLATES / "pixels.typ").read_bytes())
    try:
        made: Any = typst.compile(
            str(source), root=str(root), format="png", ppi=ppi, sys_inputs={"data": json.dumps({**told, "bars": bars})}
        )
    except typst.TypstError as error:
        raise _no_pixels() from error
    return [bytes(one) for one in made] if isinstance(made, list) else [bytes(made)]


def _count(root: Path) -> int:
    """Count the pages of a PDF by asking for them."""
    source = root / "count.typ"
    low, high = 0, _MOST_PAGES + 1
    while low + 1 < high:
        middle = (low + high) // 2
        source.write_text(f'#image("one.pdf", page: {middle}, alt: "x")', "utf-8")
        try:
            typst.compile(str(source), root=str(root), format="svg")
            low = middle
        except typst.TypstError:
            high = middle
    if low == 0:
        raise _no_pixels()
    if low == _MOST_PAGES:
        raise NoPixels(
            f"PDF 超过 {_MOST_PAGES - 1} 页，不能在这里遮盖",
            f"The PDF has more than {_MOST_PAGES - 1} pages and cannot be covered here",
            next=Text("只截取有关的页再传。", "Add only the pages that matter."),
        )
    return low


def _bound(drawn: Sequence[bytes]) -> bytes:
    """Bind pictures into a PDF, a page each: there is no text layer and nothing under the bars."""
    with tempfile.TemporaryDirectory(prefix="cardcase-pixels-") as folder:
        root = Path(folder)
        for number, png in enumerate(drawn):
            (root / f"{number}.png").write_bytes(png)
        told = {"widths": [_page(png).width * _POINTS / _PDF_PPI for png in drawn]}
        source = root / "bound.typ"
        source.write_bytes((_TEMPLATES / "bound.typ").read_bytes())
        return bytes(typst.compile(str(source), root=str(root), format="pdf", sys_inputs={"data": json.dumps(told)}))


def _no_pixels() -> NoPixels:
    return NoPixels(
        "这个文件画不出图来，不能遮盖",
        "This file cannot be drawn, so nothing on it can be covered",
        next=Text(
            "另存为 PNG 或 JPEG 再传，或者把它搁置。", "Save it as PNG or JPEG and add it again, or set it aside."
        ),
    )
