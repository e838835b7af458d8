"""XLSX, opened with care: sizes and entries are checked before anything is unpacked, and nothing but values is taken.

A workbook is a ZIP of XML from a stranger. Declared sizes bound what zipfile gives out, so the declared sum is capped;
a DOCTYPE has no place in a workbook and is refused before an XML parser sees it.
"""

import io
import warnings
import zipfile
from dataclasses import dataclass
from typing import Any

from .limits import ARCHIVE_BYTES, ARCHIVE_ENTRIES, ARCHIVE_RATIO, SHEET_COLUMNS, SHEET_ROWS
from .rows import Row
from .values import odd_characters

_SMALL = 1024 * 1024
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """Sheets of a workbook in order, or the code of the finding that says why there are none."""

    sheets: tuple[tuple[str, list[Row]], ...] = ()
    problem: str = ""
    hidden: int = 0
    limit: int = 0


def read(data: bytes) -> Found:
    """Read all visible sheets. Never raises."""
    problem = _danger(data)
    if problem:
        return Found(problem=problem)
    try:
        return _sheets(data)
    except Exception:  # noqa: BLE001 - openpyxl raises anything from KeyError to zlib.error on damaged workbooks
        return Found(problem="workbook_broken")


def _danger(data: bytes) -> str:
    """Return the code of what speaks against opening an archive, or nothing."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if not any(member.filename.startswith("xl/") for member in members):
                return "binary_unknown"
            if any(member.flag_bits & 0x1 for member in members):
                return "workbook_broken"  # encrypted members: a password
            if _is_bomb(members):
                return "workbook_unsafe"
            texts = [member for member in members if member.filename.endswith((".xml", ".rels"))]
            return "workbook_unsafe" if any(_has_doctype(archive, member) for member in texts) else ""
    except Exception:  # noqa: BLE001 - a damaged archive fails in many ways, all of which mean the same to the seller
        return "workbook_broken"


def _is_bomb(members: list[zipfile.ZipInfo]) -> bool:
    """Tell by declared sizes, which bound what zipfile gives out, whether unpacking costs more than it is worth."""
    names = {member.filename for member in members}
    return (
        len(members) > ARCHIVE_ENTRIES
        or len(names) != len(members)
        or sum(member.file_size for member in members) > ARCHIVE_BYTES
        or any(
            member.file_size > _SMALL and member.file_size > max(member.compress_size, 1) * ARCHIVE_RATIO
            for member in members
        )
    )


def _has_doctype(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Tell whether an XML member declares a document type or hides its text in another encoding than UTF-8."""
    with archive.open(member) as stream:
        carry = stream.read(_CHUNK)
        if carry.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in carry[:64]:
            return True
        while carry:
            if b"<!DOCTYPE" in carry or b"<!ENTITY" in carry:
                return True
            more = stream.read(_CHUNK)
            carry = carry[-16:] + more if more else b""
    return False


def _sheets(data: bytes) -> Found:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns about styles and extensions that we do not need
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheets: list[tuple[str, list[Row]]] = []
            hidden = 0
            for sheet in book.worksheets:
                if sheet.sheet_state != "visible":
                    hidden += 1
                    continue
                sheet.reset_dimensions()  # exports lie about their size; read-only sheets can forget it
                rows = _rows(sheet)
                if rows is None:
                    return Found(problem="too_many_rows", limit=SHEET_ROWS)
                if rows:
                    sheets.append((str(sheet.title), rows))
        finally:
            book.close()
    if len(sheets) == 1:
        sheets = [("", sheets[0][1])]
    return Found(tuple(sheets), hidden=hidden)


def _rows(sheet: Any) -> list[Row] | None:
    """Return the filled rows of a sheet with their numbers, or None when there are too many."""
    rows: list[Row] = []
    for number, cells in enumerate(sheet.iter_rows(max_col=SHEET_COLUMNS, values_only=True), 1):
        if number > SHEET_ROWS * 4:
            return None
        last = len(cells)
        while last and (cells[last - 1] is None or cells[last - 1] == ""):
            last -= 1
        if not last:
            continue
        if len(rows) >= SHEET_ROWS:
            return None
        problem = next((code for cell in cells if isinstance(cell, str) and (code := odd_characters(cell))), "")
        rows.append(Row(number, () if problem else tuple(cells[:last]), problem))
    return rows
