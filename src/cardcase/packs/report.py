"""The report of a pack as PDF/A-3u, and the index of its evidence (证据目录) with the pages of that report."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import typst

from cardcase.evidence.rules import images
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text

from . import fonts, typesetting
from .report_document import Facts, document, shown
from .rules import form
from .rules.dossier import Dossier

__all__ = ["Facts", "Report", "ReportFailed", "make"]

INDEX_PDF: Final = f"{form.REPORT.removesuffix('report.pdf')}index.pdf"
INDEX_CSV: Final = f"{form.REPORT.removesuffix('report.pdf')}index.csv"
"""Where the index of evidence lies in a pack: beside its report."""

_BOM = "\ufeff"
"""Without it the office programs here open a CSV in the wrong encoding."""


class ReportFailed(Problem):
    """The report could not be set. Nothing was sealed."""

    code = "report_failed"
    status = 500


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the PDF, and the index of its evidence as a PDF of its own and as CSV (UTF-8 with its mark)."""

    pdf: bytes
    index_pdf: bytes
    index_csv: bytes


def make(dossier: Dossier, facts: Facts, files: Mapping[str, bytes]) -> Report:
    """Set the report. ``files`` are the originals in the pack by path. Raises NoFont, ReportFailed."""
    font = fonts.require_cjk_font()
    found = {path: images.look(data) for path, data in files.items()}
    pictures = {path: picture for path, picture in found.items() if picture and picture.is_printable}
    try:
        return _set(dossier, facts, font, pictures, files)
    except typst.TypstError as error:
        broken = typesetting.unreadable(font, ((path, one.ending, files[path]) for path, one in pictures.items()))
        if not broken:
            raise ReportFailed(
                "报告排版失败", "The report could not be set", next=Text(str(error)[:300], str(error)[:300])
            ) from error
    kept = {path: picture for path, picture in pictures.items() if path not in broken}  # those stay in the pack
    return _set(dossier, facts, font, kept, files)


def _set(
    dossier: Dossier,
    facts: Facts,
    font: fonts.Font,
    pictures: Mapping[str, images.Picture],
    files: Mapping[str, bytes],
) -> Report:
    told = shown(document(dossier, facts, font, pictures), fonts.coverage(font.regular))
    wanted = {one["picture"]: files[one["picture"]] for one in told["exhibits"] if one["picture"]}
    book = typesetting.open_fonts(font)
    with typesetting.sheet("report.typ", told, font, wanted, book) as sheet:
        pdf = sheet.pdf(facts.made_at)
        pages = {one["key"]: _span(one["first"], one["last"]) for one in sheet.told("pages")}
    listed = [{**one, "pages": pages.get(one["key"], "")} for one in told["list"]]
    index = {"meta": told["meta"], "list": listed}
    with typesetting.sheet("index.typ", index, font, {}, book) as sheet:
        return Report(pdf, sheet.pdf(facts.made_at), _csv(listed))


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _csv(listed: list[dict[str, Any]]) -> bytes:
    """Write the index for a table program. A cell that begins like a formula is told to be text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["编号", "附件", "名称", "来源", "取得", "证明目的", "与买家主张的关系", "时间", "页码"])
    for one in listed:
        cells = (one[name] for name in ("no", "letter", "title", "source", "captured", "purpose", "bearing", "at"))
        writer.writerow([_cell(str(cell)) for cell in cells] + [one["pages"]])
    return (_BOM + out.getvalue()).encode()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
